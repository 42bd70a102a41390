"""What is left of a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from counterexamples.story.moment import Moment
from counterexamples.story.oddities import exclusion, lock
from counterexamples.story.oddities.oddity import Oddity, Test


def _uncontained(m: Moment) -> Oddity | None:
    unlocked = exclusion.BREACHES["under-lock"](m)
    if unlocked is not None and m.before["fault.struck"] != "none":
        return replace(unlocked, variables=(*unlocked.variables, "fault.struck"))
    kept = lock.BREACHES["released"](m)
    dropped = m.after["monitor.unlock_dropped"]
    return kept if m.after["fault.struck"] != "none" and not dropped else None


BREACHES: Mapping[str, Test] = {"fault-contained": _uncontained}
