"""The QCE driver's flow: one request at a time, in the order of the version's `request` and `completion` axes.

Left out, and why no property can see it:
- A completed transaction of the producer channel with no request waiting for it: the version files' failure paths
  leave none there.
- The value of an error: a failed request finishes without success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import z3

from model.context import Context
from model.qce import STEPS
from model.system import Enumeration, Step, Term, width_of

QUEUED = "a request is queued"  # the guard of each action that starts a request


def declare(ctx: Context) -> None:
    """The request's progress, its command buffer, and what some properties have to remember."""
    requests = ctx.bounds["requests"]
    space, program = ctx.space, Program.of(ctx).labels
    space.add_enum("client.pc", program, program.labels[0])
    space.add("client.request", ctx.request_bits if ctx.workload.endless else width_of(requests + 1))
    space.add("client.ok")
    if "commands" in ctx.axes["request"]:
        space.add("client.buffer_mapped", requests)
    if ctx.client_locks:
        space.add("client.lock_mapped")
        space.add("client.unlock_mapped")
        if ctx.axes["lock-flag"] in ("prep", "attach"):
            space.add("rx.locked")
    if ctx.assume["locked_cpu_access"] == "aborts":
        space.add("client.panicked")
    if ctx.can_fail:
        space.add("client.failed")
    if ctx.workload.faults:
        space.add("fault.struck")
        space.add("monitor.unlock_dropped")
    if not ctx.workload.endless and ctx.bounds["tz_requests"] >= 2:
        space.add("monitor.in_turn")
        space.add("monitor.served_between")


@dataclass(frozen=True)
class Program:
    """The client's steps in order. A value of `client.pc` is the step to come; the first also means: no request."""

    steps: tuple[str, ...]
    labels: Enumeration

    @staticmethod
    def of(ctx: Context) -> Program:
        """The program of a version; a step that occurs twice is numbered from its second occurrence on."""
        steps = [*ctx.axes["request"]]
        if ctx.workload.client == "qce":
            steps += ["wait", *(step for name in ctx.axes["completion"] for step in _expanded(ctx, name))]
        names: list[str] = []
        for position, step in enumerate(steps):
            count = steps[: position + 1].count(step)
            names.append(step if count == 1 else f"{step}-{count}")
        return Program(tuple(steps), Enumeration(*names))

    def suffix(self, position: int) -> str:
        """What tells a step's action apart from the same step before: "" or "_2" and so on."""
        return self.labels.labels[position].removeprefix(self.steps[position]).replace("-", "_")

    def after(self, position: int) -> int:
        """The value of `client.pc` after the step at a position."""
        return (position + 1) % len(self.steps)


def _expanded(ctx: Context, name: str) -> list[str]:
    return [name, "free-rx"] if name == "terminate-rx" and ctx.driver_locks else [name]


def idle(ctx: Context, s: Step) -> Term:
    """No request is in the driver."""
    return s["client.pc"] == 0


def actions(ctx: Context) -> None:
    """One action for each step of the request and of its completion callback, in the version's order."""
    program = Program.of(ctx)
    waits = program.labels["wait"]
    for position, step in enumerate(program.steps):
        if step == "wait":
            _callback_action(ctx, program)
        else:
            callback = position > waits and step != "finish"
            _step_action(ctx, program, position, "callback" if callback else "client")
    if ctx.axes["lock-coverage"] == "no-plain-aead":
        _uncovered_action(ctx, program)


def start_guard(ctx: Context, s: Step, program: Program, position: int) -> dict[str, Term]:
    """When the client may take the step at a position of its program."""
    if position:
        return {f"the client's next step is {program.labels.labels[position]}": s["client.pc"] == position}
    more = z3.BoolVal(True) if ctx.workload.endless else s["client.request"] != ctx.bounds["requests"]
    return {"no request is in the driver": s["client.pc"] == 0, QUEUED: more}


def _step_action(ctx: Context, program: Program, position: int, actor: str) -> None:
    name, body, source = STEPS[program.steps[position]]

    def run(step: Step) -> None:
        step["client.pc"] = program.after(position)
        body(ctx, step)
        _leave_if_failed(ctx, step, program, position)

    guard = start_guard(ctx, Step(ctx.space), program, position)
    ctx.builder.action(name + program.suffix(position), actor, guard, run, source)


def _leave_if_failed(ctx: Context, s: Step, program: Program, position: int) -> None:
    """The handler's error paths: CMD failed: terminate both, return; DATA or LOCK failed: return."""
    if not ctx.can_fail:
        return
    step = program.steps[position]
    targets: Mapping[str, str] = {
        "commands": "terminate-rx",
        "rx-data": "finish",
        "tx-data": "finish",
        "lock": "finish",
        "terminate-tx": "finish",
    }
    if step in targets:
        with s.when(s["client.failed"]):
            s["client.pc"] = program.labels[targets[step]]


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


def _uncovered_action(ctx: Context, program: Program) -> None:
    """An AEAD request for which the version takes no lock: authenc, or CCM without associated data."""

    def skip(step: Step) -> None:
        step["client.pc"] = program.labels["rx-data"]

    guard = start_guard(ctx, Step(ctx.space), program, 0)
    source = "qce/aead.c: qce_aead_async_req_handle; the lock is only in qce_aead_ccm_prepare_buf_assoclen"
    ctx.builder.action("client.begin_unlocked_aead", "client", guard, skip, source)
