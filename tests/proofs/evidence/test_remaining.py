"""Verdicts on all that observations leave: what is left, what decides, what is printed, and the option."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
from proofs.evidence.covering import Covered
from proofs.evidence.inference import Inference, Verdicts
from proofs.evidence.judging import Effect, Judgement
from proofs.evidence.observations import Observation
from proofs.evidence.remaining import Left, Task, deciding, everything, left_by, over, points_of
from proofs.evidence.systems import WORDS

RESET, ABSENT = ("pipe_reset", "releases-lock"), ("other_ee", "absent")
VALUES = (("pipe_reset", ("keeps-lock", "releases-lock")), ("other_ee", ("locks", "absent")))
LEFT = Left(VALUES, np.ones(4, dtype=bool), {}, 0)
JOB = Job(Subject.of("v24"), ("released", "bracketed"))


def answering(**words: Sequence[Word]) -> remaining.Judge:
    """A judge that asks no model: by the name of a claim its words."""

    def judged(tasks: Sequence[Task]) -> Iterator[Covered]:
        for task in tasks:
            rows = {name: np.array([WORDS.index(word) for word in words[name]]) for _, name in task.claims}
            yield Covered(rows, 1, len(points_of(task.values)))

    return judged


def numbers(*words: Word) -> np.ndarray:
    """Words as covering gives them."""
    return np.array([WORDS.index(word) for word in words], dtype=np.int8)


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
    # the settings: nothing, ABSENT, RESET, both
    seen = [Word.REACHED, Word.REACHED, Word.UNREACHABLE, Word.REACHED]
    never = [Word.PROVED, Word.UNKNOWN, Word.PROVED, Word.VIOLATED]
    found = left_by(inferred(), answering(**{"request-done": seen, "lock-released": never}))
    left = [found.points.setting(number) for number in np.flatnonzero(found.kept).tolist()]
    assert (len(found.kept), left, found.excluded, found.open) == (4, [(), (ABSENT,)], {"A": 2}, 1)
    assert found.reference == ()


def test_what_decides_is_smallest_and_says_where_something_else_does() -> None:
    (one,) = deciding(LEFT, numbers(Word.VIOLATED, Word.VIOLATED, Word.PROVED, Word.VIOLATED))
    assert (one.change, one.word, one.times, one.among) == ((RESET,), Word.PROVED, 1, 2)
    (both,) = deciding(LEFT, numbers(*[Word.PROVED] * 3, Word.VIOLATED))
    assert set(both.change) == {RESET, ABSENT}
    assert deciding(LEFT, numbers(*[Word.PROVED] * 4)) == ()


def test_what_is_not_left_decides_nothing() -> None:
    left = replace(LEFT, kept=np.array([True, True, False, True]))
    words = numbers(Word.VIOLATED, Word.VIOLATED, Word.PROVED, Word.PROVED)
    (both,) = deciding(left, words)
    assert (set(both.change), both.times, both.among) == ({RESET, ABSENT}, 1, 1)
    (found,) = over([JOB], left, answering(released=[WORDS[word] for word in words], bracketed=[Word.PROVED] * 4))
    assert found.rows[0].counts == {Word.VIOLATED: 2, Word.PROVED: 1}


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
    (found,) = over([JOB], LEFT, answering(released=many, bracketed=many))
    assert {row.conclusion for row in found.rows} == {conclusion}


def test_printed_and_as_json() -> None:
    left = Left(VALUES, np.ones(4, dtype=bool), {"A": 2}, 1)
    words = [Word.VIOLATED, Word.VIOLATED, Word.PROVED, Word.VIOLATED]
    found = over([JOB], left, answering(released=words, bracketed=[Word.PROVED] * 4))
    text = list(remaining_report.lines(left, found))
    assert "  A excludes 2 of them" in text and "the reference: the defaults" in text
    assert "v24 (default): 4 systems differ, decided by 1 explorations (25 %)" in text
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


def test_every_combination_of_all_values(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    left = everything()
    assert len(left.kept) == math.prod(len(item.values) for item in parameters.ASSUMPTIONS.values())
    assert left.reference == () and left.kept.all()
    few = {key: parameters.ASSUMPTIONS[key] for key in ("pipe_reset", "other_ee")}
    monkeypatch.setattr(remaining, "ASSUMPTIONS", few)
    arguments = ("check", "v24", "--assume", "every", "--scenario", "default", "--property", "quiet-engine")
    outcome = run_here(capsys, *arguments, "--bound", "requests=1", "--bound", "tz_requests=1", "--jobs", "1")
    assert outcome.code == 0 and "combinations of all values of all assumptions: 10" in outcome.out
    assert "observation" not in outcome.out and "  quiet-engine       depends: " in outcome.out


@pytest.mark.parametrize(
    "arguments, hint",
    [
        (["--assume", "evidence", "--assume", "all"], "combined"),
        (["--assume", "evidence", "--strict"], "--strict"),
        (["--assume", "every", "--cache", "there"], "--cache"),
        (["--assume", "every", "--assume", "evidence"], "combined"),
        (["--assume", "evidence", "--pairs"], "--assume all"),
    ],
)
def test_bad_combinations_are_one_line(arguments: list[str], hint: str) -> None:
    outcome = run_cli("check", "v16", *arguments)
    assert outcome.code == 2 and hint in outcome.complaint
