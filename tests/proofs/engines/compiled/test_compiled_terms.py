"""The compiled reading of a term agrees with z3's; a compiler that is wrong in one place does not."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
import z3
from chance import a_state
from compiledterms import agreed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from randomterms import BINARY, COMPARE, VARIABLES, terms

from model.language import llvm
from model.language.llvm import Instructions
from model.language.operators import UnsupportedTermError
from proofs.engines.compiled.program import Program

NAMES = (
    *("add", "sub", "mul", "and", "or", "xor", "shl", "lshr"),
    *("eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge", "distinct"),
)


def corners(width: int) -> list[int]:
    """Amounts below, at and beyond the width, and the extreme values."""
    top = (1 << width) - 1
    return sorted({0, 1, width & top, (width - 1) & top, (width + 1) & top, top, top >> 1})


def each_width(*operations: Callable[[Any, Any], Any], widths: Sequence[int] = range(1, 65)) -> None:
    """Fail unless some operators agree at each width."""
    variables = {f"{letter}{width}": width for width in widths for letter in "ab"}
    pairs = [(z3.BitVec(f"a{width}", width), z3.BitVec(f"b{width}", width)) for width in widths]
    values = {width: corners(width) for width in widths}
    states = []
    for one, other in product(range(7), repeat=2):
        a = {f"a{width}": item[one % len(item)] for width, item in values.items()}
        states.append(a | {f"b{width}": item[other % len(item)] for width, item in values.items()})
    agreed([operation(a, b) for operation in operations for a, b in pairs], states, variables)


@pytest.mark.parametrize("operation", (*BINARY, *COMPARE), ids=NAMES)
def test_each_operator_at_each_width(operation: Callable[[Any, Any], Any]) -> None:
    each_width(operation)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(terms(), min_size=1, max_size=6), st.integers(0, 2**32))
def test_random_terms(some: list[Any], seed: int) -> None:
    rng = random.Random(seed)
    agreed([*some, *map(z3.simplify, some)], [a_state(rng, VARIABLES) for _ in range(6)], VARIABLES)


def structure() -> None:
    """Fail unless the operators that take words apart and put them together, and those of logic, agree."""
    a, b, p, q = z3.BitVec("w9a", 9), z3.BitVec("w7b", 7), z3.Bool("p"), z3.Bool("q")
    some = [
        *(z3.Extract(8, 3, a), z3.Extract(2, 0, a), z3.Extract(8, 0, a), z3.ZeroExt(55, a), z3.Concat(a, b, a)),
        *(-a, ~a, z3.If(p, a, a + 1), z3.If(p, q, z3.Not(q)), z3.Implies(p, q), z3.Xor(p, q), z3.Not(p), p == q),
        *(z3.And(p, q, a == 0), z3.Or(p, q, a == 0), z3.And(), z3.Or(), z3.simplify(a * a * a), a - a - 1),
    ]
    rng = random.Random(3)
    variables = {"w9a": 9, "w7b": 7, "p": 0, "q": 0}
    agreed(some, [a_state(rng, variables) for _ in range(40)], variables)


def test_structure() -> None:
    structure()


def test_what_has_no_reading_is_refused() -> None:
    a, b, c = z3.BitVecs("a b c", 4)
    for term in (a / b, z3.SignExt(2, a), z3.RotateLeft(a, 1), z3.URem(a, b), z3.Distinct(a, b, c)):
        with pytest.raises(UnsupportedTermError):
            Instructions(lambda body, name: "%x").visit(term)
    with pytest.raises(UnsupportedTermError):
        llvm.type_of(65)


# A compiler that is wrong in one place.


Mutation = Callable[[pytest.MonkeyPatch], None]


def said_otherwise(table: dict[int, str], kind: int, instruction: str) -> Mutation:
    """An operator has another instruction."""
    return lambda patch: patch.setitem(table, kind, instruction)


def with_method(name: str, make: Callable[[Any], Any], owner: type = Instructions) -> Mutation:
    """A method of the compiler does something else, made from what it does."""
    return lambda patch: patch.setattr(owner, name, make(getattr(owner, name)))


def bare_shift(operation: Any) -> Any:
    """A shift is its instruction alone."""

    def shifts(self: Any, kind: int, width: int, args: list[str], widths: list[int], parameters: Any) -> Any:
        if kind in llvm.SHIFTS:
            return self.put(f"{llvm.SHIFTS[kind]} {llvm.type_of(width)} {args[0]}, {args[1]}")
        return operation(self, kind, width, args, widths, parameters)

    return shifts


MUTATIONS: dict[str, Mutation] = {
    "a shift by what the word does not have": with_method("operation", bare_shift),
    "left for right": said_otherwise(llvm.SHIFTS, z3.Z3_OP_BLSHR, "shl"),
    "arithmetic for logical": said_otherwise(llvm.SHIFTS, z3.Z3_OP_BLSHR, "ashr"),
    "signed less": said_otherwise(llvm.BINARY, z3.Z3_OP_UGT, "icmp sgt"),
    "signed less or equal": said_otherwise(llvm.BINARY, z3.Z3_OP_ULEQ, "icmp sle"),
    "less for less or equal": said_otherwise(llvm.BINARY, z3.Z3_OP_ULEQ, "icmp ult"),
    "or for exclusive or": said_otherwise(llvm.BINARY, z3.Z3_OP_BXOR, "or"),
    "a value taken from the wrong place": with_method(
        "part", lambda part: lambda self, value, before, low, width: part(self, value, before, max(low - 1, 0), width)
    ),
    "a value put in the wrong place": with_method(
        "placed", lambda placed: lambda self, value, before, low, width: placed(self, value, before, 0, width)
    ),
    "a missed mask": with_method(
        "_step",
        lambda step: lambda *args: step(*args)._replace(kept=np.full(args[-1].words, 2**64 - 1, np.uint64)),
        Program,
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_compiler_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    structure()
    MUTATIONS[name](monkeypatch)
    with pytest.raises(AssertionError):
        each_width(lambda a, b: a << b, z3.LShR, z3.UGT, z3.ULE, lambda a, b: a ^ b, widths=(1, 3, 8, 33, 64))
        structure()
