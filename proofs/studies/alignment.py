"""The execution of another version that is nearest to a trace: as few steps as can be are left out or put in.

Versions do the same things in another order, so the steps of one version's trace are soon not possible on another.
Among all executions of the other version that go along with the trace one is chosen for which the number of other
steps that are put in, and of the trace's steps that are left out, each counted three times, is the smallest. What had
to be put in before a step is what the other version has in its way, and the guard that fails without it says why.

The reachable states are exhausted; then for each step of the trace a breadth-first search over the graph says at which
cost each state can be reached with that much of the trace behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.context import Protocol
from model.language.concrete import holds
from proofs.engines import Target
from proofs.engines.cone import behaviour_cone, observe
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space

TAKEN, PUT_IN, LEFT_OUT = "taken", "put in", "left out"
COST_LEFT_OUT = 3  # in steps put in: rather wait for what a step needs than do without it


@dataclass(frozen=True)
class Aligned:
    """One line: an action, whether it is `TAKEN`, `PUT_IN` or `LEFT_OUT`, its number in the trace if it is of it.

    `failing`: of a step of the trace that could not be taken at once, the guards that failed.
    """

    action: str
    how: str
    number: int | None
    failing: tuple[str, ...] = ()


def align(protocol: Protocol, path: Sequence[str]) -> list[Aligned]:
    """The nearest execution to a path of action names; what the version does after the last taken step is not part.

    It is sought on the part of the system that some guard reads, which admits the same executions as the whole.
    """
    part = replace(protocol, system=observe(protocol.system, behaviour_cone(protocol.system, Target())))
    space = Explorer(part.system).explore({})
    return _with_guards(part, space, _Search(part, space, path).moves())


@dataclass(frozen=True)
class _Move:
    """A way to go on: `how`, the action, the state before it, and how much of the path is behind after it."""

    how: str
    action: str
    state: int
    behind: int


class _Search:
    """Costs of all states for each number of steps of the path that are behind, then the cheapest way back."""

    def __init__(self, protocol: Protocol, space: Space, path: Sequence[str]) -> None:
        self.path = list(path)
        self.names = [action.name for action in protocol.system.actions]
        self.edges = space.edges
        self.count = space.states.shape[1]
        self.never = np.iinfo(np.int32).max // 2
        first = np.full(self.count, self.never, dtype=np.int32)
        first[0] = 0
        self.costs = [self._with_put_in(first)]
        for name in self.path:
            self.costs.append(self._with_put_in(self._after(name, self.costs[-1])))

    def _of(self, name: str) -> np.ndarray:
        if name not in self.names:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.edges.action == self.names.index(name))

    def _after(self, name: str, costs: np.ndarray) -> np.ndarray:
        """The costs once a step of the path is taken, at no cost, or left out."""
        result = costs + COST_LEFT_OUT
        chosen = self._of(name)
        np.minimum.at(result, self.edges.destination[chosen], costs[self.edges.source[chosen]])
        return result

    def _with_put_in(self, costs: np.ndarray) -> np.ndarray:
        """The costs if any steps may be put in, each at the cost of one."""
        result = costs.copy()
        while True:
            before = result.copy()
            np.minimum.at(result, self.edges.destination, result[self.edges.source] + 1)
            if np.array_equal(before, result):
                return result

    def moves(self) -> list[_Move]:
        """The cheapest way, from the initial state on; of equally cheap ways one that takes steps late in the path."""
        behind = len(self.path)
        state = int(self.costs[behind].argmin())
        found: list[_Move] = []
        while behind or state:
            move = self._into(state, behind)
            found.insert(0, move)
            state, behind = move.state, move.behind - (move.how != PUT_IN)
        return found

    def _into(self, state: int, behind: int) -> _Move:
        cost = self.costs[behind][state]
        into = np.flatnonzero(self.edges.destination == state)
        if behind:
            name, before = self.path[behind - 1], self.costs[behind - 1]
            for edge in into[np.isin(into, self._of(name))]:
                if before[self.edges.source[edge]] == cost:
                    return _Move(TAKEN, name, int(self.edges.source[edge]), behind)
            if before[state] + COST_LEFT_OUT == cost:
                return _Move(LEFT_OUT, name, state, behind)
        for edge in into:
            if self.costs[behind][self.edges.source[edge]] + 1 == cost:
                return _Move(PUT_IN, self.names[self.edges.action[edge]], int(self.edges.source[edge]), behind)
        raise AssertionError("every cost but that of the start comes from somewhere")


def _with_guards(protocol: Protocol, space: Space, moves: Sequence[_Move]) -> list[Aligned]:
    """The lines up to the end of the path, each step of it with the guards that were in its way."""
    lines: list[Aligned] = []
    waiting: tuple[int, int] | None = None  # for which step something was put in, and from which state on
    for move in moves:
        number = None if move.how == PUT_IN else move.behind
        failing: tuple[str, ...] = ()
        if move.how == PUT_IN:
            waiting = waiting or (move.behind + 1, move.state)
        else:
            state = waiting[1] if waiting is not None and waiting[0] == move.behind else move.state
            failing = _failing(protocol, space, move.action, state)
            waiting = None
        lines.append(Aligned(move.action, move.how, number, failing))
    while lines and lines[-1].how == PUT_IN:
        lines.pop()
    return lines


def _failing(protocol: Protocol, space: Space, name: str, number: int) -> tuple[str, ...]:
    action = next((item for item in protocol.system.actions if item.name == name), None)
    if action is None:
        return ("this version has no such step",)
    state = space.layout.unpack(space.states[:, number])
    return tuple(why for why, term in action.guard.items() if not holds(term, state))
