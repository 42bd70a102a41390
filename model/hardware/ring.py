"""A pipe's ring as the driver counts it: `head` and `tail` modulo its slots, free slots modulo one more than that.

The driver has 4095 slots and CIRC_SPACE and CIRC_CNT over 4096; here `ring` slots and a modulus of `ring` + 1. From
tail = head all slots can be filled, which brings tail back to head: the ring then counts as empty, the doorbell equals
the read offset, and nothing is told to the hardware. Only a ring whose tail has wrapped below its head fills up as
intended, with one slot left.

The queue `ring` holds what lies between the read offset and the doorbell. Where the interrupt looks at the memory of
the slots, that is there too: which of them, counted from head on, have a LOCK or an UNLOCK. Left out, and why no
property can see it:
- The memory that head has passed over, or that a reset has left behind: the hardware and the interrupt look at a slot
  only after tail has passed over it again, which writes it.
- The size of a slot, and the doorbell in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import z3

from model.language.queues import Queue, resize
from model.language.system import StateSpace, Step, Term, width_of

MARKS = ("lock", "unlock")  # the bits of a descriptor by which the interrupt knows what is on no list


def modulo(position: Term, slots: int) -> Term:
    """A position below twice the slots as a slot, `%=` as the driver has it."""
    return z3.If(z3.UGE(position, slots), position - slots, position)


def declare_positions(space: StateSpace, channel: str, slots: int, at: int) -> None:
    """`head` and `tail` of a channel's ring, both at slot `at` (0 to `slots` - 1)."""
    for name in ("head", "tail"):
        space.add(f"{channel}.{name}", width_of(slots), at % slots)


def declare_memory(space: StateSpace, channel: str, slots: int) -> None:
    """For each of `MARKS` the set of a channel's slots, 0 being that at head, whose memory has it."""
    for mark in MARKS:
        space.add(f"{channel}.slots_{mark}", slots)


class Ring:
    """The ring of the channel `name` ("rx" or "tx") with `slots` slots, in one atomic section.

    `spare`: whether one slot is always kept free.
    """

    def __init__(self, step: Step, name: str, slots: int, spare: bool = False) -> None:
        self.step = step
        self.name = name
        self.slots = slots
        self.spare = spare
        self.pending = Queue(step, f"{name}.ring")
        self._wide = width_of(2 * slots + 1)

    def _read(self, key: str) -> Term:
        return resize(self.step[f"{self.name}.{key}"], self._wide)

    def _move(self, key: str, count: Term) -> None:
        moved = modulo(self._read(key) + resize(count, self._wide), self.slots)
        self.step[f"{self.name}.{key}"] = resize(moved, width_of(self.slots))

    @property
    def free(self) -> Term:
        """CIRC_SPACE(tail, head, slots + 1), which is 0 if the ring counts as full (IS_BUSY); see `spare`."""
        head, tail = self._read("head"), self._read("tail")
        space = z3.If(z3.UGE(tail, head), self.slots - int(self.spare) - (tail - head), head - tail - 1)
        return resize(space, width_of(self.slots + 1))

    @property
    def consumed(self) -> Term:
        """CIRC_CNT(read offset, head, slots + 1), less one where the read offset is below head."""
        head = self._read("head")
        offset = modulo(self._read("tail") + self.slots - resize(self.pending.length, self._wide), self.slots)
        return resize(z3.If(z3.UGE(offset, head), offset - head, offset + self.slots - head), width_of(self.slots + 1))

    def marked(self, mark: str, first: Term) -> Term:
        """The set of slots whose memory has one of `MARKS`, 0 being that `first` slots behind head."""
        memory = self.step[f"{self.name}.slots_{mark}"]
        return z3.LShR(memory, resize(first, memory.size()))

    def reap(self, count: Term) -> None:
        """Advance head."""
        self._move("head", count)
        for mark in self._marks:
            self.step[f"{self.name}.slots_{mark}"] = self.marked(mark, count)

    def write(self, entries: Sequence[Mapping[str, Term | int]], count: Term) -> None:
        """Copy the first `count` of `entries` to the slots from tail on, and advance tail.

        What reaches the read offset takes from the hardware all that it had not executed, and all that was written
        before it got there: event `ring_lapped`.
        """
        before, count = resize(self.pending.length, self._wide), resize(count, self._wide)
        self._mark(entries, count)
        laps = z3.UGE(before + count, self.slots)
        self.step.emit("ring_lapped", laps)
        with self.step.when(z3.Not(laps)):
            self.pending.push_back_all(entries, resize(count, self.pending.length.size()))
        with self.step.when(laps):
            self.pending.clear()
            for first in range(1, len(entries)):
                for end in range(first + 1, len(entries) + 1):
                    with self.step.when(z3.And(before == self.slots - first, count == end)):
                        self.pending.fill(entries[first:end])
        self._move("tail", count)

    @property
    def _marks(self) -> tuple[str, ...]:
        return MARKS if f"{self.name}.slots_{MARKS[0]}" in self.step.space.variables else ()

    def _mark(self, entries: Sequence[Mapping[str, Term | int]], count: Term) -> None:
        """Write the first `count` of `entries` into the memory of the slots from tail on."""
        first = modulo(self._read("tail") + self.slots - self._read("head"), self.slots)
        for mark in self._marks:
            name = f"{self.name}.slots_{mark}"
            for place, entry in enumerate(entries):
                slot = z3.BitVecVal(1, self.slots) << resize(modulo(first + place, self.slots), self.slots)
                with self.step.when(z3.UGT(count, place)):
                    has = entry.get(mark, z3.BoolVal(False))
                    self.step[name] = z3.If(has, self.step[name] | slot, self.step[name] & ~slot)

    def reset(self) -> None:
        """bam_chan_init_hw: the hardware forgets the pipe's descriptors, head = tail = 0."""
        self.pending.clear()
        for mark in self._marks:
            self.step[f"{self.name}.slots_{mark}"] = 0
        self.step[f"{self.name}.head"] = 0
        self.step[f"{self.name}.tail"] = 0
