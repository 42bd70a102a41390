"""Conditions and numbers that are Python's where they are constant and z3's where they are not, and which can hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import z3

Condition: TypeAlias = Any  # a bool, or a z3 Boolean: z3 ships no type information
Number: TypeAlias = Any  # an int, or a z3 bit-vector
Noted: TypeAlias = dict[int, list[tuple[frozenset[int], tuple[Condition, ...]]]]
"""By the number of a condition the paths on which something is known of it: their conditions' numbers, and all terms,
which so are kept alive, and their numbers theirs."""

EXAMPLES = 64  # that are looked at before a solver is asked


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


def bit_blasting() -> z3.Solver:
    """A new solver for bit-vectors: for questions as they come here, far faster than one that is kept."""
    return z3.Then("simplify", "bit-blast", "aig", "sat").solver()


class Facts:
    """What is assumed of terms, and what was found out under that; it can only become more.

    `premises`: what was assumed at first; `assumed`: all by now.
    """

    def __init__(self, premises: Iterable[z3.BoolRef]) -> None:
        self.premises = tuple(premises)
        self.assumed = list(self.premises)
        self._answers: dict[int, tuple[z3.BoolRef, bool]] = {}
        self._refuted: Noted = {}
        self._held: Noted = {}
        self._examples: list[z3.ModelRef] = []

    def assume(self, term: z3.BoolRef) -> None:
        """Assume it from here on: what cannot hold still cannot, what can is asked anew."""
        self.assumed.append(term)
        self._answers = {key: answer for key, answer in self._answers.items() if not answer[1]}
        self._held.clear()
        self._examples = [one for one in self._examples if z3.is_true(one.eval(term, model_completion=True))]

    def possible(self, path: Sequence[Condition], reached: Condition, conditions: Sequence[Condition]) -> list[bool]:
        """For each condition whether it can hold where all of a path hold; `reached`: these as one."""
        wholes = [fold(both(reached, condition)) for condition in conditions]
        asked: dict[int, tuple[z3.BoolRef, Condition]] = {}
        for whole, condition in zip(wholes, conditions, strict=True):
            if not isinstance(whole, bool) and whole.get_id() not in self._answers:
                asked[whole.get_id()] = whole, condition
        parts = _numbers(path)
        before = {key for key, (_, condition) in asked.items() if _noted(self._refuted, parts, condition)}
        open_ones = [key for key in asked if key not in before]
        answers = dict(zip(open_ones, self.satisfiable([asked[key][0] for key in open_ones]), strict=True))
        for key, (whole, condition) in asked.items():
            self._answers[key] = whole, answers.get(key, False)
            if answers.get(key) is False and not isinstance(condition, bool):
                self._refuted.setdefault(condition.get_id(), []).append((parts, (condition, *path)))
        return [one if isinstance(one, bool) else self._answers[one.get_id()][1] for one in wholes]

    def plausible(self, path: Sequence[Condition], reached: Condition, conditions: Sequence[Condition]) -> list[bool]:
        """As `possible`, but that one which can hold on a part of the path cannot any more on all of it is not seen."""
        parts = _numbers(path)
        held = [_noted(self._held, parts, condition) for condition in conditions]
        answers = iter(
            self.possible(path, reached, [one for one, known in zip(conditions, held, strict=True) if not known])
        )
        found = [known or next(answers) for known in held]
        for condition, known, can in zip(conditions, held, found, strict=True):
            if can and not known and not isinstance(condition, bool):
                self._held.setdefault(condition.get_id(), []).append((parts, (condition, *path)))
        return found

    def satisfiable(self, conditions: Sequence[z3.BoolRef]) -> list[bool]:
        """For each condition whether it can hold, or that is not known.

        First in the examples that were found before; then all that are left are asked for as one, again and again
        without those that hold in what is found: most of the time none of them can.
        """
        left = [one for one in conditions if not z3.is_false(one)]
        # those that were of use last are most likely to be again, and to look at all of them takes longer than to ask
        for example in self._examples[: -EXAMPLES - 1 : -1]:
            if not left:
                break
            rest = _not_in(example, left)
            if len(rest) < len(left):
                self._examples.remove(example)
                self._examples.append(example)
            left = rest
        while left:
            solver = bit_blasting()
            solver.add(*self.assumed, either(*left))
            found = solver.check()
            if found == z3.unsat:
                break
            rest = []
            if found == z3.sat:
                self._examples.append(solver.model())
                rest = _not_in(self._examples[-1], left)
            left = rest
        never = {one.get_id() for one in left}
        return [not z3.is_false(one) and one.get_id() not in never for one in conditions]


def _numbers(path: Sequence[Condition]) -> frozenset[int]:
    return frozenset(one.get_id() for one in path if not isinstance(one, bool))


def _noted(known: Noted, parts: frozenset[int], condition: Condition) -> bool:
    """Whether something is known of a condition on a path that is a part of this one, given its numbers."""
    if isinstance(condition, bool):
        return False
    return any(before <= parts for before, _ in known.get(condition.get_id(), ()))


def _not_in(example: z3.ModelRef, conditions: Sequence[z3.BoolRef]) -> list[z3.BoolRef]:
    return [one for one in conditions if not z3.is_true(example.eval(one, model_completion=True))]


def written(terms: Sequence[z3.ExprRef]) -> str:
    """Terms as text in SMT-LIB 2, from which `reread` makes them again."""
    solver = z3.Solver()
    for number, term in enumerate(terms):
        solver.add(_named(number, term) == term)
    text: str = solver.to_smt2()
    return text


def reread(text: str) -> list[z3.ExprRef]:
    """The terms that were written."""
    found = []
    for number, equation in enumerate(z3.parse_smt2_string(text)):
        left, right = equation.children()  # which z3 may have exchanged
        found.append(right if left.eq(_named(number, left)) else left)
    return found


def _named(number: int, like: z3.ExprRef) -> z3.ExprRef:
    return z3.Const(f"term {number}", like.sort())
