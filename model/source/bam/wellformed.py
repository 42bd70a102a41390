"""What the comparison assumes of a state, and what is checked on every reachable one.

An entry of a list beyond its length is 0, a transaction has as many descriptors as its kind has at most, a ring's head
and tail are inside it, and a pipe that was never set up has nothing in its ring.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import z3

from model.channel import HW, REGISTER_WRITES, TXN, one_hot
from model.context import Context
from model.driver import max_descriptors
from model.hardware.ring import MARKS, modulo
from model.language.queues import Queue, resize
from model.language.system import Step, Term, width_of
from model.lock import LABELS, contexts, is_lock

WIDE = 16


def well_formed(ctx: Context) -> dict[str, Term]:
    """What it is, and the condition, for both channels."""
    step = Step(ctx.space)
    found = {}
    for name in ("rx", "tx"):
        for queue in (f"{name}.{member}" for member in ("desc_submitted", "desc_issued", "desc_list", "ring")):
            found[f"{queue} has entries as they are made"] = z3.And(*_queue(ctx, Queue(step, queue)))
        found[f"{name}.head and tail are in the ring"] = z3.And(
            *(z3.ULT(resize(step[f"{name}.{end}"], WIDE), ctx.bounds["ring"]) for end in ("head", "tail"))
        )
    empty = [step["tx.head"] == 0, step["tx.tail"] == 0, step["tx.ring.len"] == 0, step["tx.desc_list.len"] == 0]
    found["a pipe that was never set up has nothing"] = z3.Or(step["tx.enabled"], z3.And(*empty))
    found["cookies are positive"] = z3.UGE(step["rx.next_cookie"], 1)
    found["a ring has less than its slots"] = z3.And(
        *(z3.ULT(resize(step[f"{name}.ring.len"], WIDE), ctx.bounds["ring"]) for name in ("rx", "tx"))
    )
    if ctx.lock_txns:
        found["LOCK and UNLOCK transactions have numbers of their own, and are mapped"] = _numbers(ctx, step)
    if ctx.lock_slots:
        for name in ("rx", "tx"):
            head, tail, length = (resize(step[f"{name}.{what}"], WIDE) for what in ("head", "tail", "ring.len"))
            between = modulo(tail + ctx.bounds["ring"] - head, ctx.bounds["ring"])
            found[f"{name}: what the pipe has still to execute is between head and tail"] = z3.ULE(length, between)
        found["the slots' memory has the LOCKs and UNLOCKs that the pipe has still to execute"] = _marks(ctx, step)
    return found


def by_design(ctx: Context) -> dict[str, Term]:
    """What a row's LOCKs and UNLOCKs keep to beside, in the same form: other C may do otherwise, and be well-formed.

    So only a comparison assumes it, where what is reachable is looked at in both systems.
    """
    if not ctx.lock_txns:
        return {}
    step = Step(ctx.space)

    def are(kind: int, name: str) -> list[Term]:
        entries = Queue(step, f"rx.{name}").entries()
        return [z3.And(entry["valid"], entry["kind"] == kind) for entry in entries]

    submitted = are(TXN.LOCK, "desc_submitted") + are(TXN.UNLOCK, "desc_submitted")
    found = {"what the client submits has no LOCK or UNLOCK": z3.Not(z3.Or(*submitted))}
    if ctx.axes["lock"] == "round":
        locks, unlocks = are(TXN.LOCK, "desc_issued"), are(TXN.UNLOCK, "desc_issued")
        found["of LOCK and UNLOCK only one UNLOCK is issued and not loaded, and that while locked"] = z3.And(
            z3.Not(z3.Or(*locks)),
            *(z3.Not(z3.And(*pair)) for pair in combinations(unlocks, 2)),
            z3.Implies(z3.Or(*unlocks), step["rx.locked"]),
        )
    return found


def _numbers(ctx: Context, step: Step) -> Term:
    """Each that is on a list, or waits to be freed, is alive and has another number than the rest; so it is mapped."""
    count, found, seen = ctx.bounds["mappings"], [], z3.BitVecVal(0, ctx.bounds["mappings"])
    sets = [step[f"rx.{context}_{label}"] for context in contexts(ctx) for label in LABELS.values()]
    for name in ("desc_submitted", "desc_issued", "desc_list"):
        for entry in Queue(step, f"rx.{name}").entries():
            number = one_hot(resize(entry["map"], width_of(count)), count)
            sets.append(z3.If(z3.And(entry["valid"], is_lock(entry)), number, number & 0))
            found.append(z3.Implies(z3.And(entry["valid"], is_lock(entry)), number != 0))
    for one in sets:
        found.append(seen & one == 0)
        seen = seen | one
    found.append(seen & ~step["rx.alive"] == 0)
    if ctx.lock_mappings:
        found.append(step["rx.mapped"] & ~step["rx.alive"] == 0)
    if ctx.lock_mappings and ctx.axes["lock-storage"] != "channel":
        # a mapping that belongs to the channel may be undone before its transaction is freed
        found.append(seen & ~step["rx.mapped"] == 0)
    return z3.And(*found)


def _marks(ctx: Context, step: Step) -> Term:
    """For each descriptor of the ring the bits of its slot, and no slot with both."""
    slots, memory = ctx.bounds["ring"], [step[f"rx.slots_{mark}"] for mark in MARKS]
    head, tail, length = (resize(step[f"rx.{name}"], WIDE) for name in ("head", "tail", "ring.len"))
    found = [memory[0] & memory[1] == 0]
    for place, entry in enumerate(Queue(step, "rx.ring").entries()):
        behind = modulo(tail + slots - length + place, slots)
        at = resize(modulo(modulo(behind, slots) + slots - head, slots), slots)
        for bits, kind in zip(memory, (HW.LOCK, HW.UNLOCK), strict=True):
            here = z3.LShR(bits, at) & 1 == 1
            found.append(z3.Implies(entry["valid"], here == (entry["hw"] == kind)))
    return z3.And(*found)


def _queue(ctx: Context, queue: Queue) -> Iterator[Term]:
    yield z3.ULE(resize(queue.length, WIDE), queue.schema.capacity)
    for entry in queue.entries():
        for key, field in queue.schema.fields.items():
            yield z3.Or(entry["valid"], entry[key] == 0)
            if field.labels:
                yield z3.ULT(resize(entry[key], WIDE), len(field.labels))
        if "left" in entry:
            yield z3.Implies(entry["valid"], z3.And(*_transaction(ctx, entry)))
        if "hw" in entry:
            locks = z3.Or(entry["hw"] == HW.LOCK, entry["hw"] == HW.UNLOCK)
            yield z3.Implies(locks, entry["req"] == 0) if ctx.driver_locks else z3.BoolVal(True)
            yield z3.Implies(z3.Not(locks), entry["map"] == 0)
            # written by the vendor's driver only, and by a client that reads back
            yield z3.And(entry["hw"] != HW.REQUEST, z3.Or(entry["hw"] != HW.STATUS, ctx.reads_back))


def _transaction(ctx: Context, entry: dict[str, Term]) -> Iterator[Term]:
    left = resize(entry["left"], WIDE)
    total = left + resize(entry["xfer"], WIDE) if "xfer" in entry else left
    yield z3.UGE(total, 1)
    if "xfer" in entry:
        yield z3.UGE(entry["xfer"], 1)
        yield z3.ULE(resize(entry["xfer"], WIDE), ctx.bounds["ring"])
    if "kind" not in entry:
        yield z3.ULE(total, REGISTER_WRITES)
        return
    locks = z3.Or(entry["kind"] == TXN.LOCK, entry["kind"] == TXN.UNLOCK)
    if ctx.lock_slots:
        yield z3.Not(locks)
    most = z3.If(entry["kind"] == TXN.CMD, z3.BitVecVal(REGISTER_WRITES, WIDE), z3.BitVecVal(1, WIDE))
    yield z3.ULE(total, z3.If(entry["kind"] == TXN.DATA, z3.BitVecVal(max_descriptors(ctx), WIDE), most))
    without = z3.And(locks, ctx.lock_txns and ctx.axes["lock-cookie"] != "own")
    yield (entry["cookie"] == 0) == without
    if ctx.driver_locks:
        yield z3.Implies(locks, entry["req"] == 0)
    yield z3.Implies(z3.Not(locks), entry["map"] == 0)
