"""A system's states explored by compiled code: the `Sweep` that numbers them as NumPy's does, and is faster.

The calls release the interpreter's lock: a process that has the machine to itself uses all cores, each on a chunk.
What is new is inserted chunk by chunk in any case, so that the numbers do not depend on how many there are.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice

import numpy as np

from model.language.concrete import Layout
from model.language.system import TransitionSystem
from proofs.engines.compiled.program import Conditions, Program
from proofs.engines.compiled.states import CompiledSet
from proofs.engines.space import CHUNK, COMPILED
from proofs.engines.vector import Batch, Seen, Watched

LARGE = 1 << 17  # states: beyond, code pays that is twice as fast and takes twice as long to compile
Chunk = tuple[int, int]
Sources = list[np.ndarray]


class CompiledSweep:
    """The exploration by compiled code, from the initial state on; a `Sweep`. Raises UnsupportedTermError."""

    reading = COMPILED

    def __init__(self, system: TransitionSystem, layout: Layout, targets: Watched) -> None:
        self._faster = partial(Program, system, layout, effort=1)
        self._program, self._fast = Program(system, layout, effort=0), False
        self._conditions = Conditions((term for rows in targets.values() for _, term in rows), layout)
        self._targets = targets
        self._found = CompiledSet(layout.words)
        self._found.insert(layout.pack(system.initial).T.copy())
        self._sources: dict[Chunk, Sources] = {}
        self._ahead: dict[Chunk, Future[np.ndarray]] = {}
        self._threads = _cores_to_use()
        self._pool = ThreadPoolExecutor(self._threads)

    @property
    def count(self) -> int:
        """How many states there are so far."""
        return self._found.count

    @property
    def states(self) -> np.ndarray:
        """All states so far, packed, shape (words, n)."""
        return self._found.states

    def restore(self, rows: np.ndarray) -> None:
        """Add the next of the states that an earlier exploration found, in its order, shape (n, words)."""
        self._found.insert(np.ascontiguousarray(rows))

    def look(self, level: range, names: Sequence[str], keys: Sequence[str]) -> Iterator[Seen]:
        """What of some targets and capacities is seen in the states of a level, in chunks of `CHUNK` states."""
        if self.count > LARGE and not self._fast:
            self._program, self._fast = self._faster(), True
        chunks = [(low, min(low + CHUNK, level.stop)) for low in range(level.start, level.stop, CHUNK)]
        self._sources, self._ahead = {}, {}
        look = partial(self._look, names, keys)
        results = self._pool.map(look, chunks) if self._threads > 1 and len(chunks) > 1 else map(look, chunks)
        for chunk, (sources, seen) in zip(chunks, results, strict=True):
            self._sources[chunk] = sources
            yield seen

    def _look(self, names: Sequence[str], keys: Sequence[str], chunk: Chunk) -> tuple[Sources, Seen]:
        rows = self._found.rows
        sources, exceeded = self._program.enabled(rows, *chunk)
        all_states = np.arange(*chunk)
        hits = [
            (name, action, self._conditions.where(term, rows, all_states if action is None else sources[action]))
            for name in names
            for action, term in self._targets[name]
        ]
        return sources, Seen(hits, [key for key in keys if key in exceeded])

    def expand(self, low: int, high: int) -> Batch:
        """The transitions from the states of such a chunk, faster after `look`; their ends are among `states`."""
        chunk, rows = (low, high), self._found.rows
        sources = self._sources.pop(chunk, None)
        if sources is None:
            sources = self._program.enabled(rows, low, high)[0]
            return self._inserted(sources, self._program.fired(rows, sources))
        waiting = self._ahead.pop(chunk, None)
        after = self._program.fired(rows, sources) if waiting is None else waiting.result()
        if self._threads > 1:
            for following in islice(self._sources, self._threads):
                if following not in self._ahead:
                    fired = partial(self._program.fired, rows, self._sources[following])
                    self._ahead[following] = self._pool.submit(fired)
        return self._inserted(sources, after)

    def _inserted(self, sources: Sources, after: np.ndarray) -> Batch:
        numbers = self._found.insert(after)
        indices = np.fromiter(range(len(sources)), dtype=np.uint8)  # refuses more than it holds
        actions = np.repeat(indices, [len(item) for item in sources])
        return Batch(np.concatenate([np.empty(0, dtype=np.int64), *sources]), actions, numbers)


def _cores_to_use() -> int:
    # a worker process has a core to itself, but not two
    return 1 if multiprocessing.parent_process() else os.cpu_count() or 1
