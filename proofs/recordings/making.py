"""Logs of random runs of the model: examples, and what the acceptor is tested with."""

from __future__ import annotations

import random
from collections.abc import Iterator

from model.language.system import TransitionSystem
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Outgoing
from proofs.recordings.events import events
from proofs.recordings.log import EVENTS, Event, Log

QUIET = 10_000


def make(system: TransitionSystem, length: int, seed: int) -> Log:
    """A log of at most `length` events of a run in which each possible step is taken with equal chance.

    It is shorter only if the run comes to where nothing is possible any more, or for `QUIET` steps nothing is recorded.
    """
    return next(logs(system, length, seed))


def logs(system: TransitionSystem, length: int, seed: int) -> Iterator[Log]:
    """One such log after the other, for ever, from one exploration."""
    space = Explorer(system).explore({})
    known, number = events(system, space)
    out = Outgoing(space.states.shape[1], space.edges)
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
