"""The QCE driver: one request at a time, in the order of the version's `request` and `completion` axes.

Left out, and why no property can see it:
- The data buffers and their mapping: no lock code touches them.
- A completed transaction of the producer channel with no request waiting for it: the version files' failure paths
  leave none there.
- Copying the result dump: no claim is about data.
"""

from __future__ import annotations

from collections.abc import Callable

import z3

from model.channel import REGISTER_WRITES, TXN, Channel, one_hot
from model.context import Context
from model.driver import bam_dma_terminate_all, bam_issue_pending, submit
from model.lock import release_mappings
from model.system import Enumeration, Step, Term, width_of

Body = Callable[[Context, Step], None]


def declare(ctx: Context) -> None:
    """The request's progress, its command buffer, and what the sanity property has to remember."""
    requests = ctx.bounds["requests"]
    space, program = ctx.space, _program(ctx)
    space.add_enum("client.pc", program, program.labels[0])
    space.add("client.request", width_of(requests + 1))
    space.add("client.ok")
    space.add("client.buffer_mapped", requests)
    if ctx.assume["locked_cpu_access"] == "aborts":
        space.add("client.panicked")
    space.add("monitor.go_locked")
    space.add("monitor.served_between")


def _program(ctx: Context) -> Enumeration:
    """The client's program counter: each value is the step to come; the first also means that no request is there."""
    completion = [step for name in ctx.axes["completion"] for step in _expanded(ctx, name)]
    return Enumeration(*ctx.axes["request"], "wait", *completion)


def _expanded(ctx: Context, name: str) -> list[str]:
    return [name, "free-rx"] if name == "terminate-rx" and ctx.locks else [name]


def request_number(ctx: Context, s: Step) -> Term:
    """The number of the request in the engine."""
    return z3.Extract(ctx.request_bits - 1, 0, s["client.request"])


def idle(ctx: Context, s: Step) -> Term:
    """No request is in the driver."""
    return s["client.pc"] == 0


def _prep_commands(ctx: Context, s: Step) -> None:
    number = request_number(ctx, s)
    s.emit("build_commands")
    s["client.buffer_mapped"] = s["client.buffer_mapped"] | one_hot(number, ctx.bounds["requests"])
    submit(ctx, Channel(ctx, s, "rx"), TXN.CMD, REGISTER_WRITES, number)


def _prep_rx_data(ctx: Context, s: Step) -> None:
    submit(ctx, Channel(ctx, s, "rx"), TXN.DATA, ctx.bounds["data"], request_number(ctx, s))


def _prep_tx_data(ctx: Context, s: Step) -> None:
    submit(ctx, Channel(ctx, s, "tx"), TXN.DATA, 2, request_number(ctx, s))


def _issue_rx(ctx: Context, s: Step) -> None:
    bam_issue_pending(ctx, Channel(ctx, s, "rx"))


def _issue_tx(ctx: Context, s: Step) -> None:
    bam_issue_pending(ctx, Channel(ctx, s, "tx"))


def _terminate_rx(ctx: Context, s: Step) -> None:
    bam_dma_terminate_all(ctx, Channel(ctx, s, "rx"))


def _free_rx(ctx: Context, s: Step) -> None:
    release_mappings(ctx, Channel(ctx, s, "rx"), "terminated")


def _terminate_tx(ctx: Context, s: Step) -> None:
    bam_dma_terminate_all(ctx, Channel(ctx, s, "tx"))


def _read_status(ctx: Context, s: Step) -> None:
    s.emit("cpu_access")
    foreign = s["lock.tz"]
    failed = s["engine.status_error"] if "engine.status_error" in ctx.space.variables else z3.BoolVal(False)
    if ctx.assume["locked_cpu_access"] == "aborts":
        with s.when(foreign):
            s["client.panicked"] = True
        s.emit("status_read", z3.Not(foreign))
    else:
        s.emit("status_read")
    s["client.ok"] = z3.And(s["engine.status_done"], z3.Not(failed))


def _finish(ctx: Context, s: Step) -> None:
    between = z3.And(s["client.ok"], s["monitor.go_locked"], s["tz.done"] == 1)
    with s.when(between):
        s["monitor.served_between"] = True
    s["client.ok"] = False
    s["monitor.go_locked"] = False
    s["client.request"] = s["client.request"] + 1


STEPS: dict[str, tuple[str, Body, str]] = {
    "commands": ("client.prep_commands", _prep_commands, "qce: qce_start, qce_submit_cmd_desc"),
    "rx-data": ("client.prep_rx_data", _prep_rx_data, "qce: qce_dma_prep_sgs, rxchan"),
    "tx-data": ("client.prep_tx_data", _prep_tx_data, "qce: qce_dma_prep_sgs, txchan"),
    "issue-rx": ("client.issue_rx", _issue_rx, "qce: qce_dma_issue_pending, rxchan; bam_dma.c: bam_issue_pending"),
    "issue-tx": ("client.issue_tx", _issue_tx, "qce: qce_dma_issue_pending, txchan; bam_dma.c: bam_issue_pending"),
    "terminate-rx": (
        "client.terminate_rx",
        _terminate_rx,
        "qce: qce_dma_terminate_all; bam_dma.c: bam_dma_terminate_all",
    ),
    "free-rx": ("client.free_rx", _free_rx, "bam_dma.c: bam_dma_terminate_all, vchan_dma_desc_free_list"),
    "terminate-tx": (
        "client.terminate_tx",
        _terminate_tx,
        "qce: qce_dma_terminate_all; bam_dma.c: bam_dma_terminate_all",
    ),
    "status": ("client.read_status", _read_status, "qce: qce_check_status, a CPU read"),
    "finish": ("client.finish", _finish, "qce: qce_req_done_work"),
}


def actions(ctx: Context) -> None:
    """One action for each step of the request and of its completion callback, in the version's order."""
    b, s, program = ctx.builder, Step(ctx.space), _program(ctx)
    pc = s["client.pc"]
    for position, label in enumerate(program.labels):
        following = (position + 1) % len(program.labels)
        if label == "wait":
            _callback_action(ctx, s, following)
            continue
        name, body, source = STEPS[label]
        guard = {f"the client's next step is {label}": pc == position}
        if position == 0:
            guard = {
                "no request is in the driver": pc == 0,
                "a request is queued": s["client.request"] != ctx.bounds["requests"],
            }
        actor = "callback" if position > program["wait"] and label != "finish" else "client"

        def run(step: Step, body: Body = body, following: int = following) -> None:
            body(ctx, step)
            step["client.pc"] = following

        b.action(name, actor, guard, run, source)


def _callback_action(ctx: Context, s: Step, following: int) -> None:
    def take(step: Step) -> None:
        step["tx.desc_completed"] = False
        step["client.pc"] = following

    guard = {
        "the tx channel's desc_completed has the request's transaction": s["tx.desc_completed"],
        "the client waits for its completion": s["client.pc"] == _program(ctx)["wait"],
    }
    ctx.builder.action(
        "driver.complete_tx", "callback", guard, take, "virt-dma.c: vchan_complete; qce: the done callback"
    )
