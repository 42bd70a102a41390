"""`check --fixes`: which single change of what a version does would remove a violation, and what else that changes.

A change gives one axis another value: one that the schema knows, or for the order of a request's or a completion's
steps one that a shipped version has. Changes that describe no driver, or one that the model does not tell from the
version itself, are left out and counted. Verdicts are those of the exhaustive engine in the violation's scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model import versions
from model.versions import misfit
from proofs.checking.job import run_job
from proofs.checking.pool import Workers, in_parallel
from proofs.checking.records import Job, Result, in_brief
from proofs.checking.words import Word
from proofs.properties import catalogue


@dataclass(frozen=True)
class Fix:
    """One change that removes a violation, and other properties that it changes, before and after.

    `breaks`: held and are wrong then. `silences`: held, and then nothing is claimed or known. `mends`: hold only then.
    """

    axis: str
    value: Any
    breaks: tuple[str, ...]
    silences: tuple[str, ...]
    mends: tuple[str, ...]


@dataclass(frozen=True)
class Fixes:
    """All such changes for one violation; `tried` changes were checked, `unfit` describe no driver."""

    violation: Result
    fixes: tuple[Fix, ...]
    tried: int
    unfit: int


def changes(version: str) -> tuple[list[dict[str, Any]], int]:
    """Every single change of an axis that describes another driver, and how many were left out as describing none."""
    present = dict(versions.load(version).axes)
    fit, unfit = [], 0
    for axis, value in versions.alternatives(present):
        changed = {**present, axis: value}
        if misfit(changed) is not None:
            unfit += 1
        elif versions.behaviour(changed) != versions.behaviour(present):
            fit.append({axis: value})
    return fit, unfit


def find(rows: Sequence[Result], jobs: Sequence[Job], workers: Workers) -> list[Fixes]:
    """The fixes for each violation among `rows`, which are the results of `jobs`."""
    by_scenario = {(job.subject.version, job.subject.scenario): job for job in jobs}
    violations = [row for row in rows if row.verdict is Word.VIOLATED]
    return [_fixes(row, by_scenario[row.version, row.scenario], workers) for row in violations]


def _fixes(row: Result, job: Job, workers: Workers) -> Fixes:
    tried, unfit = changes(row.version)
    alone = replace(job, properties=(row.property,), engine="exhaustive", out=None, all_causes=False)
    answers = in_parallel(run_job, [_changed(alone, change) for change in tried], workers)
    removing = [change for change, (answer,) in zip(tried, answers, strict=True) if answer.verdict.holds]
    if not removing:
        return Fixes(row, (), len(tried), unfit)
    asked = tuple(name for name, item in catalogue().items() if row.scenario in item.scenarios)
    whole = replace(alone, properties=asked)
    before, *after = in_parallel(run_job, [whole, *(_changed(whole, change) for change in removing)], workers)
    found = (_fix(row, change, before, results) for change, results in zip(removing, after, strict=True))
    return Fixes(row, tuple(found), len(tried), unfit)


def _changed(job: Job, change: Mapping[str, Any]) -> Job:
    return replace(job, subject=job.subject.changed(change))


def _fix(row: Result, change: Mapping[str, Any], before: Sequence[Result], after: Sequence[Result]) -> Fix:
    ((axis, value),) = change.items()
    breaks: list[str] = []
    silences: list[str] = []
    mends = []
    for old, new in zip(before, after, strict=True):
        if old.property == row.property or Word.NOT_APPLICABLE in (old.verdict, new.verdict):
            continue
        if old.verdict.holds and not new.verdict.holds:
            lost = breaks if new.verdict.is_wrong else silences
            lost.append(f"{new.property} ({in_brief(old)} -> {in_brief(new)})")
        elif new.verdict.holds and not old.verdict.holds:
            mends.append(new.property)
    return Fix(axis, value, tuple(breaks), tuple(silences), tuple(mends))
