"""Traces of a version of one's own: shown without its file, from what is in them, which is not trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import run_here, write_version

from model import versions

Capture = pytest.CaptureFixture[str]
Document = dict[str, Any]
ONE = ("--property", "quiet-engine", "--scenario", "default", "--engine", "exhaustive")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace whose version file is gone, beside what `check` printed of it."""
    folder = tmp_path_factory.mktemp("own")
    version = write_version(folder, "v12", {"nwd": "none"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["proofs", "check", version, *ONE, "--out", str(folder)])
        with pytest.raises(SystemExit):
            from proofs.commands.cli import main

            main()
    os.unlink(version)
    return folder / "mine" / "quiet-engine.itf.json"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "markdown", "mail"])
def test_a_trace_is_shown_without_its_version_file(capsys: Capture, stored: Path, form: str) -> None:
    outcome = run_here(capsys, "show", stored, "--format", form)
    assert outcome.code == 0 and outcome.err == "" and "mine.toml" in outcome.out
    if form == "text":
        assert outcome.out == stored.with_name("quiet-engine.txt").read_text()


@pytest.mark.slow
def test_its_steps_are_taken_on_another_version(capsys: Capture, stored: Path) -> None:
    outcome = run_here(capsys, "replay", stored, "--on", "v16")
    assert outcome.code in (0, 1) and outcome.err == "" and "the versions differ in: " in outcome.out


WRONG: Mapping[str, tuple[Callable[[Document], Any], str]] = {
    "value": (lambda meta: meta["axes"].update(nwd="sometimes"), "value 'sometimes' does not exist"),
    "type": (lambda meta: meta["axes"].update(nwd=True), "not True but a string"),
    "open": (lambda meta: meta["axes"].update(nwd=versions.UNKNOWN), "no value for nwd"),
    "missing": (lambda meta: meta["axes"].pop("nwd"), "no value for nwd"),
    "unknown": (lambda meta: meta["axes"].update(ndw="none"), "axis 'ndw' does not exist"),
    "no driver": (lambda meta: meta["axes"].update(lock="none"), "needs unlock = 'none'"),
    "other axes": (lambda meta: meta.update(axes=dict(versions.load("mainline").axes)), "not possible"),
    "name": (lambda meta: meta.update(version="\x1b[2J/x.toml"), "cannot be printed"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_in_the_trace_is_not_trusted(capsys: Capture, stored: Path, tmp_path: Path, what: str) -> None:
    change, says = WRONG[what]
    document = json.loads(stored.read_text())
    change(document["#meta"])
    path = tmp_path / "it.itf.json"
    path.write_text(json.dumps(document))
    outcome = run_here(capsys, "show", path)
    assert outcome.code == 2 and outcome.out == "" and says in outcome.complaint


@pytest.mark.parametrize("name", ["/dev/zero", "fifo.toml"])
def test_no_file_that_a_trace_names_is_opened(
    capsys: Capture, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    os.mkfifo(tmp_path / "fifo.toml")
    monkeypatch.chdir(tmp_path)
    document = json.loads(stored.read_text())
    document["#meta"]["version"] = name
    (tmp_path / "it.itf.json").write_text(json.dumps(document))
    outcome = run_here(capsys, "show", "it.itf.json")
    assert outcome.code == 0 and outcome.out.startswith(f"{name}: quiet-engine")


@pytest.mark.parametrize("command", ["show", "certify", "replay"])
@pytest.mark.parametrize("name", ["/dev/zero", "fifo", "large", "."])
def test_what_is_read_is_a_regular_file_of_some_size(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("large").touch()
    os.truncate("large", 1 << 40)
    outcome = run_here(capsys, command, name, *(["--on", "v16"] if command == "replay" else []))
    reason = {"large": "larger than 64 MiB", ".": "Is a directory"}.get(name, "not a regular file")
    assert outcome.code == 2 and f"'{name}' cannot be read: {reason}; need " in outcome.complaint


@pytest.mark.parametrize("name", versions.names())
def test_axes_of_a_version_are_what_they_were(name: str) -> None:
    axes = versions.load(name).axes
    stored = json.loads(json.dumps(axes))
    if versions.UNKNOWN in axes.values():
        with pytest.raises(versions.VersionError, match="no value for"):
            versions.completed(stored, {})
    else:
        assert versions.completed(stored, {}) == axes
