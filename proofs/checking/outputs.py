"""Where a command may write: judged before any work, so that no verdict is lost for want of a place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from counterexamples.documents import is_special, is_stdout
from proofs.checking.interrupt import clean_on_interrupt


class OutputError(Exception):
    """A place for output that cannot be used, or could not be; the message says why and what would be right."""


def demand_files(named: Mapping[str, Path | None], inputs: Iterable[str] = ()) -> None:
    """Raise OutputError if the file that an option names cannot be written, is an input, or is named by two options."""
    taken: dict[str, str] = {}
    sources = {identity for identity in map(_identity, inputs) if identity is not None}
    for option, path in named.items():
        if path is None:
            continue
        if path.is_dir():
            raise OutputError(f"{option} {path} is a folder; give a file")
        if _identity(path) in sources:
            raise OutputError(f"{option} {path} is read by this command; give another file")
        place = "-" if is_stdout(path) else os.path.realpath(path)
        if other := taken.get(place):
            raise OutputError(f"{other} and {option} are both {path}; give two files")
        taken[place] = option
        _demand_writable(option, path)


def _identity(path: str | Path) -> tuple[int, int] | None:
    """What two names of one file have in common; None if there is no file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _demand_writable(option: str, path: Path) -> None:
    if is_stdout(path):
        return
    if is_special(path):
        if not os.access(path, os.W_OK):
            raise OutputError(f"{option} {path} cannot be written; give a file that can")
        return
    folder = Path(os.path.realpath(path)).parent
    demand_folder(folder)
    clean_on_interrupt(folder, "")


def demand_folder(folder: Path) -> None:
    """Make a folder if need be; raise OutputError if it cannot be made, or not be written."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is not a folder; give a folder that can be written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror}); give a folder that can") from None


def folder_name(version: str) -> str:
    """The folder below an output folder for what is written about a version: never one that leads elsewhere."""
    stem = Path(version).name.removesuffix(".toml")
    return stem if stem.strip(".") else "version"


def stem_of(property_id: str, scenario: str) -> str:
    """The names, without suffix, of what is written about a property in a scenario."""
    return property_id if scenario == "default" else f"{property_id}.{scenario}"


def demand_own_folders(names: Iterable[str]) -> None:
    """Raise OutputError if the traces of two versions would be written into the same folder."""
    folders: dict[str, str] = {}
    for name in names:
        other = folders.setdefault(folder_name(name), name)
        if other != name:
            raise OutputError(f"{other} and {name} would both write into {folder_name(name)}/; rename one")
