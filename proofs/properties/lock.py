"""The lock itself."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import HW, TXN, Channel
from model.context import Protocol
from model.hardware.pipes import shuts_out
from model.language.system import Step, Term
from proofs.engines import Target
from proofs.properties import ALWAYS, Property, Severity, needs_lock
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
    """A client descriptor executes, and the LOCK that its pipe executed last has been undone by UNLOCK or reset."""
    return Target(on={"client_descriptor": z3.Not(Step(protocol.ctx.space)["monitor.bracket"])})


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
    if not shuts_out(protocol.subject, "rx", "tx", data=True):
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
        severity=Severity.BOOKKEEPING,
        consequence="LOCK and UNLOCK do not pair up on the pipe: what a second LOCK or a lone UNLOCK does is documented"
        " nowhere",
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
        severity=Severity.STALL,
        consequence="Linux is idle and still holds the lock: TZ stands still until Linux happens to use the engine"
        " again",
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
        severity=Severity.BOOKKEEPING,
        consequence="the driver's `locked` flag is wrong: the next LOCK or UNLOCK is left out, or queued twice",
    ),
    Property(
        "bracketed",
        FAMILY,
        ALWAYS,
        "each client descriptor executes behind a LOCK of its pipe that no UNLOCK and no reset has undone",
        "v16 cover letter",
        bracketed,
        needs_lock,
        severity=Severity.BOOKKEEPING,
        consequence="a descriptor executes outside LOCK and UNLOCK: whether it runs locked is left to timing",
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
        severity=Severity.STALL,
        consequence="the lock shuts out Linux' own producer pipe: the request that holds the lock waits for itself",
    ),
)
