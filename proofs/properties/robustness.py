"""Robustness, and the sanity property that keeps all others from holding vacuously."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.context import Protocol
from model.language.system import Step, Term
from proofs.engines import Target
from proofs.properties import ALWAYS, REACH, Property, Severity, needs_lock
from proofs.properties.quiescence import quiescent

FAMILY = "robustness"


def serviceable(protocol: Protocol) -> Target:
    """A request finishes successfully."""
    return Target(on={"request_succeeded": z3.BoolVal(True)})


def gave_up(protocol: Protocol) -> Target:
    """A request is over; where none succeeds, it has failed."""
    s = Step(protocol.ctx.space)
    return Target(state=z3.And(s["client.pc"] == 0, s["client.request"] != 0))


def fault_contained(protocol: Protocol) -> Target:
    """After the fault a client descriptor executes without the lock, or Linux rests with a LOCK that has no UNLOCK.

    A lock that is kept because a pipe reset dropped the UNLOCK is `released`, not this.
    """
    s = Step(protocol.ctx.space)
    struck = s["fault.struck"] != 0
    unlocked = z3.And(struck, z3.Not(s["lock.linux"]))
    kept = z3.And(struck, quiescent(protocol), s["lock.linux"], z3.Not(s["monitor.unlock_dropped"]))
    return Target(state=kept, on={"client_descriptor": unlocked})


def rested_after_fault(protocol: Protocol) -> Mapping[str, Term]:
    """Something failed, and Linux is quiescent."""
    rests = z3.And(Step(protocol.ctx.space)["fault.struck"] != 0, quiescent(protocol))
    return {"Linux is quiescent after something failed": rests}


def works(protocol: Protocol) -> Target:
    """A locked request started after one and finished before another request of the other EE was done; so was that."""
    s = Step(protocol.ctx.space)
    return Target(state=z3.And(s["monitor.served_between"], s["tz.done"] == 2))


def _needs_two(protocol: Protocol) -> str | None:
    if protocol.ctx.bounds["tz_requests"] < 2:
        return "needs two requests of the other EE (bound tz_requests)"
    if protocol.ctx.assume["other_ee"] == "absent":
        return "there is no other EE (other_ee)"
    return needs_lock(protocol)


PROPERTIES = (
    Property(
        "serviceable",
        FAMILY,
        REACH,
        "on a BAM without the lock a request still completes successfully",
        "Sadhasivam 2026-03-11, v12 patch 05",
        serviceable,
        scenarios=("no-lock-hardware",),
        instead=gave_up,
        severity=Severity.STALL,
        consequence="on a BAM without the lock no request completes: the crypto driver is of no use there",
    ),
    Property(
        "fault-contained",
        FAMILY,
        ALWAYS,
        "after an injected fault a request runs locked or fails cleanly: it never runs unlocked in silence and never"
        " leaves a LOCK without an UNLOCK",
        "Sadhasivam 2026-03-11; v14 changelog",
        fault_contained,
        needs_lock,
        ("faults", "two-faults"),
        premise=rested_after_fault,
        severity=Severity.EXCLUSION,
        consequence="after a failed allocation or the like a request runs unlocked and nobody is told, or a LOCK stays"
        " without UNLOCK",
    ),
    Property(
        "works",
        FAMILY,
        REACH,
        "the locked request completes, with the other EE completing one before and one after it",
        "sanity: not vacuous",
        works,
        _needs_two,
        ("default",),
        severity=Severity.STALL,
        consequence="no locked request gets through between two of TZ: the version does not do its job",
    ),
)
