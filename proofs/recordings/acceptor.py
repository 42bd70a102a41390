"""Whether a log is a possible run: all states that the system can be in are followed from event to event.

Steps that are not recorded are silent: any number of them can lie between two events, before the first and after the
last. A set of states that was met before, as again and again in a long log, is not computed again. Where a log does not
know the order of some events, all orders are followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import numpy as np

from model.language.system import TransitionSystem
from proofs.engines.exhaustive import Explorer
from proofs.recordings.events import events
from proofs.recordings.following import Graph, Sets
from proofs.recordings.log import Event, Log, recorded


@dataclass(frozen=True)
class Outcome:
    """How far a log is a possible run of a system: its first `accepted` events, with what overlaps them.

    `possible`: what could have come next there; `exceeded`: capacities of the model, beyond which more may be possible.
    """

    accepted: int
    possible: tuple[Event, ...]
    exceeded: tuple[str, ...]


_Taken = tuple[int, frozenset[int]]
"""Which events of a log were taken: all before a place, not that one, and some behind it."""


def _taken(low: int, beyond: frozenset[int], place: int) -> _Taken:
    """What was taken with one more."""
    if place != low:
        return low, beyond | {place}
    low += 1
    while low in beyond:
        beyond -= {low}
        low += 1
    return low, beyond


def _reach(log: Log) -> list[int]:
    """By a place the last one whose event can come next if all before the place were taken, and not the one there."""
    found = list(range(len(log.events)))
    for place, certain in log.after.items():
        found[certain] = max(found[certain], place)
    return list(accumulate(found, max))


class Acceptor:
    """A system, explored once, for any number of logs that record the same kinds of events.

    The states that it may be in are a set that has a number: `start` before the first event, `after(set, event)` behind
    one, None if that cannot be. `possible(set)` are the events that can come next.
    """

    def __init__(self, system: TransitionSystem, records: frozenset[str]) -> None:
        space = Explorer(system).explore({})
        known, number = events(system, space)
        shown = np.array([recorded(event.event, event.channel, records) for event in known] + [False])[number]
        edges, count = space.edges, space.states.shape[1]
        self.events = known
        self.exceeded = space.exceeded
        self._silent = Graph(count, edges.only(~shown))
        self._graphs = {}
        for code in np.unique(number[shown]):
            self._graphs[int(code)] = Graph(count, edges.only(number == code))
        self._sets = Sets()
        self.start = self._sets.number(self._silent.closure(np.zeros(1, dtype=np.int32)))
        self.after = cache(self._step)
        self.union = cache(self._union)
        self.possible = cache(self._possible)
        self._codes = cache(self._fitting)

    def run(self, log: Log) -> Outcome:
        """How far a log is a possible run."""
        reach = _reach(log)
        best, front = 0, {(0, frozenset[int]()): self.start}
        furthest = [self.start]
        for _ in log.events:
            front = self._follow(log, front, reach)
            low = max((low for low, _ in front), default=-1)
            if low > best:
                best = low
                furthest = [present for (here, _), present in front.items() if here == low]
            elif not front:
                break
        able = {event: None for present in furthest for event in self.possible(present)}
        return Outcome(best, tuple(able), self.exceeded)

    def _follow(self, log: Log, front: Mapping[_Taken, int], reach: Sequence[int]) -> dict[_Taken, int]:
        """The sets of states one event further, by which events were taken, from all that one event less leads to."""
        found: dict[_Taken, int] = {}
        for (low, beyond), present in front.items():
            for place in range(low, reach[low] + 1):
                if place in beyond or log.after.get(place, place) > low:
                    continue
                following = self.after(present, log.events[place])
                if following is not None:
                    taken = _taken(low, beyond, place)
                    found[taken] = self.union(found[taken], following) if taken in found else following
        return found

    def _union(self, one: int, two: int) -> int:
        return self._sets.number(np.union1d(self._sets[one], self._sets[two]))

    def _fitting(self, event: Event) -> Sequence[int]:
        return [code for code in self._graphs if event.fits(self.events[code])]

    def _step(self, present: int, event: Event) -> int | None:
        """The set of states after an event, None if there is none."""
        reached = [self._graphs[code].after(self._sets[present]) for code in self._codes(event)]
        found = np.unique(np.concatenate(reached)) if reached else np.empty(0, np.int32)
        return self._sets.number(self._silent.closure(found)) if len(found) else None

    def _possible(self, present: int) -> tuple[Event, ...]:
        able = [code for code, graph in self._graphs.items() if len(graph.after(self._sets[present]))]
        return tuple(self.events[code] for code in able)
