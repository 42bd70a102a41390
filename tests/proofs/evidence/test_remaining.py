"""Verdicts on all that observations leave: what is left, what decides, what is printed, and the option."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import run_cli, run_here

from model import parameters
from model.parameters import Setting
from model.subject import Subject
from proofs.checking.records import Job
from proofs.checking.words import Word
from proofs.commands import evidence
from proofs.evidence import remaining, remaining_report
from proofs.evidence.covering import WORDS, Covered
from proofs.evidence.inference import Inference, Verdicts
from proofs.evidence.judging import Effect, Judgement
from proofs.evidence.observations import Observation
from proofs.evidence.remaining import Left, Task, deciding, left_by, over

RESET, ABSENT = ("pipe_reset", "releases-lock"), ("other_ee", "absent")
SETTINGS: tuple[Setting, ...] = ((), (RESET,), (ABSENT,), (RESET, ABSENT))
JOB = Job(Subject.of("v24"), ("released", "bracketed"))


def answering(**words: Sequence[Word]) -> remaining.Judge:
    """A judge that asks no model: by the name of a claim its words."""

    def judged(tasks: Sequence[Task]) -> Iterator[Covered]:
        for task in tasks:
            rows = {name: np.array([WORDS.index(word) for word in words[name]]) for _, name in task.claims}
            yield Covered(rows, 1, len(task.settings))

    return judged


def inferred() -> Inference:
    """An inference that leaves two values of two assumptions."""
    item = Observation("A", "it", "a test", "strong", "lk", seen=("request-done",), never=("lock-released",))
    allowed = {"A": Judgement(Effect.ALLOWS)}
    excluded = {"A": Judgement(Effect.EXCLUDES, "it")}
    singles: dict[Setting, Verdicts] = {
        (one,): allowed if one in (RESET, ABSENT) else excluded for one in parameters.others(parameters.assumptions({}))
    }
    return Inference((item,), frozenset("A"), parameters.assumptions({}), {}, singles, None, ())


def test_combinations_that_an_observation_excludes_are_not_left() -> None:
    seen = [Word.REACHED, Word.REACHED, Word.UNREACHABLE, Word.REACHED]
    never = [Word.PROVED, Word.UNKNOWN, Word.PROVED, Word.VIOLATED]
    found = left_by(inferred(), answering(**{"request-done": seen, "lock-released": never}))
    assert (found.considered, found.settings, found.excluded, found.open) == (4, ((), (ABSENT,)), {"A": 2}, 1)


def test_what_decides_is_smallest_and_says_where_something_else_does() -> None:
    words = [Word.VIOLATED, Word.PROVED, Word.VIOLATED, Word.VIOLATED]
    (one,) = deciding(SETTINGS, words)
    assert (one.change, one.word, one.times, one.among) == ((RESET,), Word.PROVED, 1, 2)
    (both,) = deciding(SETTINGS, [Word.PROVED] * 3 + [Word.VIOLATED])
    assert set(both.change) == {RESET, ABSENT}
    assert deciding(SETTINGS, [Word.PROVED] * 4) == ()


@pytest.mark.parametrize(
    "words, conclusion",
    [
        ((Word.PROVED,), "holds in all"),
        ((Word.PROVED, Word.NOT_APPLICABLE), "holds where it applies"),
        ((Word.VIOLATED,), "fails in all"),
        ((Word.NOT_APPLICABLE,), "does not apply"),
        ((Word.VACUOUS,), "vacuous in all"),
        ((Word.VACUOUS, Word.PROVED), "depends"),
        ((Word.UNKNOWN, Word.NOT_APPLICABLE), "unknown where it applies"),
        ((Word.VIOLATED, Word.PROVED), "depends"),
    ],
)
def test_conclusions(words: tuple[Word, ...], conclusion: str) -> None:
    many = [words[place % len(words)] for place in range(4)]
    (found,) = over([JOB], Left(SETTINGS, {}, 4, 0), answering(released=many, bracketed=many))
    assert {row.conclusion for row in found.rows} == {conclusion}


def test_printed_and_as_json() -> None:
    left = Left(SETTINGS, {"A": 2}, 6, 1)
    words = [Word.VIOLATED, Word.PROVED, Word.VIOLATED, Word.VIOLATED]
    found = over([JOB], left, answering(released=words, bracketed=[Word.PROVED] * 4))
    text = list(remaining_report.lines(left, found))
    assert "  A excludes 2 of them" in text and "the reference: the defaults" in text
    assert "v24 (default): 4 systems differ, 2 were explored" in text
    assert "  released           depends: violated 3, proved 1" in text
    assert "      pipe_reset=releases-lock -> proved, in 1 of 2" in text
    assert "  bracketed          holds in all" in text
    assert max(map(len, text)) < 80
    released, bracketed = remaining_report.as_json(left, found)["evidence"]
    change = {"assume": {"pipe_reset": "releases-lock"}, "verdict": "proved", "times": 1, "among": 2}
    assert released["deciding"] == [change] and released["verdicts"] == {"violated": 3, "proved": 1}
    assert bracketed["conclusion"] == "holds in all" and bracketed["deciding"] == []


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "infer", lambda *_, **__: inferred())
    monkeypatch.setattr("proofs.evidence.observations.load", list)
    path = tmp_path / "it.json"
    bounds = ("--bound", "requests=1", "--bound", "tz_requests=1")
    arguments = ("check", "v24", "--assume", "evidence", "--scenario", "default", "--property", "released", *bounds)
    outcome = run_here(capsys, *arguments, "--jobs", "1", "--json", path)
    assert outcome.code == 0 and "v24 (default): " in outcome.out
    (entry,) = json.loads(path.read_text())["evidence"]
    assert sum(entry["verdicts"].values()) == json.loads(path.read_text())["left"]


@pytest.mark.parametrize(
    "arguments, hint",
    [
        (["--assume", "evidence", "--assume", "all"], "combined"),
        (["--assume", "evidence", "--strict"], "--strict"),
        (["--assume", "evidence", "--pairs"], "--assume all"),
    ],
)
def test_bad_combinations_are_one_line(arguments: list[str], hint: str) -> None:
    outcome = run_cli("check", "v16", *arguments)
    assert outcome.code == 2 and hint in outcome.complaint
