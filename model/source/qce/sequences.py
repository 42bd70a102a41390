"""The different orders in which the noted steps are taken, over all paths on which a condition holds.

The statements of a step are those since the one before it that are executed on every path which takes these very steps:
what a request is and what its data are, on which the others depend, the model does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import z3

from model.source.qce.client import Event, Statement
from model.source.symbolic.terms import Condition, as_term, either, fold

MOST_ORDERS = 200  # of one request: more are no order that a version could have


@dataclass(frozen=True)
class Order:
    """Steps in the order in which some path takes them, and file:line of each; equal ones in a row are one.

    `lines`: of each step file:line of its statements, if these were asked for.
    """

    steps: tuple[str, ...]
    where: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...] = field(default=(), compare=False)

    def split(self, undoing: frozenset[str]) -> tuple[Order, Order]:
        """What was done, up to the last step that undoes nothing, and what was undone after that."""
        done = max((place + 1 for place, step in enumerate(self.steps) if step not in undoing), default=0)
        parts = (slice(done), slice(done, None))
        before, after = (Order(self.steps[part], self.where[part], self.lines[part]) for part in parts)
        return before, after


@dataclass(frozen=True, eq=False)
class _Run:
    """Steps of one name with no other between them; `first`: how many came before."""

    step: str
    conditions: tuple[Condition, ...]
    where: tuple[str, ...]
    first: int

    @property
    def taken(self) -> z3.BoolRef:
        return as_term(fold(either(*self.conditions)))

    def place(self, model: z3.ModelRef) -> str:
        """The first of the lines that is executed."""
        return next(at for at, condition in zip(self.where, self.conditions, strict=True) if _true(model, condition))

    def last(self, model: z3.ModelRef) -> int:
        """How many came before the last one that is taken."""
        return self.first + max(at for at, condition in enumerate(self.conditions) if _true(model, condition))


def orders(
    events: Iterable[Event], under: Condition, assumed: Iterable[z3.BoolRef], statements: Sequence[Statement] = ()
) -> list[Order] | None:
    """All orders of the steps on paths where a condition holds, none if it never does; None if they are too many
    or the solver gives no answer. `statements`: those of which each order is to have its own."""
    runs = _runs(events)
    solver = z3.Solver()
    solver.add(as_term(under), *assumed)
    taken = [(run, z3.Bool(f"taken {number}")) for number, run in enumerate(runs)]
    solver.add(*(name == run.taken for run, name in taken))
    found: dict[tuple[str, ...], Order] = {}
    for _ in range(MOST_ORDERS):
        answer = solver.check()
        if answer == z3.unsat:
            return list(found.values())
        if answer != z3.sat:
            return None
        model = solver.model()
        here = [(run, z3.is_true(model.eval(name, model_completion=True)), name) for run, name in taken]
        order = _collapsed([(run.step, run.place(model)) for run, yes, _ in here if yes])
        if order.steps not in found:
            solver.push()
            solver.add(*(name if yes else z3.Not(name) for _, yes, name in here))
            certain = [each for each in statements if _true(model, each.condition) and _always(solver, each)]
            ends = list(_ends(model, [run for run, yes, _ in here if yes]))
            found[order.steps] = replace(order, lines=_lines(certain, ends))
            solver.pop()
        solver.add(z3.Or(*(z3.Not(name) if yes else name for _, yes, name in here)))
    return None


def _runs(events: Iterable[Event]) -> list[_Run]:
    runs: list[_Run] = []
    for number, event in enumerate(events):
        last = runs[-1] if runs else None
        if last is not None and last.step == event.step:
            runs[-1] = replace(last, conditions=(*last.conditions, event.condition), where=(*last.where, event.where))
        else:
            runs.append(_Run(event.step, (event.condition,), (event.where,), number))
    return runs


def _collapsed(taken: list[tuple[str, str]]) -> Order:
    kept = [each for place, each in enumerate(taken) if not place or taken[place - 1][0] != each[0]]
    return Order(tuple(step for step, _ in kept), tuple(where for _, where in kept))


def _ends(model: z3.ModelRef, taken: Sequence[_Run]) -> Iterator[int]:
    """For each step of the order how many events come before its last one."""
    for place, run in enumerate(taken):
        if place + 1 == len(taken) or taken[place + 1].step != run.step:
            yield run.last(model)


def _lines(statements: Sequence[Statement], ends: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """Each statement belongs to the step that comes next, those behind the last one to it."""
    found: list[list[str]] = [[] for _ in ends]
    for each in statements:
        step = next((place for place, end in enumerate(ends) if each.before <= end), len(ends) - 1)
        if found:
            found[step].append(each.where)
    return tuple(tuple(dict.fromkeys(lines)) for lines in found)


def _always(solver: z3.Solver, statement: Statement) -> bool:
    condition = statement.condition
    return condition is True or solver.check(z3.Not(as_term(condition))) == z3.unsat


def _true(model: z3.ModelRef, condition: Condition) -> bool:
    return bool(z3.is_true(model.eval(as_term(condition), model_completion=True)))
