"""Lifetimes and bookkeeping of the driver."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import HW, TXN, Channel, one_hot, request_number
from model.client import Program
from model.context import Protocol
from model.language.queues import Queue
from model.language.system import Step, Term
from model.lock import TERMINATED, is_lock, lock_txns
from proofs.engines import Target
from proofs.properties import ALWAYS, EVERYWHERE, WORKING, Property, Severity, needs_driver_lock
from proofs.properties.quiescence import quiescent, rested

FAMILY = "lifetimes"


def mapping_live(protocol: Protocol) -> Target:
    """A descriptor in the ring reads a command element or a command buffer that is not mapped."""
    ctx = protocol.ctx
    s = Step(ctx.space)
    dead: list[Term] = []
    for entry in Channel(ctx, s, "rx").queue("ring").entries():
        kinds = (HW.CONFIGURE, HW.GO, HW.STATUS) if ctx.reads_back else (HW.CONFIGURE, HW.GO)
        command = z3.Or(*(entry["hw"] == kind for kind in kinds))
        buffer = one_hot(entry["req"], ctx.bounds["requests"]) & s["client.buffer_mapped"]
        dead.append(z3.And(entry["valid"], command, buffer == 0))
        if ctx.lock_mappings:
            element = one_hot(entry["map"], ctx.bounds["mappings"]) & s["rx.mapped"]
            dummy = z3.Or(entry["hw"] == HW.LOCK, entry["hw"] == HW.UNLOCK)
            dead.append(z3.And(entry["valid"], dummy, element == 0))
        if ctx.client_locks:
            for kind, name in ((HW.LOCK, "client.lock_mapped"), (HW.UNLOCK, "client.unlock_mapped")):
                dead.append(z3.And(entry["valid"], entry["hw"] == kind, z3.Not(s[name])))
    return Target(state=z3.Or(*dead))


def mapped_loaded(protocol: Protocol) -> Mapping[str, Term]:
    """A register write is in the ring; a LOCK or UNLOCK of a version that has them is."""
    entries = Channel(protocol.ctx, Step(protocol.ctx.space), "rx").queue("ring").entries()

    def loaded(*kinds: int) -> Term:
        return z3.Or(*(z3.And(entry["valid"], entry["hw"] == kind) for entry in entries for kind in kinds))

    found = {"a register write is in the ring": loaded(HW.CONFIGURE, HW.GO)}
    if protocol.ctx.lock_mappings or protocol.ctx.client_locks:
        found["a LOCK or UNLOCK is in the ring"] = loaded(HW.LOCK, HW.UNLOCK)
    return found


def _uses_commands(protocol: Protocol) -> str | None:
    if protocol.ctx.sps:
        return "register writes are in memory that is mapped once, for each request its own"
    by_dma = "commands" in protocol.ctx.axes["request"]
    return None if by_dma else "registers are written by CPU: nothing is mapped for them"


def mapping_own(protocol: Protocol) -> Target:
    """An unmap releases another mapping than the one that the same descriptor made."""
    return Target(on={"unmap_foreign": z3.BoolVal(True)})


def about_to_free(protocol: Protocol) -> Mapping[str, Term]:
    """The tasklet, or terminate_all, has a LOCK or UNLOCK to free; so has the interrupt where that frees them."""
    ch = Channel(protocol.ctx, Step(protocol.ctx.space), "rx")
    if protocol.ctx.tasklet_frees:
        frees = z3.Or(*(lock_txns(ch, context) for context in ("freeing", TERMINATED)))
        return {"the tasklet or terminate_all has a LOCK or UNLOCK to free": frees}
    listed = z3.Or(*(z3.And(entry["valid"], is_lock(entry)) for entry in ch.queue("desc_list").entries()))
    found = {"desc_list has a LOCK or UNLOCK, which the interrupt frees": listed}
    return found | {"terminate_all has a LOCK or UNLOCK to free": lock_txns(ch, TERMINATED)}


def _has_mappings(protocol: Protocol) -> str | None:
    shared = protocol.ctx.driver_locks and not protocol.ctx.lock_mappings
    return "LOCK and UNLOCK share one mapping that no request undoes" if shared else needs_driver_lock(protocol)


def mapping_freed(protocol: Protocol) -> Target:
    """Linux is quiescent and a mapping or a descriptor is left over."""
    ctx = protocol.ctx
    s = Step(ctx.space)
    left: list[Term] = [s["client.data_mapped"] != 0]
    if "client.buffer_mapped" in ctx.space.variables:
        left.append(s["client.buffer_mapped"] != 0)
    if ctx.lock_mappings:
        left.append(s["rx.mapped"] != 0)
    if ctx.lock_txns:
        left.append(s["rx.alive"] != 0)
    if ctx.lock_mappings:
        left.append(s["rx.leaked"])
    if "rx.desc_allocated" in ctx.space.variables:
        left.append(s["rx.desc_allocated"])
    if ctx.client_locks:
        left += [s["client.lock_mapped"], s["client.unlock_mapped"]]
    return Target(state=z3.And(quiescent(protocol), z3.Or(*left)))


def buffer_stable(protocol: Protocol) -> Target:
    """The command buffer is rewritten while a descriptor that reads it waits in the ring or on the way there."""
    return Target(on={"buffer_rewritten_under_reader": z3.BoolVal(True)})


def about_to_rewrite(protocol: Protocol) -> Mapping[str, Term]:
    """The client's next step writes the command buffer of a request that is not the first."""
    s = Step(protocol.ctx.space)
    due = s["client.pc"] == Program.of(protocol.ctx).labels["commands"]
    return {"a later request writes the command buffer": z3.And(due, s["client.request"] != 0)}


