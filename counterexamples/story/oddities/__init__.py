"""What is odd about a step, looked up in the states around it, what it should not have met.

Each oddity is a predicate on the states and a clause that is true whenever the predicate holds. That is what an account
says after "although", and where its variables were last set is where the other half of a conflict is.
Each property that a step or a state can violate has exactly one test in `BREACHES`, which finds something exactly where
the property's own target is hit; what only leads there is a `Lead`. Add both to the family that the property is of.
"""

from __future__ import annotations

from collections.abc import Mapping

from counterexamples.story.moment import Moment
from counterexamples.story.oddities import exclusion, lifetimes, lock, robustness
from counterexamples.story.oddities.oddity import Lead, Oddity, Test
from counterexamples.story.oddities.progress import waiting
from counterexamples.trace import EVENTUALLY

__all__ = ["BREACHES", "Oddity", "breach", "oddities_of", "waiting"]

BREACHES: Mapping[str, Test] = {
    **exclusion.BREACHES,
    **lock.BREACHES,
    **lifetimes.BREACHES,
    **robustness.BREACHES,
}
"""For each property what its violation is, in words, or None at a step that does not violate it."""

_LEADS: tuple[Lead, ...] = (*exclusion.LEADS, *lock.LEADS, *lifetimes.LEADS)


def breach(moment: Moment) -> Oddity | None:
    """How the step, or the state after it, violates the trace's property, if it does."""
    test = BREACHES.get(moment.trace.property_id)
    return None if test is None else test(moment)


def oddities_of(moment: Moment) -> tuple[Oddity, ...]:
    """What is odd about a step, as far as it has to do with the trace's property.

    Of the last step only the violation, if it is one; of others also the violations of properties that can lead to it,
    but nothing that only a property of states would notice.
    """
    mine = moment.trace.property_id
    if moment.is_last and (violation := breach(moment)) is not None:
        return (violation,)
    leads = [lead.test for lead in _LEADS if not lead.properties or mine in lead.properties]
    related = exclusion.GROUP if mine in exclusion.GROUP or moment.trace.kind == EVENTUALLY else (mine,)
    tests = dict.fromkeys([*leads, *(BREACHES[name] for name in related if name in BREACHES)])
    found = [oddity for test in tests if (oddity := test(moment)) is not None]
    return tuple(item for item in found if not item.after)
