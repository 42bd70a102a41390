"""Can something wait for ever? Fair lassos in the reachable graph.

An execution is weakly fair if each fair action is taken infinitely often, or infinitely often disabled. `pending` can
hold for ever if a reachable strongly connected part of the graph, in which it holds throughout, takes each fair action
or has a state in which that is disabled. A single state counts as such a part too: where no fair action is enabled the
system may rest, because nothing else has to happen. Taking the largest parts loses nothing: what is never taken and
always enabled in a part is so in all that lies inside it.
An action that only a capacity of the model stops counts as enabled, so a lasso is one of the real system.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import z3

from counterexamples.minimal import minimal_path
from model.language.concrete import Code
from model.language.system import Term, TransitionSystem
from proofs.engines import Finding, Lasso, Lasting, Question, Target, Unknown, Unreachable
from proofs.engines.breadth import MEMORY, OutOfMemoryError
from proofs.engines.exhaustive import Explorer
from proofs.engines.running import memory
from proofs.engines.space import Space

PER_TRANSITION, PER_STATE = 40, 24  # bytes, beside a byte for each fair action, that a graph and masks over it take
PER_EDGE = 500  # bytes of a transition in a graph of networkx
Step = tuple[int, int]  # action index, destination state
Outgoing = Mapping[int, Sequence[Step]]


@dataclass(frozen=True)
class _Graph:
    """The transitions among some states; `enabled[i, n]`: whether fair action `fair[i]` is enabled in state n."""

    source: np.ndarray
    action: np.ndarray
    destination: np.ndarray
    fair: tuple[int, ...]
    enabled: np.ndarray

    def only(self, kept: np.ndarray) -> _Graph:
        """The graph with some of the transitions."""
        return _Graph(self.source[kept], self.action[kept], self.destination[kept], self.fair, self.enabled)


def answer(question: Question[Lasting]) -> dict[str, Finding]:
    """For each target the nearest state of rest, or a fair cycle if the way to the nearest and it are shorter.

    The system is exhausted, unless a state of rest is found for each: what is unexplored then lies farther.
    """
    system = question.system
    rests = {name: resting(system, item) for name, item in question.targets.items()}
    try:
        space = Explorer(system).explore(rests, stop_early=True, beside=question.beside)
    except OutOfMemoryError as error:
        return {name: Finding(Unknown(str(error)), error.space) for name in question.targets}
    answers = {name: _unless_too_large(system, space, name, item) for name, item in question.targets.items()}
    return {name: Finding(found, space) for name, found in answers.items()}


def resting(system: TransitionSystem, item: Lasting) -> Target:
    """The states in which `pending` holds and no fair action is enabled, or would be if capacities were larger."""
    due = [z3.And(*action.guard.values()) for action in system.actions if action.name in item.fair]
    return Target(state=z3.And(item.pending, z3.Not(z3.Or(*due))))


def _unless_too_large(
    system: TransitionSystem, space: Space, name: str, item: Lasting
) -> Lasso | Unreachable | Unknown:
    states = space.states.shape[1]
    try:
        memory.demand(space.transitions * PER_TRANSITION + states * (len(item.fair) + PER_STATE))
        return _answer(system, space, name, item)
    except MemoryError:
        return Unknown(f"{MEMORY}all {states} states found, no room to look for cycles")


def _answer(system: TransitionSystem, space: Space, name: str, item: Lasting) -> Lasso | Unreachable | Unknown:
    graph = _graph(system, space, item)
    lassos = []
    if rests := space.hits.get(name):
        lassos.append(Lasso(_way(system, space, np.array([state for state, _ in rests.last]))[0]))
    part = _fair_parts(graph, _core(space, graph))
    if len(goals := np.flatnonzero(part >= 0)):
        prefix, start = _way(system, space, goals)
        inside = graph.only((part[graph.source] == part[start]) & (part[graph.destination] == part[start]))
        lassos.append(Lasso(prefix, tuple(system.actions[index].name for index in _fair_walk(inside, start))))
    if lassos:
        return min(lassos, key=lambda lasso: (lasso.length, len(lasso.cycle)))
    if space.exceeded:
        return Unknown(f"capacity {', '.join(space.exceeded)}")
    return Unreachable(space.states.shape[1])


def _column(space: Space, term: Term) -> np.ndarray:
    code = Code([z3.simplify(term)], vector=True)
    columns = {name: space.layout.column(space.states, name) for name in code.inputs}
    return np.array(np.broadcast_to(code(columns)[0], (space.states.shape[1],)))


def _graph(system: TransitionSystem, space: Space, item: Lasting) -> _Graph:
    edges, pending = space.edges, _column(space, item.pending)
    numbers = tuple(index for index, action in enumerate(system.actions) if action.name in item.fair)
    enabled = np.zeros((len(numbers), len(pending)), dtype=bool)
    for row, index in enumerate(numbers):
        enabled[row, edges.source[edges.action == index]] = True
        for key in set(space.exceeded) & set(system.actions[index].overflow):
            enabled[row] |= _column(space, system.actions[index].exceeds(key))
    kept = pending[edges.source] & pending[edges.destination]
    return _Graph(edges.source[kept], edges.action[kept], edges.destination[kept], numbers, enabled)


def _way(system: TransitionSystem, space: Space, goals: np.ndarray) -> tuple[tuple[str, ...], int]:
    """The minimal path to the nearest of some states, and that state."""
    depth = int(np.searchsorted(space.level, goals[0], side="right"))
    nearest = [int(goal) for goal in goals[goals < space.level[depth]]]
    onward = space.onward(nearest)
    chosen = minimal_path(onward, {goal: [None] for goal in nearest}, system.actions)
    state = 0
    for index in chosen:
        state = next(following for action, following in onward[state] if action == index)
    return tuple(system.actions[index].name for index in chosen), state


def _core(space: Space, graph: _Graph) -> _Graph:
    """The part that may lie on cycles: nothing if no transition leads back, else without what has only one end."""
    ends = np.asarray(space.level[1:])
    if not np.any(
        np.searchsorted(ends, graph.destination, side="right") <= np.searchsorted(ends, graph.source, side="right")
    ):
        return graph.only(np.zeros(0, dtype=np.int64))
    count = graph.enabled.shape[1]
    while len(graph.source):
        inner = (np.bincount(graph.source, minlength=count) > 0) & (np.bincount(graph.destination, minlength=count) > 0)
        kept = inner[graph.source] & inner[graph.destination]
        if kept.all():
            break
        graph = graph.only(kept)
    return graph


def _fair_parts(graph: _Graph, core: _Graph) -> np.ndarray:
    """The number of the fair strongly connected part that each state is in, -1 for those in none.

    `core`: the transitions of `graph` that may lie on cycles. A state alone is a part only if it leads to itself.
    """
    memory.demand(len(core.source) * PER_EDGE)
    digraph = nx.DiGraph()
    digraph.add_edges_from(zip(core.source.tolist(), core.destination.tolist(), strict=True))
    part = np.full(graph.enabled.shape[1], -1, dtype=np.int64)
    count = 0
    for count, members in enumerate(nx.strongly_connected_components(digraph), start=1):
        part[list(members)] = count - 1
    inside = core.only(part[core.source] == part[core.destination])
    met = np.zeros((len(graph.fair), count), dtype=bool)
    members_of = np.flatnonzero(part >= 0)
    for row, index in enumerate(graph.fair):
        met[row, part[inside.source[inside.action == index]]] = True
        met[row, part[members_of[~graph.enabled[row, members_of]]]] = True
    moving = np.zeros(count, dtype=bool)
    moving[part[inside.source]] = True
    fair = np.append(met.all(axis=0) & moving, False)
    return np.where(fair[part], part, -1)


def _fair_walk(inside: _Graph, start: int) -> list[int]:
    """The actions of a closed walk from `start` that takes each fair action or passes where it is disabled.

    The shortest cycle if that is fair already, else from each thing that is still due to the nearest other.
    """
    outgoing: dict[int, list[Step]] = {}
    steps = zip(inside.source.tolist(), inside.action.tolist(), inside.destination.tolist(), strict=True)
    for source, action, destination in sorted(steps):
        outgoing.setdefault(source, []).append((action, destination))
    off = {
        state: {index for row, index in enumerate(inside.fair) if not inside.enabled[row, state]} for state in outgoing
    }
    due = set(inside.fair) - off[start]

    def helps(index: int, following: int) -> bool:
        return index in due or not due.isdisjoint(off[following])

    def met(way: Sequence[Step]) -> set[int]:
        return {index for index, _ in way}.union(*(off[state] for _, state in way))

    round_trip = _route(outgoing, start, lambda _, state: state == start)
    if due <= met(round_trip):
        return [index for index, _ in round_trip]
    walk: list[Step] = []
    state = start
    while due:
        walk += _route(outgoing, state, helps)
        state = walk[-1][1]
        due -= met(walk)
    if state != start:
        walk += _route(outgoing, state, lambda _, following: following == start)
    return [index for index, _ in walk]


def _route(outgoing: Outgoing, start: int, wanted: Callable[[int, int], bool]) -> list[Step]:
    """A shortest way of at least one step from a state, up to the first step (action, destination) that is wanted."""
    came: dict[int, tuple[int, Step]] = {}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        for step in outgoing[state]:
            if wanted(*step):
                way = [step]
                while state != start:
                    state, step = came[state]
                    way.append(step)
                return way[::-1]
            if step[1] != start and step[1] not in came:
                came[step[1]] = (state, step)
                waiting.append(step[1])
    raise ValueError("the part is not strongly connected")
