"""The lock code of bam_dma: making LOCK and UNLOCK, as transactions or in the ring, and releasing what they mapped.

Left out, and why no property can see it:
- The scratchpad's address and the command element's value: the dummy write's only effect is that it is one.
- A failing dma_cookie_assign, after which v12 and v13 leave the transaction behind: it cannot fail in the base driver.
- The one command element that slave_config maps for a channel: it stays mapped until free_chan, which no request sees.
- slave_config's -EBUSY while locked: its one call, at probe, comes before any LOCK, which needs it.
- That attach stores the metadata under vc.lock, or does not: it is one step with the prep call before it.
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import HW, TXN, Channel, assign_cookie, one_hot
from model.context import Context
from model.hardware.ring import MARKS
from model.language.system import Term, width_of

LABELS = {TXN.LOCK: "lock", TXN.UNLOCK: "unlock"}
TERMINATED = "terminated"  # what terminate_all took in order to free it
TASKLETS = ("desc_completed", "freeing")  # the tasklet's list, and what it took from there in order to free it
LOCK_ROOM = {"one": 1, "two": 2, "kept": 3}  # slots that have to be free for a LOCK
TOGETHER = ("start-returns", "none-queued")  # both are built before either is queued


def contexts(ctx: Context) -> tuple[str, ...]:
    """Where LOCK and UNLOCK transactions that are off the lists wait to be freed."""
    if not ctx.lock_txns:
        return ()
    return (*TASKLETS, TERMINATED) if ctx.tasklet_frees else (TERMINATED,)


def declare(ctx: Context) -> None:
    """The mappings that LOCK and UNLOCK transactions made, who still has to release them, the flag, the metadata.

    Mapping n belongs to the transaction that made it while that is `alive`; a mapping that outlives it is `leaked`.
    """
    if not ctx.driver_locks:
        return
    space, count = ctx.space, ctx.bounds["mappings"]
    if ctx.lock_txns:
        space.add("rx.alive", count)
    if ctx.lock_mappings:
        space.add("rx.mapped", count)
        space.add("rx.leaked")
    for context in contexts(ctx):
        for label in LABELS.values():
            space.add(f"rx.{context}_{label}", count)
    if ctx.axes["lock-storage"] == "channel":
        space.add("rx.lock_sg", width_of(count))
        space.add("rx.unlock_sg", width_of(count))
    if ctx.axes["lock-flag"] in ("locked", "written"):
        space.add("rx.locked")
    if ctx.attaches_metadata:
        space.add("rx.metadata", ctx.request_bits)
        if ctx.probe_window:
            space.add("rx.scratchpad")
    if ctx.axes["metadata"] == "peripheral-config" and ctx.probe_window:
        space.add("rx.locking_enabled")


def setup_at_start(ctx: Context, ch: Channel) -> Term:
    """What the versions that lock in bam_start_dma do before the fill loop; whether start goes on after it."""
    go_on: Term = z3.BoolVal(True)
    if not (ch.commands and ctx.driver_locks):
        return go_on
    due = _lock_due(ctx, ch)
    if (needed := LOCK_ROOM[str(ctx.axes["lock-room"])]) > 1:
        go_on = z3.Not(z3.And(due, z3.ULT(ch.ring.free, needed)))
        with ch.step.when(z3.Not(go_on)):
            ch.step["work.pending"] = True
    with ch.step.when(z3.And(due, go_on)):
        if not bam_setup_pipe_lock(ctx, ch, "start") and ctx.axes["lock-failure"] == "start-returns":
            return z3.And(go_on, z3.Not(due))
    return go_on


def _lock_due(ctx: Context, ch: Channel) -> Term:
    """Whether start makes what it makes: if addressed, unless a flag decides on its LOCK and says that there is one."""
    decides = ctx.axes["lock"] == "start" and ctx.axes["lock-flag"] == "locked"
    return z3.And(_addressed(ctx, ch), z3.Not(ch["locked"]) if decides else True)


def _addressed(ctx: Context, ch: Channel) -> Term:
    """Whether the channel knows the scratchpad's address, without which no lock descriptor is made."""
    for name in ("scratchpad", "locking_enabled"):
        if f"rx.{name}" in ctx.space.variables:
            return ch[name]
    return z3.BoolVal(True)


