"""Verdicts on many systems of one family, few of which are explored: what one exploration says of the others.

A path that violates a property does so in each system in which its steps are possible; of those that differ in none of
its actions that is clear, of others it is tried, step by step. What holds in one system holds in another whose actions
do nothing else, or less, in the states that the first can reach (`likeness`). What is not covered so is explored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import z3

from counterexamples.trace import Blocked, run
from model.context import Protocol
from model.language.concrete import fire, holds
from model.language.system import ModelError
from proofs.checking import verdicts
from proofs.checking.records import DEPTH
from proofs.checking.words import Word
from proofs.engines import Lasso, Lasting, Question, Reached, Target, Unreachable, exhaustive, fair
from proofs.engines.cone import behaviour_cone, grouped, observe
from proofs.engines.recheck import recheck, recheck_lasso
from proofs.evidence.family import Reading
from proofs.evidence.likeness import Explored, Like
from proofs.evidence.sights import reason_against
from proofs.evidence.systems import ASKED, Systems
from proofs.properties import EVENTUALLY, REACH, Property
from proofs.properties.subjects import along, key_of

OPEN = -1
WORDS = tuple(Word)
TRIES = 4  # systems with the same variables in which a path is replayed
Rows = np.ndarray
States = Sequence[Mapping[str, int]]
Wanted = Callable[[Rows], np.ndarray]
Judge = Callable[[int, States], Wanted | None]
"""For a system and the states along a path in it: None if it does not come to what is wanted, else whether it does in
each of some systems that take the same steps."""


@dataclass(frozen=True)
class Covered:
    """A word for each property and system, as numbers into `WORDS`, and how many systems were explored."""

    words: Mapping[str, np.ndarray]
    explored: int
    systems: int


def cover(protocols: Sequence[Protocol], items: Sequence[Property]) -> Covered:
    """A verdict's word on each property in each of some systems of one family, as exploring them all would give."""
    covering = _Covering(Systems(protocols), items)
    covering.go()
    systems = covering.systems
    return Covered({name: row[systems.of] for name, row in covering.words.items()}, covering.explored, len(systems))


