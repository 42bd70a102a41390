"""State counts, depths and numbers of distinct causes at small bounds, `counts.toml`: recorded, and compared later.

A verdict can survive a change of the model that nobody meant to make. The number of reachable states hardly can: it is
the same for the same protocol, whatever engine, packing or search order explores it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import tomli_w

from counterexamples.documents import write_file
from model import versions
from model.protocol import build
from model.subject import Subject
from proofs.checking.expectations import ExpectationError
from proofs.checking.job import Job, run_job
from proofs.checking.pool import in_parallel
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space

PATH = Path(__file__).with_name("counts.toml")
FILE = PATH.name
HEADER = "# Written by `python -m proofs counts --record`; change it only together with the reason in the commit.\n\n"
CAUSES_OF = ("quiet-engine", "unlock-after-done")

Row = Mapping[str, int | list[str]]


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
    Case("default", ONE, ("v3", "v16"), HALVES),
    Case("default", ONE, ("v12", "v16"), OPEN),
    Case("default", ONE, ("mainline", "v12", "v16"), CODE),
    Case("fresh-ring", {"requests": 1}, ("mainline", "v9", "v12", "v16")),
    Case("probe-window", {"requests": 1}, ("v9", "v12", "v16")),
    Case("small-ring", {"requests": 1}, ("v2", "v3", "v9", *LOCKING)),
    Case("no-lock-hardware", {"requests": 1}, ("v3", "v8", "v9", "v12", "v16")),
    Case("faults", {"requests": 1}, ("mainline", "v2", "v3", "v9", *LOCKING)),
    Case("default", {"requests": 2, "tz_requests": 1}, SMALL),
    Case("default", {"requests": 2}, ("v12",), {"other_ee": "absent"}),
    Case("default", {}, ("v16",), FAIR),
    Case("busy-client", {"requests": 2}, ("v13", "v16")),
    Case("busy-small-ring", {"requests": 2}, ("v16",)),
    Case("two-faults", {"requests": 1}, ("v16",)),
    Case("small-ring", {"requests": 2}, ("v16",)),
    Case("faults", {"requests": 2}, ("v9", "v16")),
)
"""The small ones first: a producer ring that is too short, data in two descriptors, assumptions with other values than
their defaults, each scenario, two requests."""


@dataclass(frozen=True)
class Difference:
    """A case that is not as recorded; None: it is not recorded, or recorded and not explored."""

    version: str
    case: str
    found: Row | None
    recorded: Row | None


def figures(space: Space) -> dict[str, int | list[str]]:
    """What is recorded of a whole exploration: states, transitions, depth in steps, capacities that were exceeded."""
    row: dict[str, int | list[str]] = {
        "states": space.states.shape[1],
        "transitions": space.number_of_transitions(),
        "depth": space.depth,
    }
    return row | ({"exceeded": list(space.exceeded)} if space.exceeded else {})


def count(job: Job) -> dict[str, int | list[str]]:
    """The figures of one version in one case, and for `SMALLEST` how many causes the job's violations have."""
    row = figures(Explorer(build(job.subject).system).explore({}))
    if job.properties:
        found = {result.property: result.causes for result in run_job(job)}
        row |= {f"causes {name}": number for name, number in found.items() if number is not None}
    return row


def explore(names: Sequence[str], cases: Sequence[Case], workers: int) -> dict[str, dict[str, Row]]:
    """Version to case to figures. Of versions that behave alike one is explored."""
    wanted = [(name, case) for name in names for case in cases if case.has(name)]
    keys = [_alike(version, case) for version, case in wanted]
    jobs = {key: case.job(version) for key, (version, case) in zip(keys, wanted, strict=True)}
    rows = dict(zip(jobs, in_parallel(count, list(jobs.values()), workers), strict=True))
    found: dict[str, dict[str, Row]] = {name: {} for name in names}
    for key, (version, case) in zip(keys, wanted, strict=True):
        found[version][case.label] = rows[key]
    return found


def _alike(version: str, case: Case) -> str:
    return json.dumps([versions.behaviour(versions.load(version).axes), case.label], sort_keys=True)


def load() -> dict[str, dict[str, Row]]:
    """What is recorded; raises ExpectationError if the file is damaged."""
    text = resources.files("proofs.audit").joinpath(FILE).read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExpectationError(f"{FILE}: {error}; record it again with `python -m proofs counts --record`") from None


def record(found: Mapping[str, Mapping[str, Row]], path: Path) -> None:
    """Write all figures; raises OSError."""
    write_file(path, HEADER + tomli_w.dumps(found))


def differences(
    found: Mapping[str, Mapping[str, Row]], recorded: Mapping[str, Mapping[str, Row]], complete: bool
) -> list[Difference]:
    """The cases that are not as recorded. `complete`: what is recorded and was not explored is a difference too."""
    result = []
    for version in dict.fromkeys([*found, *(recorded if complete else ())]):
        new, old = found.get(version, {}), recorded.get(version, {})
        for case in dict.fromkeys([*new, *old]):
            if new.get(case) != old.get(case):
                result.append(Difference(version, case, new.get(case), old.get(case)))
    return result
