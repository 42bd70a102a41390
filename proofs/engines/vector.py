"""A system's states explored with NumPy: actions and conditions computed for many states at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
import z3

from model.language.concrete import Code, Columns, Layout
from model.language.operators import Value
from model.language.system import Action, Term, TransitionSystem
from proofs.engines import Target
from proofs.engines.space import CHUNK, NUMPY
from proofs.engines.states import StateSet

Watched = Mapping[str, Sequence[tuple[int | None, Term]]]
"""For each target by name an action that can hit it, or None for the state itself, and the condition."""


class Seen(NamedTuple):
    """What is looked for in some states: for a target and the action that hits it, or None, the numbers of the states
    in which it does; and the capacities that are exceeded."""

    hits: list[tuple[str, int | None, np.ndarray]]
    exceeded: list[str]


class Batch(NamedTuple):
    """Transitions: by number the states before, the actions, the states after."""

    source: np.ndarray
    action: np.ndarray
    destination: np.ndarray


class Sweep(Protocol):
    """States that are being explored, in one reading of the terms; all readings number them alike."""

    reading: str

    @property
    def count(self) -> int:
        """How many states there are so far."""

    @property
    def states(self) -> np.ndarray:
        """All states so far, packed, shape (words, n)."""

    def restore(self, rows: np.ndarray) -> None:
        """Add the next of the states that an earlier exploration found, in its order, shape (n, words)."""

    def look(self, level: range, names: Sequence[str], keys: Sequence[str]) -> Iterator[Seen]:
        """What of some targets and capacities is seen in the states of a level, in chunks of `CHUNK` states."""

    def expand(self, low: int, high: int) -> Batch:
        """The transitions from the states of such a chunk, faster after `look`; their ends are among `states`."""


def watched(system: TransitionSystem, targets: Mapping[str, Target]) -> Watched:
    """What has to be looked for to see each target hit, without what is constantly false."""
    return {name: tuple(_conditions(system, target)) for name, target in targets.items()}


def _conditions(system: TransitionSystem, target: Target) -> Iterator[tuple[int | None, Term]]:
    state = z3.simplify(target.state)
    if not z3.is_false(state):
        yield None, state
    for index, action in enumerate(system.actions):
        hit = target.hit_by(action)
        if not z3.is_false(hit):
            yield index, hit


class _Updates:
    """What an action does, ready to be computed."""

    def __init__(self, action: Action) -> None:
        self.names = tuple(action.updates)
        self.code = Code(list(action.updates.values()), vector=True)


@lru_cache(maxsize=256)
def _updates(action: Action) -> _Updates:
    return _Updates(action)


class _Watch:
    """What is looked for in every state, computed together, as most of it asks whether the same actions can fire."""

    def __init__(self, system: TransitionSystem, targets: Watched) -> None:
        enabled = [action.enabled for action in system.actions]
        # unlike `firing` not simplified: the guard stays one term for all that ask for it
        self.rows = {
            name: [(index, term if index is None else z3.And(enabled[index], term)) for index, term in rows]
            for name, rows in targets.items()
        }
        self.capacities = {key: system.overflow(key) for key in system.capacities()}
        self._asked: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    def values(self, names: tuple[str, ...], keys: tuple[str, ...], columns: Columns) -> tuple[Value, ...]:
        """The rows of the targets of these names, one after the other, then those of the capacities."""
        if self._asked != (names, keys):
            self._asked = names, keys
            rows = [term for name in names for _, term in self.rows[name]]
            self._code = Code(rows + [self.capacities[key] for key in keys], vector=True)
        return self._code(columns)


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


class VectorSweep:
    """The exploration with NumPy, from the initial state on; a `Sweep`.

    `until`: executions end where they first hit this target.
    """

    reading = NUMPY

    def __init__(self, system: TransitionSystem, layout: Layout, targets: Watched, until: Target | None = None) -> None:
        self.layout = layout
        self._found = StateSet(layout.words)
        self._found.insert(layout.pack(system.initial))
        self._watch = _Watch(system, targets)
        self._enabled = Code([_enabled(action, until) for action in system.actions], vector=True)
        self._actions = system.actions

    @property
    def count(self) -> int:
        """How many states there are so far."""
        return self._found.count

    @property
    def states(self) -> np.ndarray:
        """All states so far, packed, shape (words, n)."""
        return self._found.states

    def restore(self, rows: np.ndarray) -> None:
        """Add the next of the states that an earlier exploration found, in its order, shape (n, words)."""
        self._found.insert(rows.T)

    def look(self, level: range, names: Sequence[str], keys: Sequence[str]) -> Iterator[Seen]:
        """What of some targets and capacities is seen in the states of a level, in chunks of `CHUNK` states."""
        rows = [(name, action) for name in names for action, _ in self._watch.rows[name]]
        for low in range(level.start, level.stop, CHUNK):
            packed = self.states[:, low : min(low + CHUNK, level.stop)]
            values = self._watch.values(tuple(names), tuple(keys), _Columns(self.layout, packed))
            columns = [np.broadcast_to(row, (packed.shape[1],)) for row in values]
            hits = [(*row, low + np.flatnonzero(column)) for row, column in zip(rows, columns, strict=False)]
            exceeded = [key for key, column in zip(keys, columns[len(rows) :], strict=True) if np.any(column)]
            yield Seen(hits, exceeded)

    def expand(self, low: int, high: int) -> Batch:
        """The transitions from the states of such a chunk; the states after them are among `states`."""
        packed = self._found.states[:, low:high]
        columns = _Columns(self.layout, packed)
        after, sources, fired = [packed[:, :0]], [np.empty(0, np.int64)], [np.empty(0, np.uint8)]
        for index, enabled in enumerate(self._enabled(columns)):
            where = np.flatnonzero(np.broadcast_to(enabled, (high - low,)))
            if not len(where):
                continue
            updates, chosen = _updates(self._actions[index]), packed[:, where]
            values = updates.code({name: columns[name][where] for name in updates.code.inputs})
            self.layout.store(chosen, dict(zip(updates.names, values, strict=True)))
            after.append(chosen)
            sources.append(where + low)
            fired.append(np.full(len(where), index, dtype=np.uint8))
        numbers = self._found.insert(np.concatenate(after, axis=1))
        return Batch(np.concatenate(sources), np.concatenate(fired), numbers)
