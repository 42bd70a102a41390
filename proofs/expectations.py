"""The recorded verdicts, `expected.toml`: written by a run, compared with every later one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from counterexamples.documents import write_file
from model import parameters
from proofs.campaign import Result
from proofs.words import Word

FILE = "expected.toml"
HEADER = (
    "# Written by `python -m proofs gate --record`; change it only together with the reason in the commit message.\n\n"
)


class ExpectationError(Exception):
    """expected.toml is damaged; the message says where."""


def summary(result: Result) -> str:
    """The part of a result that is recorded: the verdict word, and for a path its length."""
    if result.verdict in (Word.VIOLATED, Word.REACHED):
        return f"{result.verdict} at depth {result.depth}"
    if result.verdict in (Word.UNKNOWN, Word.BOUNDED):
        return f"{result.verdict}: {result.reason}"
    return result.verdict


def load() -> dict[str, dict[str, dict[str, str]]]:
    """Version to scenario to property to summary; raises ExpectationError."""
    text = resources.files("proofs").joinpath(FILE).read_text(encoding="utf-8")
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExpectationError(f"{FILE}: {error}; record it again with `python -m proofs gate --record`") from None
    for version, scenarios in data.items():
        for scenario, rows in scenarios.items() if isinstance(scenarios, dict) else [("", None)]:
            if not isinstance(rows, dict) or not all(isinstance(value, str) for value in rows.values()):
                raise ExpectationError(f'{FILE}: [{version}.{scenario}] must hold lines `property = "verdict"`')
    return data


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


def record(results: Sequence[Result], path: Path) -> None:
    """Write the summaries of all results; raises OSError."""
    data: dict[str, dict[str, dict[str, str]]] = {}
    for result in results:
        data.setdefault(result.version, {}).setdefault(result.scenario, {})[result.property] = summary(result)
    write_file(path, HEADER + tomli_w.dumps(data))
