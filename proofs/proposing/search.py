"""All minimal sets of changes after which everything is kept that is asked, the smallest first.

Guided by counterexamples: the trace that refutes a design is replayed in every other one before that is explored, and
rules out those in which it can still happen. What holds a set of changes that suffices is not minimal, and is skipped.
What was found about a design is known of every other one that agrees with it on the axes that were read.

Designs are taken by their number of changes, so that one that suffices is minimal: no smaller one did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from model.versions import Value
from proofs.checking.pool import Workers, count_of, in_parallel
from proofs.proposing.asked import Asked
from proofs.proposing.journal import Journal
from proofs.proposing.judging import ALIVE, KEPT, KILLED, REFUTED, Outcome, Refutation, Task, judge
from proofs.proposing.space import Changes, Space

CHUNK = 32  # designs for each worker between two looks at what the others have found
Tell = Callable[["Search"], None]


@dataclass
class Counts:
    """What became of the designs: `same`: known from one that agrees on all axes that were read; `above`: hold a set
    that suffices; `killed`: a known trace happens in them; `explored`: all others. `open`: those of them of which it is
    not known whether they suffice."""

    designs: int = 0
    above: int = 0
    same: int = 0
    killed: int = 0
    explored: int = 0
    open: int = 0

    @property
    def share(self) -> float:
        """Which part of the designs was explored, 0 to 1."""
        return self.explored / self.designs if self.designs else 0.0


@dataclass
class Search:
    """The state of a search: what is asked in which space, and what was found.

    `solutions`: minimal sets. `traces`: the counterexamples, `kills`: how many designs each rules out, by its index.
    `silent`: refuted without any trace, by what is not kept. `size`: of the designs that are looked at. `of_version`:
    what the version itself does not keep in those systems, by their index, in which that is known already.
    """

    may_miss: ClassVar[bool] = False
    """Whether there may be sets that are not found."""

    space: Space
    asked: tuple[Asked, ...]
    journal: Journal
    solutions: list[Changes] = field(default_factory=list)
    traces: list[Refutation] = field(default_factory=list)
    kills: Counter[int] = field(default_factory=Counter)
    silent: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)
    size: int = 0
    of_version: Mapping[int, tuple[Refutation, ...]] = field(default_factory=dict)
    _known: dict[frozenset[str], dict[tuple[Value, ...], bool]] = field(default_factory=dict)

    def run(self, most: int, workers: Workers, tell: Tell = lambda search: None) -> None:
        """Go through all designs of at most so many changes; `tell` is called now and then."""
        together = count_of(workers)
        self._take_version()
        for self.size in range(most + 1):
            for chunk in self._chunks(CHUNK * together):
                alive = self._replay(chunk, workers)
                for start in range(0, len(alive), together):
                    self._explore(alive[start : start + together], workers)
                    tell(self)
                tell(self)

    def _take_version(self) -> None:
        """Note what becomes of the version, if what is known of it says so."""
        wrong = tuple(item for items in self.of_version.values() for item in items)
        complete = len(self.of_version) == len(self.asked)
        if complete or any(item.has_trace for item in wrong):
            known = Outcome(REFUTED if wrong else KEPT, frozenset(self.space.base), refutations=wrong)
            self.journal.known.setdefault(frozenset(), (known, None))

    def _chunks(self, length: int) -> Iterator[list[Changes]]:
        """The designs of the present size that are still open, some at a time."""
        chunk: list[Changes] = []
        for changes in self.space.designs(self.size):
            self.counts.designs += 1
            if any(self.space.within(known, changes) for known in self.solutions):
                self.counts.above += 1
            else:
                chunk.append(changes)
            if len(chunk) == length:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _replay(self, chunk: Sequence[Changes], workers: Workers) -> list[Changes]:
        """Those designs of which nothing is known and in which no known trace happens."""
        open_ = [changes for changes in chunk if not self._settled(changes)]
        order = self._likely()
        alive = []
        for changes, outcome in zip(open_, self._judged(open_, order, False, workers), strict=True):
            self._take(changes, outcome, order)
            if outcome.word == ALIVE:
                alive.append(changes)
        return alive

    def _explore(self, batch: Sequence[Changes], workers: Workers) -> None:
        """What becomes of designs that were not ruled out; meanwhile some of them may be."""
        open_ = [changes for changes in batch if not self._settled(changes)]
        order = self._likely()
        for changes, outcome in zip(open_, self._judged(open_, order, True, workers), strict=True):
            self._take(changes, outcome, order)

    def _judged(
        self, designs: Sequence[Changes], order: Sequence[int], explore: bool, workers: Workers
    ) -> Iterator[Outcome]:
        traces = tuple(self.traces[number] for number in order)
        stored = [self.journal.recall(changes, traces) for changes in designs]
        tasks = [
            Task(self.space.applied(changes), self.asked, traces, explore)
            for changes, known in zip(designs, stored, strict=True)
            if known is None
        ]
        fresh = in_parallel(judge, tasks, workers)
        for known in stored:
            yield next(fresh) if known is None else known

    def _likely(self) -> list[int]:
        """The traces, those first that rule out most."""
        return sorted(range(len(self.traces)), key=lambda number: (-self.kills[number], number))

    def _settled(self, changes: Changes) -> bool:
        """Whether a design is known to be none from another one, counted if it is."""
        axes = self.space.applied(changes)
        for read, known in self._known.items():
            if (values := _values(axes, read)) in known:
                self.counts.same += 1
                self.counts.open += known[values]
                return True
        return False

    def _take(self, changes: Changes, outcome: Outcome, order: Sequence[int]) -> None:
        """Note what became of a design."""
        if outcome.word == ALIVE:
            return
        self.journal.note(changes, outcome, [self.traces[number] for number in order])
        if outcome.word == KEPT:
            self.counts.explored += 1
            self.solutions.append(changes)
            return
        self._known.setdefault(outcome.read, {})[_values(self.space.applied(changes), outcome.read)] = outcome.is_open
        if outcome.word == KILLED and outcome.by is not None:
            self.counts.killed += 1
            self.kills[order[outcome.by]] += 1
        elif outcome.word == REFUTED:
            self.counts.explored += 1
            self.counts.open += outcome.is_open
            self._learn(outcome)

    def _learn(self, outcome: Outcome) -> None:
        for item in outcome.refutations:
            if not item.has_trace:
                self.silent[item.system, item.claim, item.word] += 1
            elif item not in self.traces:
                self.traces.append(item)
                self.kills[len(self.traces) - 1] += 1


def _values(axes: Mapping[str, Value], read: frozenset[str]) -> tuple[Value, ...]:
    return tuple(axes[axis] for axis in sorted(read))
