"""The register writes that a request sends as commands: which elements its buffer has, and which of them are sent.

A request's list of commands is what it has to be if its elements are made one behind the other from the first on, each
entry of the scatterlist has the elements since the entry before, and all of them are mapped and prepared, the one that
starts the engine last. Counted here is how many there are; anything else is noted as what must not happen.

Left out, and why no property can see it:
- How many elements a buffer has room for: how many are made data decide.
- What is written into a register; and of which register of an array, in a loop.
- That fewer entries may have been mapped than there are, and that all of them are prepared nevertheless, as v12 to v17
  do: how many descriptors commands have is a bound of the model.
- The length of metadata, which bam_dma does not look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import z3

from model.source.ctypes import BOOL, INT, UNSIGNED, Integer, Struct
from model.source.qce.inputs import Inputs
from model.source.symbolic.terms import Condition, both, choose, either, equal, fold, no, wide
from model.source.symbolic.values import Key, Place, Pointer, Value, number, truth

ELEMENT = Struct("bam_cmd_element")
BUFFER = "commands"  # the object that the counts below are kept in
MADE, COVERED, LISTED = "elements made", "elements listed", "entries"
CONFIGURES, STARTS, BEHIND = "configures", "starts the engine", "goes on behind that"
PREPARED, SUBMITTED = "prepared", "submitted"
RESULT = "mapped as"
START_REGISTER = "REG_GOPROC"
BASES = ("base-phys", "base-dma")
"""As the axis `dummy-address` names them: the physical address of the registers, and the one they are mapped at."""


@dataclass(frozen=True, eq=False)
class Metadata:
    """What was attached to a transaction, and under which condition: the register of its address, the direction (None:
    it has none), and file:line."""

    condition: Condition
    register: str
    direction: int | None
    where: str


@dataclass(frozen=True)
class Configured:
    """How probe has configured a channel: for which direction, how it has said where dummy writes go, as the axis
    `metadata` has it ("": not at all), the register, and file:line."""

    direction: int
    way: str
    register: str
    where: str


class CommandBuffer(Inputs):
    """Executes code that makes a list of commands. `bases`: by name what the registers' addresses begin at, as far as
    that is known; `used`: those that addresses were made from, each with file:line; `metadata`: by transaction;
    `sent`: under which condition which of them, or none, was submitted with commands, and file:line."""

    def start_commands(self) -> None:
        """Nothing is known of the registers' addresses, and there is no command."""
        self.registers: dict[int, str] = {}
        self.bases: dict[str, z3.BitVecRef] = {}
        self.used: dict[str, str] = {}
        self.metadata: dict[str, Metadata] = {}
        self.sent: list[tuple[Condition, Metadata | None, str]] = []
        self._made_in: Place | None = None
        self._listed_in: Place | None = None
        self.zeroed |= {BUFFER, RESULT}

    # what is kept beside C's own memory

    def recorded(self, key: Key, kind: Integer) -> Value:
        """What was recorded; 0 or false if nothing was."""
        return self.state.cells.get(key) or Value(kind, False if kind == BOOL else 0)

    def record(self, key: Key, kind: Integer, under: Condition, value: Value) -> None:
        """Keep a value where a condition holds."""
        before, value = self.recorded(key, kind), self.convert(value, kind)
        if kind == BOOL:
            term = fold(either(both(under, value.term), both(no(under), before.term)))
        else:
            term = fold(choose(under, value.number, before.number, kind.width))
        for notice in self.on_store:
            notice(key, under, value)
        self.state.cells[key] = Value(kind, term)

    def _how_many(self, name: str) -> Value:
        return self.recorded((BUFFER, (name,)), UNSIGNED)

    def _now_many(self, name: str, value: Value) -> None:
        self.record((BUFFER, (name,)), UNSIGNED, True, value)

    def _is(self, name: str) -> Condition:
        return self.recorded((BUFFER, (name,)), BOOL).term

    def _say(self, name: str, under: Condition = True) -> None:
        self.record((BUFFER, (name,)), BOOL, under, truth(True))

    # addresses

    def register_at(self, address: Value) -> str:
        """The name of the register that has an address, or its offset; refuses an address that may be of several."""
        found = self.offset_of(address)
        if found is None:
            self.refuse("an address that is no constant offset from that of the registers has no meaning")
        base, offset = found
        self.used.setdefault(base, self.where)
        return self.registers.get(offset, f"{offset:#x}")

    def offset_of(self, address: Value) -> tuple[str, int] | None:
        """Which of the bases an address is counted from, and the offset; None if it is not known."""
        for base, start in self.bases.items():
            found = fold(wide(address.number, address.width) - wide(start, address.width))
            if isinstance(found, int):
                return base, found
        return None

    # the list

    def _at(self, pointer: Pointer, what: str) -> tuple[Place, Value]:
        """The array that a pointer points into, and the index."""
        places = [place for _, place in self.accessible(pointer)]
        if len(places) != 1 or not places[0].path or isinstance(places[0].path[-1], str):
            self.refuse(f"{what} that is no element of one array has no meaning")
        *path, index = places[0].path
        return Place(places[0].object, tuple(path)), number(fold(wide(index, UNSIGNED.width)), UNSIGNED)

    def _unlike(self, one: Value, other: Value) -> Condition:
        return no(equal(one.number, other.number))

    def add_command(self, pointer: Pointer, register: str) -> None:
        """A write of a register is made at an element of the buffer."""
        array, index = self._at(pointer, "a command")
        if self._made_in is None:
            self._made_in = array
        elif self._made_in.same(array) is not True:
            self.refuse("commands in two buffers have no meaning")
        made = self._how_many(MADE)
        self.oblige(self._unlike(index, made), "puts a command elsewhere than behind those of this request")
        self.oblige(self._is(PREPARED), "changes commands that are prepared")
        if register == START_REGISTER:
            self._say(STARTS)
        else:
            self._say(BEHIND, self._is(STARTS))
            self._say(CONFIGURES)
        self._now_many(MADE, self._more(made))

    def _more(self, count: Value) -> Value:
        return number(fold(wide(count.number, UNSIGNED.width) + 1), UNSIGNED)

    def list_commands(self, entry: Pointer, first: Pointer, size: Value) -> None:
        """Commands from `first` on, that many bytes, become an entry of a scatterlist."""
        array, index = self._at(first, "a command")
        entries, place = self._at(entry, "an entry of a list")
        if self._made_in is None or self._made_in.same(array) is not True:
            self.refuse("an entry with other commands than those that were made has no meaning")
        if self._listed_in is None:
            self._listed_in = entries
        elif self._listed_in.same(entries) is not True:
            self.refuse("commands in two lists have no meaning")
        made, covered, listed = self._how_many(MADE), self._how_many(COVERED), self._how_many(LISTED)
        each = self.unit.size(ELEMENT, self.where)
        missing = (wide(made.number, UNSIGNED.width) - wide(covered.number, UNSIGNED.width)) * each
        self.oblige(self._unlike(place, listed), "lists commands elsewhere than behind those of this request")
        self.oblige(self._unlike(index, covered), "lists other commands than those that come next")
        self.oblige(
            self._unlike(self.convert(size, UNSIGNED), number(fold(missing), UNSIGNED)),
            "lists more or fewer bytes than there are commands",
        )
        self.oblige(self._is(PREPARED), "changes commands that are prepared")
        self._now_many(LISTED, self._more(listed))
        self._now_many(COVERED, made)

    def of_commands(self, pointer: Pointer) -> Condition:
        """Whether a list is that of the commands."""
        if self._listed_in is None:
            return False
        begin = Place(self._listed_in.object, (*self._listed_in.path, 0))
        return fold(either(*(both(under, place.same(begin)) for under, place in pointer.places)))

    def demand_all(self, entries: Value, text: str, mapped: Value | None = None) -> None:
        """As many entries as there are commands, or as were `mapped`, or what `text` says is done."""
        asked = self.convert(entries, UNSIGNED)
        bad = self._unlike(asked, self._how_many(LISTED))
        self.oblige(bad if mapped is None else both(bad, self._unlike(asked, self.convert(mapped, UNSIGNED))), text)

    def prepare_commands(self, pointer: Pointer, entries: Value) -> None:
        """The list becomes a transaction."""
        if self.of_commands(pointer) is not True:
            self.refuse("a transaction of commands of what is no list of commands has no meaning")
        place = pointer.places[0][1]
        mapped = self.recorded((RESULT, (place.object, *place.path)), INT)
        self.demand_all(entries, "prepares more or fewer entries than there are commands", mapped)
        self.oblige(self._unlike(self._how_many(MADE), self._how_many(COVERED)), "prepares without the last commands")
        self.oblige(no(self._is(STARTS)), "prepares commands of which none starts the engine")
        self.oblige(no(self._is(CONFIGURES)), "prepares commands that only start the engine")
        self.oblige(self._is(BEHIND), "prepares a command behind the one that starts the engine")
        self.oblige(self._is(PREPARED), "prepares commands that are prepared already")
        self._say(PREPARED)

    def submit_commands(self, under: Condition) -> None:
        """The transaction is submitted where a condition holds."""
        self._say(SUBMITTED, under)

    @property
    def commands_submitted(self) -> Condition:
        """Whether the request's commands are submitted."""
        return self._is(SUBMITTED)

    # metadata

    def attach(self, transaction: str, success: Condition, register: str, direction: int | None) -> None:
        """Metadata is attached to a transaction where it succeeds."""
        condition = fold(both(self.path, success))
        self.metadata[transaction] = Metadata(condition, register, direction, self.where)

    def send_metadata(self, transaction: str, under: Condition) -> None:
        """What a transaction has is submitted with it."""
        found = self.metadata.get(transaction)
        has = False if found is None else found.condition
        self.sent.append((fold(both(self.path, under, has)), found, self.where))
        self.sent.append((fold(both(self.path, under, no(has))), None, self.where))

    # what a part of the driver left

    def forget_counts(self, kept: str) -> None:
        """Numbers in objects that were allocated, but for `kept`, are anything: other requests came before."""
        left = {name for name in self.zeroed & self.given if name != kept}
        self.zeroed -= left
        for key in [key for key, value in self.state.cells.items() if key[0] in left and not value.is_pointer]:
            del self.state.cells[key]

    def settle(self) -> None:
        """From here on what was assumed makes conditions simpler: alternatives that it excludes are gone."""
        for key, value in self.state.cells.items():
            if value.is_pointer:
                left = [(under, place) for under, place in value.pointer.alternatives if self.possible(under)]
                found = Pointer(((True, left[0][1]),) if len(left) == 1 else tuple(left))
                self.state.cells[key] = Value(value.kind, found, value.defined)
            elif z3.is_bv(value.term):
                self.state.cells[key] = Value(value.kind, self._settled(value.term), value.defined)

    def _settled(self, term: z3.BitVecRef) -> z3.BitVecRef:
        while z3.is_app_of(term, z3.Z3_OP_ITE):
            condition, one, other = term.children()
            decided = self.decided(condition)
            if not isinstance(decided, bool):
                break
            term = one if decided else other
        return fold(term)
