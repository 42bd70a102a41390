"""BAM pipes as rings of descriptors, and whom the pipe lock shuts out.

Left out, and why no property can see it:
- EOB and IMM: no version sets them. Pipe errors: the driver clears them and nothing follows.
- P_HALT: no version pauses a channel.
- Super-groups, and groups that the secure world would give to pipes of Linux: no source says that it does.
- A consumer pipe's first descriptor resets it once; no lock can be held on it before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import z3

from model.channel import HW, Channel, fields
from model.context import Context
from model.hardware.ring import declare_memory, declare_positions
from model.language.queues import Queue
from model.language.system import Enumeration, Step, Term

if TYPE_CHECKING:
    from model.subject import Subject

OTHERS = ("tz", "tz_tx")  # the pipe pair of the other user of the engine: consumer, producer
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
    # a ring that earlier work has moved belongs to a pipe that is set up; the vendor sets up both at start
    space.add("tx.enabled", init=int(ctx.bounds["ring_at"] > 0 or ctx.sps))
    if ctx.locks:
        space.add("monitor.bracket")
    if ctx.assume["autosuspend"] == "pipes-stop" and ctx.axes["runtime-pm"] != "held":
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


def lock_kinds(ctx: Context) -> tuple[int, ...]:
    """The kinds, of `HW`, of the descriptors that carry the LOCK bit."""
    if ctx.lock_rides:
        return (HW.LOCK, HW.REQUEST) if "lock" in ctx.axes["request"] else (HW.REQUEST,)
    return (HW.LOCK,)


def turn(ctx: Context, s: Step, pipe: str) -> dict[str, Term]:
    """What round-robin hand-over asks of a pipe ("rx" or "tz") with a LOCK at its head: not twice before the other."""
    if "tz.queued" not in ctx.space.variables:
        return {}
    ring = Channel(ctx, s, "rx").queue("ring")
    locks = z3.Or(*(ring.at(0, "hw") == kind for kind in lock_kinds(ctx)))
    linux_waits = z3.And(z3.Not(ring.empty), locks, z3.Not(s["rx.nwd_wait"]))
    tz_waits = s["tz.queued"]
    mine, other = (LAST.linux, tz_waits) if pipe == "rx" else (LAST.tz, linux_waits)
    again = z3.And(s["lock.last"] == mine, other, z3.Not(s["lock.linux"]))
    return {"it is this pipe's turn to lock": z3.Not(again)}


def shuts_out(subject: Subject, holder: str, pipe: str, data: bool = False) -> bool:
    """Whether a lock that the pipe `holder` ("rx" or "tz") holds stalls another pipe ("rx", "tx", "tz" or "tz_tx").

    `data`: what the stalled pipe would fetch moves data, it is no command. This is what `lock_scope` is about.
    """
    scope, other = subject.assumptions["lock_scope"], subject.assumptions["other_ee"]
    if pipe == holder or (pipe in OTHERS and other == "register-mode"):
        return False
    foreign = (pipe in OTHERS) != (holder in OTHERS)
    outside = lock_group(subject, pipe) != lock_group(subject, holder)
    return {
        "other-ee": foreign and other != "same-ee",
        "other-group": outside,
        "other-group-commands": outside and not data,
        "group0-exempt": outside and lock_group(subject, pipe) != 0,
        "whole-bam": True,
        "none": False,
    }[scope]


def lock_group(subject: Subject, pipe: str) -> int:
    """P_CTRL.P_LOCK_GROUP of a pipe: of Linux as the version sets it, of another EE that of a pair of its own.

    A second client of Linux (`other_ee=same-ee`) has its pipes set up as the first.
    """
    consumer, producer = {"zero": (0, 0), "pair": (1, 1), "data-zero": (1, 0)}[str(subject.axes["lock-groups"])]
    group = consumer if pipe in ("rx", "tz") else producer
    if pipe in OTHERS:
        return 2 * group if subject.assumptions["other_ee"] == "same-ee" else 2
    return group


def locked_out(ctx: Context, s: Step, pipe: str, data: Term | bool = False) -> Term:
    """Whether a held lock stalls the pipe ("rx", "tx", "tz" or "tz_tx"), which would fetch data if `data` holds."""
    stalled = [z3.BoolVal(False)]
    for holder, held in (("rx", s["lock.linux"]), ("tz", s["lock.tz"])):
        if shuts_out(ctx.subject, holder, pipe, data=True):
            stalled.append(held)
        elif shuts_out(ctx.subject, holder, pipe):
            stalled.append(z3.And(held, z3.Not(data)))
    return z3.Or(*stalled)


def clocked(ctx: Context, s: Step) -> dict[str, Term]:
    """What a pipe of Linux needs in order to fetch: that the BAM's clock runs."""
    return {"the BAM's clock runs": z3.Not(s["bam.suspended"])} if "bam.suspended" in ctx.space.variables else {}


def reset_pipe(ctx: Context, ch: Channel) -> None:
    """bam_chan_init_hw: P_RST and re-enable."""
    if ch.commands and "monitor.unlock_dropped" in ctx.space.variables:
        waiting = [z3.And(entry["valid"], entry["hw"] == HW.UNLOCK) for entry in ch.queue("ring").entries()]
        with ch.step.when(z3.Or(*waiting)):
            ch.step["monitor.unlock_dropped"] = True
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
