"""Sets of many changes, of which there are too many to go through all of them.

A trace that happens in a design asks for one more change: one of those after which, each by itself, it does not happen
any more. The next candidate is a smallest set that has all that was asked for so far. What comes out is exact: it
suffices, and no part of it does, for each part was judged. That nothing comes out says little: changes that rule a
trace out only together, and changes that describe no driver without another one, are not looked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import z3

from model.versions import misfit
from proofs.checking.pool import Workers, in_parallel
from proofs.proposing.judging import KEPT, REFUTED, Outcome, Refutation, Task, everywhere, happening
from proofs.proposing.search import Search, Tell
from proofs.proposing.space import Change, Changes


class Demands:
    """What every further candidate has to have; `candidate` is a smallest set of changes that has it."""

    def __init__(self, changes: Sequence[tuple[Change, int]]) -> None:
        """`changes`: all that there are, and how many each of them counts for."""
        # in a context of its own what is found does not depend on what else the process asks z3
        self._context = z3.Context()
        self._has = {change: z3.Bool(str(number), self._context) for number, (change, _) in enumerate(changes)}
        self._solver = z3.Optimize(ctx=self._context)
        for (one, has_one), (other, has_other) in itertools.combinations(self._has.items(), 2):
            if one[0] == other[0]:
                self._solver.add(z3.Not(z3.And(has_one, has_other)))
        self._size = z3.Sum(*(z3.If(self._has[change], z3.IntVal(size, self._context), 0) for change, size in changes))
        self._solver.minimize(self._size)

    def candidate(self, most: int) -> Changes | None:
        """A smallest set of changes, if one of at most this size has all that is demanded."""
        self._solver.push()
        self._solver.add(self._size <= most)
        found = None
        if self._solver.check() == z3.sat:
            model = self._solver.model()
            found = frozenset(change for change, has in self._has.items() if z3.is_true(model.eval(has)))
        self._solver.pop()
        return found

    def one_of(self, killers: Sequence[Change], where: Changes) -> None:
        """A set that has all the changes `where` has one of `killers` too."""
        self._solver.add(z3.Or(*(z3.Not(self._has[change]) for change in where), *(self._has[it] for it in killers)))

    def without(self, changes: Changes) -> None:
        """Not all of these changes."""
        self.one_of((), changes)

    def other_than(self, changes: Changes) -> None:
        """Not exactly these changes."""
        self._solver.add(z3.Or(*(has != z3.BoolVal(it in changes, self._context) for it, has in self._has.items())))


@dataclass
class Guided(Search):
    """A search that goes from candidate to candidate, until it has all sets of the least size that it can find."""

    may_miss: ClassVar[bool] = True

    def run(self, most: int, workers: Workers, tell: Tell = lambda search: None) -> None:
        """Look for sets of at most so many changes; `tell` is called now and then."""
        demands = Demands([(change, self.space.size(frozenset({change}))) for change in self.space.singles()])
        while (candidate := demands.candidate(most)) is not None:
            self.size = self.space.size(candidate)
            if self.solutions and self.size > self.space.size(self.solutions[0]):
                return
            if misfit(self.space.applied(candidate)) is None:
                self._consider(candidate, demands, workers)
                tell(self)
            else:
                demands.other_than(candidate)

    def _consider(self, candidate: Changes, demands: Demands, workers: Workers) -> None:
        """Judge a candidate, and demand of those to come what it lacks."""
        order = self._likely()
        outcome = self._judge(candidate, order, workers)
        if outcome.word == KEPT:
            self._reduce(candidate, workers)
            demands.without(self.solutions[-1])
            return
        traces = [item for item in outcome.refutations if item.has_trace]
        if outcome.by is not None:
            traces = [self.traces[order[outcome.by]]]
        # of a candidate one trace will do: with the others the next ones are judged; every set is one of the version
        for where, of_it in self._by_need(traces[:1] if candidate else traces, candidate):
            for killers in self._killers(of_it, where, workers):
                demands.one_of(killers, where)
        # without a trace nothing is known of any other set
        demands.other_than(candidate)

    def _judge(self, changes: Changes, order: Sequence[int], workers: Workers) -> Outcome:
        """What becomes of a design; the version itself is explored in all systems, whatever is wrong in the first."""
        self.counts.designs += 1
        (outcome,) = self._judged([changes], order, True, workers) if changes else [self._version(workers)]
        self._take(changes, outcome, order)
        return outcome

    def _version(self, workers: Workers) -> Outcome:
        """What becomes of the version in all systems, of which those are not explored in which it is known."""
        rest = {at: asked for at, asked in enumerate(self.asked) if at not in self.of_version}
        known = [item for items in self.of_version.values() for item in items]
        outcome = everywhere(self.space.base, rest, workers) if rest else Outcome(KEPT, frozenset(self.space.base))
        wrong = (*known, *outcome.refutations)
        return replace(outcome, word=REFUTED if wrong else KEPT, refutations=wrong)

    def _reduce(self, changes: Changes, workers: Workers) -> None:
        """Put in the place of the last solution the smallest part of it that suffices too, if there is one."""
        parts = list(self.space.parts(changes))
        self.counts.designs += len(parts)
        for part in self._replay(parts, workers):
            self._explore([part], workers)
            if self.solutions[-1] == part:
                self.solutions.remove(changes)
                return

    def _by_need(self, traces: Sequence[Refutation], changes: Changes) -> Iterator[tuple[Changes, list[Refutation]]]:
        """The traces by those of a design's changes that they need: without any one of them they do not happen."""
        found: dict[Changes, list[Refutation]] = {}
        for trace in traces:
            needed = changes
            for change in self.space.ordered(changes):
                fewer = needed - {change}
                if misfit(self.space.applied(fewer)) is None and happening(self._task(fewer, [trace]))[0]:
                    needed = fewer
            found.setdefault(needed, []).append(trace)
        yield from found.items()

    def _killers(self, traces: Sequence[Refutation], where: Changes, workers: Workers) -> list[list[Change]]:
        """For each trace the changes with each of which, beside `where`, it does not happen."""
        axes = {axis for axis, _ in where}
        beside = [change for change in self.space.singles() if change[0] not in axes]
        fitting = [change for change in beside if misfit(self.space.applied(where | {change})) is None]
        tasks = [self._task(where | {change}, traces) for change in fitting]
        happen = list(in_parallel(happening, tasks, workers))
        return [
            [change for change, does in zip(fitting, happen, strict=True) if not does[at]] for at in range(len(traces))
        ]

    def _task(self, changes: Changes, traces: Sequence[Refutation]) -> Task:
        return Task(self.space.applied(changes), self.asked, tuple(traces), explore=False)
