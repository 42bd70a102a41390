"""A generic client that issues while earlier work is in flight, as the NAND driver does, with the QCE's transactions.

It never waits before its next request, never terminates, and reads no STATUS. A version whose client takes the lock
itself has no such client.
"""

from __future__ import annotations

from model.client import Program, start_guard, steps_of
from model.context import Context
from model.language.system import Step
from model.qce import Body
from model.vendor import sps


def actions(ctx: Context) -> None:
    """The steps of each request, over and over, and a callback that only takes what is completed."""
    program = Program.of(ctx)
    for position, step_name in enumerate(program.steps):
        name, body, source = steps_of(ctx)[step_name]

        def run(step: Step, body: Body = body, position: int = position) -> None:
            step["client.pc"] = program.after(position)
            body(ctx, step)
            if ctx.sps:
                sps.give_up(ctx, step)
            if position == len(program.steps) - 1:
                step["client.request"] = step["client.request"] + 1

        guard = start_guard(ctx, Step(ctx.space), program, position)
        ctx.builder.action(name + program.suffix(position), "client", guard, run, source)
    _callback_action(ctx)


def _callback_action(ctx: Context) -> None:
    s = Step(ctx.space)

    def take(step: Step) -> None:
        step["tx.desc_completed"] = False
        step.emit("request_succeeded")

    guard = {"the tx channel's desc_completed has a transaction": s["tx.desc_completed"]}
    ctx.builder.action("driver.complete_tx", "callback", guard, take, "virt-dma.c: vchan_complete")
