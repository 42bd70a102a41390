"""What is committed as the proposal for v24 keeps what it says, and none of its changes can be left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from conftest import ROOT

from model import versions
from model.parameters import SCENARIOS
from model.versions import Value
from proofs.checking.job import run_job
from proofs.checking.records import Result
from proofs.checking.request import Request
from proofs.properties import catalogue

BASE, PROPOSAL = "v24", "counterexamples/proposals/v24.toml"
CHANGED = tuple(versions.load(str(ROOT / PROPOSAL)).changes)


def rows(scenarios: Sequence[str], **axes: Value) -> Iterator[Result]:
    """What the exhaustive engine says of the proposal with other values of some axes."""
    for job in Request((str(ROOT / PROPOSAL),), tuple(catalogue()), tuple(scenarios), engine="exhaustive").jobs():
        yield from run_job(replace(job, subject=job.subject.changed(axes)))


@pytest.mark.slow
def test_it_violates_nothing_in_any_scenario() -> None:
    assert not [row for row in rows(tuple(SCENARIOS)) if row.verdict.is_wrong]


@pytest.mark.slow
@pytest.mark.parametrize("axis", CHANGED)
def test_no_change_can_be_left_out(axis: str) -> None:
    before = versions.load(BASE).axes[axis]
    found = rows(("default", "small-ring", "fresh-ring", "faults"), **{axis: before})
    assert any(row.verdict.is_wrong and row.path for row in found)
