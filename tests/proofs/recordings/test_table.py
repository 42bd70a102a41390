"""The table of an experiment: its words are the driver's, its way is one of the model, its last row the conclusion."""

from __future__ import annotations

import csv
import io
from functools import cache
from itertools import groupby, islice

import pytest
from conftest import build_protocol, run_here, slow

from model.language.concrete import fire
from model.versions import axis_values
from model.vocabulary import actor, wording
from proofs.recordings.log import Event
from proofs.recordings.making import logs
from proofs.recordings.table import BITS, COLUMNS, DUMMIES, Row, rows, text
from proofs.recordings.telling import Task, Telling, tell

SMALL = {"requests": 1, "tz_requests": 1}


def task(version: str, key: str, value: str) -> Task:
    """Which runs of a small system refute the other values."""
    return Task(build_protocol(version, bound=SMALL).subject, key, value)


@cache
def told(version: str, key: str, value: str, other: str) -> tuple[Telling, tuple[Row, ...]]:
    """What tells a value from another one, and the rows of that."""
    asked = task(version, key, value)
    found = next(item for item in tell(asked) if item.other == other)
    return found, tuple(rows(asked, found))


DONE = ("done_irq", "any-order", "after-operation-done")
RELOCK = ("relock", "idempotent", "blocks")


def shown(found: tuple[Row, ...], *keys: str) -> list[tuple[str, ...]]:
    """The values of some columns, of the rows that have the first."""
    return [tuple(row.get(key, "") for key in keys) for row in found if keys[0] in row]


def test_the_words_are_what_the_driver_writes() -> None:
    """By hand from the dossier: control-flow.md 1, versions-17-24.md 5, other-users.md 3 and 5."""
    v24, lk = told("v24", *DONE)[1], told("lk", *RELOCK)[1]
    assert shown(v24, "flags", "pipe", "descriptor", "bits") == [
        ("0x0000", "tx", "0", ""),
        ("0x4000", "tx", "1", "EOT"),
        ("0x0c00", "rx", "0", "CMD LOCK"),
        ("0x0800", "rx", "1", "CMD"),
        ("0x0800", "rx", "2", "CMD"),
        ("0x5000", "rx", "3", "EOT NWD"),
        ("0x8a00", "rx", "4", "INT CMD UNLOCK"),
    ]
    assert shown(v24, "register", "pipe", "access", "content") == [
        ("P_EVNT_REG", "tx", "write", "0x10"),
        ("P_EVNT_REG", "rx", "write", "0x28"),
        ("P_IRQ_STTS", "tx", "read", "not 0; write it to P_IRQ_CLR"),
        ("P_SW_OFSTS", "tx", "read", "0x10"),
        ("P_RST", "rx", "write", "1, then 0"),
        ("STATUS", "", "read", "an error, or no OPERATION_DONE"),
    ]
    assert shown(lk, "flags", "descriptor", "address")[:3] == [
        ("0x0c00", "0", "command elements: the registers but GOPROC"),
        ("0x0c00", "1", "command elements: the registers, GOPROC last"),
        ("0x5000", "2", "input"),
    ]
    assert BITS == {"INT": 0x8000, "EOT": 0x4000, "NWD": 0x1000, "CMD": 0x800, "LOCK": 0x400, "UNLOCK": 0x200}


def test_descriptors_are_counted_from_the_reset_of_their_pipe_on() -> None:
    """And the read offset is what the pipe has executed of them."""
    protocol = build_protocol("v24", bound={"requests": 2, "tz_requests": 1})
    asked, resets, partial = Task(protocol.subject, "relock", "idempotent"), 0, 0
    for log in islice(logs(protocol.system, 30, 3), 12):
        count = executed = 0
        for row in rows(asked, Telling("blocks", log.events, 1)):
            if row["by"] == "consumer pipe" and row["does"] != "ends the NWD wait":
                executed += 1
            elif row.get("pipe") == "rx" and "descriptor" in row:
                assert int(row["descriptor"]) == count
                count += 1
            elif row.get("register") == "P_EVNT_REG" and row["pipe"] == "rx":
                assert int(row["content"], 16) == 8 * count
            elif row.get("register") == "P_SW_OFSTS" and row["pipe"] == "rx":
                assert int(row["content"], 16) == 8 * executed
                partial += executed < count
            elif row.get("register") == "P_RST" and row["pipe"] == "rx":
                count = executed = 0
                resets += 1
    assert resets and partial


@pytest.mark.parametrize(
    ("version", "asked"), [("v24", DONE), ("lk", RELOCK), *slow(("mainline", DONE), ("downstream", DONE), ("v2", DONE))]
)
def test_the_steps_are_a_way_of_the_model_on_which_the_run_comes_about(
    version: str, asked: tuple[str, str, str]
) -> None:
    key, value, other = asked
    item, found = told(version, key, value, other)
    system = build_protocol(version, assume={key: value}, bound=SMALL).system
    states = [dict(system.initial)]
    for _, same in groupby(found, key=lambda row: row["step"]):
        row = next(same)
        fits = [
            one for one in system.actions if (actor(one.actor).name, wording(one.name).does) == (row["by"], row["does"])
        ]
        states = [after for state in states for one in fits if (after := fire(one, state)) is not None]
        assert states, row
    assert item.run and found[-1]["means"] == f"{key} is not {other}; if this is not seen: nothing"
    assert {key for row in found for key in row} <= set(COLUMNS)
    assert all(
        int(row["flags"], 16) == sum(BITS[bit] for bit in row["bits"].split()) for row in found if "flags" in row
    )


def test_every_access_of_a_lock_has_words() -> None:
    assert set(DUMMIES) == set(axis_values("dummy")) - {"none"}


def test_a_lapped_ring_is_told_without_its_descriptors() -> None:
    """Two descriptors in a ring of two slots bring tail back to head."""
    subject = build_protocol("mainline", bound={**SMALL, "data": 2, "ring": 2}).subject
    run = (Event("submit", "rx"), Event("submit", "tx"), Event("issue", "rx", wrote=""))
    *_, last = rows(Task(subject, "nwd_irq", "after-ack"), Telling("before-ack", run[:2], 1))
    assert last["does"] == "submits DATA on txchan"
    found = rows(Task(subject, "nwd_irq", "after-ack"), Telling("before-ack", (*run, Event("issue", "tx")), 1))
    assert [row["means"] for row in found if row.get("pipe") == "rx"] == [
        "the ring is lapped: its descriptors are not told"
    ]


def test_where_no_run_tells_the_table_says_so() -> None:
    found = [(Telling("blocks", None, 7), ()), (Telling("counted", None, 9, "too many"), ())]
    read = list(csv.DictReader(io.StringIO(text(task("lk", "relock", "idempotent"), found, head=True))))
    assert [row["means"] for row in read] == ["no run tells: all 7 pairs were looked at", "not known: too many"]
    assert [(row["assumption"], row["value"], row["other"]) for row in read] == [
        ("relock", "idempotent", "blocks"),
        ("relock", "idempotent", "counted"),
    ]


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "experiment", "done_irq", "downstream", "--format", "csv", "--jobs", "1")
    read = list(csv.DictReader(io.StringIO(outcome.out)))
    assert outcome.code == 0 and tuple(read[0]) == COLUMNS
    assert [row["value"] for row in read if row["means"]] == ["after-operation-done", "any-order"]
    assert all(None not in row and row["version"] == "downstream" for row in read)
