"""Verdicts as bounds grow, and what is known beyond the table."""

from __future__ import annotations

import pytest
from conftest import run_here

from proofs.studies import capacity

pytestmark = pytest.mark.slow


def test_any_number_of_requests() -> None:
    (row,) = capacity.table("v16", ["quiet-dummy"], "requests", (1,), 1)
    assert row.verdicts == {1: "proved"} and row.beyond.startswith("any number (endless): proved, ")


def test_no_argument_is_said_to_be_none() -> None:
    (row,) = capacity.table("v12", ["quiet-engine"], "ring", (5, 6), 1)
    assert row.verdicts == {5: "violated 13", 6: "violated 13"} and row.beyond == "no argument for more"
    # without more slots too, all of it would be vacuous: a ring filled up to its end counts as empty
    (row,) = capacity.table("v16", ["quiet-dummy"], "data", (1, 2), 1)
    assert row.verdicts == {1: "proved", 2: "proved"} and row.beyond == "no argument for more"


def test_a_property_that_cannot_be_asked_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "capacity", "v16", "--property", "quiet-engin")
    assert outcome.code == 2 and "quiet-engine" in outcome.complaint
    outcome = run_here(capsys, "capacity", "v16", "--property", "works")
    assert outcome.code == 2 and "`always` property" in outcome.complaint
