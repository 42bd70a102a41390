"""An exact set of packed states. Hashes only say where to look: equality is always decided on the states themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Hash = Callable[[np.ndarray], np.ndarray]
FREE = -1


def mix(packed: np.ndarray) -> np.ndarray:
    """A 64-bit hash of each packed state; `packed` has the shape (words, n)."""
    value = np.ones(packed.shape[1], dtype=np.uint64)
    for word in packed:
        value = (value ^ word) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    return value


class StateSet:
    """Distinct packed states, numbered in the order of their insertion.

    `states` is an array of shape (words, n), dtype uint64. A table with open addressing, at most half full, holds the
    numbers of the states. `hash_function` is exchangeable for the collision test.
    """

    def __init__(self, words: int, hash_function: Hash = mix) -> None:
        self._hash = hash_function
        self._store = np.empty((words, 1024), dtype=np.uint64)
        self._table = np.full(4096, FREE, dtype=np.int64)
        self.count = 0

    @property
    def states(self) -> np.ndarray:
        """All states so far."""
        return self._store[:, : self.count]

    def insert(self, packed: np.ndarray) -> np.ndarray:
        """Add states, duplicates allowed; the number of each, in the order given, shape (n,)."""
        self._make_room(packed.shape[1])
        given = self.count + np.arange(packed.shape[1])  # until it is known which of them are new
        self._store[:, given] = packed
        numbers, home = self._settle(given, self._slots(packed))
        fresh = numbers == given
        final = self.count + np.cumsum(fresh) - 1
        self._table[home[fresh]] = final[fresh]
        self._store[:, final[fresh]] = packed[:, fresh]
        later = numbers >= self.count
        numbers[later] = final[numbers[later] - self.count]
        self.count += int(fresh.sum())
        return numbers

    def _settle(self, given: np.ndarray, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each stored state the number of the first that equals it, and the slot of the table where that is."""
        numbers, home = given.copy(), slots.copy()
        waiting, slot = np.arange(len(given)), slots
        while len(waiting):
            free = self._table[slot] == FREE
            # of several states that want a slot the first gets it: the last to be written
            self._table[slot[free][::-1]] = given[waiting[free]][::-1]
            found = self._table[slot]
            same = self._equal(found, given[waiting])
            numbers[waiting[same]], home[waiting[same]] = found[same], slot[same]
            waiting, slot = waiting[~same], (slot[~same] + 1) & (len(self._table) - 1)
        return numbers, home

    def _equal(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        same: np.ndarray = one == other
        rest = np.flatnonzero(~same)
        for word in self._store:
            rest = rest[word[one[rest]] == word[other[rest]]]
        same[rest] = True
        return same

    def _slots(self, packed: np.ndarray) -> np.ndarray:
        hashes = self._hash(packed)
        slots: np.ndarray = (hashes ^ (hashes >> np.uint64(32))) & np.uint64(len(self._table) - 1)
        return slots.astype(np.int64)

    def _make_room(self, more: int) -> None:
        count = self.count + more
        if count > self._store.shape[1]:
            grown = np.empty((self._store.shape[0], 2 * count), dtype=np.uint64)
            grown[:, : self.count] = self.states
            self._store = grown
        if 2 * count > len(self._table):
            self._table = np.full(1 << (4 * count).bit_length(), FREE, dtype=np.int64)
            self._settle(np.arange(self.count), self._slots(self.states))
