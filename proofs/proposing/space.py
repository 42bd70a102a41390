"""The designs that a search goes through: sets of changes of a version's axes.

A change gives one axis another value: one that the schema knows, or for the order of steps one that a shipped version
has. A set has at most one change for each axis. Sets that describe no driver (`misfit`) are no designs, although larger
ones may be; nor are sets that the model treats as another set (`behaviour`), of which the first one stands for all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from model import versions
from model.parameters import nearest
from model.versions import Value, misfit

Change = tuple[str, Value]
Changes = frozenset[Change]
"""A design: which axes get which value; empty for the version itself."""


@dataclass(frozen=True)
class Space:
    """A version's axes, and for some of them other values."""

    base: Mapping[str, Value]
    choices: Mapping[str, tuple[Value, ...]]

    @classmethod
    def of(cls, version: str, keep: Sequence[str] = (), forbid: Sequence[str] = ()) -> Space:
        """All changes of a version, but none of the axes `keep`, and none that `forbid` names.

        `forbid`: AXIS or AXIS=VALUE, steps with spaces between them; an axis alone is the same as kept.
        Raises ParameterError for what does not exist, VersionError for the version.
        """
        present = dict(versions.load(version).axes)
        choices: dict[str, tuple[Value, ...]] = {}
        for axis, value in versions.alternatives(present):
            choices[axis] = (*choices.get(axis, ()), value)
        for axis in keep:
            _demand(axis)
            choices.pop(axis, None)
        for item in forbid:
            axis, equals, text = item.partition("=")
            _demand(axis)
            named = [value for value in choices.get(axis, ()) if not equals or shown(value) == text]
            if equals and not named and shown(present[axis]) != text:
                raise nearest(f"value of {axis}", text, map(shown, choices.get(axis, ())))
            choices[axis] = tuple(value for value in choices.get(axis, ()) if value not in named)
        return cls(present, {axis: found for axis, found in choices.items() if found})

    def applied(self, changes: Changes) -> dict[str, Value]:
        """The axes with these changes."""
        return {**self.base, **dict(changes)}

    def designs(self, size: int) -> Iterator[Changes]:
        """All designs of so many changes, in the order of the axes."""
        for chosen in itertools.combinations(self.choices, size):
            for picked in itertools.product(*(self._distinct[axis] for axis in chosen)):
                changes = frozenset(zip(chosen, picked, strict=True))
                if misfit(self.applied(changes)) is None:
                    yield changes

    @cached_property
    def _distinct(self) -> dict[str, tuple[Value, ...]]:
        """Of values that the model does not tell apart the first, and none that it does not tell from the base's."""
        found = {}
        for axis, choices in self.choices.items():
            alike = {_behaviour(axis, self.base[axis]): self.base[axis]}
            fresh = [value for value in choices if alike.setdefault(_behaviour(axis, value), value) == value]
            found[axis] = tuple(value for value in fresh if value != self.base[axis])
        return found

    def ordered(self, changes: Changes) -> tuple[Change, ...]:
        """The changes in the order of the axes."""
        return tuple(sorted(changes, key=lambda change: list(self.base).index(change[0])))


def shown(value: Value) -> str:
    """A value as a person writes it: the steps of an order with spaces between them."""
    return value if isinstance(value, str) else " ".join(value)


def _behaviour(axis: str, value: Value) -> Value:
    return versions.behaviour({axis: value})[axis]


def _demand(axis: str) -> None:
    if axis not in versions.axes():
        raise nearest("axis", axis, versions.axes())
