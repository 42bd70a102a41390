"""What one run at a time writes: two runs in one file or folder would mix, or remove, what the other has found."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from counterexamples.documents import DocumentError, quoted

HELD = "lock"  # the file in a folder that one run holds


def demand_alone(file: IO[bytes], path: Path, what: str) -> None:
    """Hold an open file as long as it is open, here or in a process that was forked meanwhile.

    Raises DocumentError if another run holds it, or if nobody can: `what` it is for, and what to give instead.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DocumentError(f"{quoted(str(path))}: another run writes {what}") from None
    except OSError as error:
        raise DocumentError(f"{quoted(str(path))} cannot be locked ({error.strerror}) for {what}") from None


@contextmanager
def alone_in(folder: Path, what: str) -> Iterator[None]:
    """Inside, no other run gets into the same folder, which has to be there; raises as `demand_alone`, and OSError."""
    path = folder / HELD
    while True:
        with path.open("ab") as file:
            demand_alone(file, folder, what)
            try:
                if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    continue
            except FileNotFoundError:  # whoever held it has removed it since it was opened
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return
