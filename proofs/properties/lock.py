"""The lock itself."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import HW, TXN, Channel
from model.protocol import Protocol
from model.system import Step, Term
from proofs.engines import Target
from proofs.properties import ALWAYS, Property, needs_lock
from proofs.properties.quiescence import quiescent, rested

FAMILY = "lock"


def balanced(protocol: Protocol) -> Target:
    """A LOCK executes on the pipe that holds the lock, or an UNLOCK on the pipe while it does not."""
    held = Step(protocol.ctx.space)["lock.linux"]
    return Target(on={"lock_executed": held, "unlock_executed": z3.Not(held)})


def released(protocol: Protocol) -> Target:
    """Linux is quiescent and holds the lock."""
    return Target(state=z3.And(quiescent(protocol), Step(protocol.ctx.space)["lock.linux"]))


def _queued(protocol: Protocol, txn: int, descriptor: int) -> Term:
    ch = Channel(protocol.ctx, Step(protocol.ctx.space), "rx")
    waiting = [
        z3.And(entry["valid"], entry["kind"] == txn)
        for name in ("desc_submitted", "desc_issued")
        for entry in ch.queue(name).entries()
    ]
    loaded = [z3.And(entry["valid"], entry["hw"] == descriptor) for entry in ch.queue("ring").entries()]
    return z3.Or(*waiting, *loaded)


def flag_truth(protocol: Protocol) -> Target:
    """`locked` is set though no LOCK is queued or held, or clear though the pipe holds it and no UNLOCK is queued."""
    s = Step(protocol.ctx.space)
    lies_locked = z3.And(s["rx.locked"], z3.Not(s["lock.linux"]), z3.Not(_queued(protocol, TXN.LOCK, HW.LOCK)))
    lies_free = z3.And(z3.Not(s["rx.locked"]), s["lock.linux"], z3.Not(_queued(protocol, TXN.UNLOCK, HW.UNLOCK)))
    return Target(state=z3.Or(lies_locked, lies_free))


def flag_or_lock(protocol: Protocol) -> Mapping[str, Term]:
    """The flag is set; the pipe holds the lock."""
    s = Step(protocol.ctx.space)
    return {"the flag is set": s["rx.locked"], "the pipe holds the lock": s["lock.linux"]}


def _has_flag(protocol: Protocol) -> str | None:
    return None if protocol.ctx.axes["lock-flag"] != "none" else "this version keeps no `locked` flag"


def bracketed(protocol: Protocol) -> Target:
    """A client descriptor in the ring has no LOCK before it that is still open, or no UNLOCK behind it."""
    s = Step(protocol.ctx.space)
    entries = Channel(protocol.ctx, s, "rx").queue("ring").entries()
    is_lock = [z3.And(entry["valid"], entry["hw"] == HW.LOCK) for entry in entries]
    is_unlock = [z3.And(entry["valid"], entry["hw"] == HW.UNLOCK) for entry in entries]
    opened: list[Term] = []
    state: Term = s["lock.linux"]
    for locks, unlocks in zip(is_lock, is_unlock, strict=True):
        opened.append(state)
        state = z3.Or(locks, z3.And(state, z3.Not(unlocks)))
    closed: list[Term] = []
    state = z3.BoolVal(False)
    for locks, unlocks in zip(reversed(is_lock), reversed(is_unlock), strict=True):
        closed.append(state)
        state = z3.Or(unlocks, z3.And(state, z3.Not(locks)))
    closed.reverse()
    outside = [
        z3.And(entry["valid"], z3.Not(locks), z3.Not(unlocks), z3.Not(z3.And(before, behind)))
        for entry, locks, unlocks, before, behind in zip(entries, is_lock, is_unlock, opened, closed, strict=True)
    ]
    return Target(state=z3.Or(*outside))


def client_descriptor_loaded(protocol: Protocol) -> Mapping[str, Term]:
    """A client descriptor is in the ring."""
    entries = Channel(protocol.ctx, Step(protocol.ctx.space), "rx").queue("ring").entries()
    loaded = z3.Or(*(z3.And(e["valid"], e["hw"] != HW.LOCK, e["hw"] != HW.UNLOCK) for e in entries))
    return {"a client descriptor is in the ring": loaded}


def output_due_under_lock(protocol: Protocol) -> Mapping[str, Term]:
    """Linux holds the lock, and its producer pipe has descriptors."""
    s = Step(protocol.ctx.space)
    due = z3.Not(Channel(protocol.ctx, s, "tx").queue("ring").empty)
    return {"Linux holds the lock while its producer pipe has descriptors": z3.And(s["lock.linux"], due)}


def own_pipe_free(protocol: Protocol) -> Target:
    """A lock held by Linux stalls the producer pipe of the same pair while it has descriptors."""
    s = Step(protocol.ctx.space)
    waiting = z3.Not(Channel(protocol.ctx, s, "tx").queue("ring").empty)
    return Target(state=z3.And(s["lock.linux"], waiting))


def _stalls_own_pipes(protocol: Protocol) -> str | None:
    if protocol.ctx.assume["lock_scope"] != "whole-bam":
        return "a lock stalls no pipe of the EE that holds it (lock_scope)"
    return needs_lock(protocol)


PROPERTIES = (
    Property(
        "balanced",
        FAMILY,
        ALWAYS,
        "no LOCK executes on a pipe that holds the lock, no UNLOCK on one that does not",
        "v8, -EBUSY and -EPERM rules",
        balanced,
        needs_lock,
    ),
    Property(
        "released",
        FAMILY,
        ALWAYS,
        "when Linux is quiescent (nothing submitted, issued, in the ring or to be completed) it does not hold the lock",
        "v8 thread 2025-11-11",
        released,
        needs_lock,
        premise=rested,
    ),
    Property(
        "flag-truth",
        FAMILY,
        ALWAYS,
        "the `locked` flag is not set when no LOCK is queued or held, nor clear while the pipe holds the lock and no"
        " UNLOCK is queued",
        "v12",
        flag_truth,
        _has_flag,
        premise=flag_or_lock,
    ),
    Property(
        "bracketed",
        FAMILY,
        ALWAYS,
        "in the ring, each client descriptor lies between a LOCK and the matching UNLOCK",
        "v16 cover letter",
        bracketed,
        needs_lock,
        premise=client_descriptor_loaded,
    ),
    Property(
        "own-pipe-free",
        FAMILY,
        ALWAYS,
        "a lock held by Linux never stalls the producer pipe of the same pair",
        "hardware.md section 2",
        own_pipe_free,
        _stalls_own_pipes,
        premise=output_due_under_lock,
    ),
)
