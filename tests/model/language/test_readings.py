"""The three readings of one term agree: NumPy over columns, plain Python over one state, and z3's own evaluation."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import pytest
import z3
from chance import a_state, some_states
from conftest import build_protocol, slow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from randomterms import BINARY, VARIABLES, WIDTHS, by_z3, columns, terms

from model.language.concrete import Code, Layout, fire, holds, scalar
from model.language.operators import UnsupportedTermError, dtype_of
from model.language.system import Variable
from model.language.terms import variables_of


def agreed(term: Any, states: Sequence[Mapping[str, int]], variables: Mapping[str, int]) -> None:
    """Fail unless all readings give the same values in all states."""
    wanted = [by_z3(term, state, variables) for state in states]
    plain = Code([term], vector=False)
    assert [int(plain(state)[0]) for state in states] == wanted
    (row,) = Code([term], vector=True)(columns(states, variables))
    assert np.broadcast_to(row, (len(states),)).astype(object).tolist() == wanted


@pytest.mark.filterwarnings("ignore:overflow encountered in scalar")  # constants only: wraps as it should
@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(terms(), st.integers(0, 2**32))
def test_random_terms(term: Any, seed: int) -> None:
    rng = random.Random(seed)
    used = {name: VARIABLES[name] for name in variables_of(term)}
    states = [a_state(rng, used) for _ in range(4)]
    agreed(term, states, used)
    agreed(z3.simplify(term), states, used)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("operation", BINARY, ids=["add", "sub", "mul", "and", "or", "xor", "shl", "lshr"])
def test_each_operator_at_each_width(operation: Callable[[Any, Any], Any], width: int) -> None:
    names = {"a": width, "b": width}
    top = (1 << width) - 1
    corners = sorted({0, 1, width & top, (width - 1) & top, top, top >> 1})
    states = [{"a": a, "b": b} for a in corners for b in corners]
    agreed(operation(*(z3.BitVec(name, width) for name in names)), states, names)


def test_many_arguments() -> None:
    names = {"a": 4, "b": 4, "c": 4}
    a, b, c = (z3.BitVec(name, 4) for name in names)
    rng = random.Random(1)
    states = [a_state(rng, names) for _ in range(50)]
    for many in (
        z3.Sum(a, b, c),
        z3.simplify(a * b * c),
        reduce(lambda x, y: x ^ y, (a, b, c)),
        z3.simplify(a | b | c),
    ):
        agreed(many, states, names)


def test_no_arguments() -> None:
    p = z3.Bool("p")
    for vector in (False, True):
        values = {"p": np.array([True, False]) if vector else True}
        found = Code([z3.And(), z3.Or(), z3.Or(p, z3.Or())], vector)(values)
        assert [bool(np.any(value)) for value in found] == [True, False, True]


def test_distinct_of_three() -> None:
    names = {"a": 2, "b": 2, "c": 2}
    term = z3.Distinct(*(z3.BitVec(name, 2) for name in names))
    try:
        Code([term], vector=True)
    except UnsupportedTermError:
        return
    agreed(term, [{"a": a, "b": b, "c": c} for a in range(4) for b in range(4) for c in range(4)], names)


def test_what_has_no_reading_is_refused() -> None:
    a, b = z3.BitVecs("a b", 4)
    for term in (a / b, z3.SignExt(2, a), z3.RotateLeft(a, 1), z3.URem(a, b)):
        with pytest.raises(UnsupportedTermError):
            Code([term], vector=False)
    with pytest.raises(UnsupportedTermError):
        dtype_of(65)


def test_variables_of() -> None:
    a, b, p = z3.BitVec("a", 4), z3.BitVec("b", 4), z3.Bool("p")
    assert variables_of(z3.If(p, a + 1, b)) == {"a", "b", "p"}
    assert variables_of(z3.BoolVal(True)) == frozenset()
    assert set(scalar(z3.And(p, a == 1)).inputs) == {"p", "a"}


# The actions of the real protocol, in reachable and in arbitrary states.


@pytest.mark.parametrize(
    ("version", "arbitrary", "walks"),
    [("v16", 30, 1), *slow(("v12", 100, 4), ("v16", 100, 4))],
)
def test_all_actions_numpy_against_python(version: str, arbitrary: int, walks: int) -> None:
    system = build_protocol(version).system
    states = some_states(system, random.Random(version), arbitrary, walks)
    layout = Layout(system.variables)
    packed = np.concatenate([layout.pack(state) for state in states], axis=1)
    values = {variable.name: layout.column(packed, variable.name) for variable in system.variables}
    enabled = 0
    for action in system.actions:
        read = [action.enabled, *action.updates.values(), *action.events.values(), *action.overflow.values()]
        rows = [np.broadcast_to(row, (len(states),)) for row in Code(read, vector=True)(values)]
        plain = Code(read, vector=False)
        for index, state in enumerate(states):
            wanted = [int(value) for value in plain(state)]
            assert [int(row[index]) for row in rows] == wanted
            updates = dict(zip(action.updates, wanted[1:], strict=False))
            assert fire(action, state) == ({**state, **updates} if wanted[0] else None)
            enabled += wanted[0]
    assert enabled > len(states) / 2


@pytest.mark.parametrize("version", ["v12", "v16"])
def test_all_actions_python_against_z3(version: str) -> None:
    system = build_protocol(version).system
    rng = random.Random(version)
    widths = {variable.name: variable.width for variable in system.variables}
    states = some_states(system, rng, 1, 0) + rng.sample(some_states(system, rng, 0, 2), 3)
    for action in system.actions:
        for term in (action.enabled, *action.updates.values(), *action.events.values()):
            reading = Code([term], vector=False)
            used = {name: widths[name] for name in variables_of(term)}
            for state in states:
                assert int(reading(state)[0]) == by_z3(term, state, used)
        for state in states[:1]:
            assert holds(action.enabled, state) == (fire(action, state) is not None)


# How states are packed.

SPACES = st.lists(st.sampled_from((0, *WIDTHS, 5, 20, 40)), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(SPACES, st.integers(0, 2**32))
def test_layout_round_trip(widths: list[int], seed: int) -> None:
    rng = random.Random(seed)
    names = {f"v{index}": width for index, width in enumerate(widths)}
    layout = Layout([Variable(name, width) for name, width in names.items()])
    states = [a_state(rng, names) for _ in range(5)]
    packed = np.concatenate([layout.pack(state) for state in states], axis=1)
    assert packed.shape == (layout.words, 5) and packed.dtype == np.uint64
    assert [layout.unpack(column) for column in packed.T] == states
    for name in names:
        assert layout.column(packed, name).astype(object).tolist() == [state[name] for state in states]
    fresh = [a_state(rng, names) for _ in range(5)]
    changed = rng.sample(sorted(names), rng.randint(0, len(names)))
    layout.store(packed, {name: column for name, column in columns(fresh, names).items() if name in changed})
    wanted = [old | {name: new[name] for name in changed} for old, new in zip(states, fresh, strict=True)]
    assert [layout.unpack(column) for column in packed.T] == wanted


def test_no_variable_crosses_a_word() -> None:
    layout = Layout([Variable(f"v{index}", 33) for index in range(3)] + [Variable("rest", 31), Variable("flag", 0)])
    assert layout.words == 3
    taken: dict[int, int] = {}
    for word, low, size in layout.places.values():
        mask = ((1 << size) - 1) << low
        assert low + size <= 64 and not taken.get(word, 0) & mask
        taken[word] = taken.get(word, 0) | mask
