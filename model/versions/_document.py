"""Version files as text: finding them, reading them, checking them, and the lines that their keys are on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import cast

from model.language.files import read_bytes
from model.versions._schema import Content, VersionError, breaches, hint

SUFFIX = ".toml"
LARGEST_FILE = 1 << 20

_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEY})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=")
_TOML_MESSAGE = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)")


Keys = tuple[str | int, ...]
"""Where something is in a file: the keys, and the positions in arrays, that lead to it."""


@dataclass(frozen=True)
class Source:
    """A version file as bytes.

    `label`: what messages call it. `folder`: what a path in it is relative to; None for a shipped file, whose base is a
    shipped name. `identity`: the file's real path, equal for two sources exactly if they are one file.
    """

    label: str
    folder: Path | None
    identity: str
    raw: bytes


@dataclass(frozen=True)
class Document:
    """A version file that satisfies the schema: its content, and the line of every key in it."""

    source: Source
    content: Content
    lines: Mapping[Keys, int]

    def error(self, path: Keys, message: str) -> VersionError:
        """The error to raise for what the file says at a path of keys."""
        return _error_at(self.source, _line_of(self.lines, path), message)


def names() -> tuple[str, ...]:
    """The names of all shipped versions: mainline, then v1, v2, ... by their numbers, then drivers of others."""
    shipped = (entry.name.removesuffix(SUFFIX) for entry in files(__package__).iterdir() if entry.name.endswith(SUFFIX))
    return tuple(sorted(shipped, key=_natural_order))


def _natural_order(name: str) -> tuple[bool, bool, list[str | int]]:
    return (
        name != "mainline",
        not re.fullmatch(r"v\d+", name),
        [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)],
    )


def read(reference: str | Path, folder: Path | None) -> Source:
    """The file that a version's name or path stands for; a path is relative to `folder`, and needs one.

    Raises VersionError if there is no such version or the file cannot be read.
    """
    if folder is not None and is_path(reference):
        path = folder / reference
        label = str(path)
        if not label.isprintable():
            # it would be printed wherever the version is named
            raise VersionError(f"{label!a}: has characters that cannot be printed; rename the file or its folder")
        raw = _content(label, lambda: read_bytes(path, LARGEST_FILE))
        return Source(label, path.parent, os.path.realpath(path), raw)
    if reference not in names():
        valid = hint(reference, names())
        raise VersionError(f"unknown version {str(reference)!r}; {valid}, or the path of a file, as ./NAME{SUFFIX}")
    label = f"{__package__.replace('.', '/')}/{reference}{SUFFIX}"
    shipped = files(__package__) / f"{reference}{SUFFIX}"
    return Source(label, None, os.path.realpath(str(shipped)), _content(label, shipped.read_bytes))


def is_path(reference: str | Path) -> bool:
    """Whether a reference stands for a file, not for a shipped version."""
    text = str(reference)
    return isinstance(reference, Path) or "/" in text or os.sep in text or text.endswith(SUFFIX)


def _content(label: str, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except FileNotFoundError:
        raise VersionError(f"{label}: there is no such file") from None
    except IsADirectoryError:
        raise VersionError(f"{label}: is a folder; valid: the path of a {SUFFIX} file") from None
    except OSError as error:
        raise VersionError(f"{label}: cannot be read: {error.strerror}; valid: a {SUFFIX} file") from None


@lru_cache(maxsize=64)  # a chain of bases is read again with every version that stands on it
def parse(source: Source) -> Document:
    """The content of a version file, checked against the schema.

    Raises VersionError, naming the first wrong line, if the file is not UTF-8, not TOML, or breaks the schema.
    """
    text = _decoded(source)
    content, lines = _parsed(source, text), _key_lines(text)
    wrong = [(_line_of(lines, path), message) for path, message in breaches(content)]
    if wrong:
        raise _error_at(source, *min(wrong, key=lambda breach: breach[0]))
    return Document(source, cast(Content, content), lines)


def _error_at(source: Source, line: int, message: str) -> VersionError:
    return VersionError(f"{source.label}: line {line}: {message}")


def _decoded(source: Source) -> str:
    try:
        return source.raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.raw.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8 (byte 0x{source.raw[error.start]:02x}); valid: TOML, which is UTF-8 text"
        raise _error_at(source, line, message) from None


def _parsed(source: Source, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_MESSAGE.fullmatch(str(error))
        what, line = (match["what"], match["line"]) if match else (str(error), None)
        raise _error_at(source, int(line or len(text.splitlines())), f"not TOML: {what}") from None
    except (ValueError, RecursionError):
        # Python's own limits on the digits of an integer and on nesting, which tomllib lets through without a line.
        raise VersionError(f"{source.label}: a value in it is too long or nested too deep") from None


def _key_lines(text: str) -> dict[Keys, int]:
    """The first line that mentions each path of keys. tomllib keeps no positions; this needs none inside a value."""
    lines: dict[Keys, int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _HEADER.match(line):
            path = table = _parts(match[1])
        elif match := _ASSIGNMENT.match(line):
            path = table + _parts(match[1])
        else:
            continue
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], number)
    return lines


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))


def _line_of(lines: Mapping[Keys, int], path: Keys) -> int:
    """The line of the innermost key on a path that the text shows; what is missing altogether is missing at line 1."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 1)
