"""Mutants of a protocol: the same system with one thing wrong.

A guard's conjunct is missing or negated; a variable keeps its value where it should change; a queue is used at its
wrong end, an entry gets lost, stays, loses a field or has a flag flipped. The first two kinds change one action.
The last kind changes one place of the driver's code and so every action that executes it: the place is made wrong
while the actions that come there are built anew. The second forms of actions, in which a fault strikes, stay right.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any
from unittest.mock import patch

import z3

from model import channel
from model.context import Protocol
from model.hardware import ring
from model.language.queues import Queue, Value, behind, resize
from model.language.system import Action, Builder, Term, TransitionSystem
from model.protocol import assemble

Entries = Sequence[Mapping[str, Value]]


@dataclass(frozen=True)
class Mutant:
    """A mutated system. `label`: what is wrong, the same in every version; `changed`: the actions that differ."""

    label: str
    system: TransitionSystem
    changed: tuple[str, ...]


def of_action(action: Action) -> Iterator[tuple[str, Term, Action]]:
    """What can go wrong in an action: a label, the term that it is about, and the action with that wrong."""
    for meaning, term in action.guard.items():
        if z3.is_true(term):
            continue
        rest = {key: other for key, other in action.guard.items() if key != meaning}
        yield without(action, meaning), term, replace(action, guard=rest)
        opposite = {**action.guard, meaning: z3.simplify(z3.Not(term))}
        yield negated(action, meaning), term, replace(action, guard=opposite)
    for name, term in action.updates.items():
        kept = {key: other for key, other in action.updates.items() if key != name}
        yield unchanged(action, name), term, replace(action, updates=kept)


def without(action: Action, meaning: str) -> str:
    """The label of the mutant that lacks a conjunct of its guard."""
    return f"{action.name}: without the guard '{meaning}'"


def negated(action: Action, meaning: str) -> str:
    """The label of the mutant that has the opposite of a conjunct."""
    return f"{action.name}: the guard '{meaning}' negated"


def unchanged(action: Action, name: str) -> str:
    """The label of the mutant that lacks an update."""
    return f"{action.name}: {name} stays as it is"


def put_in(system: TransitionSystem, actions: Mapping[str, Action], label: str) -> Mutant:
    """The mutant of a system that has some of its actions, by name, replaced."""
    put = tuple(actions.get(action.name, action) for action in system.actions)
    return Mutant(label, replace(system, actions=put), tuple(actions))


@dataclass(frozen=True)
class Place:
    """A place in the driver's code, a file's line, that changes a queue by one of its methods."""

    line: tuple[str, int]
    queue: str
    method: str


@dataclass(frozen=True)
class Wrong:
    """What goes wrong at a place: a word, and the record's field that it concerns, if any."""

    word: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.word} {self.field}".strip()


LOST, KEPT, OTHER_END, SWAPPED = Wrong("lost"), Wrong("entry kept"), Wrong("other end"), Wrong("first two swapped")
WITHOUT, FLIPPED = "without", "flipped"
FLAGS = ("nwd", "int", "eot")


