"""Which run tells two answers to an open question apart: possible on hardware with the one, impossible with the other.

Both systems are followed side by side, event by event, as sets of states that they may be in; breadth first, so that
the run found is a shortest one. If all pairs of sets are met and there is none, then nothing that the software of Linux
can record in this workload refutes the other answer; that nothing more is ever recorded is no event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model import parameters
from model.protocol import build
from model.subject import Subject
from proofs.recordings.acceptor import Acceptor
from proofs.recordings.log import EVENTS, Event

MOST_PAIRS = 100_000  # pairs of sets of states to look at


@dataclass(frozen=True)
class Task:
    """Which runs on hardware with `value` refute the other values of `key`: plain data for another process."""

    subject: Subject
    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.subject.version} {self.key}={self.value}"


@dataclass(frozen=True)
class Telling:
    """A run that is possible where the question has one answer and not where it has `other`.

    `run`: the shortest, the last event being the one that cannot be; None: there is none, or it is not known why.
    """

    other: str
    run: tuple[Event, ...] | None
    pairs: int
    reason: str = ""


def tell(task: Task) -> list[Telling]:
    """A shortest run for each other value, in declared order."""
    mine = _acceptor(task.subject, task.key, task.value)
    others = [value for value in parameters.ASSUMPTIONS[task.key].values if value != task.value]
    return [_shortest(mine, _acceptor(task.subject, task.key, other), other) for other in others]


def _acceptor(subject: Subject, key: str, value: str) -> Acceptor:
    chosen = subject.assuming({**subject.assumptions, key: value})
    return Acceptor(build(chosen).system, frozenset(EVENTS))


def _shortest(mine: Acceptor, theirs: Acceptor, other: str) -> Telling:
    start = (mine.start, theirs.start)
    origin: dict[tuple[int, int], tuple[tuple[int, int], Event] | None] = {start: None}
    level = [start]
    while level:
        following = []
        for pair in level:
            for event in mine.possible(pair[0]):
                one, two = mine.after(pair[0], event), theirs.after(pair[1], event)
                assert one is not None  # it is possible
                if two is None and theirs.exceeded:
                    return Telling(other, None, len(origin), f"a capacity of the model ({', '.join(theirs.exceeded)})")
                if two is None:
                    return Telling(other, (*_way(origin, pair), event), len(origin))
                if (one, two) not in origin:
                    origin[one, two] = (pair, event)
                    following.append((one, two))
        if len(origin) > MOST_PAIRS:
            return Telling(other, None, len(origin), f"more than {MOST_PAIRS} pairs of sets of states")
        level = following
    reason = f"a capacity of the model ({', '.join(mine.exceeded)})" if mine.exceeded else ""
    return Telling(other, None, len(origin), reason)


def _way(
    origin: Mapping[tuple[int, int], tuple[tuple[int, int], Event] | None], pair: tuple[int, int]
) -> tuple[Event, ...]:
    """The events that lead to a pair."""
    found: list[Event] = []
    step = origin[pair]
    while step is not None:
        found.append(step[1])
        step = origin[step[0]]
    return tuple(reversed(found))


def lines(task: Task, found: list[Telling]) -> Iterator[str]:
    """For each other value the run that refutes it, one event a line, or that there is none."""
    for item in found:
        yield f"{task.subject.version}: {task.key}={task.value} against {item.other}:"
        if item.run is not None:
            yield f"  a run that is impossible with {item.other}: {len(item.run)} events"
            for number, event in enumerate(item.run, 1):
                yield f"  {number:>3}  {event}"
        elif item.reason:
            yield f"  not known: {item.reason}"
        else:
            yield f"  no run tells ({item.pairs} pairs of sets of states, all there are)"
