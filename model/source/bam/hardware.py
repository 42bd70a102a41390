"""What the device's registers mean in the model, and what the kernel's functions do that only this driver calls.

A pipe's registers are cells of the object `hw rx` or `hw tx`. The read offset moves in no section of the driver. Left
out, and why no property can see it:
- How bam_addr computes an address: the register is the one that its argument names.
- Why a pipe interrupts: all causes are one, which the driver clears without a look at it.
- What a pipe's reset does to the hardware beside: `model.hardware.pipes.reset_pipe` says that.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.source.bam import facts, mapping
from model.source.bam.made import Made
from model.source.ctypes import BOOL, UNSIGNED, VOID_POINTER
from model.source.symbolic.arithmetic import binary
from model.source.symbolic.kernel import KERNEL
from model.source.symbolic.machine import Machine
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import both, either, fold, no
from model.source.symbolic.values import FUNCTION, Pointer, Value, convert, merge, number, truth

NAMES = ("rx", "tx")
REGISTER = "register"
KEPT = ("BAM_P_CTRL", "BAM_P_IRQ_EN", "BAM_P_DESC_FIFO_ADDR", "BAM_P_FIFO_SIZES")
"""A pipe's registers that a reset clears, and whose value decides whether it works."""
GLOBAL = ("BAM_IRQ_SRCS_MSK_EE", "BAM_DESC_CNT_TRSHLD")


def pipe(name: str) -> str:
    """The object that has a pipe's registers."""
    return f"hw {name}"


def fifo(name: str) -> str:
    """The object that is a channel's ring."""
    return f"fifo {name}"


@dataclass
class Trouble:
    """What is to fail in an execution: `fault` at its attempt number `attempt`; `tried` so far; `met` where it did."""

    fault: str | None = None
    attempt: int = 1
    tried: int = 0
    met: object = False

    def strikes(self, machine: Machine, fault: str) -> bool:
        """Whether it fails here."""
        if fault != self.fault:
            return False
        self.tried += 1
        if self.tried != self.attempt:
            return False
        self.met = machine.path
        return True


def meanings(ring: int, trouble: Trouble, made: Made) -> Meanings:
    """The registry of one execution, for a ring of that many slots."""
    own = Meanings()
    _registers(own, ring)
    _kernel(own, trouble)
    mapping.add(own, made)
    own.constant("system_bh_highpri_wq", Value(VOID_POINTER, Pointer.to("a work queue")))
    return own


def known_meanings() -> Meanings:
    """All functions that have a meaning where this driver is read."""
    return KERNEL.also(meanings(1, Trouble(), Made()))


def _registers(own: Meanings, ring: int) -> None:
    @own.mean("bam_addr", text="the register of that name, of that pipe")
    def bam_addr(machine: Machine, device: Value, number_of_pipe: Value, register: Value) -> Value:
        names = {value: name for name, value in machine.unit.enums.get("bam_reg", {}).items()}
        if register.number not in names or not isinstance(number_of_pipe.number, int):
            machine.refuse("a register that is not known beforehand has no meaning")
        return Value(VOID_POINTER, Pointer.to(REGISTER, names[register.number], number_of_pipe.number))

    @own.mean("readl", "readl_relaxed", text="the register's value")
    def readl(machine: Machine, register: Value) -> Value:
        return _read(machine, *_register(machine, register))

    @own.mean("writel", "writel_relaxed", text="sets the register: reset, doorbell, interrupt cleared, or a setting")
    def writel(machine: Machine, value: Value, register: Value) -> None:
        _write(machine, *_register(machine, register), _as_u32(machine, value), ring)


def _read(machine: Machine, name: str, at: str) -> Value:
    if name == "BAM_P_SW_OFSTS":
        return binary(machine, "*", get(machine, pipe(at), "sw"), number(facts.DESCRIPTOR_BYTES, UNSIGNED))
    if name == "BAM_P_IRQ_STTS":
        return _as_u32(machine, get(machine, pipe(at), "irq"))
    if name == "BAM_IRQ_SRCS_EE":
        bits = [_as_u32(machine, get(machine, pipe(each), "irq")) for each in NAMES]
        return binary(machine, "|", bits[0], binary(machine, "<<", bits[1], number(1)))
    if name in GLOBAL:
        return get(machine, "hw", name)
    machine.refuse(f"reads {name}, which has no meaning here")


def _write(machine: Machine, name: str, at: str, value: Value, ring: int) -> None:
    if name in GLOBAL:
        put(machine, "hw", name, value)
    elif name == "BAM_P_RST":
        _reset(machine, at, value)
    elif name == "BAM_P_EVNT_REG":
        _doorbell(machine, at, value, ring)
    elif name == "BAM_P_IRQ_CLR":
        cleared = binary(machine, "&", value, number(1, UNSIGNED)).truth
        put(machine, pipe(at), "irq", Value(BOOL, fold(both(get(machine, pipe(at), "irq").truth, no(cleared)))))
    elif name in KEPT:
        machine.oblige(get(machine, pipe(at), "in reset").truth, f"writes {name} of a pipe in reset")
        put(machine, pipe(at), name, value)
    else:
        machine.refuse(f"writes {name}, which has no meaning here")


