"""What happens to the command when something around it fails: one line, the documented exit code, nothing lost."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ENVIRONMENT, ROOT, Outcome, run_here

from counterexamples.documents import unfinished
from proofs.checking import job as job_module
from proofs.checking.records import Job, Result
from proofs.reports import listing as inspect

pytestmark = pytest.mark.slow

Capture = pytest.CaptureFixture[str]
ONE = ("--property", "quiet-engine", "--scenario", "default", "--engine", "exhaustive")
LONG = ("check", "v12", "--bound", "requests=3", "--bound", "tz_requests=3", "--jobs", "2")
COMMAND = (sys.executable, "-m", "proofs")

run_job = job_module.run_job


def killed_at_v16(job: Job) -> list[Result]:
    """What the kernel does when there is no memory left."""
    if job.subject.version == "v16":
        os.kill(os.getpid(), signal.SIGKILL)
    return run_job(job)


def started(*arguments: str | Path, **settings: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*COMMAND, *map(str, arguments)], cwd=ROOT, env=ENVIRONMENT, **settings)


# Workers


def test_a_killed_worker_costs_its_own_rows(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(job_module, "run_job", killed_at_v16)
    files = ("--json", tmp_path / "it.json", "--junit", tmp_path / "it.xml")
    outcome = run_here(capsys, "check", "v12", "v16", "mainline", *ONE, "--jobs", "2", *files)
    assert outcome.code == 5 and "v16 (default)" in outcome.complaint and "killed twice" in outcome.complaint
    assert "v12 " in outcome.out and "mainline " in outcome.out and "v16" not in outcome.out
    assert [row["version"] for row in json.loads((tmp_path / "it.json").read_text())["results"]] == ["v12", "mainline"]
    assert "v12.default" in (tmp_path / "it.xml").read_text()


def test_what_needs_the_lost_answer_is_one_line_too(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(job_module, "run_job", killed_at_v16)
    settings = ("--property", "quiet-engine", "--scenario", "default", "--jobs", "2", "--out", tmp_path)
    outcome = run_here(capsys, "report", "v12", "v16", *settings)
    assert outcome.code == 5 and "v16 (default)" in outcome.complaint and not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent(ending: signal.Signals, tmp_path: Path) -> None:
    process = started(*LONG, "--out", tmp_path / "out", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not any((tmp_path / "out").glob("v12/*")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(ending)
    # the pipes stay open as long as a worker holds them
    assert process.communicate(timeout=200)[0] == b"" and process.returncode == -ending


# Anything unexpected


@pytest.mark.parametrize("error", [KeyError("x\ny"), RecursionError(), MemoryError(), OSError(11, "try again")])
def test_what_nobody_foresaw_is_one_line(capsys: Capture, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_what: str) -> None:
        raise error

    monkeypatch.setattr(inspect, "listing", fail)
    outcome = run_here(capsys, "list", "versions")
    assert outcome.code == 5 and outcome.out == ""
    assert type(error).__name__ in outcome.complaint and "test_faults.py:" in outcome.complaint


def test_an_unforeseen_error_of_a_job_names_it(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proofs.checking.verdicts.decide", lambda *_: {})
    outcome = run_here(capsys, "check", "v12", *ONE)
    assert outcome.code == 5 and "KeyError" in outcome.complaint and "in v12 (default)" in outcome.complaint


# A reader that leaves


@pytest.mark.parametrize(
    "arguments, code",
    [
        (("list", "properties"), 0),
        (("show", "counterexamples/gallery/v12/quiet-engine.itf.json"), 0),
        (("check", "v16", *ONE), 0),
        (("check", "v12", *ONE, "--strict"), 1),
        (("check", "v12", *ONE, "--json", "-"), 0),
        (("export", "v12", "--property", "quiet-engine", "--format", "smt2", "--depth", "1"), 0),
        (("--help",), 0),
        (("check", "v99"), 2),
    ],
)
def test_a_reader_that_leaves_is_no_failure(arguments: tuple[str, ...], code: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = started(*arguments, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    complaint = process.communicate(timeout=100)[1]
    assert process.returncode == code and complaint.count(b"\n") == (code == 2)


def test_nobody_reads_the_complaint_either() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = started("check", "v99", stdout=writer, stderr=writer)
    os.close(writer)
    assert process.wait(timeout=100) == 2


def test_standard_output_that_is_closed() -> None:
    process = started("list", "versions", stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert process.communicate(timeout=100)[1] == b"" and process.returncode == 0


def test_an_encoding_without_the_characters() -> None:
    ascii_only = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run([*COMMAND, "list", "properties"], cwd=ROOT, env=ascii_only, capture_output=True, timeout=100)
    assert shown.returncode == 0 and shown.stderr == b""


# A disk that is full


def small_files() -> None:
    """Every file that is written may have this many bytes only."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def with_full_disk(*arguments: str | Path) -> Outcome:
    process = started(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=small_files)
    out, err = process.communicate(timeout=100)
    return Outcome(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize("option", ["--json", "--junit", "--out"])
def test_a_full_disk_loses_no_verdict(tmp_path: Path, option: str) -> None:
    outcome = with_full_disk("check", "v12", *ONE, option, tmp_path / "it")
    assert outcome.code == 2 and "violated" in outcome.out
    assert f"not written: {tmp_path / 'it'}" in outcome.complaint and "too large" in outcome.complaint
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "nothing that is not whole"


@pytest.mark.parametrize("command", ["report", "export"])
def test_a_full_disk_says_so(tmp_path: Path, command: str) -> None:
    more = ("--scenario", "default") if command == "report" else ("--format", "smt2")
    outcome = with_full_disk(command, "v12", "--property", "quiet-engine", *more, "--out", tmp_path / "it")
    assert outcome.code == 2 and "too large" in outcome.complaint and outcome.out == ""


def test_standard_output_that_is_full() -> None:
    with open("/dev/full", "wb") as full:
        process = started("check", "v12", *ONE, stdout=full, stderr=subprocess.PIPE)
        complaint = process.communicate(timeout=100)[1]
    assert (process.returncode, complaint) == (2, b"error: standard output: No space left on device\n")


# Ctrl-C


def test_ctrl_c_removes_only_what_this_run_made(tmp_path: Path) -> None:
    out = tmp_path / "out" / "v12"
    out.mkdir(parents=True)
    others = [out / ".notes.tmp", out / ".quiet-engine.txt.77.tmp", out / unfinished(77)]
    for path in others:
        path.write_text("mine")
    process = started(*LONG, "--out", out.parent, stderr=subprocess.PIPE, start_new_session=True)
    while len(list(out.iterdir())) == len(others) and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=200)[1] == b"error: interrupted\n" and process.returncode == 130
    assert sorted(path for path in out.iterdir() if path.name.startswith(".")) == sorted(others)


