"""TrustZone: `LOCK; CMD configure; CMD go; DATA with NWD; UNLOCK` on its own pipe pair, whenever that may fetch.

Left out, and why no property can see it:
- Its doorbell and its software: its descriptors are always there, which allows every timing that software could choose.
- Dummy writes: its LOCK and UNLOCK ride on its own commands (downstream sends no dummy writes).
- Its producer pipe always has descriptors.
"""

from __future__ import annotations

import z3

from model.context import Context
from model.hardware.crypto_engine import acknowledged, write_config, write_go
from model.hardware.pipes import LAST, locked_out, turn
from model.language.system import Enumeration, Step, Term, width_of

ANOTHER = "it has another request"  # the guard of the action that begins a request
PC = Enumeration("idle", "locked", "configured", "started", "published", "unlocked")


def declare(ctx: Context) -> None:
    """How far the present request is, and how many are done."""
    ctx.space.add_enum("tz.pc", PC, "idle")
    if ctx.assume["handover"] == "round-robin":
        ctx.space.add("tz.queued")
    if not ctx.workload.endless:
        ctx.space.add("tz.done", width_of(max(ctx.bounds["tz_requests"], 1) + 1))


def actions(ctx: Context) -> None:
    """One action for each descriptor; none if the other EE is absent."""
    if ctx.assume["other_ee"] == "absent":
        return
    s = Step(ctx.space)
    fetch = {"no lock of Linux stalls the other EE's pipe": z3.Not(locked_out(ctx, s, "tz"))}
    more = {
        "the other EE is between requests": s["tz.pc"] == PC.idle,
        ANOTHER: _another(ctx, s),
    }
    locks = ctx.assume["other_ee"] == "locks"
    if "tz.queued" in ctx.space.variables:
        more = _queue(ctx, s, more) | turn(ctx, s, "tz")
    if locks:
        _lock(ctx, fetch | more)
    begin = {"the other EE's next descriptor is configure": s["tz.pc"] == PC.locked} if locks else more
    _register_writes(ctx, s, fetch, begin)
    _end(ctx, s, fetch, locks)


def _queue(ctx: Context, s: Step, more: dict[str, Term]) -> dict[str, Term]:
    """Its software queues a request: only then can its pipe wait for its turn. What begins the request in the pipe."""

    def queue(step: Step) -> None:
        step["tz.queued"] = True

    fresh = {"no request of the other EE is queued": z3.Not(s["tz.queued"])}
    ctx.builder.action("tz.queue_request", "tz", more | fresh, queue, "hardware.md 5: it runs whenever it likes")
    return {"the other EE has queued a request": s["tz.queued"]}


def _another(ctx: Context, s: Step) -> Term:
    return z3.BoolVal(True) if ctx.workload.endless else s["tz.done"] != ctx.bounds["tz_requests"]


def _lock(ctx: Context, guard: dict[str, object]) -> None:
    def lock(step: Step) -> None:
        step["lock.tz"] = ctx.workload.lock_hardware
        step["tz.pc"] = PC.locked
        _dequeue(step)

    ctx.builder.action("tz.execute_lock", "tz", guard, lock, "control-flow.md 4: LOCK", descriptor=True)


def _dequeue(step: Step) -> None:
    if "tz.queued" in step.space.variables:
        step["tz.queued"] = False
        step["lock.last"] = LAST.tz


def _register_writes(ctx: Context, s: Step, fetch: dict[str, object], begin: dict[str, object]) -> None:
    def configure(step: Step) -> None:
        write_config(ctx, step, ctx.owner.tz)
        step["tz.pc"] = PC.configured
        if ctx.assume["other_ee"] == "ignores-lock":
            _dequeue(step)

    def go(step: Step) -> None:
        write_go(ctx, step, ctx.owner.tz)
        step["tz.pc"] = PC.started

    def publish(step: Step) -> None:
        step["engine.published_tz"] = True
        step["tz.pc"] = PC.published

    b = ctx.builder
    b.action("tz.write_config", "tz", fetch | begin, configure, "control-flow.md 4: CMD configure", descriptor=True)
    configured = {"the other EE's next descriptor is go": s["tz.pc"] == PC.configured}
    b.action("tz.write_go", "tz", fetch | configured, go, "control-flow.md 4: CMD go", descriptor=True)
    started = {"the other EE's next descriptor is its data": s["tz.pc"] == PC.started}
    b.action("tz.publish_data", "tz", fetch | started, publish, "control-flow.md 4: DATA with NWD", descriptor=True)


def _end(ctx: Context, s: Step, fetch: dict[str, object], locks: bool) -> None:
    b = ctx.builder
    ready = {
        "the other EE has published its data": s["tz.pc"] == PC.published,
        "the engine has acknowledged it": acknowledged(ctx, s, "tz"),
    }
    output_done = z3.Not(s["engine.op"] == ctx.owner.tz)

    def complete(step: Step) -> None:
        step["tz.pc"] = PC.idle
        if not ctx.workload.endless:
            step["tz.done"] = step["tz.done"] + 1

    def unlock(step: Step) -> None:
        step["lock.tz"] = False
        with step.when(output_done):
            complete(step)
        with step.when(z3.Not(output_done)):
            step["tz.pc"] = PC.unlocked

    if locks:
        b.action("tz.execute_unlock", "tz", fetch | ready, unlock, "control-flow.md 4: UNLOCK", descriptor=True)
        if ctx.assume["nwd_ack"] == "operation-done":
            return
        ready = {"the other EE has unlocked": s["tz.pc"] == PC.unlocked}
    guard = ready | {"its operation is done": output_done}
    b.action("tz.complete", "tz", guard, complete, "control-flow.md 4: it completes when its output is done")
