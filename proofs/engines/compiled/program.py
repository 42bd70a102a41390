"""The compiled actions of a system and conditions on its states, applied to packed states.

The actions of a system are compiled once for it and all its parts: a part's states are packed as those of the whole,
the places of what it leaves out stay zero, and of an action's updates and capacities only those count that it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import z3

from model.language.concrete import Layout
from model.language.system import Action, Term, TransitionSystem
from proofs.engines.compiled import source
from proofs.engines.compiled.machine import Library, Native, library


class _Step(NamedTuple):
    """An action's functions. Of its effect only the bits in `kept` count, and of the capacities in the compiled action,
    `names`, those whose bit is in `keys`."""

    enabled: Native
    fired: Native
    kept: np.ndarray
    keys: int
    names: tuple[str, ...]


class Program:
    """The actions of a system on rows, one for each state: arrays of shape (n, words), dtype uint64, contiguous.

    `effort` as for `library`. Raises UnsupportedTermError.
    """

    def __init__(self, system: TransitionSystem, layout: Layout, effort: int) -> None:
        base, self._code = _compiled(system, layout, effort)
        places = {action.name: number for number, action in enumerate(base.actions)}
        self._words = layout.words
        self._steps = [
            self._step(action, base.actions[number], number, layout)
            for action, number in ((action, places[action.name]) for action in system.actions)
        ]

    def _step(self, action: Action, base: Action, number: int, layout: Layout) -> _Step:
        kept = np.zeros(layout.words, dtype=np.uint64)
        for name in action.updates:
            word, low, bits = layout.places[name]
            kept[word] |= np.uint64(((1 << bits) - 1) << low)
        names = tuple(base.overflow)
        keys = sum(1 << bit for bit, key in enumerate(names) if key in action.overflow)
        enabled = self._code.function(f"enabled{number}", "pqqipp")
        return _Step(enabled, self._code.function(f"fired{number}", "ppqpp"), kept, keys, names)

    def enabled(self, rows: np.ndarray, low: int, high: int) -> tuple[list[np.ndarray], set[str]]:
        """For each action the numbers of the states from `low` to below `high` in which it is enabled; and the
        capacities that some action would exceed in one of them."""
        sources, exceeded = [], set()
        found, met = np.empty(high - low, dtype=np.int64), np.empty(1, dtype=np.uint32)
        given, place, bits = rows.ctypes.data, found.ctypes.data, met.ctypes.data
        for step in self._steps:
            count = step.enabled(given, low, high - low, step.keys, place, bits)
            sources.append(found[:count].copy())
            if over := int(met[0]) & step.keys:
                exceeded |= {key for bit, key in enumerate(step.names) if over >> bit & 1}
        return sources, exceeded

    def fired(self, rows: np.ndarray, sources: Sequence[np.ndarray]) -> np.ndarray:
        """The rows after the actions, each from its `sources`, one action's after the other's."""
        after = np.empty((sum(map(len, sources)), self._words), dtype=np.uint64)
        given, place = rows.ctypes.data, after.ctypes.data
        for step, numbers in zip(self._steps, sources, strict=True):
            if len(numbers):
                step.fired(given, numbers.ctypes.data, len(numbers), step.kept.ctypes.data, place)
                place += len(numbers) * 8 * self._words
        return after


class Conditions:
    """Conditions on states, given by rows; each distinct term once. Raises UnsupportedTermError."""

    def __init__(self, terms: Iterable[Term], layout: Layout) -> None:
        self._terms = {term.get_id(): term for term in terms if not z3.is_true(term)}
        code = library(source.of_conditions(self._terms.values(), layout), effort=0)
        self._holds = {key: code.function(f"holds{number}", "ppqp") for number, key in enumerate(self._terms)}
        self._code = code

    def where(self, term: Term, rows: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Those of some states, by number, in which a condition holds."""
        holds = self._holds.get(term.get_id())
        if holds is None or not len(states):  # constantly true
            return states
        found = np.empty(len(states), dtype=np.bool_)
        holds(rows.ctypes.data, states.ctypes.data, len(states), found.ctypes.data)
        chosen: np.ndarray = states[found]
        return chosen


def _compiled(system: TransitionSystem, layout: Layout, effort: int) -> tuple[TransitionSystem, Library]:
    """The system whose actions were compiled, and their code: that of which `system` is a part, if it really is."""
    whole = system.whole or system
    known = {action.name: action for action in whole.actions}
    if all(action.name in known and _is_part(action, known[action.name]) for action in system.actions):
        return whole, _of_whole(whole, effort)
    return system, library(source.of_actions(system, layout), effort)


def _is_part(action: Action, whole: Action) -> bool:
    """Whether an action is what is left of another when some updates and capacities are dropped."""
    return action.guard is whole.guard and all(
        mine.items() <= others.items()
        for mine, others in ((_ids(action.updates), _ids(whole.updates)), (_ids(action.overflow), _ids(whole.overflow)))
    )


def _ids(terms: Mapping[str, Term]) -> dict[str, int]:
    return {name: term.get_id() for name, term in terms.items()}


@lru_cache(maxsize=4)
def _of_whole(whole: TransitionSystem, effort: int) -> Library:
    return library(source.of_actions(whole, Layout(whole.variables)), effort)
