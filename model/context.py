"""What the actors of the model share: the version's axes, bounds and assumptions.

Nothing here moves: the actors in `hardware`, `driver`, `client` and `other_ee` add the actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import z3

from model.parameters import Scenario
from model.system import Builder, Enumeration, StateSpace, Term, width_of
from model.vocabulary import EVENTS


@dataclass
class Context:
    """One version under given assumptions, bounds and scenario, and the state that follows from them.

    `axes`, `assume`: names to values; `bounds`: names to counts.
    Source: `model/versions/`, dossier `hardware.md` section 6.
    """

    axes: Mapping[str, Any]
    assume: Mapping[str, str]
    bounds: Mapping[str, int]
    workload: Scenario
    space: StateSpace = field(default_factory=lambda: StateSpace(events=EVENTS))

    def __post_init__(self) -> None:
        self.builder = Builder(self.space, self.workload.faults)
        requests = self.bounds["requests"]
        self.request_bits = width_of(requests)
        self.owner = Enumeration("none", "tz", *(f"linux-{number + 1}" for number in range(requests)))

    @property
    def locks(self) -> bool:
        """Whether a LOCK for the modelled client ever takes effect."""
        return self.axes["lock"] != "none" and self.workload.lock_hardware

    @property
    def driver_locks(self) -> bool:
        """Whether bam_dma itself queues LOCK or UNLOCK; on a BAM without the lock it does not."""
        return self.workload.lock_hardware and self.axes["lock"] in ("issue", "start")

    @property
    def client_locks(self) -> bool:
        """Whether the client queues LOCK and UNLOCK, which it also does where they mean nothing."""
        return self.axes["lock"] == "client"

    @property
    def can_fail(self) -> bool:
        """Whether a request of the QCE client may fail before it is issued."""
        refuses = self.axes["no-lock-hardware"] in ("lock-fails", "commands-fail")
        possible = bool(self.workload.faults) or (refuses and not self.workload.lock_hardware)
        return possible and self.workload.client == "qce"

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
