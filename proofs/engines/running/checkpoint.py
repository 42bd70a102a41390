"""Explorations that go on where the program was stopped: what was found, in a folder, by the content of the system.

Data is only appended, and counts once `state.json`, which is replaced in one step, says how much of it and with which
digest. What is of another system or damaged is refused, never used.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from counterexamples.documents import DocumentError, write_file
from model.language.files import read_bytes

EVERY = 600.0  # seconds after which what was found is kept, also if nobody stops the program
LARGE = 1 << 17  # states of an exploration that is kept once it has ended; a smaller one is made again
BLOCK = 1 << 24  # bytes read or written at once
LARGEST = 1 << 30  # bytes of `state.json`, which has all hits
STATE = "state.json"
_folder: Path | None = None
_failure: str | None = None
_asked: dict[str, int] = {}
_stopping, _kept, _idle = threading.Event(), threading.Event(), threading.Event()
_idle.set()


@contextmanager
def kept_in(folder: Path | None) -> Iterator[None]:
    """Explorations inside are kept below a folder, if it is one; they have to be the same, in order, in each run."""
    global _folder, _failure
    before, _folder, _failure = _folder, folder, None
    _asked.clear()
    try:
        yield
    finally:
        _folder = before


def remove(folder: Path) -> None:
    """Remove what `kept_in` has put into a folder; nobody will go on from there."""
    shutil.rmtree(folder, ignore_errors=True)


def stop() -> str | None:
    """Wait until what is being explored in another thread is kept, which then does nothing more; why it was not."""
    _stopping.set()
    while not (_kept.wait(0.05) or _idle.is_set()):
        pass
    return _failure


def is_wanted() -> bool:
    """Whether explorations are kept."""
    return _folder is not None


def store(name: str, key: str) -> Store | None:
    """Where the next exploration with this name is kept, None if none is. `key`: the digest of all that decides it."""
    if _folder is None:
        return None
    _asked[name] = _asked.get(name, 0) + 1
    return Store(_folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}-{_asked[name]}", key)


class Store:
    """One exploration's place. Methods raise OSError, which names the path, and DocumentError for what is not its."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key
        self._sums: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._next = time.monotonic() + EVERY

    def load(self) -> Mapping[str, Any] | None:
        """What `save` was given last, None if it never was; what `read` gives has to be read next, all of it."""
        path = self._folder / STATE
        try:
            text = read_bytes(path, LARGEST)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
            return None
        digest, _, content = text.partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise self._damaged(path)
        found: dict[str, Any] = json.loads(content)
        if found["key"] != self._key:
            raise DocumentError(f"{self._folder.parent} is of another system or program; give an empty folder")
        self._sizes = found["sizes"]
        self._digests: dict[str, str] = found["digests"]
        fields: Mapping[str, Any] = found["fields"]
        return fields

    def read(self, name: str, dtype: str, columns: int = 1) -> Iterator[np.ndarray]:
        """What was saved under a name, in blocks of shape (n, columns)."""
        path, left, total = self._folder / name, self._sizes.get(name, 0), hashlib.sha256()
        width = np.dtype(dtype).itemsize * columns
        try:
            with open(path, "rb") as stream:
                while left:
                    block = stream.read(min(left, BLOCK // width * width))
                    if not block or len(block) % width:
                        raise self._damaged(path)
                    left -= len(block)
                    total.update(block)
                    yield np.frombuffer(block, dtype=dtype).reshape(-1, columns)
        except FileNotFoundError:
            if left:
                raise self._damaged(path) from None
        if name in self._sizes and total.hexdigest() != self._digests[name]:
            raise self._damaged(path)
        self._sums[name] = total

    def save(self, fields: Mapping[str, Any], data: Mapping[str, Iterable[np.ndarray]]) -> None:
        """Keep `fields`, plain data, and what of `data` was not given before; what was kept stays if that fails."""
        global _failure
        try:
            for name, arrays in data.items():
                self._append(name, arrays)
            digests = {name: total.hexdigest() for name, total in self._sums.items()}
            found = {"key": self._key, "sizes": self._sizes, "digests": digests, "fields": fields}
            content = json.dumps(found)
            write_file(self._folder / STATE, f"{hashlib.sha256(content.encode()).hexdigest()}\n{content}")
        except OSError as error:
            where = error.filename or str(self._folder)
            _failure = f"{where}: {error.strerror}"
            self.rest_if_stopping()
            raise OSError(error.errno, error.strerror, where) from None
        self._next = time.monotonic() + EVERY

    def _append(self, name: str, arrays: Iterable[np.ndarray]) -> None:
        total = self._sums.setdefault(name, hashlib.sha256())
        with open(os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as stream:
            stream.truncate(self._sizes.get(name, 0))  # what was appended after the last state counts for nothing
            stream.seek(0, os.SEEK_END)
            for array in arrays:
                block = np.ascontiguousarray(array).data.cast("B")
                stream.write(block)
                total.update(block)
            self._sizes[name] = stream.tell()
            stream.flush()
            os.fsync(stream.fileno())

    def due(self) -> bool:
        """Whether it is time to save."""
        return _stopping.is_set() or time.monotonic() > self._next

    def rest_if_stopping(self) -> None:
        """If the program is about to end, say that nothing more will be kept, and never return."""
        while _stopping.is_set():
            _kept.set()
            time.sleep(1)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Inside, `stop` waits."""
        _idle.clear()
        try:
            yield
        finally:
            _idle.set()

    def _damaged(self, path: Path) -> DocumentError:
        return DocumentError(f"{path} is damaged; remove {self._folder} to explore that anew")
