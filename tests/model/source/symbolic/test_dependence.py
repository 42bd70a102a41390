"""Where a term looks at what is unknown: nothing else changes its value; what is looked at in vain is not refused."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from randomterms import VARIABLES, by_z3, terms

from model.source.symbolic.dependence import dependent, depends, without
from model.source.symbolic.terms import as_term

X, Y, UNKNOWN = z3.BitVec("x", 3), z3.BitVec("y", 3), z3.BitVec("hidden", 3)
P, SOME = z3.Bool("p"), z3.Bool("hidden some")


def hidden(name: str) -> bool:
    return name.startswith("hidden")


@pytest.mark.parametrize(
    ("term", "where"),
    [
        (X + Y, False),
        (UNKNOWN, True),
        (z3.If(P, X, UNKNOWN), z3.Not(P)),
        (z3.If(P, UNKNOWN, X) + z3.If(X == 0, UNKNOWN, Y), z3.Or(P, X == 0)),
        (z3.If(SOME, X, Y), True),
        (z3.And(P, SOME), P),
        (z3.Or(P, SOME, X == 0), z3.Not(z3.Or(P, X == 0))),
        (z3.And(z3.Or(P, SOME), X == 1), z3.And(X == 1, z3.Not(P))),
    ],
)
def test_it_is_where_an_unknown_one_is_looked_at(term: z3.ExprRef, where: z3.BoolRef | bool) -> None:
    (found,) = depends([term], hidden)
    solver = z3.Solver()
    solver.add(as_term(found) != as_term(where))
    assert solver.check() == z3.unsat


@settings(max_examples=150, deadline=None, derandomize=True)
@given(term=terms(), unknown=st.sets(st.sampled_from(sorted(VARIABLES)), min_size=1, max_size=12), data=st.data())
def test_where_it_is_not_looked_at_the_value_is_the_same(
    term: z3.ExprRef, unknown: set[str], data: st.DataObject
) -> None:
    (found,) = depends([term], unknown.__contains__)

    def values(names: Iterable[str]) -> dict[str, int]:
        return {name: data.draw(st.integers(0, (1 << max(VARIABLES[name], 1)) - 1)) for name in sorted(names)}

    shared, results = values(VARIABLES.keys() - unknown), set()
    for _ in range(4):
        state = {**shared, **values(unknown)}
        if not by_z3(as_term(found), state, VARIABLES):
            results.add(by_z3(term, state, VARIABLES))
    assert len(results) <= 1


def test_a_term_that_looks_in_vain_does_not_depend() -> None:
    vain = UNKNOWN ^ UNKNOWN ^ X
    assert dependent({"vain": vain, "never": z3.If(X == X, X, UNKNOWN), "plain": X}, hidden, []) is None
    assert without([vain, Y], hidden) == [X, Y]
    assert dependent({"vain": vain, "really": UNKNOWN + X, "plain": X}, hidden, []) == "really"


def test_what_is_assumed_counts() -> None:
    either = z3.If(P, X, UNKNOWN)
    assert dependent({"either": either}, hidden, [P]) is None
    assert dependent({"either": either}, hidden, [z3.Or(P, X == 0)]) == "either"
