"""Parts by two processes are what one process makes, whatever becomes of the other one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from model.source import beside
from model.source.tree import SourceError


def is_other() -> bool:
    """Whether this is the other process."""
    return multiprocessing.parent_process() is not None


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were two, whatever the machine has."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_both_make_parts_and_none_waits_for_the_other() -> None:
    def compute(number: int) -> tuple[int, bool]:
        time.sleep(0.5 if is_other() else 0.05)
        return number, is_other()

    found = beside.each(20, compute)
    assert [number for number, _ in found] == list(range(20))
    assert 0 < sum(other for _, other in found) < 8
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("count", [0, 1])
def test_few_parts_are_made_here(count: int) -> None:
    assert beside.each(count, lambda _: is_other()) == [False] * count


def test_a_worker_process_has_no_core_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object())
    assert beside.each(4, lambda _: os.getpid()) == [os.getpid()] * 4


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 // 0, lambda: os._exit(3)])
def test_what_the_other_process_does_not_bring_is_made_here(end: object) -> None:
    def compute(number: int) -> tuple[int, bool]:
        if is_other() and number == 3:
            end()  # type: ignore[operator]
        return number, is_other()

    found = beside.each(6, compute)
    assert [number for number, _ in found] == list(range(6))
    assert not any(other for number, other in found if number >= 3)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(("wrong", "raised"), [((2, 3), 2), ((1, 2), 1), ((3,), 3), ((4,), 4), ((0, 1), 0)])
def test_the_first_error_is_raised(wrong: tuple[int, ...], raised: int) -> None:
    def compute(number: int) -> int:
        if number in wrong:
            raise SourceError(f"part {number}")
        return number

    with pytest.raises(SourceError, match=f"part {raised}"):
        beside.each(6, compute)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_after_an_error_no_further_part_is_begun(wrong: int) -> None:
    begun = multiprocessing.get_context("fork").Value("i", 0)

    def compute(number: int) -> int:
        with begun.get_lock():
            begun.value += 1
        time.sleep(0.1)
        if number == wrong:
            raise SourceError(f"part {number}")
        return number

    with pytest.raises(SourceError, match=f"part {wrong}"):
        beside.each(40, compute)
    assert begun.value < 10


def test_another_error_ends_both() -> None:
    def compute(number: int) -> int:
        if is_other():
            time.sleep(60)
        raise MemoryError

    with pytest.raises(MemoryError):
        beside.each(6, compute)
    assert not multiprocessing.active_children()


LONG = """
import multiprocessing, os, time
os.cpu_count = lambda: 2
from model.source import beside
def compute(number):
    if multiprocessing.parent_process() is not None:
        print(os.getpid(), flush=True)
    time.sleep(60)
beside.each(4, compute)
"""


def test_the_other_process_ends_with_this_one() -> None:
    parent = subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    other = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    # its end of the pipe is closed when it has ended
    assert parent.stdout.read() == ""
    with pytest.raises(ProcessLookupError):
        for _ in range(200):
            os.kill(other, 0)
            time.sleep(0.05)