def test_ctrl_c_removes_the_folder_of_a_report(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "TMPDIR": str(tmp_path)}
    command = [*COMMAND, "report", "v12", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, start_new_session=True)
    while not list(tmp_path.glob("tmp*")) and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=200)
    assert process.returncode == 130 and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_ctrl_c_restores_the_cursor() -> None:
    screen, terminal = pty.openpty()
    environment = {**ENVIRONMENT, "TERM": "xterm"}
    process = subprocess.Popen(
        [*COMMAND, *LONG], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=terminal, start_new_session=True
    )
    os.close(terminal)
    seen = b""
    while b"\x1b[?25l" not in seen:
        seen += os.read(screen, 4096)
    os.killpg(process.pid, signal.SIGINT)
    while b"interrupted" not in seen:
        seen += os.read(screen, 4096)
    assert process.wait(timeout=200) == 130
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
    os.close(screen)


# Memory that ends


LARGE = ("--bound", "requests=4", "--bound", "tz_requests=4", "--bound", "data=2", "--bound", "ring=8", "--jobs", "1")
ASKED = ("check", "v12", "--property", "under-lock", "--property", "quiet-engine", "--scenario", "default", *LARGE)


@pytest.mark.parametrize("foreseen", [True, False])
def test_memory_that_ends_is_an_unknown_verdict(foreseen: bool) -> None:
    """Foreseen, or refused by the kernel; what was violated until then stays so."""

    def refuse() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (575 << 20, 575 << 20))

    process = started(
        *(*ASKED, "--engine", "exhaustive", "--json", "-", *(("--memory", "250M") if foreseen else ())),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=None if foreseen else refuse,
    )
    printed, complaint = process.communicate(timeout=300)
    rows = {row["property"]: row for row in json.loads(printed)["results"]}
    assert (process.returncode, complaint) == (1, b"")
    assert (rows["quiet-engine"]["verdict"], rows["quiet-engine"]["depth"]) == ("violated", 14)
    assert rows["under-lock"]["verdict"] == "unknown" and rows["under-lock"]["reason"].startswith("memory: all ")


