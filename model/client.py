"""The QCE driver's flow: one request at a time, in the order of the version's `request` and `completion` axes.

Left out, and why no property can see it:
- A completed transaction of the producer channel with no request waiting for it: no failure path leaves one there.
- The value of an error: a failed request finishes without success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import z3

from model.context import Context
from model.language.queues import Queue
from model.language.system import Enumeration, Step, Term, width_of
from model.qce import STEPS, Body
from model.vendor import nandc, sps

QUEUED = "a request is queued"  # the guard of each action that starts a request
FAILING: Mapping[str, tuple[str, ...]] = {
    "data-failure": ("lock", "rx-data", "tx-data"),
    "command-failure": ("commands", "cpu-configure"),
}
"""The axes that say what the handler does if a step fails, and the steps."""
OF_TERMINATE = ("close-rx", "free-rx")  # sections of bam_dma_terminate_all that no axis names


def declare(ctx: Context) -> None:
    """The request's progress, its command buffer, and what some properties have to remember."""
    requests = ctx.bounds["requests"]
    space, program = ctx.space, Program.of(ctx).labels
    space.add_enum("client.pc", program, program.labels[0])
    space.add("client.request", ctx.request_bits if ctx.workload.endless else width_of(requests + 1))
    space.add("client.ok")
    space.add("client.data_mapped", requests)
    if "commands" in ctx.axes["request"] and not ctx.sps:
        space.add("client.buffer_mapped", requests)
        # the generic client has a buffer for each request
        if ctx.workload.client == "qce":
            space.add("client.buffer", ctx.request_bits)
    if ctx.probe_window:
        space.add("client.base_known")
        space.add("client.astray")
    if ctx.client_locks:
        space.add("client.lock_mapped")
        space.add("client.unlock_mapped")
        if ctx.axes["lock-flag"] in ("prep", "attach"):
            space.add("rx.locked")
    if ctx.assume["locked_cpu_access"] == "aborts":
        space.add("client.panicked")
    if ctx.reads_back:
        space.add("client.status_of", ctx.owner.width, 0, ctx.owner.labels)
    if ctx.can_fail or ctx.sps:
        space.add("client.failed")
    if ctx.can_fail and ctx.attaches_metadata and "terminate-rx" not in ctx.axes["command-failure"]:
        space.add("rx.desc_allocated")
    if ctx.workload.faults:
        space.add("fault.left", 2, ctx.workload.fault_count)
        space.add_enum("fault.struck", Enumeration("none", *ctx.workload.faults), "none")
        space.add("monitor.unlock_dropped")
    if not ctx.workload.endless and ctx.bounds["tz_requests"] >= 2:
        space.add("monitor.in_turn")
        space.add("monitor.served_between")


@dataclass(frozen=True)
class Program:
    """The client's steps in order. A value of `client.pc` is the step to come; the first also means: no request.

    `failures`: where the handler goes on if the step of that name fails. `begins`: by axis where its steps begin.
    `calls_back`: whether what follows the wait is done by the completion callback; else that only wakes the client.
    """

    steps: tuple[str, ...]
    labels: Enumeration
    failures: Mapping[str, int]
    begins: Mapping[str, int]
    calls_back: bool

    @staticmethod
    def of(ctx: Context) -> Program:
        """The program of a version; a step that occurs twice is numbered from its second occurrence on."""
        steps = [*ctx.axes["request"]]
        failures: dict[str, int] = {}
        begins = {"request": 0}
        if ctx.workload.client == "qce":
            begins["completion"] = len(steps) + 1
            steps += ["wait", *_expanded(ctx, "completion")]
        if ctx.can_fail:
            failing = {"data-failure": sps.TRANSFERS} if ctx.sps else FAILING
            if ctx.gives_up:
                failing = {"data-failure": ("wait",)}
            for axis, causes in failing.items():
                failures |= dict.fromkeys(causes, len(steps))
                begins[axis] = len(steps)
                steps += _expanded(ctx, axis)
        names: list[str] = []
        for position, step in enumerate(steps):
            count = steps[: position + 1].count(step)
            names.append(step if count == 1 else f"{step}-{count}")
        return Program(tuple(steps), Enumeration(*names), failures, begins, not ctx.reads_back)

    def suffix(self, position: int) -> str:
        """What tells a step's action apart from the same step before: "" or "_2" and so on."""
        return self.labels.labels[position].removeprefix(self.steps[position]).replace("-", "_")

    def place(self, position: int) -> tuple[str, int] | None:
        """The axis that has the step at a position, and which of its steps it is; None for one that no axis has."""
        if self.steps[position] in ("wait", *OF_TERMINATE):
            return None
        axis = max((name for name, begin in self.begins.items() if begin <= position), key=self.begins.__getitem__)
        own = self.steps[self.begins[axis] : position]
        return axis, len(own) - sum(step in OF_TERMINATE for step in own)

    def after(self, position: int) -> int:
        """The value of `client.pc` after the step at a position."""
        last = self.steps[position] == "finish" or position + 1 == len(self.steps)
        return 0 if last else position + 1

    def in_callback(self, position: int) -> bool:
        """Whether the step at a position belongs to the completion callback; finishing is the done work's."""
        waits = self.labels["wait"]
        return self.calls_back and waits < position < self.steps.index("finish")


def _expanded(ctx: Context, axis: str) -> list[str]:
    steps: list[str] = []
    for name in ctx.axes[axis]:
        parts = [name]
        if name == "terminate-rx":
            close = ctx.driver_locks and ctx.axes["unlock"] == "terminate"
            parts = [*(["close-rx"] * close), name, *(["free-rx"] * ctx.lock_txns)]
        steps += parts
    return steps


