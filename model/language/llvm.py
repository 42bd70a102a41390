"""The terms of a transition system as LLVM IR: the third reading beside NumPy's and plain Python's, from the same walk.

A value of n bits is an `in`, a Boolean an `i1`, so that LLVM itself drops what does not fit. z3 defines a shift by more
bits than the word has, LLVM does not; that is the one place where an operator is more than its instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import z3

from model.language.operators import UnsupportedTermError
from model.language.terms import Walk, in_order

BINARY: dict[int, str] = {
    z3.Z3_OP_BADD: "add",
    z3.Z3_OP_BSUB: "sub",
    z3.Z3_OP_BMUL: "mul",
    z3.Z3_OP_BAND: "and",
    z3.Z3_OP_BOR: "or",
    z3.Z3_OP_BXOR: "xor",
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_XOR: "xor",
    z3.Z3_OP_EQ: "icmp eq",
    z3.Z3_OP_IFF: "icmp eq",
    z3.Z3_OP_DISTINCT: "icmp ne",
    z3.Z3_OP_ULEQ: "icmp ule",
    z3.Z3_OP_UGEQ: "icmp uge",
    z3.Z3_OP_ULT: "icmp ult",
    z3.Z3_OP_UGT: "icmp ugt",
    z3.Z3_OP_SLEQ: "icmp sle",
    z3.Z3_OP_SGEQ: "icmp sge",
    z3.Z3_OP_SLT: "icmp slt",
    z3.Z3_OP_SGT: "icmp sgt",
}
SHIFTS: dict[int, str] = {z3.Z3_OP_BSHL: "shl", z3.Z3_OP_BLSHR: "lshr"}


def type_of(width: int) -> str:
    """The LLVM type of a value of `width` bits, 0 for a Boolean; raises UnsupportedTermError beyond 64."""
    if width > 64:
        raise UnsupportedTermError(f"no machine word holds {width} bits; split the variable")
    return f"i{width or 1}"


class Instructions(Walk[str]):
    """Instructions of one basic block, in `lines`; a term's name is a register or a literal.

    `load`: the instructions' name for a variable's value, made by `put` where it has to be fetched. The same terms give
    the same lines in any run, so that what was compiled once can be found again.
    """

    arguments = staticmethod(in_order)

    def __init__(self, load: Callable[[Instructions, str], str]) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._load = load

    def put(self, instruction: str) -> str:
        """The register that takes an instruction's result."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {instruction}")
        return name

    def variable(self, name: str) -> str:
        """The register that has a variable's value."""
        return self._load(self, name)

    def constant(self, width: int, value: int) -> str:
        """A literal."""
        return str(value) if width else ("true" if value else "false")

    def operation(self, kind: int, width: int, args: list[str], widths: list[int], parameters: tuple[int, ...]) -> str:
        """The register that has an operator's result; raises UnsupportedTermError."""
        if not args:  # `And()` is true, `Or()` is false
            return "true" if kind == z3.Z3_OP_AND else "false"
        if kind in BINARY:
            if kind == z3.Z3_OP_DISTINCT and len(args) > 2:
                raise UnsupportedTermError("Distinct of more than two terms; write the pairs")
            start = f"{BINARY[kind]} {type_of(widths[0])}"
            return reduce(lambda left, right: self.put(f"{start} {left}, {right}"), args)
        of = type_of(width)
        if kind in SHIFTS:
            moved = self.put(f"{SHIFTS[kind]} {of} {args[0]}, {args[1]}")
            inside = self.put(f"icmp ult {of} {args[1]}, {width}")
            return self.put(f"select i1 {inside}, {of} {moved}, {of} 0")
        if kind == z3.Z3_OP_ITE:
            return self.put(f"select i1 {args[0]}, {of} {args[1]}, {of} {args[2]}")
        if kind in (z3.Z3_OP_NOT, z3.Z3_OP_BNOT):
            return self.put(f"xor {of} {args[0]}, -1")
        if kind == z3.Z3_OP_IMPLIES:
            return self.put(f"select i1 {args[0]}, i1 {args[1]}, i1 true")
        if kind == z3.Z3_OP_BNEG:
            return self.put(f"sub {of} 0, {args[0]}")
        if kind == z3.Z3_OP_EXTRACT:
            return self.part(args[0], widths[0], parameters[1], width)
        if kind == z3.Z3_OP_ZERO_EXT:
            return self.placed(args[0], widths[0], 0, width)
        if kind == z3.Z3_OP_CONCAT:
            return self._joined(width, args, widths)
        raise UnsupportedTermError(f"no reading for z3 operator kind {kind}")

    def part(self, value: str, before: int, low: int, width: int) -> str:
        """The `width` bits (0: a Boolean) of a value of `before` bits from bit `low` on."""
        if low:
            value = self.put(f"lshr {type_of(before)} {value}, {low}")
        return value if before == (width or 1) else self.put(f"trunc {type_of(before)} {value} to {type_of(width)}")

    def placed(self, value: str, before: int, low: int, width: int) -> str:
        """A value of `before` bits (0: a Boolean) as one of `width` bits, from bit `low` on, zero elsewhere."""
        if type_of(before) != type_of(width):
            value = self.put(f"zext {type_of(before)} {value} to {type_of(width)}")
        return self.put(f"shl {type_of(width)} {value}, {low}") if low else value

    def _joined(self, width: int, args: Sequence[str], widths: Sequence[int]) -> str:
        low, parts = 0, []
        for value, size in zip(reversed(args), reversed(widths), strict=True):
            parts.append(self.placed(value, size, low, width))
            low += size
        return reduce(lambda left, right: self.put(f"or {type_of(width)} {left}, {right}"), parts)
