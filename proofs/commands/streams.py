"""Standard output and standard error whose reader may leave early, as that of `| head -1` does."""

from __future__ import annotations

import io
import sys
from typing import Any, TextIO

NAMES = {1: "standard output", 2: "standard error"}


class _Stream(io.FileIO):
    """A descriptor. Once its reader has left, or writing has failed, it takes what comes and drops it."""

    dropping = False

    def write(self, content: Any) -> int:
        """The number of bytes taken; raises OSError the first time that writing fails, unless the reader has left."""
        try:
            return len(content) if self.dropping else super().write(content)
        except BrokenPipeError:
            self.dropping = True
            return len(content)
        except OSError as error:
            self.dropping = True
            raise OSError(error.errno, error.strerror, NAMES[self.fileno()]) from None


def _patient(stream: io.TextIOWrapper, descriptor: int) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(descriptor, "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
    )


def install() -> None:
    """From now on a reader that leaves is no error, nor is a character that the encoding lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _patient(sys.stdout, 1)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _patient(sys.stderr, 2)
