"""Terms as text are the same terms again."""

from __future__ import annotations

import pytest
import z3
from chance import Choices, random_system, random_test

from model.language.system import TransitionSystem
from model.language.terms import digest
from model.protocol import build
from model.source.symbolic.terms import bit_blasting, reread, written
from model.subject import Subject


def terms_of(system: TransitionSystem) -> list[z3.ExprRef]:
    """All terms of a system's actions."""
    parts = [(each.guard, each.updates, each.events, each.overflow) for each in system.actions]
    return [term for four in parts for part in four for term in part.values()]


def demand_same(terms: list[z3.ExprRef]) -> None:
    """Fail unless the terms come out as they were, or as equal ones."""
    again = reread(written(terms))
    assert [term.sort() for term in again] == [term.sort() for term in terms]
    for one, other in zip(terms, again, strict=True):
        assert digest(one) == digest(other) or bit_blasting().check(one != other) == z3.unsat


@random_test(20)
def test_random_terms(choices: Choices) -> None:
    demand_same(terms_of(random_system(choices)[0]))


@pytest.mark.parametrize(("version", "scenario"), [("v16", "faults"), ("v24", "default")])
def test_terms_of_versions(version: str, scenario: str) -> None:
    demand_same(terms_of(build(Subject.of(version, scenario)).system))


def test_constants_and_equal_terms() -> None:
    a, b = z3.BitVec("term 0", 3), z3.Bool("rx.locked")
    demand_same([a, b, b, z3.BoolVal(True), z3.BitVecVal(5, 3), a == a + 1, z3.Not(b)])
