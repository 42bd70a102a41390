"""BAM pipes as rings of descriptors, and whom the pipe lock shuts out.

Left out, and why no property can see it:
- EOB and IMM: no version sets them. Pipe errors: the driver clears them and nothing follows.
- P_HALT: no version pauses a channel.
- A consumer pipe's first descriptor resets it once; no lock can be held on it before that.
"""

from __future__ import annotations

import z3

from model.channel import HW, Channel, fields
from model.context import Context
from model.hardware.ring import declare_memory, declare_positions
from model.language.queues import Queue
from model.language.system import Enumeration, Step, Term

LAST = Enumeration("nobody", "linux", "tz")


def declare(ctx: Context) -> None:
    """The state of the pipes and of the lock."""
    space, ring = ctx.space, ctx.bounds["ring"]
    space.add_queue("rx.ring", ring, fields(ctx, "hw", "nwd", "int", "eot", "req", "map"))
    space.add_queue("tx.ring", ring, fields(ctx, "int", "eot", "req"))
    for channel in ("rx", "tx"):
        declare_positions(space, channel, ring, ctx.bounds["ring_at"])
        space.add(f"{channel}.irq")
    if ctx.lock_slots:
        declare_memory(space, "rx", ring)
    # a ring that earlier work has moved belongs to a pipe that is set up
    space.add("tx.enabled", init=int(ctx.bounds["ring_at"] > 0))
    if ctx.locks:
        space.add("monitor.bracket")
    if ctx.assume["autosuspend"] == "pipes-stop":
        space.add("bam.suspended")
    space.add("rx.nwd_wait")
    if ctx.assume["lock_effect"] == "after-own-write" or ctx.assume["unlock_effect"] == "before-own-write":
        space.add("rx.half_executed")
    space.add("lock.linux")
    space.add("lock.tz")
    if ctx.assume["relock"] == "counted":
        space.add("lock.depth", 2)
    if ctx.assume["handover"] == "round-robin":
        space.add_enum("lock.last", LAST, "nobody")


def turn(ctx: Context, s: Step, pipe: str) -> dict[str, Term]:
    """What round-robin hand-over asks of a pipe ("rx" or "tz") with a LOCK at its head: not twice before the other."""
    if ctx.assume["handover"] == "unfair":
        return {}
    ring = Channel(ctx, s, "rx").queue("ring")
    linux_waits = z3.And(z3.Not(ring.empty), ring.at(0, "hw") == HW.LOCK, z3.Not(s["rx.nwd_wait"]))
    tz_waits = s["tz.queued"]
    mine, other = (LAST.linux, tz_waits) if pipe == "rx" else (LAST.tz, linux_waits)
    again = z3.And(s["lock.last"] == mine, other, z3.Not(s["lock.linux"]))
    return {"it is this pipe's turn to lock": z3.Not(again)}


def locked_out(ctx: Context, s: Step, pipe: str) -> Term:
    """Whether the pipe ("rx", "tx" or "tz") may not fetch: a property of the lock's scope."""
    scope = ctx.assume["lock_scope"]
    if scope == "none":
        return z3.BoolVal(False)
    if pipe == "tz":
        return s["lock.linux"]
    if pipe == "tx" and scope == "whole-bam":
        return z3.Or(s["lock.tz"], s["lock.linux"])
    return s["lock.tz"]


def clocked(ctx: Context, s: Step) -> dict[str, Term]:
    """What a pipe of Linux needs in order to fetch: that the BAM's clock runs."""
    return {"the BAM's clock runs": z3.Not(s["bam.suspended"])} if "bam.suspended" in ctx.space.variables else {}


def reset_pipe(ctx: Context, ch: Channel) -> None:
    """bam_chan_init_hw: P_RST and re-enable."""
    ch.ring.reset()
    if ch.commands:
        if ctx.assume["reset_data"] == "discarded":
            Queue(ch.step, "engine.published_rx").clear()
        if ctx.locks:
            ch.step["monitor.bracket"] = False
        ch["nwd_wait"] = False
        if "rx.half_executed" in ctx.space.variables:
            ch["half_executed"] = False
        if ctx.assume["pipe_reset"] == "releases-lock":
            _release(ctx, ch.step)


def _release(ctx: Context, s: Step) -> None:
    s["lock.linux"] = False
    if "lock.depth" in ctx.space.variables:
        s["lock.depth"] = 0


def consume(ch: Channel) -> None:
    """The pipe is done with its next descriptor; INT or EOT raise its interrupt."""
    entry = ch.queue("ring").pop_front()
    with ch.step.when(z3.Or(entry["int"] == 1, entry["eot"] == 1)):
        ch["irq"] = True
