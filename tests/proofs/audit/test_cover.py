"""What of a version is used: actions, premises, axes; and that what is not is never passed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import build_protocol, write_version

from model import versions
from proofs.audit import coverage
from proofs.audit.cases import ONE, Case
from proofs.audit.coverage import ACTION, AXIS, CASES, Coverage, Item, axes_of, cover_version, explored
from proofs.commands import cover
from proofs.properties import REACH, catalogue

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smallest() -> list[Item]:
    """v16 in the first case."""
    return explored(versions.load("v16"), CASES[:1])


def test_what_happens_is_covered_and_what_does_not_is_not(smallest: list[Item]) -> None:
    places = {item.name: item.where for item in smallest}
    assert places["bam.execute_unlock"] == places["quiet-engine: a configuration register is written"] == CASES[0].label
    assert places["driver.work_tx"] == places["engine.finish_failed"] == ""
    assert places["balanced: a LOCK executes on the consumer pipe of Linux"]
    assert places["balanced: an UNLOCK executes on the consumer pipe of Linux"]


def test_failed_power_management_brings_the_work_item_to_the_tx_channel() -> None:
    places = {item.name: item.where for item in explored(versions.load("v16"), CASES[-1:])}
    assert places["driver.work_tx"]


def test_every_claim_has_a_subject() -> None:
    protocol = build_protocol("v12", "faults", bound={"requests": 1})
    for item in catalogue().values():
        if item.reason_against(protocol) is None:
            assert bool(item.subjects(protocol)) == (item.kind != REACH), item.id


def test_subject_is_weaker_than_the_violation() -> None:
    # where a claim is violated, what it speaks of has happened: v12 violates these
    places = {item.name: item.where for item in explored(versions.load("v12"), CASES[:1])}
    for violated in ("config-integrity", "released", "flag-truth", "mapping-freed"):
        subjects = [name for name in places if name.startswith(f"{violated}: ")]
        assert subjects and all(places[name] for name in subjects)


def test_axis_that_matters_and_one_that_cannot_be_changed_alone() -> None:
    found = {item.name: item.where for item in axes_of(versions.load("v16"))}
    assert found["nwd"].startswith("property config-integrity is another with none")
    assert found["lock-storage"].startswith("other counts with channel") and found["dummy"].startswith("only terms")
    assert found["lock"].startswith("fixed by the other axes")
    assert found["dummy-address"] == ""


def test_vacuous_file_ends_in_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # CPU writes and no lock: nothing ever puts a command on the consumer pipe
    path = write_version(tmp_path, "mainline", {})
    monkeypatch.setattr(coverage, "CASES", (Case("default", ONE),))
    monkeypatch.setattr(coverage, "reasons", lambda _: {})
    done = CliRunner().invoke(cover.command, [path, "--scenario", "default"])
    assert done.exit_code == 4
    assert "bam.execute_lock" in done.output and "no reason is recorded: vacuous" in done.output


def test_stale_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [Item(ACTION, "a", "default"), Item(ACTION, "b")]
    monkeypatch.setattr(coverage, "explored", lambda *_: items)
    monkeypatch.setattr(coverage, "axes_of", lambda _: [Item(AXIS, "c")])
    known = {(ACTION, "a"): "wrong", (ACTION, "b"): "right", (AXIS, "z"): "gone"}
    monkeypatch.setattr(coverage, "reasons", lambda _: known)
    found = cover_version(versions.load("v16"), ())
    assert found.stale == ((ACTION, "a"), (AXIS, "z"))
    assert [item.name for item in found.vacuous] == ["c"]
    done = CliRunner().invoke(cover.command, ["v16"])
    assert done.exit_code == 4 and "explains what is covered or does not exist in v16: action a" in done.output


def test_all_explained_ends_in_0(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Coverage("v16", (Item(ACTION, "a", "default"), Item(ACTION, "b", why="because")), ())
    monkeypatch.setattr(cover, "cover_version", lambda *_: found)
    done = CliRunner().invoke(cover.command, ["v16"])
    assert done.exit_code == 0 and "because" in done.output
    monkeypatch.setattr(cover, "cover_version", lambda *_: replace(found, stale=((ACTION, "z"),)))
    assert CliRunner().invoke(cover.command, ["v16"]).exit_code == 4
