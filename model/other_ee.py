"""TrustZone: `LOCK; CMD configure; CMD go; DATA with NWD; UNLOCK` on its own pipe pair, whenever that may fetch.

Under `other_ee=same-ee` this is a second client of Linux on the same BAM, with a pipe pair of its own and no lock in
software that it shares with the first. Under `other_ee=register-mode` the other EE drives the engine by CPU accesses
alone, its data too: no pipe, no lock; an access while Linux holds the lock may abort, which is the end of that EE.

Left out, and why no property can see it:
- Its doorbell and its software: its descriptors are always there, which allows every timing that software could choose.
- That an external abort could end Linux with the other EE: what Linux did until then is the same.
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
PC = Enumeration("idle", "locked", "configured", "started", "published", "unlocked", "aborted")
LOCKING = ("locks", "same-ee")


def declare(ctx: Context) -> None:
    """How far the present request is, and how many are done."""
    ctx.space.add_enum("tz.pc", PC, "idle")
    if ctx.assume["handover"] == "round-robin" and _by_pipe(ctx):
        ctx.space.add("tz.queued")
    if not ctx.workload.endless:
        ctx.space.add("tz.done", width_of(max(ctx.bounds["tz_requests"], 1) + 1))


def actions(ctx: Context) -> None:
    """One action for each descriptor, or each access by CPU; none if the other EE is absent."""
    if ctx.assume["other_ee"] == "absent":
        return
    s = Step(ctx.space)
    fetch: dict[str, Term] = {"no lock of Linux stalls the other EE's pipe": z3.Not(locked_out(ctx, s, "tz"))}
    data: dict[str, Term] = {"no lock of Linux stalls its data": z3.Not(locked_out(ctx, s, "tz", data=True))}
    more = {
        "the other EE is between requests": s["tz.pc"] == PC.idle,
        ANOTHER: _another(ctx, s),
    }
    locks = ctx.assume["other_ee"] in LOCKING
    if not _by_pipe(ctx):
        fetch = data = _access(ctx, s, more)
    if "tz.queued" in ctx.space.variables:
        more = _queue(ctx, s, more) | turn(ctx, s, "tz")
    if locks:
        _lock(ctx, fetch | more)
    begin = {"the other EE's next descriptor is configure": s["tz.pc"] == PC.locked} if locks else more
    _register_writes(ctx, s, fetch, begin)
    _publish(ctx, s, data)
    _end(ctx, s, fetch, locks)


def _access(ctx: Context, s: Step, more: dict[str, Term]) -> dict[str, Term]:
    """When an access by CPU comes through; and that it may not, after which the other EE does nothing any more."""
    if ctx.assume["locked_cpu_access"] != "aborts":
        return {}

    def abort(step: Step) -> None:
        step["tz.pc"] = PC.aborted

    source = "hardware.md 3: an access while another EE holds the lock will result in external abort"
    held = {"Linux holds the lock": s["lock.linux"]}
    within = z3.Or(*(s["tz.pc"] == value for value in (PC.configured, PC.started, PC.published)))
    ctx.builder.action("tz.abort", "tz", held | {"the other EE is within a request": within}, abort, source)
    ctx.builder.action("tz.abort_2", "tz", held | more, abort, source)
    return {"Linux does not hold the lock": z3.Not(s["lock.linux"])}


def _queue(ctx: Context, s: Step, more: dict[str, Term]) -> dict[str, Term]:
    """Its software queues a request: only then can its pipe wait for its turn. What begins the request in the pipe."""

    def queue(step: Step) -> None:
        step["tz.queued"] = True

    fresh = {"no request of the other EE is queued": z3.Not(s["tz.queued"])}
    ctx.builder.action("tz.queue_request", "tz", more | fresh, queue, "hardware.md 5: it runs whenever it likes")
    return {"the other EE has queued a request": s["tz.queued"]}


def _by_pipe(ctx: Context) -> bool:
    """Whether what it does are descriptors that a pipe executes."""
    return ctx.assume["other_ee"] != "register-mode"


def _another(ctx: Context, s: Step) -> Term:
    return z3.BoolVal(True) if ctx.workload.endless else s["tz.done"] != ctx.bounds["tz_requests"]


def _lock(ctx: Context, guard: dict[str, Term]) -> None:
    def lock(step: Step) -> None:
        step["lock.tz"] = ctx.workload.lock_hardware
        step["tz.pc"] = PC.locked
        _dequeue(step)

    ctx.builder.action("tz.execute_lock", "tz", guard, lock, "control-flow.md 4: LOCK", descriptor=True)


def _dequeue(step: Step) -> None:
    if "tz.queued" in step.space.variables:
        step["tz.queued"] = False
        step["lock.last"] = LAST.tz


def _register_writes(ctx: Context, s: Step, fetch: dict[str, Term], begin: dict[str, Term]) -> None:
    def configure(step: Step) -> None:
        write_config(ctx, step, ctx.owner.tz)
        step["tz.pc"] = PC.configured
        if ctx.assume["other_ee"] not in LOCKING:
            _dequeue(step)

    def go(step: Step) -> None:
        write_go(ctx, step, ctx.owner.tz)
        step["tz.pc"] = PC.started

    b, by_pipe = ctx.builder, _by_pipe(ctx)
    b.action("tz.write_config", "tz", fetch | begin, configure, "control-flow.md 4: CMD configure", by_pipe)
    configured = {"the other EE's next descriptor is go": s["tz.pc"] == PC.configured}
    b.action("tz.write_go", "tz", fetch | configured, go, "control-flow.md 4: CMD go", by_pipe)


def _publish(ctx: Context, s: Step, data: dict[str, Term]) -> None:
    def publish(step: Step) -> None:
        step["engine.published_tz"] = True
        step["tz.pc"] = PC.published

    started = {"the other EE's next descriptor is its data": s["tz.pc"] == PC.started}
    source = "control-flow.md 4: DATA with NWD"
    ctx.builder.action("tz.publish_data", "tz", data | started, publish, source, _by_pipe(ctx))


def _end(ctx: Context, s: Step, fetch: dict[str, Term], locks: bool) -> None:
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
    elif not _by_pipe(ctx):
        ready |= fetch  # it polls STATUS
    guard = ready | {"its operation is done": output_done}
    b.action("tz.complete", "tz", guard, complete, "control-flow.md 4: it completes when its output is done")
