"""Whether a violation is one of the driver, `counterexamples/judgements.toml`: what a person judged, line by line.

A table for each version and violated property, `[v16.mapping-freed]`, with `verdict`, one of `VERDICTS`, and `because`,
one sentence. What is judged and not violated any more is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from proofs.checking.expectations import ExpectationError
from proofs.checking.records import Result

FILE = "judgements.toml"
VERDICTS: Mapping[str, str] = {
    "true": "true",
    "false-alarm": "a false alarm",
    "depends-on-hardware": "depends on the hardware",
}
"""What a person can come to, and how a report says it."""


@dataclass(frozen=True)
class Judgement:
    """One of `VERDICTS`, and the reason in a sentence."""

    verdict: str
    because: str

    def __str__(self) -> str:
        return f"{VERDICTS[self.verdict]}: {self.because}"


def judgements(version: str) -> dict[str, Judgement]:
    """By property what is judged of a version, nothing of one that the file does not name.

    Raises ExpectationError if the file is damaged.
    """
    text = resources.files("counterexamples").joinpath(FILE).read_text(encoding="utf-8")
    try:
        found = {name: Judgement(**entry) for name, entry in tomllib.loads(text).get(version, {}).items()}
        unknown = [name for name, item in found.items() if item.verdict not in VERDICTS]
    except (tomllib.TOMLDecodeError, AttributeError, TypeError) as error:
        message = f"{FILE}: {error}; it holds tables [version.property] with `verdict` and `because`"
        raise ExpectationError(message) from None
    if unknown:
        raise ExpectationError(f"{FILE}: [{version}.{unknown[0]}]: `verdict` must be one of {', '.join(VERDICTS)}")
    return found


def stale(known: Iterable[str], asked: Iterable[str], results: Iterable[Result]) -> list[str]:
    """Of the properties that are judged those that are asked, in all their scenarios, and not violated in any."""
    wrong, everything = {row.property for row in results if row.verdict.is_wrong}, set(asked)
    return [name for name in known if name in everything and name not in wrong]
