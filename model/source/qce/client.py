"""The client as it runs: the steps of the protocol that it takes, in the order of execution, and what it has mapped.

A path takes those of the noted steps whose conditions hold. What is mapped, for which direction and how many entries is
kept as memory, so that it is merged where paths meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import z3
from pycparser import c_ast

from model.source.ctypes import BOOL, INT, CType
from model.source.qce.commands import RESULT, CommandBuffer, Configured
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.statements import Ways
from model.source.symbolic.terms import Condition, as_term, both, choose, either, fold, no
from model.source.symbolic.values import Key, Place, Pointer, Value, number, truth
from model.source.unit import Unit, coordinate

REQUEST, TEMPLATE = "request", "template"  # the objects
CHANNEL = "channel "  # what the object of a channel begins with
MAPPED, DIRECTION, ENTRIES = "mapped", "mapped direction", "mapped entries"
REGISTER_WRITES = ("cpu-configure", "cpu-go")
START, PREPARE = "qce_start", "qce_dma_prep_sgs"
FUNCTIONS = (PREPARE, START)  # what the failure axes tell apart: a request's data, and its start


@dataclass(frozen=True, eq=False)
class Event:
    """A step, as the axes name it, under which condition it is taken, and file:line."""

    step: str
    condition: Condition
    where: str


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement that is executed under a condition; `before`: how many steps were noted before."""

    where: str
    condition: Condition
    before: int


@dataclass(frozen=True)
class Transaction:
    """What was prepared: on "rx" or "tx", the step that submitting it is, with NWD or not, and file:line."""

    channel: str
    step: str
    nwd: bool
    where: str


@dataclass(frozen=True, eq=False)
class Callback:
    """What a submitted transaction calls when it is complete."""

    transaction: Transaction
    condition: Condition
    function: Value
    argument: Value


@dataclass
class Members:
    """The device's members that are stored, each with how many steps came before and file:line; and those read.

    `numbers`: those of the stored ones that are numbers.
    """

    stored: dict[str, tuple[int, str]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)


