"""Functions that end the process in which they work, for workers of any kind."""

from __future__ import annotations

import os
import signal
from pathlib import Path


class Kills:
    """A function that kills its process at one item: always, or only until `mark` exists; else it doubles."""

    def __init__(self, item: int, mark: Path | None = None) -> None:
        self.item, self.mark = item, mark
        self.__module__, self.__qualname__ = __name__, "Kills"

    def __call__(self, item: int) -> int:
        """Twice the item, if the process lives."""
        if item == self.item and not (self.mark and self.mark.exists()):
            if self.mark:
                self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 2 * item


def double(item: int) -> int:
    """Twice the item."""
    return 2 * item


def exhausted(item: int) -> int:
    """Twice the item, but not of 3."""
    if item == 3:
        raise MemoryError
    return 2 * item


def wrong(item: int) -> int:
    """Twice the item, but not of 3."""
    if item == 3:
        raise KeyError(item)
    return 2 * item
