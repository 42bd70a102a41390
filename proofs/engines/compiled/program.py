"""The compiled actions of a system and conditions on its states, applied to packed states.

The actions of a system are compiled once for it and all its parts: a part's states are packed as those of the whole,
the places of what it leaves out stay zero, and of an action's updates and capacities only those count that it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import z3

from model.language.concrete import Layout
from model.language.system import Action, Term, TransitionSystem
from proofs.engines.compiled import source
from proofs.engines.compiled.machine import Library, library


class Enabled(NamedTuple):
    """Where actions are enabled: the states' numbers, action after action, and how many there are of each action."""

    sources: np.ndarray
    counts: np.ndarray

    def of(self, action: int) -> np.ndarray:
        """The states in which one action is enabled."""
        end = int(self.counts[: action + 1].sum())
        return self.sources[end - int(self.counts[action]) : end]


class _Step(NamedTuple):
    """An action's functions, by address. Of its effect only the bits in `kept` count, and of the capacities in the
    compiled action, `names`, those whose bit is in `keys`."""

    enabled: int
    fired: int
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
        steps = [
            self._step(action, base.actions[number], number, layout)
            for action, number in ((action, places[action.name]) for action in system.actions)
        ]
        self._words, self._names = layout.words, [step.names for step in steps]
        self._functions = np.array([step[:2] for step in steps], dtype=np.uint64).reshape(-1, 2).T.copy()
        self._kept = np.array([step.kept for step in steps], dtype=np.uint64)
        self._keys = np.array([step.keys for step in steps], dtype=np.uint32)
        turns = _in_turn()
        self._enabled, self._fired = turns.function("enabled", "pqqppqppp"), turns.function("fired", "pppppqqp")

    def _step(self, action: Action, base: Action, number: int, layout: Layout) -> _Step:
        kept = np.zeros(layout.words, dtype=np.uint64)
        for name in action.updates:
            word, low, bits = layout.places[name]
            kept[word] |= np.uint64(((1 << bits) - 1) << low)
        names = tuple(base.overflow)
        keys = sum(1 << bit for bit, key in enumerate(names) if key in action.overflow)
        enabled, fired = self._code.address(f"enabled{number}"), self._code.address(f"fired{number}")
        return _Step(enabled, fired, kept, keys, names)

    def enabled(self, rows: np.ndarray, low: int, high: int) -> tuple[Enabled, set[str]]:
        """Of the states from `low` to below `high` those in which each action is enabled; and the capacities that some
        action would exceed in one of them."""
        many = len(self._keys)
        found, counts = np.empty(many * (high - low), dtype=np.int64), np.zeros(many, dtype=np.int64)
        if not len(found):
            return Enabled(found, counts), set()
        met = np.empty(many, dtype=np.uint32)
        total = self._enabled(
            *(rows.ctypes.data, low, high - low, self._functions[0].ctypes.data, self._keys.ctypes.data, many),
            *(found.ctypes.data, counts.ctypes.data, met.ctypes.data),
        )
        exceeded = set()
        for number in np.flatnonzero(met & self._keys).tolist():
            over = int(met[number] & self._keys[number])
            exceeded |= {key for bit, key in enumerate(self._names[number]) if over >> bit & 1}
        return Enabled(found[:total].copy(), counts), exceeded

    def fired(self, rows: np.ndarray, enabled: Enabled) -> np.ndarray:
        """The rows after the actions, each from where it is enabled, one action's after the other's."""
        after = np.empty((len(enabled.sources), self._words), dtype=np.uint64)
        if len(after):
            self._fired(
                *(rows.ctypes.data, enabled.sources.ctypes.data, enabled.counts.ctypes.data),
                *(self._functions[1].ctypes.data, self._kept.ctypes.data, len(enabled.counts), self._words),
                after.ctypes.data,
            )
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


@cache
def _in_turn() -> Library:
    return library(resources.files(__package__).joinpath("actions.ll").read_text(encoding="utf-8"), effort=2)


@lru_cache(maxsize=4)
def _of_whole(whole: TransitionSystem, effort: int) -> Library:
    return library(_text(whole), effort)


@lru_cache(maxsize=2)
def _text(whole: TransitionSystem) -> str:
    return source.of_actions(whole, Layout(whole.variables))
