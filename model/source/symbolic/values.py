"""What an expression of C can be: a number, a truth, a pointer to one of several places; and what two of them merge to.

A pointer is a set of exclusive alternatives: under a condition, a place in an object, or NULL. A place is a path of
members' names and of indices, which may be terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import z3

from model.source.ctypes import BOOL, INT, CType, Integer, PointerTo
from model.source.symbolic.terms import (
    Condition,
    Number,
    both,
    choose,
    choose_condition,
    either,
    equal,
    fold,
    no,
    wide,
)

Key: TypeAlias = tuple[str, tuple[str | int, ...]]
"""A place of which all is known: an object, members' names and indices."""
INDEX = 64  # bits of an index that is a term
FUNCTION, ERROR = "function", "error pointer"
"""The objects that functions and error pointers point into."""


@dataclass(frozen=True, eq=False)
class Place:
    """A path into an object; an index in it is an int, or a term of `INDEX` bits."""

    object: str
    path: tuple[Any, ...] = ()

    @property
    def shape(self) -> Key:
        """The same without the indices: places of one shape differ in these only."""
        return self.object, tuple(step if isinstance(step, str) else 0 for step in self.path)

    def same(self, other: Place) -> Condition:
        """Whether both are the same place."""
        if self.shape != other.shape:
            return False
        pairs = zip(self.path, other.path, strict=True)
        return both(*(equal(one, two) for one, two in pairs if not isinstance(one, str)))

    def __repr__(self) -> str:
        return self.object.partition("#")[0] + "".join(
            f".{step}" if isinstance(step, str) else f"[{step}]" for step in self.path
        )


@dataclass(frozen=True, eq=False)
class Pointer:
    """Exclusive alternatives, each under its condition; None is NULL."""

    alternatives: tuple[tuple[Condition, Place | None], ...]

    @staticmethod
    def to(object: str, *path: Any) -> Pointer:
        """The pointer to one place."""
        return Pointer(((True, Place(object, path)),))

    @property
    def null(self) -> Condition:
        """Whether it is NULL."""
        return either(*(condition for condition, place in self.alternatives if place is None))

    @property
    def places(self) -> list[tuple[Condition, Place]]:
        """The alternatives that are not NULL."""
        return [(condition, place) for condition, place in self.alternatives if place is not None]

    def inside(self, *steps: str | int) -> Pointer:
        """The pointer to a part of what it points to; NULL stays NULL."""
        return Pointer(
            tuple((cond, place and Place(place.object, (*place.path, *steps))) for cond, place in self.alternatives)
        )

    def same(self, other: Pointer) -> Condition:
        """Whether both point to the same place, or both are NULL."""
        equals = []
        for one_condition, one in self.alternatives:
            for other_condition, two in other.alternatives:
                here = (one is two) if one is None or two is None else one.same(two)
                equals.append(both(one_condition, other_condition, here))
        return fold(either(*equals))


NULL = Pointer(((True, None),))
NOWHERE = Pointer(())
"""What a pointer is to which nothing was assigned."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value of type `kind`: an int in the type's range, a bit-vector of its width, a Pointer, or a truth.

    Truths (bool or z3 Booleans) are what comparisons give, of type int, and what `_Bool` has. The value of a struct is
    the Pointer to where it is. `defined`: whether anything was stored there.
    """

    kind: CType
    term: Any
    defined: Condition = True

    @property
    def pointer(self) -> Pointer:
        """The term of a pointer."""
        found: Pointer = self.term
        return found

    @property
    def is_pointer(self) -> bool:
        """Whether the term is a Pointer."""
        return isinstance(self.term, Pointer)

    @property
    def is_truth(self) -> bool:
        """Whether the term is a bool or a z3 Boolean."""
        return isinstance(self.term, bool) or z3.is_bool(self.term)

    @property
    def width(self) -> int:
        """The bits of a number."""
        assert isinstance(self.kind, Integer)
        return self.kind.width

    @property
    def number(self) -> Number:
        """The term of a number; 1 or 0 for a truth."""
        if isinstance(self.term, bool):
            return int(self.term)
        return choose(self.term, 1, 0, self.width) if self.is_truth else self.term

    @property
    def truth(self) -> Condition:
        """Whether it is neither 0 nor NULL."""
        if self.is_pointer:
            return fold(no(self.pointer.null))
        if self.is_truth:
            return self.term
        return self.term != 0 if isinstance(self.term, int) else fold(self.term != 0)


