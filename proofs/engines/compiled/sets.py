"""Sets of tuples of small numbers, known by numbers, so that many pairs of sets are one array operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

try:
    from dd.cudd import BDD
except ImportError:  # dd has it in C on some machines only; this is the same, slower
    from dd.autoref import BDD

Node = Any  # dd ships no type information
NONE = 0


class Sets:
    """Sets of tuples whose d-th number is below `sizes[d]`, as binary decision diagrams. Each is known by a number, the
    empty one by `NONE`; arrays of sets are arrays of such numbers, dtype int64.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = tuple(sizes)
        self._bdd = BDD()
        self._bdd.configure(reordering=False)
        self._bits = [[f"{digit}:{bit}" for bit in range((size - 1).bit_length())] for digit, size in enumerate(sizes)]
        self._places = {name: (digit, bit) for digit, names in enumerate(self._bits) for bit, name in enumerate(names)}
        self._bdd.declare(*self._places)
        self._nodes: list[Node] = []
        self._numbers: dict[Node, int] = {}
        self._known: dict[tuple[str, int, int], int] = {}
        self._number(self._bdd.false)

    def of(self, tuples: np.ndarray) -> int:
        """The set of some tuples, given as columns: shape (digits, n)."""
        different = np.unique(np.ravel_multi_index(tuple(tuples), self._sizes))
        return self._number(self._of(np.array(np.unravel_index(different, self._sizes))))

    def having(self, values: Mapping[int, Iterable[int]]) -> int:
        """All tuples in which some digits have one of some values each."""
        node = self._bdd.true
        for digit, among in values.items():
            node &= self._among(digit, among)
        return self._number(node)

    def union(self, sets: Iterable[int]) -> int:
        """What is in any of some sets."""
        node = self._bdd.false
        for number in set(sets):
            node |= self._nodes[number]
        return self._number(node)

    def common(self, sets: Iterable[int]) -> int:
        """What is in all of some sets."""
        node = self._bdd.true
        for number in set(sets):
            node &= self._nodes[number]
        return self._number(node)

    def both(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """For each pair what is in both."""
        return self._each("both", one, other)

    def either(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """For each pair what is in one of them."""
        return self._each("either", one, other)

    def without(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """For each pair what is in the first only."""
        return self._each("without", one, other)

    def holds(self, number: int, tuples: np.ndarray) -> np.ndarray:
        """Which of some tuples, given as columns, are in a set."""
        found = np.zeros(tuples.shape[1], dtype=bool)
        left = [(self._nodes[number], np.arange(tuples.shape[1]))]
        while left:
            node, among = left.pop()
            if node == self._bdd.true:
                found[among] = True
            elif node != self._bdd.false and len(among):
                digit, bit = self._places[node.var]
                on = (tuples[digit, among] >> bit & 1).astype(bool)
                left.append((self._bdd.let({node.var: True}, node), among[on]))
                left.append((self._bdd.let({node.var: False}, node), among[~on]))
        return found

    def _number(self, node: Node) -> int:
        number = self._numbers.setdefault(node, len(self._nodes))
        if number == len(self._nodes):
            self._nodes.append(node)
        return number

    def _each(self, name: str, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        different, inverse = np.unique(one << 32 | other, return_inverse=True)
        found = [self._paired(name, pair >> 32, pair & 0xFFFFFFFF) for pair in different.tolist()]
        results: np.ndarray = np.array(found, dtype=np.int64)[inverse.reshape(-1)]
        return results

    def _paired(self, name: str, one: int, other: int) -> int:
        key = (name, one, other)
        if key not in self._known:
            self._known[key] = self._number(_COMPUTED[name](self._nodes[one], self._nodes[other]))
        return self._known[key]

    def _of(self, tuples: np.ndarray) -> Node:
        """By the values of each digit if these are all their combinations, else parted by the digit that has its values
        least equally often."""
        count = tuples.shape[1]
        if not count:
            return self._bdd.false
        often = [np.bincount(column) for column in tuples]
        values = [np.flatnonzero(one) for one in often]
        if prod(map(len, values)) == count:
            return self._nodes[self.having({digit: one.tolist() for digit, one in enumerate(values)})]
        spread = [int(np.ptp(one[mine])) if len(mine) > 1 else -1 for one, mine in zip(often, values, strict=True)]
        digit = int(np.argmax(spread))
        node = self._bdd.false
        for value in values[digit]:
            node |= self._of(tuples[:, tuples[digit] == value])
        return node

    def _among(self, digit: int, values: Iterable[int]) -> Node:
        node = self._bdd.false
        for value in values:
            node |= self._bdd.cube({name: bool(value >> bit & 1) for bit, name in enumerate(self._bits[digit])})
        return node


_COMPUTED: Mapping[str, Callable[[Node, Node], Node]] = {
    "both": lambda one, other: one & other,
    "either": lambda one, other: one | other,
    "without": lambda one, other: one & ~other,
}