def _register(machine: Machine, register: Value) -> tuple[str, str]:
    """Name, and the pipe's name."""
    places = register.pointer.places
    if len(places) != 1 or places[0][1].object != REGISTER:
        machine.refuse("what is read or written is not known to be a register")
    name, at = places[0][1].path
    if at >= len(NAMES):
        machine.refuse(f"a register of pipe {at}, of which nothing is known")
    return name, NAMES[at]


def _as_u32(machine: Machine, value: Value) -> Value:
    found = convert(value, UNSIGNED)
    if found is None:
        machine.refuse("a register's value that is a pointer has no meaning")
    return found


def get(machine: Machine, object_name: str, name: str) -> Value:
    """A cell of the hardware."""
    return machine.state.cells[object_name, (name,)]


def put(machine: Machine, object_name: str, name: str, value: Value) -> None:
    """Set a cell of the hardware."""
    machine.state.cells[object_name, (name,)] = value


def _reset(machine: Machine, at: str, value: Value) -> None:
    """BAM_P_RST: 1 puts the pipe into reset, which forgets everything, 0 lets it out."""
    if not isinstance(value.number, int) or value.number > 1:
        machine.refuse("BAM_P_RST of another value than 0 and 1 has no meaning")
    machine.touch((pipe(at), ("reset",)))
    put(machine, pipe(at), "in reset", Value(BOOL, value.number == 1))
    if value.number:
        put(machine, pipe(at), "was reset", Value(BOOL, True))
        for name in ("sw", "doorbell", *KEPT):
            put(machine, pipe(at), name, number(0, UNSIGNED))


def _doorbell(machine: Machine, at: str, value: Value, ring: int) -> None:
    size = number(facts.DESCRIPTOR_BYTES, UNSIGNED)
    slot = binary(machine, "/", value, size)
    machine.touch((pipe(at), ("doorbell",)))
    machine.oblige(no(binary(machine, "==", binary(machine, "*", slot, size), value).truth), "rings inside a slot")
    machine.oblige(binary(machine, ">=", slot, number(ring, UNSIGNED)).truth, "rings beyond the ring")
    broken = either(get(machine, pipe(at), "in reset").truth, no(get(machine, pipe(at), "BAM_P_CTRL").truth))
    machine.oblige(broken, "rings for a pipe that is not enabled")
    put(machine, pipe(at), "doorbell", slot)


def _kernel(own: Meanings, trouble: Trouble) -> None:
    @own.mean("pm_runtime_get_sync", "pm_runtime_resume_and_get", text="resumes the device; can fail (faults)")
    def resume(machine: Machine, device: Value) -> Value:
        if trouble.strikes(machine, "runtime-pm"):
            return number(-13)
        put(machine, "hw", "resumed", Value(BOOL, True))
        return number(0)

    @own.mean("tasklet_schedule", "tasklet_hi_schedule", text="the tasklet is pending")
    def schedule(machine: Machine, task: Value) -> None:
        for under, place in machine.accessible(task.pointer):
            _pend(machine, place.object, place.path, under)

    @own.mean("queue_work", text="the work item is pending")
    def queue_work(machine: Machine, queue: Value, work: Value) -> Value:
        schedule(machine, work)
        return truth(True)

    @own.mean("dmaengine_desc_test_reuse", text="false: no client here prepares a descriptor that can be reused")
    def test_reuse(machine: Machine, descriptor: Value) -> Value:
        return truth(False)

    @own.mean("tasklet_setup", "INIT_WORK", text="which function a tasklet or work item runs")
    def setup(machine: Machine, task: Value, function: Value) -> None:
        ((_, place),) = task.pointer.places
        ((_, code),) = function.pointer.places
        if code.object != FUNCTION:
            machine.refuse("a tasklet that runs what is no function")
        machine.state.cells[place.object, (*place.path, "runs")] = Value(function.kind, function.pointer)

    @own.mean("spin_lock_init", text="the lock is made")
    def lock_init(machine: Machine, lock: Value) -> None:
        ((_, place),) = lock.pointer.places
        machine.state.cells[place.object, (*place.path, "made")] = truth(True)

    @own.mean("client_callback", text="the client's callback has run")
    def callback(machine: Machine, parameter: Value) -> None:
        before = get(machine, "hw", "called back")
        put(machine, "hw", "called back", binary(machine, "+", before, number(1)))


def _pend(machine: Machine, owner: str, path: tuple[object, ...], under: object) -> None:
    cell = ("hw", ("work",)) if owner == "bdev" else (pipe(NAMES[int(str(path[0]))]), ("task",))
    before = machine.state.cells[cell]
    machine.state.cells[cell] = merge(under, Value(BOOL, True), before) if under is not True else Value(BOOL, True)


CALLBACK = Pointer.to(FUNCTION, "client_callback")
"""What the client's callback is to the driver."""
