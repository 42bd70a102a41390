"""What an exploration has found: the states, the transitions, and where each target is hit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from counterexamples.minimal import Edge, shortest_path_edges
from model.language.concrete import Layout

NUMPY, COMPILED = "NumPy", "compiled"


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

    `farther`: for an exploration with slack all hits by depth, the nearest first. `asked`: the names of all targets.
    `reading`: what computed the states, `NUMPY` or `COMPILED`.
    """

    layout: Layout
    states: np.ndarray
    level: tuple[int, ...]
    edges: Edges
    hits: Mapping[str, Hit]
    exceeded: tuple[str, ...]
    complete: bool
    farther: Mapping[str, tuple[Hit, ...]] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    reading: str = NUMPY

    @property
    def depth(self) -> int:
        """The distance of the farthest state."""
        return len(self.level) - 2

    def number_of_transitions(self) -> int:
        """How many transitions were computed."""
        return len(self.edges.source)

    def onward(self, goals: Sequence[int]) -> dict[int, list[Edge]]:
        """By state the edges that lie on a shortest path to one of some states, which are at one distance."""
        edges = self.edges
        return shortest_path_edges(edges.source, edges.action, edges.destination, self.level, goals)

    def figures(self) -> dict[str, int | list[str]]:
        """What identifies a whole exploration: states, transitions, depth in steps, capacities that were exceeded."""
        row: dict[str, int | list[str]] = {
            "states": self.states.shape[1],
            "transitions": self.number_of_transitions(),
            "depth": self.depth,
        }
        return row | ({"exceeded": list(self.exceeded)} if self.exceeded else {})
