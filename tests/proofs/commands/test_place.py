"""`--journal` and `--cache` of the commands: the same report, a word for what is known, one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import run_here

from proofs.checking import job as job_module

Capture = pytest.CaptureFixture[str]
ONE = ("mainline", "--property", "quiet-engine")
SMALL = ("--scenario", "default", "--engine", "exhaustive", "--jobs", "1")


def test_a_cached_report_is_the_same_but_for_the_word(capsys: Capture, tmp_path: Path) -> None:
    runs = []
    for number in range(2):
        files = [tmp_path / f"{number}.{kind}" for kind in ("json", "xml")]
        written = ("--json", files[0], "--junit", files[1])
        outcome = run_here(capsys, "check", *ONE, *SMALL, "--verbose", "--cache", tmp_path / "cache", *written)
        assert outcome.code == 0 and outcome.err == ""
        runs.append([outcome.out, *(path.read_text() for path in files)])
    made, found = runs
    assert "cached" not in "".join(made) and all("cached" in text for text in found)
    lines = [line for line in found[0].splitlines() if not line.startswith("cached: 1 of 1 verdicts")]
    assert [line.removesuffix("cached").rstrip() for line in lines] == [line.rstrip() for line in made[0].splitlines()]
    assert found[1].replace('   "cached": true,\n', "") == made[1]
    assert found[2].replace("\ncached</system-out>", "</system-out>") == made[2]


def test_gate_counts_what_is_cached_and_says_so_of_what_differs(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("proofs.commands.gate.everything", _only_default)
    first = run_here(capsys, "gate", *ONE, "--jobs", "1", "--cache", tmp_path)
    second = run_here(capsys, "gate", *ONE, "--jobs", "1", "--cache", tmp_path)
    assert first.code == second.code == 0 and second.out == first.out.replace("recorded\n", "recorded, 1 cached\n")
    monkeypatch.setattr("proofs.checking.expectations.summary", lambda row: "another")
    assert "; cached\n" in run_here(capsys, "gate", *ONE, "--jobs", "1", "--cache", tmp_path).out


def _only_default(names: tuple[str, ...], properties: tuple[str, ...]) -> object:
    from proofs.checking.request import Request

    return Request(names, properties, ("default",))


def test_a_damaged_answer_is_one_line_and_the_report_stands(capsys: Capture, tmp_path: Path) -> None:
    asked = ("check", *ONE, *SMALL, "--cache", tmp_path)
    first = run_here(capsys, *asked)
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(entry.read_bytes()[:-2])
    second = run_here(capsys, *asked)
    assert second.out == first.out and second.err == f"{entry}: damaged; worked out again\n"
    assert "cached" in run_here(capsys, *asked).out


def test_a_full_disk_is_one_line_and_the_verdicts_are_there(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(path: Path, content: str) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("proofs.checking.running.cache.write_file", full)
    outcome = run_here(capsys, "check", *ONE, *SMALL, "--cache", tmp_path)
    assert outcome.code == 2 and "quiet-engine" in outcome.out and not list(tmp_path.iterdir())
    assert "No space left on device" in outcome.complaint and "the verdicts are complete" in outcome.complaint


def test_a_run_goes_on_from_its_journal(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = ("check", *ONE, *SMALL, "--journal", tmp_path / "j", "--out")
    first = run_here(capsys, *asked, tmp_path / "one")
    monkeypatch.setattr(job_module, "run_job", None)  # nothing is worked out
    again = run_here(capsys, *asked, tmp_path / "two")
    assert again.code == first.code == 0 and again.out == first.out.replace(f"{tmp_path}/one", f"{tmp_path}/two")
    assert [path.name for path in sorted((tmp_path / "one").rglob("*.*"))] == [
        path.name for path in sorted((tmp_path / "two").rglob("*.*"))
    ]
    other = run_here(capsys, "check", "v12", *SMALL, "--journal", tmp_path / "j")
    assert other.code == 2 and "a journal of another run" in other.complaint


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--journal", "-"), "--journal - cannot be read again; give a file"),
        (("--journal", "/dev/null"), "--journal /dev/null cannot be read again; give a file"),
        (("--journal", "README.md"), "no journal; need what `--journal` wrote, or a new file"),
        (("--journal", "proofs"), "--journal proofs is a folder; give a file"),
        (("--journal", "x.json", "--json", "x.json"), "give two files"),
        (("--cache", "README.md"), "README.md is not a folder"),
        (("--cache", "traces", "--assume", "all"), "--assume all takes no"),
        (("--on", "here"), "--on takes dask or tcp://HOST:PORT, not 'here'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_one_line(capsys: Capture, options: tuple[str, ...], why: str) -> None:
    before = Path("README.md").read_bytes()
    outcome = run_here(capsys, "check", *ONE, *SMALL, *options)
    assert outcome.code == 2 and why in outcome.complaint and outcome.out == ""
    assert Path("README.md").read_bytes() == before and not Path("x.json").exists()


def test_of_a_source_tree_there_is_no_journal(capsys: Capture, tmp_path: Path) -> None:
    outcome = run_here(capsys, "check", tmp_path, "--client", "mainline", "--journal", tmp_path / "j")
    assert outcome.code == 2 and "--journal is for versions; of a source tree --cache" in outcome.complaint


def test_the_journal_of_a_run_holds_what_it_asked(capsys: Capture, tmp_path: Path) -> None:
    run_here(capsys, "check", *ONE, *SMALL, "--journal", tmp_path / "j")
    run = json.loads((tmp_path / "j").read_text().splitlines()[0])["run"]
    assert run["command"] == "check" and run["version"] == ["mainline"] and not {"jobs", "on", "out"} & set(run)
