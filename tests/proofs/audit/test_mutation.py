"""Mutants: how they are made, who notices them, and that nothing about survivors is passed over in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import z3
from click.testing import CliRunner
from conftest import build_protocol
from toys import built, counters

from model.language.system import StateSpace, Step
from proofs.audit import mutants, mutation
from proofs.audit.cases import CASES, ONE, SMALLEST
from proofs.audit.mutation import (
    COUNT,
    ENDLESS,
    EQUIVALENT,
    PROPERTY,
    REDUNDANT,
    SURVIVED,
    Judgement,
    Outcome,
    Task,
    judge,
    tasks,
)
from proofs.audit.noticing import Bench, bench, where
from proofs.checking.verdicts import decide
from proofs.commands import mutate
from proofs.engines.exhaustive import Explorer
from proofs.properties import EVENTUALLY, catalogue

pytestmark = pytest.mark.slow


def test_every_conjunct_and_update_of_an_action_is_mutated() -> None:
    system = counters(2, ("a",))
    found = {label: action for label, _, action in mutants.of_action(system.action("a.count"))}
    assert list(found) == [
        "a.count: without the guard 'guard'",
        "a.count: the guard 'guard' negated",
        "a.count: a stays as it is",
    ]
    states = {}
    for label, action in found.items():
        mutant = mutants.put_in(system, {"a.count": action}, label)
        states[label] = Explorer(mutant.system).explore({}).states.shape[1]
    assert list(states.values()) == [256, 1, 1]


def test_redundant_guard_is_proved_equivalent_or_survives() -> None:
    space = StateSpace()
    space.add("a", 4)

    def count(s: Step) -> None:
        s["a"] = s["a"] + 1

    system = built(space, [("count", "x", lambda s: z3.ULT(s["a"], 3), count)])
    action = system.action("count")
    implied = {**action.guard, "implied": z3.ULT(space.term("a"), 9), "always": z3.ULT(space.term("a"), 4)}
    doubled = mutants.put_in(system, {"count": replace(action, guard=implied)}, "").system
    found = {label: item for label, _, item in mutants.of_action(doubled.action("count"))}
    for label, item in found.items():
        mutant = mutants.put_in(doubled, {"count": item}, label)
        expected = "without" in label and "'guard'" not in label
        assert mutants.equivalent(doubled, mutant) == expected, label


@pytest.fixture(scope="module")
def code() -> mutants.Code:
    """The places of v16's code that change queues."""
    return mutants.Code(build_protocol("v16", bound=ONE))


def test_places_of_the_code_are_found(code: mutants.Code) -> None:
    labels = [label for label, _, _ in code.wrongs()]
    assert len(labels) == len(set(labels))
    for label in (
        "rx.desc_issued.push_front in client.issue_rx: other end",
        "rx.desc_issued.push_back in client.issue_rx: lost",
        "rx.ring.push_back_all in client.issue_rx: without nwd",
        "rx.ring.push_back_all in client.issue_rx: first two swapped",
        "rx.desc_list.pop_front in driver.process_rx_irq: other end",
        "rx.ring.pop_front in bam.execute_lock: entry kept",
    ):
        assert label in labels


def test_wrong_place_changes_just_the_actions_that_come_there(code: mutants.Code) -> None:
    original = code.protocol.system
    place, wrong = next(
        row[1:] for row in code.wrongs() if row[0] == "rx.ring.push_back_all in client.issue_rx: without nwd"
    )
    mutant = code.mutant(place, wrong)
    assert mutant.changed == ("client.issue_rx", "driver.work_rx")
    for action in original.actions:
        assert mutants.same(action, mutant.system.action(action.name)) == (action.name not in mutant.changed)


def test_without_a_wrong_the_watched_code_builds_the_same_system(code: mutants.Code) -> None:
    place = mutants.Place(("nowhere", 1), "rx.ring", "clear")
    code._names[place] = "nowhere"
    code._reach[place] = dict.fromkeys(action.name.split(":")[0] for action in code.protocol.system.actions)
    assert code.mutant(place, mutants.LOST).changed == ()


def test_bench_agrees_with_the_engine() -> None:
    item = bench("v12", SMALLEST)
    asked = [p for p in catalogue().values() if p.id in item.findings.depths]
    assert any(p.kind == EVENTUALLY for p in asked)
    verdicts = decide(item.protocol, asked, "exhaustive", 0)
    depths = {name: verdict.depth for name, verdict in verdicts.items()}
    assert depths == dict(item.findings.depths) and any(depths.values()) and not all(depths.values())


