"""Random z3 terms of all operators that have a reading, z3's own value of a term, and states as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import z3
from hypothesis import strategies as st

from model.language.operators import dtype_of

WIDTHS = (1, 2, 3, 7, 8, 9, 16, 31, 33, 64)
VARIABLES = {f"w{width}{letter}": width for width in WIDTHS for letter in "ab"} | {"p": 0, "q": 0}
Draw = Callable[[st.SearchStrategy[Any]], Any]
BINARY: tuple[Callable[[Any, Any], Any], ...] = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a & b,
    lambda a, b: a | b,
    lambda a, b: a ^ b,
    lambda a, b: a << b,
    z3.LShR,
)
COMPARE: tuple[Callable[[Any, Any], Any], ...] = (
    lambda a, b: a == b,
    lambda a, b: a != b,
    z3.ULT,
    z3.ULE,
    z3.UGT,
    z3.UGE,
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
    z3.Distinct,
)


def bits(draw: Draw, width: int, depth: int) -> Any:
    """A random bit-vector term."""
    if depth == 0 or draw(st.integers(0, 9)) == 0:
        names = [name for name, have in VARIABLES.items() if have == width]
        if names and draw(st.booleans()):
            return z3.BitVec(draw(st.sampled_from(names)), width)
        return z3.BitVecVal(draw(st.integers(0, (1 << width) - 1)), width)
    kind = draw(st.sampled_from(("binary", "binary", "unary", "if", "extract", "extend", "concat")))
    if kind == "binary":
        return draw(st.sampled_from(BINARY))(bits(draw, width, depth - 1), bits(draw, width, depth - 1))
    if kind == "unary":
        inner = bits(draw, width, depth - 1)
        return ~inner if draw(st.booleans()) else -inner
    if kind == "if":
        return z3.If(boolean(draw, depth - 1), bits(draw, width, depth - 1), bits(draw, width, depth - 1))
    if kind == "extract" and width < 64:
        wide = draw(st.sampled_from([item for item in WIDTHS if item > width] or [64]))
        low = draw(st.integers(0, wide - width))
        return z3.Extract(low + width - 1, low, bits(draw, wide, depth - 1))
    if width == 1:
        return bits(draw, 1, depth - 1)
    left = draw(st.integers(1, width - 1))
    if kind == "extend":
        return z3.ZeroExt(left, bits(draw, width - left, depth - 1))
    return z3.Concat(bits(draw, left, depth - 1), bits(draw, width - left, depth - 1))


def boolean(draw: Draw, depth: int) -> Any:
    """A random Boolean term."""
    if depth == 0:
        return draw(st.sampled_from((z3.Bool("p"), z3.Bool("q"), z3.BoolVal(True), z3.BoolVal(False))))
    kind = draw(st.sampled_from(("compare", "compare", "nary", "not", "binary", "if")))
    if kind == "compare":
        width = draw(st.sampled_from(WIDTHS))
        return draw(st.sampled_from(COMPARE))(bits(draw, width, depth - 1), bits(draw, width, depth - 1))
    parts = [boolean(draw, depth - 1) for _ in range(3)]
    if kind == "nary":
        return draw(st.sampled_from((z3.And, z3.Or)))(*parts)
    if kind == "not":
        return z3.Not(parts[0])
    if kind == "if":
        return z3.If(*parts)
    return draw(st.sampled_from((z3.Xor, z3.Implies, lambda a, b: a == b, lambda a, b: a != b)))(*parts[:2])


@st.composite
def terms(draw: Draw) -> Any:
    """A random term of either sort."""
    depth = draw(st.integers(1, 3))
    return boolean(draw, depth) if draw(st.booleans()) else bits(draw, draw(st.sampled_from(WIDTHS)), depth)


def by_z3(term: Any, state: Mapping[str, int], variables: Mapping[str, int]) -> int:
    """z3's own value of a term in a state."""
    pairs = [
        (z3.BitVec(name, width), z3.BitVecVal(state[name], width))
        if width
        else (z3.Bool(name), z3.BoolVal(bool(state[name])))
        for name, width in variables.items()
    ]
    value = z3.simplify(z3.substitute(term, *pairs))
    return int(value.as_long()) if z3.is_bv(value) else int(z3.is_true(value))


def columns(states: Sequence[Mapping[str, int]], variables: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The states as NumPy columns."""
    return {name: np.array([state[name] for state in states], dtype_of(width)) for name, width in variables.items()}