class _Watched(Queue):
    """A queue that says who changes it, and can be told what to do wrong."""

    on_change: Callable[[Place, Entries], Wrong | None]

    def _wrong(self, method: str, entries: Entries = ()) -> Wrong | None:
        caller = sys._getframe(2)
        if caller.f_globals["__name__"] == Queue.__module__:
            return None
        place = Place((caller.f_code.co_filename, caller.f_lineno), self.name, method)
        return type(self).on_change(place, entries)

    def push_back(self, **values: Value) -> None:
        self._push(super().push_back, super().push_front, values, self._wrong("push_back", [values]))

    def push_front(self, **values: Value) -> None:
        self._push(super().push_front, super().push_back, values, self._wrong("push_front", [values]))

    def _push(
        self, right: Callable[..., None], other: Callable[..., None], values: Mapping[str, Value], wrong: Wrong | None
    ) -> None:
        if wrong != LOST:
            (other if wrong == OTHER_END else right)(**_spoilt(values, wrong))

    def push_back_all(self, entries: Entries, count: Term) -> None:
        wrong = self._wrong("push_back_all", entries)
        if wrong == SWAPPED:
            first, second, *rest = entries
            two = z3.UGT(count, 1)
            entries = [_either(two, second, first), _either(two, first, second), *rest]
        if wrong != LOST:
            super().push_back_all([_spoilt(entry, wrong) for entry in entries], count)

    def pop_front(self) -> dict[str, Term]:
        wrong = self._wrong("pop_front")
        if wrong == KEPT:
            return self.front()
        return self._pop_back() if wrong == OTHER_END else super().pop_front()

    def clear(self) -> None:
        if self._wrong("clear") != LOST:
            super().clear()

    def splice_tail(self, other: Queue) -> None:
        wrong = self._wrong("splice_tail")
        if wrong == OTHER_END:
            self._splice_front(other)
        elif wrong != LOST:
            super().splice_tail(other)

    def _pop_back(self) -> dict[str, Term]:
        entry, length = self.front(), self.length
        lasts = [length == position + 1 for position in range(self.schema.capacity)]
        for position, last in enumerate(lasts):
            entry = {key: z3.If(last, self.at(position, key), term) for key, term in entry.items()}
        for key, item in self.schema.fields.items():
            name = f"{self.name}.{key}"
            data = rest = self.step[name]
            for position, last in enumerate(lasts):
                others = (1 << data.size()) - 1 ^ ((1 << item.width) - 1 << position * item.width)
                rest = z3.If(last, data & others, rest)
            self.step[name] = rest
        self.step[f"{self.name}.len"] = length - 1
        return entry

    def _splice_front(self, other: Queue) -> None:
        whole = {key: self.step[f"{self.name}.{key}"] for key in self.schema.fields}
        moved = {key: self.step[f"{other.name}.{key}"] for key in self.schema.fields}
        lengths = other.lengths()
        moved_behind = {key: behind(lengths, whole[key], item.width) for key, item in self.schema.fields.items()}
        super().splice_tail(other)  # for the length and the capacity
        for key, data in whole.items():
            self.step[f"{self.name}.{key}"] = resize(moved[key], data.size()) | moved_behind[key]


def _either(condition: Term, one: Mapping[str, Value], other: Mapping[str, Value]) -> dict[str, Value]:
    return {key: z3.If(condition, one[key], other[key]) for key in one}


def _spoilt(entry: Mapping[str, Value], wrong: Wrong | None) -> dict[str, Value]:
    if wrong is None or wrong.field not in entry:
        return dict(entry)
    if wrong.word == WITHOUT:
        return {key: value for key, value in entry.items() if key != wrong.field}
    return {**entry, wrong.field: entry[wrong.field] ^ 1}


def _what_can_go_wrong(place: Place, entries: Entries) -> Iterator[Wrong]:
    yield from {"pop_front": (KEPT, OTHER_END), "clear": (LOST,), "push_back_all": (LOST,)}.get(
        place.method, (LOST, OTHER_END)
    )
    if len(entries) > 1:
        yield SWAPPED
    for key in entries[0] if entries else ():
        yield Wrong(WITHOUT, key)
        if key in FLAGS:
            yield Wrong(FLIPPED, key)


