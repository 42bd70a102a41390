"""The exact set of packed states in compiled code: `StateSet`, with rows for columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from proofs.engines.compiled.machine import Library, library
from proofs.engines.running import memory

Hash = Callable[[np.ndarray], np.ndarray]
NUMBERS = 1 << 32  # an entry of the table has half a word for the number
LARGE = 1 << 18  # rows, or entries of the table: below, memory is no matter


class Sought(NamedTuple):
    """Rows, the number of each that is known, else -1; and of those that are not the places and the hashes."""

    rows: np.ndarray
    numbers: np.ndarray
    missing: np.ndarray
    hashes: np.ndarray


class CompiledSet:
    """Distinct packed states, numbered in the order of their insertion.

    Rows are arrays of shape (n, words), dtype uint64, contiguous. The code of the search is in `states.ll`.
    `hash_function`, of rows, is exchangeable for the collision test.
    """

    def __init__(self, words: int, hash_function: Hash | None = None) -> None:
        code = _code(words)
        self._mix, self._find = code.function("mix", "pqp"), code.function("find", "pqpqppqpp")
        self._insert = code.function("insert", "pqpqpppqp")
        self._enter = code.function("enter", "pqpqq")
        self._hash = hash_function or self._mixed
        self.rows = np.empty((1024, words), dtype=np.uint64)
        self._table = np.zeros(4096, dtype=np.uint64)
        self.count = 0

    @property
    def states(self) -> np.ndarray:
        """All states so far as columns, shape (words, n)."""
        return self.rows[: self.count].T

    def find(self, rows: np.ndarray) -> Sought:
        """Look for rows among the states so far. Other threads may find, and one may add, at the same time: what it
        adds meanwhile may be missing."""
        known = self.count  # read first: the rows and the table that are read after it have all of these
        store, table = self.rows, self._table
        numbers, missing = (np.empty(len(rows), dtype=np.int64) for _ in range(2))
        if not len(rows):
            return Sought(rows, numbers, missing, np.empty(0, dtype=np.uint64))
        hashes = self._hash(rows)
        count = self._find(
            *(store.ctypes.data, known, table.ctypes.data, len(table) - 1),
            *(rows.ctypes.data, hashes.ctypes.data, len(rows), numbers.ctypes.data, missing.ctypes.data),
        )
        missing = missing[:count].copy()
        return Sought(rows, numbers, missing, hashes[missing])

    def add(self, sought: Sought) -> np.ndarray:
        """Add what was missing; the number of each of the rows, in the order given, shape (n,).

        Raises MemoryError, also beyond 2^32 states; then nothing was added.
        """
        rows, numbers, missing, hashes = sought
        if len(missing):
            self._make_room(len(missing))
            self.count = self._insert(
                *(self.rows.ctypes.data, self.count, self._table.ctypes.data, len(self._table) - 1, rows.ctypes.data),
                *(missing.ctypes.data, hashes.ctypes.data, len(missing), numbers.ctypes.data),
            )
        return numbers

    def insert(self, rows: np.ndarray) -> np.ndarray:
        """What `find` and `add` do, in one pass: faster where no other thread can find meanwhile."""
        if not len(rows):
            return np.empty(0, dtype=np.int64)
        return self.add(Sought(rows, np.empty(len(rows), dtype=np.int64), np.arange(len(rows)), self._hash(rows)))

    def _mixed(self, rows: np.ndarray) -> np.ndarray:
        hashes = np.empty(len(rows), dtype=np.uint64)
        self._mix(rows.ctypes.data, len(rows), hashes.ctypes.data)
        return hashes

    def _make_room(self, more: int) -> None:
        count = self.count + more
        if count >= NUMBERS:
            raise MemoryError(f"more than {NUMBERS - 1} states")
        if count > len(self.rows):
            words = self.rows.shape[1]
            grown = np.empty((2 * count, words), dtype=np.uint64) if count < LARGE else memory.rows(count, words)
            grown[: self.count] = self.rows[: self.count]
            self.rows = grown
        if 2 * count > len(self._table):
            self._rebuild(1 << (2 * count).bit_length())

    def _rebuild(self, size: int) -> None:
        """Enter all into a new table, which has to be a power of two."""
        if size > LARGE:
            memory.demand(8 * size)
        self._table = np.zeros(size, dtype=np.uint64)
        place, last = self._table.ctypes.data, size - 1
        for low in range(0, self.count, LARGE):
            hashes = self._hash(self.rows[low : min(low + LARGE, self.count)])
            self._enter(place, last, hashes.ctypes.data, low, len(hashes))


@cache
def _code(words: int) -> Library:
    text = resources.files(__package__).joinpath("states.ll").read_text(encoding="utf-8")
    return library(text.replace("WORDS", str(words)).replace("BYTES", str(8 * words)), effort=2)