class _Covering:
    def __init__(self, systems: Systems, items: Sequence[Property]) -> None:
        self.systems, self.items = systems, {item.id: item for item in items}
        self.words = {item.id: np.full(len(systems), OPEN, dtype=np.int8) for item in items}
        self.explored = 0
        self._targets: dict[tuple[str, int], Target] = {}
        self._subjects: dict[tuple[str, str, int], Target] = {}
        self._fairness: dict[tuple[str, int], frozenset[str]] = {}
        for item in items:
            self._leave_out(item)

    def _leave_out(self, item: Property) -> None:
        """Mark the systems in which a property cannot be asked."""
        systems = self.systems
        for kind in np.unique(systems.kind):
            rows = np.flatnonzero(systems.kind == kind)
            protocol = systems.protocols[rows[0]]
            asked = _asked_only_what_is_known(item, protocol)
            named = {event for target in asked for event in target.on}
            columns = [
                place
                for place, name in enumerate(systems.names)
                if any(not named.isdisjoint(action.events) for action in systems.actions[name])
            ]
            # the reason can depend on whether some action hits, but on nothing else of the actions
            _, first, inverse = np.unique(
                systems.forms[np.ix_(rows, np.array(columns, dtype=np.int64))],
                axis=0,
                return_index=True,
                return_inverse=True,
            )
            against = [bool(reason_against(item, systems.protocols[rows[index]])) for index in first]
            self._say(item.id, rows[np.array(against)[inverse.reshape(-1)]], Word.NOT_APPLICABLE)

    def go(self) -> None:
        """Explore the system of which most is open, until nothing is."""
        while True:
            count = sum((row == OPEN).astype(np.int64) for row in self.words.values())
            if not np.any(count):
                return
            much = np.flatnonzero(count * 2 >= count.max())
            number = int(much[np.argmin(self.systems.order[much])])
            self.explored += 1
            names = [name for name, row in self.words.items() if row[number] == OPEN]
            self._explore(number, [name for name in names if self.items[name].kind != EVENTUALLY])
            self._explore_lasting(number, [name for name in names if self.items[name].kind == EVENTUALLY])

    def _say(self, name: str, rows: Rows | int, word: Word) -> None:
        self.words[name][rows] = WORDS.index(word)

    def _open(self, name: str) -> Rows:
        return np.flatnonzero(self.words[name] == OPEN)

    def _target(self, name: str, number: int) -> Target:
        key = (name, int(self.systems.kind[number]))
        if key not in self._targets:
            self._targets[key] = self.items[name].target(self.systems.protocols[number])
        return self._targets[key]

    def _explore(self, number: int, names: Sequence[str]) -> None:
        protocol = self.systems.protocols[number]
        targets = {name: self._target(name, number) for name in names}
        for part, members in grouped(protocol.system, targets, verdicts.SLACK):
            beside = along(protocol, part, [self.items[name] for name in members])
            question = Question(part, {name: targets[name] for name in members}, beside=beside)
            findings = exhaustive.answer(question)
            absent = []
            for name, finding in findings.items():
                match finding.answer:
                    case Reached(path) if not isinstance(run(protocol.system, path), Blocked):
                        self._reached(number, name, path)
                    case Unreachable(_):
                        absent.append(name)
                    case _:  # a capacity: whoever decides a single system knows what to make of it
                        item = self.items[name]
                        self._say(name, number, verdicts.decide(protocol, [item], "exhaustive", DEPTH)[name].word)
            if absent:
                space = findings[absent[0]].space
                assert space is not None
                self._absent(number, absent, Explored(part, space, {**question.targets, **beside}, False))

    def _reached(self, number: int, name: str, path: Sequence[str]) -> None:
        recheck(self.systems.protocols[number].system, self._target(name, number), path)
        word = Word.REACHED if self.items[name].kind == REACH else Word.VIOLATED
        self._say(name, number, word)
        judge = self._hitting(path, lambda row: self._target(name, row))
        self._say(name, self._replaying(number, path, self._open(name), judge), word)

    def _replaying(self, number: int, path: Sequence[str], rows: Rows, judge: Judge) -> Rows:
        """Those of some systems in which a path of system `number` is possible, and comes to what `judge` wants.

        For each set of variables it is replayed in a few systems; from those of which it is one, others are told by
        their forms alone: each has to do the same step.
        """
        found = []
        for kind in np.unique(self.systems.kind[rows]):
            left = rows[self.systems.kind[rows] == kind]
            for attempt in range(TRIES):
                if not len(left):
                    break
                base = number if attempt == 0 and self.systems.kind[number] == kind else int(left[0])
                left = left[left != base]
                found += [base]
                states = run(self.systems.protocols[base].system, path)
                wanted = None if isinstance(states, Blocked) else judge(base, states)
                if isinstance(states, Blocked) or wanted is None or not wanted(np.array([base]))[0]:
                    found.pop()
                    continue
                able = self._steps(path, states, left) & wanted(left)
                found += left[able].tolist()
                left = left[~able]
        return np.intersect1d(np.array(found, dtype=np.int64), rows)

    def _steps(self, path: Sequence[str], states: States, rows: Rows) -> np.ndarray:
        """Whether each of some systems takes the same steps between the same states."""
        able = np.ones(len(rows), dtype=bool)
        for place in self.systems.columns(path):
            name, column = self.systems.names[place], self.systems.forms[rows, place]
            steps = [index for index, taken in enumerate(path) if taken == name]
            for number in np.unique(column):
                action = self.systems.form(name, int(number))
                if action is None or any(fire(action, states[step]) != states[step + 1] for step in steps):
                    able[column == number] = False
        return able

    def _hitting(self, path: Sequence[str], target: Callable[[int], Target]) -> Judge:
        """Whether a path ends in a hit."""

        def judge(base: int, states: States) -> Wanted | None:
            wanted = target(base)
            if holds(wanted.state, states[-1]):
                return lambda rows: np.ones(len(rows), dtype=bool)
            if not path:
                return None
            place = self.systems.names.index(path[-1])

            def hits(rows: Rows) -> np.ndarray:
                actions = [self.systems.form(path[-1], int(form)) for form in self.systems.forms[rows, place]]
                known = {id(one): one is not None and holds(wanted.firing(one), states[-2]) for one in set(actions)}
                return np.array([known[id(one)] for one in actions], dtype=bool)

            return hits

        return judge

    def _absent(self, number: int, names: Sequence[str], explored: Explored) -> None:
        """What is not reachable: proved or vacuous, here and in all systems that can do no more."""
        protocol = self.systems.protocols[number]
        for name in names:
            item = self.items[name]
            plain = verdicts.Verdict(Word.UNREACHABLE if item.kind == REACH else Word.PROVED, "")
            word = verdicts.unless_vacuous(protocol, item, plain, explored.space).word
            self._say(name, number, word)
            rows = self._open(name)
            if not explored.tells or not len(rows):
                continue
            rows = rows[self._comparable(name, number, rows, explored)]
            equal, within, hits = self._likeness(number, rows, explored)
            equal &= self.systems.kind[rows] == self.systems.kind[number]
            subjects = item.subjects(protocol)
            if all(key_of(item, meaning) in explored.space.asked for meaning in subjects):
                self._say(name, rows[equal], word)
            open_ones = within & ~equal & ~hits[name]
            if word is Word.VACUOUS:
                for meaning in subjects:
                    self._say(name, rows[open_ones & self._never(name, meaning, number, rows, explored, hits)], word)
            if word is not plain.word:
                continue
            rows = rows[open_ones]
            for meaning in subjects:
                path = exhaustive.path_to(explored.part, explored.space, key_of(item, meaning))
                judge = self._hitting(path or (), partial(self._subject, name, meaning))
                rows = rows[:0] if path is None else self._replaying(number, path, rows, judge)
            self._say(name, rows, word)

    def _never(
        self, name: str, meaning: str, number: int, rows: Rows, explored: Explored, hits: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Whether a subject that was looked for and never happens does not happen in each of some systems either."""
        key = key_of(self.items[name], meaning)
        if key not in explored.space.asked or key in explored.space.hits:
            return np.zeros(len(rows), dtype=bool)
        mine, theirs = self._subject(name, meaning, number), (self._subject(name, meaning, int(row)) for row in rows)
        never: np.ndarray = ~hits[key] & np.array([_same(mine, other) for other in theirs], dtype=bool)
        return never

    def _subject(self, name: str, meaning: str, number: int) -> Target:
        key = (name, meaning, int(self.systems.kind[number]))
        if key not in self._subjects:
            found = self.items[name].subjects(self.systems.protocols[number])
            self._subjects[key] = found.get(meaning, Target())
        return self._subjects[key]

    def _comparable(self, name: str, number: int, rows: Rows, explored: Explored) -> np.ndarray:
        """Whether what was explored is about variables of each of some systems, and the property the same in it."""
        kinds = self.systems.kind[rows]
        mine = self._target(name, number)
        able = np.zeros(len(rows), dtype=bool)
        for kind in np.unique(kinds):
            other = int(rows[kinds == kind][0])
            theirs = self._target(name, other)
            able[kinds == kind] = _same(mine, theirs) and explored.fits(self.systems.protocols[other].system.space)
        return able

    def _likeness(
        self, number: int, rows: Rows, explored: Explored
    ) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """For each of some systems: whether it is equal in the known states, stays within them, and what it hits."""
        systems = self.systems
        equal, within = np.ones(len(rows), dtype=bool), np.ones(len(rows), dtype=bool)
        hits = {key: np.zeros(len(rows), dtype=bool) for key in explored.targets}
        for place, name in enumerate(systems.names):
            column = systems.forms[rows, place]
            mine = systems.form(name, int(systems.forms[number, place]))
            for other in np.unique(column[within]):
                form = explored.form(mine, systems.form(name, int(other)))
                chosen = column == other
                equal[chosen] &= form.like is Like.EQUAL
                within[chosen] &= form.like is not Like.OUTSIDE
                for key in form.hits:
                    hits[key][chosen] = True
        return equal & within, within, hits

    def _explore_lasting(self, number: int, names: Sequence[str]) -> None:
        protocol = self.systems.protocols[number]
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
                explored = Explored(part, finding.space, watched, True)
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
                actions = self.systems.protocols[row].system.actions
                due = [action for action in actions if action.name in self._fair(name, row) - taken]
                for action in due:
                    if id(action) not in known:
                        guard = z3.And(*action.guard.values())
                        known[id(action)] = all(holds(guard, state) for state in states[loop:])
                return not any(known[id(action)] for action in due)

            return lambda rows: np.array([fairly(int(row)) for row in rows], dtype=bool)

        self._say(name, self._replaying(number, path, self._open(name), judge), Word.VIOLATED)

    def _fair(self, name: str, number: int) -> frozenset[str]:
        if (name, number) not in self._fairness:
            self._fairness[name, number] = self.items[name].fair(self.systems.protocols[number])
        return self._fairness[name, number]

    def _never_lasts(self, number: int, name: str, explored: Explored) -> None:
        """Nothing lasts for ever: so too in systems with the very same steps, all of which are as fair."""
        item, protocol = self.items[name], self.systems.protocols[number]
        word = verdicts.unless_vacuous(protocol, item, verdicts.Verdict(Word.PROVED, ""), explored.space).word
        self._say(name, number, word)
        rows = self._open(name)
        rows = rows[self.systems.kind[rows] == self.systems.kind[number]]
        asked = all(key_of(item, meaning) in explored.space.asked for meaning in item.subjects(protocol))
        if not (explored.tells and asked and len(rows)):
            return
        equal, _, _ = self._likeness(number, rows, explored)
        kept = [row for row in rows[equal].tolist() if self._fair(name, row) == self._fair(name, number)]
        self._say(name, np.array(kept, dtype=np.int64), word)


def _asked_only_what_is_known(item: Property, protocol: Protocol) -> list[Target]:
    """The target and the subjects of a property; raises ModelError if it asks for more assumptions than `ASKED`."""
    reading = Reading(protocol.ctx.assume)
    watched = replace(protocol, ctx=replace(protocol.ctx, subject=replace(protocol.subject, assumptions=reading)))
    found = []
    if not reason_against(item, watched):
        found = [item.target(watched), *item.subjects(watched).values()]
    if not reading.read.keys() <= set(ASKED):
        raise ModelError(f"{item.id} asks for {', '.join(reading.read)}; known: {', '.join(ASKED)}")
    return found


def _same(one: Target, other: Target) -> bool:
    """Whether two targets are the same conditions."""
    same = bool(one.state.eq(other.state)) and one.on.keys() == other.on.keys()
    return same and all(one.on[event].eq(other.on[event]) for event in one.on)