VOID = Value(INT, 0)


def truth(condition: Condition) -> Value:
    """What a comparison gives."""
    return Value(INT, condition)


def number(term: Number, kind: Integer = INT) -> Value:
    """A number of a type; a term has the type's width."""
    return Value(kind, kind.wrap(term) if isinstance(term, int) else term)


def convert(value: Value, kind: CType) -> Value | None:
    """The value in another type, None where C's rules for it have no meaning here."""
    if isinstance(kind, Integer) and not value.is_pointer:
        return replace(value, kind=kind, term=_converted(value, kind))
    if isinstance(kind, PointerTo):
        if value.is_pointer:
            return replace(value, kind=kind)
        return replace(value, kind=kind, term=NULL) if value.number == 0 and not z3.is_expr(value.term) else None
    if kind == BOOL:
        return replace(value, kind=kind, term=value.truth)
    return replace(value, kind=kind) if kind == value.kind else None


def _converted(value: Value, kind: Integer) -> Any:
    if kind == BOOL:
        return value.truth
    if value.is_truth:
        return value.term if kind == INT else choose(value.term, 1, 0, kind.width)
    if isinstance(value.term, int):
        return kind.wrap(value.term)
    have = value.width
    if have < kind.width and isinstance(value.kind, Integer) and value.kind.signed:
        return fold_number(z3.SignExt(kind.width - have, value.term), kind)
    return fold_number(wide(value.term, kind.width), kind)


def fold_number(term: Number, kind: Integer) -> Number:
    """A number simplified; a constant in the range of its type."""
    found = fold(term)
    return kind.wrap(found) if isinstance(found, int) else found


def merge(condition: Condition, one: Value, other: Value) -> Value:
    """`one` where the condition holds, else `other`; both are of one type, as what one place holds is."""
    if one is other:
        return one
    defined = choose_condition(condition, one.defined, other.defined)
    if one.is_pointer or other.is_pointer:
        first, second = (each.pointer if each.is_pointer else NULL for each in (one, other))
        kind = one.kind if one.is_pointer else other.kind
        return Value(kind, merge_pointers(condition, first, second), defined)
    if one.is_truth and other.is_truth:
        return Value(one.kind, choose_condition(condition, one.term, other.term), defined)
    term = choose(condition, _sized(one), _sized(other), one.width)
    return Value(one.kind, term if isinstance(term, int) else fold_number(term, _integer(one)), defined)


def _integer(value: Value) -> Integer:
    assert isinstance(value.kind, Integer)
    return value.kind


def _sized(value: Value) -> Number:
    found = value.number
    return found if isinstance(found, int) else wide(found, value.width)


def merge_pointers(condition: Condition, one: Pointer, other: Pointer) -> Pointer:
    """`one` where the condition holds, else `other`. Places of one shape become one with merged indices."""
    if one is other:
        return one
    found: dict[Key | None, tuple[Condition, Place | None]] = {}
    for chosen, pointer in ((condition, one), (no(condition), other)):
        for under, place in pointer.alternatives:
            full = fold(both(chosen, under))
            if full is False:
                continue
            shape = place.shape if place is not None else None
            if shape not in found:
                found[shape] = (full, place)
            else:
                before, had = found[shape]
                found[shape] = (fold(either(before, full)), _merged_place(full, place, had))
    return Pointer(tuple(found.values()))


def _merged_place(condition: Condition, one: Place | None, other: Place | None) -> Place | None:
    if one is None or other is None or one is other:
        return other
    steps = (
        had if isinstance(step, str) else fold(choose(condition, step, had, INDEX))
        for step, had in zip(one.path, other.path, strict=True)
    )
    return Place(one.object, tuple(steps))
