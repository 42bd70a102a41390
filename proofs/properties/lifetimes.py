"""Lifetimes and bookkeeping of the driver."""

from __future__ import annotations

import z3

from model.channel import HW, Channel, one_hot
from model.protocol import Protocol
from model.system import Step, Term
from proofs.engines import Target
from proofs.properties import ALWAYS, Property, needs_lock
from proofs.properties.quiescence import quiescent

FAMILY = "lifetimes"


def mapping_live(protocol: Protocol) -> Target:
    """A descriptor in the ring reads a command element or a command buffer that is not mapped."""
    ctx = protocol.ctx
    s = Step(ctx.space)
    dead: list[Term] = []
    for entry in Channel(ctx, s, "rx").queue("ring").entries():
        command = z3.Or(entry["hw"] == HW.CONFIGURE, entry["hw"] == HW.GO)
        buffer = one_hot(entry["req"], ctx.bounds["requests"]) & s["client.buffer_mapped"]
        dead.append(z3.And(entry["valid"], command, buffer == 0))
        if ctx.locks:
            element = one_hot(entry["map"], ctx.bounds["mappings"]) & s["rx.mapped"]
            dummy = z3.Or(entry["hw"] == HW.LOCK, entry["hw"] == HW.UNLOCK)
            dead.append(z3.And(entry["valid"], dummy, element == 0))
    return Target(state=z3.Or(*dead))


def mapping_own(protocol: Protocol) -> Target:
    """An unmap releases another mapping than the one that the same descriptor made."""
    return Target(on={"unmap_foreign": z3.BoolVal(True)})


def mapping_freed(protocol: Protocol) -> Target:
    """Linux is quiescent and a mapping or a descriptor is left over."""
    s = Step(protocol.ctx.space)
    left: list[Term] = [s["client.buffer_mapped"] != 0]
    if protocol.ctx.locks:
        left += [s["rx.mapped"] != 0, s["rx.alive"] != 0, s["rx.leaked"]]
    return Target(state=z3.And(quiescent(protocol), z3.Or(*left)))


def completion_order(protocol: Protocol) -> Target:
    """The completed cookie covers a client transaction that is not consumed, or moves back."""
    return Target(on={"cookie_covers_unconsumed": z3.BoolVal(True), "cookie_moves_back": z3.BoolVal(True)})


PROPERTIES = (
    Property(
        "mapping-live",
        FAMILY,
        ALWAYS,
        "the command element of a LOCK or UNLOCK, and the command buffer of a request, is mapped whenever the hardware"
        " may still read it",
        "v12, v16 changelogs",
        mapping_live,
    ),
    Property(
        "mapping-own",
        FAMILY,
        ALWAYS,
        "an unmap releases the mapping that the same descriptor made",
        "v16 changelog",
        mapping_own,
        needs_lock,
    ),
    Property(
        "mapping-freed",
        FAMILY,
        ALWAYS,
        "at quiescence no mapping and no descriptor is left over",
        "v12 'Unmap buffers', v14 'Fix memory leaks'",
        mapping_freed,
    ),
    Property(
        "completion-order",
        FAMILY,
        ALWAYS,
        "a channel's completed cookie never covers a client transaction that the hardware has not consumed, and never"
        " moves back",
        "dmaengine client contract",
        completion_order,
    ),
)