def bam_setup_pipe_lock(ctx: Context, ch: Channel, place: str) -> bool:
    """Make what the version makes at a place, a value of the axes `lock` and `unlock`: LOCK goes to the head of
    desc_issued, UNLOCK to its tail. False if building fails, after which nothing else is tried.

    Without a scratchpad address it does nothing, and succeeds.
    """
    kinds = [kind for axis, kind in (("lock", TXN.LOCK), ("unlock", TXN.UNLOCK)) if ctx.axes[axis] == place]
    with ch.step.when(_addressed(ctx, ch)):
        if ctx.axes["lock-failure"] in TOGETHER and len(kinds) == 2:
            return _both_or_none(ctx, ch)
        return all(_make(ctx, ch, kind) for kind in kinds)


def _both_or_none(ctx: Context, ch: Channel) -> bool:
    """Both are built before either is queued. v11 forgets the mapping of the LOCK whose UNLOCK cannot be built."""
    if ch.step.fails("lock-alloc"):
        return False
    if ch.step.fails("unlock-alloc"):
        if ctx.axes["lock-failure"] == "start-returns" and ctx.lock_mappings:
            ch["leaked"] = True
        return False
    for kind in (TXN.LOCK, TXN.UNLOCK):
        _queue(ctx, ch, kind)
    return True


def _make(ctx: Context, ch: Channel, kind: int) -> bool:
    if ctx.lock_slots:
        _write(ctx, ch, kind)
        return True
    if ch.step.fails("lock-alloc" if kind == TXN.LOCK else "unlock-alloc"):
        return False
    _queue(ctx, ch, kind)
    return True


def _queue(ctx: Context, ch: Channel, kind: int) -> None:
    if kind == TXN.LOCK and "rx.metadata" in ctx.space.variables:
        _note_metadata(ctx, ch)
    number = _bam_make_lock_desc(ctx, ch, kind)
    cookie = assign_cookie(ch) if ctx.axes["lock-cookie"] == "own" else 0
    issued = ch.queue("desc_issued")
    push = issued.push_front if kind == TXN.LOCK else issued.push_back
    push(kind=kind, left=1, cookie=cookie, map=number)
    if kind == TXN.LOCK or ctx.axes["flag-clear"] == "queued":
        _set_flag(ch, kind == TXN.LOCK)


def _write(ctx: Context, ch: Channel, kind: int) -> None:
    """A LOCK or UNLOCK straight into the slot at tail; UNLOCK has INT. The caller has seen that a slot is free."""
    hw = {TXN.LOCK: HW.LOCK, TXN.UNLOCK: HW.UNLOCK}[kind]
    entry = {"hw": hw, "int": int(kind == TXN.UNLOCK), LABELS[kind]: z3.BoolVal(True)}
    ch.ring.write([entry], z3.BitVecVal(1, 1))
    if kind == TXN.LOCK:
        _set_flag(ch, True)
    else:
        unlock_is(ctx, ch, "loaded", z3.BoolVal(True))


def _set_flag(ch: Channel, locked: bool) -> None:
    if "rx.locked" in ch.ctx.space.variables:
        ch["locked"] = locked


def unlock_is(ctx: Context, ch: Channel, stage: str, is_unlock: Term) -> None:
    """An UNLOCK is "loaded" or "consumed": the flag is cleared if it goes by that."""
    if ctx.axes["flag-clear"] == stage and "rx.locked" in ctx.space.variables:
        with ch.step.when(is_unlock):
            ch["locked"] = False


