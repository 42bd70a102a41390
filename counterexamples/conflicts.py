"""Which steps of a trace its violation is about, and the two that meet in it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import networkx as nx

from counterexamples.causes import INTERRUPT, QUEUE, happens_before
from counterexamples.moment import Moment, moments
from counterexamples.oddities import oddities
from counterexamples.trace import Trace

_LASTING = ("lock.linux", "lock.tz", "engine.op", "rx.desc_issued.len", "client.pc")


def evident(trace: Trace) -> frozenset[str]:
    """The variables by which the end of a trace is seen to be wrong: those of the last step's oddities.

    Of an execution that goes on for ever without what should happen, those that say who still waits or holds something.
    """
    if not trace.steps:
        return frozenset()
    if trace.kind == "eventually":
        first, last = trace.states[0], trace.states[-1]
        return frozenset(name for name in _LASTING if last.get(name) != first.get(name))
    found = {name for oddity in oddities(moments(trace)[-1]) for name in oddity.variables}
    return frozenset(found & trace.states[-1].keys())


class Conflict(NamedTuple):
    """Two steps that meet, and the variable that the first set and the last should not have found so."""

    first: int
    last: int
    variable: str


def conflict(trace: Trace, evidence: Collection[str] = ()) -> Conflict | None:
    """The two steps that meet: the last one, and the last before it that set what is wrong about it.

    `evidence`: the variables that the property reads at the end; without it those of the last step's oddities.
    """
    if not trace.steps:
        return None
    ends = oddities(moments(trace)[-1])
    named = evidence if trace.kind == "eventually" else evidence or evident(trace)
    names = [name for oddity in ends for name in oddity.variables] or sorted(named)
    last = len(trace.steps)
    for name in names:
        setters = [step for step in range(1, last) if _sets(trace, step, name)]
        if setters:
            return Conflict(setters[-1], last, name)
    return None


def past(trace: Trace, evidence: Collection[str] = ()) -> nx.DiGraph:
    """`happens_before`, cut back to the past of the last step.

    Of an execution that goes on for ever without what should happen, also to that of what is odd, and of what set the
    variables by which that is seen: its last step may have nothing to do with it.
    """
    evidence = evidence or evident(trace)
    graph = happens_before(trace, evidence)
    ends = {len(trace.steps)} & set(graph)
    if trace.kind == "eventually":
        ends |= partners(trace, evidence) | {moment.number for moment in moments(trace) if oddities(moment)}
    return graph.subgraph(ends.union(*(nx.ancestors(graph, end) for end in ends))).copy()


def matters(trace: Trace, evidence: Collection[str] = (), cause: nx.DiGraph | None = None) -> frozenset[int]:
    """The steps of a trace that its violation is about; all others in its past only had to happen.

    These are the last step; each step in its past that is odd itself, or in which a fault strikes; each that takes the
    lock or gives it away; for each variable of the evidence and of an oddity the step that set it last before; and what
    made those possible by queueing the descriptor that they execute, or by the interrupt that they serve.
    """
    evidence = evidence or evident(trace)
    graph = past(trace, evidence) if cause is None else cause
    if not trace.steps:
        return frozenset()
    steps = {moment.number: moment for moment in moments(trace) if moment.number in graph}
    odd = {number for number, moment in steps.items() if moment.fault or oddities(moment)}
    marked = {len(trace.steps)} | (partners(trace, evidence) & steps.keys())
    marked |= odd | {number for number, moment in steps.items() if _hands_over(moment)}
    marked |= {
        before
        for number in sorted(marked)
        for before in graph.predecessors(number)
        if graph.edges[before, number]["kind"] == QUEUE and graph.nodes[number]["actor"] == "bam"
    }
    return frozenset(marked | _interrupts_of(graph, odd))


def telling_variables(trace: Trace) -> frozenset[str]:
    """The variables that the odd steps of a trace are about, and the queues of which they are the length."""
    found = {name for moment in moments(trace) for oddity in oddities(moment) for name in oddity.variables}
    return frozenset(name.removesuffix(".len") for name in found)


def partners(trace: Trace, evidence: Collection[str] = ()) -> frozenset[int]:
    """The other halves of conflicts: who set last what an odd step met, and at the end what the property reads."""
    evidence = evidence or evident(trace)
    found: set[int] = set()
    last = len(trace.steps)
    for moment in moments(trace):
        names = {name for oddity in oddities(moment) for name in oddity.variables}
        for name in names | (set(evidence) if moment.number == last else set()):
            found |= set([step for step in range(1, moment.number) if _sets(trace, step, name)][-1:])
    return frozenset(found)


def _sets(trace: Trace, step: int, name: str) -> bool:
    return trace.states[step].get(name) != trace.states[step - 1].get(name)


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
