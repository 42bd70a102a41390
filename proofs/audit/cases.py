"""The small systems on which the model is measured: scenario, bounds, assumptions, and the versions explored in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.subject import Subject
from proofs.checking.records import Job

CAUSES_OF = ("quiet-engine", "unlock-after-done")


@dataclass(frozen=True)
class Case:
    """A scenario under small bounds and some assumptions, and the versions explored in it; none named: all."""

    scenario: str
    bound: Mapping[str, int] = field(default_factory=dict, hash=False)
    versions: tuple[str, ...] = ()
    assume: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def label(self) -> str:
        """The scenario, the bounds that differ from its own, and the assumptions that differ from the defaults."""
        return " ".join([self.scenario, *(f"{key}={value}" for key, value in {**self.bound, **self.assume}.items())])

    def has(self, version: str) -> bool:
        """Whether the version is explored in this case."""
        return not self.versions or version in self.versions

    def job(self, version: str) -> Job:
        """The exhaustive exploration of a version in this case; the causes of violations only in the smallest."""
        asked = CAUSES_OF if self == SMALLEST else ()
        return Job(self.subject(version), asked, "exhaustive", all_causes=True)

    def subject(self, version: str) -> Subject:
        """A version in this case."""
        return Subject.of(version, self.scenario, self.assume, self.bound)


ONE = {"requests": 1, "tz_requests": 1}
SMALLEST = Case("default", ONE)
LOCKING = ("v11", "v12", "v13", "v16")  # each way of bam_dma to queue LOCK and UNLOCK
FROZEN = {"other_ee": "ignores-lock", "published_on_lock": "frozen", "busy_write": "fails"}
FAIR = {"handover": "round-robin", "relock": "counted", "pipe_reset": "releases-lock"}
EARLY = {"nwd_ack": "input-consumed", "nwd_irq": "before-ack", "early_data": "blocks"}
CODE = {"softirq": "any-cpu", "autosuspend": "pipes-stop", "reset_data": "discarded"}
HALVES = {"done_irq": "any-order", "lock_effect": "after-own-write", "unlock_effect": "before-own-write"}
OPEN = {"lock_scope": "none", "foreign_unlock": "releases", "locked_cpu_access": "proceeds", "busy_write": "harmless"}
WHOLE = {"lock_scope": "whole-bam"}
ALONE = {"other_ee": "absent"}
TIGHT = {"requests": 1, "data": 1, "cookies": 16, "mappings": 12, "txns": 8}  # nothing is exceeded
SMALL = ("mainline", "v2", "v3", "v8", "v9", "v11", "v13", "v14", "v16")  # v12 has ten times as many states
CASES = (
    SMALLEST,
    Case("busy-client", {"requests": 2, "ring": 4, "ring_at": 3}, ("v13", "v16"), WHOLE),
    Case("default", ONE, ("v3", "v12", "v16"), WHOLE),
    Case("default", {**ONE, "data": 2}, ("v3", "v12", "v16")),
    Case("default", {**ONE, "data": 2, "ring": 5, "ring_at": 4}, ("v12", "v16")),
    Case("default", {**ONE, "data": 3, "ring": 3, "ring_at": 2}, ("v9",)),
    # no property is asked of it: counts only
    Case("busy-client", {"requests": 2, "ring": 4, "ring_at": 3}, ("mainline",)),
    Case("default", ONE, ("v16",), EARLY),
    Case("default", ONE, ("v12", "v16"), FAIR),
    Case("default", ONE, ("v12", "v16"), {"relock": "blocks"}),
    Case("default", ONE, ("v3", "v12"), FROZEN),
    Case("default", ONE, ("mainline", "v3", "v16"), HALVES),
    Case("default", ONE, ("v12", "v16"), OPEN),
    Case("default", ONE, ("mainline", "v12", "v16"), CODE),
    Case("fresh-ring", {"requests": 1}, ("mainline", "v9", "v12", "v16")),
    Case("probe-window", {"requests": 1}, ("v9", "v12", "v16")),
    Case("small-ring", {"requests": 1}, ("v2", "v3", "v9", *LOCKING)),
    # the ring is full behind CONFIGURE: CMD is put back before the UNLOCK
    Case("small-ring", TIGHT, ("v11",), ALONE),
    # the ring is full behind GO: the next start's LOCK comes to the running engine, on the pipe that holds the lock
    Case("small-ring", {**TIGHT, "requests": 2}, ("v16",), ALONE),
    Case("small-ring", TIGHT, ("v16",), FAIR | ALONE),
    Case("small-ring", TIGHT, ("v16",), {"relock": "blocks"}),
    Case("small-ring", TIGHT, ("v16",), HALVES | ALONE),
    Case("no-lock-hardware", {"requests": 1}, ("v3", "v8", "v9", "v12", "v16")),
    Case("faults", {"requests": 1}, ("mainline", "v2", "v3", "v9", *LOCKING)),
    Case("default", {"requests": 2, "tz_requests": 1}, SMALL),
    Case("default", {"requests": 2}, ("v12",), ALONE),
    Case("default", {"requests": 2}, ("v3", "v16"), HALVES | ALONE),
    Case("faults", {"requests": 2}, ("v2", "v11"), ALONE),
    Case("default", {}, ("v16",), FAIR),
    Case("busy-client", {"requests": 2}, ("v13", "v16")),
    Case("busy-small-ring", {"requests": 2}, ("v16",)),
    Case("two-faults", {"requests": 1}, ("v16",)),
    Case("small-ring", {"requests": 2}, ("v16",)),
    Case("faults", {"requests": 2}, ("v9", "v16")),
)
"""The small ones first: a producer ring that is too short, data in two descriptors, assumptions with other values than
their defaults, each scenario, two requests."""
