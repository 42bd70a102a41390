"""Many systems of one family side by side: which of them are one, how they differ, what properties mean in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.context import Context, Protocol
from model.language.system import Action, TransitionSystem
from proofs.checking.words import Word
from proofs.engines import Target
from proofs.evidence.sights import never_asked
from proofs.properties import Property

if TYPE_CHECKING:
    from proofs.evidence.family import Constraints, Family

WORDS = tuple(Word)
OPEN = -1
"""Words of verdicts as numbers, and that there is none yet."""
Rows = np.ndarray
"""Systems, by their numbers."""
Told = Callable[[str, Action | None], int]
"""For an action's name and its form in a system, None if there is none: what is so, as bits."""


class _Part:
    """The actions that one part of the model adds: `tuples[c]` are those of class c."""

    def __init__(self, tuples: Sequence[tuple[Action, ...]]) -> None:
        self.tuples = tuples
        self.forms = [{action.name: action for action in actions} for actions in tuples]
        self.names = tuple(dict.fromkeys(action.name for actions in tuples for action in actions))


class Systems:
    """Distinct systems at the points of a family; `of[n]` is the number of the n-th point's, `first[u]` a point of u.

    `apart`: numbers for the points, in which those of one system are to agree, too. `space[u]`: equal for systems with
    the same variables.
    """

    def __init__(self, family: Family, apart: Iterable[np.ndarray] = ()) -> None:
        self.family = family
        self._parts: list[_Part] = []
        self._forms: dict[int, tuple[Action, list[Constraints]]] = {}
        classes = []
        together = family.space_of.astype(np.int64)
        for column in apart:
            together = _paired(together, column)
        for split in family.parts():
            numbers: dict[tuple[int, ...], int] = {}
            kinds = [numbers.setdefault(tuple(map(id, actions)), len(numbers)) for actions in split.results]
            self._parts.append(_Part([split.results[kinds.index(kind)] for kind in range(len(numbers))]))
            for actions, where in zip(split.results, split.where, strict=True):
                for action in actions:
                    self._forms.setdefault(id(action), (action, []))[1].append(where)
            classes.append(np.array(kinds, dtype=np.int32)[split.of])
            together = _paired(together, classes[-1])
        _, self.first, of = np.unique(together, return_index=True, return_inverse=True)
        self.of = of.reshape(-1).astype(np.int32)
        self._classes = [column[self.first] for column in classes]
        self.space = family.space_of[self.first]
        self._part_of = {name: part for part, item in enumerate(self._parts) for name in item.names}
        assert len(self._part_of) == sum(len(item.names) for item in self._parts), "two parts add an action of one name"
        self._protocols: dict[int, Protocol] = {}
        self.order = self._order()

    def __len__(self) -> int:
        return len(self.first)

    def protocol(self, number: int) -> Protocol:
        """One of the systems."""
        if number not in self._protocols:
            pairs = zip(self._parts, self._classes, strict=True)
            actions = tuple(action for part, column in pairs for action in part.tuples[column[number]])
            self._protocols[number] = self.family.protocol(int(self.first[number]), actions)
        return self._protocols[number]

    def form(self, name: str, number: int) -> Action | None:
        """The form that an action has in a system, None if it is not there."""
        part = self._part_of[name]
        forms: Mapping[str, Action] = self._parts[part].forms[self._classes[part][number]]
        return forms.get(name)

    def forms(self) -> Iterable[tuple[Action, Sequence[Constraints]]]:
        """Each form that an action has in any of them, and what the points meet where it has: one of these at least."""
        return self._forms.values()

    def joined(self, rows: Rows, told: Told, names: Iterable[str] | None = None) -> np.ndarray:
        """For each of some systems the bits that `told` gives for the forms of its actions, or of some of them, joined.

        `told` is asked once for each form that there is among them.
        """
        asked = tuple(self._part_of) if names is None else tuple(dict.fromkeys(names))
        found, known = np.zeros(len(rows), dtype=np.int64), {}
        for number, (part, column) in enumerate(zip(self._parts, self._classes, strict=True)):
            mine = [name for name in asked if self._part_of[name] == number]
            if not mine:
                continue
            classes = column[rows]
            table = np.zeros(len(part.forms), dtype=np.int64)
            for one in values_in(classes):
                for name in mine:
                    form = part.forms[one].get(name)
                    key = (name, id(form))
                    if key not in known:
                        known[key] = told(name, form)
                    table[one] |= known[key]
            found |= table[classes]
        return found

    def _order(self) -> np.ndarray:
        """The place of each in an order in which those come early that can do what others can, and more.

        That is only likely, and only decides how many are explored: few variables, many actions, few guards.
        """
        variables = np.array([len(space.variables) for space in self.family.spaces], dtype=np.int64)[self.space]
        actions, guards = np.zeros(len(self), dtype=np.int64), np.zeros(len(self), dtype=np.int64)
        for part, column in zip(self._parts, self._classes, strict=True):
            actions += np.array([len(one) for one in part.tuples], dtype=np.int64)[column]
            guards += np.array([sum(len(action.guard) for action in one) for one in part.tuples])[column]
        order = np.empty(len(self), dtype=np.int64)
        order[np.lexsort((guards, -actions, variables))] = np.arange(len(self))
        return order


