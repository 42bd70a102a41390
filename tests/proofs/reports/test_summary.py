"""What `check` prints: the conclusion first, what goes wrong in one clause each, nothing broken within a name."""

from __future__ import annotations

import io
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import run_here
from rich.console import Console

from model import parameters
from model.versions import of_tree
from proofs.checking import expectations
from proofs.checking.judged import Judged
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.properties import Severity, catalogue
from proofs.reports import summary, terminal
from proofs.reports.summary import Typed

Capture = pytest.CaptureFixture[str]
DEFAULTS = Typed("bam-lock", {}, {}, None)
ROW = Result("v12", "quiet-engine", "default", Word.VIOLATED, "shortest", 13, 9, {}, {}, {}, (), None, 0.1)


def judged(
    name: str, word: str, *path: str, version: str = "v12", scenario: str = "default", reason: str = ""
) -> Judged:
    """A result that nobody recorded."""
    depth = len(path) or None
    return Judged(
        replace(
            ROW,
            version=version,
            property=name,
            scenario=scenario,
            verdict=Word.of(word),
            reason=reason,
            how=reason,
            path=path,
            depth=depth,
            bounds=parameters.bounds("default", {}),
            assumptions=parameters.assumptions({}),
        ),
        None,
        None,
    )


ROWS = [
    judged("bracketed", "violated", "client.issue_rx"),
    judged("quiet-engine", "violated", "bam.execute_go", "tz.write_config"),
    judged("quiet-engine", "proved", scenario="small-ring"),
    judged("under-lock", "proved"),
    judged("mapping-live", "unknown", reason="capacity mappings"),
    judged("metadata-own", "vacuous", reason="no LOCK is ever built"),
    judged("flag-truth", "not-applicable", reason="no flag"),
    judged("under-lock", "proved", version="v16"),
]


def printed(rows: list[Judged], width: int, typed: Typed = DEFAULTS) -> list[str]:
    """The lines of the summary on a screen of that width."""
    screen = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    summary.print_summary(screen, rows, typed)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_every_property_says_what_goes_wrong() -> None:
    for item in catalogue().values():
        clause = item.consequence.format(who="TZ")
        assert clause, f"{item.id} has no consequence"
        assert clause != item.statement and not clause.endswith(".") and len(clause) <= 120, item.id


def test_the_severities_are_used_and_the_worst_is_first() -> None:
    assert {item.severity for item in catalogue().values()} == set(Severity)
    assert next(iter(Severity)) is catalogue()["quiet-engine"].severity


def test_the_conclusion_comes_first() -> None:
    first, second, blank, *_ = printed(ROWS, 100)
    assert first == f"v12: 2 violated, 1 unknown, 1 vacuous, 1 holds; worst: {Severity.EXCLUSION.value}"
    assert (second, blank) == ("v16: 1 holds", "")


def test_the_gravest_violation_is_the_first_and_says_who_did_it() -> None:
    lines = printed(ROWS, 200)
    quiet = next(number for number, line in enumerate(lines) if "quiet-engine" in line)
    assert "TZ writes registers while the engine runs a request" in lines[quiet]
    assert lines[quiet].endswith("(only in default)") and " 2 " in lines[quiet]
    assert quiet < next(number for number, line in enumerate(lines) if "bracketed" in line)


def test_what_is_open_has_its_reason_and_what_holds_its_name() -> None:
    lines = [" ".join(line.split()) for line in printed(ROWS, 200)]
    assert "vacuous: 1 metadata-own (no LOCK is ever built)" in lines
    assert "unknown: 1 mapping-live (capacity mappings)" in lines
    assert lines.count("hold: 1 under-lock") == 2 and "not-applicable: 1 flag-truth" in lines


def test_what_holds_here_and_is_recorded_as_violated_elsewhere_is_said() -> None:
    """A reader must not take `hold` for more than was asked; of changed settings nothing is recorded."""
    row = judged("under-lock", "proved", version="v16")
    told = " ".join(printed([replace(row, expected="proved", as_expected=True)], 200))
    assert "not asked now; recorded as violated: under-lock" in told and "in busy-small-ring" in told
    assert "recorded as violated" not in " ".join(printed([row], 200))
    asked = [row.scenario for row in expectations.rows() if row.version == "v16" and row.property == "under-lock"]
    rows = [judged("under-lock", "proved", version="v16", scenario=name) for name in asked]
    assert "recorded as violated" not in " ".join(printed([replace(item, expected="proved") for item in rows], 200))


