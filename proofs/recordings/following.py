"""Sets of states that a system may be in, followed from one step that is seen to the next."""

from __future__ import annotations

import numpy as np

from proofs.engines.space import Edges


class Graph:
    """Some transitions by their source, of which only those that have some are kept, and where they lead to.

    `label`: of each of them what tells it from others, a number.
    """

    def __init__(self, states: int, edges: Edges, label: np.ndarray | None = None) -> None:
        order = np.argsort(edges.source, kind="stable")
        self._met = np.zeros(states, dtype=bool)
        sources, first = np.unique(edges.source[order], return_index=True)
        self._sources = np.append(sources, -1).astype(np.int32)  # behind the last one what no state has
        self._first = np.append(first, len(order))
        self._destination = edges.destination[order].astype(np.int32)
        self._label = None if label is None else label[order]

    def _taken(self, chosen: np.ndarray) -> np.ndarray:
        place = np.searchsorted(self._sources[:-1], chosen)
        place = place[self._sources[place] == chosen]
        start, count = self._first[place], self._first[place + 1] - self._first[place]
        offsets = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        found: np.ndarray = np.repeat(start, count) + offsets
        return found

    def after(self, chosen: np.ndarray) -> np.ndarray:
        """Where one transition leads to from some states, a state as often as transitions lead to it."""
        found: np.ndarray = self._destination[self._taken(chosen)]
        return found

    def by_label(self, chosen: np.ndarray) -> dict[int, np.ndarray]:
        """The same, by label, each state once; nothing for a graph without labels."""
        taken = self._taken(chosen)
        if self._label is None:
            return {}
        labels, after = self._label[taken], self._destination[taken]
        return {int(one): np.unique(after[labels == one]) for one in np.unique(labels)}

    def labels(self, chosen: np.ndarray) -> frozenset[int]:
        """The labels alone."""
        return frozenset() if self._label is None else frozenset(np.unique(self._label[self._taken(chosen)]).tolist())

    def closure(self, chosen: np.ndarray) -> np.ndarray:
        """Where any number of transitions leads to from some states, each given once; ascending."""
        fresh, levels = chosen, [chosen]
        while len(fresh):
            self._met[fresh] = True
            found = self.after(fresh)
            fresh = np.unique(found[~self._met[found]])
            levels.append(fresh)
        result = np.sort(np.concatenate(levels))
        self._met[result] = False  # clean for the next: there are far more states than a set has
        return result


class Sets:
    """Sets of states, each with a number: equal ones have the same."""

    def __init__(self) -> None:
        self._sets: list[np.ndarray] = []
        self._numbers: dict[bytes, int] = {}

    def __getitem__(self, number: int) -> np.ndarray:
        return self._sets[number]

    def number(self, states: np.ndarray) -> int:
        """The number of a set, given as ascending numbers of states, int32."""
        key = states.tobytes()
        if key not in self._numbers:
            self._numbers[key] = len(self._sets)
            self._sets.append(np.frombuffer(key, dtype=np.int32))
        return self._numbers[key]
