"""What the consumer pipe executes: LOCK, UNLOCK, register writes, data, and the NWD wait.

Left out, and why no property can see it: payloads; no claim is about data, only about whose operation, register or
mapping it is.
"""

from __future__ import annotations

import z3

from model.channel import HW, Channel
from model.context import Context
from model.hardware.crypto_engine import (
    acknowledged,
    busy,
    fetch_status,
    notice_write,
    reset_config,
    reset_status,
    write_config,
    write_go,
)
from model.hardware.pipes import LAST, clocked, consume, lock_kinds, locked_out, turn
from model.language.queues import Queue
from model.language.system import Step, Term


def _at_head(ctx: Context, s: Step, kind: int) -> dict[str, Term]:
    ring = Channel(ctx, s, "rx").queue("ring")
    guard = {
        f"{HW.labels[kind]} is the next descriptor of the consumer pipe": z3.And(
            z3.Not(ring.empty), ring.at(0, "hw") == kind
        ),
        "no other EE's lock stalls the consumer pipe": z3.Not(locked_out(ctx, s, "rx", data=kind == HW.DATA)),
        "the pipe does not wait for an NWD acknowledge": z3.Not(s["rx.nwd_wait"]),
        **clocked(ctx, s),
    }
    if "rx.half_executed" in ctx.space.variables:
        guard["the pipe is between descriptors"] = z3.Not(s["rx.half_executed"])
    return guard


def _lock_takes_effect(ctx: Context, s: Step) -> None:
    if not ctx.workload.lock_hardware:
        return
    s.emit("lock_executed")
    if ctx.locks:
        s["monitor.bracket"] = True
    if "lock.last" in ctx.space.variables:
        s["lock.last"] = LAST.linux
    if ctx.assume["relock"] == "counted":
        s.exceed("relock", s["lock.depth"] == 3)
        s["lock.depth"] = s["lock.depth"] + 1
    s["lock.linux"] = True


def _unlock_takes_effect(ctx: Context, s: Step) -> None:
    if not ctx.workload.lock_hardware:
        return
    s.emit("unlock_executed")
    if ctx.locks:
        s["monitor.bracket"] = False
    held = s["lock.linux"]
    if ctx.assume["foreign_unlock"] == "releases":
        with s.when(z3.Not(held)):
            s["lock.tz"] = False
    if ctx.assume["relock"] == "counted":
        last = z3.ULE(s["lock.depth"], 1)
        s.emit("unlock", z3.And(held, last))
        with s.when(s["lock.depth"] != 0):
            s["lock.depth"] = s["lock.depth"] - 1
        with s.when(last):
            s["lock.linux"] = False
    else:
        s.emit("unlock", held)
        s["lock.linux"] = False


def _lock_access(ctx: Context, s: Step, kind: int) -> None:
    """What the descriptor with the LOCK bit writes itself."""
    if not ctx.lock_rides:
        _dummy_access(ctx, s)
        return
    owner = ctx.linux(written_for(ctx, s))
    with s.when(z3.Not(_astray(ctx, s))):
        write_config(ctx, s, owner)
        if kind == HW.REQUEST:
            write_go(ctx, s, owner)
    if kind == HW.REQUEST:
        _note_turn(ctx, s)


def _unlock_access(ctx: Context, s: Step) -> None:
    """What the descriptor with the UNLOCK bit writes itself."""
    match ctx.axes["dummy"]:
        case "config-reset":
            reset_config(ctx, s)
        case "status-reset":
            reset_status(ctx, s)
        case "status-read":
            pass
        case _:
            _dummy_access(ctx, s)


def _note_turn(ctx: Context, s: Step) -> None:
    if "monitor.in_turn" in ctx.space.variables:
        s["monitor.in_turn"] = z3.And(s["lock.linux"], s["tz.done"] == 1)


def _dummy_access(ctx: Context, s: Step) -> None:
    # a dummy read of STATUS2 writes nothing
    if ctx.axes["dummy"] != "read-status2":
        with s.when(z3.Not(_astray(ctx, s))):
            s.emit("dummy_write")
            notice_write(ctx, s)


