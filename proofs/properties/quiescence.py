"""When Linux is quiescent: nothing submitted, issued, in a ring, or to be completed, and nothing still running."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model import client
from model.channel import Channel
from model.context import Protocol
from model.language.system import Step, Term
from model.lock import contexts, lock_txns


def quiescent(protocol: Protocol) -> Term:
    """No request in the driver, all lists and rings empty, no interrupt, work item or tasklet outstanding."""
    ctx = protocol.ctx
    s = Step(ctx.space)
    conditions = [
        client.idle(ctx, s),
        z3.Not(s["work.pending"]),
        z3.Not(s["work.at_tx"]),
        z3.Not(s["tx.desc_completed"]),
    ]
    if "rx.desc_completed" in ctx.space.variables:
        conditions.append(z3.Not(s["rx.desc_completed"]))
    for name in ("rx", "tx"):
        ch = Channel(ctx, s, name)
        conditions += [ch.queue(item).empty for item in ("desc_submitted", "desc_issued", "desc_list", "ring")]
        conditions.append(z3.Not(ch["irq"]))
    conditions += [z3.Not(lock_txns(Channel(ctx, s, "rx"), context)) for context in contexts(ctx)]
    if "client.panicked" in ctx.space.variables:
        conditions.append(z3.Not(s["client.panicked"]))
    return z3.And(*conditions)


def rested(protocol: Protocol) -> Mapping[str, Term]:
    """The states in which Linux is quiescent again, after a request: the premise of what is claimed of quiescence."""
    rests = z3.And(quiescent(protocol), Step(protocol.ctx.space)["client.request"] != 0)
    return {"Linux is quiescent after a request": rests}
