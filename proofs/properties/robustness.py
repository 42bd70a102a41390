"""Robustness, and the sanity property that keeps all others from holding vacuously."""

from __future__ import annotations

import z3

from model.protocol import Protocol
from model.system import Step
from proofs.engines import Target
from proofs.properties import REACH, Property, needs_lock

FAMILY = "robustness"


def works(protocol: Protocol) -> Target:
    """A locked request completed between two requests of the other EE."""
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
        "works",
        FAMILY,
        REACH,
        "the locked request completes, with the other EE completing one before and one after it",
        "sanity: not vacuous",
        works,
        _needs_two,
        ("default",),
    ),
)
