"""The memory of an execution, and how the memories of two paths become one where the paths meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from model.source.ctypes import CType
from model.source.symbolic.terms import Condition, Number, both, choose, either, no
from model.source.symbolic.values import INDEX, NULL, Key, Pointer, Value, merge, merge_pointers

Missing: TypeAlias = Callable[[Key, CType], Value | None]
"""What a place of a type holds in which nothing was stored; None if that is not defined."""


@dataclass(frozen=True, eq=False)
class Items:
    """A list: pointers to its list_heads, of which the first `length` are on it."""

    entries: tuple[Pointer, ...] = ()
    length: Number = 0

    def at(self, position: int) -> Pointer:
        """The entry at a position; NULL beyond those that there can be."""
        return self.entries[position] if position < len(self.entries) else NULL


@dataclass
class State:
    """What places hold, what is on the lists, which locks are held, on one path or on several that have met.

    `path`: the conditions under which it is reached. `gone`: under which condition an object is freed.
    """

    cells: dict[Key, Value] = field(default_factory=dict)
    lists: dict[Key, Items] = field(default_factory=dict)
    held: tuple[Key, ...] = ()
    gone: dict[str, Condition] = field(default_factory=dict)
    path: tuple[Condition, ...] = ()
    _reached: tuple[tuple[Condition, ...], Condition] = field(default=((), True), repr=False, compare=False)

    @property
    def reached(self) -> Condition:
        """All conditions of the path, which most of the statements on it ask for, in one."""
        if self._reached[0] is not self.path:
            self._reached = self.path, both(*self.path)
        return self._reached[1]

    def copy(self, condition: Condition = True) -> State:
        """The same where also `condition` holds."""
        path = self.path if condition is True else (*self.path, condition)
        return State(dict(self.cells), dict(self.lists), self.held, dict(self.gone), path)

    def without(self, objects: set[str]) -> State:
        """The same without what some objects hold, which nobody can name any more."""
        if any(key[0] in objects for key in self.cells):
            self.cells = {key: value for key, value in self.cells.items() if key[0] not in objects}
        if any(key[0] in objects for key in self.lists):
            self.lists = {key: items for key, items in self.lists.items() if key[0] not in objects}
        return self


def join(one: State | None, other: State | None, missing: Missing) -> State | None:
    """The state of two paths that meet; None is a path that does not get there.

    `missing`: for what only one of them has stored, what the other one has there.
    """
    if one is None or other is None:
        return other if one is None else one
    shared = 0
    while shared < min(len(one.path), len(other.path)) and one.path[shared] is other.path[shared]:
        shared += 1
    first, second = both(*one.path[shared:]), both(*other.path[shared:])
    met = either(first, second)
    whole = met is True or _opposite(one.path[shared:], other.path[shared:])
    path = one.path[:shared] if whole else (*one.path[:shared], met)
    cells = dict(one.cells)
    for key in one.cells.keys() | other.cells.keys():
        cells[key] = _merged_cell(first, key, one, other, missing)
    lists = {
        key: _merged_items(first, one.lists.get(key), other.lists.get(key)) for key in {**one.lists, **other.lists}
    }
    names = one.gone.keys() | other.gone.keys()
    gone = {name: _merged_gone(first, one.gone.get(name, False), other.gone.get(name, False)) for name in names}
    return State(cells, lists, one.held, gone, path)


def _opposite(one: tuple[Condition, ...], other: tuple[Condition, ...]) -> bool:
    if len(one) != 1 or len(other) != 1 or isinstance(one[0], bool) or isinstance(other[0], bool):
        return False
    return bool(no(one[0]).eq(other[0]) or no(other[0]).eq(one[0]))


def _merged_cell(first: Condition, key: Key, one: State, other: State, missing: Missing) -> Value:
    mine, others = one.cells.get(key), other.cells.get(key)
    had = mine or others
    assert had is not None
    mine, others = mine or missing(key, had.kind), others or missing(key, had.kind)
    if mine is None or others is None:
        there = first if mine is not None else no(first)
        return replace(had, defined=both(had.defined, there))
    return merge(first, mine, others)


def _merged_items(first: Condition, one: Items | None, other: Items | None) -> Items:
    if one is None or other is None or one is other:
        found = one or other
        assert found is not None
        return found
    entries = []
    for position in range(max(len(one.entries), len(other.entries))):
        if position >= len(one.entries) or position >= len(other.entries):
            entries.append((one if position < len(one.entries) else other).entries[position])
        else:
            entries.append(merge_pointers(first, one.entries[position], other.entries[position]))
    return Items(tuple(entries), choose(first, one.length, other.length, INDEX))


def _merged_gone(first: Condition, one: Condition, other: Condition) -> Condition:
    return either(both(first, one), both(no(first), other))
