"""The model's state as the memory that the driver's C finds: channels, transactions, rings, registers.

The variables of one channel become the members of its `struct bam_chan`; the other channel is idle, and has to be left
so. What a member holds that nothing in the model stands for is a constant of its own ("hidden ..."), so that whatever
is proved holds for every value of it. Left out, and why no property can see it:
- `size` and `length` of descriptors: the model counts descriptors.
- The producer channel's cookies are 1: only its client's transactions are on it, in list order.
- desc_completed of the consumer channel has at most one transaction, whatever it is: it is only ever emptied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import z3

from model.channel import HW, REGISTER_WRITES, TXN
from model.context import Context
from model.driver import max_descriptors
from model.hardware.ring import MARKS, modulo
from model.language.queues import Queue, resize
from model.language.system import Step, Term, width_of
from model.lock import LABELS
from model.source.bam import facts, kept
from model.source.bam.hardware import CALLBACK, GLOBAL, KEPT, NAMES, fifo, pipe
from model.source.bam.kept import NO_OWN, PREFIX, Own
from model.source.bam.made import STORAGE, Made, address_of
from model.source.ctypes import BOOL, INT, UNSIGNED, VOID_POINTER, Array, CType, Integer, Struct
from model.source.symbolic.state import Items
from model.source.symbolic.statements import Interpreter
from model.source.symbolic.terms import fold
from model.source.symbolic.values import NULL, Key, Place, Pointer, Value, number
from model.source.tree import SourceError

LISTS: Mapping[str, tuple[str, ...]] = {
    "desc_submitted": ("vc", "desc_submitted"),
    "desc_issued": ("vc", "desc_issued"),
    "desc_list": ("desc_list",),
}
"""The lists of a channel that the model has, and where their heads are in `struct bam_chan`."""
NODES: Mapping[str, tuple[str, ...]] = {"desc_list": ("desc_node",)}
HIDDEN = "hidden "
NODE = ("vd", "node")
OTHER_LISTS = ("desc_allocated", "desc_completed", "desc_terminated")
FIFO_ADDRESS = 0x1000
Path: TypeAlias = tuple[str | int, ...]
Template: TypeAlias = Mapping[int, Mapping[Path, int]]
"""By kind, LOCK or UNLOCK of `TXN`, and by member the number that it holds."""
DEVICE = Pointer.to("device")
MARK_BITS: Mapping[str, int] = dict(zip(MARKS, (facts.LOCK, facts.UNLOCK), strict=True))
"""By mark of the ring's memory the bit of a descriptor that it stands for."""


def channel_at(name: str) -> tuple[str | int, ...]:
    """The path of a channel in the object `channels`."""
    return (NAMES.index(name),)


def settings(ctx: Context, name: str) -> dict[str, int]:
    """The registers of a pipe that works."""
    control = facts.REGISTERS["BAM_P_CTRL"] | (facts.DIRECTION if name == "tx" else 0)
    ring = ctx.bounds["ring"] * facts.DESCRIPTOR_BYTES
    place = FIFO_ADDRESS * (NAMES.index(name) + 1)
    values = (control, facts.REGISTERS["BAM_P_IRQ_EN"], place, ring)
    return dict(zip(KEPT, values, strict=True))


