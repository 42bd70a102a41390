"""Which single change of a version removes a violation, and what else it does."""

from __future__ import annotations

import io
from functools import cache

import pytest
from conftest import run_here
from rich.console import Console

from model import versions
from model.subject import Subject
from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.reports.fixes import print_fixes
from proofs.studies import fixes

pytestmark = pytest.mark.slow

SMALL = {"requests": 1, "tz_requests": 2}
SILENT = ("balanced", "mapping-own", "completion-order")


@cache
def fixes_of_v12() -> fixes.Fixes:
    """Which other values of `nwd` remove v12's race; each costs an exploration for every property."""
    fit, unfit = fixes.changes("v12")
    job = Job(Subject.of("v12", bound=SMALL), ("quiet-engine",), engine="exhaustive")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixes, "changes", lambda version: ([change for change in fit if "nwd" in change], unfit))
        (result,) = fixes.find(run_job(job), [job], 1)
    return result


def test_a_change_is_one_axis_of_another_driver() -> None:
    fit, unfit = fixes.changes("v16")
    assert unfit and all(len(change) == 1 for change in fit)
    present = dict(versions.load("v16").axes)
    for change in fit:
        assert versions.misfit({**present, **change}) is None
        assert versions.behaviour({**present, **change}) != versions.behaviour(present)
    orders = [change["request"] for change in fit if "request" in change]
    assert orders and set(orders) <= {versions.load(name).axes["request"] for name in versions.names()}


def test_nothing_to_fix_where_nothing_is_violated() -> None:
    job = Job(Subject.of("v16", bound=SMALL), ("quiet-engine",), engine="exhaustive")
    assert fixes.find(run_job(job), [job], 1) == []


def test_nwd_alone_would_not_have_been_enough_for_v12() -> None:
    by_axis = {(fix.axis, fix.value): fix for fix in fixes_of_v12().fixes}
    nwd = by_axis["nwd", "rx-data"]
    # the commands come behind the data that waits for what they start: nothing of Linux runs, nothing is unlocked
    assert nwd.breaks == ("works (reached 38 -> unreachable)",)
    assert nwd.silences == tuple(f"{name} (proved -> vacuous)" for name in SILENT)
    assert nwd.mends == ("config-integrity", "quiet-dummy", "flag-truth"), "unlock-after-done says nothing any more"
    job = Job(Subject.of("v12", bound=SMALL).changed({"nwd": "rx-data"}), ("quiet-engine",))
    assert run_job(job)[0].verdict == "proved"


def test_the_changes_are_printed() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    print_fixes(console, [fixes_of_v12()])
    said = console.export_text()
    assert (
        "single changes remove it" in said
        and "  nwd = rx-data: breaks works (reached 38 -> unreachable); says nothing any more of balanced (" in said
    )


def test_it_makes_no_sense_with_every_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "check", "v12", "--assume", "all", "--fixes")
    assert outcome.code == 2 and "--fixes" in outcome.complaint
