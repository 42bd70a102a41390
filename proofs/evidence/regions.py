"""Whether something can be reached in each of many systems of one family, decided for regions of them at once.

The union of some systems has every form of every action of theirs: it takes each step that one of them takes, and
mixes them besides. What it never reaches, none of them does, nor does a system with further forms that lead from none
of its states out of them. A path in it is one of each system whose own forms take all its steps; if none does, it is a
mixture, and the systems with one of its forms and those without it are looked at apart from each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import z3

from counterexamples.trace import Blocked, run
from model.language.concrete import fire, holds
from model.language.system import Action, StateSpace, Term, TransitionSystem, Variable
from model.language.terms import variables_of
from proofs.engines import Question, Reached, Target, Unreachable, exhaustive
from proofs.engines.cone import cone_variables, dependencies, restrict
from proofs.engines.recheck import recheck
from proofs.engines.space import Space
from proofs.evidence.systems import Rows, Systems, values_in

NO, YES, UNDECIDED = 0, 1, 2
MOST = 255  # actions of a system that an engine explores
STATES = 1 << 21  # of a union: one that mixes systems of some 10^5 into more than this is better parted
States = Sequence[Mapping[str, int]]
Alone = Callable[[int], int]
"""Decides one system by itself: `NO`, `YES`, or `UNDECIDED` if it is not known."""


@dataclass(frozen=True)
class _Union:
    """The union of some systems: each of its actions is a form of the action `plain[name]`."""

    system: TransitionSystem
    plain: Mapping[str, str]

    def agrees(self, space: StateSpace) -> bool:
        """Whether the variables that a space has, too, are the same and begin alike."""
        mine = self.system.space.variables
        return all(mine.get(name, variable) == variable for name, variable in space.variables.items())


class _Unions:
    """The unions of systems of a family. Those of systems that agree about their variables are parts of one whole, so
    that the forms of actions are compiled once for all of them."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        self._titled: dict[int, Action] = {}
        self._wholes: dict[frozenset[int], TransitionSystem] = {}

    def of(self, rows: Rows) -> _Union | None:
        """The union of some systems; None if they do not agree about a variable that several of them have."""
        kinds = frozenset(values_in(self._systems.space[rows]))
        spaces = [self._systems.family.spaces[kind] for kind in sorted(kinds)]
        variables: dict[str, Variable] = {}
        for space in spaces:
            if any(variables.setdefault(name, one) != one for name, one in space.variables.items()):
                return None
        space = StateSpace(variables, {}, spaces[0].events)
        whole = next((whole for among, whole in self._wholes.items() if kinds <= among), None)
        if whole is None:
            everywhere = np.flatnonzero(np.isin(self._systems.space, sorted(kinds)))
            whole = self._wholes[kinds] = self._joined(everywhere, space, None).system
        return self._joined(rows, space, whole)

    def titled(self, name: str, form: Action) -> Action:
        """A form of an action under a name of its own."""
        return self._titled.setdefault(id(form), replace(form, name=f"{name}#{len(self._titled)}"))

    def _joined(self, rows: Rows, space: StateSpace, whole: TransitionSystem | None) -> _Union:
        forms = self._systems.forms_in(rows)
        plain = {self.titled(name, form).name: name for name, members in forms.items() for form in members}
        actions = tuple(self.titled(name, form) for name, members in forms.items() for form in members)
        return _Union(TransitionSystem("union", space, actions, whole), plain)


class _Part:
    """What a target depends on in a union, without forms that can do nothing which another one cannot."""

    def __init__(self, union: _Union, target: Target) -> None:
        self._target = target
        self.cone = cone_variables(dependencies(union.system), target)
        part = restrict(union.system, self.cone, [target])
        self._guards: dict[object, dict[frozenset[int], Action]] = {}
        for action in part.actions:
            self._add(union.plain[action.name], action)
        kept = [
            action
            for same in self._guards.values()
            for guard, action in same.items()
            if not any(weaker < guard for weaker in same)
        ]
        self.plain = union.plain
        self.system = replace(part, actions=tuple(kept))

    def _add(self, name: str, inside: Action) -> None:
        key = (name, _effect(inside, self._target))
        self._guards.setdefault(key, {}).setdefault(_guard(inside), inside)

    def _inside(self, form: Action) -> Action:
        """What of a form counts for the target."""
        updates = {key: term for key, term in form.updates.items() if key in self.cone}
        overflow = {key: term for key, term in form.overflow.items() if variables_of(term) <= self.cone}
        return replace(form, updates=updates, overflow=overflow)

    def has(self, name: str, form: Action | None) -> bool:
        """Whether it can do all that a form can that counts for the target."""
        if form is None:
            return True
        inside = self._inside(form)
        if not inside.updates and self._target.on.keys().isdisjoint(form.events):
            return True
        weaker = self._guards.get((name, _effect(inside, self._target)), {})
        return any(guard <= _guard(form) for guard in weaker)

    def take_in(self, forms: Mapping[str, Sequence[Action]], space: Space) -> None:
        """Have forms, given by their actions' names and titled, that change nothing about what is reached: all that
        it does is in `space`."""
        further: dict[str, tuple[str, Action]] = {}
        for name, members in forms.items():
            for inside in (self._inside(form) for form in members if not self.has(name, form)):
                known = {*inside.guard.values(), *inside.updates.values(), *_hits(inside, self._target)}
                if frozenset().union(*map(variables_of, known)) <= self.cone:
                    further[inside.name] = name, inside
        titles = list(further)
        for low in range(0, len(titles), MOST):
            actions = tuple(further[title][1] for title in titles[low : low + MOST])
            for title in exhaustive.staying(replace(self.system, actions=actions), space, self._target):
                self._add(*further[title])


