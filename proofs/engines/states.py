"""An exact set of packed states. Hashes only order it: equality is always decided on the states themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Hash = Callable[[np.ndarray, int], np.ndarray]


def mix(packed: np.ndarray, salt: int) -> np.ndarray:
    """A 64-bit hash of each packed state; `packed` has the shape (words, n)."""
    odd = np.uint64(0x9E3779B97F4A7C15 + 2 * salt)
    value = np.full(packed.shape[1], salt + 1, dtype=np.uint64)
    for word in packed:
        value = (value ^ word) * odd
        value ^= value >> np.uint64(29)
    return value


class _CollisionError(Exception):
    pass


class StateSet:
    """Distinct packed states, numbered in the order of their insertion.

    `states` is an array of shape (words, n), dtype uint64. `hash_function` is exchangeable for the collision test.
    """

    def __init__(self, words: int, hash_function: Hash = mix) -> None:
        self._hash = hash_function
        self._salt = 0
        self._store = np.empty((words, 1024), dtype=np.uint64)
        self._hashes = np.empty(0, dtype=np.uint64)
        self._order = np.empty(0, dtype=np.int64)
        self.count = 0

    @property
    def states(self) -> np.ndarray:
        """All states so far."""
        return self._store[:, : self.count]

    def insert(self, packed: np.ndarray) -> np.ndarray:
        """Add states, duplicates allowed; the number of each, in the order given, shape (n,)."""
        while True:
            try:
                return self._insert(packed)
            except _CollisionError:
                self._rehash()

    def _rehash(self) -> None:
        # two different states with one hash: another salt separates them, so the set stays exact
        self._salt += 1
        hashes = self._hash(self.states, self._salt)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    def _insert(self, packed: np.ndarray) -> np.ndarray:
        hashes = self._hash(packed, self._salt)
        order = np.argsort(hashes, kind="stable")
        sorted_hashes = hashes[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = sorted_hashes[1:] != sorted_hashes[:-1]
        group = np.cumsum(first) - 1
        leaders = order[np.flatnonzero(first)]
        same = packed[:, order] == packed[:, leaders][:, group]
        if not same.all():
            raise _CollisionError
        numbers, fresh = self._look_up(packed[:, leaders], sorted_hashes[first])
        chosen = np.sort(leaders[fresh])  # number new states in the order given
        fresh_numbers = np.searchsorted(chosen, leaders[fresh]) + self.count
        numbers[fresh] = fresh_numbers
        self._append(packed[:, chosen], sorted_hashes[first][fresh], fresh_numbers)
        result = np.empty(len(order), dtype=np.int64)
        result[order] = numbers[group]
        return result

    def _look_up(self, leaders: np.ndarray, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        numbers = np.zeros(len(hashes), dtype=np.int64)
        if not self.count:
            return numbers, np.ones(len(hashes), dtype=bool)
        place = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        known = self._hashes[place] == hashes
        numbers[known] = self._order[place[known]]
        if not (self._store[:, numbers[known]] == leaders[:, known]).all():
            raise _CollisionError
        return numbers, ~known

    def _append(self, packed: np.ndarray, hashes: np.ndarray, numbers: np.ndarray) -> None:
        count = self.count + packed.shape[1]
        if count > self._store.shape[1]:
            grown = np.empty((self._store.shape[0], 2 * count), dtype=np.uint64)
            grown[:, : self.count] = self.states
            self._store = grown
        self._store[:, self.count : count] = packed
        self.count = count
        place = np.searchsorted(self._hashes, hashes)
        self._hashes = np.insert(self._hashes, place, hashes)
        self._order = np.insert(self._order, place, numbers)
