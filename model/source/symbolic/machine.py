"""An execution that takes all paths at once: its memory, what it has to prove, what is possible on the present path.

What has no meaning is refused with file:line. What a driver must not do, such as dereferencing NULL, is an obligation:
the condition under which it does it, for others to prove impossible or to report; the execution goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import z3

from model.source.ctypes import Array, CType, Integer, PointerTo, Struct
from model.source.symbolic.state import State, join
from model.source.symbolic.terms import Condition, Facts, Number, both, either, equal, fold, no, wide
from model.source.symbolic.values import (
    ERROR,
    FUNCTION,
    INDEX,
    NOWHERE,
    NULL,
    Key,
    Place,
    Pointer,
    Value,
    convert,
    merge,
    number,
)
from model.source.tree import SourceError
from model.source.unit import Unit

Found = TypeVar("Found")


class ExceededError(SourceError):
    """A path on which a capacity of the model never suffices: nothing is said of it, so its execution ends."""


@dataclass
class Obligation:
    """What must not happen: under which condition on the state at the beginning it does, what it is, and file:line."""

    condition: Condition
    text: str
    where: str


@dataclass(frozen=True, eq=False)
class Walk:
    """A loop over a list: which, its present entry, and whether it may take that one off (list_for_each_entry_safe)."""

    key: Key
    entry: Pointer
    safe: bool


class Machine:
    """Memory and proof. `assume`: what holds of the terms in the memory at the beginning.

    `types`: what each object is; `lengths`: how many elements an array has whose type does not say it; `zeroed`:
    objects that are 0 where nothing was stored; `initial`: what globals hold; `locals`: objects that are variables of
    functions; `allocated`: bytes of what has no type yet; `walks`: the loops over lists; `where`: file:line of what is
    executed; `lines`: by file:line the conditions of each path that has executed a statement there; `limits`: the name
    and the capacity of a list that a model bounds; `exceeded`: under which condition which of them does not suffice,
    after which nothing is said. Told are `on_lock` of each lock that is taken (True) or released, `on_access` of each
    place that is read or written, `on_push` of each entry before it is put onto a list, `on_store` of each value that
    is stored, and under which further condition.
    """

    def __init__(self, unit: Unit, assume: Sequence[z3.BoolRef] = ()) -> None:
        self.unit = unit
        self.state = State()
        self.types: dict[str, CType] = {}
        self.lengths: dict[Key, int] = {}
        self.limits: dict[Key, tuple[str, int]] = {}
        self.exceeded: dict[str, Condition] = {}
        self.zeroed: set[str] = set()
        self.locals: set[str] = set()
        self.allocated: dict[str, int] = {}
        self.initial: dict[Key, Value] = {}
        self.walks: list[Walk] = []
        self.on_lock: list[Callable[[Key, bool], None]] = []
        self.on_access: list[Callable[[Key, Condition], None]] = []
        self.on_push: list[Callable[[Key, Pointer], None]] = []
        self.on_store: list[Callable[[Key, Condition, Value], None]] = []
        self.lines: dict[str, list[tuple[Condition, ...]]] = {}
        self.where = "?"
        self._obligations: dict[tuple[str, str], Obligation] = {}
        self.facts = Facts(assume)
        self._names = 0

    # what is proved

    def refuse(self, why: str) -> NoReturn:
        """Raise SourceError with the present file:line."""
        raise SourceError(f"{self.where}: {why}")

    @property
    def path(self) -> Condition:
        """Under which condition on the state at the beginning the present line is executed."""
        return self.state.reached

    def possible(self, condition: Condition) -> bool:
        """Whether a condition can hold on the present path."""
        return self.possible_each([condition])[0]

    def possible_each(self, conditions: Sequence[Condition]) -> list[bool]:
        """The same of several conditions, which is asked as one question as far as it can."""
        return self.facts.possible(self.state.path, self.path, conditions)

    def decided(self, condition: Condition) -> Condition:
        """The condition as True or False if the present path leaves no choice."""
        if isinstance(condition, bool):
            return condition
        if not self.possible(condition):
            return False
        return condition if self.possible(no(condition)) else True

    def oblige(self, bad: Condition, text: str) -> None:
        """Note that something must not happen that does where `bad` holds."""
        bad = fold(both(self.path, bad))
        if bad is False:
            return
        key = (text, self.where)
        before = self._obligations[key].condition if key in self._obligations else False
        self._obligations[key] = Obligation(either(before, bad), text, self.where)

    @property
    def obligations(self) -> list[Obligation]:
        """All that were noted, in the order of the execution."""
        return list(self._obligations.values())

    def exceed(self, name: str, condition: Condition) -> None:
        """Note that the capacity `name` of the model does not suffice where the condition holds; else it does."""
        beyond = fold(both(self.path, condition))
        if beyond is False:
            return
        self.exceeded[name] = either(self.exceeded.get(name, False), beyond)
        if beyond is True:
            self.refuse(f"exceeds {name} in every state")
        self.facts.assume(z3.Not(beyond))
        if not self.possible(True):
            raise ExceededError(f"{self.where}: exceeds {name} on every path that gets here")

    # paths

    def join(self, one: State | None, other: State | None) -> State | None:
        """Where two paths meet; refuses if a lock is held on one of them only."""
        if one is not None and other is not None and one.held != other.held:
            self.refuse("a lock is held on one of the paths that meet here, and not on the other")
        return join(one, other, self._missing)

    def _missing(self, key: Key, kind: CType) -> Value | None:
        if key in self.initial:
            return self.initial[key]
        return self.zero(kind) if key[0] in self.zeroed else None

    # objects

    def new(self, name: str, kind: CType | None, zeroed: bool = False) -> str:
        """A new object of a type, None if that is not known yet."""
        self._names += 1
        name = f"{name}#{self._names}"
        if kind is not None:
            self.types[name] = kind
        if zeroed:
            self.zeroed.add(name)
        return name

    def give_type(self, name: str, kind: CType) -> None:
        """Say what an allocated object is: as many of that type as fit, or one with as much as fits at its end."""
        room, size = self.allocated.pop(name), self.unit.size(kind, self.where)
        members = self.unit.members(kind, self.where) if isinstance(kind, Struct) else {}
        last, tail = next(reversed(members.items())) if members else ("", kind)
        if isinstance(tail, Array) and tail.length is None:
            self.lengths[name, (0, last)] = (room - size) // self.unit.size(tail.element, self.where)
            room = size
        if room < size:
            self.refuse(f"allocates {room} bytes for what has {size}")
        self.types[name] = Array(kind, room // size)

    def zero(self, kind: CType) -> Value | None:
        """0 as a value of a type, None for a struct or an array."""
        if isinstance(kind, PointerTo):
            return Value(kind, NULL)
        return number(0, kind) if isinstance(kind, Integer) and kind.width > 1 else convert(number(0), kind)

    def kind_of(self, place: Place) -> CType:
        """The type of what is at a place, by the type of the object."""
        if place.object not in self.types:
            self.refuse(f"{place.object} is used before its type is known")
        kind = self.types[place.object]
        for step in place.path:
            if isinstance(step, str):
                kind = self.member(kind, step)
            elif isinstance(kind, Array):
                kind = kind.element
            else:
                self.refuse(f"{place}: this is no array")
        return kind

    def member(self, kind: CType, name: str) -> CType:
        """The type of a struct's member."""
        members = self.unit.members(kind, self.where)
        if name not in members:
            self.refuse(f"no member {name}")
        return members[name]

    def length(self, array: Place) -> int:
        """How many elements there are."""
        kind = self.kind_of(array)
        found = self.lengths.get(array.shape)
        if found is None and isinstance(kind, Array):
            found = kind.length
        if found is None:
            self.refuse(f"the length of {array} is not known")
        return found

    # access

    def keys(self, place: Place, under: Condition = True) -> Iterator[tuple[Condition, Key]]:
        """The places that one with indices can be, each with its condition; an index beyond is an obligation.

        `under`: the condition under which it is that place.
        """
        found: list[tuple[Condition, tuple[str | int, ...]]] = [(True, ())]
        for position, step in enumerate(place.path):
            if isinstance(step, str):
                found = [(met, (*path, step)) for met, path in found]
                continue
            count = self.length(Place(place.object, place.path[:position]))
            outside = both(under, self._outside(step, count))
            self.oblige(outside, f"an index beyond the {count} elements of {Place(place.object)}")
            indices = [step] if isinstance(step, int) else range(count)
            found = [
                (both(met, hit), (*path, index))
                for met, path in found
                for index in indices
                if 0 <= index < count and (hit := equal(step, index)) is not False
            ]
        return ((met, (place.object, path)) for met, path in found)

    @staticmethod
    def _outside(index: Number, count: int) -> Condition:
        if isinstance(index, int):
            return not 0 <= index < count
        return fold(z3.UGE(index, z3.BitVecVal(count, INDEX)))

    def touch(self, key: Key, under: Condition = True) -> None:
        """Tell whoever wants to know that a place is read or written, under a further condition."""
        for notice in self.on_access:
            notice(key, under)

    @contextmanager
    def silently(self) -> Iterator[None]:
        """Look at the memory without obligations: what is noted inside is forgotten."""
        before, told = dict(self._obligations), self.on_access
        self.on_access = []
        try:
            yield
        finally:
            self._obligations, self.on_access = before, told

    def accessible(self, pointer: Pointer) -> list[tuple[Condition, Place]]:
        """The places that a pointer can point to; NULL and freed objects are obligations, the rest goes on."""
        return self._accessible(pointer, self.possible_each([under for under, _ in pointer.places]))

    def _accessible(self, pointer: Pointer, possible: Sequence[bool]) -> list[tuple[Condition, Place]]:
        self.oblige(pointer.null, "dereferences NULL")
        places = [found for found, can in zip(pointer.places, possible, strict=True) if can]
        for under, place in places:
            self.oblige(both(under, self.state.gone.get(place.object, False)), "uses what is freed")
            if place.object in (ERROR, FUNCTION):
                self.oblige(under, f"dereferences {'an' if place.object == ERROR else 'a'} {place.object}")
        places = [(under, place) for under, place in places if place.object not in (ERROR, FUNCTION)]
        if not places:
            self.refuse("dereferences NULL on every path that gets here")
        return places

    def only_key(self, pointer: Pointer, what: str) -> Key:
        """The one place that a pointer, `what` in words, can point to; refuses one that may be several, or is none."""
        places = [place for under, place in self.accessible(pointer) if self.possible(under)]
        if len(places) != 1:
            self.refuse(f"{what} that may be one of several has no meaning")
        _, key = next(self.keys(places[0]), (True, None))
        if key is None:
            self.refuse(f"{places[0]} is beyond its array on every path that gets here")
        return key

    def load(self, pointer: Pointer, kind: CType) -> Value:
        """What is there: of a struct or a function the pointer itself, of an array the pointer to its first element."""
        if isinstance(kind, Array):
            return Value(PointerTo(kind.element), pointer.inside(0))
        if not isinstance(kind, Integer | PointerTo):
            return Value(kind, pointer)
        found = self._roughly(pointer, lambda places: self._value_at(places, kind))
        self.oblige(no(found.defined), "reads what was never stored")
        return Value(kind, found.term)

    def _roughly(self, pointer: Pointer, use: Callable[[list[tuple[Condition, Place]]], Found]) -> Found:
        """What comes of the places that a pointer can point to, maybe of some that it cannot here, where none refuses.

        A place too many is no part of any value that there is: its condition is part of all that follows from it.
        """
        conditions = [under for under, _ in pointer.places]
        plausible = self.facts.plausible(self.state.path, self.path, conditions)
        try:
            return use(self._accessible(pointer, plausible))
        except SourceError:
            if (possible := self.possible_each(conditions)) == plausible:
                raise
            return use(self._accessible(pointer, possible))

    def _keys_at(self, places: Sequence[tuple[Condition, Place]]) -> list[tuple[Condition, Key]]:
        return [(fold(both(under, hit)), key) for under, place in places for hit, key in self.keys(place, under)]

    def _value_at(self, places: Sequence[tuple[Condition, Place]], kind: CType) -> Value:
        found: Value | None = None
        for here, key in self._keys_at(places):
            self.touch(key, here)
            value = self.cell(key, kind)
            found = value if found is None else merge(here, value, found)
        if found is None:
            self.refuse("an index beyond the array on every path that gets here")
        return found

    def cell(self, key: Key, kind: CType) -> Value:
        """What one place holds, as far as that is defined."""
        found = self.state.cells.get(key) or self._missing(key, kind)
        if found is not None:
            return found
        if key[0] not in self.locals:
            self.refuse(f"reads {Place(*key)}, of which nothing is known")
        return self.unset(kind)

    def unset(self, kind: CType) -> Value:
        """What a variable of a number's or pointer's type is before anything is stored in it."""
        zero = self.zero(kind)
        assert zero is not None
        return Value(kind, NOWHERE if zero.is_pointer else zero.term, False)

    def store(self, pointer: Pointer, value: Value) -> None:
        """Put a value there; a struct's is copied member by member."""
        if isinstance(value.kind, Struct):
            self.copy(pointer, value.pointer, value.kind)
            return
        for where, key in self._roughly(pointer, self._keys_at):
            self.touch(key, where)
            for notice in self.on_store:
                notice(key, where, value)
            before = self.state.cells.get(key) or self._missing(key, value.kind)
            if where is not True and before is None:
                before = Value(value.kind, value.term, False)
            self.state.cells[key] = value if where is True or before is None else merge(where, value, before)

    def copy(self, target: Pointer, source: Pointer, kind: CType) -> None:
        """Copy what has a type, member by member."""
        for steps, leaf in self.leaves(kind):
            if isinstance(leaf, Struct):
                self.refuse(f"copies struct {leaf.tag}, which has no meaning")
            self.store(target.inside(*steps), self.load(source.inside(*steps), leaf))

    def leaves(self, kind: CType) -> Iterator[tuple[tuple[str | int, ...], CType]]:
        """The parts of a type that hold values, by their paths; a list's head is one."""
        if isinstance(kind, Struct) and kind.tag != "list_head":
            for name, member in self.unit.members(kind, self.where).items():
                yield from (((name, *steps), leaf) for steps, leaf in self.leaves(member))
        elif isinstance(kind, Array):
            for index in range(kind.length or 0):
                yield from (((index, *steps), leaf) for steps, leaf in self.leaves(kind.element))
        else:
            yield (), kind

    def moved(self, pointer: Pointer, steps: Value) -> Pointer:
        """The pointer that many elements behind another one, into the same array."""
        by = steps.number if isinstance(steps.number, int) else self._index(steps)
        alternatives: list[tuple[Condition, Place | None]] = []
        for under, place in pointer.alternatives:
            if place is None or not place.path or isinstance(place.path[-1], str):
                if not isinstance(by, int) or by != 0 or place is None:
                    self.oblige(under, "moves a pointer to what is no element of an array")
                alternatives.append((under, place))
                continue
            last = place.path[-1]
            both_known = isinstance(last, int) and isinstance(by, int)
            index = last + by if both_known else fold(wide(last, INDEX) + wide(by, INDEX))
            alternatives.append((under, Place(place.object, (*place.path[:-1], index))))
        return Pointer(tuple(alternatives))

    def _index(self, value: Value) -> Number:
        found = convert(value, Integer(INDEX, isinstance(value.kind, Integer) and value.kind.signed))
        assert found is not None
        return found.term
