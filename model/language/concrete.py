"""The terms of a transition system executed: with NumPy over many states, with plain Python over one.

Both readings come from one walk over the term graph; each shared term is computed once. They execute the same terms
that z3 reads, so there is no second description of the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from model.language.operators import FOLDS, Function, Value, constant, dtype_of, function_of
from model.language.system import Action, Term, Variable
from model.language.terms import Walk, by_identity


class Columns(Protocol):
    """Values by variable name: a dict, or columns computed when asked for."""

    def __getitem__(self, name: str, /) -> Value:
        """The value or column of one variable."""


class _Tape(Walk[int]):
    """Turns terms into a list of steps, each a function of earlier places whose result has a place of its own.

    `blank`: a value for each place, that of a constant, None otherwise.
    """

    def __init__(self, vector: bool) -> None:
        super().__init__()
        self.vector = vector
        self.blank: list[Any] = []
        self.inputs: dict[str, int] = {}
        self.steps: list[tuple[int, Function, tuple[int, ...]]] = []
        self._literals: dict[int, int] = {}

    def _place(self, value: Any = None) -> int:
        self.blank.append(value)
        return len(self.blank) - 1

    def last_used(self, results: Sequence[int]) -> list[tuple[int, ...]]:
        """For each step the places that nothing reads after it: a column that is freed is still in the cache."""
        last = {place: number for number, (_, _, args) in enumerate(self.steps) for place in args}
        kept = {*results, *self._literals}
        found: list[list[int]] = [[] for _ in self.steps]
        for place, number in last.items():
            if place not in kept:
                found[number].append(place)
        return list(map(tuple, found))

    def variable(self, name: str) -> int:
        if name not in self.inputs:
            self.inputs[name] = self._place()
        return self.inputs[name]

    def constant(self, width: int, value: int) -> int:
        place = self._place(constant(width, value, self.vector))
        self._literals[place] = value
        return place

    def operation(self, kind: int, width: int, args: list[int], widths: list[int], parameters: tuple[int, ...]) -> int:
        literals = tuple(self._literals.get(arg) for arg in args) if kind in FOLDS else ()
        function = function_of(kind, width, tuple(widths), parameters, literals, self.vector)
        place = self._place()
        self.steps.append((place, function, tuple(args)))
        return place


class Code:
    """A list of terms, ready to be computed: `code.inputs` are the variables they read, `code(values)` the results.

    `values` maps at least the inputs to columns (vector) or to numbers (scalar). Raises UnsupportedTermError.
    """

    def __init__(self, terms: Sequence[Term], vector: bool) -> None:
        tape = _Tape(vector)
        self._results = tuple(tape.visit(term) for term in terms)
        self.inputs = tuple(tape.inputs)
        self._places, self._blank = tuple(tape.inputs.values()), tape.blank
        freed = tape.last_used(self._results) if vector else [()] * len(tape.steps)
        self._steps = [(*step, done) for step, done in zip(tape.steps, freed, strict=True)]

    def __call__(self, values: Columns) -> tuple[Value, ...]:
        found = self._blank.copy()
        for place, name in zip(self._places, self.inputs, strict=True):
            found[place] = values[name]
        value_at = found.__getitem__
        for place, function, args, done in self._steps:
            found[place] = function(*map(value_at, args))
            for old in done:
                found[old] = None
        return tuple(map(value_at, self._results))


class Layout:
    """How a state is packed into 64-bit words: no variable crosses a word, each packed state is exact.

    `words` is the number of words; packed states are arrays of shape (words, n), dtype uint64. `among`: the variables
    of the whole system of which these are a part; the places of the others stay zero.
    """

    def __init__(self, variables: Sequence[Variable], among: Sequence[Variable] | None = None) -> None:
        self.places: dict[str, tuple[int, int, int]] = {}
        free: list[int] = []
        for variable in sorted(variables if among is None else among, key=lambda item: -item.bits):
            word = next((index for index, room in enumerate(free) if room >= variable.bits), len(free))
            if word == len(free):
                free.append(64)
            self.places[variable.name] = (word, 64 - free[word], variable.bits)
            free[word] -= variable.bits
        self.words = len(free)
        self.places = {variable.name: self.places[variable.name] for variable in variables}
        self._types = {variable.name: dtype_of(variable.width) for variable in variables}

    def pack(self, state: Mapping[str, int]) -> np.ndarray:
        """One state as a column of shape (words, 1)."""
        packed = [0] * self.words
        for name, (word, low, _) in self.places.items():
            packed[word] |= int(state[name]) << low
        return np.array(packed, dtype=np.uint64).reshape(self.words, 1)

    def unpack(self, column: np.ndarray) -> dict[str, int]:
        """The state in a column of shape (words,)."""
        words = [int(word) for word in column]
        return {name: (words[word] >> low) & ((1 << bits) - 1) for name, (word, low, bits) in self.places.items()}

    def column(self, packed: np.ndarray, name: str) -> np.ndarray:
        """One variable's values in all packed states."""
        word, low, bits = self.places[name]
        values: np.ndarray = (packed[word] >> np.uint64(low)) & np.uint64((1 << bits) - 1)
        return values.astype(self._types[name])

    def store(self, packed: np.ndarray, values: Mapping[str, Value]) -> None:
        """Overwrite some variables in all packed states, in place, each with a column or with one value."""
        by_word: dict[int, list[str]] = {}
        for name in values:
            by_word.setdefault(self.places[name][0], []).append(name)
        for word, names in by_word.items():
            mask = 0
            fresh: np.ndarray | np.uint64 = np.uint64(0)
            for name in names:
                _, low, bits = self.places[name]
                mask |= ((1 << bits) - 1) << low
                fresh = fresh | (np.asarray(values[name]).astype(np.uint64) << np.uint64(low))
            packed[word] = (packed[word] & np.uint64(~mask & (2**64 - 1))) | fresh


@by_identity
def scalar(term: Term) -> Code:
    """The plain-Python reading of one term."""
    return Code([term], vector=False)


def holds(term: Term, state: Mapping[str, int]) -> bool:
    """Whether a Boolean term holds in a concrete state."""
    return bool(scalar(term)(state)[0])


@lru_cache(maxsize=1024)
def _effect(action: Action) -> Code:
    return Code(list(action.updates.values()), vector=False)


def fire(action: Action, state: Mapping[str, int]) -> dict[str, int] | None:
    """The state after an action, all updates read from the state before; None if it cannot fire."""
    if not holds(action.enabled, state):
        return None
    values = map(int, _effect(action)(state))
    return {**state, **dict(zip(action.updates, values, strict=True))}
