"""A set of changes that a person has in mind: why it fails, or that it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run_here
from test_search import EXCLUSION, SMALL, asked_of, searched

from model.parameters import ParameterError
from model.protocol import assemble
from model.versions import load
from proofs.proposing.candidate import chosen, looked_at
from proofs.proposing.judging import happens
from proofs.proposing.space import Changes, Space, shown

ASKED = ("propose", "--from", "v12", "--require", "quiet-engine", "--scenario", "default", "--jobs", "1")
LITTLE = ("--bound", "requests=1", "--bound", "tz_requests=2")


def test_a_candidate_that_fails_has_a_trace_for_each_property_that_it_breaks() -> None:
    space, asked = Space.of("v12"), (asked_of("v12", EXCLUSION, SMALL), asked_of("v12", EXCLUSION[:1], {}))
    changes = chosen(space, ["lock-storage=descriptor"])
    found = looked_at("v12", space, asked, changes, 1)
    assert not found.is_open and found.wrong and not found.reasons
    claims = [item.claim for item, _, _ in found.wrong]
    assert len(set(claims)) == len(claims)
    for item, account, elsewhere in found.wrong:
        assert happens(assemble(asked[item.system].of(space.applied(changes))), item) and account
        assert item.system not in elsewhere
    by_claim = {item.claim: elsewhere for item, _, elsewhere in found.wrong}
    assert by_claim["quiet-engine"] == (1,), "the same property fails in the other system, too"


def test_a_candidate_that_suffices_says_what_each_change_is_for() -> None:
    space, asked, search = searched()
    solution = search.solutions[0]
    found = looked_at("v12", space, (asked,), solution, 1)
    assert not found.wrong and all(reason is not None for _, reason in found.reasons)
    idle: Changes = solution | {("dummy-address", "base-phys"), ("no-lock-hardware", "ignored")}
    found = looked_at("v12", space, (asked,), idle, 1)
    assert not found.wrong
    assert {what for what, reason in found.reasons if reason is None} == {
        "dummy-address = base-phys",
        "no-lock-hardware = ignored",
    }


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (("nwd",), "need AXIS=VALUE"),
        (("nwdd=none",), "did you mean nwd"),
        (("nwd=non",), "nearest: none"),
        (("nwd=unknown",), "need AXIS=VALUE"),
        (("nwd=none",), "what the version has already"),
        (("nwd=rx-data", "nwd=request"), "given twice"),
        (("lock=client",), "describe no driver: lock = 'client' needs"),
        (("completion=terminate-rx",), "finish"),
    ],
)
def test_what_is_no_candidate_is_refused(named: tuple[str, ...], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        chosen(Space.of("v12"), named)


def test_an_order_of_ones_own_is_a_candidate() -> None:
    order = load("v12").axes["completion"]
    assert not isinstance(order, str)
    mine = tuple(reversed(order[:-1])) + order[-1:]
    change = f"completion={shown(mine)}"
    assert chosen(Space.of("v12"), [change]) == {("completion", mine)}
    space = Space.of("v12", also=(change, "nwd=rx-data"))
    assert mine in space.choices["completion"] and mine not in Space.of("v12").choices["completion"]
    assert space.choices["nwd"] == Space.of("v12").choices["nwd"]
    assert mine not in Space.of("v12", also=(change,), forbid=(change,)).choices["completion"]


def test_why_prints_the_trace_and_leaves_the_candidate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    outcome = run_here(capsys, *ASKED, *LITTLE, "--why", "lock-storage=descriptor", "--out", tmp_path)
    assert outcome.code == 1
    assert "v12 with lock-storage = descriptor: 1 of what is asked is not kept" in outcome.out
    assert "quiet-engine is violated in" in outcome.out and "At step" in outcome.out
    written = tmp_path / "candidate.toml"
    again = run_here(
        capsys, "check", written, "--property", "quiet-engine", "--scenario", "default", *LITTLE, "--strict"
    )
    assert again.code == 1 and "quiet-engine" in again.out


@pytest.mark.parametrize("beside", [("--keep", "nwd"), ("--guided",), ("--changes", "0"), ("--journal", "file")])
def test_why_takes_no_options_of_a_search(capsys: pytest.CaptureFixture[str], beside: tuple[str, ...]) -> None:
    outcome = run_here(capsys, *ASKED, "--why", "nwd=rx-data", *beside)
    assert outcome.code == 2 and f"leave out {beside[0]}" in outcome.complaint
