"""What the page says first: how many properties a version keeps, and the gravest of what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proofs.checking.judged import gravity
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.properties import catalogue


@dataclass(frozen=True)
class Conclusion:
    """What came out for one version, a property counted once: by its worst verdict of all scenarios.

    `others`: of each verdict that is not good the properties that have it, what is wrong first.
    `gravest`: of what is wrong the worst, the reason for the series before all else.
    """

    version: str
    holds: int
    asked: int
    others: Mapping[Word, tuple[str, ...]]
    gravest: Result | None

    @property
    def sentence(self) -> str:
        """What holds, what does not, and what nobody knows."""
        parts = [f"{len(ids)} {'is' if len(ids) == 1 else 'are'} {word}" for word, ids in self._named().items()]
        kept = f"{self.version} keeps {self.holds} of {self.asked} {'property' if self.asked == 1 else 'properties'}"
        return f"{kept}: {', '.join(parts)}." if parts else f"{kept}."

    def _named(self) -> dict[str, tuple[str, ...]]:
        # what is violated is seen in the table; of what is not decided the reader wants the name at once
        return {word if word.is_wrong else f"{word} ({', '.join(ids)})": ids for word, ids in self.others.items()}


def conclusion(version: str, rows: Sequence[Result]) -> Conclusion:
    """About a version whose properties have these verdicts, one for each."""
    order = list(catalogue())
    asked = sorted(
        (row for row in rows if row.verdict is not Word.NOT_APPLICABLE),
        key=lambda row: (gravity(row), order.index(row.property)),
    )
    told = [word for word in Word if word.is_wrong or word.is_open]
    others = {word: tuple(row.property for row in asked if row.verdict is word) for word in told}
    return Conclusion(
        version,
        sum(row.verdict.holds for row in asked),
        len(asked),
        {word: ids for word, ids in others.items() if ids},
        next((row for word in told for row in asked if word.is_wrong and row.verdict is word), None),
    )
