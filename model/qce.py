"""What each step of a QCE request does; `client` puts them in a version's order.

Left out, and why no property can see it:
- Mapping the data is one step with the first preparation that uses it: the handler maps before it prepares.
- AEAD's failure path unmaps `req->src` where another list was mapped: which list it is no claim is about.
- A LOCK of v2 to v10 whose buffer was rewritten would carry the first write of the new contents: a register write
  either way.
- Without its base a register write goes to another peripheral; here it goes nowhere.
- A command step that fails leaves no mapping of the command buffer, in no version: what it mapped it unmaps itself.
- That qce_dma_terminate_all returns if terminating rxchan fails, as in v18: bam_dma_terminate_all never does.
- dmaengine_desc_free of the commands, which v20 calls on a failure: it frees only what is reusable.
- Copying the result dump: no claim is about data.
- v2's flag values alias INTERRUPT and ACK: its LOCK ends in EOT where others end in INT, and both raise the interrupt.
- v2's LOCK is a DEV_TO_MEM descriptor on the consumer channel: what a pipe enabled in the wrong direction does no
  source says.
"""

from __future__ import annotations

from collections.abc import Callable

import z3

from model.channel import (
    HW,
    REGISTER_WRITES,
    TXN,
    Channel,
    map_data,
    one_hot,
    request_number,
    unmap_data,
)
from model.context import Context
from model.driver import bam_dma_terminate_all, bam_issue_pending, submit, unlock_if
from model.hardware.crypto_engine import write_config, write_go
from model.language.system import Step, Term
from model.lock import TERMINATED, free_lock_txns

Body = Callable[[Context, Step], None]


def _fail(s: Step) -> None:
    s["client.failed"] = True


def _cpu_access(ctx: Context, s: Step) -> Term:
    """A CPU access to an engine register; whether it comes through. Under a lock of one's own EE it always does."""
    s.emit("cpu_access")
    if ctx.assume["locked_cpu_access"] != "aborts" or ctx.assume["other_ee"] == "same-ee":
        return z3.BoolVal(True)
    with s.when(s["lock.tz"]):
        s["client.panicked"] = True
    return z3.Not(s["lock.tz"])


def _write_buffer(ctx: Context, s: Step) -> None:
    """The one command buffer of the device is rewritten from its start: qce_clear_bam_transaction."""
    ch = Channel(ctx, s, "rx")
    readers = [HW.CONFIGURE, HW.GO] + ([HW.STATUS] if ctx.reads_back else [])
    readers += [HW.LOCK, HW.UNLOCK] if ctx.client_locks else []
    readers += [HW.REQUEST, HW.UNLOCK] if ctx.lock_rides else []
    sources = [TXN.CMD] + ([TXN.DATA] if ctx.reads_back else [])
    sources += [TXN.LOCK, TXN.UNLOCK] if ctx.client_locks else []
    sources += [TXN.UNLOCK] if ctx.lock_rides else []
    loaded = [z3.And(entry["valid"], entry["hw"] == kind) for entry in ch.queue("ring").entries() for kind in readers]
    waiting = [
        z3.And(entry["valid"], entry["kind"] == kind)
        for name in ("desc_submitted", "desc_issued")
        for entry in ch.queue(name).entries()
        for kind in sources
    ]
    s.emit("buffer_rewritten_under_reader", z3.Or(*loaded, *waiting))
    if "client.buffer" in ctx.space.variables:
        s["client.buffer"] = request_number(ctx, s)
    if "client.astray" in ctx.space.variables:
        s["client.astray"] = z3.Not(s["client.base_known"])


