"""bam_dma: the virt-dma lists, `issue_pending`, `bam_start_dma`, interrupt, work item, completion, `terminate_all`.

Each function that takes a `Channel` runs inside one section under `vc.lock`. Left out, and why no property can see it:
- A tasklet that finds `desc_completed` empty does nothing, so it is enabled exactly while the list has entries.
- The consumer channel's `desc_completed` is the set of LOCK and UNLOCK transactions in it: nobody waits for the others,
  freeing them changes nothing, and the order of freeing is not observable. Where the interrupt frees these two itself,
  nothing is left of it.
- The work item's turn at the tx channel is a step only if that has something issued: otherwise it does nothing.
- `desc_allocated`: prep and submit are one step, and no section of another context looks between them. It is there
  where a request can end between the two without a terminate_all, as a Boolean: what else is on it nobody asks.
- A suspended BAM stops the pipes of Linux only. If it stopped the other EE's too, `other-progress` would be lost beside
  `linux-progress`. bam_start_dma alone resumes it: no interrupt comes from pipes that stand still.
- INT and EOT stay in a transaction's own descriptors: each of them is loaded once.
- Two failures in one section, in `two-faults`: only the rounds of v21's fill loop try again what has failed. That no
  property sees it was tried, not derived: with such forms v21 has the same verdicts there, at the same depths.
- Cookies of the producer channel: only its client's transactions are on it, in list order.
- Cookies restart when a channel is empty: they are only compared among transactions that are alive.
- Clearing a pipe's interrupt and reading its offset are one step: a descriptor consumed between the two would raise the
  interrupt again, which finds nothing and schedules the work item once more, as another channel's interrupt can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import z3

from model.channel import HW, REGISTER_WRITES, TXN, Channel, assign_cookie, fields
from model.context import Context
from model.hardware.pipes import locked_out, reset_pipe
from model.language.queues import at_most, resize
from model.language.system import Step, Term, width_of
from model.lock import (
    TERMINATED,
    bam_setup_pipe_lock,
    free_lock_txn,
    free_lock_txns,
    is_lock,
    lock_txns,
    move_lock_txns,
    note_lock_txn,
    pass_lock_slots,
    setup_at_start,
    unlock_is,
)


def declare(ctx: Context) -> None:
    """The lists of both channels, the cookies, the work item."""
    space, txns = ctx.space, ctx.bounds["txns"]
    rx = ("kind", "left", "req", "cookie", "map")
    space.add_queue("rx.desc_submitted", txns, fields(ctx, *rx))
    space.add_queue("rx.desc_issued", txns, fields(ctx, *rx))
    space.add_queue("rx.desc_list", txns, fields(ctx, *rx, "xfer"))
    in_flight = 1 if ctx.workload.client == "qce" and not ctx.reads_back else ctx.bounds["requests"]
    space.add_queue("tx.desc_submitted", in_flight, fields(ctx, "left", "req"))
    space.add_queue("tx.desc_issued", in_flight, fields(ctx, "left", "req"))
    space.add_queue("tx.desc_list", in_flight, fields(ctx, "left", "req", "xfer"))
    space.add("tx.desc_completed")
    if ctx.reads_back:
        space.add("rx.desc_completed")
    space.add("rx.next_cookie", width_of(ctx.bounds["cookies"]), 1)
    space.add("rx.completed_cookie", width_of(ctx.bounds["cookies"]))
    space.add("work.pending")
    space.add("work.at_tx")


def submit(ctx: Context, ch: Channel, kind: int, left: int, request: Term) -> None:
    """vchan_tx_submit: the channel's next cookie; to the tail of desc_submitted."""
    submitted = ch.queue("desc_submitted")
    if not ch.commands:
        submitted.push_back(left=left, req=request)
        return
    with ch.step.when(_channel_empty(ch)):
        restart_cookies(ch)
    submitted.push_back(kind=kind, left=left, req=request, cookie=assign_cookie(ch))


def _channel_empty(ch: Channel) -> Term:
    return z3.And(*(ch.queue(name).empty for name in ("desc_submitted", "desc_issued", "desc_list")))


def restart_cookies(ch: Channel) -> None:
    """The cookies of a channel that is empty."""
    ch["next_cookie"] = 1
    ch["completed_cookie"] = 0


