"""Terms as z3 holds them: an order of arguments that depends on nothing but themselves."""

from __future__ import annotations

import z3

from model.language.terms import ordered


def test_the_order_of_commutative_arguments_does_not_depend_on_what_z3_met_before() -> None:
    p, q, a, b = z3.Bool("p"), z3.Bool("q"), z3.BitVec("a", 3), z3.BitVec("b", 3)
    one = z3.And(p, z3.Or(q, a + b == 1), z3.ULT(a, b), z3.Not(z3.Xor(q, p)))
    other = z3.And(z3.Not(z3.Xor(p, q)), z3.ULT(a, b), z3.Or(b + a == 1, q), p)
    assert not one.eq(other)
    assert ordered(one).eq(ordered(other)), "one text for both"
    solver = z3.Solver()
    assert solver.check(ordered(one) != one) == z3.unsat, "and it means the same"
    assert not ordered(one).eq(ordered(z3.substitute(one, (z3.ULT(a, b), z3.ULT(b, a))))), "other orders stay"