class Memory:
    """Fills a machine's memory with the state of a channel, `rx` or `tx`.

    `flag`: the member that is `rx.locked`; `made`: what is known of LOCK and UNLOCK as transactions; `template`: by
    kind what each of these has in the members that the model does not know; `own`: state that no row has.
    """

    def __init__(
        self,
        ctx: Context,
        machine: Interpreter,
        name: str,
        flag: str | None,
        made: Made,
        template: Template,
        own: Own = NO_OWN,
    ) -> None:
        self.ctx, self.machine, self.name = ctx, machine, name
        self.step = Step(ctx.space)
        self.commands = name == "rx"
        self.flag, self.made, self.template, self.own = flag, made, template, own
        self.ring = ctx.bounds["ring"]
        self.rows = max_descriptors(ctx) if self.commands else REGISTER_WRITES

    def load(self) -> None:
        """Store everything; the channels' constant members come from the driver's own bam_channel_init."""
        self._device()
        for name in NAMES:
            self._constants(name)
        kept.configure(self.ctx, self.machine)
        self.put(*self.at("rx", "reconfigure"), 0)
        for name in NAMES:
            if name == self.name:
                self._channel()
            else:
                self._idle(name)

    def put(self, place: str, path: tuple[str | int, ...], term: object, kind: CType | None = None) -> None:
        """Store a term, an int or a Pointer as what the member at a path is."""
        if kind is None:
            kind = self.machine.kind_of(Pointer.to(place, *path).places[0][1])
        if isinstance(kind, Integer) and z3.is_bv(term):
            term = resize(term, kind.width)
        if kind == BOOL and isinstance(term, int):
            term = bool(term)
        self.machine.state.cells[place, path] = Value(kind, term)

    def _truth(self, key: Key, term: Term) -> None:
        """Store a truth as 1 or 0 in a member of any type."""
        kind = self.machine.kind_of(Place(*key))
        self.put(*key, term if kind == BOOL else z3.If(term, z3.BitVecVal(1, 32), z3.BitVecVal(0, 32)), kind)

    def hidden(self, place: str, path: tuple[str | int, ...]) -> None:
        """Let a member have any value."""
        kind = self.machine.kind_of(Pointer.to(place, *path).places[0][1])
        assert isinstance(kind, Integer)
        name = f"{HIDDEN}{place} {path}"
        self.put(place, path, z3.Bool(name) if kind == BOOL else z3.BitVec(name, kind.width))

    def at(self, name: str, *path: str | int) -> Key:
        """Object and path of a member of a channel."""
        return "channels", (*channel_at(name), *path)

    def _device(self) -> None:
        machine = self.machine
        machine.types |= {"bdev": Struct("bam_device"), "channels": Array(Struct("bam_chan"), len(NAMES))}
        machine.types["device"] = Struct("device")
        for member, value in (("dev", DEVICE), ("channels", Pointer.to("channels", 0)), ("num_channels", len(NAMES))):
            self.put("bdev", (member,), value)
        self.put("bdev", ("common", "dev"), DEVICE)
        for member, data in kept.device_data(machine, self.ctx.workload.lock_hardware):
            self.put("bdev", (member,), data)
        self.put("bdev", ("controlled_remotely",), z3.Bool(f"{HIDDEN}controlled_remotely"))
        machine.state.lists["bdev", ("common", "channels")] = Items()
        for name in ("work", "resumed"):
            pending = self.step["work.pending"] if name == "work" else False
            self.put("hw", (name,), pending, BOOL)
        self.put("hw", ("called back",), 0, INT)
        for name in GLOBAL:
            self.put("hw", (name,), z3.BitVec(f"{HIDDEN}{name}", 32), UNSIGNED)

    def _constants(self, name: str) -> None:
        index = NAMES.index(name)
        kept.clear(self.machine, index)
        self.machine.call(
            "bam_channel_init",
            [
                Value(VOID_POINTER, Pointer.to("bdev")),
                Value(VOID_POINTER, Pointer.to("channels", index)),
                number(index, UNSIGNED),
            ],
        )
        self.machine.state.lists.pop(("bdev", ("common", "channels")))
        self.machine.state.lists["bdev", ("common", "channels")] = Items()
        self._demand_made(name)
        self.machine.types[fifo(name)] = Array(Struct("bam_desc_hw"), self.ring + 1)
        direction = facts.MEM_TO_DEV if name == "rx" else facts.DEV_TO_MEM
        for path, value in (
            (("fifo_virt",), Pointer.to(fifo(name), 0)),
            (("fifo_phys",), FIFO_ADDRESS * (index + 1)),
            (("paused",), 0),
            (("reconfigure",), 0),
            (("slave", "direction"), direction),
            (("slave", "src_maxburst"), 16),
            (("slave", "dst_maxburst"), 8),
            (("vc", "chan", "slave"), DEVICE),
            (("vc", "cyclic"), NULL),
        ):
            self.put(*self.at(name, *path), value)

    def _demand_made(self, name: str) -> None:
        """The lists, the lock and the cookies are overwritten by what the model has; here they are seen to be made."""
        heads = [*LISTS.values(), *(("vc", member) for member in OTHER_LISTS)]
        made = [*(self.at(name, *head) in self.machine.state.lists for head in heads)]
        cells = [("vc", "lock", "made"), ("vc", "chan", "cookie"), ("vc", "chan", "completed_cookie")]
        made += [self.at(name, *path) in self.machine.state.cells for path in cells]
        if not all(made):
            raise SourceError(f"{facts.DRIVER}: bam_channel_init leaves a list, the lock or a cookie as it was")

    def _idle(self, name: str) -> None:
        for member, value in (("initialized", 1), ("head", 0), ("tail", 0)):
            self.put(*self.at(name, member), value)
        for member, value in settings(self.ctx, name).items():
            self.put(pipe(name), (member,), value, UNSIGNED)
        for member in ("sw", "doorbell", "sections"):
            self.put(pipe(name), (member,), 0, UNSIGNED)
        for member in ("irq", "in reset", "was reset", "task"):
            self.put(pipe(name), (member,), False, BOOL)
        for member in self.own.channel:
            self.hidden(*self.at(name, member))

    def _channel(self) -> None:
        name, lists = self.name, self.machine.state.lists
        enabled = self.step["tx.enabled"] if not self.commands else z3.BoolVal(True)
        tail, length = resize(self.step[f"{name}.tail"], 32), resize(self.step[f"{name}.ring.len"], 32)
        self._idle(name)
        self.put(*self.at(name, "initialized"), z3.If(enabled, z3.BitVecVal(1, 32), z3.BitVecVal(0, 32)))
        for member, value in settings(self.ctx, name).items():
            register = z3.If(enabled, z3.BitVecVal(value, 32), z3.BitVecVal(0, 32))
            self.put(pipe(name), (member,), z3.simplify(register), UNSIGNED)
        self.put(*self.at(name, "head"), self.step[f"{name}.head"])
        self.put(*self.at(name, "tail"), tail)
        behind = z3.If(z3.UGE(tail, length), tail - length, tail + self.ring - length)
        self.put(pipe(name), ("sw",), behind, UNSIGNED)
        self.put(pipe(name), ("doorbell",), tail, UNSIGNED)
        self.put(pipe(name), ("irq",), self.step[f"{name}.irq"], BOOL)
        for own in self.own.channel:
            self.put(*self.at(name, own), self.step[f"{name}.{PREFIX}{own}"])
        if self.commands:
            self.put(*self.at(name, "vc", "chan", "cookie"), resize(self.step["rx.next_cookie"], 32) - 1)
            completed = resize(self.step["rx.completed_cookie"], 32)
            self.put(*self.at(name, "vc", "chan", "completed_cookie"), completed)
            if self.flag is not None:
                self._truth(self.at(name, self.flag), self.step["rx.locked"])
        for member, head in LISTS.items():
            lists[self.at(name, *head)] = self._entries(member)
        lists[self.at(name, "vc", "desc_completed")] = self._completed()
        if self.commands and "rx.desc_allocated" in self.ctx.space.variables:
            lists[self.at(name, "vc", "desc_allocated")] = self._allocated()
        if self.commands and self.made.count:
            known = [
                what
                for what in ("alive", "mapped", "leaked", *STORAGE.values())
                if f"rx.{what}" in self.ctx.space.variables
            ]
            self.made.begin(self.machine, {what: self.step[f"rx.{what}"] for what in known})
        self._slots(behind, length)

    def _entries(self, member: str) -> Items:
        queue = Queue(self.step, f"{self.name}.{member}")
        pointers = []
        for place, entry in enumerate(queue.entries()):
            transaction = f"{self.name}.{member}[{place}]"
            self._transaction(transaction, entry, member == "desc_list")
            pointers.append(Pointer.to(transaction, *NODES.get(member, NODE)))
        key = self.at(self.name, *LISTS[member])
        self.machine.limits[key] = (queue.name, queue.schema.capacity)
        return Items(tuple(pointers), resize(queue.length, 64))

    def _completed(self) -> Items:
        """Whatever waits for the tasklet, as one transaction: lists are spliced whole."""
        waiting = z3.Bool(f"{HIDDEN}rx.desc_completed") if self.commands else self.step["tx.desc_completed"]
        name = f"{self.name}.desc_completed[0]"
        done = {"left": z3.BitVecVal(0, 2), "req": z3.BitVecVal(0, 1), "kind": z3.BitVecVal(TXN.DATA, TXN.width)}
        if self.commands and self.ctx.tasklet_frees:
            self.made.waiting = name
            for kind, label in LABELS.items():
                some = self.step[f"rx.desc_completed_{label}"] != 0
                done["kind"] = z3.If(some, z3.BitVecVal(kind, TXN.width), done["kind"])
                waiting = z3.Or(some, waiting)
        self._transaction(name, {**done, "cookie": z3.BitVecVal(0, 1)}, False)
        length = z3.If(waiting, z3.BitVecVal(1, 64), z3.BitVecVal(0, 64))
        return Items((Pointer.to(name, *NODE),), length)

    def _allocated(self) -> Items:
        """What was prepared and never submitted, as one transaction."""
        name, command = "rx.desc_allocated[0]", z3.BitVecVal(TXN.CMD, TXN.width)
        entry = {"left": z3.BitVecVal(REGISTER_WRITES, 2), "req": z3.BitVecVal(0, 1), "kind": command}
        self._transaction(name, {**entry, "cookie": z3.BitVecVal(0, 1)}, False)
        length = z3.If(self.step["rx.desc_allocated"], z3.BitVecVal(1, 64), z3.BitVecVal(0, 64))
        return Items((Pointer.to(name, *NODE),), length)

    def _transaction(self, name: str, entry: Mapping[str, Term], listed: bool) -> None:
        self.machine.types[name] = Struct("bam_async_desc")
        self.machine.lengths[name, ("desc",)] = self.rows
        loaded = resize(entry["xfer"], 32) if listed else z3.BitVecVal(0, 32)
        total = z3.simplify(resize(entry["left"], 32) + loaded)
        mapping = entry.get("map", z3.BitVecVal(0, 1))
        kind = entry["kind"] if self.commands else z3.BitVecVal(TXN.DATA, TXN.width)
        data = kind == TXN.DATA
        nwd = facts.NWD if self.commands and self.ctx.axes["nwd"] == "rx-data" else 0
        self.put(name, ("num_desc",), total)
        self.put(name, ("curr_desc",), Pointer.to(name, "desc", 0))
        self.put(name, ("flags",), z3.If(data, z3.BitVecVal(facts.EOT | nwd, 16), z3.BitVecVal(0, 16)))
        self.put(name, ("dir",), facts.MEM_TO_DEV if self.commands else facts.DEV_TO_MEM)
        if listed:
            self.put(name, ("xfer_len",), loaded)
        else:
            self.hidden(name, ("xfer_len",))
        self._client_part(name, entry)
        for own, kept_as in self.own.transaction.items():
            if (value := entry.get(PREFIX + own)) is None:
                self.hidden(name, (own,))
            else:
                self.put(name, (own,), value == 1 if kept_as == BOOL else value)
        self._lock_part(name, kind, mapping)
        flags = z3.If(data, z3.BitVecVal(0, 16), z3.BitVecVal(facts.CMD, 16))
        for txn, bit in ((TXN.LOCK, facts.LOCK), (TXN.UNLOCK, facts.UNLOCK)):
            flags = z3.If(kind == txn, z3.BitVecVal(facts.CMD | bit, 16), flags)
        for row in range(self.rows):
            where = facts.address(self._content(kind, total, row), entry["req"], mapping)
            self.put(name, ("desc", row, "flags"), z3.simplify(flags))
            self.put(name, ("desc", row, "addr"), z3.simplify(where))
            self.hidden(name, ("desc", row, "size"))

    def waiting(self, name: str, kind: int, number_of: int, context: str) -> Term:
        """Make the LOCK or UNLOCK of a number that was taken in order to free it; whether there is such a one."""
        entry = {"left": z3.BitVecVal(0, 2), "req": z3.BitVecVal(0, 1), "kind": z3.BitVecVal(kind, TXN.width)}
        mapping = z3.BitVecVal(number_of, width_of(self.made.count))
        self._transaction(name, {**entry, "cookie": z3.BitVecVal(0, 1), "map": mapping}, False)
        taken = self.step[f"rx.{context}_{LABELS[kind]}"]
        return z3.Extract(number_of, number_of, taken) == 1

    def _lock_part(self, name: str, kind: Term, mapping: Term) -> None:
        """What a LOCK or UNLOCK has beside; a transaction of the client has 0 there, as its prep allocates it."""
        if self.commands and self.made.count:
            self.made.numbers[name] = resize(mapping, width_of(self.made.count))
        for path, leaf in self.machine.leaves(Struct("bam_async_desc")):
            if (name, path) in self.machine.state.cells or not isinstance(leaf, Integer):
                continue
            value = z3.BitVecVal(0, max(leaf.width, 8))
            for txn, members in self.template.items() if self.commands else ():
                own = z3.BitVecVal(members.get(path, 0), value.size())
                if path[-1] == "dma_address":
                    own = address_of(resize(mapping, width_of(self.made.count)))
                value = z3.If(kind == txn, own, value)
            self.put(name, path, fold(value != 0) if leaf == BOOL else z3.simplify(value), leaf)

    def _content(self, kind: Term, total: Term, row: int) -> Term:
        """What descriptor `row` of those that remain points to."""

        def value(content: int) -> Term:
            return z3.BitVecVal(content, facts.CONTENT.width)

        first = z3.And(total == REGISTER_WRITES, z3.BoolVal(row == 0))
        command = z3.If(first, value(facts.CONTENT.CONFIGURE), value(facts.CONTENT.GO))
        locks = z3.If(kind == TXN.CMD, command, value(facts.CONTENT.LOCK))
        return z3.If(kind == TXN.DATA, value(facts.CONTENT.DATA), locks)

    def _client_part(self, name: str, entry: Mapping[str, Term]) -> None:
        cookie = resize(entry["cookie"], 32) if self.commands else 1
        self.put(name, ("vd", "tx", "cookie"), cookie)
        place, path = self.at(self.name, "vc", "chan")
        self.put(name, ("vd", "tx", "chan"), Pointer.to(place, *path))
        self.put(name, ("vd", "tx", "callback"), NULL if self.commands else CALLBACK)
        self.put(name, ("vd", "tx", "callback_result"), NULL)
        self.put(name, ("vd", "tx", "callback_param"), NULL)

    def _slots(self, behind: Term, length: Term) -> None:
        """What the pipe has still to execute is in the slots from the read offset on; in the others may be anything."""
        entries = Queue(self.step, f"{self.name}.ring").entries()
        for slot in range(self.ring + 1):
            for member in ("flags", "addr", "size"):
                self.hidden(fifo(self.name), (slot, member))
            if slot == self.ring:
                continue
            self._mark(slot)
            distance = z3.If(z3.UGE(slot, behind), slot - behind, slot + self.ring - behind)
            cells = {m: self.machine.state.cells[fifo(self.name), (slot, m)].term for m in ("flags", "addr")}
            for place, entry in enumerate(entries):
                here = z3.And(distance == place, z3.ULT(place, length))
                coded = self._coded(entry)
                cells = {member: z3.If(here, coded[member], term) for member, term in cells.items()}
            for member, term in cells.items():
                self.put(fifo(self.name), (slot, member), term)

    def _mark(self, slot: int) -> None:
        """What the interrupt may look at has the bits of LOCK and UNLOCK that the model knows, and may have any others.

        That is what lies between head and tail: what head has passed over, or a reset left, may have any bits. The
        producer's ring has none of these two.
        """
        if not self.ctx.lock_slots:
            return
        head, tail = (resize(self.step[f"{self.name}.{end}"], 32) for end in ("head", "tail"))
        place = modulo(slot + self.ring - head, self.ring)
        known = z3.ULT(place, modulo(tail + self.ring - head, self.ring))
        key = (fifo(self.name), (slot, "flags"))
        flags = other = self.machine.state.cells[key].term
        for mark, bit in MARK_BITS.items():
            memory = self.step[f"rx.slots_{mark}"] if self.commands else z3.BitVecVal(0, self.ring)
            has = z3.LShR(memory, resize(place, memory.size())) & 1 == 1
            flags = z3.If(has, flags | bit, flags & ~z3.BitVecVal(bit, 16))
        self.put(*key, z3.If(known, flags, other))

    def _coded(self, entry: Mapping[str, Term]) -> dict[str, Term]:
        def bit(condition: Term, flag: int) -> Term:
            return z3.If(condition, z3.BitVecVal(flag, 16), z3.BitVecVal(0, 16))

        flags = bit(entry["int"] == 1, facts.INT) | bit(entry["eot"] == 1, facts.EOT)
        if not self.commands:
            return {"flags": flags, "addr": facts.address(facts.CONTENT.DATA, entry["req"], z3.BitVecVal(0, 1))}
        hw = entry["hw"]
        flags |= bit(entry["nwd"] == 1, facts.NWD) | bit(hw != HW.DATA, facts.CMD)
        flags |= bit(hw == HW.LOCK, facts.LOCK) | bit(hw == HW.UNLOCK, facts.UNLOCK)
        content = z3.BitVecVal(facts.CONTENT.LOCK, facts.CONTENT.width)
        for kind in ("CONFIGURE", "GO", "DATA"):
            value = z3.BitVecVal(facts.CONTENT[kind], facts.CONTENT.width)
            content = z3.If(hw == HW[kind], value, content)
        return {"flags": flags, "addr": facts.address(content, entry["req"], entry["map"])}
