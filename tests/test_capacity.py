"""Verdicts as bounds grow, and from where on a larger bound changes nothing."""

from __future__ import annotations

import pytest
from conftest import run_here

from proofs.studies import capacity

pytestmark = pytest.mark.slow


def test_ring_of_v12_for_one_property(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = capacity.table("v12", ["quiet-engine"], "ring", (5, 6), 1)
    assert row.verdicts == {5: "violated 13", 6: "violated 13"} and row.beyond.endswith("the same states and steps")
    # with a ring that is filled up to its end in any size, there is nothing to be said
    graphs = iter(range(100))
    monkeypatch.setattr(capacity, "_graph", lambda *details: next(graphs))
    monkeypatch.setattr(capacity, "_same", lambda one, two: one == two)
    assert capacity.sufficient_ring("v12", "quiet-engine") is None


def test_a_smaller_ring_is_another_system() -> None:
    enough = capacity.sufficient_ring("v16", "quiet-engine")
    assert enough == 5
    small, large = (capacity._graph("v16", "quiet-engine", "endless", size) for size in (enough - 1, enough))
    assert small is not None and large is not None and not capacity._same(small, large)


def test_any_number_of_requests() -> None:
    (row,) = capacity.table("v16", ["quiet-dummy"], "requests", (1,), 1)
    assert row.verdicts == {1: "proved"} and row.beyond.startswith("any number (endless): proved, ")


def test_no_argument_is_said_to_be_none() -> None:
    (row,) = capacity.table("v16", ["quiet-dummy"], "data", (1, 2), 1)
    assert row.verdicts == {1: "proved", 2: "proved"} and row.beyond == "no argument for more"


def test_a_property_that_cannot_be_asked_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "capacity", "v16", "--property", "quiet-engin")
    assert outcome.code == 2 and "quiet-engine" in outcome.complaint
    outcome = run_here(capsys, "capacity", "v16", "--property", "works")
    assert outcome.code == 2 and "`always` property" in outcome.complaint
