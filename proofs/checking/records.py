"""What one worker is to check, and what comes out: plain data for processes, files and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from model.subject import Subject
from proofs.checking.words import Word

WITHIN_BOUNDS, ANY_REQUESTS, CERTIFIED = "within-bounds", "any-requests", "certified"
STRENGTHS = {
    WITHIN_BOUNDS: "every reachable state was looked at, for these bounds",
    ANY_REQUESTS: "every reachable state was looked at, with requests for ever",
    CERTIFIED: "by an inductive invariant that was proved again in this run",
}
"""How strong a proof is, and what that means."""
DEPTH = 5  # steps that z3 unrolls where no violation is known: keeps a whole run quick


@dataclass(frozen=True)
class Job:
    """What one worker checks: plain data, so that it can be sent to another process.

    `memory`: the bytes that the worker may have; None: what there is. `checkpoint`: the folder of its own in which it
    keeps what it explores, so that another run can go on from there.
    `source`: the source tree of whose C the traces tell the lines.
    """

    subject: Subject
    properties: tuple[str, ...]
    engine: str = "both"
    depth: int = DEPTH
    out: str | None = None
    all_causes: bool = False
    memory: int | None = None
    checkpoint: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.subject.version} ({self.subject.scenario})"


@dataclass(frozen=True)
class Result:
    """One row: a verdict on a version, a property and a scenario, and how it was come by.

    `depth` in steps; `states` reachable, or visited before the search could stop; `trace` is relative to the output
    folder; `seconds` of the whole job that the row belongs to, shared by its rows. `causes`: how many distinct ones the
    violation has, if that was asked for; `other_causes` says of the second and each further one what is different.
    `certificate`: the file of the invariant by which it is proved, relative to the output folder. `strength`: one of
    `STRENGTHS` for what is proved, else None. `reason`: why there is no answer, or nothing was claimed or asked, else
    empty. `unwritten`: files about it that could not be written, each with the reason. `cached`: whether an earlier
    run has worked it out. `loop`: for a lasso after how many steps of `path` it repeats itself for ever, or rests.
    """

    version: str
    property: str
    scenario: str
    verdict: Word
    how: str
    depth: int | None
    states: int | None
    engines: Mapping[str, Mapping[str, Any]]
    bounds: Mapping[str, int]
    assumptions: Mapping[str, str]
    path: tuple[str, ...]
    trace: str | None
    seconds: float
    causes: int | None = None
    other_causes: tuple[str, ...] = ()
    certificate: str | None = None
    strength: str | None = None
    unwritten: tuple[str, ...] = ()
    reason: str = ""
    cached: bool = False
    loop: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The row as plain data, without what is empty, and causes and certificate if they were not asked for."""
        row = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        unasked = {"causes", "other_causes"} if self.causes is None else set()
        unasked |= {"certificate"} if self.certificate is None else set()
        unasked |= {name for name in ("unwritten", "reason", "cached") if not getattr(self, name)}
        unasked |= {"loop"} if self.loop is None else set()
        return {key: value for key, value in row.items() if key not in unasked}


def in_brief(result: Result) -> str:
    """The verdict with its depth, if it has one, as `violated 13`."""
    return result.verdict if result.depth is None else f"{result.verdict} {result.depth}"