def bam_issue_pending(ctx: Context, ch: Channel) -> None:
    """Splice desc_submitted to the tail of desc_issued; start if there is something and the ring has a free slot."""
    if ch.commands and ctx.driver_locks and ctx.axes["lock"] == "issue":
        with ch.step.when(z3.Not(ch["locked"])):
            bam_setup_pipe_lock(ctx, ch, "issue")
    ch.queue("desc_issued").splice_tail(ch.queue("desc_submitted"))
    _start_if_possible(ctx, ch, z3.BoolVal(False))


def _start_if_possible(ctx: Context, ch: Channel, otherwise: Term) -> None:
    """Start if the ring has a free slot and something is issued, or `otherwise` holds."""
    due = z3.Or(z3.Not(ch.queue("desc_issued").empty), otherwise)
    with ch.step.when(z3.And(due, ch.ring.free != 0, z3.Not(_held_back(ctx, ch)))):
        bam_start_dma(ctx, ch)


def bam_start_dma(ctx: Context, ch: Channel) -> None:
    """Fill the ring from desc_issued; the end of the section is the one doorbell for all of it."""
    resumed_first = ctx.axes["runtime-pm"] != "after-lock"
    go_on = z3.BoolVal(True) if resumed_first else setup_at_start(ctx, ch)
    if ctx.axes["runtime-pm"] != "held" and ch.step.fails("runtime-pm"):
        return
    if "bam.suspended" in ctx.space.variables:
        with ch.step.when(go_on):
            ch.step["bam.suspended"] = False
    if resumed_first:
        go_on = setup_at_start(ctx, ch)
    locks = ch.commands and ctx.driver_locks
    if locks and ctx.axes["lock"] == "round":
        _lock_in_a_round(ctx, ch)
    _fill(ctx, ch, lambda: go_on)
    if locks and ctx.axes["unlock"] == "drained":
        unlock_if(ctx, ch, "drained", go_on)


def _held_back(ctx: Context, ch: Channel) -> Term:
    """Whether nothing may follow what is in the ring: a part of a transaction, where the version waits for its rest."""
    if ctx.axes["behind-partial"] == "loads":
        return z3.BoolVal(False)
    return z3.Or(*(z3.And(txn["valid"], txn["left"] != 0) for txn in ch.queue("desc_list").entries()))


def _room(ctx: Context, ch: Channel) -> Term:
    """How many slots the fill loop may use for the next transaction: one that is kept for an UNLOCK only for that."""
    free = ch.ring.free
    if not (ch.commands and ctx.driver_locks and ctx.axes["lock-room"] == "kept"):
        return free
    kept = z3.And(ch["locked"], free != 0, z3.Not(is_lock(ch.queue("desc_issued").front())))
    return z3.If(kept, free - 1, free)


def _loadable(ctx: Context, ch: Channel) -> Term:
    """The condition of the fill loop; where only what fits is loaded, what is in nobody's way is loaded in parts."""
    issued, room = ch.queue("desc_issued"), _room(ctx, ch)
    condition = z3.And(z3.Not(issued.empty), room != 0)
    if ctx.axes["behind-partial"] != "whole":
        return condition
    return z3.And(condition, z3.Or(at_most(issued.at(0, "left"), room), ch.queue("desc_list").empty))


def _fill(ctx: Context, ch: Channel, condition: Callable[[], Term], rounds: int | None = None) -> None:
    """The fill loop as long as `condition` holds: at most so many rounds, or to its end."""
    for _ in range(rounds or ch.queue("desc_issued").schema.capacity):
        with ch.step.when(z3.And(condition(), _loadable(ctx, ch))):
            _load(ctx, ch)


def _lock_in_a_round(ctx: Context, ch: Channel) -> None:
    """The rounds of the fill loop before the LOCK of one of them, and that; the rest of the loop makes no other.

    A round makes it if the flag is clear and the next transaction is no LOCK or UNLOCK. From then on the flag is set
    until the UNLOCK is loaded, which goes behind all that is issued. If building fails, the round loads its transaction
    without, and the next round tries again.
    """
    _fill(ctx, ch, lambda: _locked_already(ch))
    with ch.step.when(z3.And(z3.Not(_locked_already(ch)), _loadable(ctx, ch))):
        if bam_setup_pipe_lock(ctx, ch, "round"):
            return
        _fill(ctx, ch, lambda: z3.BoolVal(True), rounds=1)
        with ch.step.when(z3.And(z3.Not(_locked_already(ch)), _loadable(ctx, ch))):
            bam_setup_pipe_lock(ctx, ch, "round")


