"""Results beside what is recorded for them, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from proofs.checking import expectations
from proofs.checking.expectations import Recorded
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.properties import Severity, catalogue

EXIT_DIFFERS, EXIT_INCONCLUSIVE, EXIT_VACUOUS = 1, 3, 4


def gravity(result: Result) -> int:
    """How grave a violation of the result's property is: 0 is the gravest."""
    return list(Severity).index(catalogue()[result.property].severity)


def violated_elsewhere(results: Sequence[Result], recorded: Sequence[Recorded]) -> dict[str, list[str]]:
    """Of one version by scenario, what holds in all its results and is recorded as violated there, where none asked.

    `results`: those with the settings under which verdicts are recorded.
    """
    good = {result.property for result in worst(results).values() if result.verdict.holds}
    asked = {(result.property, result.scenario) for result in results}
    names = {result.version for result in results}
    found: dict[str, list[str]] = {}
    for old in recorded:
        is_told = old.version in names and old.property in good and old.verdict.is_wrong
        if is_told and (old.property, old.scenario) not in asked:
            found.setdefault(old.scenario, []).append(old.property)
    return found


@dataclass(frozen=True)
class Judged:
    """A result beside what was recorded for it."""

    result: Result
    expected: str | None
    as_expected: bool | None


def exit_code(rows: Sequence[Judged], strict: bool) -> int:
    """The exit code of design section 6 for a set of judged results."""
    violated = any(row.result.verdict is Word.VIOLATED for row in rows)
    if strict and violated:
        return EXIT_DIFFERS
    unrecorded = {row.result.verdict for row in rows if row.expected is None}
    wrong = {row.result.verdict for row in rows if row.as_expected is False}
    if Word.VIOLATED in unrecorded or any(not word.is_open for word in wrong):
        return EXIT_DIFFERS
    if Word.UNREACHABLE in unrecorded or Word.VACUOUS in unrecorded | wrong:
        return EXIT_VACUOUS
    return EXIT_INCONCLUSIVE if wrong or Word.UNKNOWN in unrecorded else 0


Row = TypeVar("Row", Result, Recorded)


def worst(results: Sequence[Row]) -> dict[tuple[str, str], Row]:
    """For each version and property the worst verdict of all scenarios, the earlier scenario on a tie."""
    chosen: dict[tuple[str, str], Row] = {}
    for result in results:
        key = (result.version, result.property)
        if key not in chosen or result.verdict.rank < chosen[key].verdict.rank:
            chosen[key] = result
    return chosen


def judge(result: Result, recorded: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Judged:
    """A result beside what is recorded for it, as `expectations.load` gives it."""
    expected = expectations.expected_for(result, recorded)
    return Judged(result, expected, None if expected is None else expectations.matches(result, expected))
