"""What is committed as proposals for v24 keeps what it says, and none of the changes can be left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from conftest import ROOT

from model import versions
from model.parameters import SCENARIOS
from model.versions import Value
from proofs.checking.job import run_job
from proofs.checking.records import Result
from proofs.checking.request import Request
from proofs.checking.words import Word
from proofs.commands.evidence import over_evidence
from proofs.properties import catalogue

BASE, PROPOSAL = "v24", "counterexamples/proposals/v24.toml"
EVIDENCE = "counterexamples/proposals/v24-evidence.toml"
CHANGED = tuple(versions.load(str(ROOT / PROPOSAL)).changes)


def rows(scenarios: Sequence[str], file: str, axes: Mapping[str, Value]) -> Iterator[Result]:
    """What the exhaustive engine says of a proposal with other values of some axes."""
    for job in Request((str(ROOT / file),), tuple(catalogue()), tuple(scenarios), engine="exhaustive").jobs():
        yield from run_job(replace(job, subject=job.subject.changed(axes)))


@pytest.mark.slow
@pytest.mark.parametrize("file", [PROPOSAL, EVIDENCE])
def test_it_violates_nothing_in_any_scenario(file: str) -> None:
    assert not [row for row in rows(tuple(SCENARIOS), file, {}) if row.verdict.is_wrong]


def test_what_is_for_the_evidence_is_the_other_one_and_a_lock_group() -> None:
    mine, other = (versions.load(str(ROOT / file)) for file in (EVIDENCE, PROPOSAL))
    assert tuple(mine.changes) == ("lock-groups",)
    assert {**mine.axes, "lock-groups": versions.load(BASE).axes["lock-groups"]} == other.axes


@pytest.mark.slow
def test_all_holds_under_all_that_the_observations_leave() -> None:
    names = tuple(name for name, item in catalogue().items() if "default" in item.scenarios)
    left, (verdicts, *_) = over_evidence(Request((str(ROOT / EVIDENCE),), names, ("default",)), 1, quiet=True)
    assert left.kept.sum() > 1000
    words = {row.name: set(row.counts) for row in verdicts.rows}
    assert not [name for name, found in words.items() if any(word.is_wrong or word is Word.UNKNOWN for word in found)]
    assert Word.PROVED in words["quiet-engine"] and Word.PROVED in words["released"]


@pytest.mark.slow
@pytest.mark.parametrize("axis", CHANGED)
def test_no_change_can_be_left_out(axis: str) -> None:
    before = versions.load(BASE).axes[axis]
    found = rows(("default", "small-ring", "fresh-ring", "faults"), PROPOSAL, {axis: before})
    assert any(row.verdict.is_wrong and row.path for row in found)