@pytest.mark.parametrize(
    ("label", "noticed_by"),
    [
        ("rx.desc_issued.push_front in client.issue_rx: other end", "under-lock"),
        ("rx.ring.push_back_all in client.issue_rx: without nwd", "unlock-after-done"),
        ("bam.execute_unlock: lock.linux stays as it is", "no-abort"),
        ("tz.execute_lock: without the guard 'no lock of Linux stalls the other EE's pipe'", "no-abort"),
    ],
)
def test_known_mutants_are_noticed_by_the_property_about_them(label: str, noticed_by: str) -> None:
    found = judge(Task(label, ("v16",)))
    assert found.fate == PROPERTY and noticed_by in found.noticed_by


def test_guard_that_another_one_implies_is_redundant(monkeypatch: pytest.MonkeyPatch) -> None:
    # output is set only while an operation runs
    monkeypatch.setattr(mutation, "CASES", (SMALLEST,))
    assert judge(Task("engine.finish: without the guard 'an operation runs'", ("v16",))).fate == REDUNDANT


def test_what_differs_and_is_not_noticed_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "CASES", (SMALLEST,))
    monkeypatch.setattr(Bench, "noticed", lambda *_: ((), False))
    found = judge(Task("bam.execute_unlock: lock.linux stays as it is", ("v16",)))
    assert (found.fate, found.version, found.case) == (SURVIVED, "v16", SMALLEST.label)


def test_what_differs_only_for_ever_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    # the recorded cases are made blind to it
    monkeypatch.setattr(mutation, "CASES", (SMALLEST,))
    label = "rx.desc_issued.push_front in client.issue_rx: lost"
    real = Bench.differs
    monkeypatch.setattr(Bench, "differs", lambda item, name: item.case == ENDLESS and real(item, name))
    found = judge(Task(label, ("v16",)))
    assert (found.fate, found.case) == (SURVIVED, "endless")


def test_one_pass_over_the_states_finds_what_each_difference_finds() -> None:
    item = bench("v12", SMALLEST)
    for name in ("engine.finish", "bam.execute_lock", "client.issue_rx"):
        action = item.system.action(name)
        for label, _, changed in mutants.of_action(action):
            term = mutants.difference(item.system, action, changed)
            states = where(item.space, term, np.arange(item.space.states.shape[1]), once=True)
            assert item.differs(label) == bool(len(states)), label


def test_sample_of_all_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    # the first case of v16 alone notices most
    monkeypatch.setattr(mutation, "CASES", (SMALLEST,))
    fates = Counter(judge(task).fate for task in tasks(["v16"])[::24])
    assert fates[PROPERTY] > fates[COUNT] > 0 and fates[REDUNDANT] > 0
    assert sum(fates.values()) > 20


def test_steps_after_a_fault_have_no_mutants_of_their_own() -> None:
    assert any(case.has("v2") and case.assume and case.scenario == "faults" for case in CASES)
    actions = {item.label.split(": ")[0] for item in tasks(["v2"])}
    assert "client.terminate_rx" in actions and "client.terminate_rx_2" not in actions


def test_what_is_unnoticed_without_reason_and_reasons_for_the_rest_are_listed() -> None:
    outcomes = (
        Outcome("a", ("v",), SURVIVED),
        Outcome("b", ("v",), SURVIVED),
        Outcome("c", ("v",), PROPERTY, ("works",), "v", "default"),
        Outcome("d", ("v",), COUNT, (), "v", "default"),
        Outcome("e", ("v",), EQUIVALENT),
        Outcome("f", ("v",), REDUNDANT),
    )
    found = Judgement(outcomes, {"a": "why", "c": "killed now", "z": "gone"}, complete=True)
    assert [item.label for item in found.unexplained] == ["b", "f"]
    assert found.stale == ["c", "z"]
    assert Judgement(outcomes, found.reasons, complete=False).stale == ["c"]
    assert found.rates == (2 / 4, 2 / 6)
    text = mutate.to_text(found)
    assert "survived: no reason is recorded\n  b (v)" in text and "or does not exist: z" in text
    assert "redundant: no reason is recorded\n  f (v)" in text


KILLED = tuple(Outcome(f"k{number}", ("v",), PROPERTY, ("works",), "v", "default") for number in range(20))


def test_too_few_killed_ends_in_1(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = (Outcome("a", ("v16",), SURVIVED), Outcome("b", ("v16",), SURVIVED))
    found = Judgement((*KILLED, *survivors), {"a": "why", "b": "why"}, complete=True)
    monkeypatch.setattr(mutate, "run", lambda *_: found)
    assert not found.unexplained and CliRunner().invoke(mutate.command, []).exit_code == 1


@pytest.mark.parametrize(("reasons", "code"), [({}, 1), ({"a": "why"}, 0), ({"a": "why", "z": "gone"}, 1)])
def test_exit_code(monkeypatch: pytest.MonkeyPatch, reasons: dict[str, str], code: int) -> None:
    outcomes = (*KILLED, Outcome("a", ("v16",), REDUNDANT))
    monkeypatch.setattr(mutate, "run", lambda *_: Judgement(outcomes, reasons, complete=True))
    assert CliRunner().invoke(mutate.command, []).exit_code == code
