"""Both engines against systems with known answers, against a plain search on random systems, and each other."""

from __future__ import annotations

import pytest
import toys
import z3
from chance import FIELDS, Choices, random_system, random_test
from toys import exhaustive_path, explored, where

from model.language.system import Step
from proofs.engines import NotWithin, Reached, Target, bounded
from proofs.engines.bounded import Unrolling
from proofs.engines.cone import cone_variables, dependencies, grouped, restrict
from proofs.engines.exhaustive import Explorer

NEVER = Target()


# Known counts.


@pytest.mark.parametrize("limit, number", [(1, 1), (4, 2), (3, 3), (255, 1)])
def test_counters(limit: int, number: int) -> None:
    system = toys.counters(limit, "abc"[:number])
    space = explored(system)
    assert (space.states.shape[1], space.depth, space.complete) == ((limit + 1) ** number, limit * number, True)
    assert space.transitions == number * limit * (limit + 1) ** (number - 1)


def test_more_states_than_a_chunk() -> None:
    system = toys.counters(29, ("a", "b", "c"))
    space = explored(system, end=where(system, a=29, b=29, c=29), middle=where(system, a=10, b=11, c=12))
    assert (space.states.shape[1], space.depth, space.transitions) == (27000, 87, 3 * 29 * 900)
    assert {name: hit.depth for name, hit in space.hits.items()} == {"end": 87, "middle": 33}
    sizes = [end - start for start, end in zip(space.level, space.level[1:], strict=False)]
    assert sizes == sizes[::-1] and sizes[:4] == [1, 3, 6, 10]


def test_token_ring() -> None:
    system = toys.token_ring(3, 4)
    space = explored(system, sent=Target(on={"sent": z3.BoolVal(True)}), lap=where(system, lap=2))
    assert (space.states.shape[1], space.depth, space.transitions) == (13, 12, 12)
    assert {name: hit.depth for name, hit in space.hits.items()} == {"sent": 10, "lap": 6}


def test_two_phase_commit() -> None:
    system = toys.two_phase_commit(3)
    space = explored(
        system, both=Target(on={"commit": Step(system.space)["vote0"] == 2}), done=where(system, decision=1)
    )
    assert space.states.shape[1] == 27 + 1 + (27 - 8)
    assert "both" not in space.hits and space.hits["done"].depth == 4
    assert explored(system, no=Target(on={"abort": z3.BoolVal(True)})).hits["no"].depth == 2


def test_stopping_early_says_so() -> None:
    system = toys.counters(9)
    early = Explorer(system).explore({"near": where(system, a=1, b=1)}, stop_early=True)
    assert not early.complete and early.states.shape[1] < 100 and early.hits["near"].depth == 2
    late = Explorer(system).explore({"near": where(system, a=1, b=1), "never": NEVER}, stop_early=True)
    assert late.complete and late.states.shape[1] == 100


def test_the_initial_state_can_be_the_hit() -> None:
    system = toys.counters(2)
    assert explored(system, it=where(system, a=0)).hits["it"].depth == 0
    assert bounded.search(system, {"it": where(system, a=0)}, {"it": 3})["it"] == Reached(())
    assert exhaustive_path(system, where(system, a=0)) == ()


def test_bounded_finds_the_same_depths() -> None:
    system = toys.two_phase_commit(2)
    targets = {
        "commit": where(system, decision=1),
        "abort": where(system, decision=2),
        "split": Target(on={"commit": Step(system.space)["vote1"] == 2}),
        "all": where(system, vote0=2, vote1=2, decision=2),
    }
    answers = bounded.search(system, targets, dict.fromkeys(targets, 6))
    space = explored(system, **targets)
    for name, answer in answers.items():
        if name not in space.hits:
            assert answer == NotWithin(6)
        else:
            assert isinstance(answer, Reached) and len(answer.path) == space.hits[name].depth
            assert bounded.confirm(system, targets[name], answer.path)
    shallow = bounded.search(system, targets, dict.fromkeys(targets, 1) | {"commit": 3})
    assert isinstance(shallow["commit"], Reached) and shallow["abort"] == NotWithin(1)


def test_a_system_that_comes_to_rest_is_not_searched_further() -> None:
    system = toys.counters(1)
    assert bounded.search(system, {"it": where(system, a=5)}, {"it": 50}) == {"it": NotWithin(50)}


def test_confirm_takes_right_paths_only() -> None:
    system = toys.two_phase_commit(2)
    target = where(system, decision=1)
    assert bounded.confirm(system, target, ("p0.yes", "p1.yes", "c.commit"))
    assert bounded.confirm(system, target, ("p1.yes", "p0.yes", "c.commit")), "any order"
    for wrong in (
        ("p0.yes", "p1.yes"),
        ("p0.yes", "p1.no", "c.commit"),
        ("p0.yes", "c.commit", "p1.yes"),
        ("p0.yes", "p1.yes", "c.abort"),
        ("p0.yes", "p1.yes", "c.commit", "c.commit"),
        ("p0.yes", "p1.yes", "nobody.commits"),
        (),
    ):
        assert not bounded.confirm(system, target, wrong), wrong


# Random systems, against the plain search.


@random_test(80)
def test_random_systems_exhaustive(choices: Choices) -> None:
    system, target = random_system(choices)
    plain = toys.search(system, target)
    space = explored(system, it=target)
    assert (space.states.shape[1], space.transitions) == (plain.states, plain.transitions)
    sizes = [end - start for start, end in zip(space.level, space.level[1:], strict=False)]
    assert sizes == [len(level) for level in plain.levels] and space.depth == len(plain.levels) - 1
    assert (space.hits["it"].depth if "it" in space.hits else None) == plain.distance
    path = exhaustive_path(system, target)
    assert path == (toys.minimal(system, plain.shortest) if plain.shortest else None)


@random_test(50)
def test_random_systems_bounded(choices: Choices) -> None:
    system, target = random_system(choices)
    distance = toys.search(system, target).distance
    (answer,) = bounded.search(system, {"it": target}, {"it": 7}).values()
    if distance is None or distance > 7:
        assert answer == NotWithin(7)
        return
    assert isinstance(answer, Reached) and len(answer.path) == distance
    assert bounded.confirm(system, target, answer.path)
    free = Unrolling(system, {"it": target}, ordered=False)
    for depth in range(distance + 1):
        found = free.solver.check(free.hits()["it"]) == z3.sat
        assert found == (depth == distance)
        free.extend()


@random_test(60)
def test_random_systems_cone(choices: Choices) -> None:
    system, target = random_system(choices)
    cone = cone_variables(dependencies(system), target)
    part = restrict(system, cone, [target])
    assert set(part.space.variables) == cone
    assert toys.search(part, target).distance == toys.search(system, target).distance
    ((whole, names),) = grouped(system, {"it": target}, slack=len(FIELDS))
    assert names == ["it"] and set(whole.space.variables) == cone


def test_targets_share_a_system_only_if_their_cones_are_near() -> None:
    system = toys.counters(3, ("a", "b", "c"))
    targets = {"a": where(system, a=3), "b": where(system, b=3), "ab": where(system, a=1, b=1)}
    apart = grouped(system, targets, slack=0)
    assert [(set(part.space.variables), names) for part, names in apart] == [
        ({"a"}, ["a"]),
        ({"b"}, ["b"]),
        ({"a", "b"}, ["ab"]),
    ]
    ((together, names),) = grouped(system, targets, slack=9)
    assert set(together.space.variables) == {"a", "b"} and sorted(names) == ["a", "ab", "b"]