class Regions:
    """Decides what can be reached; `explored` counts the explorations that this took."""

    def __init__(self, systems: Systems) -> None:
        self.systems, self._unions = systems, _Unions(systems)
        self.explored = 0

    def reaching(self, target: Target, rows: Rows, alone: Alone) -> np.ndarray:
        """For each of some systems, of all of which the target's terms can be asked, whether it is hit in it.

        `alone`: asked about a system which no union decides, because of a capacity.
        """
        search = _Search(self.systems, self._unions, target, rows, alone)
        search.go()
        self.explored += search.explored
        decided: np.ndarray = search.found[rows]
        return decided


class _Search:
    """The search for one target; what it says of a region is said of all systems that are still open."""

    def __init__(self, systems: Systems, unions: _Unions, target: Target, rows: Rows, alone: Alone) -> None:
        self.systems, self.unions, self.target, self.alone = systems, unions, target, alone
        self.rows, self.open = rows, np.zeros(len(systems), dtype=bool)
        self.found = np.full(len(systems), UNDECIDED, dtype=np.int8)
        self.explored = 0

    def go(self) -> None:
        """Decide all."""
        self.open[self.rows] = True
        left = [self.rows]
        while left:
            rows = left.pop()
            rows = rows[self.open[rows]]
            if len(rows):
                left += self._decided(rows)

    def _say(self, rows: Rows, answer: int) -> None:
        self.found[rows], self.open[rows] = answer, False

    def _all_open(self) -> Rows:
        return np.flatnonzero(self.open)

    def _decided(self, rows: Rows) -> Sequence[Rows]:
        """Decide some of these systems, or part them; gives what is to be looked at further."""
        union = self.unions.of(rows)
        if union is None:
            kinds = self.systems.space[rows]
            return [rows[kinds == kind] for kind in values_in(kinds)]
        part = _Part(union, self.target)
        if len(part.system.actions) > MOST:
            return self._halves(part, rows)
        self.explored += 1
        most = None if len(rows) == 1 else STATES
        found = exhaustive.answer(Question(part.system, {"": self.target}), most)[""]
        if isinstance(found.answer, Unreachable) and found.space is not None:
            self._absent(union, part, found.space)
            return []
        if isinstance(found.answer, Reached):
            parted = self._reached(union, part, found.answer.path, rows)
            if parted is not None:
                return parted
        if len(rows) == 1:
            self._say(rows, self.alone(int(rows[0])))
            return []
        return self._halves(part, rows)

    def _absent(self, union: _Union, part: _Part, space: Space) -> None:
        """The target is not reached in any system that can do no more than a union, all of which is in a space."""
        rows = self._all_open()
        agrees = np.array([union.agrees(space) for space in self.systems.family.spaces], dtype=bool)
        rows = rows[agrees[self.systems.space[rows]]]
        forms = self.systems.forms_in(rows)
        part.take_in({name: [self.unions.titled(name, form) for form in forms[name]] for name in forms}, space)
        self._say(rows[self.systems.joined(rows, lambda name, form: int(not part.has(name, form))) == 0], NO)

    def _reached(self, union: _Union, part: _Part, path: Sequence[str], rows: Rows) -> Sequence[Rows] | None:
        """The systems that take a path of the union are decided; if none of `rows` does they are parted.

        None if a capacity cuts the path, or they cannot be parted by its steps.
        """
        watched = _with_capacities(union.system, self.target, part.cone)
        states = run(restrict(union.system, watched, [self.target]), path)
        if isinstance(states, Blocked):
            return None
        following, plain = _Following(states, self.target), [union.plain[title] for title in path]
        steps = self._taking(union, following, plain, rows)
        able = np.logical_and.reduce(steps, axis=0)
        if not np.any(able):
            apart = _conflict(steps)
            return [rows[apart], rows[~apart]] if np.any(apart) else None
        recheck(self.systems.protocol(int(rows[np.argmax(able)])).system, self.target, plain)
        everywhere = self._all_open()
        able = np.logical_and.reduce(self._taking(union, following, plain, everywhere), axis=0)
        self._say(everywhere[able], YES)
        return [rows]

    def _taking(self, union: _Union, following: _Following, path: Sequence[str], rows: Rows) -> list[np.ndarray]:
        """For each step of a path, given by the actions' own names, which systems take it, if they come to it; the last
        so that it hits."""
        kinds = self.systems.space[rows]
        steps = [np.zeros(len(rows), dtype=bool) for _ in range(len(path) or 1)]
        for kind in values_in(kinds):
            space, mine = self.systems.family.spaces[kind], np.flatnonzero(kinds == kind)
            if not union.agrees(space):
                continue
            known = space.variables.keys()
            steps[0][mine] = True
            for place, name in enumerate(path):
                told = partial(_told, following, place, known)
                steps[place][mine] = self.systems.joined(rows[mine], told, [name]) == 0
        return steps

    def _halves(self, part: _Part, rows: Rows) -> Sequence[Rows]:
        """Parted by the action that has most forms: the systems with one half of them, and the others."""
        (name, _), *_ = Counter(part.plain[action.name] for action in part.system.actions).most_common(1)
        forms = self.systems.forms_in(rows)[name]
        half = set(map(id, forms[: len(forms) // 2]))
        has = self.systems.joined(rows, lambda _, form: int(id(form) in half), [name]) == 1
        # a form that can do no more than another one was left out of the union, so that all may be on one side
        return [rows[has], rows[~has]] if 0 < has.sum() < len(rows) else np.array_split(rows, 2)


class _Following:
    """Whether forms of actions take the steps of a path, as far as the variables of its states tell."""

    def __init__(self, states: States, target: Target) -> None:
        self._states, self._target = states, target
        self._ended = holds(target.state, states[-1])
        self._known: dict[tuple[int, int], frozenset[str] | None] = {}

    def misses(self, form: Action | None, place: int, known: Collection[str]) -> bool:
        """Whether a form cannot take a step, comes to other values of known variables, or does not hit where the path
        has to."""
        wrong = None if form is None else self._wrong(form, place)
        if form is None or wrong is None or not wrong.isdisjoint(known):
            return True
        return place == len(self._states) - 2 and not self._ended and not self._hits(form)

    def _hits(self, form: Action) -> bool:
        hit = self._target.hit_by(form)
        return variables_of(hit) <= self._states[-2].keys() and holds(hit, self._states[-2])

    def _wrong(self, form: Action, place: int) -> frozenset[str] | None:
        """Of which variables the step leads to another value; None if there is no step."""
        key = (id(form), place)
        if key not in self._known:
            self._known[key] = self._compared(form, place)
        return self._known[key]

    def _compared(self, form: Action, place: int) -> frozenset[str] | None:
        before, after = self._states[place], self._states[place + 1]
        updates = {name: term for name, term in form.updates.items() if name in before}
        inside = replace(form, updates=updates)
        terms = (*inside.guard.values(), *inside.updates.values(), *inside.overflow.values())
        if not frozenset().union(*map(variables_of, terms)) <= before.keys():
            return None
        found = fire(inside, before)
        return None if found is None else frozenset(name for name, value in found.items() if value != after[name])


def _told(following: _Following, place: int, known: Collection[str], _: str, form: Action | None) -> int:
    return int(following.misses(form, place, known))


def _conflict(steps: Sequence[np.ndarray]) -> np.ndarray:
    """Of steps that no system takes all, the systems that take one: of those that contradict each other, without which
    some system would take the rest, the one that about half of the systems take."""
    kept = sorted(steps, key=lambda flags: -int(flags.sum()))
    for flags in list(kept):
        others = [other for other in kept if other is not flags]
        if others and not np.any(np.logical_and.reduce(others, axis=0)):
            kept = others
    return min(kept, key=lambda flags: abs(2 * int(flags.sum()) - len(flags)))


def _with_capacities(system: TransitionSystem, target: Target, cone: frozenset[str]) -> frozenset[str]:
    """The cone and what decides whether an action that counts for it exceeds a capacity."""
    reads, known = dependencies(system), cone
    while True:
        counts = [
            item for item in reads.values() if known & item.updates.keys() or target.on.keys() & item.events.keys()
        ]
        more = known.union(*(item.overflow | item.guard for item in counts))
        more = more.union(*(names for item in counts for name, names in item.updates.items() if name in more))
        if more == known:
            return known
        known = more


def _hits(action: Action, target: Target) -> list[Term]:
    return [] if z3.is_false(hit := target.hit_by(action)) else [hit]


def _guard(action: Action) -> frozenset[int]:
    # what the conjuncts of a guard are called does not matter
    return frozenset(term.get_id() for term in action.guard.values())


def _effect(action: Action, target: Target) -> object:
    """What a restricted action does, as far as it concerns a target: z3's numbers of the terms."""
    events = {name: term for name, term in action.events.items() if name in target.on}
    parts = (action.updates, events, action.overflow)
    return tuple(frozenset((key, term.get_id()) for key, term in part.items()) for part in parts)