def nothing_stale(protocol: Protocol) -> Target:
    """A transaction of an earlier request waits to be issued, or issued, while a later one has its turn."""
    ctx = protocol.ctx
    s = Step(ctx.space)
    present = request_number(ctx, s)
    ch = Channel(ctx, s, "rx")
    stale = [
        z3.And(entry["valid"], z3.Or(entry["kind"] == TXN.CMD, entry["kind"] == TXN.DATA), entry["req"] != present)
        for name in ("desc_submitted", "desc_issued")
        for entry in ch.queue(name).entries()
    ]
    return Target(state=z3.Or(*stale))


def later_after_fault(protocol: Protocol) -> Mapping[str, Term]:
    """Something failed, and a later request is in the driver."""
    s = Step(protocol.ctx.space)
    later = z3.And(s["fault.struck"] != 0, s["client.request"] == 1, s["client.pc"] != 0)
    return {"a later request is in the driver after something failed": later}


def metadata_own(protocol: Protocol) -> Target:
    """A LOCK is built with the channel's metadata while a command of another request is inside the bracket."""
    return Target(on={"bracket_with_foreign_metadata": z3.BoolVal(True)})


def command_waits(protocol: Protocol) -> Mapping[str, Term]:
    """A command is submitted, so that the next LOCK wraps it."""
    entries = Channel(protocol.ctx, Step(protocol.ctx.space), "rx").queue("desc_submitted").entries()
    waits = z3.Or(*(z3.And(entry["valid"], entry["kind"] == TXN.CMD) for entry in entries))
    return {"a command is submitted": waits}


def _has_metadata(protocol: Protocol) -> str | None:
    if protocol.ctx.axes["metadata"] == "operation":
        return "the metadata belongs to the LOCK itself in this version"
    if not protocol.ctx.attaches_metadata:
        return "this version attaches no metadata"
    return needs_driver_lock(protocol)


def completion_order(protocol: Protocol) -> Target:
    """The completed cookie covers a client transaction that is not consumed."""
    return Target(on={"cookie_covers_unconsumed": z3.BoolVal(True)})


def cookie_monotonic(protocol: Protocol) -> Target:
    """The completed cookie moves back."""
    return Target(on={"cookie_moves_back": z3.BoolVal(True)})


def data_mapped(protocol: Protocol) -> Target:
    """A data descriptor in a ring names a page of a request whose data is not mapped.

    One that only waits behind its NWD, all data being taken, reads nothing any more.
    """
    ctx = protocol.ctx
    s = Step(ctx.space)
    read = z3.And(s["rx.nwd_wait"], Queue(s, "engine.published_rx").empty)
    dead: list[Term] = []
    for name in ("rx", "tx"):
        for place, entry in enumerate(Channel(ctx, s, name).queue("ring").entries()):
            data = entry["hw"] == HW.DATA if name == "rx" else z3.BoolVal(True)
            if name == "rx" and place == 0 and ctx.axes["nwd"] == "rx-data":
                data = z3.And(data, z3.Not(read))
            mapped = one_hot(entry["req"], ctx.bounds["requests"]) & s["client.data_mapped"]
            dead.append(z3.And(entry["valid"], data, mapped == 0))
    return Target(state=z3.Or(*dead))


def data_loaded(protocol: Protocol) -> Mapping[str, Term]:
    """A data descriptor is in the ring of the consumer pipe; one is in that of the producer pipe."""
    s = Step(protocol.ctx.space)
    rx, tx = (Channel(protocol.ctx, s, name).queue("ring") for name in ("rx", "tx"))
    data = z3.Or(*(z3.And(entry["valid"], entry["hw"] == HW.DATA) for entry in rx.entries()))
    due = {"the producer ring has descriptors": z3.Not(tx.empty)}
    return {"the consumer ring has data": data, **due} if protocol.ctx.input else due


def code_safe(protocol: Protocol) -> Target:
    """A write to the ring reaches the read offset of the hardware; C that was read does what it must not do."""
    return Target(on={"ring_lapped": z3.BoolVal(True), "wrong_in_c": z3.BoolVal(True)})


