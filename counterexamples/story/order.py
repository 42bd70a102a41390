"""Why it happened: which steps of a trace had to come before which, and those without which the last had not come.

Two steps are ordered if they do not commute: executed the other way round (or with all that lies between and depends on
them) they are impossible or come to another state. So a descriptor pushed to a ring's tail and one taken off its front
are not ordered, and neither are two interrupts of different pipes. What the variables are that two ordered steps share
says what kind of edge it is. Traces that differ only in the order of commuting steps have the same graph.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import networkx as nx

from counterexamples.story.moment import Execution, moved
from model.language.concrete import fire
from model.language.system import Action
from model.language.terms import variables_of

PROGRAM, QUEUE, LOCK, INTERRUPT = "program", "queue", "lock", "interrupt"
REGISTER, MAPPING, STATE = "register", "mapping", "state"
KINDS = (LOCK, REGISTER, INTERRUPT, PROGRAM, QUEUE, MAPPING, STATE)
"""What an edge can be, the first that applies: who holds the lock, the engine or its registers, an interrupt (or what
else makes a context run) and its handler, the order in one context or of one request, an entry of a queue that one put
there and the other takes, a mapping and its use, any other state."""

_REQUEST = "client.pc"  # leaves its initial value when a request starts
_HANDLERS = ("irq", "work", "tasklet", "callback")  # contexts that run because somebody made them
_MAPPING_WORDS = ("mapped", "alive", "leaked", "_sg", "freeing", "terminated")

S = TypeVar("S")
A = TypeVar("A", bound=Hashable)


def order(
    path: Sequence[A],
    start: S,
    after: Callable[[S, A], S | None],
    evidence: Callable[[S], Any] = lambda state: None,
) -> nx.DiGraph:
    """Which steps of a path (numbered from 1, the action in `action`) come before which, with all transitive edges.

    `after`: the state after an action, None if it is not possible or leads outside what is known; the last step may.
    `evidence`: what has to stay as it is when the last step is taken, because it is part of what the path shows.
    """
    states: list[S | None] = [start]
    for action in path:
        states.append(None if states[-1] is None else after(states[-1], action))
    graph = nx.DiGraph()
    for last, action in enumerate(path):
        graph.add_node(last + 1, action=action)
        seen = evidence if last == len(path) - 1 else lambda state: None
        block = [last]
        for step in range(last - 1, -1, -1):
            # equal actions are the same context's: their order is that of their occurrence
            if path[step] == action or not _commute(path, states, step, block, after, seen):
                block.insert(0, step)
                graph.add_edge(step + 1, last + 1)
    return nx.transitive_closure_dag(graph)


def _commute(
    path: Sequence[A],
    states: Sequence[S | None],
    step: int,
    block: Sequence[int],
    after: Callable[[S, A], S | None],
    evidence: Callable[[S], Any],
) -> bool:
    """Whether a step can as well be taken after the later steps of `block`, and nobody sees a difference."""
    behind, first = states[step], states[step + 1]
    for number in block:
        if behind is None or first is None:
            return False
        if number == block[-1] and evidence(behind) != evidence(first):
            return False
        behind, first = after(behind, path[number]), after(first, path[number])
    if behind is None or first is None or evidence(behind) != evidence(first):
        return False
    return after(behind, path[step]) == first


def happens_before(execution: Execution, evidence: Collection[str]) -> nx.DiGraph:
    """The steps of an execution, numbered from 1, and their order; edges have a `kind` of `KINDS` and the
    `variables`, first those that make it one.

    `evidence`: the variables that the property reads at the end. A node has `action` and `actor`. There is an edge
    wherever no other path says the same, and where a step takes or reads what the other was the last to put or set.
    """
    graph = _order_of(execution, evidence)
    shared = _Shared(execution, frozenset(evidence))
    result = nx.DiGraph()
    for number, step in enumerate(execution.steps, start=1):
        result.add_node(number, action=step.name, actor=step.actor)
    direct = shared.taken.keys() | shared.read.keys()
    links = set(nx.transitive_reduction(graph).edges) | {edge for edge in direct if graph.has_edge(*edge)}
    for earlier, later in sorted(links):
        kind, variables = shared.describe(earlier, later)
        result.add_edge(earlier, later, kind=kind, variables=variables)
    return result


def _order_of(execution: Execution, evidence: Collection[str]) -> nx.DiGraph:
    start = execution.trace.states[0]
    names = tuple(start)
    seen = [place for place, name in enumerate(names) if name in evidence]

    @cache  # whether steps commute is asked of each pair, and most ways round lead through the same few states
    def after(values: tuple[int, ...], action: Action) -> tuple[int, ...] | None:
        found = fire(action, dict(zip(names, values, strict=True)))
        return None if found is None else tuple(found.values())

    return order(execution.steps, tuple(start.values()), after, lambda values: [values[place] for place in seen])


def past_of(graph: nx.DiGraph, ends: Collection[int]) -> nx.DiGraph:
    """An order cut back to some of its steps and all that had to come before them."""
    return graph.subgraph(set(ends).union(*(nx.ancestors(graph, end) for end in ends))).copy()


class _Shared:
    """What the steps of an execution have to do with each other, by variables and by queue entries."""

    def __init__(self, execution: Execution, evidence: frozenset[str]) -> None:
        self.steps = execution.steps
        queues, states = execution.system.space.queues, execution.trace.states
        self._queue_of = {f"{queue}.{part}": queue for queue, item in queues.items() for part in ("len", *item.fields)}
        self.changed = [
            frozenset(name for name in after if after[name] != before[name]) for before, after in pairwise(states)
        ]
        self.reads = [_reads(step, changed) for step, changed in zip(self.steps, self.changed, strict=True)]
        if self.reads:
            self.reads[-1] |= evidence
        self.taken = _taken(execution)
        self.read = self._last_set()

    def _last_set(self) -> dict[tuple[int, int], set[str]]:
        setter: dict[str, int] = {}
        result: dict[tuple[int, int], set[str]] = {}
        for number, (reads, changed) in enumerate(zip(self.reads, self.changed, strict=True), start=1):
            for name in reads & setter.keys():
                # entries say more about a queue than that it changed
                if name not in self._queue_of:
                    result.setdefault((setter[name], number), set()).add(name)
            setter |= dict.fromkeys(changed, number)
        return result

    def describe(self, earlier: int, later: int) -> tuple[str, tuple[str, ...]]:
        """The kind of an edge and the variables that make it one."""
        entry = self.taken.get((earlier, later))
        if entry:
            return QUEUE, tuple(sorted(entry))
        i, j = earlier - 1, later - 1
        variables = self.read.get((earlier, later)) or (
            self.changed[i] & (self.reads[j] | self.changed[j]) | self.reads[i] & self.changed[j]
        )
        raised = (earlier, later) in self.read and self.steps[j].actor in _HANDLERS
        kinds = {self._queue_of.get(name, name): _kind(name, raised) for name in variables}
        chosen = min(kinds.values(), key=KINDS.index, default=STATE)
        read = (earlier, later) in self.read and chosen in (LOCK, REGISTER)
        if self.steps[i].actor == self.steps[j].actor and not read:
            return PROGRAM, tuple(sorted(kinds))
        return chosen, tuple(sorted(kinds, key=lambda name: (kinds[name] != chosen, name)))


def _reads(step: Action, changed: frozenset[str]) -> frozenset[str]:
    terms = [*step.guard.values(), *(term for name, term in step.updates.items() if name in changed)]
    return frozenset().union(*map(variables_of, terms))


def _kind(name: str, raised: bool) -> str:
    """What it is that two steps share. `raised`: the later runs in a context that is made to run by what it reads."""
    prefix, _, rest = name.rpartition(".")
    if prefix == "lock":
        return LOCK
    if rest == "pc":
        return PROGRAM
    if raised and (rest == "irq" or prefix == "work" or rest.startswith("desc_completed")):
        return INTERRUPT
    if prefix == "engine":
        return REGISTER
    return MAPPING if any(word in rest for word in _MAPPING_WORDS) else STATE


def _taken(execution: Execution) -> dict[tuple[int, int], set[str]]:
    """For each pair of steps the queues from which the later took an entry that the earlier had put there."""
    owners: dict[str, list[int]] = {name: [] for name in execution.system.space.queues}
    result: dict[tuple[int, int], set[str]] = {}
    for number, (before, after) in enumerate(pairwise(execution.states), start=1):
        for name, owner in owners.items():
            gone, front, back = moved(before[name], after[name])
            for putter in owner[:gone]:
                if putter != number:
                    result.setdefault((putter, number), set()).add(name)
            owners[name] = [number] * front + owner[gone:] + [number] * back
    return result


def request_starts(states: Sequence[Mapping[str, int]]) -> list[int]:
    """The steps with which a request starts."""
    values = [state.get(_REQUEST) for state in states]
    return [number for number in range(1, len(values)) if values[number - 1] == values[0] != values[number]]


def last_request(graph: nx.DiGraph, starts: Sequence[int]) -> nx.DiGraph:
    """A graph without what belongs to earlier requests, those that start at all of `starts` but the last.

    That is what leads to the last request's start, and what follows an earlier start and not the last. Injected faults
    stay, wherever they were.
    """
    if not starts or starts[-1] not in graph:
        return graph
    own = nx.descendants(graph, starts[-1]) | {starts[-1]}
    others = nx.ancestors(graph, starts[-1]).union(*(nx.descendants(graph, start) for start in starts[:-1]))
    kept = [step for step in graph if step in own or step not in others or ":" in graph.nodes[step]["action"]]
    return graph.subgraph(kept).copy()


def signature(cause: nx.DiGraph) -> str:
    """What of a cause does not depend on how its steps were interleaved: equal for equal causes, whatever the trace.

    Steps are named by their actions, of several equal ones the last as such and the earlier with `~1`, `~2` and so on.
    """
    names = labels(cause)
    edges = sorted(f"{names[one]} < {names[two]}" for one, two in nx.transitive_reduction(cause).edges)
    return "; ".join([*edges, *sorted(names[step] for step in nx.isolates(cause))])


def labels(graph: nx.DiGraph) -> dict[int, str]:
    """Each step's name in signatures."""
    count: dict[str, int] = {}
    result = {}
    for step in sorted(graph, reverse=True):
        name = graph.nodes[step]["action"]
        later = count.get(name, 0)
        count[name] = later + 1
        result[step] = f"{name}~{later}" if later else name
    return result


