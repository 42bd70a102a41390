"""`diff`: two versions side by side, and whether the newer one is worse."""

from __future__ import annotations

import pytest
from conftest import run_here, write_version

from model import versions
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.studies import diff
from proofs.studies.diff import Pair

Capture = pytest.CaptureFixture[str]
ASKED = ["--property", "quiet-engine", "--property", "under-lock", "--scenario", "default", "--jobs", "1"]


def pair(old: str, new: str) -> Pair:
    """Two verdicts on the same question."""
    rows = (
        Result(name, "quiet-engine", "default", Word.of(word), "", None, None, {}, {}, {}, (), None, 0.0)
        for name, word in (("old", old), ("new", new))
    )
    return Pair(*rows)


@pytest.mark.parametrize(
    "old, new, worse, better",
    [
        ("proved", "violated", True, False),
        ("not-applicable", "violated", True, False),
        ("unknown", "violated", True, False),
        ("proved", "unknown", True, False),
        ("proved", "vacuous", True, False),
        ("reached", "unreachable", True, False),
        ("violated", "proved", False, True),
        ("violated", "not-applicable", False, True),
        ("unknown", "proved", False, True),
        ("violated", "unknown", False, False),
        ("proved", "not-applicable", False, False),
        ("violated", "violated", False, False),
    ],
)
def test_what_is_worse_and_what_is_better(old: str, new: str, worse: bool, better: bool) -> None:
    found = pair(old, new)
    assert (found.worse, found.better) == (worse, better)


def test_scenarios_that_were_not_asked_and_say_something_else_are_named() -> None:
    assert "busy-client" in diff.elsewhere("v20", "v21", ["default"]), "v21 mends it there"
    assert "busy-client" not in diff.elsewhere("v20", "v21", ["default", "busy-client"])
    assert diff.elsewhere("v20", "v20", []) == [] == diff.elsewhere("mine", "other", [])


def test_the_axes_are_those_of_the_files() -> None:
    found = {axis: (old, new) for axis, old, new in diff.axes("v12", "v16")}
    before, after = versions.load("v12").axes, versions.load("v16").axes
    assert set(found) == {axis for axis in before if before[axis] != after[axis]}
    assert found["nwd"] == (before["nwd"], after["nwd"])


@pytest.mark.slow
def test_a_newer_version_that_mends_and_breaks_nothing(capsys: Capture) -> None:
    outcome = run_here(capsys, "diff", "v12", "v16", *ASKED)
    lines = outcome.out.splitlines()
    assert outcome.code == 0 and outcome.err == ""
    assert lines[0] == "v12 -> v16: nothing worse, 1 better, 0 still violated"
    (row,) = [line.split() for line in lines if "quiet-engine" in line]
    assert row[1] == "violated" and row[3:] == ["proved", "default"]
    assert "proved in both: under-lock" in lines and any(line.split()[:1] == ["nwd"] for line in lines)


@pytest.mark.slow
def test_the_other_way_round_is_worse_and_says_what_goes_wrong(capsys: Capture) -> None:
    outcome = run_here(capsys, "diff", "v16", "v12", *ASKED)
    assert outcome.code == 1 and outcome.out.startswith("v16 -> v12: 1 properties worse, 0 better")
    assert "TZ writes registers while the engine runs a request" in outcome.out


@pytest.mark.slow
def test_a_version_of_ones_own_under_another_assumption(capsys: Capture, tmp_path: pytest.TempPathFactory) -> None:
    mine = write_version(tmp_path, "v16", {"metadata": "channel"})  # type: ignore[arg-type]
    outcome = run_here(capsys, "diff", "v16", mine, *ASKED, "--assume", "nwd_ack=input-consumed")
    assert outcome.code == 0 and "nothing worse, 0 better" in outcome.out
    assert "metadata" in outcome.out and "neither better" not in outcome.out


@pytest.mark.parametrize(
    "arguments, hint",
    [
        (["v12"], "FILE.toml"),
        (["v12", "v99"], "v99"),
        (["v12", "v12"], "two versions"),
        (["v12", "v16", "--assume", "all"], "KEY=VALUE"),
        (["v12", "v16", "--property", "works", "--scenario", "faults"], "it is asked in: default"),
    ],
)
def test_a_wrong_comparison_is_one_line_and_code_2(capsys: Capture, arguments: list[str], hint: str) -> None:
    outcome = run_here(capsys, "diff", *arguments)
    assert outcome.code == 2 and outcome.out == "" and hint in outcome.complaint
