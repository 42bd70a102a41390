"""What is watched while a section is executed: the lock around what it protects, and what a store amounts to."""

from __future__ import annotations

import z3

from model.language.queues import resize
from model.source.bam import facts
from model.source.bam.hardware import NAMES, fifo, get, pipe, put
from model.source.bam.memory import NODE, Memory
from model.source.ctypes import UNSIGNED
from model.source.symbolic.arithmetic import binary
from model.source.symbolic.machine import Machine
from model.source.symbolic.terms import Condition, above, both, either, equal, fold, wide
from model.source.symbolic.values import Key, Place, Pointer, Value, number

PROTECTED = ("head", "tail", "initialized", "reconfigure", "paused", "desc_list")
"""Members of a channel that only a section under vc.lock may look at; so are the lists and cookies in `vc`."""


class Watch:
    """Watches an execution; `events`: the model's events by name, under which condition they happen.

    `written`: by slot of the channel's ring the condition under which a descriptor is written there.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.machine: Machine = memory.machine
        self.events: dict[str, Condition] = {}
        self.written: dict[int, Condition] = {}
        self.machine.on_lock.append(self._lock)
        self.machine.on_access.append(self._access)
        self.machine.on_store.append(self._store)
        if memory.commands and "rx.metadata" in memory.ctx.space.variables:
            self.machine.on_push.append(self._push)

    def _lock(self, key: Key, taken: bool) -> None:
        if taken and key[0] == "channels" and isinstance(key[1][0], int):
            at = pipe(NAMES[key[1][0]])
            count = get(self.machine, at, "sections")
            put(self.machine, at, "sections", binary(self.machine, "+", count, number(1, UNSIGNED)))

    def _access(self, key: Key, under: Condition) -> None:
        index = self._protected(key)
        if index is not None and ("channels", (index, "vc", "lock")) not in self.machine.state.held:
            self.machine.oblige(under, f"{Place(*key)} without vc.lock")

    def _protected(self, key: Key) -> int | None:
        """The number of the channel whose lock a place needs, None if none."""
        place, path = key
        for index, name in enumerate(NAMES):
            if place in (fifo(name), pipe(name)):
                return index
        if place != "channels" or not isinstance(path[0], int) or len(path) < 2:
            return None
        inner = path[1] == "vc" and (str(path[2]).startswith("desc_") and path[2] != "desc_free")
        cookie = path[1:3] == ("vc", "chan") and path[-1] in ("cookie", "completed_cookie")
        return path[0] if path[1] in PROTECTED or inner or cookie else None

    def _store(self, key: Key, under: Condition, value: Value) -> None:
        name = self.memory.name
        if key == self.memory.at(name, "vc", "chan", "completed_cookie") and name == "rx":
            older = binary(self.machine, "<", value, self.machine.state.cells[key]).truth
            self._note("cookie_moves_back", both(under, older))
        if key[0] == fifo(name) and key[1][-1] == "flags":
            slot = key[1][0]
            assert isinstance(slot, int)
            self.written[slot] = either(self.written.get(slot, False), fold(both(self.machine.path, under)))
            offset = get(self.machine, pipe(name), "sw").number
            if name == "tx":
                locks = binary(self.machine, "&", value, number(facts.LOCK | facts.UNLOCK)).truth
                self.machine.oblige(both(under, locks), "writes a LOCK or UNLOCK into the producer's ring")
            self._note("ring_lapped", both(under, equal(offset, (slot + 1) % self.memory.ring)))

    def _push(self, key: Key, entry: Pointer) -> None:
        """A LOCK is put before commands of another request than the one whose metadata the channel has."""
        if key != self.memory.at("rx", "vc", "desc_issued"):
            return
        made, foreign = self.memory.made, []
        for head in ("desc_issued", "desc_submitted") if self.memory.ctx.axes["lock"] == "issue" else ("desc_issued",):
            items = self.machine.state.lists[self.memory.at("rx", "vc", head)]
            foreign += [both(above(items.length, at), self._foreign(each)) for at, each in enumerate(items.entries)]
        for under, place in entry.places:
            owner = Place(place.object, place.path[: -len(NODE)])
            if place.object in made.order:
                is_lock, _ = made.kind(self.machine, owner)
                self._note("bracket_with_foreign_metadata", both(under, is_lock, either(*foreign)))

    def _foreign(self, entry: Pointer) -> Condition:
        """Whether a waiting transaction is a command of another request than the one whose metadata are stored."""
        found, stored = [], resize(self.memory.step["rx.metadata"], 8)
        for under, place in entry.places:
            path = (*place.path[: -len(NODE)], "desc", 0)
            cells = [self.machine.state.cells.get((place.object, (*path, name))) for name in ("flags", "addr")]
            flags, where = (wide(cell.number if cell is not None else 0, 32) for cell in cells)
            command = z3.And(facts.has(flags, facts.CMD), z3.Not(facts.has(flags, facts.LOCK | facts.UNLOCK)))
            found.append(both(under, z3.And(command, facts.request_of(where) != stored)))
        return either(*found)

    def _note(self, event: str, condition: Condition) -> None:
        hit = fold(both(self.machine.path, condition))
        self.events[event] = either(self.events.get(event, False), hit)
