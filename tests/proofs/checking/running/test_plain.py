"""Items and answers as JSON: they come back as they were, and nothing else is made of a file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.subject import Subject
from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.checking.running.plain import canonical, from_plain, sealed, to_plain, unsealed
from proofs.checking.words import Word
from proofs.evidence.covering import Covered
from proofs.studies.screening import Screen

SMALL = Subject.of("mainline", bound={"requests": 1, "tz_requests": 1})
JOB = Job(SMALL, ("quiet-engine", "works"), engine="exhaustive")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.1,
        "\ud800",
        [1, (2, [3])],
        {("a", 1): frozenset({"x", "y"}), "b": ()},
        Word.VIOLATED,
        JOB,
        Screen(JOB, (((("relock", "counted"),), ((),)),), {"quiet-engine": "violated"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_comes_back_is_equal_and_of_the_same_type(value: object) -> None:
    found = unsealed(sealed(value))
    assert found == value and type(found) is type(value)


def test_rows_come_back_as_they_were() -> None:
    rows = run_job(JOB)
    found = unsealed(sealed(rows))
    assert isinstance(found, list) and found == rows
    assert json.dumps([row.as_json() for row in rows]) == json.dumps([row.as_json() for row in found])


def test_arrays_come_back_as_they_were() -> None:
    covered = Covered({"a": np.array([[1, -2, 3]], dtype=np.int8)}, 1, 2)
    found = unsealed(sealed(covered))
    assert isinstance(found, Covered) and (found.explored, found.systems) == (1, 2)
    assert found.words["a"].dtype == np.int8 and np.array_equal(found.words["a"], covered.words["a"])
    found.words["a"][0] = 7  # and they can be written


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(TypeError, match="function is no plain data"):
        to_plain({"a": test_what_is_no_data_is_refused})


@pytest.mark.parametrize(
    "document",
    [
        {"data": "os:system", "fields": {}},
        {"data": "proofs.checking.job:run_job", "fields": {}},
        {"data": "proofs.never.imported:Job", "fields": {}},
        {"data": "proofs.checking.records:Job", "fields": {"subject": 1}},
        {"data": "proofs.checking.records:Job", "fields": 1},
        {"data": "pathlib:Path", "fields": {}},
        {"enum": "proofs.checking.words:Word", "member": "SURE"},
        {"array": "|O", "shape": [1], "content": "AAAAAAAAAAA="},
        {"map": 3},
        {"list": []},
        {},
    ],
    ids=json.dumps,
)
def test_no_file_makes_anything_but_data(document: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_plain(document)


def test_a_line_is_refused_if_a_single_character_of_it_is_another() -> None:
    line = sealed([1, 2])
    for place in range(len(line)):
        with pytest.raises(ValueError, match=r".+"):
            unsealed(line[:place] + ("0" if line[place] != "0" else "1") + line[place + 1 :])


def test_equal_values_have_one_text() -> None:
    assert canonical({"a": 1, "b": {2, 3, 11}}) == canonical({"b": {11, 3, 2}, "a": 1})
    assert canonical({"a": 1}) != canonical({"a": "1"}) != canonical({"a": (1,)})
