"""The compiled reading of terms, and whether it agrees with z3's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import z3

from model.language.concrete import Layout
from model.language.system import Action, StateSpace, TransitionSystem, Variable
from proofs.engines.compiled.program import Conditions, Enabled, Program


def by_llvm(terms: Sequence[Any], states: Sequence[Mapping[str, int]], variables: Mapping[str, int]) -> list[list[int]]:
    """For each state the terms' values, computed as the updates of one action; Boolean ones also as conditions."""
    space = StateSpace()
    for name, width in variables.items():
        space.add(name, width)
    for number, term in enumerate(terms):
        space.add(f"out{number}", term.size() if z3.is_bv(term) else 0)
    updates = {f"out{number}": term for number, term in enumerate(terms)}
    action = Action("act", "A", {"always": z3.BoolVal(True)}, updates, {}, {}, "a test")
    layout = Layout(tuple(space.variables.values()))
    blank = {f"out{number}": 0 for number in range(len(terms))}
    rows = np.concatenate([layout.pack({**blank, **state}) for state in states], axis=1).T.copy()
    program = Program(TransitionSystem("one action", space, (action,)), layout, effort=0)
    every = np.arange(len(states))
    after = program.fired(rows, Enabled(every, np.array([len(every)])))
    found = [[layout.unpack(row)[name] for name in updates] for row in after]
    assert all(layout.unpack(row) | blank == blank | {**state} for row, state in zip(after, states, strict=True))
    conditions = {number: term for number, term in enumerate(terms) if z3.is_bool(term)}
    asked = Conditions(conditions.values(), layout)
    for number, term in conditions.items():
        assert asked.where(term, rows, every).tolist() == [place for place in every if found[place][number]]
    return found


def agreed(terms: Sequence[Any], states: Sequence[Mapping[str, int]], variables: Mapping[str, int]) -> None:
    """Fail unless the compiled reading gives z3's values in all states."""
    bundle = z3.Function("bundle", *(term.sort() for term in terms), z3.BoolSort())(*terms)
    constants = {name: Variable(name, width) for name, width in variables.items()}
    wanted = []
    for state in states:
        pairs = [(item.term, item.constant(state[name])) for name, item in constants.items()]
        values = z3.simplify(z3.substitute(bundle, *pairs)).children()
        wanted.append([value.as_long() if z3.is_bv(value) else int(z3.is_true(value)) for value in values])
    found = by_llvm(terms, states, variables)
    unlike = {n for one, other in zip(found, wanted, strict=True) for n in range(len(terms)) if one[n] != other[n]}
    assert not unlike, [terms[number] for number in sorted(unlike)[:3]]
