"""The lock code of bam_dma: building LOCK and UNLOCK transactions, and releasing what they mapped.

Left out, and why no property can see it:
- The scratchpad's address and the command element's value: the dummy write's only effect is that it is one.
- A failing dma_cookie_assign, after which v12 and v13 leave the transaction behind: it cannot fail in the base driver.
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import TXN, Channel, assign_cookie, one_hot
from model.context import Context
from model.language.system import Term, width_of

LABELS = {TXN.LOCK: "lock", TXN.UNLOCK: "unlock"}
CONTEXTS = ("desc_completed", "freeing", "terminated")  # a list, and what two contexts took in order to free it


def declare(ctx: Context) -> None:
    """The mappings that LOCK and UNLOCK transactions made, who still has to release them, and v12's flag.

    Mapping n belongs to the transaction that made it while that is `alive`; a mapping that outlives it is `leaked`.
    """
    if not ctx.driver_locks:
        return
    space, count = ctx.space, ctx.bounds["mappings"]
    space.add("rx.alive", count)
    space.add("rx.mapped", count)
    space.add("rx.leaked")
    for context in CONTEXTS:
        for label in LABELS.values():
            space.add(f"rx.{context}_{label}", count)
    if ctx.axes["lock-storage"] == "channel":
        space.add("rx.lock_sg", width_of(count))
        space.add("rx.unlock_sg", width_of(count))
    if ctx.axes["lock-flag"] in ("locked", "written"):
        space.add("rx.locked")
    if ctx.axes["metadata"] in ("channel", "channel-direction"):
        space.add("rx.metadata", ctx.request_bits)
        if ctx.probe_window:
            space.add("rx.scratchpad")


def setup_at_start(ctx: Context, ch: Channel) -> Term:
    """What the versions that lock in bam_start_dma do first; whether start goes on after it."""
    go_on: Term = z3.BoolVal(True)
    if not (ch.commands and ctx.driver_locks):
        return go_on
    locks, unlocks = ctx.axes["lock"] == "start", ctx.axes["unlock"] == "start"
    if locks and unlocks and ctx.axes["lock-failure"] == "start-returns":
        return _both_or_none(ctx, ch)
    queued = locks and bam_setup_pipe_lock(ctx, ch, TXN.LOCK)
    if unlocks and (queued or not locks):
        bam_setup_pipe_lock(ctx, ch, TXN.UNLOCK)
    return go_on


def _both_or_none(ctx: Context, ch: Channel) -> Term:
    """v11: both are built before either is queued; whether start goes on."""
    addressed = _addressed(ctx, ch)
    with ch.step.when(addressed):
        if ch.step.fails("lock-alloc"):
            return z3.Not(addressed)
        if ch.step.fails("unlock-alloc"):
            ch["leaked"] = True
            return z3.Not(addressed)
        for kind in (TXN.LOCK, TXN.UNLOCK):
            _queue(ctx, ch, kind)
    return z3.BoolVal(True)


def _addressed(ctx: Context, ch: Channel) -> Term:
    """Whether the channel knows the scratchpad's address, without which no lock descriptor is made."""
    return ch["scratchpad"] if "rx.scratchpad" in ctx.space.variables else z3.BoolVal(True)


def bam_setup_pipe_lock(ctx: Context, ch: Channel, kind: int) -> bool:
    """Build one LOCK or UNLOCK; LOCK goes to the head of desc_issued, UNLOCK to its tail. False if building fails.

    Without a scratchpad address it does nothing, and succeeds.
    """
    with ch.step.when(_addressed(ctx, ch)):
        if ch.step.fails("lock-alloc" if kind == TXN.LOCK else "unlock-alloc"):
            return False
        _queue(ctx, ch, kind)
    return True


def _queue(ctx: Context, ch: Channel, kind: int) -> None:
    if kind == TXN.LOCK and "rx.metadata" in ctx.space.variables:
        _note_metadata(ctx, ch)
    mapping = _bam_make_lock_desc(ctx, ch, kind)
    cookie = assign_cookie(ch)
    issued = ch.queue("desc_issued")
    push = issued.push_front if kind == TXN.LOCK else issued.push_back
    push(kind=kind, left=1, cookie=cookie, map=mapping)
    if "rx.locked" in ctx.space.variables:
        ch["locked"] = kind == TXN.LOCK


