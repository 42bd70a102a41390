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
from proofs.engines.compiled.program import Conditions, Enabled, Program
from proofs.engines.compiled.states import CompiledSet, Sought
from proofs.engines.space import CHUNK, COMPILED
from proofs.engines.vector import Batch, Seen, Watched

EFFORTS = {1 << 17: 1, 1 << 21: 2}
"""From how many states on which effort of compiling pays: 1 takes twice as long for code that is twice as fast, 2 ten
times as long, for code that fires actions 2.5 times as fast as that."""
Chunk = tuple[int, int]


class CompiledSweep:
    """The exploration by compiled code, from the initial state on; a `Sweep`. Raises UnsupportedTermError."""

    reading = COMPILED

    def __init__(self, system: TransitionSystem, layout: Layout, targets: Watched) -> None:
        self._compiled = partial(Program, system, layout)
        self._program, self._effort = self._compiled(effort=0), 0
        self._conditions = Conditions((term for rows in targets.values() for _, term in rows), layout)
        self._targets = targets
        self._found = CompiledSet(layout.words)
        self._found.insert(layout.pack(system.initial).T.copy())
        self._enabled: dict[Chunk, Enabled] = {}
        self._ahead: dict[Chunk, Future[Sought]] = {}
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
        effort = max((effort for size, effort in EFFORTS.items() if self.count > size), default=0)
        if effort > self._effort:
            self._program, self._effort = self._compiled(effort=effort), effort
        chunks = [(low, min(low + CHUNK, level.stop)) for low in range(level.start, level.stop, CHUNK)]
        self._enabled, self._ahead = {}, {}
        look = partial(self._look, names, keys)
        results = self._pool.map(look, chunks) if self._threads > 1 and len(chunks) > 1 else map(look, chunks)
        for chunk, (enabled, seen) in zip(chunks, results, strict=True):
            self._enabled[chunk] = enabled
            yield seen

    def _look(self, names: Sequence[str], keys: Sequence[str], chunk: Chunk) -> tuple[Enabled, Seen]:
        rows = self._found.rows
        enabled, exceeded = self._program.enabled(rows, *chunk)
        all_states = np.arange(*chunk)
        hits = [
            (name, action, self._conditions.where(term, rows, all_states if action is None else enabled.of(action)))
            for name in names
            for action, term in self._targets[name]
        ]
        return enabled, Seen(hits, [key for key in keys if key in exceeded])

    def expand(self, low: int, high: int) -> Batch:
        """The transitions from the states of such a chunk, faster after `look`; their ends are among `states`."""
        chunk, rows = (low, high), self._found.rows
        enabled = self._enabled.pop(chunk, None)
        if enabled is None:
            enabled = self._program.enabled(rows, low, high)[0]
        waiting = self._ahead.pop(chunk, None)
        if self._threads > 1:
            for following in islice(self._enabled, 2 * self._threads):
                if following not in self._ahead:
                    self._ahead[following] = self._pool.submit(self._sought, rows, self._enabled[following])
        if waiting is None:
            numbers = self._found.insert(self._program.fired(rows, enabled))
        else:
            numbers = self._found.add(waiting.result())
        indices = np.fromiter(range(len(enabled.counts)), dtype=np.uint8)  # refuses more than it holds
        return Batch(enabled.sources, np.repeat(indices, enabled.counts), numbers)

    def _sought(self, rows: np.ndarray, enabled: Enabled) -> Sought:
        return self._found.find(self._program.fired(rows, enabled))


def _cores_to_use() -> int:
    # a worker process has a core to itself, but not two
    return 1 if multiprocessing.parent_process() else os.cpu_count() or 1
