"""Spin, which shares nothing with our engines but the terms, on the exported system: its states, its distances."""

from __future__ import annotations

from pathlib import Path

import pytest
import z3
from conftest import build_protocol
from spin import needs_spin, search
from toys import as_protocol, bounded_buffer, built, counters, explored, token_ring, two_phase_commit, where

from model.language.system import StateSpace, Step, TransitionSystem
from model.parameters import ParameterError
from model.subject import Subject
from proofs.engines import Target
from proofs.engines.exhaustive import Explorer
from proofs.exports import Question, pose, promela

pytestmark = [needs_spin, pytest.mark.slow]
ONE = {"requests": 1, "tz_requests": 1}
TWO = {"requests": 2, "tz_requests": 1}


@pytest.mark.parametrize("bound", [ONE, TWO], ids=["one request", "two requests"])
@pytest.mark.parametrize("version", ["mainline", "v11", "v12", "v13", "v16"])
def test_same_states_and_transitions(version: str, bound: dict[str, int], tmp_path: Path) -> None:
    system = build_protocol(version, bound=bound).system
    space = Explorer(system).explore({})
    found = search(promela.write(Question(system, Target())), tmp_path, everything=True)
    assert (found.states, found.errors) == (space.states.shape[1], 0)
    assert found.transitions == space.transitions + 1  # Spin counts the way to the initial state


@pytest.mark.parametrize(
    ("version", "property_id", "whole"),
    [("v12", "quiet-engine", False), ("v11", "quiet-dummy", True)],
)
def test_same_shortest_distance(version: str, property_id: str, whole: bool, tmp_path: Path) -> None:
    question = pose(Subject.of(version, bound=ONE), property_id, whole)
    hit = explored(question.system, it=question.target).hits["it"]
    found = search(promela.write(question), tmp_path, nearest=True)
    assert found.errors and found.steps == hit.depth


def test_v16_has_no_error(tmp_path: Path) -> None:
    question = pose(Subject.of("v16", bound=ONE), "quiet-engine", whole=False)
    found = search(promela.write(question), tmp_path)
    assert (found.errors, found.states) == (0, explored(question.system).states.shape[1])


def wide() -> TransitionSystem:
    """Each operator at awkward widths, up to a whole machine word, on a state that starts neither 0 nor small."""
    space = StateSpace()
    space.add("mixed", 4)
    space.add("turned", 4)
    space.add("full", 64, init=(1 << 64) - 3)
    space.add("odd", 33, init=(1 << 33) - 2)
    space.add("small", 3, init=5)
    space.add("a.b")
    space.add("a_b")

    def mix(s: Step) -> None:
        s["full"] = z3.If(s["a.b"], s["full"] * 3 + 1, ~s["full"]) ^ z3.ZeroExt(31, s["odd"])
        s["odd"] = z3.Extract(40, 8, s["full"]) - (s["odd"] << z3.ZeroExt(30, s["small"]))
        s["small"] = -s["small"] + z3.Extract(2, 0, z3.LShR(s["full"], 61))
        s["a.b"] = z3.Xor(s["a_b"], z3.ULT(s["odd"], 1 << 20))
        s["mixed"] = s["mixed"] + 1

    def turn(s: Step) -> None:
        s["full"] = z3.Concat(z3.Extract(15, 0, s["full"]), z3.Extract(63, 16, s["full"]))
        s["a_b"] = z3.Implies(s["a.b"], s["small"] != 0)
        s["turned"] = s["turned"] + 1

    few = [lambda s, name=name: z3.ULT(s[name], 9) for name in ("mixed", "turned")]
    return built(space, [("w.mix", "w", few[0], mix), ("w.turn", "w", few[1], turn)])


TOYS = {
    "counters": counters(5),
    "token ring": token_ring(3, 4),
    "two-phase commit": two_phase_commit(3),
    "capacity": bounded_buffer(5),
    "wide": wide(),
}


@pytest.mark.parametrize("system", TOYS.values(), ids=TOYS)
def test_toys(system: TransitionSystem, tmp_path: Path) -> None:
    space = explored(system)
    found = search(promela.write(Question(system, Target())), tmp_path, everything=True)
    assert (found.states, found.transitions - 1) == (space.states.shape[1], space.transitions)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("token ring", where(token_ring(3, 4), lap=2)),
        ("token ring", Target(on={"sent": z3.BoolVal(True)})),
        ("two-phase commit", Target(on={"commit": z3.BitVec("vote1", 2) == 1})),
        ("capacity", where(bounded_buffer(5), cells=5, other=3)),
    ],
)
def test_hits_by_state_and_by_firing(name: str, target: Target, tmp_path: Path) -> None:
    hit = explored(TOYS[name], it=target).hits["it"]
    assert search(promela.write(Question(TOYS[name], target)), tmp_path, nearest=True).steps == hit.depth


def test_a_hit_in_the_initial_state_is_refused() -> None:
    system = as_protocol(counters(2)).system
    with pytest.raises(ParameterError, match="initial state"):
        promela.write(Question(system, where(system, a=0)))
