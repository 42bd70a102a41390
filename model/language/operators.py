"""What z3's operators compute: on NumPy columns, and on plain Python numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import z3

Value = np.ndarray | np.generic | int
"""What a term's value is: a column of one value for each state, or one value; a Boolean is 0 or 1."""
Function = Callable[..., Value]
_Raw = Callable[..., Any]  # NumPy's types do not say that an operator of two columns gives a column

BINARY: dict[int, _Raw] = {
    z3.Z3_OP_BADD: operator.add,
    z3.Z3_OP_BSUB: operator.sub,
    z3.Z3_OP_BMUL: operator.mul,
    z3.Z3_OP_BAND: operator.and_,
    z3.Z3_OP_BOR: operator.or_,
    z3.Z3_OP_BXOR: operator.xor,
    z3.Z3_OP_AND: operator.and_,
    z3.Z3_OP_OR: operator.or_,
    z3.Z3_OP_EQ: operator.eq,
    z3.Z3_OP_IFF: operator.eq,
    z3.Z3_OP_XOR: operator.ne,
    z3.Z3_OP_DISTINCT: operator.ne,
    z3.Z3_OP_ULEQ: operator.le,
    z3.Z3_OP_UGEQ: operator.ge,
    z3.Z3_OP_ULT: operator.lt,
    z3.Z3_OP_UGT: operator.gt,
}
SIGNED: dict[int, _Raw] = {
    z3.Z3_OP_SLEQ: operator.le,
    z3.Z3_OP_SGEQ: operator.ge,
    z3.Z3_OP_SLT: operator.lt,
    z3.Z3_OP_SGT: operator.gt,
}
"""Comparisons of what a driver's C computes with a sign: as without one, once the sign bits are inverted."""
LOGIC: dict[int, tuple[_Raw, _Raw]] = {  # plain, vector
    z3.Z3_OP_NOT: (operator.not_, operator.invert),
    z3.Z3_OP_IMPLIES: (lambda a, b: not a or b, lambda a, b: ~a | b),
}
FOLDS = {z3.Z3_OP_ITE, z3.Z3_OP_CONCAT}
"""The operators whose function depends on which of its arguments are constants."""
WRAPS = {z3.Z3_OP_BADD, z3.Z3_OP_BSUB, z3.Z3_OP_BMUL}
DTYPES = (np.uint8, np.uint16, np.uint32, np.uint64)


class UnsupportedTermError(Exception):
    """A term has a z3 operator that no reading is written for."""


def dtype_of(width: int) -> type[np.generic]:
    """The NumPy type that holds a value of `width` bits, bool for a Boolean (width 0)."""
    if width == 0:
        return np.bool_
    for dtype in DTYPES:
        if width <= np.dtype(dtype).itemsize * 8:
            return dtype
    raise UnsupportedTermError(f"no machine word holds {width} bits; split the variable")


def constant(width: int, value: int, vector: bool) -> Value:
    """A constant of `width` bits, 0 for a Boolean, as what the functions take."""
    if vector:
        return dtype_of(width)(value)
    return value if width else bool(value)


@lru_cache(maxsize=4096)
def function_of(
    kind: int,
    width: int,
    widths: tuple[int, ...],
    parameters: tuple[int, ...],
    literals: tuple[int | None, ...],
    vector: bool,
) -> Function:
    """A function that computes z3's operator number `kind` from its arguments' values.

    `width` of the result and `widths` of the arguments in bits, 0 for a Boolean; `parameters` are those of an
    extraction; `literals` has, if the operator is one of `FOLDS`, the value of each argument that is a constant, and
    None for the others. `vector`: on NumPy columns. Raises UnsupportedTermError.
    """
    if kind == z3.Z3_OP_DISTINCT and len(widths) > 2:
        raise UnsupportedTermError("Distinct of more than two terms; write the pairs")
    if not widths:  # `And()` is true, `Or()` is false
        empty = constant(0, int(kind == z3.Z3_OP_AND), vector)
        return lambda: empty
    if kind in BINARY:
        plain = BINARY[kind] if len(widths) == 2 else _folded(BINARY[kind])
        return _masked(plain, width, vector) if kind in WRAPS else plain
    if kind in SIGNED:
        return _signed(SIGNED[kind], constant(widths[0], 1 << (widths[0] - 1), vector))
    if kind in LOGIC:
        return LOGIC[kind][vector]
    if kind == z3.Z3_OP_ITE:
        return _choice(width, literals) if vector else (lambda condition, yes, no: yes if condition else no)
    if kind in (z3.Z3_OP_BNOT, z3.Z3_OP_BNEG):
        return _inverted(kind, width, vector)
    if kind == z3.Z3_OP_EXTRACT:
        return _extraction(parameters, widths[0], width, vector)
    if kind == z3.Z3_OP_ZERO_EXT:
        return _cast(widths[0], width, vector)
    if kind == z3.Z3_OP_CONCAT:
        return _concatenation(width, widths, literals, vector)
    if kind in (z3.Z3_OP_BSHL, z3.Z3_OP_BLSHR):
        return _shift(kind, width, vector)
    raise UnsupportedTermError(f"no reading for z3 operator kind {kind}")