def contains(cause: nx.DiGraph, other: nx.DiGraph) -> bool:
    """Whether all of a smaller cause is part of a larger one, its steps in the same order and no other."""
    if len(cause) <= len(other):
        return False
    large, small = (nx.transitive_closure_dag(graph) for graph in (cause, other))
    matcher = nx.isomorphism.DiGraphMatcher(large, small, node_match=lambda one, two: one["action"] == two["action"])
    return bool(matcher.subgraph_is_isomorphic())


def difference(cause: nx.DiGraph, other: nx.DiGraph) -> str:
    """In words, what is different in `cause` against `other`: steps that only one has, or pairs in another order."""
    one, two = nx.transitive_closure_dag(cause), nx.transitive_closure_dag(other)
    mine, theirs = labels(one), {name: step for step, name in labels(two).items()}
    links = nx.transitive_reduction(one)
    more = [
        name + "".join(f" after {mine[before]}" for before in sorted(links.predecessors(step))[-1:])
        for step, name in sorted(mine.items())
        if name not in theirs
    ]
    fewer = [name for name, _ in sorted(theirs.items(), key=lambda item: item[1]) if name not in mine.values()]
    parts = [f"with {', '.join(more)}"] if more else []
    parts += [f"without {', '.join(fewer)}"] if fewer else []
    for first, second in sorted(links.edges):
        pair = theirs.get(mine[first]), theirs.get(mine[second])
        if None not in pair and not two.has_edge(*pair):
            parts.append(f"{mine[first]} before {mine[second]}")
    return "; ".join(parts)
