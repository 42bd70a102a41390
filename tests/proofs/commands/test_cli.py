"""The command as a user meets it: a process of its own, its exit code, its output, what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from conftest import ENVIRONMENT, ROOT, Outcome, run_cli, run_here, slow, write_version

from counterexamples.formats.itf import read_file
from counterexamples.formats.registry import STORED

QUIET = ("check", "v12", "--property", "quiet-engine")
ROW = {
    "version",
    "property",
    "scenario",
    "verdict",
    "depth",
    "states",
    "engines",
    "bounds",
    "assumptions",
    "expected",
    "as_expected",
    "trace",
    "seconds",
    "strength",
}


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    """One run of `check v12 --property quiet-engine` with everything written: how it ended, and where."""
    folder = tmp_path_factory.mktemp("quiet")
    return run_cli(*QUIET, "--jobs", "1", "--out", folder / "out", "--json", folder / "it.json"), folder


Capture = pytest.CaptureFixture[str]
WRONG = [
    (["check", "v99"], "v9"),
    (["check", "no/such/file.toml"], "no/such/file.toml"),
    (["check"], "VERSION"),
    (["check", "v12", "--property", "quiet-engin"], "quiet-engine"),
    (["check", "v12", "--scenario", "defaultt"], "default"),
    *((["check", "v12", "--memory", size], "500M or 4G") for size in ("", "4", "G", "0G", "-1G", "1.5G", "4g", "²G")),
    (["check", "v12", "--assume", "nwd_akc=operation-done"], "nwd_ack"),
    (["check", "v12", "--assume", "nwd_ack=operation-dome"], "operation-done"),
    (["check", "v12", "--assume", "nwd_ack"], "KEY=VALUE"),
    (["check", "v12", "--assume", "=x"], "KEY=VALUE"),
    (["check", "v12", "--assume", "nwd_ack="], "KEY=VALUE"),
    (["check", "v12", "--assume", "relock=blocks", "--assume", "relock=counted"], "twice"),
    (["check", "v12", "--bound", "request=2"], "requests"),
    (["check", "v12", "--bound", "requests=0"], "1 to"),
    (["check", "v12", "--bound", "requests=1000000"], "1 to"),
    (["check", "v12", "--bound", "requests=99999999999999999999999"], "whole number"),
    (["check", "v12", "--bound", "requests=two"], "whole number"),
    (["check", "v12", "--bound", "requests=-1"], "whole number"),
    (["check", "v12", "--bound", "requests=²"], "whole number"),
    (["check", "v12", "--bound", "requests=2.0"], "whole number"),
    (["check", "v12", "--bound", "requests"], "KEY=VALUE"),
    (["check", "v12", "--engine", "oracle"], "exhaustive"),
    (["check", "v12", "--depth", "0"], "depth"),
    (["check", "v12", "--jobs", "0"], "jobs"),
    (["check", "v12", "--no-such-option"], "--no-such-option"),
    (["check", "v12", "--out", "/dev/null/x"], "/dev/null/x"),
    (["check", "v12", "--json", "/dev/null/x.json"], "/dev/null"),
    (["list", "propertys"], "properties"),
    (["list"], "versions"),
    (["show"], "TRACE"),
    (["show", "/no/such/trace.itf.json"], "/no/such/trace.itf.json"),
    (["show", "/dev/null/x"], "/dev/null/x"),
    (["chekc"], "chekc"),
]


@pytest.mark.parametrize("arguments, hint", WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_wrong_command_is_one_line_and_code_2(capsys: Capture, arguments: list[str], hint: str) -> None:
    outcome = run_here(capsys, *arguments)
    assert outcome.code == 2 and outcome.out == ""
    assert hint in outcome.complaint


@pytest.mark.parametrize("number", [0, *slow(3, 5, 12, 24, 29)])
def test_a_process_ends_as_the_function_does(capsys: Capture, number: int) -> None:
    arguments = WRONG[number][0]
    outcome = run_cli(*arguments)
    assert outcome.complaint and outcome == run_here(capsys, *arguments)


def test_output_in_the_wrong_place(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    places = (("--out", file), ("--out", file / "below"), ("--json", tmp_path), ("--json", file / "x.json"))
    for option, place in places:
        outcome = run_here(capsys, *QUIET, option, place)
        assert outcome.code == 2 and str(tmp_path) in outcome.complaint
    assert file.read_text() == "mine" and list(tmp_path.iterdir()) == [file], "nothing was left behind"


def test_a_damaged_version_file(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "t"\nsource = "s"\nbase = "v16"\n[axes.nwd]\nvalue = "sometimes"\nsource = "s"\n')
    outcome = run_here(capsys, "check", path)
    assert outcome.code == 2 and "line 5" in outcome.complaint and "rx-data" in outcome.complaint
    open_axis = write_version(tmp_path, "v16", {"nwd": "unknown"})
    assert "nwd" in run_here(capsys, "check", open_axis).complaint


def damaged(folder: Path, change: Any) -> Path:
    """A stored trace after `change`."""
    document = json.loads((folder / "out/v12/quiet-engine.itf.json").read_text())
    change(document)
    path = folder / "damaged.itf.json"
    path.write_text(json.dumps(document))
    return path


def other_action(document: Any, name: str) -> None:
    document["#meta"]["actions"][3] = document["states"][4]["#meta"]["action"] = name


def last_step_cut(document: Any) -> None:
    document["#meta"]["actions"].pop()
    document["states"].pop()


STATED = {
    "schema": lambda d: d["#meta"].update(schema=2),
    "missing": lambda d: d["#meta"].pop("axes"),
    "no states": lambda d: d.update(states=[]),
    "a state": lambda d: d["states"][5].update({"lock.tz": True}),
    "a name": lambda d: d["#meta"].update(version="v99"),
    "a property": lambda d: d["#meta"].update(property="no-such-property"),
    "a scenario": lambda d: d["#meta"].update(scenario="no-such-scenario"),
    "a bound": lambda d: d["#meta"]["bounds"].update(ring=99),
    "an unknown bound": lambda d: d["#meta"]["bounds"].update(rings=4),
    "an assumption": lambda d: d["#meta"]["assumptions"].update(nwd_ack="maybe"),
    "another version": lambda d: d["#meta"].update(version="v16"),
}
REPLAYED = {
    "an action": lambda d: other_action(d, "bam.execute_unlock"),
    "an unknown action": lambda d: other_action(d, "nobody.acts"),
    "another property": lambda d: d["#meta"].update(property="own-status"),
    "other hardware": lambda d: d["#meta"]["assumptions"].update(other_ee="absent"),
    "no end": last_step_cut,
}


@pytest.mark.parametrize("what", [*STATED, *REPLAYED])
def test_show_trusts_no_file(capsys: Capture, quiet: tuple[Outcome, Path], what: str) -> None:
    outcome = run_here(capsys, "show", damaged(quiet[1], {**STATED, **REPLAYED}[what]))
    assert outcome.complaint and outcome.out == ""
    assert outcome.code == 2


def test_show_on_what_is_no_trace_at_all(capsys: Capture, quiet: tuple[Outcome, Path], tmp_path: Path) -> None:
    whole = (quiet[1] / "out/v12/quiet-engine.itf.json").read_bytes()
    path = tmp_path / "it.itf.json"
    for content in (b"", whole[: len(whole) // 2], b"[]", b"\xff\xfe", b"{}", b"[" * 100_000):
        path.write_bytes(content)
        outcome = run_here(capsys, "show", path)
        assert outcome.code == 2 and outcome.complaint
    assert run_here(capsys, "show", tmp_path).code == 2


def test_the_results_as_json(quiet: tuple[Outcome, Path]) -> None:
    outcome, folder = quiet
    document = json.loads((folder / "it.json").read_text())
    assert set(document) == {"schema", "tool", "z3", "results"} and document["schema"] == 1
    rows = document["results"]
    assert rows and rows[0]["scenario"] == "default"
    for row in rows:
        assert set(row) == ROW | {"how", "path"}, "the fields of the design, and how the verdict was come by"
        assert (row["version"], row["property"], row["verdict"]) == ("v12", "quiet-engine", "violated")
        assert set(row["engines"]) == {"exhaustive", "bounded"}
        assert row["depth"] == len(row["path"]) and row["states"] > 0 and row["seconds"] > 0
        assert row["bounds"]["requests"] == 2 and row["assumptions"]["nwd_ack"] == "operation-done"
    as_expected = all(row["as_expected"] is True for row in rows)
    assert outcome.code == (0 if as_expected else 1) and outcome.err == ""


def test_the_traces_are_where_the_json_says(quiet: tuple[Outcome, Path]) -> None:
    folder = quiet[1]
    rows = json.loads((folder / "it.json").read_text())["results"]
    written = set(files(folder / "out"))
    for row in rows:
        stem = row["trace"].removesuffix(".itf.json")
        assert {stem + form for form in STORED} <= written
        assert list(read_file(folder / "out" / row["trace"]).path) == row["path"]
    assert len(written) == len(STORED) * len({row["trace"] for row in rows}), "and nothing else"


def test_show_prints_what_check_wrote(capsys: Capture, quiet: tuple[Outcome, Path]) -> None:
    folder = quiet[1] / "out" / "v12"
    for number, path in enumerate(sorted(folder.glob("*.itf.json"))):
        outcome = run_here(capsys, "show", path) if number else run_cli("show", path)
        assert outcome.code == 0 and outcome.err == ""
        assert outcome.out == path.with_name(path.name.replace(".itf.json", ".txt")).read_text()


def test_what_is_printed(quiet: tuple[Outcome, Path]) -> None:
    text = quiet[0].out
    for word in ("v12", "quiet-engine", "default", "violated", "requests=2", "nwd_ack=operation-done", "z3"):
        assert word in text
    assert "\x1b" not in text, "no colours, no progress in a pipe"


@pytest.mark.parametrize(
    "what, words",
    [
        ("versions", ["v12", "v16"]),
        ("properties", ["quiet-engine", "works", "always", "reach"]),
        ("scenarios", ["default", "small-ring"]),
        ("assumptions", ["nwd_ack", "input-consumed", "other_ee", "foreign_unlock"]),
        ("bounds", ["requests", "tz_requests", "ring", "data"]),
        *slow(("actions", ["bam.execute_unlock", "tz.write_config", "driver.work_rx"])),
    ],
)
def test_lists(capsys: Capture, what: str, words: list[str]) -> None:
    outcome = run_here(capsys, "list", what)
    assert outcome.code == 0 and outcome.err == ""
    assert all(word in outcome.out for word in words)


def test_help(capsys: Capture) -> None:
    outcome = run_here(capsys, "--help")
    assert outcome.code == 0 and all(word in outcome.out for word in ("check", "list", "show", "130"))


@pytest.mark.slow
def test_the_number_of_jobs_changes_nothing(quiet: tuple[Outcome, Path], tmp_path: Path) -> None:
    outcome, folder = quiet
    again = run_cli(*QUIET, "--jobs", "2", "--out", tmp_path / "out", "--json", tmp_path / "it.json")
    assert again.code == outcome.code
    assert files(tmp_path / "out") == files(folder / "out")

    def untimed(path: Path) -> Any:
        document = json.loads(path.read_text())
        for row in document["results"]:
            del row["seconds"]
        return document

    assert untimed(tmp_path / "it.json") == untimed(folder / "it.json")
    assert again.out.replace(str(tmp_path), "") == outcome.out.replace(str(folder), "")


@pytest.mark.slow
def test_strict_quiet_and_one_engine(capsys: Capture, tmp_path: Path) -> None:
    settings = ["--scenario", "default", "-q", "--engine", "exhaustive"]
    strict = run_here(capsys, *QUIET, *settings, "--strict", "--json", tmp_path / "it.json")
    assert (strict.code, strict.out, strict.err) == (1, "", "")
    (row,) = json.loads((tmp_path / "it.json").read_text())["results"]
    assert list(row["engines"]) == ["exhaustive"] and row["trace"] is None
    proved = run_here(capsys, "check", "v16", "--property", "quiet-engine", *settings, "--strict")
    assert (proved.code, proved.out) == (0, "")


@pytest.mark.slow
def test_an_assumption_leads_away_from_what_is_recorded(capsys: Capture) -> None:
    settings = ["--scenario", "default", "--engine", "exhaustive", "--assume", "nwd_ack=input-consumed"]
    outcome = run_here(capsys, "check", "v16", "--property", "quiet-engine", *settings)
    assert outcome.code == 1 and "violated" in outcome.out and "nwd_ack=input-consumed" in outcome.out


def test_memory_that_does_not_suffice_is_an_unknown_verdict(capsys: Capture) -> None:
    settings = ("--property", "quiet-engine", "--property", "linux-progress", "--scenario", "default", "--jobs", "1")
    outcome = run_here(capsys, "check", "v16", *settings, "--bound", "requests=1", "--memory", "1M", "--verbose")
    assert outcome.code == 3 and outcome.err == "" and "proved" not in outcome.out
    assert outcome.out.count("  memory: not enough to begin") == 2


@pytest.mark.slow
@pytest.mark.parametrize("relative", [False, True])
def test_traces_of_an_own_version_stay_below_the_output_folder(tmp_path: Path, relative: bool) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    version = write_version(tmp_path, "v16", {"nwd": "none"})
    name = "../mine.toml" if relative else version
    arguments = ["check", name, "--property", "quiet-engine", "--scenario", "default", "-q", "--engine", "exhaustive"]
    outcome = run_cli(*arguments, "--out", "out", "--json", "it.json", cwd=folder)
    assert outcome.code == 1 and outcome.err == ""
    (row,) = json.loads((folder / "it.json").read_text())["results"]
    assert (folder / "out" / row["trace"]).resolve().is_relative_to((folder / "out").resolve())
    assert len(files(folder / "out")) == len(STORED)


@pytest.mark.parametrize("engine", ["exhaustive", *slow("bounded", "both")])
def test_a_capacity_that_does_not_suffice_is_an_unknown_verdict(capsys: Capture, engine: str) -> None:
    settings = ["--scenario", "default", "--bound", "cookies=4", "--engine", engine, "--depth", "11"]
    outcome = run_here(capsys, "check", "v12", "--property", "quiet-dummy", *settings)
    assert outcome.code == 3 and "capacity cookies" in outcome.out


def interrupted(out: Path, after: float, *arguments: str) -> tuple[int, str, str]:
    """Send SIGINT to a whole process group some time after its output folder was made: code, output, complaint."""
    command = [sys.executable, "-m", "proofs", "check", "v12", "--out", str(out), "--json", f"{out}.json", *arguments]
    process = subprocess.Popen(
        command, stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT, env=ENVIRONMENT, start_new_session=True
    )
    while not out.exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)
    printed, complaint = process.communicate(timeout=100)
    return process.returncode, printed, complaint.strip()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted(tmp_path: Path, jobs: str) -> None:
    out = tmp_path / "out"
    ended = interrupted(out, 1.2, "--bound", "requests=3", "--jobs", jobs)
    assert ended == (130, "", "error: interrupted")
    assert not Path(f"{out}.json").exists()
    left = files(out)
    assert all(any(name.endswith(form) for form in STORED) for name in left), "no half-written files"
    for name in left:
        if name.endswith(".itf.json"):
            read_file(out / name)


def test_interrupted_while_z3_is_at_work(tmp_path: Path) -> None:
    arguments = ["--property", "quiet-engine", "--scenario", "default", "--engine", "bounded", "--depth", "14"]
    ended = interrupted(tmp_path / "out", 0.6, *arguments, "--jobs", "1")
    assert ended == (130, "", "error: interrupted") and not (tmp_path / "out.json").exists()


def test_versions_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_version(tmp_path / folder, "v12", {})
    outcome = run_cli("check", "a/mine.toml", "b/mine.toml", "--out", "out", cwd=tmp_path)
    assert outcome.code == 2 and "would both write into mine/" in outcome.complaint and not (tmp_path / "out").exists()
