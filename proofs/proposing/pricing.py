"""What a person says that changes cost: a price for each change, and a weight for what one request spends.

A TOML file. `[weights]` has a number for each kind of cost (`KINDS`), of which the shortest successful run of one
request spends some. `[changes]` has a number for a change, named AXIS=VALUE, the steps of an order with spaces between
them, or AXIS for any other change of that axis. What is not named costs nothing; the sum of all is what sorts.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from counterexamples.documents import DocumentError, quoted, read_document
from model.parameters import ParameterError, nearest
from proofs.proposing.space import Change, demand_axis, parsed, shown
from proofs.studies.cost import KINDS

NEED = "a TOML file with tables [weights] and [changes], as `proofs/README.md` has it"


@dataclass(frozen=True)
class Prices:
    """`weights` by kind of cost, `changes` by AXIS or AXIS=VALUE; both are numbers, 0 or more."""

    weights: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, float] = field(default_factory=dict)

    def of(self, changes: Iterable[Change], spent: Mapping[str, int] | None) -> float:
        """What changes and one request after them cost together; infinite if no request succeeds."""
        if spent is None:
            return math.inf
        own = (self._change(change) for change in changes)
        return math.fsum((*own, *(weight * spent[kind] for kind, weight in self.weights.items())))

    def _change(self, change: Change) -> float:
        axis, value = change
        return self.changes.get(f"{axis}={shown(value)}", self.changes.get(axis, 0.0))


def load(path: Path) -> Prices:
    """The prices in a file; raises DocumentError, of one line."""
    return read_document(path, parse, NEED)


def parse(text: str) -> Prices:
    """The prices in a file's text; raises DocumentError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(f"not TOML: {error}; need {NEED}") from None
    except (ValueError, RecursionError):
        raise DocumentError(f"a value in it is too long or nested too deep; need {NEED}") from None
    try:
        for name in content:
            if name not in ("weights", "changes"):
                raise nearest("table", name, ("weights", "changes"))
        weights, changes = (_numbers(name, content.get(name, {})) for name in ("weights", "changes"))
        for kind in weights:
            if kind not in KINDS:
                raise nearest("kind of cost", kind, KINDS)
        for name in changes:
            _demand_change(name)
    except ParameterError as error:
        raise DocumentError(f"{error}; need {NEED}") from None
    return Prices(weights, changes)


def _numbers(table: str, content: object) -> dict[str, float]:
    if not isinstance(content, dict):
        raise DocumentError(f"{table} is {quoted(str(content))}; need a table [{table}] of numbers")
    for name, value in content.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < math.inf:
            raise DocumentError(f"{quoted(str(name))} in [{table}] is {quoted(str(value))}; need a number, 0 or more")
    return {str(name): float(value) for name, value in content.items()}


def _demand_change(name: str) -> None:
    if "=" in name:
        parsed(name)
    else:
        demand_axis(name)
