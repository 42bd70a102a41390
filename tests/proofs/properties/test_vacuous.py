"""A proof of nothing is none: vacuous verdicts, events that nothing declares, questions that nothing answers."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import toys
import z3
from conftest import ROOT, build_protocol, run_here, write_version
from rows import judged

from model import versions
from model.context import Protocol
from model.language.system import ModelError, StateSpace, Step, TransitionSystem
from model.subject import Subject
from model.vocabulary import EVENTS
from proofs.checking import inductive, job, verdicts
from proofs.checking.job import run_job
from proofs.checking.judged import exit_code
from proofs.checking.records import ANY_REQUESTS, CERTIFIED, WITHIN_BOUNDS, Job
from proofs.checking.words import Word
from proofs.engines import Target
from proofs.properties import ALWAYS, EVENTUALLY, Property, catalogue
from proofs.properties.subjects import unmet

TRACE = ROOT / "counterexamples" / "gallery" / "v12" / "quiet-engine.itf.json"
STUCK = {"request": ["rx-data", "tx-data", "commands", "issue-tx", "issue-rx"]}
Capture = pytest.CaptureFixture[str]


def toy(system: TransitionSystem, target: Target, premise: dict[str, Any] | None = None) -> tuple[Protocol, Property]:
    """A claim about a toy."""
    item = Property("it", "toy", ALWAYS, "s", "s", lambda _: target, premise=lambda _: premise or {})
    return toys.as_protocol(system), item


def word(protocol: Protocol, item: Property) -> str:
    """The verdict by exhaustion, with which induction has to agree."""
    found = verdicts.decide(protocol, [item], "exhaustive", 5)["it"]
    again = inductive.decide(protocol, [item])["it"]
    assert again.word == found.word and (again.invariant is not None) == (found.word == "proved")
    assert found.how.startswith("never: ") == (found.word == "vacuous")
    return found.word


def test_a_claim_about_states_that_are_never_reached() -> None:
    system = toys.counters(3, width=3)
    a, b = (Step(system.space)[name] for name in "ab")
    never = Target(state=z3.And(a == 7, b == 0))
    assert word(*toy(system, never, {"a is 2": a == 2})) == "proved"
    assert word(*toy(system, never, {"a is 5": a == 5})) == "vacuous"
    assert word(*toy(system, never, {"a is 2": a == 2, "a is 5": a == 5})) == "vacuous", "each part has to happen"
    assert word(*toy(system, Target(state=a == 7), {"b is 2": b == 2})) == "proved", "asked apart from the target"
    assert word(*toy(system, Target(state=a == 7), {"b is 5": b == 5})) == "vacuous"


def test_a_claim_about_an_event_that_never_comes() -> None:
    ring = toys.token_ring(3, laps=2)
    lap = Step(ring.space)["lap"]
    assert word(*toy(ring, Target(on={"sent": lap == 5}))) == "proved"
    mute = replace(ring, actions=tuple(replace(action, events={}) for action in ring.actions))
    assert word(*toy(mute, Target(on={"sent": lap == 0}))) == "vacuous"


def always_that(value: Any, _: Protocol) -> Any:
    return value


def test_nothing_to_end() -> None:
    system = toys.counters(3, width=3)
    a = Step(system.space)["a"]
    for value, wanted in ((2, "proved"), (5, "vacuous")):
        target = Target(state=a == value)
        names = frozenset(action.name for action in system.actions)
        item = Property(
            "it", "toy", EVENTUALLY, "s", "s", partial(always_that, target), fair=partial(always_that, names)
        )
        assert verdicts.decide(toys.as_protocol(system), [item], "both", 5)["it"].word == wanted


def test_what_is_not_known_is_not_proved() -> None:
    system = toys.bounded_buffer(3)
    cells, other = (Step(system.space)[name] for name in ("cells", "other"))
    protocol, item = toy(system, Target(state=z3.And(other == 3, other == 0)), {"cells is 9": cells == 9})
    item = replace(item, comes_to=lambda _: Target(state=z3.And(other == 3, z3.Not(z3.UGE(other, 1)))))
    found = verdicts.decide(protocol, [item], "exhaustive", 5)["it"]
    assert found.word == "unknown" and "not known whether ever: cells is 9 (capacity cells)" in found.how


def test_an_event_that_is_not_declared() -> None:
    with pytest.raises(ModelError, match="no event named sendt; declared: sent"):
        toy(toys.token_ring(2, 1), Target(on={"sendt": z3.BoolVal(True)}))[1].target(
            toys.as_protocol(toys.token_ring(2, 1))
        )
    with pytest.raises(ModelError, match="no event named any; declared: none"):
        Step(StateSpace()).emit("any")


@pytest.mark.slow
def test_every_declared_event_can_happen() -> None:
    open_ones = set(EVENTS) - {"wrong_in_c"}  # of source trees, which `test_comparing` and `test_compare` read
    for name in versions.names():
        if open_ones and versions.UNKNOWN not in versions.load(name).axes.values():
            system = build_protocol(name).system
            open_ones -= {event for action in system.actions for event in action.events}
    assert not open_ones


def test_what_nothing_could_break_does_not_apply() -> None:
    reasons = {
        name: catalogue()[name].reason_against(build_protocol("v16")) for name in ("mapping-own", "own-pipe-free")
    }
    assert reasons["mapping-own"] == "nothing in this version could ever break it"
    assert "lock_scope" in str(reasons["own-pipe-free"])
    whole = build_protocol("v16", assume={"lock_scope": "whole-bam"})
    assert catalogue()["own-pipe-free"].reason_against(whole) is None
    assert catalogue()["mapping-own"].reason_against(build_protocol("v12")) is None


def test_an_engine_that_never_starts(tmp_path: Path, capsys: Capture) -> None:
    version = write_version(tmp_path, "v16", STUCK)
    settings = ["--scenario", "default", "--property", "unlock-after-done", "--property", "under-lock"]
    junit, rows = tmp_path / "it.xml", tmp_path / "it.json"
    outcome = run_here(capsys, "check", version, *settings, "--jobs", "1", "--junit", junit, "--json", rows)
    assert outcome.code == 4 and "vacuous" in outcome.out
    assert "never: an UNLOCK of Linux takes effect" in outcome.out and "proved within-bounds" in outcome.out
    assert junit.read_text().count("<failure") == 1
    found = {row["property"]: (row["verdict"], row["strength"]) for row in json.loads(rows.read_text())["results"]}
    assert found == {"unlock-after-done": ("vacuous", None), "under-lock": ("proved", WITHIN_BOUNDS)}


@pytest.mark.parametrize(
    "rows, code",
    [
        ([judged("vacuous")], 4),
        ([judged("vacuous", "proved", False)], 4),
        ([judged("vacuous", "vacuous", True)], 0),
        ([judged("vacuous"), judged("violated")], 1),
        ([judged("vacuous"), judged("proved", "violated at depth 3", False)], 1),
        ([judged("vacuous"), judged("unknown")], 4),
    ],
)
def test_exit_codes(rows: list[Any], code: int) -> None:
    assert exit_code(rows, strict=False) == code


@pytest.mark.slow
def test_how_strong_a_proof_is() -> None:
    small = {"requests": 1, "tz_requests": 1}
    plain = Job(Subject.of("v16", bound=small), ("quiet-dummy", "works"), engine="exhaustive")
    assert [row.strength for row in run_job(plain)] == [WITHIN_BOUNDS, None]
    endless = Job(Subject.of("v16", "endless"), ("quiet-dummy",), engine="exhaustive")
    assert [row.strength for row in run_job(endless)] == [ANY_REQUESTS]
    proof = replace(verdicts.Verdict(Word.PROVED, ""), invariant=())
    assert job._strength(build_protocol("v16", "endless"), proof) == CERTIFIED


@pytest.mark.parametrize("command", [("check", "v12"), ("report", "v12", "--out", "never-made")])
def test_asking_for_nothing(capsys: Capture, command: tuple[str, ...]) -> None:
    outcome = run_here(capsys, *command, "--scenario", "default", "--property", "nothing-stale")
    assert outcome.code == 2 and "nothing-stale is not asked in default; it is asked in: faults" in outcome.complaint


# Stored files: what they leave out has its default, and what they are about is found out by replaying and proving.


def stored(folder: Path, source: Path, **changes: Any) -> Path:
    """A stored file with another origin: for a key of it a mapping to merge (None: leave out), or another value."""
    document = json.loads(source.read_text())
    meta = document.get("#meta", document)
    for key, change in changes.items():
        if not isinstance(change, dict):
            meta[key] = change
            continue
        meta[key] = {name: value for name, value in {**meta[key], **change}.items() if value is not None}
    path = folder / source.name
    path.write_text(json.dumps(document))
    return path


OLDER = {"axes": {"nwd": None}, "assumptions": {"relock": None}, "bounds": {"mappings": None}}


def test_an_older_trace_is_shown_and_replayed(capsys: Capture, tmp_path: Path) -> None:
    path = stored(tmp_path, TRACE, **OLDER)
    shown = run_here(capsys, "show", path)
    assert shown.code == 0 and shown.out == run_here(capsys, "show", TRACE).out
    assert run_here(capsys, "replay", path, "--on", "v12").out == run_here(capsys, "replay", TRACE, "--on", "v12").out


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That v16 keeps the engine quiet for any number of requests."""
    out = tmp_path_factory.mktemp("certificate")
    (row,) = run_job(Job(Subject.of("v16", "endless"), ("quiet-engine",), engine="induction", out=str(out)))
    return out / str(row.certificate)


