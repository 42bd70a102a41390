"""Compiled code kept between runs, in the user's cache folder, by the content of what was compiled.

An entry begins with the digest of the code in it, so one that was damaged is found and made anew. It is put in place
whole, so that two processes can make the same one; what a killed one leaves goes with the oldest. Where nothing can be
kept it is compiled each time. The folder is the user's alone, as what is in it is executed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from model.language.files import read_bytes

MOST = 512  # entries, some hundred kilobytes each
LARGEST = 1 << 26  # bytes of one entry
DIGEST = 32


def kept(content: str, make: Callable[[], bytes]) -> bytes:
    """What `make` makes of `content`, made now or found as it was made before."""
    folder = folder_of_user()
    if folder is None:
        return make()
    path = folder / sha256(content.encode()).hexdigest()
    found = _read(path)
    if found is None:
        found = make()
        with suppress(OSError):
            _write(path, found)
    return found


def folder_of_user() -> Path | None:
    """Where entries are, by the XDG Base Directory Specification; None if the environment does not say."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):  # a relative one is to be ignored
        return Path(named) / "bam-lock-check"
    home = os.path.expanduser("~")
    return Path(home) / ".cache" / "bam-lock-check" if os.path.isabs(home) else None


def _read(path: Path) -> bytes | None:
    try:
        entry = read_bytes(path, LARGEST)
        code = entry[DIGEST:]
        if sha256(code).digest() != entry[:DIGEST]:
            return None
        os.utime(path)  # the oldest are removed first
    except OSError:
        return None
    return code


def _write(path: Path, code: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with open(descriptor, "wb") as stream:
            stream.write(sha256(code).digest() + code)
        os.replace(beside, path)
    except OSError:
        os.unlink(beside)
        raise
    entries = sorted(path.parent.iterdir(), key=lambda entry: entry.stat().st_mtime)
    for old in entries[:-MOST]:
        old.unlink(missing_ok=True)
