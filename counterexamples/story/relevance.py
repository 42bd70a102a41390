"""Which steps of a trace its violation is about, and the two that meet in it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import networkx as nx

from counterexamples.story.moment import Moment, moments
from counterexamples.story.notation import value_note
from counterexamples.story.oddities import oddities
from counterexamples.story.order import INTERRUPT, QUEUE, happens_before
from counterexamples.trace import EVENTUALLY, Trace, once

_LASTING = ("lock.linux", "lock.tz", "engine.op", "rx.desc_issued.len", "client.pc")


@once
def evident(trace: Trace) -> frozenset[str]:
    """The variables by which the end of a trace is seen to be wrong.

    Those of the last step's oddities, and what an earlier odd step left behind for good. Of an execution that goes on
    for ever without what should happen, also those that say who still waits or holds something.
    """
    if not trace.steps:
        return frozenset()
    found = {*_left(trace), *(name for oddity in oddities(moments(trace)[-1]) for name in oddity.variables)}
    if trace.kind == EVENTUALLY:
        first, last = trace.states[0], trace.states[-1]
        found |= {name for name in _LASTING if last.get(name) != first.get(name)}
    return frozenset(found & trace.states[-1].keys())


@once
def _left(trace: Trace) -> dict[str, int]:
    """What odd steps set and nobody has set again before the last step, by variable."""
    *earlier, _ = moments(trace)
    set_by = {name: moment.number for moment in earlier for oddity in oddities(moment) for name in oddity.leaves}
    return {name: number for name, number in set_by.items() if _last_setter(trace, name) == number}


class Conflict(NamedTuple):
    """Two steps that meet, and the variable that the first set and the last should not have found so."""

    first: int
    last: int
    variable: str


@once
def conflict(trace: Trace) -> Conflict | None:
    """The two steps that meet: the last one, and the last before it that set what is wrong about it."""
    if not trace.steps:
        return None
    ends = [name for oddity in oddities(moments(trace)[-1]) for name in oddity.variables]
    for name in [*_left(trace), *(ends or sorted(evident(trace)))]:
        first = _last_setter(trace, name)
        if first is not None:
            return Conflict(first, len(trace.steps), name)
    return None


def met_note(trace: Trace, pair: Conflict) -> str:
    """What the last of the two found that the first had set, as `engine.op=linux-1`."""
    return value_note(trace, pair.last - 1, pair.variable)


@once
def past(trace: Trace) -> nx.DiGraph:
    """`happens_before`, cut back to the past of the last step.

    Of an execution that goes on for ever without what should happen, also to that of what is odd, and of what set the
    variables by which that is seen: its last step may have nothing to do with it.
    """
    graph = happens_before(trace, evident(trace))
    ends = {len(trace.steps)} & set(graph)
    if trace.kind == EVENTUALLY:
        ends |= partners(trace) | {moment.number for moment in moments(trace) if oddities(moment)}
    return nx.freeze(graph.subgraph(ends.union(*(nx.ancestors(graph, end) for end in ends))).copy())


@once
def matters(trace: Trace) -> frozenset[int]:
    """The steps of a trace that its violation is about; all others in its past only had to happen.

    These are the last step; each step in its past that is odd itself, or in which a fault strikes; each that takes the
    lock or gives it away; for each evident variable and each of an oddity the step that set it last before; and what
    made those possible by queueing the descriptor that they execute, or by the interrupt that they serve.
    """
    graph = past(trace)
    if not trace.steps:
        return frozenset()
    steps = {moment.number: moment for moment in moments(trace) if moment.number in graph}
    odd = {number for number, moment in steps.items() if moment.fault or oddities(moment)}
    marked = {len(trace.steps)} | (partners(trace) & steps.keys())
    marked |= odd | {number for number, moment in steps.items() if _hands_over(moment)}
    marked |= {
        before
        for number in sorted(marked)
        for before in graph.predecessors(number)
        if graph.edges[before, number]["kind"] == QUEUE and graph.nodes[number]["actor"] == "bam"
    }
    return frozenset(marked | _interrupts_of(graph, odd))


@once
def telling_variables(trace: Trace) -> frozenset[str]:
    """The variables that the odd steps of a trace are about, and the queues of which they are the length."""
    found = {
        name for moment in moments(trace) for oddity in oddities(moment) for name in (*oddity.variables, *oddity.leaves)
    }
    return frozenset(name.removesuffix(".len") for name in found)


@once
def partners(trace: Trace) -> frozenset[int]:
    """The other halves of conflicts: who set last what an odd step met, and at the end what is evident."""
    found: set[int | None] = set()
    last = len(trace.steps)
    for moment in moments(trace):
        names = {name for oddity in oddities(moment) for name in oddity.variables}
        for name in names | (evident(trace) if moment.number == last else set()):
            found.add(_last_setter(trace, name, moment.number))
    return frozenset(number for number in found if number is not None)


def _last_setter(trace: Trace, name: str, before: int | None = None) -> int | None:
    """The last step before a step, by default the last one, that changed a variable."""
    for step in reversed(range(1, before or len(trace.steps))):
        if trace.states[step].get(name) != trace.states[step - 1].get(name):
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
