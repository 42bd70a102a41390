"""Recorded expectations and the committed gallery: whoever edits them is told so, and exactly where.

Forged traces: `test_cli.py` and `test_trace_files.py`; forged certificates: `test_certificates.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT, run_here

from proofs.checking import expectations
from proofs.checking.expectations import ExpectationError
from proofs.checking.records import Job, Result
from proofs.checking.request import Request, everything
from proofs.commands import gallery, gate, session
from proofs.commands.gallery import regenerate
from proofs.commands.session import run_jobs
from proofs.reports.gallery import BEGIN, END, HISTORY, MATRIX, OVERVIEW, with_traces

SMALL = Request(("v11", "v12"), ("quiet-dummy",), ("default",))
Rows = dict[str, dict[str, dict[str, str]]]


@cache
def found() -> list[Result]:
    return run_jobs(SMALL.jobs(), 1, quiet=True)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that gate and gallery look at is one property of two versions, checked once for the gates."""

    def run(work: Sequence[Job], workers: int, quiet: bool) -> list[Result]:
        return run_jobs(work, workers, quiet) if work[0].out else found()

    for command in (gate, gallery):
        monkeypatch.setattr(command, "everything", lambda *chosen: SMALL)
    for module in (session, gallery):
        monkeypatch.setattr(module, "run_jobs", run)


def recorded(monkeypatch: pytest.MonkeyPatch, change: Callable[[Rows], object]) -> None:
    rows = expectations.load()
    change(rows)
    monkeypatch.setattr(expectations, "load", lambda: rows)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_nothing_forged(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "gate", "--jobs", "1")
    assert outcome.code == 0 and outcome.out == "2 of 2 verdicts of 2 versions as recorded\n"


@pytest.mark.slow
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "forged, said",
    [
        ("proved", "v12 quiet-dummy (default): violated at depth 11; recorded: proved"),
        ("violated at depth 12", "v12 quiet-dummy (default): violated at depth 11; recorded: violated at depth 12"),
    ],
)
def test_a_forged_expectation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], forged: str, said: str
) -> None:
    recorded(monkeypatch, lambda rows: rows["v12"]["default"].update({"quiet-dummy": forged}))
    outcome = run_here(capsys, "gate", "--jobs", "1")
    assert outcome.code == 1 and said in outcome.out and "1 of 2 verdicts" in outcome.out


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_an_expectation_that_is_gone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(monkeypatch, lambda rows: rows.pop("v11"))
    outcome = run_here(capsys, "gate", "--jobs", "1")
    assert outcome.code == 1 and "v11 quiet-dummy (default): violated at depth 9; recorded: nothing" in outcome.out


def test_a_recorded_verdict_that_nothing_asks_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "everything", lambda *chosen: SMALL)
    monkeypatch.setattr(session, "run_jobs", lambda work, workers, quiet, cache: [])
    outcome = run_here(capsys, "gate", "--jobs", "1")
    assert outcome.code == 1
    assert "v12 quiet-dummy (default): not asked; recorded: violated at depth 11" in outcome.out


def test_what_is_recorded_of_others_stays_and_the_order_too(tmp_path: Path) -> None:
    rows = expectations.rows()
    expectations.record([], tmp_path / "again.toml", rows)
    committed = ROOT / "proofs" / "checking" / expectations.FILE
    assert (tmp_path / "again.toml").read_text() == committed.read_text()
    expectations.record([], tmp_path / "less.toml", [row for row in rows if row.version != "v12"])
    assert tomllib.loads((tmp_path / "less.toml").read_text()) == {
        version: scenarios for version, scenarios in expectations.load().items() if version != "v12"
    }


def test_a_gallery_run_leaves_no_version_out(tmp_path: Path) -> None:
    whole = everything()
    assert with_traces(whole, tmp_path).versions == whole.versions
    assert with_traces(everything(("v15",)), tmp_path).versions == ("v14", "v15"), "v14 has their traces"


@pytest.mark.parametrize(
    "content, said",
    [
        ("[v12.default\n", "record it again"),
        ("[v12.default]\nquiet-engine = 13\n", "must hold lines"),
        ('v12 = "proved"\n', "must hold lines"),
        ('[v12.default]\nquiet-engine = ""\n', "'' is no verdict"),
    ],
)
def test_damaged_expectations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / expectations.FILE).write_text(content)
    monkeypatch.setattr("proofs.checking.expectations.resources.files", lambda package: tmp_path)
    with pytest.raises(ExpectationError, match=said):
        expectations.rows()


@pytest.fixture
def checkout(tmp_path: Path, small: None) -> Path:
    """A checkout whose gallery is that of two traces, as the command makes it."""
    (tmp_path / "counterexamples" / "gallery").mkdir(parents=True)
    for name in (OVERVIEW, MATRIX):
        (tmp_path / name).write_text("\n".join(["# It", "", BEGIN, END, "", *HISTORY, "", "More.", ""]))
    assert "README.md (table)" in regenerate(tmp_path, SMALL, False, 1)
    assert regenerate(tmp_path, SMALL, True, 1) == []
    return tmp_path


@pytest.mark.slow
def test_a_forged_gallery(checkout: Path) -> None:
    folder = checkout / "counterexamples" / "gallery"
    forged = folder / "v12" / "quiet-dummy.txt"
    forged.write_text(forged.read_text().replace("unlock", "lock"))
    (folder / "v11" / "quiet-dummy.cause.svg").unlink()
    (folder / "v11" / "quiet-dummy.faults.svg").write_text("<svg/>")
    readme = checkout / MATRIX
    readme.write_text(readme.read_text().replace("✗ 11", "✓"))
    assert regenerate(checkout, SMALL, True, 1) == [
        "counterexamples/gallery/v11/quiet-dummy.cause.svg",
        "counterexamples/gallery/v11/quiet-dummy.faults.svg",
        "counterexamples/gallery/v12/quiet-dummy.txt",
        "counterexamples/README.md (table)",
    ]
    regenerate(checkout, SMALL, False, 1)
    readme.write_text(readme.read_text().replace(", the newest", ""))
    assert regenerate(checkout, SMALL, True, 1) == ["counterexamples/README.md (table)"]
    regenerate(checkout, SMALL, False, 1)
    assert regenerate(checkout, SMALL, True, 1) == []


def test_the_committed_expectations_and_gallery_are_about_the_same_versions() -> None:
    rows = tomllib.loads((ROOT / "proofs" / "checking" / expectations.FILE).read_text())
    folders = {path.name for path in (ROOT / "counterexamples" / "gallery").iterdir()}
    assert folders <= rows.keys()
