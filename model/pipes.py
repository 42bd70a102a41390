"""BAM pipes as rings of descriptors, and whom the pipe lock shuts out.

Left out, and why no property can see it:
- Ring positions are relative to the driver's head: every test of the driver and of the pipe uses distances only.
- EOB and IMM: no version sets them. Pipe errors: the driver clears them and nothing follows.
- P_HALT: no version pauses a channel.
- Reaching a pipe's first descriptor resets the pipe once; no lock can be held on it before that.
"""

from __future__ import annotations

import z3

from model.channel import Channel, fields
from model.context import Context
from model.system import Step, Term, width_of


def declare(ctx: Context) -> None:
    """The state of the pipes and of the lock."""
    space, ring = ctx.space, ctx.bounds["ring"]
    space.add_queue("rx.ring", ring, fields(ctx, "hw", "nwd", "int", "eot", "req", "map"))
    space.add_queue("tx.ring", ring, fields(ctx, "int", "eot"))
    for channel in ("rx", "tx"):
        space.add(f"{channel}.unreaped", width_of(ring + 1))
        space.add(f"{channel}.irq")
    space.add("rx.nwd_wait")
    if ctx.assume["lock_effect"] == "after-own-write" or ctx.assume["unlock_effect"] == "before-own-write":
        space.add("rx.half_executed")
    space.add("lock.linux")
    space.add("lock.tz")
    if ctx.assume["relock"] == "counted":
        space.add("lock.depth", 2)


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


def reset_pipe(ctx: Context, ch: Channel) -> None:
    """bam_chan_init_hw: P_RST and re-enable; data that was published stays with the engine."""
    ch.queue("ring").clear()
    ch["unreaped"] = 0
    if ch.commands:
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
    ch["unreaped"] = ch["unreaped"] + 1
    with ch.step.when(z3.Or(entry["int"] == 1, entry["eot"] == 1)):
        ch["irq"] = True
