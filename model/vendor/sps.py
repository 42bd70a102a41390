"""Drivers on the vendor's sps layer, or as it: whole lists go into a pipe's ring, under one doorbell each.

Source: dossier `other-users.md` 1 to 3 (crypto), 5 (the boot loader LK), 7 (NAND). Left out, and why no property can
see it:
- That LK and NAND poll for the end of a request and take no interrupt: this is served at once here, or any time later.
- LK's doorbell between the register writes and the data: both are in the ring in the same order, and all of it fits.
- Of NAND all but reading a page of one code word: a single operation, whose commands are on one pipe and whose data
  comes on another. Whether descriptors that a pipe has fetched before a LOCK go on (`other-users.md` 6, c) is open.
- A list while it is built: nobody looks at it. Its memory was allocated and mapped at start, for each request its own.
- How many slots the layer's ring keeps free: whether a list fits is a bound of the model either way.
- The consumer pipe's interrupt: no callback is registered for it.
- Bunch mode: the interrupt can be served at any later time here, and then for all that is complete.
- When `qcedev` gives a request up: steps are ordered here, not timed. It may do so at any time at which the engine has
  taken all input and has not ended the operation, as if that hung; and it makes the engine idle, as the vendor expects.
- A second time-out, a dummy request for it, and requests that the layer keeps back: they change nothing in the rings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import z3

from model.channel import HW, Channel, map_data, request_number, unmap_data
from model.context import Context
from model.hardware.pipes import reset_pipe
from model.language.queues import Queue, Value
from model.language.system import Step

TRANSFERS = ("lock", "issue-rx", "issue-tx")  # the steps that may be refused


def _build_lists(ctx: Context, s: Step) -> None:
    map_data(ctx, s)


def _transfer_rx(ctx: Context, s: Step) -> None:
    number, last = request_number(ctx, s), ctx.input - 1
    nwd = ctx.axes["nwd"]
    entries: list[dict[str, Value]] = [{"hw": HW.REQUEST, "req": number, "nwd": int(nwd == "request")}]
    for place in range(ctx.input):
        entries.append({"hw": HW.DATA, "req": number, "nwd": int(nwd == "rx-data" and place == last)})
    if ctx.axes["unlock"] == "list":
        entries.append({"hw": HW.UNLOCK, "req": number})
    _transfer(s, "rx", entries)


def _transfer_tx(ctx: Context, s: Step) -> None:
    number = request_number(ctx, s)
    _transfer(s, "tx", [{"req": number}, {"req": number, "int": 1}])


def _transfer_lock(ctx: Context, s: Step) -> None:
    _transfer(s, "rx", [{"hw": HW.LOCK, "req": request_number(ctx, s)}])


def _transfer_unlock(ctx: Context, s: Step) -> None:
    _transfer(s, "rx", [{"hw": HW.UNLOCK, "req": request_number(ctx, s)}])


def _transfer(s: Step, pipe: str, entries: Sequence[Mapping[str, Value]]) -> None:
    """sps_transfer: all of a list or, if not all of it fits, nothing and an error."""
    ring = Queue(s, f"{pipe}.ring")
    capacity, width = ring.schema.capacity, ring.length.size()
    if len(entries) > capacity:
        s["client.failed"] = True
        return
    fits = z3.ULE(ring.length, capacity - len(entries))
    with s.when(z3.Not(fits)):
        s["client.failed"] = True
    with s.when(fits):
        ring.push_back_all(entries, z3.BitVecVal(len(entries), width))


def give_up(ctx: Context, s: Step) -> None:
    """A client that does not wait gives a request up whose list was refused: data unmapped, what is queued stays."""
    with s.when(s["client.failed"]):
        unmap_data(ctx, s)
        with s.when(s["client.pc"] != 0):
            s["client.pc"] = 0
            s["client.request"] = s["client.request"] + 1
        s["client.failed"] = False


def recover(ctx: Context, s: Step) -> None:
    """qce_manage_timeout: P_RST on both pipes, which makes the engine idle; no UNLOCK is sent."""
    for name in ("rx", "tx"):
        reset_pipe(ctx, Channel(ctx, s, name))
    s["tx.irq"] = False
    for variable in ("op", "pair_tz", "input", "output", "dumped", "disturbed"):
        if f"engine.{variable}" in ctx.space.variables:
            s[f"engine.{variable}"] = 0


def actions(ctx: Context) -> None:
    """The interrupt of the producer pipe; the client's steps do the rest."""
    s = Step(ctx.space)

    def call_back(step: Step) -> None:
        step["tx.irq"] = False
        step["tx.desc_completed"] = True

    guard = {"the tx pipe has raised its interrupt": s["tx.irq"]}
    ctx.builder.action("driver.sps_isr", "irq", guard, call_back, "sps.c: sps_isr; qce50.c: _sps_producer_callback")


STEPS: Mapping[str, tuple[str, Callable[[Context, Step], None], str]] = {
    "commands": ("client.build_lists", _build_lists, "qce50.c: qce_dma_map_sg, _qce_sps_add_cmd, _qce_sps_add_sg_data"),
    "issue-rx": ("client.transfer_rx", _transfer_rx, "qce50.c: _qce_sps_transfer; sps.c: sps_transfer, consumer"),
    "issue-tx": ("client.transfer_tx", _transfer_tx, "qce50.c: _qce_sps_transfer; sps.c: sps_transfer, producer"),
    "lock": ("client.transfer_lock", _transfer_lock, "crypto5_eng.c: the first command of a request"),
    "unlock": ("client.transfer_unlock", _transfer_unlock, "qce50.c: _qce_unlock_other_pipes; sps.c: sps_transfer_one"),
}
"""The steps that the client of this layer does otherwise: the action's name, what it does, the source."""
