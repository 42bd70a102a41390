"""Logs of random runs of the model: examples, and what the acceptor is tested with."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from model.language.system import TransitionSystem
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Edges, Outgoing, Space
from proofs.recordings.events import events
from proofs.recordings.log import EVENTS, Event, Log

QUIET = 10_000


def make(system: TransitionSystem, length: int, seed: int) -> Log:
    """A log of `length` events of a run in which each possible step is taken with equal chance.

    Steps after which the recorded events must come to an end are left out, unless it comes to that however the run
    goes. It is shorter only then, or if for `QUIET` steps nothing is recorded.
    """
    space = Explorer(system).explore({})
    known, number = events(system, space)
    lasting = _lasting(space, number)
    kept = lasting[space.edges.destination] if lasting[0] else np.ones(len(number), dtype=bool)
    return next(_walks(space.states.shape[1], space.edges.only(kept), known, number[kept], length, seed))


def logs(system: TransitionSystem, length: int, seed: int) -> Iterator[Log]:
    """One log after the other, for ever, from one exploration: of at most `length` events, however each run goes."""
    space = Explorer(system).explore({})
    known, number = events(system, space)
    return _walks(space.states.shape[1], space.edges, known, number, length, seed)


def _walks(states: int, edges: Edges, known: list[Event], number: np.ndarray, length: int, seed: int) -> Iterator[Log]:
    out = Outgoing(states, edges)
    first, destination, code = out.first.tolist(), out.destination.tolist(), number[out.order].tolist()
    chance = random.Random(seed)
    while True:
        found: list[Event] = []
        state = quiet = 0
        while len(found) < length and quiet < QUIET and first[state] < first[state + 1]:
            edge = chance.randrange(first[state], first[state + 1])
            state, quiet = destination[edge], quiet + 1
            if code[edge] >= 0:
                found.append(known[code[edge]])
                quiet = 0
        yield Log(frozenset(EVENTS), tuple(found), tuple(range(2, len(found) + 2)), True)


def _lasting(space: Space, number: np.ndarray) -> np.ndarray:
    """From which states a run with ever more recorded events is possible: the greatest set from each state of which a
    recorded step that stays inside can be reached inside."""
    source, destination = space.edges.source, space.edges.destination
    lasting = np.ones(space.states.shape[1], dtype=bool)
    while True:
        met = np.zeros_like(lasting)
        inside = lasting[source] & lasting[destination]
        met[source[inside & (number >= 0)]] = True
        before = 0
        while before < (count := int(met.sum())):
            before = count
            met[source[inside & met[destination]]] = True
        if before == lasting.sum():
            return lasting
        lasting = met
