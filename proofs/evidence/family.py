"""The systems of one version and scenario under many combinations of assumptions, whose equal parts are made once.

Making a part of the model is the same computation again but for what it asks: whether an assumption has a certain
value, and for variables of the state space. So it is run for one of the points, and what comes out is that of every
point at which each of these questions has the same answer. Actions with equal terms become one object, so that systems
are compared by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, NoReturn, TypeVar, cast

import numpy as np

from model import parameters
from model.context import Context, Protocol
from model.language.system import Action, ModelError, StateSpace, TransitionSystem
from model.parameters import ASSUMPTIONS, Setting
from model.protocol import declare, finished, parts
from model.subject import Subject

Result = TypeVar("Result")
Item = TypeVar("Item")
Question = tuple[str, str, object]
"""Its kind, about what, and for a value which."""
Asked = dict[Question, object]
VALUE, VARIABLE, QUEUE = "value", "variable", "queue"


Flags = np.ndarray
"""For each of some points, whether something is so."""


class Points:
    """Many combinations of values of the assumptions, by number, so that none needs an object of its own.

    `digits[key][n]`: the place of the n-th's value among those of an assumption.
    """

    def __init__(self, digits: Mapping[str, np.ndarray]) -> None:
        self.digits = digits

    @classmethod
    def of(cls, combinations: Iterable[Mapping[str, str]]) -> Points:
        """These, in order, each with a value for every assumption."""
        rows = [[item.values.index(one[key]) for key, item in ASSUMPTIONS.items()] for one in combinations]
        table = np.array(rows, dtype=np.int8).reshape(-1, len(ASSUMPTIONS))
        return cls({key: np.ascontiguousarray(table[:, place]) for place, key in enumerate(ASSUMPTIONS)})

    @classmethod
    def product(cls, values: Mapping[str, Sequence[str]]) -> Points:
        """Every combination of some values, the last key's changing fastest; all else at its default."""
        places = [
            np.array([item.values.index(value) for value in values.get(key, item.values[:1])], dtype=np.int8)
            for key, item in ASSUMPTIONS.items()
        ]
        shape = [len(values) for values in places]
        digits = {}
        for axis, (key, mine) in enumerate(zip(ASSUMPTIONS, places, strict=True)):
            across = mine.reshape([-1 if axis == other else 1 for other in range(len(shape))])
            digits[key] = np.broadcast_to(across, shape).reshape(-1)
        return cls(digits)

    def __len__(self) -> int:
        return len(next(iter(self.digits.values())))

    def values(self, number: int) -> dict[str, str]:
        """A value for each assumption."""
        return {key: item.values[self.digits[key][number]] for key, item in ASSUMPTIONS.items()}

    def setting(self, number: int) -> Setting:
        """What of it is not a default."""
        return parameters.setting_of(self.values(number))

    def having(self, key: str, value: str, rows: np.ndarray | None = None) -> Flags:
        """Which of all, or of some by their numbers, have that value."""
        column = self.digits[key] if rows is None else self.digits[key][rows]
        flags: Flags = column == ASSUMPTIONS[key].values.index(value)
        return flags

    def distance(self, number: int) -> np.ndarray:
        """In how many assumptions each differs from one of them."""
        found = np.zeros(len(self), dtype=np.int16)
        for column in self.digits.values():
            found += column != column[number]
        return found

    def fixed(self, values: Mapping[str, str]) -> Points:
        """The same with these values everywhere."""
        known = {
            key: np.full(len(self), ASSUMPTIONS[key].values.index(value), dtype=np.int8)
            for key, value in values.items()
        }
        return Points({**self.digits, **known})


class Watched(dict[str, Item]):
    """A dictionary that notes what is looked up in it, and lets nobody look at all of it."""

    def __init__(self, items: Mapping[str, Item], kind: str, asked: Asked) -> None:
        super().__init__(items)
        self._kind, self._asked = kind, asked

    def _note(self, key: object) -> None:
        self._asked.setdefault((self._kind, str(key), None), super().get(str(key)))

    def __getitem__(self, key: str) -> Item:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def get(self, key: str, default: Item | None = None) -> Item | None:  # type: ignore[override]
        """As a dictionary's."""
        self._note(key)
        return super().get(key, default)

    def _refuse(self) -> NoReturn:
        raise ModelError(f"a part of the model looks at every {self._kind}: what it hangs on is not known")

    def __iter__(self) -> Iterator[str]:
        self._refuse()

    def keys(self) -> NoReturn:
        """Refused."""
        self._refuse()

    def values(self) -> NoReturn:
        """Refused."""
        self._refuse()

    def items(self) -> NoReturn:
        """Refused."""
        self._refuse()


class _Value:
    """The value of an assumption, which notes with what it is compared, and is good for nothing else."""

    def __init__(self, key: str, value: str, asked: Asked) -> None:
        self._key, self._value, self._asked = key, value, asked

    def __eq__(self, other: object) -> bool:
        return bool(self._asked.setdefault((VALUE, self._key, other), self._value == other))

    def __hash__(self) -> int:  # what is found by it in a dictionary is then compared with it
        return hash(self._value)

    def __str__(self) -> NoReturn:
        raise ModelError(f"a part of the model does not only compare {self._key}: what it hangs on is not known")


