"""Compiled code is kept by its content; what is damaged is made again, and where nothing can be kept nothing fails."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from proofs.engines.compiled import kept, machine

TEXT = "define i64 @answer() {\n  ret i64 42\n}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of one test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "bam-lock-check"


class Maker:
    """Counts how often something is made."""

    def __init__(self, made: bytes = b"code") -> None:
        self.made, self.times = made, 0

    def __call__(self) -> bytes:
        """Make it."""
        self.times += 1
        return self.made


def test_the_second_time_it_is_found(folder: Path) -> None:
    make = Maker()
    assert kept.kept("one", make) == kept.kept("one", make) == b"code" and make.times == 1
    assert kept.kept("other", make) == b"code" and make.times == 2
    assert len(list(folder.iterdir())) == 2 and folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 40, None])
def test_a_damaged_entry_is_made_again(folder: Path, damage: bytes | None) -> None:
    make = Maker()
    kept.kept("one", make)
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(whole[:-1] + b"!" if damage is None else damage)
    assert kept.kept("one", make) == b"code" and make.times == 2
    assert entry.read_bytes() == whole


def test_an_entry_that_is_no_file(folder: Path) -> None:
    make = Maker()
    kept.kept("one", make)
    (entry,) = folder.iterdir()
    entry.unlink()
    os.mkfifo(entry)
    assert kept.kept("one", make) == b"code" and make.times == 2
    entry.unlink()
    entry.mkdir()
    assert kept.kept("one", make) == b"code" and make.times == 3


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.write_text("no folder")
    assert kept.kept("one", Maker()) == b"code"
    assert folder.read_text() == "no folder"


def test_where_the_folder_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for named in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", named)
        assert kept.folder_of_user() == tmp_path / ".cache" / "bam-lock-check"
    monkeypatch.setenv("HOME", "nowhere")
    assert kept.folder_of_user() is None and kept.kept("one", Maker()) == b"code"


def test_the_oldest_entries_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    for number in range(6):
        kept.kept(str(number), Maker())
        for entry in folder.iterdir():
            os.utime(entry, (entry.stat().st_atime, entry.stat().st_mtime - 10))
    again = Maker()
    for number in (3, 4, 5):
        kept.kept(str(number), again)
    assert len(list(folder.iterdir())) == 3 and again.times == 0


def _write(number: int) -> bytes:
    return b"".join(kept.kept(str(round), lambda: os.urandom(1) * 5000)[:1] for round in range(number % 2, 40))


def test_two_processes_at_once(folder: Path) -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert len(pool.map(_write, range(4), chunksize=1)) == 4
    make = Maker()
    for number in range(40):
        kept.kept(str(number), make)
    assert make.times == 0 and not list(folder.glob("*.tmp"))


def test_what_is_compiled_is_found_by_text_and_effort(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    compiled = machine._compiled

    def counted(text: str, effort: int) -> bytes:
        made.append(effort)
        return compiled(text, effort)

    monkeypatch.setattr(machine, "_compiled", counted)
    for text, effort in ((TEXT, 0), (TEXT, 0), (TEXT, 1), (TEXT, 2), (TEXT.replace("42", "43"), 0), (TEXT, 1)):
        assert machine.library(text, effort).function("answer", "")() == (42 if "42" in text else 43)
    assert made == [0, 1, 2, 0]
    monkeypatch.setattr(machine, "_processor", lambda: "another one")
    machine.library(TEXT, 0)
    assert made == [0, 1, 2, 0, 0], "code for another processor is not taken"
