"""`replay`: the steps of a trace on another version, where they are blocked, and what they come to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import run_cli, write_version

from counterexamples.documents import DocumentError
from counterexamples.formats.itf import read_file
from counterexamples.trace import replay
from model.language.concrete import fire
from model.parameters import ParameterError
from model.protocol import build
from model.subject import Subject
from model.versions import VersionError
from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.properties import catalogue
from proofs.studies.replaying import first_hit, replay_on, to_text


def stored(folder: Path, version: str, name: str, scenario: str = "default", **assume: str) -> Path:
    """The trace of a property, made by a restricted run."""
    subject = Subject.of(version, scenario, assume, {"requests": 1, "tz_requests": 1})
    job = Job(subject, (name,), engine="exhaustive", out=str(folder))
    (row,) = run_job(job)
    assert row.trace is not None, row
    return folder / row.trace


@pytest.fixture(scope="module")
def without_nwd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of v16's violation of quiet-engine if no descriptor has NWD."""
    folder = tmp_path_factory.mktemp("without-nwd")
    return stored(folder, write_version(folder, "v16", {"nwd": "none"}), "quiet-engine")


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of v12's violation of unlock-after-done."""
    return stored(tmp_path_factory.mktemp("race"), "v12", "unlock-after-done")


def test_on_its_own_version_it_is_violated_at_the_end(race: Path) -> None:
    replayed = replay_on(race, "v12")
    assert replayed.violated and replayed.blocked is None and replayed.hit == len(replayed.stored.path)
    assert replayed.axes == ()
    last = to_text(replayed).splitlines()[-1]
    assert last == f"possible as it stands; violates unlock-after-done at step {replayed.hit} on v12"


def test_nwd_blocks_the_race(without_nwd: Path) -> None:
    replayed = replay_on(without_nwd, "v16")
    assert replayed.blocked is not None and not replayed.violated
    assert replayed.axes == ("nwd",)
    step, action = replayed.blocked.step, replayed.blocked.action
    assert replayed.stored.path[step - 1] == action == "bam.execute_unlock"
    text = to_text(replayed)
    assert "the versions differ in: nwd\n" in text
    assert f"{step:>4}  bam.execute_unlock: blocked\n" in text
    assert all(f"      needed: {guard}\n" in text for guard in replayed.blocked.failing)
    assert replayed.blocked.failing and replayed.blocked.possible
    assert f"      possible instead: {', '.join(replayed.blocked.possible)}\n" in text
    assert f"blocked at step {step}; violates quiet-engine at no step on v16\n" in text
    assert text.endswith("it violates quiet-engine at no step\n")


def test_another_order_of_steps_is_reported_plainly(race: Path) -> None:
    replayed = replay_on(race, "v16")
    assert replayed.blocked is not None and replayed.blocked.step == 1
    assert any("the client's next step" in guard for guard in replayed.blocked.failing)


def test_an_action_that_a_version_does_not_have(race: Path) -> None:
    replayed = replay_on(race, "mainline")
    assert replayed.blocked is not None and replayed.reason is not None
    text = to_text(replayed)
    assert f"{replayed.blocked.action}: blocked\n      mainline has no such action\n" in text
    assert f"unlock-after-done does not apply to mainline: {replayed.reason}" in text


def test_a_violation_counts_before_the_end_too(race: Path) -> None:
    stored_trace = read_file(race)
    protocol = build(Subject.of("v12", assume=stored_trace.subject.assumptions, bound=stored_trace.subject.bounds))
    end = replay(protocol.system, stored_trace.path)[-1]
    further = next(action.name for action in protocol.system.actions if fire(action, end) is not None)
    longer = replace(stored_trace, path=(*stored_trace.path, further))
    item = catalogue()["unlock-after-done"]
    assert first_hit(protocol, item, longer, replay(protocol.system, longer.path)) == len(stored_trace.path)
    assert first_hit(protocol, item, longer, replay(protocol.system, stored_trace.path[:-1])) is None


def test_what_is_reached_is_no_violation(tmp_path: Path) -> None:
    subject = Subject.of("v16", "no-lock-hardware")
    (row,) = run_job(Job(subject, ("serviceable",), engine="exhaustive", out=str(tmp_path)))
    assert row.verdict == "reached" and row.trace is not None
    replayed = replay_on(tmp_path / row.trace, "v16")
    assert replayed.hit == row.depth and not replayed.violated
    assert to_text(replayed).endswith(f"reaches serviceable at step {row.depth} on v16\n")


@pytest.mark.slow
def test_the_assumptions_of_the_trace_hold(tmp_path: Path) -> None:
    path = stored(tmp_path, "v16", "quiet-engine", nwd_ack="input-consumed")
    assert replay_on(path, "v16").violated


def test_bad_input(race: Path, tmp_path: Path) -> None:
    with pytest.raises(VersionError):
        replay_on(race, "v99")
    with pytest.raises(DocumentError):
        replay_on(tmp_path / "absent.itf.json", "v16")
    document = json.loads(race.read_text())
    document["#meta"]["scenario"] = "nowhere"
    (tmp_path / "nowhere.itf.json").write_text(json.dumps(document))
    with pytest.raises(DocumentError, match="nowhere"):
        replay_on(tmp_path / "nowhere.itf.json", "v16")
    unknown = write_version(tmp_path, "v16", {"nwd": "unknown"})
    with pytest.raises(ParameterError, match="nwd"):
        replay_on(race, unknown)


@pytest.mark.slow
def test_exit_codes(race: Path) -> None:
    assert run_cli("replay", race, "--on", "v12").code == 1
    assert run_cli("replay", race, "--on", "v16").code == 0
    assert "v16" in run_cli("replay", race, "--on", "v116").complaint
    bad = run_cli("replay", race.with_name("absent"), "--on", "v16")
    assert bad.code == 2 and "absent" in bad.complaint
    assert run_cli("replay", race).code == 2