# Ctrl-C, and on from there

RESUMABLE = (*ASKED, "--scenario", "small-ring", "--engine", "exhaustive", "-q")


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [row | {"seconds": None} for row in json.loads(path.read_text())["results"]]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_goes_on(jobs: str, tmp_path: Path) -> None:
    kept, settings = tmp_path / "kept", (*RESUMABLE, "--jobs", jobs)
    process = started(*settings, "--checkpoint", kept, stderr=subprocess.PIPE, start_new_session=True)
    while not any(kept.glob("*/*")) and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    complaint = process.communicate(timeout=100)[1]
    assert (process.returncode, complaint) == (
        130,
        b"error: interrupted; the same command goes on from what was kept\n",
    )
    states = list(kept.rglob("state.json"))
    assert states and not list(kept.rglob("*.tmp"))
    refused = started(*settings, "--bound", "mappings=7", "--checkpoint", kept, stderr=subprocess.PIPE)
    assert b"another system" in refused.communicate(timeout=100)[1] and refused.returncode == 2
    for name, checkpoint in (("resumed", ("--checkpoint", kept)), ("whole", ())):
        assert started(*settings, *checkpoint, "--json", tmp_path / name).wait(timeout=300) == 1
    assert rows_of(tmp_path / "resumed") == rows_of(tmp_path / "whole")
    assert not list(kept.iterdir()), "nobody needs it any more"


def test_a_second_run_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = started(*RESUMABLE, "--checkpoint", tmp_path, stderr=subprocess.PIPE)
    while not any(tmp_path.glob("*/*")) and first.poll() is None:
        time.sleep(0.02)
    second = started("check", "v16", *ONE, "--checkpoint", tmp_path, stderr=subprocess.PIPE)
    complaint = second.communicate(timeout=100)[1].decode()
    assert (second.returncode, complaint) == (
        2,
        f"error: '{tmp_path}': another run writes its checkpoints here; give another folder\n",
    )
    first.send_signal(signal.SIGINT)
    assert b"goes on from what was kept" in first.communicate(timeout=100)[1]
    states = {path: path.read_bytes() for path in tmp_path.rglob("state.json")}
    assert states and started("check", "v16", *ONE, "--checkpoint", tmp_path / "other").wait(timeout=100) == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("state.json")} == states


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_cannot_be_kept_is_one_line(jobs: str, tmp_path: Path) -> None:
    settings = (*RESUMABLE, "--jobs", jobs, "--checkpoint", tmp_path)
    process = started(*settings, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=small_files)
    while not any(tmp_path.glob("*/*")) and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    complaint = process.communicate(timeout=100)[1].decode()
    assert process.returncode == 130 and complaint.count("\n") == 1
    assert complaint.startswith("error: interrupted, and not all is kept (") and "File too large)" in complaint
    assert not list(tmp_path.rglob("state.json")) and not list(tmp_path.rglob("*.tmp"))


def test_what_was_kept_and_is_damaged_is_one_line(tmp_path: Path) -> None:
    process = started(*RESUMABLE, "--checkpoint", tmp_path, stderr=subprocess.PIPE)
    while not any(tmp_path.glob("*/*")) and process.poll() is None:
        time.sleep(0.02)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=100) == 130
    for path in tmp_path.rglob("state.json"):
        path.write_text(path.read_text()[:-5])
    again = started(*RESUMABLE, "--checkpoint", tmp_path, stderr=subprocess.PIPE)
    complaint = again.communicate(timeout=100)[1].decode()
    assert again.returncode == 2 and complaint.count("\n") == 1 and "state.json is damaged; remove" in complaint
