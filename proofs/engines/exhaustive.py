"""Every reachable state, breadth first, with NumPy: exact distances, complete verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import z3

from counterexamples.minimal import minimal_path
from model.language.concrete import Code, Columns, Layout
from model.language.system import Action, Term, TransitionSystem
from proofs.engines import Answer, Finding, Question, Reached, Target, Unknown, Unreachable
from proofs.engines.space import Edges, Hit, Space
from proofs.engines.states import StateSet


def answer(question: Question[Target]) -> dict[str, Finding]:
    """Reached with the minimal shortest path, Unreachable, or Unknown if a capacity cuts the search, for each target.

    The system is exhausted, or explored until every target is hit.
    """
    system = question.system
    space = Explorer(system).explore(question.targets, stop_early=True, beside=question.beside)
    return {name: Finding(_answer(system, space, name), space) for name in question.targets}


def _answer(system: TransitionSystem, space: Space, name: str) -> Answer:
    hit = space.hits.get(name)
    if hit is None:
        if space.exceeded:
            return Unknown(f"capacity {', '.join(space.exceeded)}")
        return Unreachable(space.states.shape[1])
    last: dict[int, list[int | None]] = {}
    for state, action in hit.last:
        last.setdefault(state, []).append(action)
    actions = system.actions
    return Reached(tuple(actions[index].name for index in minimal_path(space.onward(sorted(last)), last, actions)))


class _Updates:
    """What an action does, ready to be computed."""

    def __init__(self, action: Action) -> None:
        self.names = tuple(action.updates)
        self.code = Code(list(action.updates.values()), vector=True)


class _Watch:
    """What is looked for in every state, computed together, as most of it asks whether the same actions can fire.

    `targets`: for each its rows, an action that can hit it, or None for the state itself, and the condition.
    """

    def __init__(self, system: TransitionSystem, targets: Mapping[str, Target]) -> None:
        self.targets = {name: tuple(_rows(system, target)) for name, target in targets.items()}
        self.capacities = {key: system.overflow(key) for key in system.capacities()}
        self._asked: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    def values(self, names: tuple[str, ...], keys: tuple[str, ...], columns: Columns) -> tuple[np.ndarray, ...]:
        """The rows of the targets of these names, one after the other, then those of the capacities."""
        if self._asked != (names, keys):
            self._asked = names, keys
            rows = [term for name in names for _, term in self.targets[name]]
            self._code = Code(rows + [self.capacities[key] for key in keys], vector=True)
        return self._code(columns)


def _rows(system: TransitionSystem, target: Target) -> Iterator[tuple[int | None, Term]]:
    state = z3.simplify(target.state)
    if not z3.is_false(state):
        yield None, state
    for index, action in enumerate(system.actions):
        hit = target.hit_by(action)
        if not z3.is_false(hit):
            # unlike `firing` not simplified: the guard stays one term for all that ask for it
            yield index, z3.And(action.enabled, hit)


def _enabled(action: Action, until: Target | None) -> Term:
    return action.enabled if until is None else z3.And(action.enabled, z3.Not(z3.Or(until.state, until.hit_by(action))))


class _Columns:
    """Variables of packed states as columns, computed when first asked for."""

    def __init__(self, layout: Layout, packed: np.ndarray) -> None:
        self._layout, self._packed = layout, packed
        self._cache: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._cache:
            self._cache[name] = self._layout.column(self._packed, name)
        return self._cache[name]


CHUNK = 1 << 14  # states at once: the columns of a chunk stay in the processor's cache


class Explorer:
    """Explores one system; `explore` answers for all targets in one pass.

    `until`: executions end where they first hit this target, so that each of its hits is an execution's first.
    """

    def __init__(self, system: TransitionSystem, until: Target | None = None) -> None:
        self.system = system
        self.layout = Layout(system.variables)
        self._enabled = Code([_enabled(action, until) for action in system.actions], vector=True)
        self._updates = [_Updates(action) for action in system.actions]

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
        watch = _Watch(self.system, {**targets, **(beside or {})})
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
            self._look(watch, found.states, range(start, end), depth, slack, hits, exceeded)
            seen = targets.keys() <= hits.keys() and all(min(hits[name]) + slack <= depth for name in targets if slack)
            if stop_early and seen:
                complete = False
                break
            for low in range(start, end, CHUNK):
                edges += self._expand(found, low, min(low + CHUNK, end))
        farther = {name: tuple(Hit(cost, tuple(item[cost])) for cost in sorted(item)) for name, item in hits.items()}
        nearest = {name: item[0] for name, item in farther.items()}
        explored = (self.layout, found.states, tuple(levels), _joined(edges))
        return Space(*explored, nearest, tuple(exceeded), complete, farther, frozenset(watch.targets))

    def _look(
        self,
        watch: _Watch,
        states: np.ndarray,
        level: range,
        depth: int,
        slack: int,
        hits: dict[str, dict[int, list[tuple[int, int | None]]]],
        exceeded: dict[str, None],
    ) -> None:
        """Put what is hit in the states of a level into `hits`, and the capacities that they exceed into `exceeded`."""
        names = tuple(name for name in watch.targets if name not in hits or min(hits[name]) + slack >= depth)
        rows = [(name, action) for name in names for action, _ in watch.targets[name]]
        last: dict[str, dict[int, list[tuple[int, int | None]]]] = {name: {} for name in names}
        for low in range(level.start, level.stop, CHUNK):
            packed = states[:, low : min(low + CHUNK, level.stop)]
            keys = tuple(key for key in watch.capacities if key not in exceeded)
            values = watch.values(names, keys, _Columns(self.layout, packed))
            for (name, action), row in zip(rows, values[: len(rows)], strict=True):
                where = np.flatnonzero(np.broadcast_to(row, (packed.shape[1],)))
                if len(where):
                    cost = depth + (0 if action is None else 1)
                    last[name].setdefault(cost, []).extend((low + int(place), action) for place in where)
            exceeded |= {key: None for key, row in zip(keys, values[len(rows) :], strict=True) if np.any(row)}
        for name, costs in last.items():
            for cost in sorted(costs):
                if cost <= min(hits.get(name, costs)) + slack:
                    hits.setdefault(name, {}).setdefault(cost, []).extend(costs[cost])

    def _expand(self, found: StateSet, start: int, end: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        packed = found.states[:, start:end]
        columns = _Columns(self.layout, packed)
        batches, sources, fired = [], [], []
        for index, (enabled, updates) in enumerate(zip(self._enabled(columns), self._updates, strict=True)):
            where = np.flatnonzero(np.broadcast_to(enabled, (end - start,)))
            if not len(where):
                continue
            chosen = packed[:, where]
            values = updates.code({name: columns[name][where] for name in updates.code.inputs})
            self.layout.store(chosen, dict(zip(updates.names, values, strict=True)))
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
