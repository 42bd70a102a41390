"""The different orders in which the noted steps are taken, over all paths on which a condition holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import z3

from model.source.qce.client import Event
from model.source.symbolic.terms import Condition, as_term, either, fold

MOST_ORDERS = 200  # of one request: more are no order that a version could have


@dataclass(frozen=True)
class Order:
    """Steps in the order in which some path takes them, and file:line of each; equal ones in a row are one."""

    steps: tuple[str, ...]
    where: tuple[str, ...]

    def split(self, undoing: frozenset[str]) -> tuple[Order, Order]:
        """What was done, up to the last step that undoes nothing, and what was undone after that."""
        done = max((place + 1 for place, step in enumerate(self.steps) if step not in undoing), default=0)
        return Order(self.steps[:done], self.where[:done]), Order(self.steps[done:], self.where[done:])


@dataclass(frozen=True, eq=False)
class _Run:
    """Steps of one name with no other between them."""

    step: str
    conditions: tuple[Condition, ...]
    where: tuple[str, ...]

    @property
    def taken(self) -> z3.BoolRef:
        return as_term(fold(either(*self.conditions)))

    def place(self, model: z3.ModelRef) -> str:
        """The first of the lines that is executed."""
        return next(
            at
            for at, condition in zip(self.where, self.conditions, strict=True)
            if z3.is_true(model.eval(as_term(condition), model_completion=True))
        )


def orders(events: Iterable[Event], under: Condition, assumed: Iterable[z3.BoolRef]) -> list[Order] | None:
    """All orders of the steps on paths where a condition holds, none if it never does; None if they are too many
    or the solver gives no answer."""
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
        found.setdefault(order.steps, order)
        solver.add(z3.Or(*(z3.Not(name) if yes else name for _, yes, name in here)))
    return None


def _runs(events: Iterable[Event]) -> list[_Run]:
    runs: list[_Run] = []
    for event in events:
        last = runs[-1] if runs else None
        if last is not None and last.step == event.step:
            runs[-1] = _Run(last.step, (*last.conditions, event.condition), (*last.where, event.where))
        else:
            runs.append(_Run(event.step, (event.condition,), (event.where,)))
    return runs


def _collapsed(taken: list[tuple[str, str]]) -> Order:
    kept = [each for place, each in enumerate(taken) if not place or taken[place - 1][0] != each[0]]
    return Order(tuple(step for step, _ in kept), tuple(where for _, where in kept))
