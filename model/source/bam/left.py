"""What a section may not leave behind: everything that the model has no variable for has to be as it has to be.

These are conditions on the state at the beginning under which something is left otherwise, as obligations are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import z3

from model.channel import TXN
from model.language.queues import resize
from model.source.bam import facts
from model.source.bam.hardware import NAMES, fifo, get, pipe
from model.source.bam.kept import KNOWN
from model.source.bam.memory import LISTS, Memory, Path
from model.source.bam.outcome import Outcome
from model.source.ctypes import PointerTo, Struct
from model.source.symbolic.machine import Obligation
from model.source.symbolic.terms import Condition, above, as_term, both, either, equal, fold, no, wide
from model.source.symbolic.values import INDEX, Key, Place, Pointer, Value

_BOUND = (("head",), ("tail",), ("initialized",), ("vc", "chan", "cookie"), ("vc", "chan", "completed_cookie"))
"""Members of a channel that the model has variables for, or that no property can see (cookies of the producer)."""


COMMON: Mapping[Path, int] = {("num_desc",): 1, ("flags",): 0, ("dir",): facts.MEM_TO_DEV}
"""What the model knows of each LOCK and UNLOCK that was made."""
IRQ_HANDLED = 1


class Left:
    """Looks at the end of a section; `end`: file:line of the function that was called.

    `callbacks`: how often the client's callback has to run; `result`: what the function returns, None if nobody looks.
    """

    def __init__(self, outcome: Outcome, end: str, callbacks: int, result: Value | None = None) -> None:
        self.outcome, self.end, self.callbacks, self.result = outcome, end, callbacks, result
        self.memory: Memory = outcome.memory
        self.machine, self.name = outcome.machine, outcome.name
        self.state, self.before = outcome.machine.state, outcome.before
        own = self.memory.own
        self._state = {(name,) for name in (*own.channel, *own.unread, self.memory.flag)}

    def all(self) -> list[Obligation]:
        """All that may not be left, with the condition under which it is."""
        with self.machine.silently():
            found = [*self._members(), *self._pipe(), *self._other(), *self._lists(), *self._transactions()]
            found += self._made()
        return [Obligation(fold(bad), text, self.end) for bad, text in found if fold(bad) is not False]

    def _changed(self, key: Key) -> Condition:
        now, before = self.state.cells[key], self.before.cells.get(key)
        if now is before:
            return False
        return True if before is None else differ(now, before)

    def _members(self) -> Iterator[tuple[Condition, str]]:
        own = NAMES.index(self.name)
        parts = self.memory.made.parts(self.machine)
        for key in self.state.cells:
            if key[0] not in ("channels", "bdev") or (key[0] == "channels" and key[1][0] != own):
                continue
            if key[0] == "channels" and (key[1][1:] in _BOUND or key[1][1:] in self._state):
                continue
            if key[0] == "channels" and key[1][1] in parts:
                continue
            path = ".".join(str(step) for step in key[1][1 if key[0] == "channels" else 0 :])
            yield self._changed(key), f"leaves {path} of {key[0]} changed"

    def _pipe(self) -> Iterator[tuple[Condition, str]]:
        at = pipe(self.name)
        working = self.outcome.working()
        initialized = self.state.cells[self.memory.at(self.name, "initialized")].truth
        yield get(self.machine, at, "in reset").truth, "leaves the pipe in reset"
        if self.name == "rx":
            yield no(both(working, initialized)), "leaves the pipe without the registers of one that works"
        else:
            yield fold(as_term(working) != as_term(initialized)), "leaves `initialized` and the pipe's registers apart"
        for end in ("head", "tail"):
            beyond = above(self.state.cells[self.memory.at(self.name, end)].number, self.memory.ring - 1)
            yield beyond, f"leaves {end} beyond the ring"
        for member in ("cookie", "completed_cookie") if self.name == "rx" else ():
            most = (1 << self.memory.ctx.space.variables["rx.completed_cookie"].width) - 1
            number = wide(self.state.cells[self.memory.at("rx", "vc", "chan", member)].number, 32)
            yield fold(z3.UGT(number, most)), f"leaves {member} beyond what is counted"
        tail = self.state.cells[self.memory.at(self.name, "tail")].number
        yield no(equal(get(self.machine, at, "doorbell").number, wide(tail, 32))), "leaves the doorbell not at tail"
        yield above(get(self.machine, at, "sections").number, 1), "makes two sections of one"
        yield bool(self.state.held), "returns with a lock"
        if self.result is not None:
            yield no(equal(self.result.number, IRQ_HANDLED)), "does not return IRQ_HANDLED"
        yield from self._mask()
        yield self._changed(("hw", ("BAM_DESC_CNT_TRSHLD",))), "leaves another BAM_DESC_CNT_TRSHLD"
        count = get(self.machine, "hw", "called back").number
        yield no(equal(count, self.callbacks)), f"runs the client's callback not {self.callbacks} times"

    def _mask(self) -> Iterator[tuple[Condition, str]]:
        """The interrupt of a pipe that was set up is unmasked, everybody else's is as before."""
        key = ("hw", ("BAM_IRQ_SRCS_MSK_EE",))
        bit = 1 << NAMES.index(self.name)
        now, before = (wide(state.cells[key].number, 32) for state in (self.state, self.before))
        set_up = as_term(get(self.machine, pipe(self.name), "was reset").truth)
        expected = z3.If(set_up, before | bit, before)
        yield fold(now != expected), "leaves another BAM_IRQ_SRCS_MSK_EE"

    def _other(self) -> Iterator[tuple[Condition, str]]:
        other = next(name for name in NAMES if name != self.name)
        index = NAMES.index(other)
        for key in self.state.cells:
            of_other = (key[0] == "channels" and key[1][0] == index) or key[0] in (pipe(other), fifo(other))
            if of_other and key[1] != ("sections",):
                yield self._changed(key), f"changes the {other} channel, which is idle"
        for key, items in self.state.lists.items():
            if key[0] == "channels" and key[1][0] == index and items is not self.before.lists.get(key):
                yield above(items.length, 0), f"puts something on a list of the {other} channel, which is idle"

    def _lists(self) -> Iterator[tuple[Condition, str]]:
        bound = self.name == "rx" and "rx.desc_allocated" in self.memory.ctx.space.variables
        for member in ("desc_terminated",) if bound else ("desc_allocated", "desc_terminated"):
            items = self.state.lists[self.memory.at(self.name, "vc", member)]
            yield above(items.length, 0), f"leaves something on {member}"
        key = self.memory.at(self.name, "vc", "desc_completed")
        more = fold(z3.UGT(wide(self.state.lists[key].length, INDEX), wide(self.before.lists[key].length, INDEX)))
        yield both(more, no(get(self.machine, pipe(self.name), "task").truth)), "completes without its tasklet"
        for name, (under, _) in self._objects().items():
            on_lists = sum(
                (z3.If(as_term(hit), z3.BitVecVal(1, 8), z3.BitVecVal(0, 8)) for hit in self._places(name, None)),
                z3.BitVecVal(0, 8),
            )
            gone = as_term(self.state.gone.get(name, False))
            kept = z3.If(gone, on_lists == 0, on_lists == 1)
            yield both(under, fold(z3.Not(kept))), "leaves a transaction on no list, on two, or freed on one"

    def _objects(self) -> dict[str, tuple[Condition, Key]]:
        """The transactions of this channel: whether there is such a one at the beginning, and its list."""
        found: dict[str, tuple[Condition, Key]] = {}
        for key, items in self.before.lists.items():
            for place, entry in enumerate(items.entries):
                for _, where in entry.places:
                    found[where.object] = (above(items.length, place), key)
        return found

    def _places(self, name: str, lists: list[Key] | None) -> Iterator[Condition]:
        """For each place of each list whether a transaction is there."""
        for key, items in self.state.lists.items():
            if lists is None or key in lists:
                for place, entry in enumerate(items.entries):
                    for under, where in entry.places:
                        if where.object == name:
                            yield fold(both(under, above(items.length, place)))

    def _transactions(self) -> Iterator[tuple[Condition, str]]:
        waiting = [self.memory.at(self.name, *head) for head in LISTS.values()]
        loaded = [self.memory.at(self.name, *LISTS["desc_list"])]
        for name in self._objects():
            live = either(*self._places(name, waiting))
            in_ring = either(*self._places(name, loaded))
            own = {*KNOWN, "desc", *self.memory.own.transaction, *self.memory.own.unread} - {"flags", "dir"}
            for key in [key for key in self.state.cells if key[0] == name and key[1][0] not in own]:
                changed = self._changed(key)
                yield both(live, changed), f"leaves {'.'.join(map(str, key[1]))} of a transaction changed"
            yield from self._rows(name, live, in_ring)

    def _made(self) -> Iterator[tuple[Condition, str]]:
        """A LOCK or UNLOCK that was made is on one list, or freed; it is as the first ones, and has its own mapping."""
        made, machine = self.memory.made, self.machine
        for name in made.order if made.fault is None else ():
            lists = [as_term(hit) for hit in self._places(name, None)]
            there = as_term(either(*lists))
            twice = either(*(both(one, other) for one, other in combinations(lists, 2)))
            gone = as_term(self.state.gone.get(name, False))
            yield either(twice, z3.And(there, gone)), "leaves a new transaction on two lists, or freed on one"
            known = [key for key in self.state.cells if key[0] == name]
            for kind, is_one in zip((TXN.LOCK, TXN.UNLOCK), made.kind(machine, Place(name, (0,))), strict=True):
                for path, expected in {**self.memory.template.get(kind, {}), **COMMON}.items():
                    value = self.state.cells.get((name, (0, *path)))
                    number = wide(value.number if value is not None else 0, 64)
                    if path[-1] == "dma_address":
                        unlike = facts.mapping_of(number) != resize(made.numbers[name], 8)
                    else:
                        unlike = number != z3.BitVecVal(expected, 64)
                    text = f"makes a LOCK or UNLOCK with another {'.'.join(map(str, path))} than the first"
                    yield both(bool(known), there, is_one, fold(unlike)), text

    def _rows(self, name: str, live: Condition, in_ring: Condition) -> Iterator[tuple[Condition, str]]:
        """curr_desc is behind what is consumed, and the descriptors that are still to be loaded are as before."""
        cells = self.state.cells
        total, left = (state.cells[name, ("num_desc",)].number for state in (self.before, self.state))
        done = fold(wide(total, 32) - wide(left, 32))
        pointer = cells[name, ("curr_desc",)]
        row = done if isinstance(done, int) else wide(done, INDEX)
        expected = Value(PointerTo(Struct("bam_desc_hw")), Pointer.to(name, "desc", row))
        yield both(live, differ(pointer, expected)), "leaves curr_desc not behind what is consumed"
        taken = wide(cells[name, ("xfer_len",)].number, 32)
        first = z3.If(as_term(in_ring), wide(done, 32) + taken, wide(done, 32))
        for row in range(self.memory.rows):
            rest = z3.And(z3.ULE(first, row), z3.ULT(row, wide(total, 32)))
            for member in ("flags", "addr"):
                changed = self._changed((name, ("desc", row, member)))
                yield both(live, rest, changed), f"leaves {member} of a descriptor changed that is still to be loaded"


def differ(one: Value, other: Value) -> Condition:
    """Whether two values of one place are different."""
    if one.is_pointer or other.is_pointer:
        return no(one.pointer.same(other.pointer)) if one.is_pointer and other.is_pointer else True
    if one.is_truth and other.is_truth:
        return fold(as_term(one.term) != as_term(other.term))
    return no(equal(one.number, other.number))
