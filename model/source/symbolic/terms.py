"""Conditions and numbers that are Python's where they are constant and z3's where they are not."""

from __future__ import annotations

from typing import Any, TypeAlias

import z3

Condition: TypeAlias = Any  # a bool, or a z3 Boolean: z3 ships no type information
Number: TypeAlias = Any  # an int, or a z3 bit-vector


def fold(term: Any) -> Any:
    """A z3 term simplified; what comes out constant as a bool, or as an int without a sign."""
    if not z3.is_expr(term):
        return term
    term = z3.simplify(term)
    if z3.is_true(term):
        return True
    if z3.is_false(term):
        return False
    return term.as_long() if z3.is_bv_value(term) else term


def both(*conditions: Condition) -> Condition:
    """Whether all hold."""
    rest = [one for one in conditions if one is not True]
    if any(one is False for one in rest):
        return False
    return True if not rest else rest[0] if len(rest) == 1 else z3.And(*rest)


def either(*conditions: Condition) -> Condition:
    """Whether one holds."""
    rest = [one for one in conditions if one is not False]
    if any(one is True for one in rest):
        return True
    return False if not rest else rest[0] if len(rest) == 1 else z3.Or(*rest)


def no(condition: Condition) -> Condition:
    """Whether it does not hold."""
    if isinstance(condition, bool):
        return not condition
    return condition.arg(0) if z3.is_not(condition) else z3.Not(condition)


def as_term(condition: Condition) -> z3.BoolRef:
    """A condition for z3."""
    return z3.BoolVal(condition) if isinstance(condition, bool) else condition


def wide(number: Number, width: int) -> z3.BitVecRef:
    """A number as a z3 term of `width` bits: an int modulo that, a z3 term extended without a sign, or cut."""
    if isinstance(number, int):
        return z3.BitVecVal(number, width)
    have = number.size()
    if have == width:
        return number
    return z3.ZeroExt(width - have, number) if have < width else z3.Extract(width - 1, 0, number)


def equal(one: Number, other: Number) -> Condition:
    """Whether two numbers without signs are equal; of different widths the narrower one is extended."""
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    width = max(number.size() for number in (one, other) if not isinstance(number, int))
    if any(isinstance(number, int) and number >> width for number in (one, other)):
        return False
    return fold(wide(one, width) == wide(other, width))


def above(number: Number, least: int) -> Condition:
    """Whether a number without a sign is greater than a constant."""
    if isinstance(number, int):
        return number > least
    return False if least >> number.size() else fold(z3.UGT(number, least))


def choose(condition: Condition, one: Number, other: Number, width: int) -> Number:
    """`one` where the condition holds, else `other`, as numbers of `width` bits."""
    if isinstance(condition, bool):
        return one if condition else other
    if one is other or (isinstance(one, int) and isinstance(other, int) and one == other):
        return one
    first, second = wide(one, width), wide(other, width)
    return first if first.eq(second) else z3.If(condition, first, second)


def choose_condition(condition: Condition, one: Condition, other: Condition) -> Condition:
    """`one` where the condition holds, else `other`."""
    if isinstance(condition, bool):
        return one if condition else other
    if one is other or (isinstance(one, bool) and isinstance(other, bool) and one == other):
        return one
    return fold(z3.If(condition, as_term(one), as_term(other)))
