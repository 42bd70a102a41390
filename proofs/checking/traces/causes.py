"""All distinct causes of a violation: one counterexample for each.

All executions up to their first violation are explored, to `SLACK` steps beyond the nearest. For each hit every
shortest path is looked at, one for all that differ only in the order of commuting steps, and stripped of what it does
not need. Two of them have the same cause if the last request's steps are the same in the same order: what earlier
requests did has to have happened, no matter how, except for injected faults. If what is violated is a condition on the
state, it is enough if that is so for the past of those of its variables that are not as in the beginning. A cause that
contains another one is not reported.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from counterexamples.story.order import contains, difference, last_request, order, request_starts, signature
from counterexamples.trace import Blocked, run
from model.context import Protocol
from model.language.concrete import holds
from model.language.system import TransitionSystem
from model.language.terms import variables_of
from proofs.checking.verdicts import shortest_path
from proofs.engines import Target
from proofs.engines.cone import grouped
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Outgoing, Space

SLACK = 4  # steps that a counterexample may be longer than the shortest
MOST_HITS = 400  # the nearest hits; their number says nothing about the number of causes
MOST_PATHS = 4000

Path = tuple[int, ...]
Last = tuple[int, int | None]


@dataclass(frozen=True)
class Cause:
    """One cause: its minimal interleaving by action names, and what is different against the first cause."""

    path: tuple[str, ...]
    unlike_first: str = ""


@dataclass(frozen=True)
class _Found:
    path: Path
    whole: nx.DiGraph
    signatures: frozenset[str]


class _Explored:
    """The executions of a system up to their first hit, as a graph of state numbers; state 0 is the initial one."""

    def __init__(self, system: TransitionSystem, space: Space, last: Sequence[Last]) -> None:
        self.system = system
        self._space = space
        self._out = Outgoing(space.states.shape[1], space.edges)
        self._moves: dict[int, dict[int, int]] = {}
        self._last = frozenset(last)

    def moves(self, state: int) -> dict[int, int]:
        """What is possible in a state without hitting anything: action to following state."""
        if state not in self._moves:
            mine = slice(self._out.first[state], self._out.first[state + 1])
            pairs = zip(self._out.action[mine].tolist(), self._out.destination[mine].tolist(), strict=True)
            self._moves[state] = dict(pairs)
        return self._moves[state]

    def after(self, state: int, action: int) -> int | None:
        """The state after an action, None if that is not possible or hits the target."""
        return self.moves(state).get(action)

    def hits(self, path: Sequence[int]) -> bool:
        """Whether a path is possible and its end is the first hit on it."""
        if not path:
            return (0, None) in self._last
        state = 0
        for action in path[:-1]:
            following = self.after(state, action)
            if following is None:
                return False
            state = following
        following = self.after(state, path[-1])
        return (state, path[-1]) in self._last or (following is not None and (following, None) in self._last)

    def shortest(self, last: Last) -> Iterator[Path]:
        """The shortest paths to one hit, only one of those that differ in the order of commuting steps (sleep sets)."""
        goal, action = last
        steps = self._space.onward([goal])
        end = () if action is None else (action,)
        stack: list[tuple[int, Path, frozenset[int]]] = [(0, (), frozenset())]
        while stack:
            state, path, asleep = stack.pop()
            if state == goal:
                yield path + end
                continue
            following: list[tuple[int, Path, frozenset[int]]] = []
            taken = set(asleep)
            for index, destination in sorted(steps[state]):
                if index in asleep:
                    continue
                still = frozenset(other for other in taken if self._commute(state, index, other))
                following.append((destination, (*path, index), still))
                taken.add(index)
            stack += reversed(following)

    def _commute(self, state: int, one: int, other: int) -> bool:
        first, second = self.after(state, one), self.after(state, other)
        if first is None or second is None:
            return False
        end = self.after(first, other)
        return end is not None and end == self.after(second, one)

    def stripped(self, path: Path) -> Path:
        """A path without what it does not need, each choice that does not matter being the first one declared."""
        while True:
            better = next((other for other in self._simpler(path) if self.hits(other)), None)
            if better is None:
                return path
            path = better

    def _simpler(self, path: Path) -> Iterator[Path]:
        actors = [self.system.actions[index].actor for index in path]
        for place in reversed(range(len(path))):
            yield path[:place] + path[place + 1 :]
        for actor in dict.fromkeys(actors):
            places = [place for place, who in enumerate(actors) if who == actor]
            for count in range(len(places), 1, -1):
                for begin in range(len(places) - count + 1):
                    dropped = set(places[begin : begin + count])
                    yield tuple(index for place, index in enumerate(path) if place not in dropped)
        for place, index in enumerate(path):
            for other in range(index):
                if self.system.actions[other].actor == actors[place]:
                    yield (*path[:place], other, *path[place + 1 :])


def distinct(protocol: Protocol, target: Target, first: Sequence[str]) -> list[Cause]:
    """The distinct causes of hits of `target`, that of the path `first` before the others, which are in order of depth.

    `first`: a shortest path to a hit, as action names.
    """
    ((system, _),) = grouped(protocol.system, {"": target}, slack=0)
    space = Explorer(system, until=target).explore({"": target}, stop_early=True, slack=SLACK)
    ends = [last for hit in space.farther.get("", ()) for last in sorted(hit.last, key=_by_number)]
    explored = _Explored(system, space, ends)
    numbers = {action.name: number for number, action in enumerate(system.actions)}
    found: list[_Found] = []
    known: set[str] = set()
    for path in _stripped_paths(explored, tuple(numbers[name] for name in first), ends):
        item = _judge(protocol, target, explored, path)
        if item is not None and not item.signatures & known:
            found.append(item)
            known |= item.signatures
    shown, *rest = found
    kept = [shown]
    for item in sorted(rest, key=lambda item: len(item.path)):
        if not any(contains(item.whole, other.whole) for other in kept):
            kept.append(item)
    causes = [Cause(_tidy(explored, item), difference(item.whole, shown.whole)) for item in kept[1:]]
    return [Cause(tuple(first)), *causes]


def distinct_per_fault(protocol: Protocol, target: Target, first: Sequence[str]) -> list[Cause]:
    """As `distinct`; where something may fail each fault is looked at alone, so that the nearest hides no other.

    The first cause is that of `first`. What needs no fault is looked for once.
    """
    struck = {protocol.system.action(name).fault for name in first} - {None}
    found = distinct(_with_faults(protocol, struck), target, first)
    for fault in protocol.ctx.workload.faults if struck else ():
        alone = _with_faults(protocol, {fault})
        path = None if fault in struck else shortest_path(alone, target)
        for cause in distinct(alone, target, path) if path else ():
            unlike = "; ".join(filter(None, (f"{fault} fails", cause.unlike_first)))
            found.append(Cause(cause.path, unlike))
    return found


def _with_faults(protocol: Protocol, faults: Collection[str | None]) -> Protocol:
    """The protocol in which nothing else can fail."""
    actions = tuple(action for action in protocol.system.actions if action.fault in {None, *faults})
    return replace(protocol, system=replace(protocol.system, actions=actions))


def _by_number(last: Last) -> tuple[int, int]:
    state, action = last
    return state, -1 if action is None else action


def _stripped_paths(explored: _Explored, first: Path, ends: Sequence[Last]) -> Iterator[Path]:
    """Stripped paths to the nearest hits, that of `first` before all others, no path twice."""
    seen = {explored.stripped(first)}
    yield from seen
    paths = itertools.chain.from_iterable(explored.shortest(last) for last in ends[:MOST_HITS])
    for path in itertools.islice(paths, MOST_PATHS):
        stripped = explored.stripped(path)
        if stripped not in seen:
            seen.add(stripped)
            yield stripped


def _judge(protocol: Protocol, target: Target, explored: _Explored, path: Path) -> _Found | None:
    """The cause that a path shows; None if a capacity of the whole model cuts it off."""
    names = [explored.system.actions[index].name for index in path]
    states = run(protocol.system, names)
    if isinstance(states, Blocked):
        return None
    whole = order(path, 0, explored.after)
    nx.set_node_attributes(whole, dict(enumerate(names, start=1)), "action")
    cores = [whole]
    if holds(target.state, states[-1]):
        roots = _last_setters(variables_of(target.state), states)
        cores.append(whole.subgraph(roots.union(*(nx.ancestors(whole, step) for step in roots))))
    else:
        whole.add_edges_from((step, len(path)) for step in range(1, len(path)))
    starts = request_starts(states)
    return _Found(path, whole, frozenset(signature(last_request(core, starts)) for core in cores))


def _last_setters(names: Iterable[str], states: Sequence[Mapping[str, int]]) -> set[int]:
    """The steps that made of variables what they are in the last state, if that is not what they were in the first."""
    changed = [name for name in names if states[-1][name] != states[0][name]]
    return {
        max(step for step in range(1, len(states)) if states[step][name] != states[step - 1][name]) for name in changed
    }


def _tidy(explored: _Explored, found: _Found) -> tuple[str, ...]:
    """A cause's steps in the order with the fewest switches between actors, then first in declared order."""
    actions, path, whole = explored.system.actions, found.path, found.whole
    before = [frozenset(whole.predecessors(step)) for step in range(1, len(path) + 1)]
    best: dict[tuple[frozenset[int], str], tuple[int, Path]] = {(frozenset(), ""): (0, ())}
    for _ in path:
        longer: dict[tuple[frozenset[int], str], tuple[int, Path]] = {}
        for (done, actor), (switches, taken) in best.items():
            for step, index in enumerate(path, start=1):
                if step in done or not before[step - 1] <= done:
                    continue
                following = actions[index].actor
                key = (done | {step}, following)
                cost = (switches + int(actor not in ("", following)), (*taken, index))
                longer[key] = min(longer.get(key, cost), cost)
        best = longer
    tidy = min(best.values())[1]
    return tuple(actions[index].name for index in (tidy if explored.hits(tidy) else path))
