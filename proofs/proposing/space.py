"""The designs that a search goes through: sets of changes of a version's axes.

A change gives one axis another value: one that the schema knows, or for the order of steps one that a shipped version
has, or one that edits of the version's own order make (`EDITS`): each edit counts as a change, and can be left out by
itself; or one that a person has thought of. A set has at most one value for each axis. Sets that describe no driver
(`misfit`) are no designs, although larger ones may be; nor are sets that the model treats as another one (`behaviour`),
the first of which stands for all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from model import versions
from model.parameters import ParameterError, nearest
from model.versions import Value, misfit

Change = tuple[str, Value]
Changes = frozenset[Change]
"""A design: which axes get which value; empty for the version itself."""


@dataclass(frozen=True)
class Space:
    """A version's axes, and for some of them other values."""

    base: Mapping[str, Value]
    choices: Mapping[str, tuple[Value, ...]]
    edits: Mapping[Change, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, version: str, keep: Sequence[str] = (), forbid: Sequence[str] = (), also: Sequence[str] = ()) -> Space:
        """All changes of a version and those that `also` names, but none of the axes `keep`, and none that `forbid`
        names.

        `forbid`: AXIS or AXIS=VALUE, steps with spaces between them; an axis alone is the same as kept. `also`:
        AXIS=VALUE.
        Raises ParameterError for what does not exist, VersionError for the version.
        """
        present = dict(versions.load(version).axes)
        choices: dict[str, tuple[Value, ...]] = {}
        for axis, value in versions.alternatives(present):
            choices[axis] = (*choices.get(axis, ()), value)
        edited = _edited(present["completion"])
        for value in edited:
            choices["completion"] = (*choices.get("completion", ()), value)
        for axis, value in map(parsed, also):
            if value not in (present[axis], *choices.get(axis, ())):
                choices[axis] = (*choices.get(axis, ()), value)
        for axis in keep:
            demand_axis(axis)
            choices.pop(axis, None)
        for item in forbid:
            axis, equals, text = item.partition("=")
            demand_axis(axis)
            named = [value for value in choices.get(axis, ()) if not equals or shown(value) == text]
            if equals and not named and shown(present[axis]) != text:
                raise nearest(f"value of {axis}", text, map(shown, choices.get(axis, ())))
            choices[axis] = tuple(value for value in choices.get(axis, ()) if value not in named)
        edits = {("completion", value): names for value, names in edited.items()}
        return cls(present, {axis: found for axis, found in choices.items() if found}, edits)

    def applied(self, changes: Changes) -> dict[str, Value]:
        """The axes with these changes."""
        return {**self.base, **dict(changes)}

    def designs(self, size: int) -> Iterator[Changes]:
        """All designs of so many changes, in the order of the axes."""
        for count in range(size + 1):
            for chosen in itertools.combinations(self.choices, count):
                for picked in itertools.product(*(self._distinct[axis] for axis in chosen)):
                    changes = frozenset(zip(chosen, picked, strict=True))
                    if self.size(changes) == size and misfit(self.applied(changes)) is None:
                        yield changes

    def singles(self) -> Iterator[Change]:
        """All changes, in the order of the axes, whether or not one describes a driver by itself."""
        for axis, values in self._distinct.items():
            yield from ((axis, value) for value in values)

    def parts(self, changes: Changes) -> Iterator[Changes]:
        """The designs with some of a design's changes or edits but not all, the smallest first."""
        choices: list[list[tuple[Change, ...]]] = []
        for change in self.ordered(changes):
            edits = self.edits.get(change, frozenset())
            choices.append([(), (change,), *((other,) for other, names in self.edits.items() if names < edits)])
        found = {frozenset(itertools.chain(*picked)) for picked in itertools.product(*choices)} - {changes}
        fitting = [part for part in found if misfit(self.applied(part)) is None]
        yield from sorted(fitting, key=lambda part: (self.size(part), self.ordered(part)))

    def size(self, changes: Changes) -> int:
        """How many changes a design has; each edit of an order is one."""
        return sum(len(self.edits.get(change, ("it",))) for change in changes)

    def within(self, small: Changes, large: Changes) -> bool:
        """Whether the one has no change that the other has not."""
        return all(
            change in large
            or any(
                axis == change[0] and self.edits.get(change, {axis}) <= self.edits.get((axis, value), frozenset())
                for axis, value in large
            )
            for change in small
        )

    def without(self, changes: Changes) -> Iterator[tuple[Change, str, Changes]]:
        """Each change of a design, which edit of an order it is if it is one, and what is left without only that."""
        for change in self.ordered(changes):
            rest, names = changes - {change}, self.edits.get(change, frozenset())
            for name in sorted(names):
                fewer = [
                    other for other, edits in self.edits.items() if other[0] == change[0] and edits == names - {name}
                ]
                yield change, name, rest | frozenset(fewer[:1])
            if not names:
                yield change, "", rest

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


EDITS: Mapping[str, Mapping[str, str | None]] = {
    "no terminate of rxchan": {"terminate-rx": None},
    "no terminate of txchan": {"terminate-tx": None},
    "STATUS from the result dump": {"status": "dump"},
}
"""What can be changed in the order of a completion's steps: a step is left out, or another one is in its place."""


def _edited(completion: Value) -> dict[Value, frozenset[str]]:
    """The orders that edits make of this one, and which edits."""
    possible = [name for name, edit in EDITS.items() if set(edit) <= set(completion)]
    found: dict[Value, frozenset[str]] = {}
    for count in range(1, len(possible) + 1):
        for names in itertools.combinations(possible, count):
            swaps = {step: other for name in names for step, other in EDITS[name].items()}
            found[tuple(new for step in completion if (new := swaps.get(step, step)) is not None)] = frozenset(names)
    return found


def parsed(text: str) -> Change:
    """The change that AXIS=VALUE names, for an order of steps these with spaces between them, whether or not some
    version has that value; raises ParameterError."""
    axis, equals, written = text.partition("=")
    demand_axis(axis)
    value: Value = tuple(written.split()) if versions.is_ordered(axis) else written
    stated = {"value": value if isinstance(value, str) else list(value), "source": "-"}
    wrong = [message for _, message in versions.breaches({"title": "-", "source": "-", "axes": {axis: stated}})]
    if not equals or written == versions.UNKNOWN:
        wrong = ["need AXIS=VALUE, with a value that the model has"]
    if wrong:
        raise ParameterError(f"{text!r} is no change; {'; '.join(wrong)}")
    return axis, value


def shown(value: Value) -> str:
    """A value as a person writes it: the steps of an order with spaces between them."""
    return value if isinstance(value, str) else " ".join(value)


def _behaviour(axis: str, value: Value) -> Value:
    return versions.behaviour({axis: value})[axis]


def demand_axis(axis: str) -> None:
    """Raise ParameterError if there is no such axis."""
    if axis not in versions.axes():
        raise nearest("axis", axis, versions.axes())
