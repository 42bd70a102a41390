"""Which statements of a tree's client a step of a trace executes: those of every request that takes these very steps.

The model's requests are of no type: told are the lines of the first type, skcipher before others, that takes the steps
of the axis. A step that fails has none of its own, they are those of the step after it. A tree whose client takes other
steps than the row has no lines.
"""

from __future__ import annotations

from functools import cached_property

from model.client import Program as Steps
from model.client import steps_of
from model.context import Context
from model.source.qce.programs import Driver, Program, execute, read_client
from model.source.qce.sequences import Order
from model.source.tree import SourceError, SourceTree


class ClientLines:
    """The lines behind the steps of the client of a row."""

    def __init__(self, ctx: Context, tree: SourceTree) -> None:
        self._ctx, self._tree = ctx, tree
        self._programs: dict[str, Program] = {}
        self._places: dict[str, tuple[str, int]] = {}
        if ctx.workload.client == "qce" and not ctx.sps:
            steps, known = Steps.of(ctx), steps_of(ctx)
            for position, step in enumerate(steps.steps):
                if (place := steps.place(position)) is not None:
                    self._places[known[step][0] + steps.suffix(position)] = place

    def at(self, name: str) -> list[str]:
        """file:line of the statements of an action; none for what is no step, or fails. Raises SourceError."""
        if name not in self._places:
            return []
        axis, number = self._places[name]
        return self._of_axis(axis)[number]

    def _of_axis(self, axis: str) -> list[list[str]]:
        row, first = tuple(self._ctx.axes[axis]), ""
        for algorithm in self._algorithms:
            program = self._program(algorithm)
            same = [order for order in program.orders[axis] if order.steps == row]
            if same:
                return _common(same)
            took = next((order.steps for order in program.orders[axis]), None)
            first = first or (f"{program.where}: in C {axis} is {' '.join(took)}" if took is not None else "")
        raise SourceError(first or f"{self._tree}: no request fails as {axis} says")

    @cached_property
    def _algorithms(self) -> list[str]:
        return sorted(self._driver.algorithms, reverse=True)

    @cached_property
    def _driver(self) -> Driver:
        return read_client(self._tree)

    def _program(self, algorithm: str) -> Program:
        if algorithm not in self._programs:
            self._programs[algorithm] = execute(self._driver, algorithm, lines=True)
        return self._programs[algorithm]


def _common(orders: list[Order]) -> list[list[str]]:
    """Of each step the lines that it has in all of some orders of the same steps."""
    first, *others = orders
    return [
        [line for line in lines if all(line in other.lines[place] for other in others)]
        for place, lines in enumerate(first.lines)
    ]
