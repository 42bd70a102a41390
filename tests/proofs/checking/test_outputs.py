"""Where commands write: into what is named, over nothing that they read, and never beside the output folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import ENVIRONMENT, ROOT, run_cli, run_here, write_version

from counterexamples.documents import write_file
from proofs.checking.outputs import folder_name

pytestmark = pytest.mark.slow

Capture = pytest.CaptureFixture[str]
QUIET = ("--property", "quiet-engine")
ONE = (*QUIET, "--scenario", "default", "--engine", "exhaustive")
EXPORT = (*QUIET, "--format", "smt2", "--depth", "1")


def read_from(fifo: Path) -> tuple[threading.Thread, list[str]]:
    content: list[str] = []
    reader = threading.Thread(target=lambda: content.append(fifo.read_text()), daemon=True)
    reader.start()
    return reader, content


@pytest.mark.parametrize("option", ["--json", "--junit"])
def test_a_fifo_is_written_into(capsys: Capture, tmp_path: Path, option: str) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader, content = read_from(fifo)
    outcome = run_here(capsys, "check", "v12", *ONE, option, fifo)
    reader.join(10)
    assert outcome.code == 0 and "quiet-engine" in content[0] and "violated" in outcome.out
    assert fifo.is_fifo() and list(tmp_path.iterdir()) == [fifo]


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    write_file(link, "gone")
    assert link.is_symlink() and Path("/dev/null").is_char_device()
    link.unlink()
    link.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as raised:
        write_file(link, "no")
    assert raised.value.filename == str(link) and Path("/dev/full").is_char_device()


@pytest.mark.parametrize("old", ["old", None])
def test_a_symbolic_link_is_written_through(tmp_path: Path, old: str | None) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    link.symlink_to("there/file")
    if old is not None:
        target.write_text(old)
    write_file(link, "new")
    assert link.is_symlink() and target.read_text() == "new" and len(os.listdir(tmp_path / "there")) == 1


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/proc/self/fd/1"])
def test_standard_output_has_nothing_else(name: str) -> None:
    outcome = run_cli("check", "v12", *ONE, "--json", name)
    assert outcome.code == 0 and outcome.err == ""
    assert [row["property"] for row in json.loads(outcome.out)["results"]] == ["quiet-engine"]
    assert not (ROOT / "-").exists()


def test_standard_output_that_is_a_file_is_not_replaced(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "proofs", "export", "v12", *EXPORT, "--out"]
    for name in ("-", "/dev/stdout", str(tmp_path / "it")):
        with open(tmp_path / "it", "wb") as stream:
            stream.write(b"; before\n")
            stream.flush()
            done = subprocess.run([*command, name], cwd=ROOT, env=ENVIRONMENT, stdout=stream, timeout=100)
            stream.write(b"; after\n")
        text = (tmp_path / "it").read_text()
        assert done.returncode == 0 and text.startswith("; before\n") and text.endswith("; after\n")


@pytest.mark.parametrize("how", ["same", "hard link", "symbolic link", "base"])
@pytest.mark.parametrize("command", ["--json", "--junit", "export"])
def test_what_is_read_is_not_written(capsys: Capture, tmp_path: Path, how: str, command: str) -> None:
    mine = Path(write_version(tmp_path, "v12", {}))
    before, output, version = mine.read_text(), mine, str(mine)
    if how == "base":
        version = write_version(tmp_path, "./mine.toml", {}, "child.toml")
    elif how != "same":
        output = tmp_path / "other"
        (output.hardlink_to if how == "hard link" else output.symlink_to)(mine)
    asked = ("export", version, *EXPORT, "--out") if command == "export" else ("check", version, *ONE, command)
    outcome = run_here(capsys, *asked, output)
    assert outcome.code == 2 and f"{output} is read by this command; give another file" in outcome.complaint
    assert mine.read_text() == before


EMPTY = [
    ("check", "v12", "--out", ""),
    ("check", "v12", "--json", ""),
    ("check", "v12", "--junit="),
    ("check", "v12", "--assume", "all", "--json", ""),
    ("export", "v12", *EXPORT, "--out", ""),
    ("report", "v12", "--out", ""),
    ("gate", "--json", ""),
    ("mutate", "--json", ""),
    ("show", ""),
    ("certify", ""),
]


@pytest.mark.parametrize("arguments", EMPTY, ids=" ".join)
def test_an_empty_name_is_refused(capsys: Capture, arguments: tuple[str, ...]) -> None:
    outcome = run_here(capsys, *arguments)
    assert outcome.code == 2 and "is empty; give the path of a file or folder" in outcome.complaint


UNUSABLE = [
    ("--json", "/dev/null/x"),
    ("--json", "."),
    ("--json", "/proc/x"),
    ("--json", "x" * 300),
    ("--out", "/proc/x"),
    ("--out", "/dev/null"),
]


@pytest.mark.parametrize("option, place", UNUSABLE)
def test_a_place_that_cannot_be_written(capsys: Capture, option: str, place: str) -> None:
    outcome = run_here(capsys, "check", "v12", *ONE, option, place)
    assert outcome.code == 2 and place.removesuffix("/x") in outcome.complaint and outcome.out == ""


def test_two_names_of_one_file(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("it")
    outcome = run_here(capsys, "check", "v12", *ONE, "--json", tmp_path / "it", "--junit", tmp_path / "link")
    assert outcome.code == 2 and "--json and --junit are both" in outcome.complaint


@pytest.mark.parametrize("name", ["...toml", "..toml", "....toml"])
def test_no_version_leads_out_of_the_folder(capsys: Capture, tmp_path: Path, name: str) -> None:
    version = write_version(tmp_path, "v12", {}, name)
    out = tmp_path / "below" / "out"
    outcome = run_here(capsys, "check", version, *ONE, "--out", out, "--json", tmp_path / "below" / "it.json")
    assert outcome.code == 1 and outcome.err == ""
    (row,) = json.loads((tmp_path / "below" / "it.json").read_text())["results"]
    assert (out / row["trace"]).resolve().is_relative_to(out) and (out / row["trace"]).is_file()
    assert sorted(os.listdir(out.parent)) == ["it.json", "out"] and os.listdir(out) == [folder_name(version)]


def test_trees_of_two_releases_have_folders_of_their_own() -> None:
    assert [folder_name(name) for name in ("x/linux-6.1", "x/linux-6.2", "x/mine.toml")] == [
        "linux-6.1",
        "linux-6.2",
        "mine",
    ]


def test_a_name_that_looks_like_markup(capsys: Capture, tmp_path: Path) -> None:
    version = write_version(tmp_path, "v12", {}, "[/red]:smile:.toml")
    outcome = run_here(capsys, "check", version, *ONE)
    assert outcome.code == 1 and version in outcome.out


def test_a_report_on_what_is_unreachable(capsys: Capture, tmp_path: Path) -> None:
    bounds = ("report", "v12", "--property", "serviceable", "--out", tmp_path)
    outcome = run_here(capsys, *bounds)
    assert outcome.code == 0 and "unreachable" in (tmp_path / "index.html").read_text(encoding="utf-8")
