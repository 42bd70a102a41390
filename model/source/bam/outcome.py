"""What the driver's C has made of the memory, as the variables of the model."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import TXN, Channel, one_hot
from model.hardware.pipes import reset_pipe
from model.hardware.ring import modulo
from model.language.queues import Queue, resize
from model.language.system import Step, Term
from model.lock import LABELS, contexts
from model.source.bam import facts
from model.source.bam.hardware import fifo, get, pipe
from model.source.bam.kept import PREFIX
from model.source.bam.made import STORAGE
from model.source.bam.memory import LISTS, MARK_BITS, NODE, NODES, Memory, settings
from model.source.ctypes import BOOL, UNSIGNED, CType, Integer, PointerTo, Struct
from model.source.symbolic.machine import Machine
from model.source.symbolic.state import Items, State
from model.source.symbolic.terms import Condition, above, as_term, both, equal, fold, wide
from model.source.symbolic.values import Place, Pointer, Value, merge


class Outcome:
    """The memory at the end of a section of the channel that `memory` describes; `before` is that at its beginning."""

    def __init__(self, memory: Memory, before: State) -> None:
        self.memory, self.before = memory, before
        self.machine: Machine = memory.machine
        self.ctx, self.name, self.ring = memory.ctx, memory.name, memory.ring

    # reading the memory

    def _member(self, *path: str | int) -> Value:
        return self.machine.state.cells[self.memory.at(self.name, *path)]

    def _number(self, value: Value, width: int) -> Term:
        number = value.number
        return wide(number, width)

    def _peek(self, pointer: Pointer, kind: CType) -> Value:
        """What is there, whatever may be wrong with the pointer; anything if it points nowhere."""
        found: Value | None = None
        for under, place in pointer.places:
            for hit, key in self.machine.keys(place):
                value = self.machine.cell(key, kind)
                found = value if found is None else merge(fold(both(under, hit)), value, found)
        if found is None:
            zero = self.machine.zero(kind)
            assert zero is not None
            return zero
        return found

    # writing the model's variables

    def write(self, step: Step) -> None:
        """Assign every variable of the model that a section can change."""
        ch = Channel(self.ctx, step, self.name)
        with self.machine.silently():
            if (reset := get(self.machine, pipe(self.name), "was reset").truth) is not False and ch.commands:
                with step.when(as_term(reset)):
                    reset_pipe(self.ctx, ch)
            for member in LISTS:
                self._write_list(step, member)
            self._write_ring(step)
            self._write_rest(step, ch)

    def _write_list(self, step: Step, member: str) -> None:
        items = self.machine.state.lists[self.memory.at(self.name, *LISTS[member])]
        if items is self.before.lists[self.memory.at(self.name, *LISTS[member])] and not self._touched(items):
            return
        capacity = step.space.queues[f"{self.name}.{member}"].capacity
        rows = [self._record(entry, member) for entry in items.entries[:capacity]]
        self._write_queue(step, member, rows, wide(items.length, 64))

    def _touched(self, items: Items) -> bool:
        """Whether one of the transactions on a list has another content than before."""
        objects = {place.object for entry in items.entries for _, place in entry.places}
        cells = self.machine.state.cells
        return any(key[0] in objects and value is not self.before.cells.get(key) for key, value in cells.items())

    def _write_queue(self, step: Step, member: str, rows: list[dict[str, Term]], length: Term) -> None:
        queue = Queue(step, f"{self.name}.{member}")
        for key, field in queue.schema.fields.items():
            total = queue.schema.capacity * field.width
            block = z3.BitVecVal(0, total)
            for place, row in enumerate(rows):
                entry = resize(resize(row[key], field.width), total) << place * field.width
                block = block | z3.If(z3.UGT(length, place), entry, z3.BitVecVal(0, total))
            step[f"{queue.name}.{key}"] = block
        step[f"{queue.name}.len"] = resize(length, queue.length.size())

    def _owner(self, entry: Pointer, member: str) -> Pointer:
        depth = len(NODES.get(member, NODE))
        return Pointer(
            tuple((under, place and Place(place.object, place.path[:-depth])) for under, place in entry.alternatives)
        )

    def _record(self, entry: Pointer, member: str) -> dict[str, Term]:
        owner, own = self._owner(entry, member), self.memory.own.transaction
        total = self._number(self._peek(owner.inside("num_desc"), UNSIGNED), 32)
        loaded = self._number(self._peek(owner.inside("xfer_len"), UNSIGNED), 32)
        row = self._peek(owner.inside("curr_desc"), PointerTo(Struct("bam_desc_hw"))).pointer
        flags = self._number(self._peek(row.inside("flags"), Integer(16, False)), 16)
        where = self._number(self._peek(row.inside("addr"), UNSIGNED), 32)
        cookie = self._number(self._peek(owner.inside("vd", "tx", "cookie"), Integer(32, True)), 32)
        return {
            "left": total - loaded if member == "desc_list" else total,
            "xfer": loaded,
            "kind": facts.kind_of(flags),
            "req": facts.request_of(where),
            "map": facts.mapping_of(where),
            "cookie": cookie,
            **{PREFIX + name: self._own(self._peek(owner.inside(name), kind), kind) for name, kind in own.items()},
        }

    @staticmethod
    def _own(value: Value, kind: CType) -> Term:
        assert isinstance(kind, Integer)
        return wide(value.number, kind.width)

    def _write_ring(self, step: Step) -> None:
        sw, doorbell = (self._number(get(self.machine, pipe(self.name), key), 32) for key in ("sw", "doorbell"))
        for end in ("head", "tail"):
            variable = step.space.variables[f"{self.name}.{end}"]
            step[variable.name] = wide(self._number(self._member(end), 16), variable.width)
        if not self._ring_changed():
            return
        length = z3.If(z3.UGE(doorbell, sw), doorbell - sw, doorbell + self.ring - sw)
        rows = []
        for place in range(self.ring):
            slot = z3.simplify(modulo(sw + place, self.ring))
            cell = Pointer.to(fifo(self.name), fold(wide(slot, 64)))
            flags = self._number(self._peek(cell.inside("flags"), Integer(16, False)), 16)
            where = self._number(self._peek(cell.inside("addr"), UNSIGNED), 32)
            row = {key: _bit(facts.has(flags, bit)) for key, bit in _BITS.items()}
            row |= {"req": facts.request_of(where), "map": facts.mapping_of(where), "hw": facts.hw_of(flags, where)}
            rows.append(row)
        self._write_queue(step, "ring", rows, z3.simplify(length))

    def write_marks(self, step: Step, written: Mapping[int, Condition]) -> None:
        """Which slots have a LOCK or UNLOCK: as written, else as before, 0 again where head has passed over."""
        head, before = (resize(term, 32) for term in (step["rx.head"], Step(step.space)["rx.head"]))
        passed = modulo(head + self.ring - before, self.ring)
        reset = as_term(get(self.machine, pipe(self.name), "was reset").truth)
        for mark, bit in MARK_BITS.items():
            memory = Step(step.space)[f"rx.slots_{mark}"]
            found = z3.If(reset, z3.BitVecVal(0, self.ring), z3.LShR(memory, resize(passed, self.ring)))
            for slot, under in written.items():
                flags = self.machine.state.cells[fifo("rx"), (slot, "flags")].number
                here = z3.BitVecVal(1, self.ring) << resize(modulo(slot + self.ring - head, self.ring), self.ring)
                marked = z3.If(facts.has(wide(flags, 16), bit), found | here, found & ~here)
                found = z3.If(as_term(under), marked, found)
            step[f"rx.slots_{mark}"] = z3.simplify(found)

    def write_made(self, step: Step, context: str, freed: bool) -> None:
        """Which LOCK and UNLOCK transactions there are, mapped, completed, taken into a context, or `freed` there."""
        made, machine = self.memory.made, self.machine
        for name in ("alive", "leaked", *(("mapped",) if self.ctx.lock_mappings else ())):
            step[f"rx.{name}"] = made.get(machine, name)
        before, taken = Step(step.space), made.get(machine, "completed taken")
        if made.of_channel:
            step.emit("unmap_foreign", made.get(machine, "unmapped another"))
        for kind, member in made.storage.items():
            address = wide(self._member(member, "dma_address").number, 32)
            variable = step.space.variables[f"rx.{STORAGE[kind]}"]
            step[variable.name] = z3.simplify(resize(facts.mapping_of(address), variable.width))
        for kind, label in LABELS.items():
            own = before[f"rx.{context}_{label}"] if context in contexts(self.ctx) else z3.BitVecVal(0, made.count)
            if not self.ctx.tasklet_frees:
                step[f"rx.{context}_{label}"] = z3.simplify(own | made.get(machine, f"taken {label}"))
            elif not freed:
                waited = before[f"rx.desc_completed_{label}"]
                more = made.get(machine, f"taken {label}") | z3.If(taken, waited, waited & 0)
                step[f"rx.{context}_{label}"] = z3.simplify(own | more)
                step[f"rx.desc_completed_{label}"] = z3.simplify(
                    self._completed(kind, z3.If(taken, waited & 0, waited))
                )
            if freed:
                step[f"rx.{context}_{label}"] = own & 0

    def _completed(self, kind: int, waited: Term) -> Term:
        """Of a kind which are on desc_completed: those that waited, and those that the section put there."""
        items, made = self._list("vc", "desc_completed"), self.memory.made
        for position, entry in enumerate(items.entries):
            for under, place in self._owner(entry, "desc_completed").places:
                if place.object in made.numbers and place.object != made.waiting:
                    is_one = made.kind(self.machine, place)[(TXN.LOCK, TXN.UNLOCK).index(kind)]
                    there = as_term(both(under, above(items.length, position), is_one))
                    waited = z3.If(there, waited | one_hot(made.numbers[place.object], made.count), waited)
        return waited

    def _ring_changed(self) -> bool:
        cells = self.machine.state.cells
        watched = [key for key in cells if key[0] == fifo(self.name)]
        watched += [(pipe(self.name), (name,)) for name in ("sw", "doorbell")]
        return any(cells[key] is not self.before.cells.get(key) for key in watched)

    def _write_rest(self, step: Step, ch: Channel) -> None:
        ch["irq"] = as_term(get(self.machine, pipe(self.name), "irq").truth)
        step["work.pending"] = as_term(get(self.machine, "hw", "work").truth)
        if "bam.suspended" in step.space.variables:
            with step.when(as_term(get(self.machine, "hw", "resumed").truth)):
                step["bam.suspended"] = False
        for name, kind in self.memory.own.channel.items():
            value = self._member(name)
            ch[PREFIX + name] = as_term(value.truth) if kind == BOOL else self._own(value, kind)
        if not ch.commands:
            ch["enabled"] = as_term(fold(self.working()))
            ch["desc_completed"] = as_term(above(self._list("vc", "desc_completed").length, 0))
            return
        if self.memory.flag is not None:
            ch["locked"] = as_term(self._member(self.memory.flag).truth)
        if "rx.desc_allocated" in step.space.variables:
            ch["desc_allocated"] = as_term(above(self._list("vc", "desc_allocated").length, 0))
        self._write_cookies(step, ch)

    def _write_cookies(self, step: Step, ch: Channel) -> None:
        last = self._number(self._member("vc", "chan", "cookie"), 32) + 1
        width = step.space.variables["rx.next_cookie"].width
        step.exceed("cookies", z3.UGT(last, (1 << width) - 1))
        ch["next_cookie"] = wide(last, width)
        completed = self._number(self._member("vc", "chan", "completed_cookie"), 32)
        ch["completed_cookie"] = wide(completed, step.space.variables["rx.completed_cookie"].width)

    def _list(self, *path: str) -> Items:
        return self.machine.state.lists[self.memory.at(self.name, *path)]

    def working(self) -> Condition:
        """Whether the pipe's registers are those of one that works."""
        expected = settings(self.ctx, self.name)
        return both(*(equal(get(self.machine, pipe(self.name), key).number, value) for key, value in expected.items()))


_BITS: Mapping[str, int] = {"int": facts.INT, "eot": facts.EOT, "nwd": facts.NWD}


def _bit(condition: Term) -> Term:
    return z3.If(condition, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1))
