"""A step as a clause: who does what, although what, and what that leaves behind."""

from __future__ import annotations

from collections.abc import Sequence

from counterexamples.story.moment import Moment
from counterexamples.story.oddities.oddity import Oddity
from counterexamples.story.phrases import doing
from counterexamples.trace import REACH
from model.vocabulary import actor


def clause(step: Moment, found: Sequence[Oddity], named: bool = True) -> str:
    """What a step does and what is odd about it, which is `found`; `named`: who does it is said too.

    Of what should be reached nothing is odd.
    """
    acting = actor(step.actor)
    who = f"{acting.subject} ({acting.function})" if acting.function else acting.subject
    text = f"{who} {doing(step)}" if named else doing(step)
    told = found if step.trace.kind != REACH else ()
    although = [item.clause for item in told if not item.after]
    after = [item.clause for item in told if item.after]
    text += f", although {' and '.join(dict.fromkeys(although))}" if although else ""
    return text + (f"; now {' and '.join(after)}" if after else "")