def _astray(ctx: Context, s: Step) -> Term:
    """Whether the writes in the client's command buffer lack the base address, and so do not reach the engine.

    bam_dma makes no LOCK or UNLOCK of its own without the address.
    """
    return s["client.astray"] if "client.astray" in ctx.space.variables else z3.BoolVal(False)


def lock_actions(ctx: Context) -> None:
    """LOCK on the consumer pipe, in one step or in two where effect and write can be told apart."""
    for kind in lock_kinds(ctx):
        _lock_actions(ctx, kind)


def _lock_actions(ctx: Context, kind: int) -> None:
    b, s = ctx.builder, Step(ctx.space)
    source = "hardware.md 2: upon a descriptor with the Lock bit the BAM locks all pipes not related to the group"
    name = "request" if kind == HW.REQUEST else "lock"
    guard = _at_head(ctx, s, kind)
    relock = turn(ctx, s, "rx")
    if ctx.assume["relock"] == "blocks":
        relock["the pipe does not hold the lock yet"] = z3.Not(s["lock.linux"])

    def whole(step: Step) -> None:
        _lock_takes_effect(ctx, step)
        _lock_access(ctx, step, kind)
        _pass(ctx, step, kind)

    def write(step: Step) -> None:
        if ctx.lock_rides:
            step.emit("client_descriptor")
        _lock_access(ctx, step, kind)
        step["rx.half_executed"] = True

    def rest(step: Step) -> None:
        step["rx.half_executed"] = False
        _lock_takes_effect(ctx, step)
        _pass(ctx, step, kind)

    if ctx.assume["lock_effect"] == "before-own-write":
        b.action(f"bam.execute_{name}", "bam", guard | relock, whole, source, descriptor=True)
        return
    written = {"request": "request"}.get(name, "lock_config" if ctx.lock_rides else "lock_dummy")
    b.action(f"bam.write_{written}", "bam", guard, write, source, descriptor=True)
    ring = Channel(ctx, s, "rx").queue("ring")
    half = {
        "the LOCK's own write is done": z3.And(s["rx.half_executed"], z3.Not(ring.empty), ring.at(0, "hw") == kind),
        "no other EE holds the lock": z3.Not(locked_out(ctx, s, "rx")),
    }
    b.action(f"bam.execute_{name}", "bam", half | relock, rest, source, descriptor=True)


def unlock_actions(ctx: Context) -> None:
    """UNLOCK on the consumer pipe, likewise."""
    b, s = ctx.builder, Step(ctx.space)
    source = "hardware.md 2: until it sees the Un-Lock set, then it will release all locked pipes"
    guard = _at_head(ctx, s, HW.UNLOCK)

    def whole(step: Step) -> None:
        _unlock_access(ctx, step)
        _unlock_takes_effect(ctx, step)
        consume(Channel(ctx, step, "rx"))

    def release(step: Step) -> None:
        _unlock_takes_effect(ctx, step)
        step["rx.half_executed"] = True

    def write(step: Step) -> None:
        step["rx.half_executed"] = False
        _unlock_access(ctx, step)
        consume(Channel(ctx, step, "rx"))

    if ctx.assume["unlock_effect"] == "after-own-write":
        b.action("bam.execute_unlock", "bam", guard, whole, source, descriptor=True)
        return
    b.action("bam.execute_unlock", "bam", guard, release, source, descriptor=True)
    ring = Channel(ctx, s, "rx").queue("ring")
    half = {
        "the UNLOCK took effect, its own write did not happen yet": z3.And(
            s["rx.half_executed"], z3.Not(ring.empty), ring.at(0, "hw") == HW.UNLOCK
        )
    }
    written = "bam.write_unlock_register" if ctx.lock_rides else "bam.write_unlock_dummy"
    b.action(written, "bam", half, write, source, descriptor=True)


