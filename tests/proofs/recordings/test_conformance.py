"""What is accepted: held against a second acceptor that follows single states in plain Python, one step at a time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice, permutations

import pytest
from conftest import build_protocol, run_here, slow

from model import parameters
from model.context import Protocol
from model.language.concrete import fire
from model.language.system import TransitionSystem
from model.vocabulary import kind_of
from proofs.recordings.acceptor import Acceptor, Outcome
from proofs.recordings.conformance import Task, conformance, held, lines, tasks
from proofs.recordings.events import RECORDED
from proofs.recordings.log import EVENTS, Event, Log
from proofs.recordings.making import logs, make

SMALL = {"requests": 1, "tz_requests": 1}
ALL = frozenset(EVENTS)


def small(version: str = "v24", **assume: str) -> Protocol:
    """A version with one request on each side."""
    return build_protocol(version, assume=assume, bound=SMALL)


@cache
def acceptor(version: str = "v24") -> Acceptor:
    """The acceptor of such a system."""
    return Acceptor(small(version).system, ALL)


State = frozenset[tuple[str, int]]


def steps(system: TransitionSystem, state: State) -> Iterator[tuple[str, State]]:
    """Each possible step: the action's name and the state after it."""
    for action in system.actions:
        after = fire(action, dict(state))
        if after is not None:
            yield action.name, frozenset(after.items())


def shown(name: str, before: State, after: State) -> bool:
    """Whether a step is recorded: unless it is an access by CPU that ends in an external abort."""
    return kind_of(name) in RECORDED and not dict(after).get("client.panicked")


def plainly(system: TransitionSystem, names: Iterable[tuple[str, str | None]]) -> int:
    """How many events, by name and channel alone, are a possible run, found without the engine."""

    @cache
    def closed(state: State) -> frozenset[State]:
        found, left = {state}, [state]
        while left:
            here = left.pop()
            for name, after in steps(system, here):
                if not shown(name, here, after) and after not in found:
                    found.add(after)
                    left.append(after)
        return frozenset(found)

    present = closed(frozenset(system.initial.items()))
    count = 0
    for wanted in names:
        following = {
            after
            for state in present
            for name, after in steps(system, state)
            if RECORDED.get(kind_of(name), ())[:2] == wanted and shown(name, state, after)
        }
        if not following:
            return count
        present = frozenset().union(*map(closed, following))
        count += 1
    return count


def changed(log: Log, chance: random.Random) -> Log:
    """The log with one event left out, taken twice, exchanged with the next, or of the other channel."""
    events = list(log.events)
    place = chance.randrange(len(events))
    match chance.randrange(4):
        case 0:
            del events[place]
        case 1:
            events.insert(place, events[place])
        case 2:
            events[place : place + 2] = reversed(events[place : place + 2])
        case _:
            other = {"rx": "tx", "tx": "rx"}.get(events[place].channel or "")
            events[place] = Event(events[place].event, other)
    return replace(log, events=tuple(events), lines=tuple(range(2, len(events) + 2)))


def bare(log: Log) -> Log:
    """The log with nothing known of an event but its name and channel."""
    return replace(log, events=tuple(Event(event.event, event.channel) for event in log.events))


@pytest.mark.parametrize("version", ["downstream", *slow("v24")])
def test_a_log_of_a_run_is_accepted_and_a_changed_one_as_far_as_it_is_a_run(version: str) -> None:
    chance, system, rejected = random.Random(1), small(version).system, 0
    for log in islice(logs(system, 12, 1), 8):
        assert acceptor(version).run(log).accepted == len(log.events)
        other = bare(changed(log, chance))
        accepted = acceptor(version).run(other).accepted
        assert accepted == plainly(system, [(event.event, event.channel) for event in other.events])
        rejected += accepted < len(other.events)
    assert rejected


def orders(log: Log) -> Iterator[tuple[Event, ...]]:
    """All orders of the events of a log that its `after` leaves."""
    places = range(len(log.events))
    for order in permutations(places):
        if all(
            before in order[: order.index(place)] for place in places for before in range(log.after.get(place, place))
        ):
            yield tuple(log.events[place] for place in order)


def test_events_of_unknown_order_are_accepted_if_some_order_is() -> None:
    chance, rejected, mended = random.Random(6), 0, 0
    for log in islice(logs(small().system, 6, 3), 25):
        places = range(len(log.events))
        after = {place: chance.randrange(max(0, place - 2), place + 1) for place in places}
        other = replace(changed(log, chance), after={})
        loose = replace(other, after={place: certain for place, certain in after.items() if place < len(other.events)})
        some = any(acceptor().run(replace(other, events=events)).accepted == len(events) for events in orders(loose))
        assert (acceptor().run(loose).accepted == len(other.events)) == some
        rejected += not some
        mended += some and acceptor().run(other).accepted < len(other.events)
    assert rejected and mended


def test_an_event_that_overlaps_others_loosens_none_of_them() -> None:
    """v24 issues tx first: an interrupt that may have come before both issues does not let rx go first."""
    path = [
        Event("submit", "rx"),
        Event("submit", "rx"),
        Event("submit", "tx"),
        Event("issue", "rx"),
        Event("issue", "tx"),
    ]
    log = Log(ALL, (*path, Event("interrupt", "rx")), tuple(range(2, 8)), True, {5: 3})
    assert acceptor().run(log).accepted == 3
    path[3:] = reversed(path[3:])
    assert acceptor().run(replace(log, events=(*path, Event("interrupt", "rx")))).accepted == 6


