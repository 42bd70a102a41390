"""A log against a version: is it a possible run, and on which hardware is it one?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from model.parameters import ASSUMPTIONS, others
from model.protocol import build
from model.subject import Subject
from proofs.recordings.acceptor import Acceptor, Outcome
from proofs.recordings.log import Log

MOST_POSSIBLE = 8  # of what could have come next so many are named


@dataclass(frozen=True)
class Task:
    """A log and a system: plain data for another process."""

    subject: Subject
    log: Log

    def __str__(self) -> str:
        return f"{self.subject.version} ({self.subject.scenario})"


def held(task: Task) -> Outcome:
    """How far the log is a possible run of the system."""
    return Acceptor(build(task.subject).system, task.log.records).run(task.log)


@dataclass(frozen=True)
class Conformance:
    """What came of a log under some assumptions, `chosen`, and under each other value of one of them, if asked for."""

    log: Log
    chosen: Subject
    outcome: Outcome
    others: tuple[tuple[str, str, Outcome], ...] = ()

    def accepted(self, outcome: Outcome) -> bool:
        """Whether all of the log is a possible run."""
        return outcome.accepted == len(self.log.events)

    @property
    def open(self) -> str:
        """Why nothing is decided, or nothing: the log is empty or cut off, or the model is too small."""
        if not self.log.events:
            return "the log has no event: nothing is held against anything"
        outcomes = [self.outcome, *(outcome for _, _, outcome in self.others)]
        if any(map(self.accepted, outcomes)):
            return "" if self.log.ended else 'the log ends early: its last line is not {"end": N}'
        exceeded = dict.fromkeys(key for outcome in outcomes for key in outcome.exceeded)
        return f"not known: a capacity of the model was exceeded ({', '.join(exceeded)})" if exceeded else ""

    @property
    def fits(self) -> bool:
        """Whether the log is a possible run under some of the values that were asked about."""
        return any(self.accepted(outcome) for outcome in (self.outcome, *(row[2] for row in self.others)))


def tasks(log: Log, subject: Subject, unknowns: bool) -> list[Task]:
    """The log under the assumptions of the subject first; with `unknowns` also under each other value of one."""
    own = subject.assumptions
    changed = [replace(subject, assumptions={**own, key: value}) for key, value in others(own)]
    return [Task(one, log) for one in [subject, *(changed if unknowns else [])]]


def conformance(log: Log, subject: Subject, outcomes: Sequence[Outcome]) -> Conformance:
    """What `held` says of the tasks of a log, put together."""
    pairs = zip(others(subject.assumptions), outcomes[1:], strict=False)
    return Conformance(log, subject, outcomes[0], tuple((*pair, found) for pair, found in pairs))


def lines(found: Conformance) -> Iterator[str]:
    """The answer; where the log stops being possible and what was possible there; which values it is accepted under."""
    about = f"{found.chosen.version} ({found.chosen.scenario})"
    count = len(found.log.events)
    if found.accepted(found.outcome):
        yield f"accepted: {count} events, a possible run of {about}"
    else:
        yield from _rejected(found, about)
    if found.others:
        yield "by value, all else as given:"
        for key in ASSUMPTIONS:
            yield f"  {key}: {_by_value(found, key)}"
    if found.open:
        yield found.open


def _rejected(found: Conformance, about: str) -> Iterator[str]:
    log, outcome = found.log, found.outcome
    place = outcome.accepted
    yield f"rejected at line {log.lines[place]}: {log.events[place]}: not possible there in {about}"
    named = "; ".join(map(str, outcome.possible[:MOST_POSSIBLE])) or "no event at all"
    more = f"; and {len(outcome.possible) - MOST_POSSIBLE} more" if len(outcome.possible) > MOST_POSSIBLE else ""
    yield f"possible there: {named}{more}"
    until = f"lines {log.lines[0]} to {log.lines[place - 1]}" if place else "no line"
    yield f"longest accepted prefix: {place} of {len(log.events)} events, {until}"


def _by_value(found: Conformance, key: str) -> str:
    outcomes = {found.chosen.assumptions[key]: found.outcome}
    outcomes |= {value: outcome for name, value, outcome in found.others if name == key}
    good = [value for value, outcome in outcomes.items() if found.accepted(outcome)]
    open_ones = [value for value, outcome in outcomes.items() if value not in good and outcome.exceeded]
    bad = [value for value in outcomes if value not in (*good, *open_ones)]
    said = f"accepted under {' '.join(good) or 'none'}"
    said += f"; not {' '.join(bad)}" if bad and good else ""
    return f"{said}; not known under {' '.join(open_ones)}" if open_ones else said
