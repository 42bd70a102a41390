"""Memory is asked for before it is taken, so that running out of it is an answer and not the end of the process.

What there is: what `limited` allows this process, and what the machine and the control group that it runs in have left,
as far as Linux says; elsewhere only the former. Whoever takes what grows with a system asks first; whatever else a
process takes has to fit into `SPARE`.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

SPARE = 64 << 20  # bytes that are left for what nobody asks for: the chunks at hand, other processes' next ones
_PAGE = mmap.PAGESIZE
_GROUPS: tuple[tuple[str, ...], ...] = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    tuple(f"/sys/fs/cgroup/memory/memory.{name}" for name in ("limit_in_bytes", "usage_in_bytes", "stat")),
)
"""Limit, use and what it is made of, of the control group that a container shows as its own: version 2, then 1."""
_most: int | None = None


class NoMemoryError(MemoryError):
    """What was asked for is more than there is; nothing was taken."""


@contextmanager
def limited(most: int | None) -> Iterator[None]:
    """Inside, this process may have at most so many bytes in all; None: what the machine has."""
    global _most  # it is the process that has memory, whatever it is asked
    before, _most = _most, most
    try:
        yield
    finally:
        _most = before


def demand(more: int = 0) -> None:
    """Raise NoMemoryError unless so many bytes can be taken and `SPARE` is left."""
    room = [left for left in (_own(), _machine(), *map(_group, _GROUPS)) if left is not None]
    if room and min(room) < more + SPARE:
        raise NoMemoryError(f"{more} bytes more than there are")


def rows(count: int, words: int) -> np.ndarray:
    """An array of at least `count` rows, dtype uint64, its contents undefined.

    It takes memory only as it is filled, and where the system allows it, it is so large that it never has to grow:
    copying would take twice the memory. Raises MemoryError.
    """
    width = 8 * words
    if _unlimited():
        size = os.sysconf("SC_PHYS_PAGES") * _PAGE
        while size > 2 * count * width:
            try:
                place = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            except (OSError, ValueError):
                size //= 2
                continue
            place.madvise(mmap.MADV_HUGEPAGE)
            return np.frombuffer(place, dtype=np.uint64, count=size // width * words).reshape(-1, words)
    return np.empty((2 * count, words), dtype=np.uint64)


def _unlimited() -> bool:
    """Whether address space costs nothing; elsewhere than on Linux that is not known."""
    if sys.platform != "linux":
        return False
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def _own() -> int | None:
    if _most is None:
        return None
    try:
        return _most - int(_read("/proc/self/statm").split()[1]) * _PAGE
    except (OSError, ValueError):
        import resource

        return _most - resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _machine() -> int | None:
    try:
        lines = dict(line.split(":", 1) for line in _read("/proc/meminfo").splitlines())
        return int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, ValueError, KeyError):
        return None


def _group(files: tuple[str, ...]) -> int | None:
    limit, use, stat = files
    try:
        most = int(_read(limit))
        cached = dict(line.split() for line in _read(stat).splitlines())  # what of files is only kept for later
        return most - int(_read(use)) + int(cached.get("inactive_file", 0))
    except (OSError, ValueError):  # also `max`
        return None


def _read(path: str) -> str:
    return Path(path).read_text(encoding="ascii")