def _locked_already(ch: Channel) -> Term:
    """Whether a round loads the next transaction as it is."""
    return z3.Or(ch["locked"], is_lock(ch.queue("desc_issued").front()))


def unlock_if(ctx: Context, ch: Channel, place: str, condition: Term) -> None:
    """Close the bracket if `condition` and all that was issued is in the ring; the section ends with a doorbell."""
    drained = z3.And(ch["locked"], ch.queue("desc_issued").empty, z3.Not(_held_back(ctx, ch)))
    with ch.step.when(z3.And(condition, drained, ch.ring.free != 0)):
        bam_setup_pipe_lock(ctx, ch, place)
    if ctx.lock_txns:
        _fill(ctx, ch, lambda: condition, rounds=1)


def _load(ctx: Context, ch: Channel) -> None:
    issued, free = ch.queue("desc_issued"), _room(ctx, ch)
    txn = issued.pop_front()
    if not ch.commands:
        ch["enabled"] = True
    fits = at_most(txn["left"], free)
    xfer = z3.If(fits, txn["left"], resize(free, txn["left"].size()))
    left_over = free - resize(xfer, free.size())
    behind = at_most(issued.at(0, "left"), left_over) if ctx.axes["behind-partial"] == "whole" else left_over != 0
    flags = _flags(ctx, ch, txn, fits, z3.Or(issued.empty, z3.Not(behind)))
    entries = [_hw_descriptor(ch, txn, position, xfer, flags) for position in range(max_descriptors(ctx))]
    ch.ring.write(entries, xfer)
    ch.queue("desc_list").push_back(**{**txn, "left": txn["left"] - xfer, "xfer": xfer})
    if ch.commands and ctx.lock_txns:
        unlock_is(ctx, ch, "loaded", txn["kind"] == TXN.UNLOCK)


def max_descriptors(ctx: Context) -> int:
    """The most hardware descriptors that one transaction has."""
    return max(REGISTER_WRITES, ctx.bounds["data"])


def _flags(ctx: Context, ch: Channel, txn: Mapping[str, Term], fits: Term, last_or_full: Term) -> dict[str, Term]:
    """EOT and NWD if the rest fits; INT if the ring is full, nothing follows, or there is a callback.

    INT only without EOT: that the transaction was prepared with, as DATA is, or that this load carries.
    """
    data = txn["kind"] == TXN.DATA if ch.commands else z3.BoolVal(True)
    callback = z3.BoolVal(not ch.commands)
    if ctx.reads_back:  # its data is prepared without EOT, and its callback is that of the reads
        data, callback = z3.BoolVal(False), data if ch.commands else z3.BoolVal(False)
    eot = z3.And(data, fits)
    nwd = z3.BoolVal(False)
    if ch.commands and ctx.axes["nwd"] != "none":
        nwd = eot if ctx.axes["nwd"] == "rx-data" else z3.And(txn["kind"] == TXN.CMD, fits)
    without = z3.Not(eot if ctx.axes["load-interrupt"] == "loaded-flags" else data)
    return {"eot": eot, "nwd": nwd, "int": z3.And(without, z3.Or(last_or_full, callback))}


def _hw_descriptor(
    ch: Channel, txn: Mapping[str, Term], position: int, xfer: Term, flags: Mapping[str, Term]
) -> dict[str, Term | int]:
    last = xfer == position + 1
    entry: dict[str, Term | int] = {key: _bit(z3.And(last, flags[key])) for key in ("int", "eot")}
    entry["req"] = txn["req"]
    if not ch.commands:
        return entry
    first_write = txn["left"] == REGISTER_WRITES - position if position < REGISTER_WRITES else z3.BoolVal(False)
    kind: Term = _hw(HW.STATUS if ch.ctx.reads_back else HW.DATA)
    command = z3.If(z3.And(first_write, position == 0), _hw(HW.CONFIGURE), _hw(HW.GO))
    kind = z3.If(txn["kind"] == TXN.CMD, _hw(HW.REQUEST) if ch.ctx.lock_rides else command, kind)
    kind = z3.If(txn["kind"] == TXN.UNLOCK, _hw(HW.UNLOCK), kind)
    kind = z3.If(txn["kind"] == TXN.LOCK, _hw(HW.LOCK), kind)
    return entry | {"hw": kind, "nwd": _bit(z3.And(last, flags["nwd"])), "map": txn["map"]}


