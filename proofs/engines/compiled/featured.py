"""Many systems explored as one, each of whose actions only some of them have: a featured transition system.

With each state is known in which systems it is reached. So none takes a step of another one's, and what many of them
have in common is looked at once. (A. Classen et al., "Featured Transition Systems", IEEE Transactions on Software
Engineering 39(8), 2013.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import z3

from model.language.concrete import Layout
from model.language.system import Term, TransitionSystem
from proofs.engines import Target
from proofs.engines.compiled.program import Conditions, Enabled, Program
from proofs.engines.compiled.sets import NONE, Sets
from proofs.engines.compiled.states import CompiledSet
from proofs.engines.running import memory
from proofs.engines.running.figures import Teller

BLOCK = 1 << 15  # states at once


class Outcome(NamedTuple):
    """The set of systems in which the target is hit; of those in which it is not, but a capacity cuts the search, or
    the memory did not suffice: then not `complete`. `states`: how many there are in all of them."""

    hit: int
    cut: int
    complete: bool
    states: int


class Featured:
    """The search for a target in many systems. `owners[k]`: the set of those that have the k-th action of `system`.

    Raises UnsupportedTermError.
    """

    def __init__(self, system: TransitionSystem, owners: Sequence[int], sets: Sets, target: Target) -> None:
        self._sets, self._owners = sets, np.array(owners, dtype=np.int64)
        layout = Layout(system.variables, system.whole.variables if system.whole else None)
        self._program = Program(system, layout, effort=0)
        self._state = z3.simplify(target.state)
        hits = {number: target.hit_by(action) for number, action in enumerate(system.actions)}
        self._hits = {number: hit for number, hit in hits.items() if not z3.is_false(hit)}
        self._exceeds = {
            number: z3.simplify(z3.Or(*map(action.exceeds, action.overflow)))
            for number, action in enumerate(system.actions)
            if action.overflow
        }
        self._terms = Conditions([self._state, *self._hits.values(), *self._exceeds.values()], layout)
        self._found = CompiledSet(layout.words)
        self._found.insert(layout.pack(system.initial).T.copy())
        # by state the sets in which it is reached, and in which what follows from it was not looked at
        self._reached = self._waiting = np.zeros(1, dtype=np.int64)
        self._hit = self._cut = NONE

    def search(self, systems: int) -> Outcome:
        """What is found in a set of systems."""
        self._reached, self._waiting = (np.array([systems], dtype=np.int64) for _ in range(2))
        complete, teller = True, Teller()
        try:
            self._search(teller)
        except MemoryError:
            self._cut, complete = systems, False
        finally:
            teller.end()
        cut = self._sets.without(np.array([self._cut]), np.array([self._hit]))
        return Outcome(self._hit, int(cut[0]), complete, self._found.count)

    def _search(self, teller: Teller) -> None:
        # states that were found early go first: by then most of the systems have come to what was found late
        levels, left = [0, 1], np.zeros(1, dtype=np.int64)
        while len(left):
            level = np.searchsorted(levels, left, side="right")
            frontier, following = left[level == level.min()], [left[level != level.min()]]
            for low in range(0, len(frontier), BLOCK):
                memory.demand()
                following.append(self._step(frontier[low : low + BLOCK]))
                teller.tell(self._found.count, levels)
            left = np.unique(np.concatenate(following))
            if self._found.count > levels[-1]:
                levels.append(self._found.count)

    def _step(self, states: np.ndarray) -> np.ndarray:
        """Go on from some states, in the systems that wait there; gives the states where some wait then."""
        waiting, self._waiting[states] = self._waiting[states], NONE
        rows = np.ascontiguousarray(self._found.rows[states])
        if not z3.is_false(self._state):
            self._note_hit(waiting[self._holds(self._state, rows, np.arange(len(rows)))])
        waiting = self._open(waiting)
        rows, waiting = np.ascontiguousarray(rows[waiting != NONE]), waiting[waiting != NONE]
        enabled, exceeded = self._program.enabled(rows, 0, len(rows))
        if exceeded:
            self._note_cut(rows, waiting)
        actions = np.repeat(np.arange(len(enabled.counts)), enabled.counts)
        going = self._sets.both(waiting[enabled.sources], self._owners[actions])
        for action, hit in self._hits.items():
            mine = np.flatnonzero((actions == action) & (going != NONE))
            self._note_hit(going[mine[self._holds(hit, rows, enabled.sources[mine])]])
        going = self._open(going)
        kept = going != NONE
        counts = np.bincount(actions[kept], minlength=len(enabled.counts)).astype(np.int64)
        fired = self._program.fired(rows, Enabled(enabled.sources[kept], counts))
        return self._arrive(self._found.insert(fired), going[kept])

    def _holds(self, term: Term, rows: np.ndarray, states: np.ndarray) -> np.ndarray:
        """In which of some states a condition holds."""
        found = np.zeros(len(rows), dtype=bool)
        found[self._terms.where(term, rows, np.ascontiguousarray(states))] = True
        flags: np.ndarray = found[states]
        return flags

    def _open(self, sets: np.ndarray) -> np.ndarray:
        """Without the systems in which the target is known to be hit."""
        return sets if self._hit == NONE else self._sets.without(sets, np.full_like(sets, self._hit))

    def _note_hit(self, sets: np.ndarray) -> None:
        self._hit = self._joined(self._hit, sets)

    def _note_cut(self, rows: np.ndarray, waiting: np.ndarray) -> None:
        for action, term in self._exceeds.items():
            there = waiting[self._holds(term, rows, np.arange(len(rows)))]
            self._cut = self._joined(self._cut, self._sets.both(there, np.full_like(there, self._owners[action])))

    def _joined(self, number: int, sets: np.ndarray) -> int:
        further: Iterable[int] = np.unique(sets).tolist()
        return self._sets.union([number, *further])

    def _arrive(self, states: np.ndarray, sets: np.ndarray) -> np.ndarray:
        """Note in which systems some states are reached; gives those that so are in further ones."""
        self._make_room()
        pairs = np.unique(states << 32 | sets)
        states, sets = pairs >> 32, pairs & 0xFFFFFFFF
        changed = [np.empty(0, dtype=np.int64)]
        while len(states):  # each state once a turn, as its next set meets what the one before has made
            first = np.append(True, states[1:] != states[:-1])
            at, fresh = states[first], self._sets.without(sets[first], self._reached[states[first]])
            at, fresh = at[fresh != NONE], fresh[fresh != NONE]
            self._reached[at] = self._sets.either(self._reached[at], fresh)
            self._waiting[at] = self._sets.either(self._waiting[at], fresh)
            changed.append(at)
            states, sets = states[~first], sets[~first]
        return np.concatenate(changed)

    def _make_room(self) -> None:
        more = self._found.count - len(self._reached)
        if more > 0:
            none = np.full(max(more, len(self._reached)), NONE, dtype=np.int64)
            self._reached = np.concatenate([self._reached, none])
            self._waiting = np.concatenate([self._waiting, none])
