"""Verdicts on many systems, most of them not explored: the same as exploring each, and a wrong shortcut is seen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from model import parameters
from model.context import Protocol
from model.language.system import ModelError
from model.protocol import build
from model.subject import Subject
from proofs.checking import verdicts
from proofs.checking.records import DEPTH
from proofs.checking.words import Word
from proofs.evidence import covering
from proofs.evidence.covering import WORDS, Covered, cover
from proofs.evidence.family import Family
from proofs.evidence.likeness import Form, Like, Likeness
from proofs.properties import catalogue

SMALL = {"requests": 1, "tz_requests": 1}
FREE = {
    "lock_scope": ("other-ee", "none"),
    "softirq": ("one-cpu", "any-cpu"),
    "nwd_ack": ("operation-done", "input-consumed"),
}
NAMES = ("quiet-engine", "no-abort", "bracketed", "flag-truth", "works", "lock-released")


def combinations(free: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination of some values, all else at its default."""
    return [parameters.assumptions(dict(zip(free, one, strict=True))) for one in itertools.product(*free.values())]


def covered(version: str, values: Sequence[Mapping[str, str]], names: Sequence[str]) -> Covered:
    """What covering says of a version with one request of each side."""
    family = Family(Subject.of(version, bound=SMALL))
    return cover([family.protocol(one) for one in values], [catalogue()[name] for name in names])


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
    assert found.explored < found.systems <= len(combinations(FREE))
    assert {Word.VIOLATED, Word.PROVED} <= set(explored["quiet-engine"]), "the values have to matter"


def equal_to_all(self: Likeness, mine: object, other: object) -> Form:
    """Takes all forms for one."""
    return Form(Like.EQUAL)


def every_row(self: object, path: object, states: object, rows: np.ndarray) -> np.ndarray:
    """Takes all systems for ones in which a path is possible."""
    return np.ones(len(rows), dtype=bool)


@pytest.mark.parametrize(
    "owner, name, wrong", [(Likeness, "form", equal_to_all), (covering._Covering, "_steps", every_row)]
)
def test_a_wrong_shortcut_is_seen(
    explored: dict[str, list[Word]], monkeypatch: pytest.MonkeyPatch, owner: type, name: str, wrong: object
) -> None:
    monkeypatch.setattr(owner, name, wrong)
    assert words_of(covered("v24", combinations(FREE), NAMES)) != explored


@pytest.mark.slow
@pytest.mark.parametrize("version", ["mainline", "v11", "v16", "v21", "downstream", "lk"])
def test_as_exploring_each_for_all_properties(version: str) -> None:
    free = {key: parameters.ASSUMPTIONS[key].values for key in ("lock_scope", "nwd_irq", "autosuspend", "other_ee")}
    names = [name for name, item in catalogue().items() if "default" in item.scenarios]
    assert words_of(covered(version, combinations(free), names)) == one_by_one(version, combinations(free), names)


def test_a_property_may_not_ask_for_other_assumptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "ASKED", ())
    with pytest.raises(ModelError, match="no-abort asks for other_ee"):
        covered("v24", combinations({}), ("no-abort",))


def protocols_equal(one: Protocol, other: Protocol) -> bool:
    """Whether two systems have the same variables and the same terms."""
    parts = ("guard", "updates", "events", "overflow")
    actions = list(zip(one.system.actions, other.system.actions, strict=True))
    return one.system.variables == other.system.variables and all(
        mine.name == theirs.name
        and all(
            list(getattr(mine, part)) == list(getattr(theirs, part))
            and all(getattr(mine, part)[key].eq(term) for key, term in getattr(theirs, part).items())
            for part in parts
        )
        for mine, theirs in actions
    )


@pytest.mark.parametrize("version", ["v24", "downstream"])
def test_a_family_builds_what_build_builds(version: str) -> None:
    subject = Subject.of(version, bound=SMALL)
    family = Family(subject)
    for change in parameters.others(parameters.assumptions({}))[::4]:
        values = parameters.assumptions(dict([change]))
        assert protocols_equal(family.protocol(values), build(subject.assuming(values))), change