def _hw(kind: int) -> Term:
    return z3.BitVecVal(kind, HW.width)


def _bit(condition: Term) -> Term:
    return z3.If(condition, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))


def process_channel_irqs(ctx: Context, ch: Channel) -> None:
    """Reap one channel's interrupt: from the front of desc_list, as long as all that was loaded is consumed."""
    s, listed = ch.step, ch.queue("desc_list")
    ch["irq"] = False
    consumed = available = ch.ring.consumed
    for _ in range(listed.schema.capacity):
        available = pass_lock_slots(ctx, ch, consumed, available)
        reach = resize(listed.at(0, "xfer"), available.size())
        reaped = z3.And(z3.Not(listed.empty), z3.ULE(reach, available))
        with s.when(reaped):
            available = z3.If(reaped, available - reach, available)
            txn = listed.pop_front()
            with s.when(txn["left"] == 0):
                _complete(ctx, ch, txn)
            with s.when(txn["left"] != 0):
                ch.queue("desc_issued").push_front(**{key: txn[key] for key in txn if key != "xfer"})
    available = pass_lock_slots(ctx, ch, consumed, available)
    ch.ring.reap(consumed - available)
    if ctx.driver_locks and ctx.axes["unlock"] == ("irq" if ch.commands else "producer"):
        unlock_if(ctx, Channel(ctx, s, "rx"), str(ctx.axes["unlock"]), z3.BoolVal(True))
    if ch.commands:
        s.emit("cookie_covers_unconsumed", covered(ch))
    s["work.pending"] = True


def _complete(ctx: Context, ch: Channel, txn: Mapping[str, Term]) -> None:
    if not ch.commands:
        if not ctx.reads_back:
            ch["desc_completed"] = True
        return
    if ctx.reads_back:
        with ch.step.when(txn["kind"] == TXN.DATA):
            ch["desc_completed"] = True
    without = ctx.lock_txns and ctx.axes["lock-cookie"] == "none"
    with ch.step.when(z3.Not(is_lock(txn)) if without else z3.BoolVal(True)):
        _vchan_cookie_complete(ch, txn)
    if ctx.lock_txns:
        unlock_is(ctx, ch, "consumed", txn["kind"] == TXN.UNLOCK)
        if ctx.tasklet_frees:
            note_lock_txn(ch, txn, "desc_completed")
        else:
            free_lock_txn(ctx, ch, txn)


def _vchan_cookie_complete(ch: Channel, txn: Mapping[str, Term]) -> None:
    ch.step.emit("cookie_moves_back", z3.ULT(txn["cookie"], ch["completed_cookie"]))
    ch["completed_cookie"] = txn["cookie"]


def covered(ch: Channel) -> Term:
    """Whether the completed cookie is that of a transaction of the client that waits on a list, or of a later one."""
    waiting = [entry for name in ("desc_submitted", "desc_issued", "desc_list") for entry in ch.queue(name).entries()]
    client = [(entry, z3.Or(entry["kind"] == TXN.CMD, entry["kind"] == TXN.DATA)) for entry in waiting]
    return z3.Or(
        *(
            z3.And(entry["valid"], is_client, z3.ULE(entry["cookie"], ch["completed_cookie"]))
            for entry, is_client in client
        )
    )


