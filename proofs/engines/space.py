"""What an exploration has found: the states, the transitions, and where each target is hit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from counterexamples.minimal import Edge, shortest_path_edges
from model.language.concrete import Layout

NUMPY, COMPILED = "NumPy", "compiled"
CHUNK = 1 << 13  # states at once: a chunk stays in the processor's cache, and levels have enough for all cores
Transitions = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Some transitions: the states before, the actions, the states after."""


@dataclass(frozen=True)
class Edges:
    """All transitions: source and destination are state numbers, `action` an index into the system's actions."""

    source: np.ndarray
    action: np.ndarray
    destination: np.ndarray

    def only(self, kept: np.ndarray) -> Edges:
        """Some of them."""
        return Edges(self.source[kept], self.action[kept], self.destination[kept])


class Outgoing:
    """Some transitions by their source: those of state n are at `first[n]` to below `first[n + 1]`, in given order.

    `order`: the place of each among those given, so that any array about these can be sorted alike.
    """

    def __init__(self, states: int, edges: Edges) -> None:
        self.order = np.argsort(edges.source, kind="stable")
        self.action, self.destination = edges.action[self.order], edges.destination[self.order]
        self.first = np.searchsorted(edges.source[self.order], np.arange(states + 1))


@dataclass(frozen=True)
class Hit:
    """Where a target is first hit: the states of that breadth-first level, and the firing action's index or None."""

    depth: int
    last: tuple[tuple[int, int | None], ...]


@dataclass(frozen=True)
class Space:
    """The reachable state space. `level[i]` is the first number of a state at distance i; one more entry ends it.

    `kept`: the transitions, None if they were not kept; then `again` computes those from a chunk of the states that
    were expanded, given as first number and end. `transitions`: how many were computed.
    `farther`: for an exploration with slack all hits by depth, the nearest first. `asked`: the names of all targets.
    `reading`: what computed the states, `NUMPY` or `COMPILED`.
    """

    layout: Layout
    states: np.ndarray
    level: tuple[int, ...]
    kept: Edges | None
    hits: Mapping[str, Hit]
    exceeded: tuple[str, ...]
    complete: bool
    farther: Mapping[str, tuple[Hit, ...]]
    asked: frozenset[str]
    reading: str
    transitions: int
    again: Callable[[int, int], Transitions] | None

    @property
    def depth(self) -> int:
        """The distance of the farthest state."""
        return len(self.level) - 2

    @cached_property
    def edges(self) -> Edges:
        """All transitions from the states that were expanded: in a complete exploration all, else but for the last
        level; computed again if they were not kept."""
        if self.kept is not None:
            return self.kept
        batches = [(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int64))]
        for depth in range(self.depth + self.complete):
            batches += self._from_level(depth)
        source, action, destination = (np.concatenate(column) for column in zip(*batches, strict=True))
        return Edges(source, action, destination)

    def _from_level(self, depth: int) -> Iterator[Transitions]:
        low, high = self.level[depth], self.level[depth + 1]
        if self.kept is not None:
            first, end = np.searchsorted(self.kept.source, (low, high))
            yield self.kept.source[first:end], self.kept.action[first:end], self.kept.destination[first:end]
        elif self.again is not None:
            for first in range(low, high, CHUNK):
                yield self.again(first, min(first + CHUNK, high))

    def onward(self, goals: Sequence[int]) -> dict[int, list[Edge]]:
        """By state the edges that lie on a shortest path to one of some states, which are at one distance."""
        return shortest_path_edges(self._from_level, self.level, goals)

    def figures(self) -> dict[str, int | list[str]]:
        """What identifies a whole exploration: states, transitions, depth in steps, capacities that were exceeded."""
        row: dict[str, int | list[str]] = {
            "states": self.states.shape[1],
            "transitions": self.transitions,
            "depth": self.depth,
        }
        return row | ({"exceeded": list(self.exceeded)} if self.exceeded else {})
