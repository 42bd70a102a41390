"""A featured search finds for each of its systems what a search of that system alone finds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import toys
from chance import Choices, random_system, random_test
from toys import where

from model.language.system import TransitionSystem
from proofs.engines import Target
from proofs.engines.compiled import featured
from proofs.engines.compiled.featured import Featured, Outcome
from proofs.engines.compiled.sets import Sets
from proofs.engines.running import memory

SYSTEMS = np.arange(6, dtype=np.int8).reshape(1, -1)


def searched(system: TransitionSystem, owners: Sequence[Sequence[int]], target: Target) -> tuple[Sets, Outcome]:
    """The search in six systems, given by number which of them have each action."""
    sets = Sets((SYSTEMS.size,))
    numbers = [sets.having({0: mine}) for mine in owners]
    return sets, Featured(system, numbers, sets, target).search(sets.of(SYSTEMS))


def one_of(system: TransitionSystem, owners: Sequence[Sequence[int]], number: int) -> TransitionSystem:
    """One of the six by itself."""
    kept = [action for action, mine in zip(system.actions, owners, strict=True) if number in mine]
    return replace(system, actions=tuple(kept))


@random_test(60)
@pytest.mark.parametrize("block", [1, featured.BLOCK])
def test_as_each_system_alone(block: int, choices: Choices) -> None:
    system, target = random_system(choices)
    rng = random.Random(repr(choices))
    owners = [[number for number in range(SYSTEMS.size) if rng.random() < 0.6] for _ in system.actions]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(featured, "BLOCK", block)
        sets, outcome = searched(system, owners, target)
    wanted = [bool(toys.search(one_of(system, owners, number), target).shortest) for number in range(SYSTEMS.size)]
    assert sets.holds(outcome.hit, SYSTEMS).tolist() == wanted
    assert outcome.complete and not sets.holds(outcome.cut, SYSTEMS).any()


def test_a_capacity_cuts_those_systems_that_exceed_it() -> None:
    system = toys.counters(3)
    full = replace(system.actions[0], overflow={"a": where(system, a=2).state})
    system = replace(system, actions=(full, *system.actions[1:]))
    target = where(system, a=2, b=3)
    sets, outcome = searched(system, [[0, 1, 2], [1, 2, 3]], target)
    assert sets.holds(outcome.hit, SYSTEMS).tolist() == [False, True, True, False, False, False]
    assert sets.holds(outcome.cut, SYSTEMS).tolist() == [True, False, False, False, False, False]
    assert outcome.complete


def test_without_memory_what_was_hit_holds_and_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter(range(100))

    def demand(_: int = 0) -> None:
        if next(looks) == 2:
            raise MemoryError

    monkeypatch.setattr(memory, "demand", demand)
    system = toys.counters(9)
    sets, outcome = searched(system, [[0], [1]], where(system, a=1))
    assert not outcome.complete
    assert sets.holds(outcome.hit, SYSTEMS).tolist() == [True, *[False] * 5]
    assert sets.holds(outcome.cut, SYSTEMS).tolist() == [False, *[True] * 5]
