"""Which runs tell two values apart: they are what they claim to be, and where there is none all was looked at."""

from __future__ import annotations

import pytest
from conftest import build_protocol, run_here

from model.context import Protocol
from proofs.recordings import telling
from proofs.recordings.acceptor import Acceptor
from proofs.recordings.log import EVENTS, Event, Log
from proofs.recordings.telling import Task, Telling, lines, tell

SMALL = {"requests": 1, "tz_requests": 1}


def small(version: str, **assume: str) -> Protocol:
    """A version with one request on each side."""
    return build_protocol(version, assume=assume, bound=SMALL)


def told(version: str, key: str, value: str) -> dict[str, Telling]:
    """What tells a value from each other one."""
    return {item.other: item for item in tell(Task(small(version).subject, key, value))}


@pytest.mark.parametrize(
    ("version", "key", "value", "other"),
    [
        ("lk", "relock", "idempotent", "blocks"),
        ("downstream", "done_irq", "any-order", "after-operation-done"),
        ("downstream", "nwd_ack", "input-consumed", "operation-done"),
    ],
)
def test_a_run_is_possible_with_one_value_and_its_last_event_not_with_the_other(
    version: str, key: str, value: str, other: str
) -> None:
    run = told(version, key, value)[other].run
    assert run is not None
    log = Log(frozenset(EVENTS), run, tuple(range(len(run))), True)
    for hardware, accepted in ((value, len(run)), (other, len(run) - 1)):
        accepts = Acceptor(small(version, **{key: hardware}).system, log.records)
        assert accepts.run(log).accepted == accepted


def test_a_value_under_which_all_hangs_refutes_nothing() -> None:
    assert all(item.run is None and not item.reason for item in told("lk", "relock", "blocks").values())


def test_where_no_run_tells_all_was_looked_at() -> None:
    found = told("downstream", "relock", "idempotent")
    assert [(item.run, item.reason) for item in found.values()] == [(None, "")] * 2
    assert all(item.pairs > 1 for item in found.values())


def test_a_search_that_is_cut_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MOST_PAIRS", 2)
    task = Task(small("downstream").subject, "relock", "idempotent")
    found = tell(task)
    assert all(item.run is None and "more than 2 pairs" in item.reason for item in found)
    assert all("not known: more than" in line for line in list(lines(task, found))[1::2])


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "experiment", "done_irq", "downstream", "--jobs", "1")
    first, none, second, found, *run = outcome.out.splitlines()
    assert outcome.code == 0 and first == "downstream: done_irq=after-operation-done against any-order:"
    assert none.startswith("  no run tells (") and second.endswith("any-order against after-operation-done:")
    assert found == "  a run that is impossible with after-operation-done: 5 events"
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert run[-1].split(None, 1)[1] == str(Event("status", done=False))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("relok", "lk"), "unknown assumption 'relok'; did you mean relock?"),
        (("relock", "v99"), "unknown version 'v99'"),
        (("relock", "lk", "--assume", "relock=blocks"), "is what the experiment is about"),
        (("relock", "lk", "--scenario", "faults"), "lk cannot be asked in faults"),
        (("relock", "lk", "--length", "4"), "--length is for an experiment on the hardware alone"),
    ],
)
def test_what_was_not_asked_well(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str) -> None:
    outcome = run_here(capsys, "experiment", *arguments)
    assert outcome.code == 2 and said in outcome.complaint
