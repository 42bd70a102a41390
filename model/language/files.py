"""Reading files that somebody else names: only regular ones, and none that is larger than what could be right; and
folders for the time being."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRATCH: list[Path] = []
"""The folders for the time being: whoever ends the program at once removes them before."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for the time being, removed also if the program is interrupted."""
    with tempfile.TemporaryDirectory() as made:
        SCRATCH.append(Path(made))
        yield Path(made)


def read_bytes(path: Path, largest: int) -> bytes:
    """The content of a regular file of at most `largest` bytes.

    Raises OSError for anything else, with a `strerror` that says why, and ValueError if this is no path at all.
    """
    # without waiting: opening a FIFO would last until somebody writes into it
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as stream:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        content = stream.read(largest + 1) or b""  # None, where there is nothing yet
    if len(content) > largest:
        size = f"{largest >> 20} MiB" if largest >> 20 else f"{largest >> 10} KiB"
        raise OSError(errno.EFBIG, f"larger than {size}", str(path))
    return content