class Client(CommandBuffer):
    """Executes the driver. `registers`: names by offset; `registering`: functions that register or
    unregister algorithms, which are noted and not read;
    `algorithm`: the type of the request that is executed.

    `events`, `statements`: what was done so far.
    `unsuccessful`: by the name of a function under which condition it has returned an error; `unmapped`: under which
    condition a mapping has failed; `probed`: probe is over; `configured`: the channels that were.
    """

    def __init__(
        self,
        unit: Unit,
        meanings: Meanings,
        registers: Mapping[int, str],
        registering: Mapping[str, str],
        algorithm: int,
    ) -> None:
        super().__init__(unit, meanings)
        self.start_commands()
        self.registers = dict(registers)
        self.registering, self.algorithm = registering, algorithm
        self.events: list[Event] = []
        self.statements: list[Statement] = []
        self.transactions: dict[str, Transaction] = {}
        self.submitted: list[tuple[Condition, Transaction]] = []
        self.callbacks: list[Callback] = []
        self.mapped_at: dict[Key, str] = {}
        self.unsuccessful: dict[str, Condition] = {}
        self.members = Members()
        self.probed = False
        self.configured: dict[str, Configured] = {}
        self.unmapped: Condition = False
        self.zeroed |= {MAPPED, DIRECTION, ENTRIES}
        self.on_store.append(self._note_store)
        self._rounds = 0

    # steps

    def note(self, step: str, under: Condition = True) -> None:
        """A step is taken; one that happens in no state is none."""
        if self._rounds and step not in REGISTER_WRITES:
            self.refuse(f"{step} in a loop of which it is not known how often it goes round has no meaning")
        condition = fold(both(self.path, under))
        if condition is not False:
            self.events.append(Event(step, condition, self.where))

    def on_rounds(self, begin: bool) -> None:
        """One round of a loop stands for any number."""
        self._rounds += 1 if begin else -1

    def statement(self, node: c_ast.Node) -> Ways:
        """The ways out of a statement, which is noted."""
        where = coordinate(node) if node.coord else self.where
        self.statements.append(Statement(where, fold(self.path), len(self.events)))
        return super().statement(node)

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """Execute a function; what registers algorithms is only noted."""
        if name in self.registering:
            self.note(self.registering[name])
            return number(choose(self.fails(name), -12, 0, INT.width), INT)
        value = super().call(name, arguments)
        if name in FUNCTIONS:
            failed = fold(both(self.path, value.truth))
            self.unsuccessful[name] = either(self.unsuccessful.get(name, False), failed)
        return value

    # the device

    def _note_store(self, key: Key, under: Condition, value: Value) -> None:
        if self.device is not None and key[0] == self.device.places[0][1].object:
            self.members.stored[_name(key)] = len(self.events), self.where
            if not value.is_pointer:
                self.members.numbers.add(_name(key))

    def cell(self, key: Key, kind: CType) -> Value:
        """What one place holds."""
        if self.device is not None and key[0] == self.device.places[0][1].object:
            self.members.loaded.add(_name(key))
        return super().cell(key, kind)

    def call_pointer(self, function: Value, arguments: Sequence[Value]) -> Value:
        """Call what a pointer points to."""
        return self._call_pointer(function, arguments)

    @property
    def assumed(self) -> tuple[z3.BoolRef, ...]:
        """What holds of the terms that were read."""
        return tuple(self.facts.assumed)

    def happens(self, condition: Condition) -> bool:
        """Whether a condition on what was read can hold."""
        return self.each_happens([condition])[0]

    def each_happens(self, conditions: Sequence[Condition]) -> list[bool]:
        """The same of several conditions, which is asked as one question as far as it can."""
        return self.facts.satisfiable([as_term(condition) for condition in conditions])

    # mappings

    def is_mapped(self, pointer: Pointer) -> Condition:
        """Whether what a pointer points to is mapped."""
        return fold(either(*(both(c, self.recorded(_key(MAPPED, p), BOOL).term) for c, p in pointer.places)))

    def map(self, pointer: Pointer, entries: Value, direction: Value, failed: Condition, result: Value) -> None:
        """Map a list unless that fails, with what dma_map_sg gives; mapping one that is mapped loses a mapping."""
        self.unmapped = either(self.unmapped, fold(both(self.path, failed)))
        for under, place in self.accessible(pointer):
            done = fold(both(under, no(failed)))
            self.oblige(both(under, self.recorded(_key(MAPPED, place), BOOL).term), f"maps {place}, which is mapped")
            for of, value in ((MAPPED, truth(True)), (DIRECTION, direction), (ENTRIES, entries), (RESULT, result)):
                self.record(_key(of, place), BOOL if of == MAPPED else INT, done, value)
            self.mapped_at[_key(MAPPED, place)] = self.where

    def unmap(self, pointer: Pointer, entries: Value, direction: Value) -> None:
        """Undo a mapping: of what is mapped, as it was mapped."""
        for under, place in self.accessible(pointer):
            mapped = self.recorded(_key(MAPPED, place), BOOL).term
            self.oblige(both(under, no(mapped)), f"unmaps {place}, which is not mapped")
            for of, value, what in ((DIRECTION, direction, "direction"), (ENTRIES, entries, "number of entries")):
                had, now = self.recorded(_key(of, place), INT).number, self.convert(value, INT).number
                unlike = had != now if isinstance(had, int) and isinstance(now, int) else fold(had != now)
                self.oblige(both(under, mapped, unlike), f"unmaps {place} with another {what} than it was mapped")
            self.record(_key(MAPPED, place), BOOL, under, truth(False))

    def demand_unmapped(self, under: Condition) -> None:
        """Nothing is mapped any more where a request is over, but for submitted commands: unmapping these is a step."""
        for key, where in self.mapped_at.items():
            value = self.state.cells.get(key)
            if value is not None:
                self.where = where
                place = Place(str(key[1][0]), key[1][1:])
                step = both(self.of_commands(Pointer.to(place.object, *place.path)), self.commands_submitted)
                self.oblige(both(under, value.term, no(step)), f"{place} stays mapped")


def _key(of: str, place: Place) -> Key:
    return of, (place.object, *place.path)


def _name(key: Key) -> str:
    return ".".join(str(step) for step in key[1])
