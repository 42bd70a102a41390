"""Fixed-capacity queues of records as terms: push front, push back, pop, at, splice.

A queue's entries live in one bit-vector for each field, the front in the low bits, and are zero beyond the length,
so that equal queues are equal states. A push beyond the capacity is declared, never silently cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import z3

from model.language.system import QueueSchema, Step, Term

Value = Term | int


class Queue:
    """A view of the queue `name` in one atomic section; reads and writes go through the step."""

    def __init__(self, step: Step, name: str) -> None:
        self.step = step
        self.name = name
        self.schema: QueueSchema = step.space.queues[name]

    @property
    def length(self) -> Term:
        """The number of entries."""
        return self.step[f"{self.name}.len"]

    @property
    def empty(self) -> Term:
        """Whether there is no entry."""
        return self.length == 0

    def at(self, position: int, key: str) -> Term:
        """Field `key` of the entry at a constant position; zero beyond the length."""
        width = self.schema.fields[key].width
        return z3.Extract((position + 1) * width - 1, position * width, self.step[f"{self.name}.{key}"])

    def front(self) -> dict[str, Term]:
        """The first entry's fields; zeros if the queue is empty."""
        return {key: self.at(0, key) for key in self.schema.fields}

    def entries(self) -> list[dict[str, Term]]:
        """All entries' fields, with `valid` beside them."""
        return [
            {"valid": z3.UGT(self.length, position)} | {key: self.at(position, key) for key in self.schema.fields}
            for position in range(self.schema.capacity)
        ]

    def pop_front(self) -> dict[str, Term]:
        """Take the first entry off; the caller's path condition says that there is one."""
        entry = self.front()
        for key, item in self.schema.fields.items():
            name = f"{self.name}.{key}"
            self.step[name] = z3.LShR(self.step[name], item.width)
        self.step[f"{self.name}.len"] = self.length - 1
        return entry

    def push_back(self, **values: Value) -> None:
        """Append one entry; a missing field is zero."""
        self._append([values], z3.BitVecVal(1, self.length.size()))

    def push_back_all(self, entries: Sequence[Mapping[str, Value]], count: Term) -> None:
        """Append the first `count` of `entries`."""
        size = self.length.size()
        if count.size() > size:
            self.step.exceed(self.name, z3.UGT(count, self.schema.capacity))
        self._append(entries, resize(count, size))

    def push_front(self, **values: Value) -> None:
        """Put one entry before all others."""
        self.step.exceed(self.name, self.length == self.schema.capacity)
        for key, item in self.schema.fields.items():
            name = f"{self.name}.{key}"
            data = self.step[name]
            self.step[name] = (data << item.width) | _widen(values.get(key, 0), item.width, data.size())
        self.step[f"{self.name}.len"] = self.length + 1

    def clear(self) -> None:
        """Drop all entries."""
        for key in self.schema.fields:
            self.step[f"{self.name}.{key}"] = 0
        self.step[f"{self.name}.len"] = 0

    def fill(self, entries: Sequence[Mapping[str, Value]]) -> None:
        """Put just these entries, at most `capacity`, where there are none."""
        for key, item in self.schema.fields.items():
            total = self.schema.capacity * item.width
            block = z3.BitVecVal(0, total)
            for position, values in enumerate(entries):
                block = block | _widen(values.get(key, 0), item.width, total) << (position * item.width)
            self.step[f"{self.name}.{key}"] = block
        self.step[f"{self.name}.len"] = len(entries)

    def splice_tail(self, other: Queue) -> None:
        """Move all entries of `other`, which has the same fields, behind this queue's (list_splice_tail_init)."""
        wide = max(self.length.size(), other.length.size()) + 1
        total = resize(self.length, wide) + resize(other.length, wide)
        lengths = self.lengths()
        self.step.exceed(self.name, z3.UGT(total, self.schema.capacity))
        for key, item in self.schema.fields.items():
            name = f"{self.name}.{key}"
            data = self.step[name]
            moved = resize(self.step[f"{other.name}.{key}"], data.size())
            self.step[name] = data | behind(lengths, moved, item.width)
        self.step[f"{self.name}.len"] = resize(total, self.length.size())
        other.clear()

    def _append(self, entries: Sequence[Mapping[str, Value]], count: Term) -> None:
        room = z3.BitVecVal(self.schema.capacity, self.length.size()) - self.length
        self.step.exceed(self.name, z3.UGT(count, room))
        lengths, taken = self.lengths(), [z3.UGT(count, position) for position in range(len(entries))]
        for key, item in self.schema.fields.items():
            name = f"{self.name}.{key}"
            data = self.step[name]
            block = z3.BitVecVal(0, data.size())
            for position, values in enumerate(entries[: self.schema.capacity]):
                value = _widen(values.get(key, 0), item.width, data.size()) << (position * item.width)
                block = block | z3.If(taken[position], value, z3.BitVecVal(0, data.size()))
            self.step[name] = data | behind(lengths, block, item.width)
        self.step[f"{self.name}.len"] = self.length + count

    def lengths(self) -> list[Term]:
        """Whether the length is 1, 2, and so on, below the capacity."""
        length = self.length
        return [length == number for number in range(1, self.schema.capacity)]


def behind(lengths: Sequence[Term], block: Term, width: int) -> Term:
    """`block` moved behind as many entries of `width` bits as `lengths`, those of a queue, says."""
    # one constant shift for each length: cheaper for a SAT solver than a shift by a variable amount
    shifted = block
    for number, holds in enumerate(lengths, start=1):
        shifted = z3.If(holds, block << z3.BitVecVal(number * width, block.size()), shifted)
    return shifted


def at_most(one: Term, other: Term) -> Term:
    """Whether one unsigned number is not above another, of whatever widths."""
    wide = max(one.size(), other.size())
    return z3.ULE(resize(one, wide), resize(other, wide))


def resize(term: Term, width: int) -> Term:
    """`term` zero-extended or cut to `width` bits."""
    have = term.size()
    if have == width:
        return term
    return z3.ZeroExt(width - have, term) if have < width else z3.Extract(width - 1, 0, term)


def _widen(value: Value, width: int, total: int) -> Term:
    if isinstance(value, int):
        return z3.BitVecVal(value, total)
    return resize(resize(value, width), total)


def decode(schema: QueueSchema, state: Mapping[str, int]) -> list[dict[str, int | str]]:
    """The entries of a queue in a concrete state, front first, with value names where the field has them."""
    rows: list[dict[str, int | str]] = []
    for position in range(state[f"{schema.name}.len"]):
        row: dict[str, int | str] = {}
        for key, item in schema.fields.items():
            value = (state[f"{schema.name}.{key}"] >> (position * item.width)) & ((1 << item.width) - 1)
            row[key] = item.labels[value] if item.labels else value
        rows.append(row)
    return rows
