"""Whether other forms of actions do anything else in the states that one system can reach.

What is reachable under some assumptions is known as a set of states. If a form that an action has under others leads
from these states only into the set, the set has all that is reachable with that form, too (`WITHIN`). If it leads to
the same states and amounts to the same there, nothing at all can tell the two apart (`EQUAL`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
import z3

from model.language.concrete import Code
from model.language.system import Action, StateSpace, Term, TransitionSystem
from model.language.terms import variables_of
from proofs.engines import Target
from proofs.engines.space import Space
from proofs.engines.states import StateSet

LARGEST = 200_000  # states of a set in which forms are looked at; beyond, exploring anew is as fast


class Like(IntEnum):
    """How another form of an action relates to the states that are known."""

    OUTSIDE, WITHIN, EQUAL = range(3)


@dataclass(frozen=True)
class Form:
    """What one form comes to: `hits` are the targets that it hits in one of the states."""

    like: Like
    hits: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Effect:
    """Where an action is enabled and where it leads to, by number; which targets it hits where."""

    where: np.ndarray
    after: np.ndarray
    exceeds: bool
    hits: Mapping[str, np.ndarray]

    def equals(self, other: _Effect) -> bool:
        """Whether it is the same transitions, which hit the same."""
        pairs = [(self.where, other.where), (self.after, other.after)]
        pairs += [(self.hits[key], other.hits[key]) for key in self.hits]
        return all(np.array_equal(one, two) for one, two in pairs)


class Likeness:
    """The states of a complete exploration of `part`, in which no capacity was exceeded.

    `targets`: all that was looked for. `lasting`: whether each action counts, as for what must not last for ever, and
    not only those that change something or hit a target.
    """

    def __init__(self, part: TransitionSystem, space: Space, targets: Mapping[str, Target], lasting: bool) -> None:
        self._part, self._variables, self._space = part, part.space.variables.keys(), space
        self._targets, self._lasting = targets, lasting
        self._events = {event for target in targets.values() for event in target.on}
        self._count = space.states.shape[1]
        self._known = StateSet(space.layout.words)
        self._known.insert(np.ascontiguousarray(space.states))
        self._effects: dict[object, _Effect] = {}

    def form(self, mine: Action | None, other: Action | None) -> Form:
        """What comes of `other` in the place of `mine`, both of the whole systems; None: there is no such action."""
        if mine is other:
            return Form(Like.EQUAL)
        one, two = (None if action is None else self._restricted(action) for action in (mine, other))
        if _shape(one) == _shape(two):
            return Form(Like.EQUAL)
        loosened = two if two is None else self._loosened(two)
        if loosened is not None and not _reads(loosened) <= self._variables:
            return Form(Like.OUTSIDE)
        known, fresh = self._effect(one), self._effect(loosened)
        if fresh.exceeds or np.any(fresh.after >= self._count):
            return Form(Like.OUTSIDE)
        hits = frozenset(key for key, where in fresh.hits.items() if len(where))
        return Form(Like.EQUAL if loosened is two and known.equals(fresh) else Like.WITHIN, hits)

    def fits(self, space: StateSpace) -> bool:
        """Whether a system on `space` has all variables of the part, and begins with the same values of them."""
        mine = self._part.space.variables
        return all(space.variables.get(name) == variable for name, variable in mine.items())

    def _restricted(self, action: Action) -> Action | None:
        """What of an action concerns the part; None if nothing does."""
        updates = {name: term for name, term in action.updates.items() if name in self._variables}
        events = {name: term for name, term in action.events.items() if name in self._events}
        overflow = {key: term for key, term in action.overflow.items() if variables_of(term) <= self._variables}
        if not (updates or events or self._lasting):
            return None
        return replace(action, updates=updates, events=events, overflow=overflow)

    def _loosened(self, action: Action) -> Action:
        """An action without what its guard says of variables that the part does not have: it can only do more."""
        guard = {name: term for name, term in action.guard.items() if variables_of(term) <= self._variables}
        return action if len(guard) == len(action.guard) else replace(action, guard=guard)

    def _effect(self, action: Action | None) -> _Effect:
        key = _shape(action)
        if key not in self._effects:
            self._effects[key] = self._nothing() if action is None else self._computed(action)
        return self._effects[key]

    def _nothing(self) -> _Effect:
        none = np.empty(0, dtype=np.int64)
        return _Effect(none, none, False, dict.fromkeys(self._targets, none))

    def _computed(self, action: Action) -> _Effect:
        states, layout = self._space.states, self._space.layout
        guard = z3.And(*action.guard.values())
        over = z3.And(guard, z3.Or(*action.overflow.values()))
        enabled, exceeds = self._columns([guard, over], states)
        where = np.flatnonzero(enabled)
        before = np.ascontiguousarray(states[:, where])
        hits = {key: target.hit_by(action) for key, target in self._targets.items()}
        values = self._columns([*action.updates.values(), *hits.values()], before)
        after = before.copy()
        layout.store(after, dict(zip(action.updates, values, strict=False)))
        hit = dict(zip(hits, values[len(action.updates) :], strict=True))
        met = {key: where[np.flatnonzero(column)] for key, column in hit.items()}
        return _Effect(where, self._known.insert(after), bool(np.any(exceeds)), met)

    def _columns(self, terms: list[Term], states: np.ndarray) -> list[np.ndarray]:
        code = Code(terms, vector=True)
        columns = {name: self._space.layout.column(states, name) for name in code.inputs}
        return [np.broadcast_to(value, (states.shape[1],)) for value in code(columns)]


def _reads(action: Action) -> frozenset[str]:
    terms = (*action.guard.values(), *action.updates.values(), *action.events.values())
    return frozenset().union(*map(variables_of, terms))


def _shape(action: Action | None) -> object:
    """What tells forms apart: z3's numbers of the terms."""
    return None if action is None else tuple(tuple(sorted(_numbers(part))) for part in _terms(action))


def _terms(action: Action) -> Iterator[Mapping[str, Term]]:
    # what the conjuncts of a guard are called does not matter
    yield {str(term.get_id()): term for term in action.guard.values()}
    yield from (action.updates, action.events, action.overflow)


def _numbers(part: Mapping[str, Term]) -> Iterator[tuple[str, int]]:
    return ((key, term.get_id()) for key, term in part.items())


class Explored:
    """A part of a system and what its exploration has found."""

    def __init__(self, part: TransitionSystem, space: Space, targets: Mapping[str, Target], lasting: bool) -> None:
        self.part, self.space, self.targets, self._lasting = part, space, targets, lasting
        self._forms: dict[tuple[int, int], Form] = {}

    @property
    def tells(self) -> bool:
        """Whether anything follows from it for other systems."""
        space = self.space
        return space.complete and not space.exceeded and space.states.shape[1] <= LARGEST

    @cached_property
    def _likeness(self) -> Likeness:
        return Likeness(self.part, self.space, self.targets, self._lasting)

    def fits(self, space: StateSpace) -> bool:
        """As `Likeness.fits`."""
        return self._likeness.fits(space)

    def form(self, mine: Action | None, other: Action | None) -> Form:
        """As `Likeness.form`, each pair once."""
        key = (id(mine), id(other))
        if key not in self._forms:
            self._forms[key] = self._likeness.form(mine, other)
        return self._forms[key]
