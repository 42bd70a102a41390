"""What the actors of the model share: the version's axes, bounds and assumptions.

Nothing here moves: the actors in `hardware`, `driver`, `client` and `other_ee` add the actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import z3

from model.language.system import Builder, Enumeration, StateSpace, Term, TransitionSystem, width_of
from model.parameters import SCENARIOS, Scenario
from model.vocabulary import EVENTS

if TYPE_CHECKING:
    from model.subject import Subject
    from model.versions import Value


@dataclass
class Context:
    """A subject, and the state that follows from it. Source: `model/versions/`, dossier `hardware.md` section 6."""

    subject: Subject
    space: StateSpace = field(default_factory=lambda: StateSpace(events=EVENTS))

    def __post_init__(self) -> None:
        self.builder = Builder(self.space, self.workload.faults)
        requests = self.bounds["requests"]
        self.request_bits = width_of(requests)
        self.owner = Enumeration("none", "tz", *(f"linux-{number + 1}" for number in range(requests)))

    @property
    def axes(self) -> Mapping[str, Value]:
        """The version's axes, names to values."""
        return self.subject.axes

    @property
    def assume(self) -> Mapping[str, str]:
        """The assumptions about the hardware, names to values."""
        return self.subject.assumptions

    @property
    def bounds(self) -> Mapping[str, int]:
        """The bounds, names to counts."""
        return self.subject.bounds

    @property
    def workload(self) -> Scenario:
        """What the scenario's name stands for."""
        return SCENARIOS[self.subject.scenario]

    @property
    def locks(self) -> bool:
        """Whether a LOCK for the modelled client ever takes effect."""
        return self.axes["lock"] != "none" and self.workload.lock_hardware

    @property
    def driver_locks(self) -> bool:
        """Whether bam_dma itself makes LOCK or UNLOCK; on a BAM without the lock it does not."""
        return self.workload.lock_hardware and self.axes["lock"] in ("issue", "start", "round")

    @property
    def lock_txns(self) -> bool:
        """Whether the LOCK and UNLOCK of bam_dma are transactions on its lists."""
        return self.driver_locks and self.axes["lock-descriptor"] == "transaction"

    @property
    def lock_slots(self) -> bool:
        """Whether the LOCK and UNLOCK of bam_dma are on no list, only in slots of the ring."""
        return self.driver_locks and not self.lock_txns

    @property
    def lock_mappings(self) -> bool:
        """Whether a LOCK or UNLOCK of bam_dma has a mapping of its own, made with it."""
        return self.driver_locks and self.axes["lock-storage"] in ("channel", "descriptor")

    @property
    def tasklet_frees(self) -> bool:
        """Whether the tasklet of the consumer channel frees the LOCK and UNLOCK that are consumed."""
        return self.lock_txns and self.axes["lock-freeing"] == "tasklet"

    @property
    def attaches_metadata(self) -> bool:
        """Whether the client attaches metadata to its commands, which are stored in the channel."""
        return self.axes["metadata"] in ("channel", "channel-direction")

    @property
    def client_locks(self) -> bool:
        """Whether the client queues LOCK and UNLOCK, which it also does where they mean nothing."""
        return self.axes["lock"] == "client"

    @property
    def sps(self) -> bool:
        """Whether the vendor's sps layer stands in the place of bam_dma: whole lists, no transactions."""
        return self.axes["layer"] == "sps"

    @property
    def lock_rides(self) -> bool:
        """Whether LOCK is a bit of the one descriptor with a request's register writes, GO included."""
        return self.axes["lock"] == "request"

    @property
    def dump_tells(self) -> bool:
        """Whether a completion takes STATUS from memory, the result dump or what a command read, and not by CPU."""
        return "dump" in self.axes["completion"] and (self.workload.client == "qce" or self.reads_back)

    @property
    def reads_back(self) -> bool:
        """Whether the client waits for commands behind GO that read STATUS into memory, and not for its output."""
        return self.axes["callback"] == "last-command"

    @property
    def gives_up(self) -> bool:
        """Whether a request that hangs is left to the hardware after a time-out."""
        return self.axes["recovery"] == "gives-up" and self.workload.client == "qce"

    @property
    def input(self) -> int:
        """How many data descriptors a request has on the consumer pipe."""
        return 0 if self.axes["input"] == "none" else self.bounds["data"]

    @property
    def can_fail(self) -> bool:
        """Whether a request of the QCE client may fail before it is issued."""
        refuses = self.axes["no-lock-hardware"] in ("lock-fails", "commands-fail")
        possible = bool(self.workload.faults) or (refuses and not self.workload.lock_hardware)
        return (possible or self.sps or self.gives_up) and self.workload.client == "qce"

    @property
    def probe_window(self) -> bool:
        """Whether requests may come before the driver knows the base address of the registers."""
        return self.workload.probing and self.axes["probe"] == "algorithms-first"

    def linux(self, request: Term) -> Term:
        """The owner value of a Linux request's number."""
        have, want = request.size(), self.owner.width
        wide = z3.ZeroExt(want - have, request) if have < want else request
        return wide + 2

    def is_linux(self, owner: Term) -> Term:
        """Whether an owner is a request of Linux."""
        return z3.UGE(owner, 2)


@dataclass(frozen=True)
class Protocol:
    """A version's transition system together with what it was built from."""

    ctx: Context
    system: TransitionSystem

    @property
    def subject(self) -> Subject:
        """Which system it is."""
        return self.ctx.subject