class _Values(Watched[_Value]):
    """The values of assumptions: it is they that note what is asked."""

    def _note(self, key: object) -> None:
        pass


@dataclass(frozen=True)
class Constraint:
    """That an assumption `about` has some value, or if it does not `hold` that it has another; or if `kinds` are given,
    that the state space is one of these."""

    about: str = ""
    value: str = ""
    holds: bool = True
    kinds: tuple[int, ...] | None = None


Constraints = tuple[Constraint, ...]
"""All of which are met."""


@dataclass(frozen=True)
class Split(Generic[Result]):
    """What a computation gives at each of many points: the n-th gets `results[of[n]]`, as do all of the points that
    meet `where[of[n]]`, and no others."""

    of: np.ndarray
    results: tuple[Result, ...]
    where: tuple[Constraints, ...]


class Family:
    """All systems of a subject at some points, its own assumptions aside.

    `spaces`: the state spaces there are; `space_of`: which of them a point has; `where`: for each, what the points that
    have it meet, one of these at least.
    """

    def __init__(self, subject: Subject, points: Points) -> None:
        self.subject, self.points = subject, points
        self.spaces: list[StateSpace] = []
        self._numbers: dict[object, int] = {}
        self._actions: dict[object, Action] = {}
        declared = self._split(lambda number, asked: self._declared(self._context(number, asked)))
        self.space_of = np.array(declared.results, dtype=np.int32)[declared.of]
        self.where: list[list[Constraints]] = [[] for _ in self.spaces]
        for kind, constraints in zip(declared.results, declared.where, strict=True):
            self.where[kind].append(constraints)

    def split(self, compute: Callable[[Context], Result]) -> Split[Result]:
        """What a computation gives at each point, which looks at nothing but its context."""

        def at(number: int, asked: Asked) -> Result:
            space = self.spaces[self.space_of[number]]
            variables, queues = Watched(space.variables, VARIABLE, asked), Watched(space.queues, QUEUE, asked)
            return compute(self._context(number, asked, StateSpace(variables, queues, space.events)))

        return self._split(at)

    def parts(self) -> Iterator[Split[tuple[Action, ...]]]:
        """The actions that each part of the model adds, complete."""
        for number in range(len(parts(self._context(0, {}, self.spaces[0])))):
            yield self.split(partial(self._made, number))

    def protocol(self, number: int, actions: tuple[Action, ...]) -> Protocol:
        """The system at a point, of its actions."""
        space = self.spaces[self.space_of[number]]
        subject = replace(self.subject, assumptions=self.points.values(number))
        return Protocol(Context(subject, space), TransitionSystem(subject.version, space, actions))

    def _split(self, compute: Callable[[int, Asked], Result]) -> Split[Result]:
        of, results, where = np.empty(len(self.points), dtype=np.int32), [], []
        left: list[tuple[np.ndarray, Constraints, frozenset[Question]]] = [(np.arange(len(of)), (), frozenset())]
        while left:
            rows, met, known = left.pop()
            asked: Asked = {}
            results.append(compute(int(rows[0]), asked))
            for question, answer in asked.items():
                if question in known:
                    continue
                same, so, otherwise = self._answering(question, answer, rows)
                if not np.all(same):
                    left.append((rows[~same], (*met, otherwise), known))
                    rows, met = rows[same], (*met, so)
                known |= {question}
            of[rows] = len(results) - 1
            where.append(met)
        return Split(of, tuple(results), tuple(where))

    def _answering(
        self, question: Question, answer: object, rows: np.ndarray
    ) -> tuple[np.ndarray, Constraint, Constraint]:
        """Which of some points give that answer; what those meet that do, and those that do not."""
        kind, key, value = question
        if kind == VALUE:
            has: np.ndarray = self.points.having(key, str(value), rows) == answer
            return has, Constraint(key, str(value), bool(answer)), Constraint(key, str(value), not answer)
        known = [(space.variables if kind == VARIABLE else space.queues).get(key) == answer for space in self.spaces]
        same: np.ndarray = np.array(known, dtype=bool)[self.space_of[rows]]
        so, otherwise = (tuple(n for n, one in enumerate(known) if one is said) for said in (True, False))
        return same, Constraint(kinds=so), Constraint(kinds=otherwise)

    def _context(self, number: int, asked: Asked, space: StateSpace | None = None) -> Context:
        values = {key: _Value(key, value, asked) for key, value in self.points.values(number).items()}
        subject = replace(self.subject, assumptions=cast("Mapping[str, str]", _Values(values, VALUE, asked)))
        return Context(subject) if space is None else Context(subject, space)

    def _declared(self, ctx: Context) -> int:
        declare(ctx)
        key = tuple(ctx.space.variables.values())
        if key not in self._numbers:
            self._numbers[key] = len(self.spaces)
            self.spaces.append(ctx.space)
        return self._numbers[key]

    def _made(self, number: int, ctx: Context) -> tuple[Action, ...]:
        parts(ctx)[number](ctx)
        return tuple(self._shared(finished(ctx, action)) for action in ctx.builder.actions)

    def _shared(self, action: Action) -> Action:
        """The action that was first made with these terms, which are told apart by z3's numbers while they live."""
        terms = (action.guard, action.updates, action.events, action.overflow)
        shape = tuple(tuple((key, term.get_id()) for key, term in part.items()) for part in terms)
        return self._actions.setdefault((action.name, shape), action)