@pytest.mark.slow
def test_an_older_certificate_is_proved_again(capsys: Capture, tmp_path: Path, certificate: Path) -> None:
    assert run_here(capsys, "certify", stored(tmp_path, certificate, **OLDER)).code == 0


def test_a_trace_of_ones_own_version_carries_its_axes(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored(tmp_path, TRACE, version="nowhere/mine.toml")
    assert run_here(capsys, "show", path).code == 0
    path = stored(tmp_path, TRACE, version="nowhere/mine.toml", axes={"nwd": None})
    assert "no value for nwd" in run_here(capsys, "show", path).complaint
    stated = versions.defaults()
    monkeypatch.setattr(versions, "defaults", lambda: {**stated, "nwd": "none"})
    assert run_here(capsys, "show", path).code == 0
    monkeypatch.setattr(versions, "defaults", lambda: {**stated, "nwd": "rx-data"})
    assert run_here(capsys, "show", path).code == 2


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"axes": {"nwd": "rx-data"}}, "v12 has changed since"),
        ({"axes": {"nwd": "maybe"}}, "axis 'nwd'"),
        ({"axes": {"colour": "red"}}, "axis 'colour' does not exist"),
        ({"version": "mine.toml", "axes": {"lock": "none"}}, "lock = 'none' needs"),
        ({"version": "mine.toml", "axes": {"nwd": "unknown"}}, "no value for nwd"),
        ({"assumptions": {"weather": "fine"}}, "unknown assumption 'weather'"),
        ({"bounds": {"rings": 4}}, "unknown bound 'rings'"),
        ({"scenario": "defaultt"}, "unknown scenario 'defaultt'; did you mean default?"),
    ],
)
def test_what_does_not_fit_is_refused(capsys: Capture, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    outcome = run_here(capsys, "show", stored(tmp_path, TRACE, **changes))
    assert outcome.code == 2 and said in outcome.complaint


@pytest.mark.slow
def test_no_certificate_of_nothing(capsys: Capture, tmp_path: Path, certificate: Path) -> None:
    path = stored(tmp_path, certificate, property="mapping-own", clauses=[])
    assert "nothing in this version could ever break it" in run_here(capsys, "certify", path).complaint
    path = stored(tmp_path, certificate, version="stuck.toml", axes=STUCK, property="unlock-after-done", clauses=[])
    outcome = run_here(capsys, "certify", path)
    assert "unlock-after-done is vacuous for stuck.toml; not seen to happen: an UNLOCK" in outcome.complaint
    assert unmet(build_protocol("v16", "endless"), catalogue()["unlock-after-done"]) == {}


def test_defaults_are_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for axis, value in versions.defaults().items():
        steps = (value,) if isinstance(value, str) else value
        assert set(steps) <= set(versions.axis_values(axis))
    path = Path(write_version(tmp_path, "v12", {}))
    tables = (ROOT / "model" / "versions" / "mainline.toml").read_text().split("\n\n")
    path.write_text("\n\n".join(table for table in tables if not table.startswith("[axes.nwd]")))
    with pytest.raises(versions.VersionError, match="missing: nwd"):
        versions.load(path)
    stated = versions.defaults()
    monkeypatch.setattr(versions, "defaults", lambda: {**stated, "nwd": "rx-data"})
    assert versions.load(path).axes["nwd"] == "rx-data"