def idle(ctx: Context, s: Step) -> Term:
    """No request is in the driver."""
    return s["client.pc"] == 0


def actions(ctx: Context) -> None:
    """One action for each step of the request and of its completion callback, in the version's order."""
    program = Program.of(ctx)
    for position, step in enumerate(program.steps):
        if step == "wait":
            if ctx.reads_back:
                nandc.actions(ctx, position, program.after(position), program.failures.get("wait", 0))
            else:
                _callback_action(ctx, program)
        else:
            _step_action(ctx, program, position, "callback" if program.in_callback(position) else "client")
    if ctx.probe_window:
        _probe_actions(ctx)
    if ctx.axes["recovery"] == "reset-pipes":
        _recovery_action(ctx, program)
    if ctx.axes["lock-coverage"] == "no-plain-aead":
        _uncovered_action(ctx, program)


def steps_of(ctx: Context) -> Mapping[str, tuple[str, Body, str]]:
    """For each step the action's name, what it does, and the source."""
    other = sps.STEPS if ctx.sps else nandc.STEPS if ctx.reads_back else {}
    return {**STEPS, **other}


def start_guard(ctx: Context, s: Step, program: Program, position: int) -> dict[str, Term]:
    """When the client may take the step at a position of its program."""
    if position:
        return {
            f"the client's next step is {program.labels.labels[position]}": s["client.pc"] == position,
            **_drained(ctx, s, program.steps[position]),
        }
    more = z3.BoolVal(True) if ctx.workload.endless else s["client.request"] != ctx.bounds["requests"]
    return {"no request is in the driver": s["client.pc"] == 0, QUEUED: more}


def _drained(ctx: Context, s: Step, step: str) -> dict[str, Term]:
    """What a terminate that polls the read offset waits for: it looks at no state of the driver, and takes no lock."""
    if step != "terminate-rx" or not ctx.locks or ctx.axes["terminate"] != "drains":
        return {}
    return {"the consumer pipe has executed all that is in its ring": Queue(s, "rx.ring").empty}


def _step_action(ctx: Context, program: Program, position: int, actor: str) -> None:
    name, body, source = steps_of(ctx)[program.steps[position]]

    def run(step: Step) -> None:
        step["client.pc"] = program.after(position)
        body(ctx, step)
        failure = program.failures.get(program.steps[position])
        if failure is not None and position < program.labels["wait"]:
            with step.when(step["client.failed"]):
                step["client.pc"] = failure

    guard = start_guard(ctx, Step(ctx.space), program, position)
    ctx.builder.action(name + program.suffix(position), actor, guard, run, source)


def _probe_actions(ctx: Context) -> None:
    """The rest of probe, which runs beside the first requests: base_phys is set after the algorithms are registered.

    slave_config, in a version that calls it, comes after that: it needs the address.
    """

    def set_base(step: Step) -> None:
        step["client.base_known"] = True

    def configure(step: Step) -> None:
        step["rx.locking_enabled"] = True

    s, source = Step(ctx.space), "qce/core.c: qce_crypto_probe"
    guard = {"base_phys is not set yet": z3.Not(s["client.base_known"])}
    ctx.builder.action("client.set_base", "client", guard, set_base, source)
    if "rx.locking_enabled" in ctx.space.variables:
        guard = {"base_phys is set": s["client.base_known"], "locking is not enabled": z3.Not(s["rx.locking_enabled"])}
        ctx.builder.action("client.slave_config", "client", guard, configure, f"{source}; bam_dma.c: bam_slave_config")


def _callback_action(ctx: Context, program: Program) -> None:
    s = Step(ctx.space)
    waits = program.labels["wait"]

    def take(step: Step) -> None:
        step["tx.desc_completed"] = False
        step["client.pc"] = program.after(waits)

    guard = {
        "the tx channel's desc_completed has the request's transaction": s["tx.desc_completed"],
        "the client waits for its completion": s["client.pc"] == waits,
    }
    source = "virt-dma.c: vchan_complete; qce: the done callback"
    ctx.builder.action("driver.complete_tx", "callback", guard, take, source)


def _recovery_action(ctx: Context, program: Program) -> None:
    """A request whose operation hangs is given up after its time-out."""
    s = Step(ctx.space)

    def run(step: Step) -> None:
        sps.recover(ctx, step)
        step["client.pc"] = program.failures["issue-rx"]

    guard = {
        "the client waits for its completion": s["client.pc"] == program.labels["wait"],
        "an operation of Linux runs": ctx.is_linux(s["engine.op"]),
        "it has taken all its data": z3.And(s["engine.input"] == ctx.input, Queue(s, "engine.published_rx").empty),
    }
    source = "qce50.c: qce_manage_timeout"
    ctx.builder.action("client.recover", "client", guard, run, source)


def _uncovered_action(ctx: Context, program: Program) -> None:
    """An AEAD request for which the version takes no lock: authenc, or CCM without associated data."""

    def skip(step: Step) -> None:
        step["client.pc"] = program.labels["rx-data"]

    guard = start_guard(ctx, Step(ctx.space), program, 0)
    source = "qce/aead.c: qce_aead_async_req_handle; the lock is only in qce_aead_ccm_prepare_buf_assoclen"
    ctx.builder.action("client.begin_unlocked_aead", "client", guard, skip, source)