def _prep_commands(ctx: Context, s: Step) -> None:
    refused = ctx.axes["no-lock-hardware"] == "commands-fail" and not ctx.workload.lock_hardware
    if s.fails("qce-start"):
        _fail(s)
        return
    _write_buffer(ctx, s)
    if refused or (ctx.attaches_metadata and s.fails("attach")):
        if "rx.desc_allocated" in ctx.space.variables:
            s["rx.desc_allocated"] = True
        _fail(s)
        return
    number = request_number(ctx, s)
    s["client.buffer_mapped"] = s["client.buffer_mapped"] | one_hot(number, ctx.bounds["requests"])
    if "rx.metadata" in ctx.space.variables:
        s["rx.metadata"] = number
    if "rx.scratchpad" in ctx.space.variables:
        s["rx.scratchpad"] = s["client.base_known"]
    submit(ctx, Channel(ctx, s, "rx"), TXN.CMD, 1 if ctx.lock_rides else REGISTER_WRITES, number)


def _prep_rx_data(ctx: Context, s: Step) -> None:
    map_data(ctx, s)
    if s.fails("prep-data"):
        _fail(s)
        return
    number, ch = request_number(ctx, s), Channel(ctx, s, "rx")
    submit(ctx, ch, TXN.DATA, ctx.bounds["data"], number)
    if ctx.lock_rides and ctx.axes["unlock"] == "list":
        if s.fails("unlock-alloc"):
            if ctx.axes["lock-failure"] == "request-fails":
                _fail(s)
            return
        submit(ctx, ch, TXN.UNLOCK, 1, number)


def _prep_tx_data(ctx: Context, s: Step) -> None:
    map_data(ctx, s)
    if s.fails("prep-data"):
        _fail(s)
        return
    submit(ctx, Channel(ctx, s, "tx"), TXN.DATA, 2, request_number(ctx, s))


def _issue_rx(ctx: Context, s: Step) -> None:
    bam_issue_pending(ctx, Channel(ctx, s, "rx"))


def _issue_tx(ctx: Context, s: Step) -> None:
    bam_issue_pending(ctx, Channel(ctx, s, "tx"))


def _prep_lock(ctx: Context, s: Step) -> None:
    """qce_bam_lock: a dummy command with the LOCK bit, from the client's own buffer."""
    absent = not ctx.workload.lock_hardware
    if (absent and ctx.axes["no-lock-hardware"] == "lock-fails") or s.fails("lock-alloc"):
        if ctx.axes["lock-failure"] == "request-fails":
            _fail(s)
        return
    if "rx.locked" in ctx.space.variables:
        with s.when(s["rx.locked"]):
            if ctx.can_fail:
                _fail(s)
        with s.when(z3.Not(s["rx.locked"])):
            _submit_lock(ctx, s, TXN.LOCK)
    else:
        _submit_lock(ctx, s, TXN.LOCK)


def _prep_unlock(ctx: Context, s: Step) -> None:
    """qce_bam_unlock; a failure is only logged."""
    if s.fails("unlock-alloc"):
        return
    if "rx.locked" in ctx.space.variables:
        with s.when(s["rx.locked"]):
            _submit_lock(ctx, s, TXN.UNLOCK)
    else:
        _submit_lock(ctx, s, TXN.UNLOCK)


def _submit_lock(ctx: Context, s: Step, kind: int) -> None:
    _write_buffer(ctx, s)
    s["client.lock_mapped" if kind == TXN.LOCK else "client.unlock_mapped"] = True
    if "rx.locked" in ctx.space.variables:
        s["rx.locked"] = kind == TXN.LOCK
    submit(ctx, Channel(ctx, s, "rx"), kind, 1, request_number(ctx, s))


def _unmap_commands(ctx: Context, s: Step) -> None:
    """dma_unmap_sg of all that the command buffer was mapped for."""
    s["client.buffer_mapped"] = 0
    if ctx.client_locks:
        s["client.lock_mapped"] = False
        s["client.unlock_mapped"] = False


def _cpu_configure(ctx: Context, s: Step) -> None:
    if s.fails("qce-start"):
        _fail(s)
        return
    with s.when(_cpu_access(ctx, s)):
        write_config(ctx, s, ctx.linux(request_number(ctx, s)))


