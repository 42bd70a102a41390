"""Inductive invariants: found, written down, proved again by two solvers, and refused where they prove nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from chance import random_system, random_test
from conftest import ROOT, build_protocol, run_here

from counterexamples.documents import DocumentError
from model.language.concrete import fire, holds
from model.language.system import StateSpace, TransitionSystem
from proofs.certificates.certificate import SECOND, SOLVERS, prove, read_certificate, second_solver_missing, to_json
from proofs.checking import inductive
from proofs.checking.expectations import Recorded
from proofs.checking.words import Word
from proofs.engines import Target
from proofs.engines.clauses import OBLIGATIONS, Clause, places
from proofs.engines.exhaustive import Explorer
from proofs.engines.induction import NotInductiveError, find
from proofs.properties import catalogue
from proofs.reports import gallery

pytestmark = pytest.mark.slow

STORED = ROOT / "proofs" / "certificates"
FILE = STORED / "v16" / "quiet-engine.endless.cert.json"
CERTIFIED = sorted(STORED.rglob("*.cert.json"))
EXCLUSION = ("config-integrity", "quiet-engine", "quiet-dummy", "under-lock", "unlock-after-done")


def invariant_of(system: TransitionSystem, target: Target) -> tuple[Clause, ...]:
    space = Explorer(system).explore({"it": target})
    return find(system, target, space, places(system.space))


def is_inductive(
    system: TransitionSystem, clauses: tuple[Clause, ...], inside: Callable[[dict[str, int]], bool]
) -> bool:
    """By brute force over every state of a toy, reachable or not: kept by all steps, and no state hits the target."""
    known = places(system.space)
    ranges = [range(1 << (variable.width or 1)) for variable in system.variables]
    names = [variable.name for variable in system.variables]

    def kept(state: dict[str, int]) -> bool:
        return all(holds(clause.term(known), state) for clause in clauses)

    states = [dict(zip(names, values, strict=True)) for values in product(*ranges)]
    return kept(system.initial) and all(
        inside(state) and all(kept(after) for action in system.actions if (after := fire(action, state)) is not None)
        for state in states
        if kept(state)
    )


@random_test(60)
def test_random_systems(choices: Any) -> None:
    system, target = random_system(choices)
    hit = "it" in Explorer(system).explore({"it": target}).hits
    try:
        clauses = invariant_of(system, target)
    except NotInductiveError:
        assert hit
        return
    assert not hit
    firing = [target.firing(action) for action in system.actions]
    assert is_inductive(system, clauses, lambda state: not any(holds(term, state) for term in (target.state, *firing)))


def test_no_state_nothing_to_say() -> None:
    system = TransitionSystem("nothing", StateSpace(), ())
    assert invariant_of(system, Target()) == ()


def test_places_of_a_queue_are_its_fields() -> None:
    known = places(build_protocol("v16").system.space)
    assert known["rx.ring[2].hw"].shown(1) == "UNLOCK" and known["rx.ring[2].hw"].shown(0) == "LOCK/blank"
    assert "rx.ring.hw" not in known and known["lock.linux"].shown(1) == "true"


def test_clauses_read_as_sentences() -> None:
    known = places(build_protocol("v16").system.space)
    clause = Clause(("rx.ring.len", "lock.tz"), ((0, 0), (0, 1), (1, 0), (2, 0)))
    assert clause.name == "rx.ring.len with lock.tz"
    assert clause.sentences(known) == [
        "lock.tz is false or true when rx.ring.len is 0",
        "lock.tz is false when rx.ring.len is 1 or 2",
    ]


@pytest.mark.parametrize("version", ["v16", "v24"])
def test_every_exclusion_property_that_is_proved_for_ever_has_a_certificate(version: str) -> None:
    assert set(EXCLUSION) <= {path.name.split(".")[0] for path in CERTIFIED if path.parent.name == version}
    for path in CERTIFIED:
        assert read_certificate(path).subject.scenario == "endless"


@pytest.mark.parametrize("path", CERTIFIED, ids=lambda path: f"{path.parent.name}-{path.name.split('.')[0]}")
def test_a_stored_certificate_is_proved_again(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    outcome = run_here(capsys, "certify", path)
    solvers = ["z3"] if second_solver_missing() else ["z3", SECOND]
    assert outcome.code == 0 and f"certified by {' and '.join(solvers)}" in outcome.out
    rows = [line.split()[:3] for line in outcome.out.splitlines()[1:-1]]
    assert rows == [[name, solver, "unsat"] for solver in solvers for name in OBLIGATIONS]


@pytest.mark.parametrize(("cookies", "counts"), [(8, True), (9, False)])
def test_only_a_certificate_for_the_usual_bounds_counts_in_a_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cookies: int, counts: bool
) -> None:
    document = json.loads(FILE.read_text())
    document["bounds"]["cookies"] = cookies  # of as many bits: what the clauses say stays true
    (tmp_path / "it.cert.json").write_text(json.dumps(document))
    monkeypatch.setattr(gallery, "CERTIFICATES", tmp_path)
    proved = Recorded("v16", "quiet-engine", "endless", Word.PROVED, None, "proved")
    assert gallery.certified([proved]) == ({("v16", "quiet-engine")} if counts else set())


def test_the_second_solver_is_there_where_the_tests_run() -> None:
    assert second_solver_missing() is None, "the extra `test` brings it"


def test_check_by_induction_writes_a_certificate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = ["--engine", "induction", "--bound", "requests=1", "--bound", "tz_requests=1", "--out", str(tmp_path)]
    outcome = run_here(capsys, "check", "v16", "--property", "quiet-dummy", *options, "--json", tmp_path / "it.json")
    assert "inductive invariant of" in outcome.out and outcome.code == 0
    row = json.loads((tmp_path / "it.json").read_text())["results"][0]
    assert row["verdict"] == "proved" and row["certificate"] == "v16/quiet-dummy.cert.json"
    again = run_here(capsys, "certify", tmp_path / row["certificate"], "--show")
    assert again.code == 0 and " when " in again.out


def test_induction_proves_nothing_that_is_violated(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "check", "v12", "--engine", "induction", "--property", "quiet-engine")
    assert "unknown" in outcome.out and "no invariant: violated at depth 13" in outcome.out


def test_induction_says_what_it_does_not_decide() -> None:
    found = inductive.decide(build_protocol("v16"), [catalogue()["works"], catalogue()["linux-progress"]])
    assert [item.word for item in found.values()] == ["unknown", "unknown"]


# Forgeries.


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    document = json.loads(FILE.read_text())
    change(document)
    path = folder / "forged.cert.json"
    path.write_text(json.dumps(document))
    return path


def without_clauses(document: dict[str, Any]) -> None:
    document["clauses"] = []


def with_every_other_clause(document: dict[str, Any]) -> None:
    # one alone may be one of the few that the proof can do without
    del document["clauses"][::2]


def wider(document: dict[str, Any]) -> None:
    for clause in document["clauses"]:
        if "engine.op" in clause["over"]:
            clause["allowed"] = [list(values) for values in product(*map(set, zip(*clause["allowed"], strict=True)))]


def narrower(document: dict[str, Any]) -> None:
    clause = next(item for item in document["clauses"] if item["over"] == ["engine.op", "engine.config"])
    clause["allowed"] = [values for values in clause["allowed"] if values != [0, 0]]


def for_another_property(document: dict[str, Any]) -> None:
    document["property"] = "no-abort"


def for_another_assumption(document: dict[str, Any]) -> None:
    document["assumptions"]["nwd_ack"] = "input-consumed"


def for_more(document: dict[str, Any]) -> None:
    document["bounds"]["data"] = 2


def of_another_version(document: dict[str, Any]) -> None:
    document["version"] = "v12"


def of_no_version(document: dict[str, Any]) -> None:
    document["version"] = "v99"


def about_no_place(document: dict[str, Any]) -> None:
    document["clauses"][0]["over"][0] = "rx.ring[9].hw"


def too_large(document: dict[str, Any]) -> None:
    document["clauses"][0]["allowed"][0][0] = 1 << 40


def too_few_values(document: dict[str, Any]) -> None:
    document["clauses"][-1]["allowed"][0].pop()


def of_another_kind(document: dict[str, Any]) -> None:
    document["property"] = "linux-progress"


def of_another_schema(document: dict[str, Any]) -> None:
    document["schema"] = 2


@pytest.mark.parametrize(
    "change, said",
    [
        (without_clauses, "proves nothing: safety fails"),
        (with_every_other_clause, "proves nothing"),
        (wider, "proves nothing"),
        (narrower, "proves nothing: initial fails: the initial state is outside engine.op with engine.config"),
        (for_another_property, "proves nothing: safety fails"),
        (for_another_assumption, "proves nothing: "),
        (for_more, "proves nothing: "),
        (of_another_version, "v12 has changed since"),
        (of_no_version, "v99"),
        (about_no_place, "this version has no rx.ring[9].hw"),
        (too_large, "holds at most"),
        (too_few_values, "need a value for each of"),
        (of_another_kind, "a certificate is for an `always` one"),
        (of_another_schema, "schema: is 2, need 1"),
    ],
)
def test_a_forged_certificate_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    outcome = run_here(capsys, "certify", changed(tmp_path, change))
    assert outcome.code == 2 and said in outcome.complaint


def test_a_certificate_that_is_cut_off(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "cut.cert.json"
    path.write_text(FILE.read_text()[:5000])
    outcome = run_here(capsys, "certify", path)
    assert outcome.code == 2 and "not JSON, or cut off" in outcome.complaint


def test_text_and_back(tmp_path: Path) -> None:
    certificate = read_certificate(FILE)
    path = tmp_path / "again.cert.json"
    path.write_text(to_json(certificate))
    assert read_certificate(path) == certificate and path.read_text() == FILE.read_text()
    with pytest.raises(DocumentError, match="cannot be read"):
        read_certificate(tmp_path / "none.cert.json")


@pytest.mark.parametrize(
    "name, why",
    [
        ("bam.end_nwd_wait", "the engine has acknowledged"),
        ("bam.execute_lock", "no other EE's lock stalls the consumer pipe"),
        ("tz.execute_lock", "no lock of Linux stalls the other EE's pipe"),
        ("tz.write_config", "the other EE's next descriptor is configure"),
    ],
)
def test_without_a_guard_the_invariant_proves_nothing(name: str, why: str) -> None:
    protocol = build_protocol("v16", "endless")
    action = protocol.system.action(name)
    weaker = replace(action, guard={key: term for key, term in action.guard.items() if key != why})
    assert len(weaker.guard) == len(action.guard) - 1
    actions = tuple(weaker if item is action else item for item in protocol.system.actions)
    broken = replace(protocol, system=replace(protocol.system, actions=actions))
    target = catalogue()["quiet-engine"].target(protocol)
    for solver in SOLVERS:
        answers = [proof.answer for proof in prove(broken, target, read_certificate(FILE).clauses, solver)]
        assert answers[0] == "unsat" and "sat" in answers
