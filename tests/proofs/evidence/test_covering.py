"""Verdicts on many systems, most of them not explored: the same as exploring each, and a wrong shortcut is seen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from counterexamples.trace import ReplayError
from model import parameters
from model.context import Protocol
from model.protocol import build
from model.subject import Subject
from proofs.checking import verdicts
from proofs.checking.records import DEPTH
from proofs.checking.words import Word
from proofs.engines.compiled.featured import Featured
from proofs.engines.compiled.sets import NONE, Sets
from proofs.evidence.covering import Covered, cover
from proofs.evidence.family import Family, Points
from proofs.evidence.lasting import Endless
from proofs.evidence.reaching import Reaching
from proofs.evidence.systems import WORDS
from proofs.properties import catalogue

SMALL = {"requests": 1, "tz_requests": 1}
FREE = {
    "lock_scope": ("other-ee", "none"),
    "softirq": ("one-cpu", "any-cpu"),
    "nwd_ack": ("operation-done", "input-consumed"),
}
ARRIVE = Featured._arrive
NAMES = ("quiet-engine", "no-abort", "bracketed", "flag-truth", "works", "linux-progress")


def combinations(free: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination of some values, all else at its default."""
    return [parameters.assumptions(dict(zip(free, one, strict=True))) for one in itertools.product(*free.values())]


def covered(version: str, values: Sequence[Mapping[str, str]], names: Sequence[str]) -> Covered:
    """What covering says of a version with one request of each side."""
    family = Family(Subject.of(version, bound=SMALL), Points.of(values))
    return cover(family, [catalogue()[name] for name in names])


def one_by_one(version: str, values: Sequence[Mapping[str, str]], names: Sequence[str]) -> dict[str, list[Word]]:
    """The words that exploring each system gives."""
    found: dict[str, list[Word]] = {name: [] for name in names}
    for one in values:
        protocol = build(Subject.of(version, assume=one, bound=SMALL))
        able = [catalogue()[name] for name in names if catalogue()[name].reason_against(protocol) is None]
        words = {name: item.word for name, item in verdicts.decide(protocol, able, "exhaustive", DEPTH).items()}
        for name in names:
            found[name].append(words.get(name, Word.NOT_APPLICABLE))
    return found


def words_of(found: Covered) -> dict[str, list[Word]]:
    """The same as words."""
    return {name: [WORDS[number] for number in row.tolist()] for name, row in found.words.items()}


@pytest.fixture(scope="module")
def explored() -> dict[str, list[Word]]:
    """What exploring each of the systems gives."""
    return one_by_one("v24", combinations(FREE), NAMES)


def test_as_exploring_each(explored: dict[str, list[Word]]) -> None:
    found = covered("v24", combinations(FREE), NAMES)
    assert words_of(found) == explored
    assert found.systems <= len(combinations(FREE))
    assert {Word.VIOLATED, Word.PROVED} <= set(explored["quiet-engine"]), "the values have to matter"


def every_row(self: object, base: int, path: object, states: object, rows: np.ndarray) -> np.ndarray:
    """Takes all systems for ones in which a path is possible."""
    return np.ones(len(rows), dtype=bool)


def all_of_one(self: Sets, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Has systems take the steps of each other."""
    return np.where(other != NONE, one, NONE)


def everywhere(self: Reaching, constraint: object) -> int:
    """Takes no notice of what is asked where."""
    return self._all


def once(self: Featured, states: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Has a state reached only in the systems that come to it first."""
    fresh = states >= len(self._reached)
    return ARRIVE(self, states[fresh], sets[fresh])


def nowhere_else(self: Featured, sets: np.ndarray) -> None:
    """Takes what is hit in one system for hit in all."""
    if len(sets):
        self._hit = int(self._reached[0])


@pytest.mark.parametrize(
    "owner, name, wrong",
    [
        (Endless, "_steps", every_row),
        (Sets, "both", all_of_one),
        (Reaching, "_where", everywhere),
        (Featured, "_arrive", once),
        (Featured, "_note_hit", nowhere_else),
    ],
)
def test_a_wrong_shortcut_is_seen(
    explored: dict[str, list[Word]], monkeypatch: pytest.MonkeyPatch, owner: type, name: str, wrong: object
) -> None:
    monkeypatch.setattr(owner, name, wrong)
    try:
        found = words_of(covered("v24", combinations(FREE), NAMES))
    except (ReplayError, verdicts.EngineDisagreementError):
        return
    assert found != explored


@pytest.mark.slow
def test_few_explorations_decide_many_systems() -> None:
    free = {key: parameters.ASSUMPTIONS[key].values for key in ("lock_scope", "nwd_irq", "softirq", "other_ee")}
    found = covered("v24", combinations(free), ["quiet-engine"])
    assert found.explored * 4 < found.systems


@pytest.mark.slow
@pytest.mark.parametrize("version", ["mainline", "v11", "v16", "v21", "downstream", "lk"])
def test_as_exploring_each_for_all_properties(version: str) -> None:
    free = {key: parameters.ASSUMPTIONS[key].values for key in ("lock_scope", "nwd_irq", "autosuspend", "other_ee")}
    names = [name for name, item in catalogue().items() if "default" in item.scenarios]
    assert words_of(covered(version, combinations(free), names)) == one_by_one(version, combinations(free), names)


def test_systems_are_told_apart_by_what_a_property_asks() -> None:
    seen = []

    def asks(protocol: Protocol) -> str | None:
        seen.append(protocol.ctx.assume["done_irq"])
        return "as it happens" if protocol.ctx.assume["done_irq"] == "any-order" else None

    item = replace(catalogue()["no-abort"], not_applicable=asks)
    points = Points.product({"done_irq": ("after-operation-done", "any-order"), "softirq": ("one-cpu", "any-cpu")})
    found = cover(Family(Subject.of("v24", bound=SMALL), points), [item])
    applies = [WORDS[number] is not Word.NOT_APPLICABLE for number in found.words["no-abort"].tolist()]
    assert applies == [True, True, False, False]
    assert set(seen) == {"after-operation-done", "any-order"}
