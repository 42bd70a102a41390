"""A breadth-first search: level by level what is looked for, and then the states after it.

Running out of memory ends it; what it has found until then holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model.language.concrete import Layout
from proofs.engines.running import memory
from proofs.engines.running.checkpoint import LARGE, Store
from proofs.engines.running.figures import Teller
from proofs.engines.space import CHUNK, Edges, Hit, Space
from proofs.engines.vector import Batch, Sweep

MOST_KEPT = 1 << 22  # transitions that are kept although they could be computed again, which takes longer
FIELDS = ("levels", "following", "transitions", "complete", "cut", "chunks")  # of a search, as they are
MEMORY = "memory: "  # how the reason begins where there is no answer for want of it
OFTEN = 8  # chunks between two looks at the memory that is left


class OutOfMemoryError(MemoryError):
    """An exploration ended for want of memory. `space`: what it found, not complete; the message: how far it came."""

    def __init__(self, space: Space) -> None:
        looked = f"all {space.level[-1]} states within {space.depth} steps looked at, {space.states.shape[1]} found"
        super().__init__(f"{MEMORY}{looked if space.level[-1] else 'not enough to begin'}")
        self.space = space


@dataclass
class Found:
    """What was found so far: for each target by cost the hits, and the capacities that are exceeded, in order."""

    slack: int
    hits: dict[str, dict[int, list[tuple[int, int | None]]]]
    exceeded: dict[str, None]

    def look(self, sweep: Sweep, level: range, depth: int, keys: Sequence[str]) -> Iterator[None]:
        """Take in what is seen in a level, chunk by chunk; hits that are farther than wanted are dropped."""
        names = [name for name, item in self.hits.items() if not item or min(item) + self.slack >= depth]
        last: dict[str, dict[int, list[tuple[int, int | None]]]] = {name: {} for name in names}
        for seen in sweep.look(level, names, [key for key in keys if key not in self.exceeded]):
            for name, action, where in seen.hits:
                if len(where):
                    cost = depth + (0 if action is None else 1)
                    last[name].setdefault(cost, []).extend((state, action) for state in where.tolist())
            self.exceeded |= dict.fromkeys(seen.exceeded)
            yield
        for name, costs in last.items():
            for cost in sorted(costs):
                if cost <= min(self.hits[name] or costs) + self.slack:
                    self.hits[name].setdefault(cost, []).extend(costs[cost])

    def settled(self, names: Iterable[str], depth: int) -> bool:
        """Whether nothing that is asked of these targets can still be found farther than `depth`."""
        return all(self.hits[name] and (not self.slack or min(self.hits[name]) + self.slack <= depth) for name in names)

    def farther(self) -> dict[str, tuple[Hit, ...]]:
        """All hits by depth, the nearest first."""
        return {
            name: tuple(Hit(cost, tuple(item[cost])) for cost in sorted(item))
            for name, item in self.hits.items()
            if item
        }


@dataclass
class Search:
    """A search under way. `keys`: the capacities that are noted. `edges`: whether all transitions are kept, however
    many. `most`: no state is expanded any more once there are more than so many, which `cut` then tells.

    `levels` as in a `Space`; the states from `following` on are not expanded; `complete`: nothing is left to explore.
    `store`: where it is kept, so that it can go on in another run.
    """

    sweep: Sweep
    found: Found
    keys: Sequence[str]
    edges: bool = True
    most: int | None = None
    cut: bool = False
    levels: list[int] = field(default_factory=lambda: [0])
    following: int = 0
    transitions: int = 0
    batches: list[Batch] | None = field(default_factory=list)
    complete: bool = False
    chunks: int = 0
    store: Store | None = None
    stored: tuple[int, int] = (0, 0)
    teller: Teller = field(default_factory=Teller)

    def run(self, targets: Iterable[str], stop_early: bool) -> None:
        """Go on until all is explored, with `stop_early` until every target is hit.

        Raises MemoryError, and with a store what that raises.
        """
        memory.demand()
        try:
            if self.store is None:
                self._run(list(targets), stop_early)
            else:
                with self.store.under_way():
                    self._run_kept(self.store, list(targets), stop_early)
        finally:
            self.teller.end()

    def _run_kept(self, store: Store, names: Sequence[str], stop_early: bool) -> None:
        if (fields := store.load()) is not None and self._restored(store, fields):
            return
        try:
            self._run(names, stop_early)
        except MemoryError:
            self._save(store, ended=False)  # there may be more another time
            raise
        if self.sweep.count >= LARGE:
            self._save(store, ended=True)
            store.rest_if_stopping()

    def _run(self, names: Sequence[str], stop_early: bool) -> None:
        while True:
            while self.following < self.levels[-1]:
                self._expand(min(self.following + CHUNK, self.levels[-1]))
                self._tick()
            if self.levels[-1] == self.sweep.count:
                self.complete = True
                return
            level, depth = range(self.levels[-1], self.sweep.count), len(self.levels) - 1
            for _ in self.found.look(self.sweep, level, depth, self.keys):
                self._tick()
            self.levels.append(level.stop)
            if stop_early and self.found.settled(names, depth):
                return

    def _expand(self, high: int) -> None:
        self.cut = self.cut or (self.most is not None and self.sweep.count > self.most)
        if not self.cut:
            batch = self.sweep.expand(self.following, high)
            self.transitions += len(batch.source)
            if self.batches is not None:
                self.batches.append(batch)
                if self.transitions > MOST_KEPT and not self.edges:
                    self.batches = None
        self.following = high

    def _tick(self) -> None:
        self.chunks += 1
        if self.store is not None and self.store.due():
            self._save(self.store, ended=False)
            self.store.rest_if_stopping()
        if self.chunks % OFTEN == 0:
            memory.demand()
            self.teller.tell(self.sweep.count, self.levels)

    def _save(self, store: Store, ended: bool) -> None:
        count, number = self.stored
        states, batches = self.sweep.states, self.batches or []
        data: dict[str, Iterable[np.ndarray]] = {
            "states": (states[:, low : low + CHUNK].T for low in range(count, states.shape[1], CHUNK))
        }
        for place, name in enumerate(Batch._fields):
            data[name] = [batch[place] for batch in batches[number:]]
        hits = {name: [[cost, found] for cost, found in item.items()] for name, item in self.found.hits.items()}
        fields = {
            **{name: getattr(self, name) for name in FIELDS},
            "hits": hits,
            "exceeded": list(self.found.exceeded),
            "kept": self.batches is not None,
            "ended": ended,
        }
        store.save(fields, data)
        self.stored = states.shape[1], len(batches)

    def _restored(self, store: Store, fields: Mapping[str, Any]) -> bool:
        """Take over what was kept; whether the search had ended."""
        for block in store.read("states", "<u8", len(self.sweep.states)):
            self.sweep.restore(block)
        columns = []
        for name, dtype in zip(Batch._fields, ("<i8", "u1", "<i8"), strict=True):
            columns.append([np.empty(0, dtype), *(block[:, 0] for block in store.read(name, dtype))])
        self.batches = [Batch(*map(np.concatenate, columns))] if fields["kept"] else None
        for name in FIELDS:
            setattr(self, name, fields[name])
        self.found.hits = {
            name: {cost: [(state, action) for state, action in found] for cost, found in item}
            for name, item in fields["hits"].items()
        }
        self.found.exceeded = dict.fromkeys(fields["exceeded"])
        self.stored = self.sweep.count, len(self.batches or [])
        ended: bool = fields["ended"]
        return ended

    def space(self, layout: Layout) -> Space:
        """What was found, with those transitions that are kept. Raises MemoryError."""
        farther = self.found.farther()
        return Space(
            layout,
            self.sweep.states,
            tuple(self.levels),
            None if self.batches is None else _joined(self.batches),
            {name: hits[0] for name, hits in farther.items()},
            tuple(self.found.exceeded),
            self.complete,
            farther,
            frozenset(self.found.hits),
            self.sweep.reading,
            self.transitions,
            self.sweep.expand if self.batches is None else None,
        )


def _joined(batches: Sequence[Batch]) -> Edges:
    none = Batch(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int64))
    if len(batches) > OFTEN:
        memory.demand(sum(column.nbytes for batch in batches for column in batch))
    source, action, destination = (np.concatenate(column) for column in zip(none, *batches, strict=True))
    return Edges(source, action, destination)
