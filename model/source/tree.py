"""A source tree: a folder of which files are read as text, and nothing else; and how one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.language.files import read_bytes

LARGEST = 4 << 20  # bytes: forty times the largest file of these drivers


class SourceError(Exception):
    """A tree, a file or a construct in it that is not understood; the message is one line, with file:line if known."""


@dataclass(frozen=True)
class SourceTree:
    """The folder `root`: a kernel tree, or one that has the few files of these drivers in the same places."""

    root: Path

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise SourceError(f"{self.root} is not a folder; give the root of a Linux source tree")

    def read(self, path: str | Path) -> str:
        """The text of a file inside the tree, its path relative to the root or absolute.

        Raises SourceError if it is not there, outside, no regular file, too large, or no text.
        """
        full = self.root / path
        if not full.resolve().is_relative_to(self.root.resolve()):
            raise SourceError(f"{full} leads out of {self.root}; a source tree has its files inside")
        try:
            return read_bytes(full, LARGEST).decode("utf-8")
        except OSError as error:
            raise SourceError(f"{full}: {error.strerror}; a Linux source tree has a C file there") from None
        except UnicodeDecodeError as error:
            raise SourceError(f"{full}: no UTF-8 text at byte {error.start}; C is expected") from None

    def has(self, path: str | Path) -> bool:
        """Whether there is such a file."""
        return (self.root / path).is_file()

    def label(self, path: str | Path) -> str:
        """A file's path relative to the root, as it is printed."""
        full, root = Path(path).absolute(), self.root.absolute()
        return str(full.relative_to(root)) if full.is_relative_to(root) else str(path)
