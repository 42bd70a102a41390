"""What is written about a proposal: a file that can be checked, a page, a mail, a line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import run_here

from model import versions
from proofs.proposing import writing

ONLY = ("request", "nwd")
ASKED = ("--from", "v12", "--require", "quiet-engine", "--require", "works", "--scenario", "default")
SMALL = ("--bound", "requests=1", "--bound", "tz_requests=2", "--jobs", "1")


def others() -> list[str]:
    """Options that leave all axes but a few alone."""
    return [word for axis in versions.axes() if axis not in ONLY for word in ("--keep", axis)]


def test_a_proposal_is_written_and_can_be_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text("[weights]\ndoorbells = 2\n[changes]\nnwd = 0.5\n", encoding="utf-8")
    options = ("--changes", "2", "--price", prices, "--out", tmp_path)
    outcome = run_here(capsys, "propose", *ASKED, *SMALL, *others(), *options)
    if outcome.code == 1:
        pytest.fail(outcome.out)
    assert outcome.code == 0 and "1. " in outcome.out and "without it quiet-engine is violated in" in outcome.out
    assert "price: 6.5" in outcome.out, "three doorbells and the change of nwd"
    loaded = versions.load(str(tmp_path / "proposal-1.toml"))
    assert loaded.base == "v12" and len(loaded.changes) == 2
    checked = run_here(
        capsys, "check", tmp_path / "proposal-1.toml", "--property", "quiet-engine", "--scenario", "default", *SMALL
    )
    assert checked.code == 0, checked.out
    mail = (tmp_path / "proposal-1.txt").read_text(encoding="utf-8")
    assert all(len(line) < 72 for line in mail.splitlines())
    assert "Without it quiet-engine is violated" in mail and "quiet-engine (default): violated" in mail
    assert "# v12: proposal 1" in (tmp_path / "proposal-1.md").read_text(encoding="utf-8")


def test_a_proposal_for_a_file_finds_it_from_its_own_folder(tmp_path: Path, version_file: Callable[..., str]) -> None:
    mine, out = version_file(tmp_path, "v12", {"lock-groups": "pair"}), tmp_path / "out"
    out.mkdir()
    proposed = out / "proposal-1.toml"
    proposed.write_text(writing.version_file(mine, [("nwd", "rx-data")], out), encoding="utf-8")
    loaded = versions.load(str(proposed))
    assert loaded.base == os.path.join("..", Path(mine).name)
    assert loaded.axes == {**versions.load(mine).axes, "nwd": "rx-data"}
    assert str(tmp_path) not in proposed.read_text(encoding="utf-8")


def test_no_proposal_is_exit_code_1_and_says_what_rules_out(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "propose", *ASKED, *SMALL, *others(), "--keep", "request", "--changes", "0")
    assert outcome.code == 1
    assert "unrealizable: no set of changes in this space" in outcome.out
    assert "quiet-engine (default)," in outcome.out and "explored (100.0%)" in outcome.out
    assert "no design is right under the defaults; what rules them all out:" in outcome.out
    assert "in every design" in outcome.out and "This violates quiet-engine" in outcome.out


@pytest.mark.slow
def test_which_answers_leave_no_proposal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--from", "v24", "--require", "quiet-engine", "--scenario", "default", "--bound", "tz_requests=1")
    outcome = run_here(
        capsys, "propose", *asked, *SMALL[:2], *SMALL[4:], *others(), "--changes", "0", "--assume", "all"
    )
    assert outcome.code == 1
    assert "no design is right under nwd_ack=input-consumed; what rules them all out:" in outcome.out
    assert "no design is right under the defaults" not in outcome.out
    last = outcome.out.strip().splitlines()[-1]
    assert last.startswith("if it is known not to be ") and last.endswith(": nothing has to be changed")
    assert "nwd_ack=input-consumed" in last and "pipe_reset" not in last


def test_what_is_not_known_of_a_design_rules_nothing_out(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--from", "v16", "--require", "mapping-live", "--scenario", "default", "--bound", "txns=2")
    outcome = run_here(capsys, "propose", *asked, "--changes", "0", "--jobs", "1")
    assert outcome.code == 3, "a capacity is exceeded: nothing is known, and nothing is unrealizable"
    assert "of 1 designs it is not known" in outcome.out and "none found" in outcome.out
    assert "unrealizable" not in outcome.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--require", "quiet-engin"), "quiet-engine"),
        (("--keep", "loc"), "did you mean lock"),
        (("--assume", "all", "--assume", "nwd_ack=input-consumed"), "cannot be combined"),
        (("--require", "own-status", "--scenario", "small-ring"), "nothing is asked"),
        (("--from", "v99"), "v99"),
    ],
)
def test_bad_options_are_one_line(capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str) -> None:
    outcome = run_here(capsys, "propose", "--changes", "0", *options)
    assert outcome.code == 2 and said in outcome.complaint