def pass_lock_slots(ctx: Context, ch: Channel, consumed: Term, available: Term) -> Term:
    """What of `available` is left behind the LOCKs and UNLOCKs that the slots from the first one on have.

    `consumed` slots lie between head and the read offset, `available` of them have not been looked at yet.
    """
    if not (ch.commands and ctx.lock_slots):
        return available
    locks, unlocks = (ch.ring.marked(mark, consumed - available) for mark in MARKS)
    passed: Term = z3.BitVecVal(0, available.size())
    for count in range(1, ctx.bounds["ring"] + 1):
        run = (1 << count) - 1
        found = z3.And((locks | unlocks) & run == run, z3.UGE(available, count))
        passed = z3.If(found, z3.BitVecVal(count, available.size()), passed)
        unlock_is(ctx, ch, "consumed", z3.And(found, unlocks & (1 << count - 1) != 0))
    return available - passed


def _note_metadata(ctx: Context, ch: Channel) -> None:
    lists = ("desc_issued", "desc_submitted") if ctx.axes["lock"] == "issue" else ("desc_issued",)
    foreign = [
        z3.And(entry["valid"], entry["kind"] == TXN.CMD, entry["req"] != ch["metadata"])
        for name in lists
        for entry in ch.queue(name).entries()
    ]
    ch.step.emit("bracket_with_foreign_metadata", z3.Or(*foreign))


def _bam_make_lock_desc(ctx: Context, ch: Channel, kind: int) -> Term:
    """The number of a new transaction, which is also that of its mapping."""
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
    if ctx.lock_mappings:
        ch["mapped"] = ch["mapped"] | lowest
    if ctx.axes["lock-storage"] == "channel":
        ch[_storage(kind)] = number
    return number


def _storage(kind: int) -> str:
    return "lock_sg" if kind == TXN.LOCK else "unlock_sg"


def is_lock(txn: Mapping[str, Term]) -> Term:
    """Whether a transaction of the consumer channel is a LOCK or an UNLOCK."""
    return z3.Or(txn["kind"] == TXN.LOCK, txn["kind"] == TXN.UNLOCK)


def note_lock_txn(ch: Channel, txn: Mapping[str, Term], into: str) -> None:
    """Put a transaction into one of `contexts`, where only LOCK and UNLOCK leave a trace."""
    if into not in contexts(ch.ctx):
        return
    mapping = one_hot(txn["map"], ch.ctx.bounds["mappings"])
    for kind, label in LABELS.items():
        with ch.step.when(txn["kind"] == kind):
            ch[f"{into}_{label}"] = ch[f"{into}_{label}"] | mapping


def move_lock_txns(ch: Channel, source: str, into: str) -> None:
    """Take all of one of `contexts` into another."""
    for label in LABELS.values() if source in contexts(ch.ctx) else ():
        ch[f"{into}_{label}"] = ch[f"{into}_{label}"] | ch[f"{source}_{label}"]
        ch[f"{source}_{label}"] = 0


def lock_txns(ch: Channel, context: str) -> Term:
    """Whether one of `contexts` has a LOCK or UNLOCK transaction."""
    return z3.Or(*(ch[f"{context}_{label}"] != 0 for label in LABELS.values()))


def free_lock_txns(ctx: Context, ch: Channel, context: str) -> None:
    """bam_dma_free_desc of the LOCK and UNLOCK transactions that a context took, without vc.lock."""
    for kind, label in LABELS.items():
        made = ch[f"{context}_{label}"]
        with ch.step.when(made != 0):
            _free(ctx, ch, kind, made)
            ch[f"{context}_{label}"] = 0


def free_lock_txn(ctx: Context, ch: Channel, txn: Mapping[str, Term]) -> None:
    """The interrupt frees a transaction at once if it is a LOCK or UNLOCK, under vc.lock."""
    for kind in LABELS:
        with ch.step.when(txn["kind"] == kind):
            _free(ctx, ch, kind, one_hot(txn["map"], ctx.bounds["mappings"]))


def _free(ctx: Context, ch: Channel, kind: int, made: Term) -> None:
    """dma_unmap_sg and kfree of the transactions `made`, all LOCKs or all UNLOCKs."""
    if ctx.lock_mappings:
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