def command_actions(ctx: Context) -> None:
    """The register writes on the consumer pipe, and the read of STATUS into memory where there is one."""
    b, s = ctx.builder, Step(ctx.space)

    def configure(step: Step) -> None:
        step.emit("client_descriptor")
        with step.when(z3.Not(_astray(ctx, step))):
            write_config(ctx, step, ctx.linux(written_for(ctx, step)))
        consume(Channel(ctx, step, "rx"))

    def go(step: Step) -> None:
        step.emit("client_descriptor")
        with step.when(z3.Not(_astray(ctx, step))):
            write_go(ctx, step, ctx.linux(written_for(ctx, step)))
        _note_turn(ctx, step)
        if ctx.axes["nwd"] == "go":
            _wait_if_nwd(ctx, Channel(ctx, step, "rx"))
        else:
            consume(Channel(ctx, step, "rx"))

    def read_back(step: Step) -> None:
        step.emit("client_descriptor")
        fetch_status(ctx, step)
        consume(Channel(ctx, step, "rx"))

    command = "hardware.md 1: CMD, the payload is an array of command elements, each one register write"
    b.action("bam.execute_configure", "bam", _at_head(ctx, s, HW.CONFIGURE), configure, command, descriptor=True)
    b.action("bam.execute_go", "bam", _at_head(ctx, s, HW.GO), go, command, descriptor=True)
    if ctx.reads_back:
        source = "other-users.md 8: the transaction behind EXEC, status reads"
        b.action("bam.execute_status", "bam", _at_head(ctx, s, HW.STATUS), read_back, source, descriptor=True)


def _pass(ctx: Context, s: Step, kind: int) -> None:
    """The pipe is done with a descriptor that has the LOCK bit; one with GO can have NWD too."""
    if kind == HW.REQUEST and ctx.axes["nwd"] == "request":
        _wait_if_nwd(ctx, Channel(ctx, s, "rx"))
    else:
        consume(Channel(ctx, s, "rx"))


def _wait_if_nwd(ctx: Context, ch: Channel) -> None:
    """The pipe is done with its next descriptor, or waits behind it if that has NWD."""
    waits = step_head(ctx, ch.step)["nwd"] == 1
    ch["nwd_wait"] = waits
    if ctx.assume["nwd_irq"] == "before-ack":
        consume(ch)
    else:
        with ch.step.when(z3.Not(waits)):
            consume(ch)


def data_actions(ctx: Context) -> None:
    """The data, and the end of an NWD wait, on the consumer pipe."""
    b, s = ctx.builder, Step(ctx.space)

    def publish(step: Step) -> None:
        step.emit("client_descriptor")
        Queue(step, "engine.published_rx").push_back(req=step_head(ctx, step)["req"])
        _wait_if_nwd(ctx, Channel(ctx, step, "rx"))

    def end_wait(step: Step) -> None:
        ch = Channel(ctx, step, "rx")
        ch["nwd_wait"] = False
        if ctx.assume["nwd_irq"] == "after-ack":
            consume(ch)

    data = _at_head(ctx, s, HW.DATA)
    if ctx.assume["early_data"] == "blocks":
        data["the engine runs for this pipe"] = z3.And(busy(s), z3.Not(s["engine.pair_tz"]))
    b.action("bam.publish_data", "bam", data, publish, "hardware.md 1: the bytes are published to the peripheral", True)
    waiting = {
        "the pipe waits behind an NWD descriptor": s["rx.nwd_wait"],
        "the engine has acknowledged": acknowledged(ctx, s, "rx"),
    }
    b.action("bam.end_nwd_wait", "bam", waiting, end_wait, "hardware.md 1: NWD, notify when done")


def written_for(ctx: Context, s: Step) -> Term:
    """The request whose register writes the next command descriptor carries.

    It reads the device's one command buffer when it is executed, so they are those that were written there last.
    """
    return s["client.buffer"] if "client.buffer" in ctx.space.variables else step_head(ctx, s)["req"]


def step_head(ctx: Context, s: Step) -> dict[str, Term]:
    """The consumer pipe's next descriptor."""
    return Channel(ctx, s, "rx").queue("ring").front()
