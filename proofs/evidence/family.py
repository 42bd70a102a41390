"""The systems of one version and scenario under many combinations of assumptions, whose equal parts are made once.

Building a system is the same computation again but for the assumptions that it reads. So each part of the model is run
only for values of those that it has asked for before it was done: `Remembered` is a tree of the questions in the order
in which they are asked. Actions with equal terms become one object, so that two systems are compared by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from model.context import Context, Protocol
from model.language.system import Action, StateSpace, TransitionSystem
from model.protocol import declare, finished, parts
from model.subject import Subject

Result = TypeVar("Result")
Values = Mapping[str, str]


class Reading(Mapping[str, str]):
    """Values that note which of them are read, in order."""

    def __init__(self, values: Values) -> None:
        self.values_of = values
        self.read: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        return self.read.setdefault(key, self.values_of[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_of)

    def __len__(self) -> int:
        return len(self.values_of)


@dataclass
class _Node(Generic[Result]):
    """Which value is read next, or the result if none is."""

    key: str = ""
    below: dict[str, _Node[Result]] | None = None
    result: Result | None = None


class Remembered(Generic[Result]):
    """A computation on values that reads them one by one, and whose result hangs on nothing but what it reads."""

    def __init__(self, compute: Callable[[Values], Result]) -> None:
        self._compute, self._root = compute, _Node[Result]()
        self.runs = 0

    def __call__(self, values: Values) -> Result:
        """The result, computed only if no run before has read the same."""
        node = self._root
        while node.below is not None:
            node = node.below.setdefault(values[node.key], _Node())
        if node.result is None:
            reading = Reading(values)
            node = self._leaf(reading, self._compute(reading))
        assert node.result is not None
        return node.result

    def _leaf(self, reading: Reading, result: Result) -> _Node[Result]:
        self.runs += 1
        node = self._root
        for key, value in reading.read.items():
            if node.below is None:
                node.key, node.below = key, {}
            assert node.key == key, "the computation is not determined by what it reads"
            node = node.below.setdefault(value, _Node())
        node.result = result
        return node


class Family:
    """All systems of a subject, its own assumptions aside."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._space = Remembered(self._declared)
        self._spaces: dict[object, StateSpace] = {}
        self._parts: dict[int, list[Remembered[tuple[Action, ...]]]] = {}
        self._finishing: dict[tuple[int, int], Remembered[Action]] = {}
        self._same: dict[object, Action] = {}

    def protocol(self, values: Values) -> Protocol:
        """The system under a value for each assumption; spaces and actions that are equal are the same objects."""
        space = self._space(values)
        actions = []
        for part in self._parts_on(space):
            for action in part(values):
                key = (id(space), id(action))
                if key not in self._finishing:
                    self._finishing[key] = self._finish(space, action)
                actions.append(self._finishing[key](values))
        subject = replace(self.subject, assumptions=values)
        ctx = Context(subject, space)
        return Protocol(ctx, TransitionSystem(subject.version, space, tuple(actions)))

    def _declared(self, values: Values) -> StateSpace:
        ctx = Context(replace(self.subject, assumptions=values))
        declare(ctx)
        return self._spaces.setdefault(tuple(ctx.space.variables.values()), ctx.space)

    def _parts_on(self, space: StateSpace) -> list[Remembered[tuple[Action, ...]]]:
        if id(space) not in self._parts:
            count = len(parts(Context(self.subject, space)))
            self._parts[id(space)] = [self._part(space, number) for number in range(count)]
        return self._parts[id(space)]

    def _part(self, space: StateSpace, number: int) -> Remembered[tuple[Action, ...]]:
        def run(values: Values) -> tuple[Action, ...]:
            ctx = Context(replace(self.subject, assumptions=values), space)
            parts(ctx)[number](ctx)
            return tuple(map(self._shared, ctx.builder.actions))

        return Remembered(run)

    def _finish(self, space: StateSpace, action: Action) -> Remembered[Action]:
        def run(values: Values) -> Action:
            return self._shared(finished(Context(replace(self.subject, assumptions=values), space), action))

        return Remembered(run)

    def _shared(self, action: Action) -> Action:
        """The action that was first made with these terms, which are told apart by z3's numbers while they live."""
        terms = (action.guard, action.updates, action.events, action.overflow)
        shape = tuple(tuple((key, term.get_id()) for key, term in part.items()) for part in terms)
        return self._same.setdefault((action.name, shape), action)
