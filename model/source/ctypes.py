"""C's types, as far as drivers compute with them, on a 64-bit little-endian machine (LP64).

Left out, and why no property can see it: floating point and bit-fields, which are refused where they are met; `const`
and `volatile`; alignment attributes, as nothing here computes addresses from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Integer:
    """An integer of `width` bits; `_Bool` has one bit, and takes a byte."""

    width: int
    signed: bool

    @property
    def least(self) -> int:
        """The smallest value."""
        return -(1 << (self.width - 1)) if self.signed else 0

    def wrap(self, value: int) -> int:
        """The value that a store of `value` leaves: modulo the width; for `_Bool` whether it is not 0."""
        if self.width == 1:
            return int(value != 0)
        low = value & ((1 << self.width) - 1)
        return low - (1 << self.width) if self.signed and low >> (self.width - 1) else low


@dataclass(frozen=True)
class PointerTo:
    """A pointer to something of the type `target`."""

    target: CType


@dataclass(frozen=True)
class Array:
    """`length` elements, None for a flexible array member."""

    element: CType
    length: int | None


@dataclass(frozen=True)
class Struct:
    """The struct or union with that tag; its members are in the `Unit`."""

    tag: str


@dataclass(frozen=True)
class Function:
    """A function that returns `result`."""

    result: CType


@dataclass(frozen=True)
class Void:
    """`void`."""


CType: TypeAlias = Integer | PointerTo | Array | Struct | Function | Void

BOOL = Integer(1, False)
INT, UNSIGNED = Integer(32, True), Integer(32, False)
LONG, UNSIGNED_LONG = Integer(64, True), Integer(64, False)
CHAR_POINTER = PointerTo(Integer(8, True))
VOID_POINTER = PointerTo(Void())

_WORDS: dict[str, CType] = {
    "char": Integer(8, True),
    "short": Integer(16, True),
    "int": INT,
    "long": LONG,
    "_Bool": BOOL,
    "void": Void(),
}


def named(words: tuple[str, ...]) -> CType | None:
    """The type that keywords such as `unsigned long long` name; None for other names."""
    signs = [word for word in words if word in ("signed", "unsigned")]
    rest = [word for word in words if word not in signs]
    if len(rest) > 1:
        rest = [word for word in rest if word != "int"]
    base = "long" if rest and set(rest) == {"long"} else (rest[0] if len(rest) == 1 else "" if rest else "int")
    found = _WORDS.get(base)
    if isinstance(found, Integer) and "unsigned" in signs:
        return Integer(found.width, False)
    return found


def promoted(kind: Integer) -> Integer:
    """What an operand of arithmetic becomes: `int` if it is narrower."""
    return INT if kind.width < INT.width else kind


def common(one: Integer, other: Integer) -> Integer:
    """The type in which two operands are computed (C11 6.3.1.8)."""
    one, other = promoted(one), promoted(other)
    width = max(one.width, other.width)
    return Integer(width, all(kind.signed for kind in (one, other) if kind.width == width))