def bam_dma_terminate_all(ctx: Context, ch: Channel) -> None:
    """Reset the pipe if desc_list has entries; take everything from every list. The frees follow without the lock."""
    s = ch.step
    with s.when(z3.Not(ch.queue("desc_list").empty)):
        reset_pipe(ctx, ch)
    for name in ("desc_submitted", "desc_issued", "desc_list"):
        if ch.commands:
            for entry in ch.queue(name).entries():
                with s.when(entry["valid"]):
                    note_lock_txn(ch, entry, TERMINATED)
        ch.queue(name).clear()
    if ch.commands:
        restart_cookies(ch)
        move_lock_txns(ch, "desc_completed", TERMINATED)
        if "rx.desc_allocated" in ctx.space.variables:
            ch["desc_allocated"] = False
        if "rx.locked" in ctx.space.variables and ctx.axes["flag-terminate"] == "cleared":
            ch["locked"] = False
    else:
        ch["desc_completed"] = False


def actions(ctx: Context) -> None:
    """Interrupt, work item and the consumer channel's tasklet; the client's actions call the rest."""
    b, s = ctx.builder, Step(ctx.space)
    for name in ("rx", "tx"):
        guard = {f"the {name} pipe has raised its interrupt": s[f"{name}.irq"]}

        def reap(step: Step, name: str = name) -> None:
            process_channel_irqs(ctx, Channel(ctx, step, name))

        b.action(f"driver.process_{name}_irq", "irq", guard, reap, "bam_dma.c: process_channel_irqs")
    work = "bam_dma.c: bam_dma_work"
    first = {"the work item is queued": s["work.pending"], "it is not running": z3.Not(s["work.at_tx"])}
    second = {"the work item has reached the tx channel": s["work.at_tx"]}
    b.action("driver.work_rx", "work", first, lambda step: _work_turn(ctx, step, "rx"), work)
    b.action("driver.work_tx", "work", second, lambda step: _work_turn(ctx, step, "tx"), work)
    _tasklet_actions(ctx, s)
    _suspend_action(ctx, s)


def _suspend_action(ctx: Context, s: Step) -> None:
    if "bam.suspended" not in ctx.space.variables:
        return

    def suspend(step: Step) -> None:
        step["bam.suspended"] = True

    ring = Channel(ctx, s, "rx").queue("ring")
    stalled = locked_out(ctx, s, "rx", data=ring.at(0, "hw") == HW.DATA)
    guard = {
        "the consumer pipe has descriptors": z3.Not(ring.empty),
        "another EE's lock has stalled it since the doorbell, for 100 ms": stalled,
        "the BAM is not suspended": z3.Not(s["bam.suspended"]),
    }
    source = "bam_dma.c: pm_runtime_put_autosuspend in bam_start_dma, then bam_dma_runtime_suspend"
    ctx.builder.action("driver.runtime_suspend", "client", guard, suspend, source)


def _work_turn(ctx: Context, s: Step, name: str) -> None:
    ch = Channel(ctx, s, name)
    if name == "rx":
        s["work.pending"] = False
        if ctx.driver_locks and ctx.axes["unlock"] == "work":
            with s.when(z3.And(ch.queue("desc_issued").empty, ch["locked"])):
                bam_setup_pipe_lock(ctx, ch, "work")
        s["work.at_tx"] = z3.Not(Channel(ctx, s, "tx").queue("desc_issued").empty)
    else:
        s["work.at_tx"] = False
    locked = ctx.axes["work-start"] == "issued-or-locked" and f"{name}.locked" in ctx.space.variables
    _start_if_possible(ctx, ch, ch["locked"] if locked else z3.BoolVal(False))


def _tasklet_actions(ctx: Context, s: Step) -> None:
    if not ctx.tasklet_frees:
        return
    ch = Channel(ctx, s, "rx")
    completed, idle = lock_txns(ch, "desc_completed"), z3.Not(lock_txns(ch, "freeing"))
    take_guard = {"the rx channel's desc_completed has lock descriptors": completed, "the tasklet is not freeing": idle}

    def take(step: Step) -> None:
        move_lock_txns(Channel(ctx, step, "rx"), "desc_completed", "freeing")

    def free(step: Step) -> None:
        free_lock_txns(ctx, Channel(ctx, step, "rx"), "freeing")

    b, source = ctx.builder, "virt-dma.c: vchan_complete"
    b.action("driver.complete_rx", "tasklet", take_guard, take, source)
    free_guard = {"the tasklet has descriptors to free": z3.Not(idle)}
    b.action("driver.free_rx", "tasklet", free_guard, free, f"{source}, vchan_vdesc_fini; bam_dma.c: bam_dma_free_desc")
