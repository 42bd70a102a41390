"""How far explorations are, told while they last: lines into a pipe that worker processes inherit.

Nothing is told of how much is left: the levels of a system grow and shrink more than once, and what follows from the
last few of them is wrong by a factor of ten.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import pairwise

EVERY = 0.5  # seconds
_writer: int | None = None
_name = ""


@dataclass(frozen=True)
class Figures:
    """An exploration that `name` needs: states found and found per second, steps looked at, states of the last level
    and of the widest. No states: it has ended."""

    name: str
    states: int = 0
    rate: int = 0
    depth: int = 0
    frontier: int = 0
    widest: int = 0


@contextmanager
def named(name: str) -> Iterator[None]:
    """What is explored inside is for `name`."""
    global _name
    before, _name = _name, name
    try:
        yield
    finally:
        _name = before


@contextmanager
def listening(told: Callable[[Figures], None]) -> Iterator[None]:
    """Inside, `told` is called, in a thread of its own, with what this process and its workers tell."""
    global _writer
    reader, _writer = os.pipe()
    os.set_blocking(_writer, False)
    thread = threading.Thread(target=_listen, args=(reader, told), daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.set_blocking(_writer, True)
        os.write(_writer, b"\n")  # a worker that lingers may keep the other end open
        os.close(_writer)
        _writer = None
        thread.join()


def _listen(reader: int, told: Callable[[Figures], None]) -> None:
    with open(reader, encoding="utf-8") as lines:
        for line in lines:
            if not line.strip():
                return
            told(Figures(**json.loads(line)))


class Teller:
    """Tells of one exploration, at most every `EVERY` seconds; of one that is shorter nothing."""

    def __init__(self) -> None:
        self._before, self._states, self._told = time.monotonic(), 0, False

    def tell(self, states: int, levels: list[int]) -> None:
        """What there is so far; `levels` as in a `Space`."""
        if _writer is None or (passed := time.monotonic() - self._before) < EVERY:
            return
        sizes = [end - first for first, end in pairwise(levels)] or [0]
        rate = int((states - self._states) / passed)
        self._put(Figures(_name, states, rate, len(levels) - 2, sizes[-1], max(sizes)))
        self._before, self._states, self._told = time.monotonic(), states, True

    def end(self) -> None:
        """It has ended."""
        if self._told:
            self._put(Figures(_name))

    def _put(self, figures: Figures) -> None:
        if _writer is None:
            return
        with suppress(OSError):  # nobody reads as fast, or at all
            os.write(_writer, json.dumps(asdict(figures)).encode() + b"\n")  # short enough to stay in one piece
