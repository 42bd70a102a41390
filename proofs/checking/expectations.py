"""The recorded verdicts, `expected.toml`: written by a run, compared with every later one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from counterexamples.documents import write_file
from model import parameters, versions
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.properties import catalogue

FILE = "expected.toml"
HEADER = (
    "# Written by `python -m proofs gate --record`; change it only together with the reason in the commit message.\n\n"
)


DEPTH = " at depth "


@dataclass(frozen=True)
class Recorded:
    """A verdict as it is recorded, `text`; `depth` in steps, of a path."""

    version: str
    property: str
    scenario: str
    verdict: Word
    depth: int | None
    text: str

    def key(self) -> tuple[str, str, str]:
        """What was asked."""
        return self.version, self.property, self.scenario


class ExpectationError(Exception):
    """expected.toml is damaged; the message says where."""


def summary(result: Result) -> str:
    """The part of a result that is recorded: the verdict word, and for a path its length."""
    if result.verdict in (Word.VIOLATED, Word.REACHED):
        return f"{result.verdict}{DEPTH}{result.depth}"
    if result.verdict in (Word.UNKNOWN, Word.BOUNDED):
        return f"{result.verdict}: {result.reason}"
    return result.verdict


def load() -> dict[str, dict[str, dict[str, str]]]:
    """Version to scenario to property to summary; raises ExpectationError."""
    text = resources.files("proofs.checking").joinpath(FILE).read_text(encoding="utf-8")
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExpectationError(f"{FILE}: {error}; record it again with `python -m proofs gate --record`") from None
    for version, scenarios in data.items():
        for scenario, rows in scenarios.items() if isinstance(scenarios, dict) else [("", None)]:
            if not isinstance(rows, dict) or not all(isinstance(value, str) for value in rows.values()):
                raise ExpectationError(f'{FILE}: [{version}.{scenario}] must hold lines `property = "verdict"`')
    return data


def rows() -> list[Recorded]:
    """All recorded verdicts, in the order of the file; raises ExpectationError."""
    return [
        _row(version, name, scenario, text)
        for version, scenarios in load().items()
        for scenario, verdicts in scenarios.items()
        for name, text in verdicts.items()
    ]


def _row(version: str, name: str, scenario: str, text: str) -> Recorded:
    words, _, depth = text.partition(DEPTH)
    try:
        return Recorded(version, name, scenario, Word.of(words.partition(":")[0]), int(depth) if depth else None, text)
    except ValueError:
        raise ExpectationError(f"{FILE}: [{version}.{scenario}] {name}: {text!r} is no verdict") from None


def is_default(result: Result) -> bool:
    """Whether a result was obtained under the scenario's own bounds and the default assumptions."""
    return dict(result.bounds) == parameters.bounds(result.scenario, {}) and dict(
        result.assumptions
    ) == parameters.assumptions({})


def expected_for(result: Result, recorded: Mapping[str, Mapping[str, Mapping[str, str]]]) -> str | None:
    """The recorded summary for a result, None if there is none or if it was obtained under other assumptions."""
    if not is_default(result):
        return None
    return recorded.get(result.version, {}).get(result.scenario, {}).get(result.property)


def matches(result: Result, expected: str) -> bool:
    """Whether a result says what was recorded; a restricted engine's weaker answer does not."""
    return summary(result) == expected


def record(results: Sequence[Result], path: Path, kept: Iterable[Recorded] = ()) -> None:
    """Write the summaries of results beside those rows of what was recorded before that are `kept`; raises OSError.

    What no longer exists is left out, and the order is that of the versions, scenarios and properties.
    """
    found = {row.key(): row.text for row in kept}
    found |= {(row.version, row.property, row.scenario): summary(row) for row in results}
    data: dict[str, dict[str, dict[str, str]]] = {}
    for version in versions.names():
        for scenario in parameters.SCENARIOS:
            mine = {name: found[key] for name in catalogue() if (key := (version, name, scenario)) in found}
            if mine:
                data.setdefault(version, {})[scenario] = mine
    write_file(path, HEADER + tomli_w.dumps(data))
