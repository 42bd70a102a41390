"""Progress: what must not last for ever.

Weakly fair, so that it is taken or becomes impossible again and again, is every action of the driver and of the
hardware, and of the other EE what finishes a request that it has begun. Not fair: starting a request of Linux (nobody
has to submit one), and a fault. Beginning a request of the other EE is fair for `other-progress` only.
Nothing is claimed after an external abort: Linux is dead then, and so is, for all that is known, the whole system.
In endless workloads nothing is asked: weak fairness does not keep one side from taking the lock again and again while
the other waits for it, and how the hardware arbitrates no source says. Nor on a BAM without the lock, where the other
EE's writes may stop any request.
"""

from __future__ import annotations

import z3

from model.channel import Channel
from model.client import QUEUED, Program
from model.context import Protocol
from model.language.system import Step, Term
from model.other_ee import ANOTHER
from proofs.engines import Target
from proofs.properties import EVENTUALLY, Property, Severity, needs_lock

FAMILY = "progress"
SCENARIOS = ("default", "small-ring", "busy-client", "faults", "probe-window")


def fair(protocol: Protocol) -> frozenset[str]:
    """All actions but faults and those that begin a request of Linux or of the other EE."""
    return frozenset(name for name in fair_and_eager(protocol) if ANOTHER not in protocol.system.action(name).guard)


def fair_and_eager(protocol: Protocol) -> frozenset[str]:
    """As `fair`, and the other EE wants to begin its requests."""
    actions = (action for action in protocol.system.actions if QUEUED not in action.guard)
    return frozenset(action.name for action in actions if action.fault is None)


def _unless_panicked(protocol: Protocol, pending: Term) -> Target:
    if "client.panicked" not in protocol.ctx.space.variables:
        return Target(state=pending)
    return Target(state=z3.And(pending, z3.Not(Step(protocol.ctx.space)["client.panicked"])))


def linux_progress(protocol: Protocol) -> Target:
    """The QCE client waits for its completion or is in its callback; a busy client's output is due or not taken."""
    ctx = protocol.ctx
    s = Step(ctx.space)
    if ctx.workload.client == "qce":
        return _unless_panicked(protocol, z3.UGE(s["client.pc"], Program.of(ctx).labels["wait"]))
    ch = Channel(ctx, s, "tx")
    waiting = [z3.Not(ch.queue(name).empty) for name in ("desc_issued", "desc_list", "ring")]
    return _unless_panicked(protocol, z3.Or(*waiting, s["tx.desc_completed"]))


def lock_released(protocol: Protocol) -> Target:
    """The consumer pipe of Linux holds the lock."""
    return _unless_panicked(protocol, Step(protocol.ctx.space)["lock.linux"])


def other_progress(protocol: Protocol) -> Target:
    """The other EE has not completed all its requests: one has begun, or it is shut out and cannot begin one."""
    s = Step(protocol.ctx.space)
    return _unless_panicked(protocol, s["tz.done"] != protocol.ctx.bounds["tz_requests"])


def _needs_other_ee(protocol: Protocol) -> str | None:
    return "there is no other EE (other_ee)" if protocol.ctx.assume["other_ee"] == "absent" else None


PROPERTIES = (
    Property(
        "linux-progress",
        FAMILY,
        EVENTUALLY,
        "every issued request completes or is terminated",
        "no timeout in the driver",
        linux_progress,
        scenarios=(*SCENARIOS, "fresh-ring"),
        fair=fair,
        severity=Severity.STALL,
        consequence="a request of Linux can hang for ever: the driver has no timeout",
    ),
    Property(
        "lock-released",
        FAMILY,
        EVENTUALLY,
        "every LOCK of Linux that took effect is followed by its UNLOCK",
        "v8 thread 2025-11-11: stalled secure world",
        lock_released,
        needs_lock,
        SCENARIOS,
        fair,
        severity=Severity.STALL,
        consequence="Linux can keep the lock for ever: the secure world stands still",
    ),
    Property(
        "other-progress",
        FAMILY,
        EVENTUALLY,
        "every request of the other EE completes",
        "v8 thread 2025-11-11: stalled secure world",
        other_progress,
        _needs_other_ee,
        SCENARIOS,
        fair_and_eager,
        severity=Severity.STALL,
        consequence="a request of TZ can wait for ever: the secure world stands still",
    ),
)
