"""LOCK and UNLOCK as transactions that bam_dma makes, maps and frees; each has a number, the model's `map`.

Which number a new one gets is no C: the lowest that is not in use. Its mapping has the same. What is freed without
vc.lock was taken off the lists under it: the section notes what it took, freeing that is an action of its own, and one
transaction stands for all that wait for the tasklet, as a list is spliced whole.

Where a mapping belongs to the channel (axis `lock-storage`), what the first ones are mapped in says which of its lists
is LOCK's and which UNLOCK's (`template.py`). What these lists and the command elements hold beside the address is
anything when a section begins: each LOCK and UNLOCK stores it anew. Nothing is said of it afterwards: nothing reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import z3

from model.channel import TXN, one_hot
from model.language.system import Term
from model.source.bam import facts
from model.source.ctypes import BOOL, Integer, Struct
from model.source.symbolic.machine import Machine
from model.source.symbolic.terms import Condition, as_term, both, either, equal, fold, no, wide
from model.source.symbolic.values import Key, Place, Value, merge
from model.source.tree import SourceError

PIPE, CHANNEL = "hw rx", Struct("bam_chan")
LOCK_KEY: Key = ("channels", (0, "vc", "lock"))
SETS = ("alive", "mapped", "taken lock", "taken unlock", "unmapped")
TRUTHS = ("leaked", "completed taken", "tried", "second turn", "unmapped another")
STORAGE: Mapping[int, str] = {TXN.LOCK: "lock_sg", TXN.UNLOCK: "unlock_sg"}
"""By kind the row's variable for the mapping that a channel's list has."""
PARTS = ("scatterlist", "bam_cmd_element")
ALLOCATIONS = ("lock-alloc", "unlock-alloc")
"""The faults of building a LOCK, and an UNLOCK."""
NONE = 0xFF
"""The number of one that is made while all numbers are in use: a capacity is exceeded unless it is freed at once."""
FAILS = z3.Bool("hidden which of allocation and mapping fails")


@dataclass
class Made:
    """What is known of them in an execution; `count`: how many numbers there are, 0 if there are no such transactions.

    `numbers`: by object; `order`: the objects made, in order; `beyond`: by object the condition under which no number
    was left; `waiting`: the object that stands for what waits for the tasklet; `at_once`: whether what is freed without
    the lock is freed here; `fault`: which of `ALLOCATIONS` fails the first time that it is tried; `turns`: those that a
    section tries, again and again in this order; `failing`: by object where making it fails; `met`: where one did;
    `of_channel`: whether their mappings belong to the channel; `storage`: by kind the member that has its mapping.
    """

    count: int = 0
    numbers: dict[str, Term] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    beyond: dict[str, Condition] = field(default_factory=dict)
    waiting: str = ""
    at_once: bool = False
    fault: str | None = None
    turns: tuple[str, ...] = ()
    failing: dict[str, Condition] = field(default_factory=dict)
    met: Condition = False
    of_channel: bool = False
    storage: Mapping[int, str] = field(default_factory=dict)

    def begin(self, machine: Machine, sets: dict[str, Term]) -> None:
        """Store what is `alive` and `mapped` at the beginning, and whether something `leaked`."""
        kind = Integer(self.count, False)
        for name in SETS:
            machine.state.cells[PIPE, (name,)] = Value(kind, sets.get(name, z3.BitVecVal(0, self.count)))
        for name in TRUTHS:
            machine.state.cells[PIPE, (name,)] = Value(BOOL, sets.get(name, False))
        for member in self.parts(machine):
            for path, leaf in machine.leaves(machine.member(CHANNEL, member)):
                if isinstance(leaf, Integer):
                    term = z3.BitVec(f"hidden {member} {path}", leaf.width)
                    machine.state.cells["channels", (0, member, *path)] = Value(leaf, term)
        for txn, member in self.storage.items():
            address = Value(Integer(64, False), fold(address_of(sets[STORAGE[txn]])))
            machine.state.cells["channels", (0, member, "dma_address")] = address

    def parts(self, machine: Machine) -> list[str]:
        """The members of a channel that a mapping which belongs to it consists of."""
        members = machine.unit.members(CHANNEL, facts.DRIVER) if self.of_channel else {}
        return [name for name, kind in members.items() if isinstance(kind, Struct) and kind.tag in PARTS]

    def stored_in(self, machine: Machine, number: Term) -> str:
        """The list of the channel that has the mapping of a number."""
        found = []
        for member in self.parts(machine):
            value = machine.state.cells.get(("channels", (0, member, "dma_address")))
            if value is not None and not machine.possible(no(equal(value.number, fold(address_of(number))))):
                found.append(member)
        if len(found) != 1:
            raise SourceError(
                f"{facts.DRIVER}: {len(found)} lists of struct bam_chan have a LOCK's or UNLOCK's mapping"
            )
        return found[0]

    def get(self, machine: Machine, name: str) -> Term:
        """One of the sets, or of the truths."""
        value = machine.state.cells[PIPE, (name,)]
        return as_term(value.truth) if name in TRUTHS else wide(value.number, self.count)

    def put(self, machine: Machine, name: str, term: Term, under: Condition = True) -> None:
        """Set one of these, under a further condition."""
        before = machine.state.cells[PIPE, (name,)]
        value = Value(before.kind, fold(term))
        machine.state.cells[PIPE, (name,)] = value if under is True else merge(fold(under), value, before)

    def new(self, machine: Machine, name: str) -> Condition:
        """Number an object that is allocated; whether its allocation fails."""
        alive = self.get(machine, "alive")
        number = z3.BitVecVal(NONE, 8)
        for value in reversed(range(self.count)):
            number = z3.If(z3.Extract(value, value, alive) == 0, z3.BitVecVal(value, 8), number)
        fails = both(self._strikes(machine, name), FAILS)
        self.numbers[name] = z3.simplify(number)
        self.order.append(name)
        # one whose allocation fails is none, and needs no number
        self.beyond[name] = fold(both(machine.path, no(fails), alive == (1 << self.count) - 1))
        self.put(machine, "alive", alive | one_hot(self.numbers[name], self.count), no(fails))
        return fails

    def _strikes(self, machine: Machine, name: str) -> Condition:
        """Whether making this one fails: the first time on a path that it is the turn of what fails."""
        if self.fault is None:
            self.failing[name] = False
            return False
        second, tried = self.get(machine, "second turn"), self.get(machine, "tried")
        mine = self.turns.index(self.fault)
        turn = True if len(self.turns) == 1 else second if mine else z3.Not(second)
        here = machine.decided(fold(both(turn, z3.Not(tried))))
        self.failing[name] = here
        self.met = either(self.met, both(machine.path, here))
        self.put(machine, "tried", z3.Or(tried, as_term(here)))
        self.put(machine, "second turn", z3.And(z3.Not(as_term(here)), z3.Not(second)))
        return here

    def map(self, machine: Machine) -> tuple[Term, Condition]:
        """The number of the mapping that is made, that of the last transaction; and whether mapping fails."""
        if not self.order:
            machine.refuse("maps something before a transaction is made, which has no meaning here")
        name = self.order[-1]
        fails = both(self.failing[name], z3.Not(FAILS))
        number = self.numbers[name]
        self.put(machine, "mapped", self.get(machine, "mapped") | one_hot(number, self.count), no(fails))
        return number, fails

    def here(self, machine: Machine) -> bool:
        """Whether what is freed now is freed in this action."""
        return self.at_once or LOCK_KEY in machine.state.held

    def unmap(self, machine: Machine, address: Term) -> None:
        """Undo the mapping at an address."""
        if not self.here(machine):
            return
        number, mapped = facts.mapping_of(address), self.get(machine, "mapped")
        bit = one_hot(number, self.count)
        if self.of_channel:
            self.put(machine, "unmapped", self.get(machine, "unmapped") | bit)
        else:
            machine.oblige(fold(z3.And(number != NONE, mapped & bit == 0)), "unmaps what is not mapped")
        self.put(machine, "mapped", mapped & ~bit)

    def free(self, machine: Machine, place: Place, under: Condition) -> None:
        """A transaction is freed, under a further condition."""
        if place.object == self.waiting:
            self.put(machine, "completed taken", z3.BoolVal(True), under)
            return
        if place.object not in self.numbers:
            return
        lock, unlock = self.kind(machine, place)
        bit = one_hot(self.numbers[place.object], self.count)
        if self.here(machine):
            own = True if place.object in self.order else either(lock, unlock)
            here, mapped = both(under, own), self.get(machine, "mapped")
            another = self.get(machine, "unmapped") & ~bit != 0
            self.put(machine, "unmapped another", z3.Or(self.get(machine, "unmapped another"), another), here)
            self.put(machine, "unmapped", bit & 0, here)
            self.put(machine, "leaked", z3.Or(self.get(machine, "leaked"), mapped & bit != 0), here)
            self.put(machine, "mapped", mapped & ~bit, here)
            self.put(machine, "alive", self.get(machine, "alive") & ~bit, here)
            return
        for name, condition in (("taken lock", lock), ("taken unlock", unlock)):
            self.put(machine, name, self.get(machine, name) | bit, both(under, condition))

    @staticmethod
    def kind(machine: Machine, place: Place) -> tuple[Condition, Condition]:
        """Whether a transaction is a LOCK, and whether it is an UNLOCK, by its first descriptor."""
        value = machine.state.cells.get((place.object, (*place.path, "desc", 0, "flags")))
        flags = wide(value.number if value is not None else 0, 16)
        return fold(facts.has(flags, facts.LOCK)), fold(facts.has(flags, facts.UNLOCK))

    def demand_numbers(self, machine: Machine) -> None:
        """Note that a capacity of the model is exceeded where a transaction that is kept has no number."""
        for name in self.order:
            kept = no(machine.state.gone.get(name, False))
            machine.exceed("mappings", both(kept, self.beyond[name]))


def address_of(number: Term) -> Term:
    """The bus address of the dummy write in the mapping of a number."""
    return z3.ZeroExt(32, facts.address(facts.CONTENT.LOCK, z3.BitVecVal(0, 1), number))
