"""Exclusion: the reason for the series."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import one_hot, request_number
from model.context import Protocol
from model.hardware.crypto_engine import busy
from model.language.system import Step, Term
from proofs.engines import Target
from proofs.properties import ALWAYS, COMBINED, EVERYWHERE, WORKING, Property, Severity, needs_lock

FAMILY = "exclusion"
EXCLUSION = (*EVERYWHERE, "faults", *COMBINED)


def _state(protocol: Protocol) -> Step:
    return Step(protocol.ctx.space)


def config_integrity(protocol: Protocol) -> Target:
    """An operation runs, and the configuration registers were last written by somebody else."""
    s = _state(protocol)
    return Target(state=z3.And(busy(s), s["engine.config"] != s["engine.op"]))


def runs(protocol: Protocol) -> Mapping[str, Term]:
    """An operation runs."""
    return {"an operation runs": busy(_state(protocol))}


def quiet_engine(protocol: Protocol) -> Target:
    """A configuration register is written while an operation runs."""
    return Target(on={"config_write": busy(_state(protocol))})


def quiet_dummy(protocol: Protocol) -> Target:
    """The dummy write of a LOCK or UNLOCK reaches a busy engine."""
    return Target(on={"dummy_write": busy(_state(protocol))})


def under_lock(protocol: Protocol) -> Target:
    """A CMD or DATA descriptor of the client executes while its pipe does not hold the lock."""
    return Target(on={"client_descriptor": z3.Not(_state(protocol)["lock.linux"])})


def unlock_after_done(protocol: Protocol) -> Target:
    """An UNLOCK takes effect while an operation of Linux is not done in the peripheral."""
    s = _state(protocol)
    return Target(on={"unlock": protocol.ctx.is_linux(s["engine.op"])})


def own_status(protocol: Protocol) -> Target:
    """A completion reads the STATUS of another operation than its own."""
    s = _state(protocol)
    own = protocol.ctx.linux(request_number(protocol.ctx, s))
    if protocol.ctx.reads_back:
        return Target(on={"status_taken": s["client.status_of"] != own})
    return Target(on={"status_read": s["engine.status"] != own})


def honest_status(protocol: Protocol) -> Target:
    """A request is reported as successful though its operation was disturbed or ran with what is not its own."""
    s, ctx = _state(protocol), protocol.ctx
    own = one_hot(request_number(ctx, s), ctx.bounds["requests"])
    return Target(on={"request_succeeded": s["monitor.spoilt"] & own != 0})


def pipes_enabled(protocol: Protocol) -> Target:
    """An operation on the pipe pair of Linux is started before the producer pipe was set up."""
    return Target(on={"operation_started": z3.Not(_state(protocol)["tx.enabled"])})


def no_abort(protocol: Protocol) -> Target:
    """Linux accesses an engine register by CPU while the other EE holds the lock."""
    return Target(on={"cpu_access": _state(protocol)["lock.tz"]})


def _has_dummy_write(protocol: Protocol) -> str | None:
    if protocol.ctx.axes["dummy"] == "read-status2":
        return "the dummy access of this version is a read"
    if protocol.ctx.lock_rides:
        return "LOCK and UNLOCK write registers in earnest: there is no dummy"
    return needs_lock(protocol)


def _reads_status(protocol: Protocol) -> str | None:
    reads = "status" in protocol.ctx.axes["completion"] or protocol.ctx.reads_back
    return None if reads else "STATUS is taken from the result dump, which is the operation's own"


def _other_ee_locks(protocol: Protocol) -> str | None:
    steps = {*protocol.ctx.axes["request"], *protocol.ctx.axes["completion"]}
    if not steps & {"cpu-go", "status"}:
        return "this version makes no CPU access to an engine register"
    return None if protocol.ctx.assume["other_ee"] == "locks" else "no other EE ever holds the lock (other_ee)"


PROPERTIES = (
    Property(
        "config-integrity",
        FAMILY,
        ALWAYS,
        "when an operation starts and until it is done, every configuration register that it uses was last written"
        " by its own owner",
        "v16 cover letter",
        config_integrity,
        scenarios=EXCLUSION,
        premise=runs,
        severity=Severity.EXCLUSION,
        consequence="the engine runs a request with registers that somebody else wrote: one world's data under the"
        " other's key",
    ),
    Property(
        "quiet-engine",
        FAMILY,
        ALWAYS,
        "no configuration register is written while an operation runs",
        "v12 patch 05 message",
        quiet_engine,
        scenarios=EXCLUSION,
        premise=runs,
        severity=Severity.EXCLUSION,
        consequence="{who} writes registers while the engine runs a request: keys and data of two worlds can mix",
    ),
    Property(
        "quiet-dummy",
        FAMILY,
        ALWAYS,
        "no dummy write of a LOCK or UNLOCK reaches a busy engine",
        "v12 patch 05 message; STATUS bit 17, v12 cover letter",
        quiet_dummy,
        _has_dummy_write,
        EXCLUSION,
        premise=runs,
        severity=Severity.EXCLUSION,
        consequence="the dummy write of a LOCK or UNLOCK hits the engine at work: the running operation may fail or be"
        " spoilt",
    ),
    Property(
        "under-lock",
        FAMILY,
        ALWAYS,
        "each CMD and DATA descriptor of a client that asked for the lock executes while its pipe holds the lock",
        "v16 cover letter",
        under_lock,
        needs_lock,
        EXCLUSION,
        severity=Severity.EXCLUSION,
        consequence="descriptors of Linux execute without the lock: TZ can use the engine in between",
    ),
    Property(
        "unlock-after-done",
        FAMILY,
        ALWAYS,
        "an UNLOCK takes effect only when every operation of its bracket is done in the peripheral, not only consumed",
        "v13 changelog; Gerhold 2026-03-11",
        unlock_after_done,
        needs_lock,
        EXCLUSION,
        severity=Severity.EXCLUSION,
        consequence="Linux gives the lock away while the engine still works for it: TZ can write into the running"
        " operation",
    ),
    Property(
        "own-status",
        FAMILY,
        ALWAYS,
        "the STATUS that a completion reads is that of its own operation",
        "qce_check_status",
        own_status,
        _reads_status,
        scenarios=WORKING,
        severity=Severity.RESULT,
        consequence="Linux judges a request by another operation's STATUS: an error can pass for success, and the"
        " reverse",
    ),
    Property(
        "no-abort",
        FAMILY,
        ALWAYS,
        "Linux makes no CPU access to an engine register while another EE holds the lock",
        "v9 thread 2025-12-17",
        no_abort,
        _other_ee_locks,
        WORKING,
        severity=Severity.ABORT,
        consequence="Linux touches an engine register by CPU while TZ holds the lock: an external abort, the kernel"
        " dies",
    ),
    Property(
        "honest-status",
        FAMILY,
        ALWAYS,
        "a request whose operation was disturbed, or ran with registers or data that are not its own, is not reported"
        " as successful",
        "qce_check_status does not look at STATUS bit 17",
        honest_status,
        scenarios=(*WORKING, "faults"),
        severity=Severity.RESULT,
        consequence="Linux reports success for a request that was disturbed or ran with foreign registers or data",
    ),
    Property(
        "pipes-enabled",
        FAMILY,
        ALWAYS,
        "no operation is started whose producer pipe has not been set up",
        "comment in bam_dma_terminate_all: an access to a disabled pipe is a fatal error in the BAM",
        pipes_enabled,
        scenarios=("default", "busy-client"),
        severity=Severity.ABORT,
        consequence="the engine starts before its producer pipe is enabled: a fatal error of the BAM",
    ),
)