def _cpu_go(ctx: Context, s: Step) -> None:
    with s.when(_cpu_access(ctx, s)):
        write_go(ctx, s, ctx.linux(request_number(ctx, s)))


def _close_rx(ctx: Context, s: Step) -> None:
    unlock_if(ctx, Channel(ctx, s, "rx"), "terminate", z3.BoolVal(True))


def _terminate_rx(ctx: Context, s: Step) -> None:
    bam_dma_terminate_all(ctx, Channel(ctx, s, "rx"))


def _free_rx(ctx: Context, s: Step) -> None:
    free_lock_txns(ctx, Channel(ctx, s, "rx"), TERMINATED)


def _terminate_tx(ctx: Context, s: Step) -> None:
    bam_dma_terminate_all(ctx, Channel(ctx, s, "tx"))


def _read_status(ctx: Context, s: Step) -> None:
    with s.when(_cpu_access(ctx, s)):
        s.emit("status_read")
        s["client.ok"] = s["engine.status_done"]


def _read_dump(ctx: Context, s: Step) -> None:
    own = one_hot(request_number(ctx, s), ctx.bounds["requests"])
    s["client.ok"] = s["engine.dump_ok"] & own != 0


def _finish(ctx: Context, s: Step) -> None:
    s.emit("request_succeeded", s["client.ok"])
    number = one_hot(request_number(ctx, s), ctx.bounds["requests"])
    s["monitor.spoilt"] = s["monitor.spoilt"] & ~number
    if "monitor.in_turn" in ctx.space.variables:
        with s.when(z3.And(s["client.ok"], s["monitor.in_turn"], s["tz.done"] == 1)):
            s["monitor.served_between"] = True
        s["monitor.in_turn"] = False
    s["client.ok"] = False
    if ctx.can_fail:
        s["client.failed"] = False
    following = s["client.request"] + 1
    if ctx.workload.endless:
        following = z3.If(following == ctx.bounds["requests"], 0 * following, following)
    s["client.request"] = following


STEPS: dict[str, tuple[str, Body, str]] = {
    "lock": ("client.prep_lock", _prep_lock, "qce: qce_bam_acquire_lock, later qce_bam_lock"),
    "unlock": ("client.prep_unlock", _prep_unlock, "qce: qce_bam_release_lock, later qce_bam_unlock"),
    "unmap-commands": ("client.unmap_commands", _unmap_commands, "qce: dma_unmap_sg of the command buffer"),
    "unmap-data": ("client.unmap_data", unmap_data, "qce: dma_unmap_sg of source and destination"),
    "commands": ("client.prep_commands", _prep_commands, "qce: qce_start, qce_submit_cmd_desc"),
    "rx-data": ("client.prep_rx_data", _prep_rx_data, "qce: qce_dma_prep_sgs, rxchan"),
    "tx-data": ("client.prep_tx_data", _prep_tx_data, "qce: qce_dma_prep_sgs, txchan"),
    "issue-rx": ("client.issue_rx", _issue_rx, "qce: qce_dma_issue_pending, rxchan; bam_dma.c: bam_issue_pending"),
    "issue-tx": ("client.issue_tx", _issue_tx, "qce: qce_dma_issue_pending, txchan; bam_dma.c: bam_issue_pending"),
    "cpu-configure": ("client.cpu_configure", _cpu_configure, "qce: qce_setup_regs, writel"),
    "cpu-go": ("client.cpu_go", _cpu_go, "qce: qce_crypto_go, writel of GOPROC"),
    "close-rx": ("client.close_rx", _close_rx, "bam_dma.c: bam_dma_terminate_all, before it resets the pipe"),
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
    "dump": ("client.read_dump", _read_dump, "qce50.c: the result dump's status; qce/dma.h: struct qce_result_dump"),
    "finish": ("client.finish", _finish, "qce: qce_req_done_work"),
}
