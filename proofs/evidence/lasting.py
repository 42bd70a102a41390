"""What must not last for ever, in many systems of one family: what one exploration says of the others.

A lasso is one in each system in which its steps are possible and which is as fair; of those that differ in none of its
actions that is clear, of others it is tried, step by step. Where nothing lasts, nothing does in a system whose actions
do the same in the states that the first can reach. What is not covered so is explored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import z3

from counterexamples.trace import Blocked, run
from model.language.concrete import Code, fire, holds
from model.language.system import Action, StateSpace, Term, TransitionSystem
from model.language.terms import variables_of
from proofs.checking import verdicts
from proofs.checking.words import Word
from proofs.engines import Lasso, Lasting, Question, Target, Unreachable, fair
from proofs.engines.cone import behaviour_cone, observe
from proofs.engines.recheck import recheck_lasso
from proofs.engines.space import Space
from proofs.engines.states import StateSet
from proofs.evidence.systems import OPEN, WORDS, Meanings, Rows, Systems, values_in
from proofs.properties import Property
from proofs.properties.subjects import along, key_of

LARGEST = 200_000  # states of a set in which forms are looked at; beyond, exploring anew is as fast
TRIES = 4  # systems with the same variables in which a path is replayed
States = Sequence[Mapping[str, int]]
Wanted = Callable[[Rows], np.ndarray]
Judge = Callable[[int, States], Wanted | None]
"""For a system and the states along a path in it: None if it does not come to what is wanted, else whether it does in
each of some systems that take the same steps."""


class Endless:
    """Decides properties about what must not last for ever: `words` are filled in, `explored` counts."""

    def __init__(
        self,
        systems: Systems,
        items: Mapping[str, Property],
        meanings: Mapping[str, Meanings],
        words: Mapping[str, np.ndarray],
    ) -> None:
        self.systems, self.items, self.words, self._meanings = systems, items, words, meanings
        self.explored = 0
        self._fairness: dict[tuple[str, int], frozenset[str]] = {}

    def go(self) -> None:
        """Explore the system of which most is open, until nothing is."""
        while self.words:
            count = sum((row == OPEN).astype(np.int64) for row in self.words.values())
            if not np.any(count):
                return
            much = np.flatnonzero(count * 2 >= count.max())
            number = int(much[np.argmin(self.systems.order[much])])
            self.explored += 1
            self._explore(number, [name for name, row in self.words.items() if row[number] == OPEN])

    def _say(self, name: str, rows: Rows | int, word: Word) -> None:
        self.words[name][rows] = WORDS.index(word)

    def _open(self, name: str) -> Rows:
        return np.flatnonzero(self.words[name] == OPEN)

    def _target(self, name: str, number: int) -> Target:
        return self._meanings[name].target(number)

    def _replaying(self, name: str, number: int, path: Sequence[str], rows: Rows, judge: Judge) -> Rows:
        """Those of some systems in which a path of system `number` is possible, and comes to what `judge` wants.

        For each meaning of property `name` and each set of variables it is replayed in a few systems; from those of
        which it is one, others are told by their forms alone: each has to do the same step.
        """
        found = [rows[:0]]
        space, meant = self.systems.space, self._meanings[name].of
        for meaning in values_in(meant[rows]):
            left = rows[meant[rows] == meaning]
            for attempt, kind in enumerate([int(space[number])] * TRIES + values_in(space[left]) * TRIES):
                mine = left[space[left] == kind]
                if not len(mine):
                    continue
                base = number if attempt == 0 and meant[number] == meaning else int(mine[0])
                left = left[left != base]
                states = run(self.systems.protocol(base).system, path)
                wanted = None if isinstance(states, Blocked) else judge(base, states)
                if isinstance(states, Blocked) or wanted is None or not wanted(np.array([base]))[0]:
                    continue
                able = self._steps(base, path, states, left) & wanted(left)
                found += [np.array([base]), left[able]]
                left = left[~able]
        return np.intersect1d(np.concatenate(found), rows)

    def _steps(self, base: int, path: Sequence[str], states: States, rows: Rows) -> np.ndarray:
        """Whether each of some systems takes the same steps between the same states as system `base`."""
        spaces = self.systems.family.spaces
        known = spaces[self.systems.space[base]]
        alike = np.array([_agree(known, space) for space in spaces], dtype=bool)

        def told(name: str, form: Action | None) -> int:
            if form is None or not _reads(form) <= known.variables.keys():
                return 1
            steps = [index for index, taken in enumerate(path) if taken == name]
            return int(any(fire(form, states[step]) != states[step + 1] for step in steps))

        able: np.ndarray = alike[self.systems.space[rows]] & (self.systems.joined(rows, told, path) == 0)
        return able

    def _comparable(self, name: str, number: int, rows: Rows, explored: Explored) -> np.ndarray:
        """Whether what was explored is about variables of each of some systems, and the property the same in it."""
        fits = [explored.fits(space) for space in self.systems.family.spaces]
        able: np.ndarray = np.array(fits, dtype=bool)[self.systems.space[rows]]
        able &= self._meanings[name].same_target(number, rows)
        return able

    def _equal(self, number: int, rows: Rows, explored: Explored) -> Rows:
        """Those of some systems which are equal to one in the states that are known of it."""

        def told(name: str, other: Action | None) -> int:
            return int(not explored.equal(self.systems.form(name, number), other))

        equal: Rows = rows[self.systems.joined(rows, told) == 0]
        return equal

    def _explore(self, number: int, names: Sequence[str]) -> None:
        protocol = self.systems.protocol(number)
        groups: dict[frozenset[str], list[str]] = {}
        for name in names:
            groups.setdefault(behaviour_cone(protocol.system, self._target(name, number)), []).append(name)
        for cone, members in groups.items():
            part = observe(protocol.system, cone)
            targets = {
                name: Lasting(self._target(name, number).state, self.items[name].fair(protocol)) for name in members
            }
            beside = along(protocol, part, [self.items[name] for name in members])
            findings = fair.answer(Question(part, targets, beside=beside))
            for name, finding in findings.items():
                assert finding.space is not None
                watched = {name: Target(state=targets[name].pending), **beside}
                explored = Explored(part, finding.space, watched)
                match finding.answer:
                    case Lasso(prefix, cycle):
                        recheck_lasso(
                            part, self._target(name, number), targets[name].fair, (*prefix, *cycle), len(prefix)
                        )
                        self._lasso(number, name, (*prefix, *cycle), len(prefix))
                    case Unreachable(_):
                        self._never_lasts(number, name, explored)
                    case _:
                        self._say(name, number, Word.UNKNOWN)

    def _lasso(self, number: int, name: str, path: Sequence[str], loop: int) -> None:
        """A lasso is one in each system that takes its steps and in which it is fair."""
        self._say(name, number, Word.VIOLATED)
        taken = set(path[loop:])

        def judge(base: int, states: States) -> Wanted | None:
            pending = self._target(name, base).state
            if states[loop] != states[-1] or not all(holds(pending, state) for state in states[loop:]):
                return None
            known: dict[int, bool] = {}

            def fairly(row: int) -> bool:
                actions = self.systems.protocol(row).system.actions
                due = [action for action in actions if action.name in self._fair(name, row) - taken]
                for action in due:
                    if id(action) not in known:
                        guard = z3.And(*action.guard.values())
                        # of what it reads beside the variables of these states nothing is known: it may be enabled
                        beside = not variables_of(guard) <= states[0].keys()
                        known[id(action)] = beside or all(holds(guard, state) for state in states[loop:])
                return not any(known[id(action)] for action in due)

            return lambda rows: np.array([fairly(int(row)) for row in rows], dtype=bool)

        self._say(name, self._replaying(name, number, path, self._open(name), judge), Word.VIOLATED)

    def _fair(self, name: str, number: int) -> frozenset[str]:
        if (name, number) not in self._fairness:
            self._fairness[name, number] = self.items[name].fair(self.systems.protocol(number))
        return self._fairness[name, number]

    def _never_lasts(self, number: int, name: str, explored: Explored) -> None:
        """Nothing lasts for ever: so too in systems with the very same steps, all of which are as fair."""
        item, protocol = self.items[name], self.systems.protocol(number)
        word = verdicts.unless_vacuous(protocol, item, verdicts.Verdict(Word.PROVED, ""), explored.space).word
        self._say(name, number, word)
        rows = self._open(name)
        rows = rows[self._meanings[name].same(number, rows) & self._comparable(name, number, rows, explored)]
        asked = all(key_of(item, meaning) in explored.space.asked for meaning in item.subjects(protocol))
        if not (explored.tells and asked and len(rows)):
            return
        equal = self._equal(number, rows, explored).tolist()
        kept = [row for row in equal if self._fair(name, row) == self._fair(name, number)]
        self._say(name, np.array(kept, dtype=np.int64), word)


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


class Explored:
    """The states of a complete exploration of `part`, and what they say of other forms of its actions.

    `targets`: all that was looked for.
    """

    def __init__(self, part: TransitionSystem, space: Space, targets: Mapping[str, Target]) -> None:
        self.space, self._part, self._variables, self._targets = space, part, part.space.variables.keys(), targets
        self._events = {event for target in targets.values() for event in target.on}
        self._count = space.states.shape[1]
        self._effects: dict[object, _Effect] = {}

    @property
    def tells(self) -> bool:
        """Whether anything follows from it for other systems."""
        return self.space.complete and not self.space.exceeded and self._count <= LARGEST

    def fits(self, space: StateSpace) -> bool:
        """Whether a system on `space` has all variables of the part, and begins with the same values of them."""
        mine = self._part.space.variables
        return all(space.variables.get(name) == variable for name, variable in mine.items())

    def equal(self, mine: Action | None, other: Action | None) -> bool:
        """Whether two forms of an action, None if there is none, do the very same in the states that are known."""
        if mine is other:
            return True
        one, two = (None if action is None else self._restricted(action) for action in (mine, other))
        if _shape(one) == _shape(two):
            return True
        if two is not None and not _mentioned(two) <= self._variables:
            return False
        known, fresh = self._effect(one), self._effect(two)
        return not fresh.exceeds and bool(np.all(fresh.after < self._count)) and known.equals(fresh)

    @cached_property
    def _known(self) -> StateSet:
        known = StateSet(self.space.layout.words)
        known.insert(np.ascontiguousarray(self.space.states))
        return known

    def _restricted(self, action: Action) -> Action:
        """What of an action concerns the part."""
        updates = {name: term for name, term in action.updates.items() if name in self._variables}
        events = {name: term for name, term in action.events.items() if name in self._events}
        overflow = {key: term for key, term in action.overflow.items() if variables_of(term) <= self._variables}
        return replace(action, updates=updates, events=events, overflow=overflow)

    def _effect(self, action: Action | None) -> _Effect:
        key = _shape(action)
        if key not in self._effects:
            self._effects[key] = self._nothing() if action is None else self._computed(action)
        return self._effects[key]

    def _nothing(self) -> _Effect:
        none = np.empty(0, dtype=np.int64)
        return _Effect(none, none, False, dict.fromkeys(self._targets, none))

    def _computed(self, action: Action) -> _Effect:
        states, layout = self.space.states, self.space.layout
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
        columns = {name: self.space.layout.column(states, name) for name in code.inputs}
        return [np.broadcast_to(value, (states.shape[1],)) for value in code(columns)]


def _mentioned(action: Action) -> frozenset[str]:
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


def _agree(one: StateSpace, other: StateSpace) -> bool:
    """Whether what two spaces both have is the same and begins alike."""
    return all(variable == one.variables.get(name, variable) for name, variable in other.variables.items())


def _reads(action: Action) -> frozenset[str]:
    terms = (*action.guard.values(), *action.updates.values(), *action.overflow.values())
    return frozenset(action.updates).union(*map(variables_of, terms))
