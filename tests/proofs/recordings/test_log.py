"""Logs as files: what one says, and what is no log, in one line that names the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import run_here

from counterexamples.documents import DocumentError
from proofs.recordings.log import ATTRIBUTES, EVENTS, Event, parse

HEAD = '{"log": 1, "records": ["issue", "interrupt", "status"]}\n'
ISSUE = '{"time": 1, "event": "issue", "channel": "rx", "wrote": "LOCK CMD"}\n'
READ = '{"time": 2.5, "cpu": 1, "event": "status", "done": true}\n'
WHOLE = f'{HEAD}{ISSUE}{READ}{{"end": 2}}\n'


def test_a_log_and_back() -> None:
    log = parse(WHOLE)
    assert log.events == (Event("issue", "rx", wrote="LOCK CMD"), Event("status", done=True))
    assert log.lines == (2, 3) and log.ended and log.records == {"issue", "interrupt", "status"}
    assert parse(log.to_text()) == log
    assert str(log.events[0]) == 'issue rx wrote="LOCK CMD"'
    assert not parse(HEAD + ISSUE).ended


def test_since_says_which_events_may_have_come_in_any_order() -> None:
    later = [READ.replace('"cpu": 1', f'"since": {since}') for since in (2.5, 2.5, 2, 1)]
    log = parse(HEAD + ISSUE + "".join(later))
    assert log.after == {2: 1, 3: 1, 4: 0}
    assert parse(log.to_text()).after == log.after


def test_of_an_event_one_channel_alone_can_be_recorded() -> None:
    log = parse(HEAD.replace("issue", "issue rx") + ISSUE)
    assert log.records == {"issue rx", "interrupt", "status"} and parse(log.to_text()).records == log.records


def test_what_is_not_known_fits_everything() -> None:
    known = Event("issue", "rx", wrote="LOCK CMD")
    assert Event("issue", "rx").fits(known) and known.fits(known)
    assert not Event("issue", "tx").fits(known) and not Event("issue", "rx", wrote="").fits(known)
    assert not Event("status", done=False).fits(Event("status", done=True))


def test_every_attribute_belongs_to_events_that_there_are() -> None:
    assert {name for of, _, _ in ATTRIBUTES.values() for name in of.split()} <= EVENTS.keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        (ISSUE, 'line 1: need first {"log": 1, "records": [...]}'),
        ('{"log": 1, "records": []}\n', "line 1: need first"),
        ('{"log": 1, "records": ["rain"]}\n', "line 1: 'rain' is no event; need some of: submit"),
        (f"{HEAD}issue\n", "line 2: not JSON, or cut off"),
        (f"{HEAD}[1]\n", "line 2: is array; need an object"),
        (HEAD + ISSUE[:20], "line 2: not JSON, or cut off"),
        (f"{HEAD}{'[' * 100_000}\n", "line 2: a value in it is too long or nested too deep"),
        (HEAD + ISSUE.replace('"issue"', '"rain"'), "line 2: 'rain' is no event"),
        (HEAD + ISSUE.replace('"issue"', '"work"'), "line 2: work is not among what the first line says"),
        (HEAD + ISSUE.replace('"rx"', '"zx"'), "line 2: channel of issue is 'zx'; need rx or tx"),
        (HEAD + READ.replace('"status"', '"status", "channel": "rx"'), "channel of status is 'rx'; need none"),
        (HEAD + READ + ISSUE, "line 3: time goes back from 2.5 to 1"),
        (HEAD + ISSUE.replace("1", '"now"'), "time is 'now'; need a number"),
        (HEAD + ISSUE.replace("1,", "NaN,"), "time is nan; need a number"),
        (HEAD + ISSUE.replace('"LOCK CMD"', "3"), "line 2: wrote is 3; need str"),
        (HEAD + READ.replace("true", "1"), "line 2: done is 1; need bool"),
        (HEAD + READ.replace('"cpu": 1', '"cpu": -1'), "cpu is -1; need a number from 0 on"),
        (HEAD + READ.replace('"done"', '"ok"'), "line 2: status has no 'ok'; need of time, since, cpu, run, done"),
        (HEAD + ISSUE + READ.replace('"cpu"', '"run": 2, "cpu"'), "line 3: is of run 2, the lines before of None"),
        (HEAD.replace("issue", "issue tx") + ISSUE, "line 2: issue is not among what the first line says"),
        (HEAD.replace("issue", "issue zx"), "line 1: 'issue zx' is no event"),
        (HEAD.replace("issue", "status rx"), "line 1: 'status rx' is no event"),
        (HEAD + READ.replace('"cpu": 1', '"since": 3'), "line 2: since is 3; need a number, at most that of time"),
        (HEAD + READ.replace('"cpu": 1', '"since": "x"'), "line 2: since is 'x'; need a number"),
        (
            HEAD + READ * 17 + READ.replace('"cpu": 1', '"since": 1'),
            "since reaches back over 17 events; need at most 16",
        ),
        (HEAD + ISSUE + '{"end": 2}\n', "line 3: says that 2 events were recorded; there are 1"),
        (WHOLE + WHOLE, "line 5: comes after the end; two logs in one file?"),
    ],
)
def test_what_is_wrong_and_where(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as error:
        parse(text)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_what_is_no_file_and_what_was_not_asked_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for path in ("/dev/zero", tmp_path, tmp_path / "none.jsonl", tmp_path / "latin"):
        outcome = run_here(capsys, "conform", path, "--on", "v24")
        assert outcome.code == 2 and not outcome.out and "need a log" in outcome.complaint
    for arguments, said in (
        ((), "give either LOG or --make N"),
        (("x", "--make", "3"), "give either LOG or --make N"),
        (("x", "--out", tmp_path / "y"), "--out is for --make"),
        (("x", "--scenario", "rainy"), "unknown scenario"),
        (("x", "--scenario", "probe-window"), "cannot be asked in probe-window"),
    ):
        outcome = run_here(capsys, "conform", "--on", "v24", *arguments)
        assert outcome.code == 2 and said in outcome.complaint


def test_a_made_log_is_a_file_like_any_other(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small = ("--on", "v24", "--scenario", "default", "--bound", "requests=1", "--bound", "tz_requests=1")
    path = tmp_path / "it.jsonl"
    assert run_here(capsys, "conform", "--make", "9", *small, "--out", path).code == 0
    again = run_here(capsys, "conform", "--make", "9", *small)
    assert again.out == path.read_text() and len(parse(again.out).events) == 9
    assert json.loads(again.out.splitlines()[-1]) == {"end": 9}
    outcome = run_here(capsys, "conform", path, *small, "--jobs", "1")
    assert outcome.code == 0 and outcome.out.startswith("accepted: 9 events, a possible run of v24 (default)")
