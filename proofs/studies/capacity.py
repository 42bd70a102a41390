"""`capacity`: verdicts as each bound of the workload grows, and where a larger bound cannot add anything.

Three arguments are used. Requests of Linux and of the other EE: what is proved in the scenario `endless`, where their
identities are recycled for ever, is proved for any number. The ring: from some size up to the largest that the model
admits, the part of the system on which a property depends has the same reachable graph, state by state and step by
step. The largest holds all descriptors of one request and its brackets more than once, so there no comparison with
the room that is left ever says no, and none does with still more room. The model's own capacities (lists, cookies,
mappings): they matter only where they are exceeded, which a verdict other than `unknown` has shown not to happen. For
data descriptors there is no argument, only the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model import parameters
from model.protocol import build
from model.subject import Subject
from proofs.checking.job import Job, Result, in_brief, run_job
from proofs.checking.pool import in_parallel
from proofs.checking.words import Word
from proofs.engines.cone import own_part
from proofs.engines.exhaustive import Explorer
from proofs.properties import catalogue

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
    subjects = [Subject.of(version, bound={key: value}) for value in values]
    if key in ("requests", "tz_requests"):
        subjects.append(Subject.of(version, "endless"))
    work = [Job(subject, tuple(properties), "exhaustive") for subject in subjects]
    found = list(in_parallel(run_job, work, workers))
    rows = []
    for number, name in enumerate(properties):
        verdicts = {value: in_brief(results[number]) for value, results in zip(values, found, strict=False)}
        rows.append(Row(name, verdicts, _beyond(version, name, key, found[-1][number])))
    return rows


def _beyond(version: str, name: str, key: str, last: Result) -> str:
    if last.verdict is Word.NOT_APPLICABLE:
        return ""
    if key in ("requests", "tz_requests"):
        return f"any number (endless): {in_brief(last)}, {last.states} states"
    if key != "ring":
        return "no argument for more"
    enough = sufficient_ring(version, name)
    most = parameters.BOUNDS[key].most
    return "no argument for more" if enough is None else f"{enough} to {most}: the same states and steps"


def sufficient_ring(version: str, name: str, scenario: str = "endless") -> int | None:
    """The smallest ring of the table from which on nothing changes that a property depends on, up to the largest ring.

    None if there is no such ring.
    """
    widest = _graph(version, name, scenario, parameters.BOUNDS["ring"].most)
    enough = None
    for size in reversed(GROWTH["ring"]):
        graph = _graph(version, name, scenario, size)
        if widest is None or graph is None or not _same(graph, widest):
            break
        enough = size
    return enough


def _graph(version: str, name: str, scenario: str, ring: int) -> tuple[np.ndarray, int] | None:
    """The reachable states as sorted columns and the number of transitions; None if a capacity is exceeded."""
    protocol = build(Subject.of(version, scenario, bound={"ring": ring}))
    target = catalogue()[name].target(protocol)
    system = own_part(protocol.system, target)
    space = Explorer(system).explore({})
    if space.exceeded:
        return None
    if not system.variables:
        return np.empty((0, 1), dtype=np.uint64), space.number_of_transitions()
    columns = [space.layout.column(space.states, item.name).astype(np.uint64) for item in system.variables]
    return np.unique(np.stack(columns), axis=1), space.number_of_transitions()


def _same(one: tuple[np.ndarray, int], two: tuple[np.ndarray, int]) -> bool:
    return one[1] == two[1] and np.array_equal(one[0], two[0])
