"""The recorded counts: as the engine finds them, and noticed if they are not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from toys import explored, token_ring

from proofs.audit import counts
from proofs.audit.cases import CASES, SMALLEST
from proofs.audit.counts import Difference, differences, explore, load, record
from proofs.checking.expectations import ExpectationError
from proofs.checking.records import Job
from proofs.checking.request import everything
from proofs.commands import counts as command


def test_every_version_is_recorded_in_its_cases() -> None:
    recorded = load()
    assert tuple(recorded) == everything().versions
    for version, rows in recorded.items():
        assert list(rows) == [case.label for case in CASES if not case.versions or version in case.versions]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["mainline", "v3", "v11", "v12", "v16"])
def test_smallest_case_is_as_recorded(version: str) -> None:
    found = explore([version], [SMALLEST], 1)
    assert found == {version: {SMALLEST.label: load()[version][SMALLEST.label]}}


def test_versions_that_behave_alike_are_explored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(job: Job) -> dict[str, int | list[str]]:
        asked.append(job.subject.version)
        return {"states": 1}

    monkeypatch.setattr(counts, "count", answer)
    found = explore(["v3", "v4", "v16"], [SMALLEST], 1)
    assert asked == ["v3", "v16"] or asked == ["v4", "v16"]
    assert found["v3"] == found["v4"] == {SMALLEST.label: {"states": 1}}


def test_figures_are_those_of_the_exploration() -> None:
    assert explored(token_ring(3, 4)).figures() == {"states": 13, "transitions": 12, "depth": 12}


def test_what_is_not_as_recorded_is_said(tmp_path: Path) -> None:
    found = {"v": {"a": {"states": 2}, "b": {"states": 3}}}
    recorded = {"v": {"a": {"states": 1}, "b": {"states": 3}}, "w": {"a": {"states": 1}}}
    changed = Difference("v", "a", {"states": 2}, {"states": 1})
    assert differences(found, recorded, complete=False) == [changed]
    assert differences(found, recorded, complete=True) == [changed, Difference("w", "a", None, {"states": 1})]
    record(found, tmp_path / "counts.toml")
    assert "states = 2" in (tmp_path / "counts.toml").read_text(encoding="utf-8")


def test_command_fails_if_a_count_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CASES", (SMALLEST,))
    monkeypatch.setattr(command, "load", lambda: {"mainline": {SMALLEST.label: {"states": 1}}})
    done = CliRunner().invoke(command.command, ["mainline"])
    assert done.exit_code == 1 and "recorded: states 1" in done.output and "0 of 1 cases as recorded" in done.output


def test_record_of_one_version_keeps_what_is_recorded_of_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    changed = {"v16": {SMALLEST.label: {"states": 1}}}
    monkeypatch.setattr(command, "explore", lambda *_: changed)
    monkeypatch.setattr(command, "PATH", tmp_path / counts.FILE)
    done = CliRunner().invoke(command.command, ["--record", "v16"])
    assert done.exit_code == 0 and "recorded 1 cases of 1 versions" in done.output
    written = tomllib.loads((tmp_path / counts.FILE).read_text(encoding="utf-8"))
    assert written == load() | changed


def test_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / counts.FILE).write_text("[v16", encoding="utf-8")
    monkeypatch.setattr("proofs.audit.counts.resources.files", lambda _: tmp_path)
    with pytest.raises(ExpectationError, match="counts --record"):
        load()