def something_completed(protocol: Protocol) -> Mapping[str, Term]:
    """The consumer channel has completed a transaction."""
    completed = Step(protocol.ctx.space)["rx.completed_cookie"] != 0
    return {"the consumer channel has completed a transaction": completed}


PROPERTIES = (
    Property(
        "mapping-live",
        FAMILY,
        ALWAYS,
        "the command element of a LOCK or UNLOCK, and the command buffer of a request, is mapped whenever the hardware"
        " may still read it",
        "v12, v16 changelogs",
        mapping_live,
        _uses_commands,
        (*EVERYWHERE, "faults"),
        premise=mapped_loaded,
        severity=Severity.MEMORY,
        consequence="a descriptor in the ring reads memory that is no longer mapped: an IOMMU fault, or stray values in"
        " registers",
    ),
    Property(
        "mapping-own",
        FAMILY,
        ALWAYS,
        "an unmap releases the mapping that the same descriptor made",
        "v16 changelog",
        mapping_own,
        _has_mappings,
        (*EVERYWHERE, "faults"),
        premise=about_to_free,
        severity=Severity.MEMORY,
        consequence="the driver unmaps a mapping that another LOCK or UNLOCK still uses, and loses track of its own",
    ),
    Property(
        "mapping-freed",
        FAMILY,
        ALWAYS,
        "at quiescence no mapping and no descriptor is left over",
        "v12 'Unmap buffers', v14 'Fix memory leaks'",
        mapping_freed,
        scenarios=(*WORKING, "faults"),
        premise=rested,
        severity=Severity.MEMORY,
        consequence="Linux is idle and a DMA mapping or a descriptor is left over: memory leaks",
    ),
    Property(
        "completion-order",
        FAMILY,
        ALWAYS,
        "a channel's completed cookie never covers a client transaction that the hardware has not consumed",
        "dmaengine client contract",
        completion_order,
        premise=something_completed,
        severity=Severity.BOOKKEEPING,
        consequence="a transfer counts as complete too early: whoever asks for its cookie gets a wrong answer",
    ),
    Property(
        "cookie-monotonic",
        FAMILY,
        ALWAYS,
        "a channel's completed cookie never moves back",
        "dmaengine client contract",
        cookie_monotonic,
        premise=something_completed,
        severity=Severity.BOOKKEEPING,
        consequence="a transfer that counted as complete no longer does: its cookie gets a wrong answer",
    ),
    Property(
        "data-mapped",
        FAMILY,
        ALWAYS,
        "a data page is mapped whenever the hardware may still read or write it",
        "failure paths of v13 to v16: unmapped while the DATA transaction stays submitted",
        data_mapped,
        scenarios=(*WORKING, "faults"),
        premise=data_loaded,
        severity=Severity.MEMORY,
        consequence="the hardware uses a data page that Linux has unmapped: an IOMMU fault, or somebody else's memory",
    ),
    Property(
        "code-safe",
        FAMILY,
        ALWAYS,
        "no doorbell equals the read offset while work is in the ring, and no descriptor is overwritten before the"
        " hardware has executed it",
        "the ring's arithmetic: 4095 slots, counted modulo 4096",
        code_safe,
        scenarios=(*EVERYWHERE, "fresh-ring", "busy-small-ring"),
        of_trees=("faults",),
        premise=data_loaded,
        severity=Severity.MEMORY,
        consequence="a doorbell announces nothing, descriptors are overwritten unread, or C does what it must not",
    ),
    Property(
        "buffer-stable",
        FAMILY,
        ALWAYS,
        "the shared command buffer is not rewritten while the hardware may still read it",
        "v2, v8 reviews",
        buffer_stable,
        _uses_commands,
        (*WORKING, "faults"),
        premise=about_to_rewrite,
        severity=Severity.MEMORY,
        consequence="the next request overwrites the command buffer while the hardware may still read it: registers of"
        " two requests mix",
    ),
    Property(
        "nothing-stale",
        FAMILY,
        ALWAYS,
        "after a request failed, none of its descriptors is left to be issued with a later request",
        "dmaengine client contract",
        nothing_stale,
        scenarios=("faults",),
        premise=later_after_fault,
        severity=Severity.RESULT,
        consequence="what is left of a failed request is issued with the next one: its old commands and data run as"
        " well",
    ),
    Property(
        "metadata-own",
        FAMILY,
        ALWAYS,
        "a bracket is built with the metadata of the transaction that it wraps",
        "v9, v12, v15",
        metadata_own,
        _has_metadata,
        (*EVERYWHERE, "faults"),
        premise=command_waits,
        severity=Severity.BOOKKEEPING,
        consequence="a LOCK or UNLOCK is built with another transaction's metadata: its dummy write can go to a wrong"
        " address",
    ),
)
