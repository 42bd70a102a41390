"""Which steps of an execution its violation is about, and the two that meet in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import networkx as nx

from counterexamples.story.moment import Execution, Moment
from counterexamples.story.oddities.oddity import Oddity
from counterexamples.story.order import INTERRUPT, QUEUE, happens_before, past_of
from counterexamples.trace import EVENTUALLY

_LASTING = ("lock.linux", "lock.tz", "engine.op", "rx.desc_issued.len", "client.pc")


class Conflict(NamedTuple):
    """Two steps that meet, and the variable that the first set and the last should not have found so."""

    first: int
    last: int
    variable: str


@dataclass(frozen=True)
class Relevance:
    """What of an execution its violation is about. `oddities`: what is odd about each step."""

    execution: Execution
    oddities: Sequence[Sequence[Oddity]]

    @cached_property
    def evident(self) -> frozenset[str]:
        """The variables by which the end is seen to be wrong.

        Those of the last step's oddities, and what an earlier odd step left behind for good. Of an execution that goes
        on for ever without what should happen, also those that say who still waits or holds something.
        """
        if not self.oddities:
            return frozenset()
        found = {*self._left, *(name for oddity in self.oddities[-1] for name in oddity.variables)}
        states = self.execution.trace.states
        if self.execution.trace.kind == EVENTUALLY:
            found |= {name for name in _LASTING if states[-1].get(name) != states[0].get(name)}
        return frozenset(found & states[-1].keys())

    @cached_property
    def _left(self) -> dict[str, int]:
        """What odd steps set and nobody has set again before the last step, by variable."""
        earlier = enumerate(self.oddities[:-1], start=1)
        set_by = {name: number for number, odd in earlier for oddity in odd for name in oddity.leaves}
        return {name: number for name, number in set_by.items() if self._last_setter(name) == number}

    @cached_property
    def conflict(self) -> Conflict | None:
        """The two steps that meet: the last one, and the last before it that set what is wrong about it."""
        if not self.oddities:
            return None
        ends = [name for oddity in self.oddities[-1] for name in oddity.variables]
        for name in [*self._left, *(ends or sorted(self.evident))]:
            first = self._last_setter(name)
            if first is not None:
                return Conflict(first, len(self.oddities), name)
        return None

    @cached_property
    def past(self) -> nx.DiGraph:
        """`happens_before`, cut back to the past of the last step.

        Of an execution that goes on for ever without what should happen, also to that of what is odd, and of what set
        the variables by which that is seen: its last step may have nothing to do with it.
        """
        graph = happens_before(self.execution, self.evident)
        ends = {len(self.oddities)} & set(graph)
        if self.execution.trace.kind == EVENTUALLY:
            ends |= self.partners | {number for number, odd in enumerate(self.oddities, start=1) if odd}
        return nx.freeze(past_of(graph, ends))

    @cached_property
    def matters(self) -> frozenset[int]:
        """The steps that the violation is about; all others in its past only had to happen.

        These are the last step; each step in its past that is odd itself, or in which a fault strikes; each that takes
        the lock or gives it away; for each evident variable and each of an oddity the step that set it last before; and
        what made those possible by queueing the descriptor that they execute, or by the interrupt that they serve.
        """
        if not self.oddities:
            return frozenset()
        steps = {moment.number: moment for moment in self.execution.moments if moment.number in self.past}
        odd = {number for number, moment in steps.items() if moment.fault or self.oddities[number - 1]}
        marked = {len(self.oddities)} | (self.partners & steps.keys())
        marked |= odd | {number for number, moment in steps.items() if _hands_over(moment)}
        marked |= {
            before
            for number in sorted(marked)
            for before in self.past.predecessors(number)
            if self.past.edges[before, number]["kind"] == QUEUE and self.past.nodes[number]["actor"] == "bam"
        }
        return frozenset(marked | _interrupts_of(self.past, odd))

    @cached_property
    def telling(self) -> frozenset[str]:
        """The variables that the odd steps are about, and the queues of which they are the length."""
        found = {name for odd in self.oddities for oddity in odd for name in (*oddity.variables, *oddity.leaves)}
        return frozenset(name.removesuffix(".len") for name in found)

    @cached_property
    def partners(self) -> frozenset[int]:
        """The other halves of conflicts: who set last what an odd step met, and at the end what is evident."""
        found: set[int | None] = set()
        for number, odd in enumerate(self.oddities, start=1):
            names = {name for oddity in odd for name in oddity.variables}
            for name in names | (self.evident if number == len(self.oddities) else set()):
                found.add(self._last_setter(name, number))
        return frozenset(number for number in found if number is not None)

    def _last_setter(self, name: str, before: int | None = None) -> int | None:
        """The last step before a step, by default the last one, that changed a variable."""
        states = self.execution.trace.states
        for step in reversed(range(1, before or len(self.oddities))):
            if states[step].get(name) != states[step - 1].get(name):
                return step
        return None


def _hands_over(moment: Moment) -> bool:
    return any(moment.before[name] != moment.after[name] for name in ("lock.linux", "lock.tz"))


def _interrupts_of(graph: nx.DiGraph, odd: Collection[int]) -> set[int]:
    """The interrupts by which odd steps came to be taken, and what raised them; of several the last."""
    found: set[int] = set()
    for number in odd:
        actors = (
            (("irq",), ("bam", "engine")) if graph.nodes[number]["actor"] in ("work", "tasklet", "callback") else ()
        )
        for wanted in actors:
            before = [
                one
                for one in graph.predecessors(number)
                if graph.edges[one, number]["kind"] == INTERRUPT and graph.nodes[one]["actor"] in wanted
            ]
            if not before:
                break
            number = max(before)
            found.add(number)
    return found
