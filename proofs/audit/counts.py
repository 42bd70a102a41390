"""State counts, depths and numbers of distinct causes at small bounds, `counts.toml`: recorded, and compared later.

A verdict can survive a change of the model that nobody meant to make. The number of reachable states hardly can: it is
the same for the same protocol, whatever engine, packing or search order explores it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import tomli_w

from counterexamples.documents import write_file
from model import versions
from model.protocol import build
from proofs.audit.cases import Case
from proofs.checking.expectations import ExpectationError
from proofs.checking.job import run_job
from proofs.checking.pool import in_parallel
from proofs.checking.records import Job
from proofs.engines.exhaustive import Explorer

PATH = Path(__file__).with_name("counts.toml")
FILE = PATH.name
HEADER = "# Written by `python -m proofs counts --record`; change it only together with the reason in the commit.\n\n"

Row = Mapping[str, int | list[str]]


@dataclass(frozen=True)
class Difference:
    """A case that is not as recorded; None: it is not recorded, or recorded and not explored."""

    version: str
    case: str
    found: Row | None
    recorded: Row | None


def count(job: Job) -> dict[str, int | list[str]]:
    """The figures of one version in one case, and for `SMALLEST` how many causes the job's violations have."""
    row = Explorer(build(job.subject).system).explore({}).figures()
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