class Code:
    """The places of a protocol's code that change queues, and the protocol with one of them wrong.

    A place is known to readers by the first action that comes there, and if that changes the queue in the same way at
    several places by a number: moving or renaming a function leaves that as it is.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self._reach: dict[Place, dict[str, None]] = {}
        self._wrongs: dict[Place, dict[Wrong, None]] = {}
        self._names: dict[Place, str] = {}
        building = ""

        def watch(place: Place, entries: Entries) -> None:
            if place not in self._names:
                self._names[place] = self._name(place, building)
            self._reach.setdefault(place, {})[building] = None
            self._wrongs.setdefault(place, {}).update(dict.fromkeys(_what_can_go_wrong(place, entries)))

        def build_watched(builder: Builder, name: str, *details: Any, **more: Any) -> None:
            nonlocal building
            building = name
            original(builder, name, *details, **more)

        original = Builder.action
        self._build(watch, build_watched)

    def _name(self, place: Place, action: str) -> str:
        first = f"{place.queue}.{place.method}"
        names = chain([f"{first} in {action}"], (f"{first} {number} in {action}" for number in count(2)))
        return next(name for name in names if name not in self._names.values())

    def wrongs(self) -> Iterator[tuple[str, Place, Wrong]]:
        """What can go wrong at each place, with the mutant's label."""
        for place, wrongs in self._wrongs.items():
            for wrong in wrongs:
                yield self._label(place, wrong), place, wrong

    def _label(self, place: Place, wrong: Wrong) -> str:
        return f"{self._names[place]}: {wrong}"

    def mutant(self, place: Place, wrong: Wrong) -> Mutant:
        """The protocol's system with one thing wrong at one place."""
        reached = self._reach[place]

        def spoil(here: Place, _: Entries) -> Wrong | None:
            return wrong if here == place else None

        def build_reached(builder: Builder, name: str, *details: Any, **more: Any) -> None:
            if name in reached:
                builder.faults = ()  # the second forms, in which a fault strikes, stay right
                original(builder, name, *details, **more)

        original = Builder.action
        built = self._build(spoil, build_reached)
        fresh = {action.name: action for action in built.actions}
        system = self.protocol.system
        changed = {a.name: fresh[a.name] for a in system.actions if a.name in fresh and not same(a, fresh[a.name])}
        return put_in(system, changed, self._label(place, wrong))

    def _build(
        self, on_change: Callable[[Place, Entries], Wrong | None], action: Callable[..., None]
    ) -> TransitionSystem:
        """The protocol's system built with watched queues, by a builder of one's own."""
        watched = type("Watched", (_Watched,), {"on_change": staticmethod(on_change)})
        with ExitStack() as patches:
            for module in (channel, ring):
                patches.enter_context(patch.object(module, "Queue", watched))
            patches.enter_context(patch.object(Builder, "action", action))
            return assemble(self.protocol.subject).system


def same(one: Action, other: Action) -> bool:
    """Whether two actions have equal terms throughout."""
    if one is other:
        return True
    pairs = [(one.guard, other.guard), (one.updates, other.updates), (one.events, other.events)]
    pairs.append((one.overflow, other.overflow))
    return all(a.keys() == b.keys() and all(a[key].eq(b[key]) for key in a) for a, b in pairs)


def difference(system: TransitionSystem, one: Action, other: Action) -> Term:
    """The states in which two actions do not do the same: fire, change, amount to and exceed the same."""
    never = z3.BoolVal(False)

    def after(action: Action, name: str) -> Term:
        return action.updates.get(name, system.space.term(name))

    changes = [unlike(after(one, name), after(other, name)) for name in {**one.updates, **other.updates}]
    events = {**one.events, **other.events}
    changes += [unlike(one.events.get(key, never), other.events.get(key, never)) for key in events]
    differs = [unlike(one.enabled, other.enabled), z3.And(one.enabled, z3.Or(*changes))]
    differs += [unlike(one.exceeds(key), other.exceeds(key)) for key in {**one.overflow, **other.overflow}]
    return z3.simplify(z3.Or(*differs))


def unlike(one: Term, other: Term) -> Term:
    """Whether two terms have different values; constantly false for one and the same term, which is most of them."""
    return z3.BoolVal(False) if one.eq(other) else one != other


def equivalent(system: TransitionSystem, mutant: Mutant, milliseconds: int = 5000) -> bool:
    """Whether z3 proves that a mutant does the same as the system in every state, reachable or not.

    False if z3 finds a state in which it does not, or gives up.
    """
    solver = z3.SolverFor("QF_BV")
    solver.set("timeout", milliseconds)
    pairs = [(system.action(name), mutant.system.action(name)) for name in mutant.changed]
    solver.add(z3.Or(*(difference(system, one, other) for one, other in pairs)))
    return bool(solver.check() == z3.unsat)