def _note_metadata(ctx: Context, ch: Channel) -> None:
    lists = ("desc_issued", "desc_submitted") if ctx.axes["lock"] == "issue" else ("desc_issued",)
    foreign = [
        z3.And(entry["valid"], entry["kind"] == TXN.CMD, entry["req"] != ch["metadata"])
        for name in lists
        for entry in ch.queue(name).entries()
    ]
    ch.step.emit("bracket_with_foreign_metadata", z3.Or(*foreign))


def _bam_make_lock_desc(ctx: Context, ch: Channel, kind: int) -> Term:
    alive = ch["alive"]
    count = alive.size()
    ch.step.exceed("mappings", alive == (1 << count) - 1)
    number = z3.BitVecVal(0, width_of(count))
    lowest = z3.BitVecVal(0, count)
    for value in reversed(range(count)):
        unused = z3.Extract(value, value, alive) == 0
        number = z3.If(unused, z3.BitVecVal(value, width_of(count)), number)
        lowest = z3.If(unused, z3.BitVecVal(1 << value, count), lowest)
    ch["alive"] = alive | lowest
    ch["mapped"] = ch["mapped"] | lowest
    if ctx.axes["lock-storage"] == "channel":
        ch[_storage(kind)] = number
    return number


def _storage(kind: int) -> str:
    return "lock_sg" if kind == TXN.LOCK else "unlock_sg"


def unlock_from_work(ctx: Context, ch: Channel) -> None:
    """v12, bam_dma_work: if desc_issued is empty and `locked`, queue the UNLOCK."""
    with ch.step.when(z3.And(ch.queue("desc_issued").empty, ch["locked"])):
        bam_setup_pipe_lock(ctx, ch, TXN.UNLOCK)


def note_lock_txn(ch: Channel, txn: Mapping[str, Term], into: str) -> None:
    """Put a transaction into one of `CONTEXTS`, where only LOCK and UNLOCK leave a trace."""
    if not ch.ctx.driver_locks:
        return
    mapping = one_hot(txn["map"], ch.ctx.bounds["mappings"])
    for kind, label in LABELS.items():
        with ch.step.when(txn["kind"] == kind):
            ch[f"{into}_{label}"] = ch[f"{into}_{label}"] | mapping


def move_lock_txns(ch: Channel, source: str, into: str) -> None:
    """Take all of one of `CONTEXTS` into another."""
    for label in LABELS.values() if ch.ctx.driver_locks else ():
        ch[f"{into}_{label}"] = ch[f"{into}_{label}"] | ch[f"{source}_{label}"]
        ch[f"{source}_{label}"] = 0


def lock_txns(ch: Channel, context: str) -> Term:
    """Whether one of `CONTEXTS` has a LOCK or UNLOCK transaction."""
    return z3.Or(*(ch[f"{context}_{label}"] != 0 for label in LABELS.values()))


def release_mappings(ctx: Context, ch: Channel, context: str) -> None:
    """bam_dma_free_desc of the LOCK and UNLOCK transactions that a context took: dma_unmap_sg, without vc.lock."""
    for kind, label in LABELS.items():
        made = ch[f"{context}_{label}"]
        with ch.step.when(made != 0):
            released = made
            if ctx.axes["lock-storage"] == "channel":
                slot = ch[_storage(kind)]
                released = z3.BitVecVal(1, made.size()) << z3.ZeroExt(made.size() - slot.size(), slot)
            if ctx.axes["lock-release"] == "never":
                released = z3.BitVecVal(0, made.size())
            else:
                ch.step.emit("unmap_foreign", released != made)
            with ch.step.when(ch["mapped"] & made & ~released != 0):
                ch["leaked"] = True
            ch["mapped"] = ch["mapped"] & ~(released | made)
            ch["alive"] = ch["alive"] & ~made
            ch[f"{context}_{label}"] = 0