@dataclass(frozen=True)
class Meaning:
    """The target and the subjects of a property; without a target it can be asked of none of its systems."""

    target: Target | None
    subjects: Mapping[str, Target]

    @property
    def shape(self) -> object:
        """What tells meanings apart."""
        return self.target and shape_of(self.target), tuple((key, shape_of(one)) for key, one in self.subjects.items())


@dataclass(frozen=True)
class Meanings:
    """The `different` meanings of a property, and `of`: which of them it has at each point, or in each system."""

    different: tuple[Meaning, ...]
    of: np.ndarray

    @classmethod
    def over(cls, family: Family, item: Property) -> Meanings:
        """Those at the points of a family."""
        split = family.split(partial(_meaning, item))
        numbers: dict[object, int] = {}
        kinds = [numbers.setdefault(meaning.shape, len(numbers)) for meaning in split.results]
        different = tuple(split.results[kinds.index(kind)] for kind in range(len(numbers)))
        return cls(different, np.array(kinds, dtype=np.int32)[split.of])

    def within(self, first: np.ndarray) -> Meanings:
        """Those in systems, of each of which a point is given; at its other points it means the same."""
        return Meanings(self.different, self.of[first])

    def at(self, number: int) -> Meaning:
        """What it means in a system."""
        return self.different[int(self.of[number])]

    def target(self, number: int) -> Target:
        """The target in a system of which it can be asked."""
        target = self.at(number).target
        assert target is not None
        return target

    def same(self, number: int, rows: Rows) -> np.ndarray:
        """In which of some systems it means the same as in one."""
        same: np.ndarray = self.of[rows] == self.of[number]
        return same

    def same_target(self, number: int, rows: Rows) -> np.ndarray:
        """In which of some systems its target is the same as in one."""
        return self._same(lambda meaning: meaning.target, number, rows)

    def same_subject(self, name: str, number: int, rows: Rows) -> np.ndarray:
        """In which of some systems that subject is the same as in one."""
        return self._same(lambda meaning: meaning.subjects.get(name), number, rows)

    def _same(self, part: Callable[[Meaning], Target | None], number: int, rows: Rows) -> np.ndarray:
        mine = part(self.at(number))
        theirs = [part(meaning) for meaning in self.different]
        same = [one is not None and mine is not None and shape_of(one) == shape_of(mine) for one in theirs]
        flags: np.ndarray = np.array(same, dtype=bool)[self.of[rows]]
        return flags


def _meaning(item: Property, ctx: Context) -> Meaning:
    """What a property is about in the systems with such a context; their actions are not looked at."""
    protocol = Protocol(ctx, TransitionSystem(ctx.subject.version, ctx.space, ()))
    if never_asked(item, protocol):
        return Meaning(None, {})
    return Meaning(item.target(protocol), item.subjects(protocol))


def shape_of(target: Target) -> object:
    """What tells targets apart: z3's numbers of the terms."""
    return target.state.get_id(), frozenset((event, term.get_id()) for event, term in target.on.items())


def _paired(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Numbers that are equal where both of two are."""
    if not np.any(other):
        return one
    found: np.ndarray = np.unique(one * (int(other.max()) + 1) + other, return_inverse=True)[1].reshape(-1)
    return found


def values_in(column: np.ndarray) -> list[int]:
    """The different values of a column of small numbers, in order."""
    found: list[int] = np.flatnonzero(np.bincount(column)).tolist()
    return found
