"""Sets of tuples as decision diagrams are the sets that Python has."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from dd import autoref

from proofs.engines.compiled.sets import NONE, Sets

SIZES = (3, 1, 2, 5)
ALL = list(itertools.product(*map(range, SIZES)))
Tuples = set[tuple[int, ...]]


def columns(tuples: Tuples) -> np.ndarray:
    """Tuples as `Sets` takes them."""
    return np.array(sorted(tuples), dtype=np.int8).reshape(-1, len(SIZES)).T


def among(sets: Sets, number: int) -> Tuples:
    """The tuples of a set."""
    held = sets.holds(number, columns(set(ALL)))
    return {one for one, held_one in zip(sorted(ALL), held.tolist(), strict=True) if held_one}


def some(rng: random.Random) -> Tuples:
    """Some of all tuples: few, many, or those whose digits are among some values."""
    if rng.random() < 0.5:
        return {one for one in ALL if rng.random() < rng.choice((0.0, 0.1, 0.9, 1.0))}
    values = [rng.sample(range(size), rng.randint(1, size)) for size in SIZES]
    return set(itertools.product(*values))


@pytest.fixture(params=["as installed", "in Python"])
def diagrams(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own two ways to compute them."""
    if request.param == "in Python":
        monkeypatch.setattr("proofs.engines.compiled.sets.BDD", autoref.BDD)


@pytest.mark.usefixtures("diagrams")
@pytest.mark.parametrize("seed", range(20))
def test_as_sets_of_python(seed: int) -> None:
    rng, sets = random.Random(seed), Sets(SIZES)
    wanted = [some(rng) for _ in range(8)]
    numbers = np.array([sets.of(columns(one)) for one in wanted])
    assert [among(sets, number) for number in numbers.tolist()] == wanted
    one, other = np.repeat(np.arange(8), 8), np.tile(np.arange(8), 8)
    pairs = [(wanted[a], wanted[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    for computed, expected in (
        (sets.both, [a & b for a, b in pairs]),
        (sets.either, [a | b for a, b in pairs]),
        (sets.without, [a - b for a, b in pairs]),
    ):
        found = computed(numbers[one], numbers[other])
        assert [among(sets, number) for number in found.tolist()] == expected
        assert ((found == NONE) == [not each for each in expected]).all()
    assert among(sets, sets.union(numbers.tolist())) == set().union(*wanted)
    assert among(sets, sets.common(numbers.tolist())) == set(ALL).intersection(*wanted)


def test_equal_sets_have_one_number() -> None:
    sets = Sets(SIZES)
    whole = sets.of(columns(set(ALL)))
    halves = [sets.of(columns({one for one in ALL if one[2] == value})) for value in (0, 1)]
    assert sets.of(columns(set())) == NONE
    assert sets.of(np.tile(columns({(0, 0, 1, 4)}), 3)) == sets.having({0: [0], 2: [1], 3: [4]})
    assert sets.union(halves) == whole
    assert sets.common([whole, sets.having({2: [1]})]) == halves[1]
    assert sets.common(halves) == NONE
