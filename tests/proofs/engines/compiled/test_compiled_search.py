"""The compiled search finds what NumPy's finds, number for number, and what a search over dictionaries finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import toys
import z3
from chance import Choices, random_system, random_test
from conftest import build_protocol, slow
from toys import where

from model.language.system import TransitionSystem
from proofs.engines import Target, breadth, exhaustive
from proofs.engines import space as spaces
from proofs.engines.compiled import states, sweep
from proofs.engines.compiled.machine import library
from proofs.engines.compiled.program import Conditions, Program
from proofs.engines.compiled.states import CompiledSet
from proofs.engines.cone import grouped
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import COMPILED, NUMPY, Space
from proofs.properties import EVENTUALLY, catalogue

ENDLESS = 1 << 40


def by(reading: str, system: TransitionSystem, targets: Mapping[str, Target], **how: Any) -> Space:
    """The exploration in one reading."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exhaustive, "SMALL", 0 if reading == COMPILED else ENDLESS)
        found = Explorer(system).explore(targets, **how)
    assert found.reading == reading
    return found


def alike(system: TransitionSystem, targets: Mapping[str, Target], **how: Any) -> Space:
    """The compiled exploration; fails unless NumPy's is the same in all that a `Space` has."""
    one, other = by(NUMPY, system, targets, **how), by(COMPILED, system, targets, **how)
    for mine, theirs in (
        (one.states, other.states),
        *zip(vars(one.edges).values(), vars(other.edges).values(), strict=True),
    ):
        assert mine.dtype == theirs.dtype and np.array_equal(mine, theirs)
    assert one.layout.places == other.layout.places
    for name in ("level", "hits", "exceeded", "complete", "farther", "asked"):
        assert getattr(one, name) == getattr(other, name), name
    return other


@random_test(25)
def test_random_systems(choices: Choices) -> None:
    system, target = random_system(choices)
    space = alike(system, {"it": target})
    wanted = toys.search(system, target)
    rows = [sorted(space.layout.unpack(column).items()) for column in space.states.T]
    levels = [sorted(rows[low:high]) for low, high in zip(space.level, space.level[1:], strict=False)]
    assert levels == [sorted(sorted(state.items()) for state in level) for level in wanted.levels]
    assert space.transitions == wanted.transitions
    assert [hit.depth for hit in space.hits.values()] == [len(path) for path in wanted.shortest[:1]]
    for part, names in grouped(system, {"it": target}, slack=0):
        alike(part, dict.fromkeys(names, target), stop_early=True)


@pytest.mark.parametrize(
    ("version", "scenario"), [("v12", "small-ring"), *slow(("v16", "default"), ("v12", "faults"), ("v16", "endless"))]
)
def test_parts_of_the_protocol(version: str, scenario: str) -> None:
    protocol = build_protocol(
        version, scenario, bound={} if scenario == "endless" else {"requests": 1, "tz_requests": 1}
    )
    asked = [item for item in catalogue().values() if item.kind != EVENTUALLY and scenario in item.scenarios]
    targets = {item.id: item.target(protocol) for item in asked if item.reason_against(protocol) is None}
    sizes = set()
    for part, names in grouped(protocol.system, targets, slack=12):
        sizes.add(alike(part, {name: targets[name] for name in names}, stop_early=True).states.shape)
    assert sizes


def test_hits_with_slack_and_beside() -> None:
    system = toys.counters(9)
    near, far = where(system, a=1, b=1), where(system, a=9)
    space = alike(system, {"near": near}, stop_early=True, slack=3, beside={"far": far})
    assert not space.complete and [hit.depth for hit in space.farther["near"]] == [2] and "far" not in space.hits


def test_capacities() -> None:
    system = toys.bounded_buffer(3)
    assert alike(system, {}).exceeded == ("cells",)


def test_nothing_can_happen() -> None:
    system = toys.counters(9, ("a", "b", "c"))
    idle = TransitionSystem("idle", system.space, ())
    space = alike(idle, {"start": where(system, a=0), "never": where(system, a=1)})
    assert space.states.shape[1] == 1 and space.hits.keys() == {"start"}


def test_several_chunks_and_threads_and_faster_code(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (breadth, spaces, sweep):
        monkeypatch.setattr(module, "CHUNK", 16)
    system = toys.counters(9, ("a", "b", "c"))
    targets = {"end": where(system, a=9, b=9, c=9), "middle": where(system, a=4, b=5, c=6)}
    monkeypatch.setattr(sweep, "_cores_to_use", lambda: 1)
    alone = alike(system, targets)
    monkeypatch.setattr(sweep, "_cores_to_use", lambda: 3)
    monkeypatch.setattr(sweep, "EFFORTS", {300: 1, 600: 2})
    assert alike(system, targets).hits == alone.hits and alone.states.shape[1] == 1000


def test_the_reading_is_chosen_by_size_and_said() -> None:
    small, large = toys.counters(9), toys.counters(9, ("a", "b", "c"))
    assert [Explorer(system).explore({}).reading for system in (small, large)] == [NUMPY, COMPILED]
    assert Explorer(large, once=True).explore({}).reading == NUMPY, "of mutants each is asked once"


def test_an_action_that_is_no_part_of_the_whole_is_compiled_for_itself() -> None:
    whole = toys.counters(9)
    one, *others = whole.actions
    changed = replace(one, guard={"never": z3.BoolVal(False)})
    part = TransitionSystem("changed", whole.space, (changed, *others), whole)
    assert alike(part, {}).states.shape[1] == 10


# A search that is wrong in one place.


def ignores(field: str, value: Callable[[Any], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """Steps whose `field` is something else."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        step = Program._step
        changed = lambda *args: (made := step(*args))._replace(**{field: value(made)})  # noqa: E731
        patch.setattr(Program, "_step", changed)

    return apply


def loses_the_order(patch: pytest.MonkeyPatch) -> None:
    """The states after are inserted from the last to the first."""
    insert = CompiledSet.insert
    patch.setattr(CompiledSet, "insert", lambda self, rows: insert(self, np.ascontiguousarray(rows[::-1]))[::-1].copy())


MUTATIONS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "capacities count for nothing": ignores("keys", lambda step: 0),
    "an update is left out": ignores("kept", lambda step: step.kept & np.uint64(0xFFFF_FFFF_FFFF_FF00)),
    "another order": loses_the_order,
    "a condition holds everywhere": lambda patch: patch.setattr(
        Conditions, "where", lambda self, term, rows, chosen: chosen
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_search_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def every() -> None:
        counters = toys.counters(5, ("a", "b", "c"))
        alike(counters, {"it": where(counters, a=3, b=2)})
        alike(toys.bounded_buffer(3), {})

    every()
    MUTATIONS[name](monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        every()


def test_a_set_that_takes_the_hash_for_the_state_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(20, dtype=np.uint64).reshape(10, 2)

    def numbers() -> list[int]:
        found: list[int] = CompiledSet(2, lambda given: np.full(len(given), 7, np.uint64)).insert(rows).tolist()
        return found

    assert numbers() == list(range(10))
    monkeypatch.setattr(
        "proofs.engines.compiled.states.library",
        lambda text, effort: library(
            text.replace("%equal = icmp eq i64 %unlike1, 0", "%equal = icmp eq i64 0, 0"), effort
        ),
    )
    states._code.cache_clear()
    try:
        assert numbers() == [0] * 10
    finally:
        states._code.cache_clear()
