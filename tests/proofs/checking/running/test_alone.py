"""One run at a time in a file or folder: whoever comes second is refused, whoever comes afterwards is not."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import IO

import pytest

from counterexamples.documents import DocumentError
from proofs.checking.running.alone import alone_in, demand_alone

WHAT = "its things here; give another folder"


def test_the_second_is_refused_and_the_next_is_not(tmp_path: Path) -> None:
    refusal = pytest.raises(DocumentError, match="another run writes its things here; give another folder")
    with alone_in(tmp_path, WHAT), refusal, alone_in(tmp_path, WHAT):
        pass
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError), alone_in(tmp_path, WHAT):
        raise KeyError
    with alone_in(tmp_path, WHAT):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_hinders_nobody(tmp_path: Path) -> None:
    if (child := os.fork()) == 0:
        with alone_in(tmp_path, WHAT):
            os._exit(0)
    os.waitpid(child, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    with alone_in(tmp_path, WHAT):
        pass


def test_a_lock_that_was_removed_meanwhile_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its opening and its locking the run before has ended, and has removed the file."""
    flock, opened = fcntl.flock, list[str]()

    def late(file: IO[bytes], how: int) -> None:
        if not opened:
            (tmp_path / "lock").unlink()
        opened.append(file.name)
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with alone_in(tmp_path, WHAT):
        assert len(opened) == 2
        with pytest.raises(DocumentError, match="another run"), alone_in(tmp_path, WHAT):
            pass


def test_a_file_system_without_locks_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(file: IO[bytes], how: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", none)
    need = r"cannot be locked \(Function not implemented\) for this journal; give another file"
    with (tmp_path / "j").open("ab") as file, pytest.raises(DocumentError, match=need):
        demand_alone(file, tmp_path / "j", "this journal; give another file")
