"""Terms as z3 holds them: an order of arguments that depends on nothing but themselves, and the variables in them."""

from __future__ import annotations

import pytest
import z3

from model.language import terms
from model.language.terms import digest, ordered, variables_of


def test_the_order_of_commutative_arguments_does_not_depend_on_what_z3_met_before() -> None:
    p, q, a, b = z3.Bool("p"), z3.Bool("q"), z3.BitVec("a", 3), z3.BitVec("b", 3)
    one = z3.And(p, z3.Or(q, a + b == 1), z3.ULT(a, b), z3.Not(z3.Xor(q, p)))
    other = z3.And(z3.Not(z3.Xor(p, q)), z3.ULT(a, b), z3.Or(b + a == 1, q), p)
    assert not one.eq(other)
    assert ordered(one).eq(ordered(other)), "one text for both"
    solver = z3.Solver()
    assert solver.check(ordered(one) != one) == z3.unsat, "and it means the same"
    assert not ordered(one).eq(ordered(z3.substitute(one, (z3.ULT(a, b), z3.ULT(b, a))))), "other orders stay"


def test_the_same_holds_when_all_that_was_remembered_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MANY", 0)
    p, digests = z3.Bool("p"), set()
    kept = ordered(z3.And(p, z3.Not(p)))
    for number in range(300):  # z3 gives the numbers of terms that are gone to others
        one, other = z3.Bool(f"c{number}"), z3.Bool(f"d{number * 7919}")
        assert ordered(z3.Or(one, p, other)).eq(ordered(z3.Or(other, one, p)))
        digests.add(digest(z3.Or(one, p, other)))
    assert len(digests) == 300
    assert ordered(z3.And(z3.Not(p), p)).eq(kept)


def test_the_variables_of_a_term_are_those_in_it_however_they_are_shared() -> None:
    a, b, c = z3.BitVec("a", 3), z3.BitVec("b", 3), z3.Bool("c")
    shared = a + b
    assert variables_of(shared == 1) == {"a", "b"} and variables_of(z3.And(c, shared * shared == a)) == {"a", "b", "c"}
    assert variables_of(z3.Not(c)) == {"c"} and variables_of(z3.BitVecVal(1, 3)) == frozenset()
