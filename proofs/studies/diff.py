"""`diff`: two versions side by side: what they do, what is true of them, and which of it got better or worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model import versions
from proofs.checking import expectations
from proofs.checking.judged import gravity
from proofs.checking.records import Result, in_brief


@dataclass(frozen=True)
class Pair:
    """The verdicts on two versions of one property in one scenario."""

    old: Result
    new: Result

    @property
    def worse(self) -> bool:
        """What held or did not apply is violated or open; what was open is violated."""
        return _rank(self.new) > _rank(self.old)

    @property
    def better(self) -> bool:
        """What was violated or open holds, or no longer applies."""
        return _rank(self.new) == 0 < _rank(self.old)

    @property
    def differs(self) -> bool:
        """Whether anything is different: the verdict, or after how many steps."""
        return in_brief(self.old) != in_brief(self.new)


def _rank(result: Result) -> int:
    return 2 if result.verdict.is_wrong else 1 if result.verdict.is_open else 0


def pairs(rows: Sequence[Result], old: str, new: str) -> list[Pair]:
    """The rows of both versions, by property and scenario, the gravest properties first."""
    known = {(row.version, row.property, row.scenario): row for row in rows}
    first = [row for row in rows if row.version == old]
    return [Pair(row, known[new, row.property, row.scenario]) for row in sorted(first, key=gravity)]


def elsewhere(old: str, new: str, asked: Sequence[str]) -> list[str]:
    """The scenarios that were not asked and in which other verdict words are recorded for one than for the other."""
    words: dict[tuple[str, str], set[str]] = {}
    for row in expectations.rows():
        if row.version in (old, new) and row.scenario not in asked:
            words.setdefault((row.scenario, row.property), set()).add(row.verdict)
    return list(dict.fromkeys(scenario for (scenario, _), found in words.items() if len(found) > 1))


def axes(old: str, new: str) -> list[tuple[str, str, str]]:
    """The axes in which two versions differ, and both values."""
    before, after = versions.load(old).axes, versions.load(new).axes
    return [(axis, _shown(before[axis]), _shown(after[axis])) for axis in before if before[axis] != after[axis]]


def _shown(value: versions.Value) -> str:
    return value if isinstance(value, str) else " ".join(value)