def _inverted(kind: int, width: int, vector: bool) -> Function:
    if kind == z3.Z3_OP_BNEG:
        return _masked((lambda a: ~a + 1) if vector else operator.neg, width, vector)
    ones = constant(width, (1 << width) - 1, vector)
    return lambda a: a ^ ones


def _signed(compare: Function, sign: Any) -> Function:
    return lambda a, b: compare(a ^ sign, b ^ sign)


def _folded(function: _Raw) -> _Raw:
    return lambda *args: reduce(function, args)


def _masked(function: _Raw, width: int, vector: bool) -> Function:
    if vector and np.dtype(dtype_of(width)).itemsize * 8 == width:
        return function
    mask = (1 << width) - 1
    return lambda *args: function(*args) & mask


def _same(value: Any) -> Any:
    return value


def _cast(before: int, after: int, vector: bool) -> _Raw:
    if not vector or dtype_of(before) is dtype_of(after):
        return _same
    dtype = dtype_of(after)
    return lambda a: a.astype(dtype)


def _choice(width: int, literals: tuple[int | None, ...]) -> Function:
    if width == 0:
        return lambda condition, yes, no: (condition & yes) | (~condition & no)
    if width <= 8 and literals[1:] == (1, 0):
        return lambda condition, yes, no: condition.astype(np.uint8)
    return np.where


def _extraction(parameters: tuple[int, ...], before: int, width: int, vector: bool) -> Function:
    high, low = parameters
    cast, mask = _cast(before, width, vector), (1 << (high - low + 1)) - 1
    if high == before - 1:
        return (lambda a: cast(a >> low)) if low else cast
    return (lambda a: cast((a >> low) & mask)) if low else (lambda a: cast(a & mask))


def _concatenation(width: int, widths: Sequence[int], literals: Sequence[int | None], vector: bool) -> Function:
    parts: list[tuple[int, int, _Raw]] = []
    low, fixed = 0, 0
    for place in reversed(range(len(widths))):
        known = literals[place]
        if known is None:
            parts.append((place, low, _cast(widths[place], width, vector)))
        else:  # a cast at run time would cost as much as one of a whole column
            fixed |= known << low
        low += widths[place]
    (first, by, widened), *others = parts or [(0, 0, lambda value: constant(width, 0, vector))]
    rest: Any = constant(width, fixed, vector)

    def joined(*args: Any) -> Any:
        result = widened(args[first]) << by if by else widened(args[first])
        for place, low, cast in others:
            result = result | (cast(args[place]) << low)
        return result | rest if fixed else result

    return joined


def _shift(kind: int, width: int, vector: bool) -> Function:
    move = operator.lshift if kind == z3.Z3_OP_BSHL else operator.rshift
    if not vector:
        # Python integers are unbounded: an amount beyond the width must give 0 without being built
        return _masked(lambda a, amount: move(a, amount) if amount < width else 0, width, vector)
    # an amount that the word does not have gives 0; masking keeps the discarded shift defined
    zero, low_mask = constant(width, 0, vector), np.dtype(dtype_of(width)).itemsize * 8 - 1
    return _masked(lambda a, amount: np.where(amount < width, move(a, amount & low_mask), zero), width, vector)
