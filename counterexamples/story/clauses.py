"""A step as a clause: who does what, although what, and what that leaves behind."""

from __future__ import annotations

from counterexamples.story.moment import Moment
from counterexamples.story.oddities import oddities
from counterexamples.story.phrases import doing
from counterexamples.trace import REACH
from model.vocabulary import actor


def clause(step: Moment, named: bool = True) -> str:
    """What a step does and what is odd about it; `named`: who does it is said too."""
    acting = actor(step.actor)
    who = f"{acting.subject} ({acting.function})" if acting.function else acting.subject
    text = f"{who} {doing(step)}" if named else doing(step)
    found = oddities(step) if step.trace.kind != REACH else ()
    although = [item.clause for item in found if not item.after]
    after = [item.clause for item in found if item.after]
    text += f", although {' and '.join(dict.fromkeys(although))}" if although else ""
    return text + (f"; now {' and '.join(after)}" if after else "")
