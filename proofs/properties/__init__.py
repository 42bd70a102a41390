"""The property catalogue, by family. A property is a sentence, its source, when it does not apply, and its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import z3

from model.context import Protocol
from model.language.system import Term
from model.vocabulary import EVENTS
from proofs.engines import Target

ALWAYS, REACH, EVENTUALLY = "always", "reach", "eventually"
WORKING = ("default", "small-ring", "endless")
EVERYWHERE = (*WORKING, "busy-client")
COMBINED = ("busy-small-ring", "two-faults", "probe-window")  # where only the gravest claims are asked


class Severity(Enum):
    """What a violation does in the worst case, the worst first, as a clause for a reader in a hurry."""

    EXCLUSION = "two worlds can meet in the engine"
    STALL = "one side can wait for ever"
    ABORT = "the kernel can die of an external abort"
    MEMORY = "memory is used or kept after its time"
    RESULT = "a wrong result can pass for a right one"
    BOOKKEEPING = "the driver's bookkeeping is wrong"


def _nothing(_: Protocol) -> frozenset[str]:
    return frozenset()


def _no_state(_: Protocol) -> Mapping[str, Term]:
    return {}


def _always_applies(_: Protocol) -> str | None:
    return None


@dataclass(frozen=True)
class Property:
    """One claim. `comes_to`: what an `always` property must never, a `reach` property must sometimes come to; for an
    `eventually` property the state that must not last for ever, and `fair` names its weakly fair actions.

    `not_applicable` gives the reason why a version cannot be asked, or None. `scenarios`: where it is asked.
    `of_trees`: where else it is asked of a source tree, whose C can do there what no row does.
    `instead`: for a `reach` property what is shown where it is unreachable: what executions come to instead.
    `premise`: states that the claim speaks of, each with its meaning as a clause: if one is never reached, nothing is
    claimed (`subjects`).
    `consequence`: what goes wrong, and for whom, if it is violated; `{who}` is whose step does it, Linux or TZ.
    """

    id: str
    family: str
    kind: str
    statement: str
    source: str
    comes_to: Callable[[Protocol], Target]
    not_applicable: Callable[[Protocol], str | None] = _always_applies
    scenarios: tuple[str, ...] = EVERYWHERE
    fair: Callable[[Protocol], frozenset[str]] = _nothing
    premise: Callable[[Protocol], Mapping[str, Term]] = _no_state
    instead: Callable[[Protocol], Target] | None = None
    severity: Severity = Severity.BOOKKEEPING
    consequence: str = ""
    of_trees: tuple[str, ...] = ()

    @property
    def first_scenarios(self) -> tuple[str, ...]:
        """Where a `check` that names no scenario asks: progress in `default` only, as it needs the whole graph."""
        plain = ("default",) if self.kind == EVENTUALLY else ("default", "small-ring")
        return tuple(name for name in self.scenarios if name in plain) or self.scenarios

    @property
    def asked_plainly(self) -> bool:
        """Whether a `check` that names neither property nor scenario asks at all: not about faults or old hardware."""
        return "default" in self.first_scenarios

    def target(self, protocol: Protocol) -> Target:
        """What `comes_to` says of a system; raises ModelError if it names an event that is not declared."""
        target = self.comes_to(protocol)
        for event in target.on:
            protocol.system.space.demand_event(event)
        return target

    def subjects(self, protocol: Protocol) -> Mapping[str, Target]:
        """What has to happen for the claim to say anything, each with its meaning as a clause.

        The states of `premise`, the events of the target, and for an `eventually` property that there is something to
        end. An event of which every occurrence is a violation is no subject. Nothing for a `reach` property.
        """
        if self.kind == REACH:
            return {}
        target = self.target(protocol)
        if self.kind == EVENTUALLY:
            return {"there is something that has to end": Target(state=target.state)}
        states = {meaning: Target(state=term) for meaning, term in self.premise(protocol).items()}
        events = [event for event, condition in target.on.items() if not z3.is_true(z3.simplify(condition))]
        return states | {EVENTS.get(event, event): Target(on={event: z3.BoolVal(True)}) for event in events}

    def reason_against(self, protocol: Protocol) -> str | None:
        """Why the property cannot be asked of a version in a scenario, or None."""
        return self.never_asked(protocol) or self._nothing_breaks(protocol)

    def never_asked(self, protocol: Protocol) -> str | None:
        """The same as far as it does not depend on the actions."""
        return scenario_applies(protocol) or self.not_applicable(protocol)

    def _nothing_breaks(self, protocol: Protocol) -> str | None:
        """A claim about something that this system does, but never in a way that could break it, is no finding."""
        actions = protocol.system.actions
        if self.kind == ALWAYS and self.target(protocol).is_never(actions):
            subjects = self.subjects(protocol).values()
            if not any(subject.is_never(actions) for subject in subjects):
                return "nothing in this version could ever break it"
        return None


def needs_lock(protocol: Protocol) -> str | None:
    """Not applicable to a version that queues no LOCK."""
    return None if protocol.ctx.axes["lock"] != "none" else "this version takes no lock for the client"


def needs_driver_lock(protocol: Protocol) -> str | None:
    """Not applicable to a version in which bam_dma makes no LOCK of its own."""
    return None if protocol.ctx.driver_locks else "bam_dma makes no LOCK of its own in this version"


def scenario_applies(protocol: Protocol) -> str | None:
    """Why a whole scenario cannot be asked of a version, or None."""
    if protocol.ctx.workload.client == "busy" and "commands" not in protocol.ctx.axes["request"]:
        return "the generic client submits its commands by DMA, which this version cannot"
    if protocol.ctx.sps:
        return _fits_sps(protocol)
    if protocol.ctx.reads_back:
        return _fits_read_back(protocol)
    if protocol.ctx.workload.client == "busy" and protocol.ctx.client_locks:
        return "in this version a client takes the lock itself, and the generic client does not"
    if protocol.ctx.workload.probing and not protocol.ctx.probe_window:
        return "in this version the base address is known before the first request"
    return None


def _fits_sps(protocol: Protocol) -> str | None:
    """Why a scenario cannot be asked of a client on the vendor's sps layer, or None."""
    workload = protocol.ctx.workload
    if workload.client == "busy" and protocol.ctx.axes["unlock"] == "client":
        return "here the callback sends UNLOCK, and that of the generic client does not"
    if workload.ring_short_by:
        return "a ring that is shorter than a request's list would refuse every request"
    if workload.faults:
        return "what fails in this scenario are steps of bam_dma, and of a client on it"
    return "the command lists are made before the first request" if workload.probing else None


def _fits_read_back(protocol: Protocol) -> str | None:
    """Why a scenario cannot be asked of a client that waits for its last command, or None."""
    workload = protocol.ctx.workload
    if workload.client == "busy":
        return "this client waits for its last command; for its data it waits in no scenario"
    if workload.ring_short_by:
        return "the ring of this scenario is short for a request with input, which this one is not"
    if workload.faults:
        return "this client submits nothing before all is prepared: a step that fails leaves nothing"
    return "the base address is known before the first request" if workload.probing else None


def catalogue() -> Mapping[str, Property]:
    """All properties by id, in the catalogue's order."""
    from proofs.properties import exclusion, lifetimes, lock, progress, robustness

    families = (exclusion, lock, lifetimes, robustness, progress)
    return {item.id: item for family in families for item in family.PROPERTIES}
