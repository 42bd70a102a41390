"""Jobs whose files are brought back: the same rows and files as without, worked out once where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from model.subject import Subject
from proofs.checking import job as jobs
from proofs.checking.job import run_all
from proofs.checking.records import Job, Result
from proofs.checking.running import carried
from proofs.checking.running.carried import Brought, Errand, carry
from proofs.checking.words import Word

SMALL = {"requests": 1, "tz_requests": 1}
WORK = [
    Job(Subject.of(name, scenario, bound=SMALL), ("quiet-engine", "works"), "exhaustive")
    for name, scenario in (("mainline", "default"), ("mainline", "small-ring"))
]


def rows_of(work: Sequence[Job], cache: Path | None, told: list[str] | None = None) -> list[Result]:
    found = list(run_all(work, 1, cache, (told if told is not None else []).append))
    return [replace(row, seconds=0) for rows in found for row in (rows if isinstance(rows, list) else [])]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def test_found_or_made_the_rows_and_files_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results, written = [], []
    for number, cache in enumerate((None, tmp_path / "cache", tmp_path / "cache")):
        if number == 2:
            monkeypatch.setattr(jobs, "run_job", None)  # nothing is worked out
        out = tmp_path / str(number)
        results.append(rows_of([replace(job, out=str(out)) for job in WORK], cache))
        written.append(files(out))
    assert results[0] == results[1] and written[0] == written[1] == written[2] and len(written[0]) >= 10
    assert results[2] == [replace(row, cached=True) for row in results[0]]
    assert [row.as_json() for row in results[0]] == [
        {key: value for key, value in row.as_json().items() if key != "cached"} for row in results[2]
    ]


def test_a_damaged_answer_is_told_of_and_made_anew(tmp_path: Path) -> None:
    before, told = rows_of(WORK, tmp_path), list[str]()
    first, second = sorted(tmp_path.iterdir())
    whole = first.read_bytes()
    first.write_bytes(whole[:99])
    after = rows_of(WORK, tmp_path, told)
    assert [replace(row, cached=False) for row in after] == before and sum(row.cached for row in after) == 2
    assert told == [f"{first}: damaged; worked out again"]
    assert first.read_bytes() != whole[:99] and sum(row.cached for row in rows_of(WORK, tmp_path)) == 4
    # a whole answer, but to another question: its digest is right
    first.write_bytes(second.read_bytes())
    assert [replace(row, cached=False) for row in rows_of(WORK, tmp_path, told)] == before
    assert told[1:] == [f"{first}: the answer to something else; worked out again"]


def test_a_folder_in_which_nothing_can_be_written_costs_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rows = rows_of(WORK, tmp_path / "file")
    assert [replace(row, unwritten=()) for row in rows] == rows_of(WORK, None)
    assert all("File exists" in reason for row in rows for reason in row.unwritten) and rows[0].unwritten


def test_what_the_machine_lacked_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = rows_of(WORK[:1], None)[0]
    for wrong, kept in (
        (replace(row, unwritten=("x: No space left on device",)), 0),
        (replace(row, verdict=Word.UNKNOWN, reason="memory"), 0),
        (replace(row, verdict=Word.UNKNOWN, reason="capacity mappings"), 1),
    ):
        monkeypatch.setattr(jobs, "run_job", lambda job, wrong=wrong: [wrong])
        made = carry(Errand(WORK[0], False, str(tmp_path)))
        assert made.rows == (wrong,) and len(list(tmp_path.iterdir())) == kept


def test_an_answer_of_a_program_that_was_edited_meanwhile_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carried, "unchanged", lambda: False)
    assert rows_of(WORK, tmp_path) and not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named_and_its_row_has_none(tmp_path: Path) -> None:
    (tmp_path / "mainline").write_text("in the way")
    row = replace(rows_of(WORK[:1], None)[0], trace="mainline/quiet-engine.itf.json")
    brought = Brought((row,), ((("mainline/quiet-engine.itf.json", "{}"),),))
    (after,) = carried._written(brought, str(tmp_path))
    assert after.trace is None and after.unwritten == (f"{tmp_path}/mainline: File exists",)