def test_attributes_are_what_the_step_does() -> None:
    issued = Event("issue", "rx", wrote="LOCK CMD DATA UNLOCK")
    path = (Event("submit", "rx"), Event("submit", "rx"), Event("submit", "tx"), Event("issue", "tx"))
    for event, accepted in ((issued, 5), (Event("issue", "rx"), 5), (Event("issue", "rx", wrote="CMD DATA"), 4)):
        log = Log(ALL, (*path, event), tuple(range(2, 7)), True)
        assert acceptor().run(log).accepted == accepted
    assert acceptor().run(Log(ALL, path, (2, 3, 4, 5), True)).possible == (issued,)


def test_what_is_not_recorded_is_silent() -> None:
    log = Log(frozenset({"callback", "finish"}), (Event("callback", "tx"), Event("finish", ok=True)), (2, 3), True)
    assert held(Task(small().subject, log)).accepted == 2
    assert acceptor().run(log).accepted == 0


def test_another_version_does_not_do_the_same() -> None:
    log = make(small("v16").system, 20, 4)
    assert held(Task(small("v16").subject, log)).accepted == len(log.events)
    assert acceptor().run(log).accepted < len(log.events)


@pytest.mark.parametrize(("key", "value"), [("nwd_irq", "before-ack"), ("done_irq", "any-order")])
def test_the_values_that_made_a_log_are_among_those_it_is_accepted_under(key: str, value: str) -> None:
    """That the interrupt of an NWD descriptor comes early nobody sees who cannot tell when the engine was done."""
    made, told = small(**{key: value}), False
    accepts = Acceptor(made.system, ALL)
    for log in islice(logs(made.system, 14, 2), 20):
        assert accepts.run(log).accepted == len(log.events)
        told = told or acceptor().run(log).accepted < len(log.events)
    assert told == (key == "done_irq")


def said(log: Log, *accepted: int, exceeded: tuple[str, ...] = ()) -> list[str]:
    """What is said of a log of which so many events are accepted, under the defaults first."""
    outcomes = [Outcome(count, (Event("finish", ok=True),), exceeded) for count in accepted]
    return list(lines(conformance(log, small().subject, outcomes)))


def test_what_is_said() -> None:
    log = make(small().system, 5, 0)
    assert said(log, 5) == ["accepted: 5 events, a possible run of v24 (default)"]
    rejected = said(log, 3)
    assert rejected[0].startswith("rejected at line 5: ") and rejected[1] == "possible there: finish ok=true"
    assert rejected[2] == "longest accepted prefix: 3 of 5 events, lines 2 to 4"
    assert "not known: a capacity" in said(log, 3, exceeded=("txns",))[-1]
    assert said(log, 0)[2].endswith("0 of 5 events, no line")
    assert "the log ends early" in said(replace(log, ended=False), 5)[-1]
    assert "the log has no event" in said(Log(ALL, (), (), True), 0)[-1]


def test_by_value() -> None:
    log = make(small().system, 5, 0)
    asked = tasks(log, small().subject, unknowns=True)
    others = sum(len(item.values) - 1 for item in parameters.ASSUMPTIONS.values())
    assert len(asked) == 1 + others and len({task.subject for task in asked}) == len(asked)
    counts = [5 if task.subject.assumptions["relock"] == "idempotent" else 2 for task in asked]
    text = said(log, *counts)
    assert "  relock: accepted under idempotent; not counted blocks" in text
    assert "  nwd_ack: accepted under operation-done input-consumed" in text
    outcomes = [Outcome(5, (), ())] + [Outcome(2, (), ("relock",))] * others
    known = list(lines(conformance(log, small().subject, outcomes)))
    assert "  relock: accepted under idempotent; not known under counted blocks" in known


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v16", "v24", "downstream"])
def test_a_thousand_logs(version: str) -> None:
    protocol = build_protocol(version, "endless")
    accepts, chance, rejected = Acceptor(protocol.system, ALL), random.Random(version), 0
    for log in islice(logs(protocol.system, 60, 5), 1000):
        assert accepts.run(log).accepted == len(log.events)
        other = changed(log, chance) if log.events else log
        rejected += accepts.run(other).accepted < len(other.events)
    assert rejected > 300


def test_a_log_is_as_long_as_asked_where_a_run_can_be_so_long(capsys: pytest.CaptureFixture[str]) -> None:
    """In v24 an external abort ends most runs: of twenty logs of random runs none comes to 200 events."""
    protocol = build_protocol("v24", "endless")
    assert max(len(log.events) for log in islice(logs(protocol.system, 200, 1), 20)) < 200
    assert len(make(protocol.system, 200, 1).events) == 200
    outcome = run_here(capsys, "conform", "--on", "v24", "--scenario", "default", "--make", "200")
    count = len(outcome.out.splitlines()) - 2
    assert outcome.code == 0 and count < 100
    assert outcome.err.strip() == f"only {count} events: after them nothing more is recorded in this run"


@pytest.mark.slow
def test_a_long_log() -> None:
    system = build_protocol("v24", "endless").system
    log = make(system, 100_000, 7)
    assert len(log.events) == 100_000
    assert Acceptor(system, ALL).run(log).accepted == 100_000
