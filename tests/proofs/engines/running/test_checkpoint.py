"""An exploration that was stopped anywhere and goes on finds what one finds that never was; a wrong file is refused."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toys
from toys import explored, where

from counterexamples.documents import DocumentError
from model.language.system import TransitionSystem
from proofs.engines import breadth, exhaustive
from proofs.engines import space as spaces
from proofs.engines.breadth import OutOfMemoryError
from proofs.engines.exhaustive import Explorer
from proofs.engines.running import checkpoint, memory
from proofs.engines.running.checkpoint import STATE, Store, kept_in
from proofs.engines.space import Space

SYSTEM = toys.counters(5, ("a", "b", "c", "d", "e", "f"))
SMALLER = toys.counters(4, ("a", "b", "c", "d", "e", "f"))


class Stopped(BaseException):
    """In place of the end of the program."""


@pytest.fixture(autouse=True)
def many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many places to stop at, even in a toy."""
    for module in (breadth, spaces, exhaustive):
        monkeypatch.setattr(module, "CHUNK", 256)


def targets(system: TransitionSystem) -> dict[str, Any]:
    return {"near": where(system, a=1, b=2), "far": where(system, a=4, b=4, c=4, d=3), "never": where(system, a=7)}


def explore(folder: Path | None, system: TransitionSystem = SYSTEM, transitions: bool = True) -> Space:
    with kept_in(folder):
        return Explorer(system).explore(targets(system), transitions=transitions)


@contextmanager
def stopping(after: int) -> Iterator[None]:
    """The program is stopped when it has asked so many times whether it is."""
    left = [after]

    def due(self: Store) -> bool:
        left[0] -= 1
        return left[0] < 0

    def rest(self: Store) -> None:
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "due", due)
        patch.setattr(Store, "rest_if_stopping", rest)
        yield


def stopped(folder: Path, after: int, **how: Any) -> bool:
    """Explore until it is stopped; whether it was."""
    try:
        with stopping(after):
            explore(folder, **how)
    except Stopped:
        return True
    return False


def alike(one: Space, other: Space) -> None:
    """Fail unless two explorations found the same in the same order."""
    pairs = [(one.states, other.states), *zip(vars(one.edges).values(), vars(other.edges).values(), strict=True)]
    for mine, theirs in pairs:
        assert mine.dtype == theirs.dtype and np.array_equal(mine, theirs)
    assert one.layout.places == other.layout.places
    for name in ("level", "hits", "exceeded", "complete", "farther", "asked", "reading", "transitions"):
        assert getattr(one, name) == getattr(other, name), name


@pytest.mark.parametrize("small", [0, 1 << 40], ids=["compiled", "numpy"])
@pytest.mark.parametrize("transitions", [True, False])
def test_stopped_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int, transitions: bool) -> None:
    monkeypatch.setattr(exhaustive, "SMALL", small)
    monkeypatch.setattr(breadth, "MOST_KEPT", 2000)
    whole = explore(None, transitions=transitions)
    assert whole.states.shape[1] == 6**6 and (whole.kept is not None) == transitions
    times = 0
    while stopped(tmp_path / str(times), 37 * times, transitions=transitions):
        alike(explore(tmp_path / str(times), transitions=transitions), whole)
        times += 1
    assert times > 5


def test_stopped_again_and_again(tmp_path: Path) -> None:
    times = 0
    while stopped(tmp_path, 23):
        times += 1
    assert times > 5
    alike(explore(tmp_path), explore(None))


def test_capacities_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breadth, "CHUNK", 1)
    system = toys.bounded_buffer(3)
    times = 0
    while True:
        try:
            with stopping(times), kept_in(tmp_path / str(times)):
                assert Explorer(system).explore({}).exceeded == ("cells",)
            break
        except Stopped:
            with kept_in(tmp_path / str(times)):
                alike(Explorer(system).explore({}), explored(system))
        times += 1
    assert times > 20


def test_what_has_ended_is_not_explored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breadth, "LARGE", 1000)
    whole = explore(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(breadth.Search, "_run", None)
        alike(explore(tmp_path), whole)
    monkeypatch.setattr(breadth, "LARGE", 1 << 30)
    explore(tmp_path / "other")
    assert not list((tmp_path / "other").rglob(STATE)), "what is small is not worth it"


def test_it_goes_on_where_memory_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [5]

    def demand(more: int = 0) -> None:
        left[0] -= 1
        if not left[0]:
            raise memory.NoMemoryError

    monkeypatch.setattr(memory, "demand", demand)
    with pytest.raises(OutOfMemoryError):
        explore(tmp_path)
    alike(explore(tmp_path), explore(None))


def test_another_system_is_refused(tmp_path: Path) -> None:
    assert stopped(tmp_path, 20)
    with pytest.raises(DocumentError, match="another system or program; give an empty folder"):
        explore(tmp_path, SMALLER)
    explore(tmp_path)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    assert stopped(tmp_path, 20)
    assert {path.name for path in files(tmp_path)} == {STATE, "states", "source", "action", "destination"}
    for path in files(tmp_path):
        whole = path.read_bytes()
        middle = len(whole) // 2
        for damage in (whole[:-1], b"", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):
            path.write_bytes(damage)
            with pytest.raises(DocumentError, match="is damaged; remove"):
                explore(tmp_path)
        if path.name != STATE:
            path.unlink()
            with pytest.raises(DocumentError, match="is damaged; remove"):
                explore(tmp_path)
        path.write_bytes(whole)
    alike(explore(tmp_path), explore(None))


def test_what_a_killed_run_left_behind_counts_for_nothing(tmp_path: Path) -> None:
    assert stopped(tmp_path, 20)
    for path in files(tmp_path):
        if path.name != STATE:
            path.write_bytes(path.read_bytes() + b"half of what came after")
    assert stopped(tmp_path, 20)
    alike(explore(tmp_path), explore(None))


def test_what_cannot_be_kept_is_said_and_what_was_kept_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(tmp_path, 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "write_file", full)
        assert stopped(tmp_path, 20)
        (path,) = tmp_path.rglob(STATE)
        assert why_not(monkeypatch) == f"{path}: No space left on device"
        patch.setattr(Store, "due", lambda self: True)
        with pytest.raises(OSError, match="No space left") as raised:
            explore(tmp_path)
        assert raised.value.filename == str(path)
    alike(explore(tmp_path), explore(None))
    assert why_not(monkeypatch) is None


def why_not(monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What `stop` says, of which this process notices nothing else."""
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_stopping", threading.Event())
        return checkpoint.stop()


def full(path: Path, content: str) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


def test_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    explore(None)
    assert list(tmp_path.iterdir()) == []
