"""A source tree: a folder, or a revision of a git repository, of which files are read as text, and nothing else.

A revision is read with `git cat-file`, so that neither the repository nor the files that are checked out are touched,
and nothing is left behind.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from model.language.files import read_bytes

LARGEST = 4 << 20  # bytes: forty times the largest file of these drivers


class SourceError(Exception):
    """A tree, a file or a construct in it that is not understood; the message is one line, with file:line if known."""


@dataclass(frozen=True)
class SourceTree:
    """The folder `root`: a kernel tree, or one that has the few files of these drivers in the same places.

    `revision`: the commit of the git repository there of which the files are meant; None for those in the folder.
    `prefix`: where in the repository the folder is. `title`: what it is called, if not by these.
    `changed`: what files hold instead, by path, None for one that is gone; `unknown`: by path why nobody knows it.
    `looked`: the files that were asked for so far, there or not.
    """

    root: Path
    revision: str | None = None
    prefix: str = ""
    title: str = ""
    changed: Mapping[str, bytes | None] = field(default_factory=dict, compare=False)
    unknown: Mapping[str, str] = field(default_factory=dict, compare=False)
    looked: set[str] = field(default_factory=set, compare=False)

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise SourceError(f"{self.root} is not a folder; give the root of a Linux source tree")

    @staticmethod
    def named(name: str | Path) -> SourceTree:
        """The tree that is meant by PATH or PATH@REVISION; raises SourceError for what is neither."""
        folder, revision = _parts(name)
        if revision is None:
            return SourceTree(Path(name))
        tree = SourceTree(folder)
        commit = tree._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if commit is None:
            raise SourceError(f"{folder} has no git revision {revision}; give one that `git rev-parse` knows there")
        prefix = tree._git("rev-parse", "--show-prefix") or b""
        return SourceTree(folder, commit.decode().strip(), prefix.decode().strip())

    def read(self, path: str | Path) -> str:
        """The text of a file inside the tree, its path relative to the root or absolute.

        Raises SourceError if it is not there, outside, no regular file, too large, or no text.
        """
        full = self.root / path
        if not full.resolve().is_relative_to(self.root.resolve()):
            raise SourceError(f"{full} leads out of {self.root}; a source tree has its files inside")
        try:
            return self._bytes(full).decode("utf-8")
        except OSError as error:
            raise SourceError(f"{full}: {error.strerror}; a Linux source tree has a C file there") from None
        except UnicodeDecodeError as error:
            raise SourceError(f"{full}: no UTF-8 text at byte {error.start}; C is expected") from None

    def _bytes(self, full: Path) -> bytes:
        inside = self._looked_at(full)
        if inside in self.changed:
            content = self.changed[inside]
            if content is None:
                raise OSError(errno.ENOENT, f"no such file in {self}")
            return content
        if self.revision is None:
            return read_bytes(full, LARGEST)
        size = self._git("cat-file", "-s", self._object(full))
        found = self._git("cat-file", "blob", self._object(full)) if int(size or 0) <= LARGEST else b""
        if size is None or found is None:
            raise OSError(0, f"no such file in revision {self.revision[:12]}")
        if int(size) > LARGEST:
            raise OSError(0, f"larger than {LARGEST} bytes")
        return found

    def has(self, path: str | Path) -> bool:
        """Whether there is such a file."""
        inside = self._looked_at(self.root / path)
        if inside in self.changed:
            return self.changed[inside] is not None
        if self.revision is None:
            return (self.root / path).is_file()
        return self._git("cat-file", "blob", self._object(self.root / path)) is not None

    def unwatched(self) -> SourceTree:
        """The same tree of which nothing was asked for yet."""
        return replace(self, looked=set())

    def same_for(self, other: SourceTree) -> bool:
        """Whether all that was asked for so far would be answered as it was by another tree of the same base."""
        return all(
            self.changed.get(path, b"") == other.changed.get(path, b"")
            and (path in self.changed) == (path in other.changed)
            and (path in self.unknown) == (path in other.unknown)
            for path in self.looked
        )

    def _looked_at(self, full: Path) -> str:
        """A file's path inside the tree; raises SourceError if nobody knows what is there."""
        inside = self._inside(full)
        self.looked.add(inside)
        if inside in self.unknown:
            raise SourceError(f"{inside}: {self.unknown[inside]}")
        return inside

    def label(self, path: str | Path) -> str:
        """A file's path relative to the root, as it is printed."""
        full, root = (Path(os.path.normpath(each.absolute())) for each in (Path(path), self.root))
        return str(full.relative_to(root)) if full.is_relative_to(root) else str(path)

    def __str__(self) -> str:
        if self.title:
            return self.title
        return str(self.root) if self.revision is None else f"{self.root}@{self.revision[:12]}"

    def _object(self, full: Path) -> str:
        """How git names a file of the revision."""
        return f"{self.revision}:{self.prefix}{self._inside(full)}"

    def _inside(self, full: Path) -> str:
        """A file's path relative to the root."""
        return os.path.relpath(os.path.normpath(full), os.path.normpath(self.root))

    def _git(self, *arguments: str) -> bytes | None:
        """What a command of git prints that only reads; None if it fails. Raises SourceError without git."""
        # a repository that the environment names, as in a hook, is not the one that is meant
        own = {name: value for name, value in os.environ.items() if name not in _REPOSITORY}
        command = ["git", "-C", str(self.root), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, env=own, check=False)
        except OSError as error:
            raise SourceError(f"a revision is read with git: {error.strerror}") from None
        return done.stdout if done.returncode == 0 else None


_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")


def _parts(name: str | Path) -> tuple[Path, str | None]:
    """The folder, and the revision if the name has one: a folder of that very name comes first."""
    folder, found, revision = str(name).rpartition("@")
    if not found or not folder or Path(name).exists() or not Path(folder).is_dir():
        return Path(name), None
    return Path(folder), revision


def is_tree(name: str | Path) -> bool:
    """Whether a name is that of a folder, or of a revision in one."""
    return _parts(name)[1] is not None or Path(name).is_dir()