def test_what_to_type_next_can_be_typed() -> None:
    typed = Typed("bam-lock", {"nwd_ack": "input-consumed"}, {"requests": 3}, None)
    lines = printed(ROWS, 80, typed)
    trace, decides = (shlex.split(line) for line in lines if line.startswith("  bam-lock check"))
    assert trace[2:8] == ["v12", "--property", "quiet-engine", "--scenario", "default", "--bound"]
    assert trace[-4:] == ["--assume", "nwd_ack=input-consumed", "--out", "traces"]
    assert decides[-2:] == ["--assume", "all"] and "requests=3" in decides
    assert "assumptions: nwd_ack=input-consumed (not operation-done), else the defaults" in lines


def test_a_trace_that_is_there_is_shown(tmp_path: Path) -> None:
    row = replace(ROWS[1].result, trace="v12/quiet-engine.itf.json")
    lines = printed([Judged(row, None, None)], 80, replace(DEFAULTS, out=tmp_path / "my traces"))
    command = next(line for line in lines if line.startswith("  bam-lock show"))
    assert shlex.split(command)[2] == str(tmp_path / "my traces" / "v12/quiet-engine.itf.json")


def test_what_differs_from_the_record_is_said_before_the_details() -> None:
    lines = printed([replace(ROWS[0], expected="proved", as_expected=False), *ROWS[1:]], 200)
    assert lines[2] == "differs from what is recorded: v12 bracketed (default): violated 1; recorded: proved"


@pytest.mark.parametrize("width", [80, 120])
def test_no_name_is_broken(width: int) -> None:
    rows = [judged(name, "violated", "x.y", reason="shortest by exhaustion; " * 4) for name in catalogue()]
    rows += [judged(name, "proved", version="v16", scenario="small-ring") for name in catalogue()]
    screen = Console(file=io.StringIO(), width=width)
    terminal.print_results(screen, rows)
    table = screen.file.getvalue()  # type: ignore[attr-defined]
    text = "\n".join(printed(rows, width))
    for name in catalogue():
        assert len(re.findall(f"^{name} ", table, re.MULTILINE)) == 2 and f"  {name} " in text
    assert all(len(line) <= width for line in [*table.splitlines(), *text.partition("assumptions:")[0].splitlines()])


def test_a_screen_that_is_wide_enough_shows_the_table() -> None:
    table = terminal.table(ROWS)
    assert not terminal.fits(Console(width=60), table) and terminal.fits(Console(width=300), table)


def test_in_a_pipe_each_row_is_a_line(capsys: Capture) -> None:
    asked = ["--property", "quiet-engine", "--scenario", "default", "--engine", "exhaustive", "--jobs", "1"]
    outcome = run_here(capsys, "check", "v12", "mainline", *asked)
    lines = outcome.out.splitlines()
    for version in ("v12", "mainline"):
        (row,) = [line.split() for line in lines if line.startswith(f"{version} ")]
        assert row[:4] == [version, "quiet-engine", "default", "violated"]
        assert any(line.startswith(f"{version}: 1 violated") for line in lines)
    assert any("bounds, default: requests=" in line for line in lines)


def test_a_narrow_terminal_shows_the_table_on_request_only(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "console", lambda: Console(width=80, force_terminal=True, no_color=True))
    asked = ["--property", "quiet-engine", "--scenario", "default", "--engine", "exhaustive", "--jobs", "1"]
    brief = run_here(capsys, "check", "v12", *asked).out
    assert "expectation" not in brief and "v12: 1 violated" in brief.splitlines()[0]
    assert "expectation" in run_here(capsys, "check", "v12", "--verbose", *asked).out


@pytest.mark.parametrize("client, asked", [("", ""), ("mainline", " --client mainline")])
def test_a_source_tree_is_typed_by_its_path(tmp_path: Path, client: str, asked: str) -> None:
    typed = DEFAULTS.check(replace(ROW, version=of_tree(tmp_path, client)))
    assert typed == f"bam-lock check {shlex.quote(str(tmp_path))}{asked} --property quiet-engine --scenario default"
