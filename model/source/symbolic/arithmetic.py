"""C's operators on numbers and pointers, with the widths and signs that C gives them.

Overflow of a signed number wraps, as the kernel is compiled (-fno-strict-overflow). A division of terms has an
obligation instead of a divider's circuit: by a power of two it shifts; `x % n` is x or x - n, with x < 2n to be proved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import z3

from model.source.ctypes import LONG, UNSIGNED_LONG, Integer, PointerTo, Void, common, promoted
from model.source.symbolic.machine import Machine
from model.source.symbolic.terms import Number, fold, no, wide
from model.source.symbolic.values import NULL, Pointer, Value, convert, fold_number, number, truth

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
SHIFTS = ("<<", ">>")

_CONSTANT: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
}
_TERM: Mapping[str, Callable[[Any, Any], Any]] = _CONSTANT
_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_UNSIGNED: Mapping[str, Callable[[Any, Any], Any]] = {"<": z3.ULT, "<=": z3.ULE, ">": z3.UGT, ">=": z3.UGE}


def binary(machine: Machine, operator: str, one: Value, other: Value) -> Value:
    """`one operator other`, but for `&&` and `||`."""
    if one.is_pointer or other.is_pointer:
        return _pointers(machine, operator, one, other)
    if not (isinstance(one.kind, Integer) and isinstance(other.kind, Integer)):
        machine.refuse(f"{operator} of what is no number has no meaning")
    if operator in SHIFTS:
        return _shift(machine, operator, _as(one, promoted(one.kind)), other)
    kind = common(one.kind, other.kind)
    left, right = _as(one, kind).number, _as(other, kind).number
    known = isinstance(left, int) and isinstance(right, int)
    if operator in COMPARISONS:
        if known:
            return truth(_COMPARED[operator](left, right))
        signed = kind.signed or operator in ("==", "!=")
        compare = _COMPARED[operator] if signed else _UNSIGNED[operator]
        return truth(fold(compare(wide(left, kind.width), wide(right, kind.width))))
    if operator in _CONSTANT:
        if known:
            return number(_CONSTANT[operator](left, right), kind)
        term = _TERM[operator](wide(left, kind.width), wide(right, kind.width))
        return number(fold_number(term, kind), kind)
    return _divide(machine, operator, left, right, kind)


def _as(value: Value, kind: Integer) -> Value:
    found = convert(value, kind)
    assert found is not None
    return found


def _divide(machine: Machine, operator: str, left: Number, right: Number, kind: Integer) -> Value:
    if operator not in ("/", "%"):
        machine.refuse(f"the operator {operator} has no meaning")
    if isinstance(right, int) and right == 0:
        machine.oblige(True, "divides by 0")
        return number(0, kind)
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return number(quotient if operator == "/" else left - quotient * right, kind)
    x, n = wide(left, kind.width), wide(right, kind.width)
    if kind.signed:
        machine.oblige(fold(z3.Or(x < 0, n < 0)), f"{operator} of a negative number")
    if operator == "%":
        machine.oblige(fold(z3.Or(n == 0, z3.And(z3.UGE(x, n), z3.UGE(x - n, n)))), "x % n with x not below 2n")
        return number(fold_number(z3.If(z3.ULT(x, n), x, x - n), kind), kind)
    if not isinstance(right, int) or right & (right - 1):
        machine.refuse("a division by what is no constant power of two has no meaning")
    return number(fold_number(z3.LShR(x, right.bit_length() - 1), kind), kind)


def _shift(machine: Machine, operator: str, value: Value, by: Value) -> Value:
    assert isinstance(value.kind, Integer)
    kind, count = value.kind, by.number
    if isinstance(count, int):
        machine.oblige(not 0 <= count < kind.width, "a shift by the width or more")
    else:
        machine.oblige(fold(z3.UGE(count, z3.BitVecVal(kind.width, count.size()))), "a shift by the width or more")
    if isinstance(count, int) and isinstance(value.number, int):
        count = count if 0 <= count < kind.width else 0
        return number(value.number << count if operator == "<<" else value.number >> count, kind)
    x, n = wide(value.number, kind.width), wide(count, kind.width)
    term = x << n if operator == "<<" else x >> n if kind.signed else z3.LShR(x, n)
    return number(fold_number(term, kind), kind)


def _pointers(machine: Machine, operator: str, one: Value, other: Value) -> Value:
    if operator in ("==", "!="):
        left, right = _pointer(machine, one), _pointer(machine, other)
        same = left.same(right)
        return truth(same if operator == "==" else fold(no(same)))
    if operator in ("+", "-") and one.is_pointer and not other.is_pointer:
        step = other if operator == "+" else negated(machine, _as(other, LONG))
        return Value(one.kind, machine.moved(one.pointer, step))
    if operator == "+" and other.is_pointer:
        return Value(other.kind, machine.moved(other.pointer, one))
    machine.refuse(f"{operator} of pointers has no meaning")


def _pointer(machine: Machine, value: Value) -> Pointer:
    if value.is_pointer:
        return value.pointer
    if value.number == 0 and isinstance(value.number, int):
        return NULL
    machine.refuse("a pointer compared with a number has no meaning")


def negated(machine: Machine, value: Value) -> Value:
    """`-value`."""
    return binary(machine, "-", number(0), value)


def inverted(machine: Machine, value: Value) -> Value:
    """`~value`."""
    if not isinstance(value.kind, Integer):
        machine.refuse("~ of what is no number has no meaning")
    value = _as(value, promoted(value.kind))
    return binary(machine, "^", value, number(-1, promoted(value.kind if isinstance(value.kind, Integer) else LONG)))


def size(count: int) -> Value:
    """A number of bytes, as sizeof gives it."""
    return number(count, UNSIGNED_LONG)


def as_kind(machine: Machine, value: Value, kind: Any) -> Value:
    """The value in the type of what it is assigned to, passed to or cast to; an allocated object gets its type."""
    if isinstance(kind, PointerTo) and value.is_pointer:
        _name_objects(machine, value.pointer, kind)
    found = convert(value, kind)
    if found is None:
        machine.refuse("a conversion between a pointer and a number has no meaning")
    return found


def _name_objects(machine: Machine, pointer: Pointer, kind: PointerTo) -> None:
    for _, place in pointer.places:
        if place.object in machine.allocated and not isinstance(kind.target, Void):
            machine.give_type(place.object, kind.target)
