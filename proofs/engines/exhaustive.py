"""Every reachable state, breadth first, with NumPy: exact distances, complete verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import z3

from model.language.concrete import Code, Layout
from model.language.system import Action, TransitionSystem
from proofs.engines import Target
from proofs.engines.states import StateSet


@dataclass(frozen=True)
class Edges:
    """All transitions: source and destination are state numbers, `action` an index into the system's actions."""

    source: np.ndarray
    action: np.ndarray
    destination: np.ndarray


@dataclass(frozen=True)
class Hit:
    """Where a target is first hit: the states of that breadth-first level, and the firing action's index or None."""

    depth: int
    last: tuple[tuple[int, int | None], ...]


@dataclass(frozen=True)
class Space:
    """The reachable state space. `level[i]` is the first number of a state at distance i; one more entry ends it.

    `farther`: for an exploration with slack all hits by depth, the nearest first. `asked`: the names of all targets.
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

    @property
    def depth(self) -> int:
        """The distance of the farthest state."""
        return len(self.level) - 2

    def number_of_transitions(self) -> int:
        """How many transitions were computed."""
        return len(self.edges.source)


class _Compiled:
    """An action, ready to be computed: when it can fire, and what it does."""

    def __init__(self, action: Action, until: Target | None) -> None:
        over = z3.BoolVal(False) if until is None else z3.Or(until.state, until.firing(action))
        self.enabled = Code([z3.simplify(z3.And(action.enabled, z3.Not(over)))], vector=True)
        self.names = tuple(action.updates)
        self.updates = Code(list(action.updates.values()), vector=True)


class _Predicate:
    """A target, ready to be computed: one row for the state condition, one for each action that can hit it."""

    def __init__(self, system: TransitionSystem, target: Target) -> None:
        rows: list[tuple[int | None, object]] = [(None, z3.simplify(target.state))]
        rows += [(index, target.firing(action)) for index, action in enumerate(system.actions)]
        kept = [(index, term) for index, term in rows if not z3.is_false(term)]
        self.actions = tuple(index for index, _ in kept)
        self.code = Code([term for _, term in kept], vector=True)


class _Columns:
    """Variables of packed states as columns, computed when first asked for."""

    def __init__(self, layout: Layout, packed: np.ndarray) -> None:
        self._layout, self._packed = layout, packed
        self._cache: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._cache:
            self._cache[name] = self._layout.column(self._packed, name)
        return self._cache[name]


CHUNK = 1 << 15  # states at once: the columns of a chunk stay in the processor's cache


class Explorer:
    """Explores one system; `explore` answers for all targets in one pass.

    `until`: executions end where they first hit this target, so that each of its hits is an execution's first.
    """

    def __init__(self, system: TransitionSystem, until: Target | None = None) -> None:
        self.system = system
        self.layout = Layout(system.variables)
        self._compiled = [_Compiled(action, until) for action in system.actions]

    def explore(
        self,
        targets: Mapping[str, Target],
        stop_early: bool = False,
        slack: int = 0,
        beside: Mapping[str, Target] | None = None,
    ) -> Space:
        """Exhaust the system, or with `stop_early` only until every target is hit; `complete` tells which.

        `slack`: look for hits that are up to so many steps farther away than the nearest, too. `beside`: further
        targets, under names of their own, that are looked for in whatever is explored.
        """
        asked = {**targets, **(beside or {})}
        predicates = {name: _Predicate(self.system, target) for name, target in asked.items()}
        overflow = {key: Code([self.system.overflow(key)], vector=True) for key in self.system.capacities()}
        found = StateSet(self.layout.words)
        found.insert(self.layout.pack(self.system.initial))
        levels, edges = [0], [(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int64))]
        hits: dict[str, dict[int, list[tuple[int, int | None]]]] = {}
        exceeded: dict[str, None] = {}
        complete = True
        while levels[-1] < found.count:
            start, end = levels[-1], found.count
            levels.append(end)
            depth = len(levels) - 2
            self._look(predicates, found.states[:, start:end], start, depth, slack, hits)
            self._check(overflow, found.states[:, start:end], exceeded)
            seen = targets.keys() <= hits.keys() and all(min(hits[name]) + slack <= depth for name in targets if slack)
            if stop_early and seen:
                complete = False
                break
            for low in range(start, end, CHUNK):
                edges += self._expand(found, low, min(low + CHUNK, end))
        farther = {name: tuple(Hit(cost, tuple(item[cost])) for cost in sorted(item)) for name, item in hits.items()}
        nearest = {name: item[0] for name, item in farther.items()}
        explored = (self.layout, found.states, tuple(levels), _joined(edges))
        return Space(*explored, nearest, tuple(exceeded), complete, farther, frozenset(predicates))

    def _look(
        self,
        predicates: Mapping[str, _Predicate],
        states: np.ndarray,
        start: int,
        depth: int,
        slack: int,
        hits: dict[str, dict[int, list[tuple[int, int | None]]]],
    ) -> None:
        columns = _Columns(self.layout, states)
        for name, predicate in predicates.items():
            if name in hits and min(hits[name]) + slack < depth:
                continue
            last: dict[int, list[tuple[int, int | None]]] = {}
            for action, row in zip(predicate.actions, predicate.code(columns), strict=True):
                where = np.flatnonzero(np.broadcast_to(row, (states.shape[1],)))
                if len(where):
                    cost = depth + (0 if action is None else 1)
                    last.setdefault(cost, []).extend((start + int(place), action) for place in where)
            for cost, found in last.items():
                if cost <= min(hits.get(name, last)) + slack:
                    hits.setdefault(name, {}).setdefault(cost, []).extend(found)

    def _check(self, overflow: Mapping[str, Code], states: np.ndarray, exceeded: dict[str, None]) -> None:
        columns = _Columns(self.layout, states)
        for key, code in overflow.items():
            if key not in exceeded and np.any(code(columns)[0]):
                exceeded[key] = None

    def _expand(self, found: StateSet, start: int, end: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        packed = found.states[:, start:end]
        columns = _Columns(self.layout, packed)
        batches, sources, fired = [], [], []
        for index, compiled in enumerate(self._compiled):
            mask = np.broadcast_to(compiled.enabled(columns)[0], (end - start,))
            where = np.flatnonzero(mask)
            if not len(where):
                continue
            chosen = packed[:, where]
            inputs = {name: columns[name][where] for name in compiled.updates.inputs}
            values = compiled.updates(inputs)
            self.layout.store(chosen, dict(zip(compiled.names, values, strict=True)))
            batches.append(chosen)
            sources.append(where + start)
            fired.append(np.full(len(where), index, dtype=np.uint8))
        if not batches:
            return []
        numbers = found.insert(np.concatenate(batches, axis=1))
        return [(np.concatenate(sources), np.concatenate(fired), numbers)]


def _joined(edges: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Edges:
    source, action, destination = (np.concatenate(column) for column in zip(*edges, strict=True))
    return Edges(source, action, destination)
