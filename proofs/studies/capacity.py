"""`capacity`: verdicts as each bound of the workload grows, and where a larger bound cannot add anything.

Two arguments are used. Requests of Linux and of the other EE: what is proved in the scenario `endless`, where their
identities are recycled for ever, is proved for any number. The model's own capacities (lists, cookies, mappings): they
matter only where they are exceeded, which a verdict other than `unknown` has shown not to happen. For data descriptors
and for the ring there is no argument, only the table: head and tail go on from one request to the next, so that a
larger ring has other states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model import parameters
from model.subject import Subject
from proofs.checking.job import run_job
from proofs.checking.pool import in_parallel
from proofs.checking.records import Job, Result, in_brief
from proofs.checking.words import Word

GROWTH: Mapping[str, Sequence[int]] = {
    "ring": (3, 4, 5, 6, 7, 8),
    "requests": (1, 2, 3),
    "tz_requests": (1, 2, 3),
    "data": (1, 2, 3),
}


@dataclass(frozen=True)
class Row:
    """One property's verdicts, by the value of one bound, and what can be said of larger values."""

    property: str
    verdicts: Mapping[int, str]
    beyond: str


def table(version: str, properties: Sequence[str], key: str, values: Sequence[int], workers: int) -> list[Row]:
    """The verdicts of the exhaustive engine in the scenario `default`, for each value of the bound `key`."""
    subjects = [Subject.of(version, bound=_grown(key, value)) for value in values]
    if key in ("requests", "tz_requests"):
        subjects.append(Subject.of(version, "endless"))
    work = [Job(subject, tuple(properties), "exhaustive") for subject in subjects]
    found = list(in_parallel(run_job, work, workers))
    rows = []
    for number, name in enumerate(properties):
        verdicts = {value: in_brief(results[number]) for value, results in zip(values, found, strict=False)}
        rows.append(Row(name, verdicts, _beyond(key, found[-1][number])))
    return rows


def _grown(key: str, value: int) -> dict[str, int]:
    """The bounds for one value: more data needs a ring that holds it, or nothing would ever be executed."""
    if key != "data":
        return {key: value}
    data, ring = parameters.BOUNDS["data"].default, parameters.BOUNDS["ring"].default
    return {"data": value, "ring": ring + value - data}


def _beyond(key: str, last: Result) -> str:
    if last.verdict is Word.NOT_APPLICABLE:
        return ""
    if key in ("requests", "tz_requests"):
        return f"any number (endless): {in_brief(last)}, {last.states} states"
    return "no argument for more"
