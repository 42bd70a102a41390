"""Answers of earlier runs: each part of what is asked matters, and what is damaged is told of and made anew."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import z3
from conftest import ENVIRONMENT, ROOT

from model.language.system import TransitionSystem
from model.protocol import build
from model.subject import Subject
from proofs.checking.records import Job
from proofs.checking.running import cache
from proofs.checking.running.cache import Entry, content, key
from proofs.properties import catalogue

SMALL = {"requests": 1, "tz_requests": 1}
SUBJECT = Subject.of("v12", bound=SMALL)
JOB = Job(SUBJECT, ("quiet-engine", "works"))
OTHER_JOBS: dict[str, Job] = {
    "version": replace(JOB, subject=Subject.of("v13", bound=SMALL)),
    "name": replace(JOB, subject=replace(SUBJECT, version="another")),
    "scenario": replace(JOB, subject=Subject.of("v12", "faults", bound=SMALL)),
    "assumption": replace(JOB, subject=Subject.of("v12", "default", {"nwd_ack": "input-consumed"}, SMALL)),
    "bound": replace(JOB, subject=Subject.of("v12", bound={**SMALL, "data": 2})),
    "property": replace(JOB, properties=("quiet-engine", "balanced")),
    "fewer properties": replace(JOB, properties=("quiet-engine",)),
    "order of properties": replace(JOB, properties=("works", "quiet-engine")),
    "engine": replace(JOB, engine="exhaustive"),
    "depth": replace(JOB, depth=6),
    "causes": replace(JOB, all_causes=True),
}


@pytest.mark.parametrize("what", OTHER_JOBS)
def test_each_part_of_the_question_matters(what: str) -> None:
    assert key(OTHER_JOBS[what], False) != key(JOB, False)


def test_so_do_the_files_and_the_program_but_not_where_the_files_are_put(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(JOB, False)
    assert key(JOB, True) != before == key(replace(JOB, out="there"), False)
    monkeypatch.setattr(cache, "program", lambda: "another")
    assert key(JOB, False) != before


def test_what_a_property_comes_to_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    before, known = key(JOB, False), dict(catalogue())
    known["quiet-engine"] = replace(known["quiet-engine"], comes_to=known["config-integrity"].comes_to)
    monkeypatch.setattr(cache, "catalogue", lambda: known)
    assert key(JOB, False) != before


def test_so_does_the_system_that_a_subject_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # as a source tree's that was edited does
    before, protocol = key(JOB, False), build(SUBJECT)
    edited = replace(protocol, system=_changed(updates=_other)(protocol.system))
    monkeypatch.setattr(cache, "build", lambda subject: edited)
    assert key(JOB, False) != before


def test_the_order_in_which_settings_are_given_does_not() -> None:
    turned = replace(SUBJECT, assumptions=dict(reversed(list(SUBJECT.assumptions.items()))))
    assert key(replace(JOB, subject=turned), False) == key(JOB, False)


def test_a_key_is_the_same_in_every_process() -> None:
    # z3 orders commuting arguments by what it has met before
    code = (
        "from model.protocol import build; from model.subject import Subject;"
        " from proofs.checking.records import Job; from proofs.checking.running.cache import key;"
        " build(Subject.of('v24', 'faults'));"
        f" print(key(Job(Subject.of('v12', bound={SMALL}), {JOB.properties}), False))"
    )
    environment = {**ENVIRONMENT, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.stdout.strip() == key(JOB, False), done.stderr


def _without_last(system: TransitionSystem) -> TransitionSystem:
    return TransitionSystem(system.name, system.space, system.actions[:-1])


def _turned(system: TransitionSystem) -> TransitionSystem:
    return TransitionSystem(system.name, system.space, tuple(reversed(system.actions)))


def _changed(**fields: Callable[[z3.ExprRef], z3.ExprRef]) -> Callable[[TransitionSystem], TransitionSystem]:
    """One term of the first action that has one in this field is another one."""

    def change(system: TransitionSystem) -> TransitionSystem:
        ((name, make),) = fields.items()
        place, action = next((place, one) for place, one in enumerate(system.actions) if getattr(one, name))
        terms = dict(getattr(action, name))
        last = list(terms)[-1]
        given: dict[str, Any] = {name: {**terms, last: make(terms[last])}}
        wrong = replace(action, **given)
        return TransitionSystem(
            system.name, system.space, (*system.actions[:place], wrong, *system.actions[place + 1 :])
        )

    return change


def _other(term: z3.ExprRef) -> z3.ExprRef:
    return z3.Not(term) if z3.is_bool(term) else term + 1


@pytest.mark.parametrize(
    "change",
    [
        _without_last,
        _turned,
        _changed(guard=z3.Not),
        _changed(updates=_other),
        _changed(events=z3.Not),
        _changed(overflow=z3.Not),
    ],
    ids=["actions", "their order", "guard", "update", "event", "capacity"],
)
def test_each_part_of_the_system_matters(change: Callable[[TransitionSystem], TransitionSystem]) -> None:
    system = build(SUBJECT).system
    assert content(change(system)) != content(system)


def test_an_initial_value_matters() -> None:
    system = build(SUBJECT).system
    name, variable = next((name, item) for name, item in system.space.variables.items() if not item.init)
    space = replace(system.space, variables={**system.space.variables, name: replace(variable, init=1)})
    assert content(TransitionSystem(system.name, space, system.actions)) != content(system)


# Entries


def test_an_entry_is_read_as_it_was_written(tmp_path: Path) -> None:
    entry = Entry(tmp_path / "new" / "folder", "key")
    assert entry.read() == (None, None)
    assert entry.write(JOB) is None and entry.read() == (JOB, None)
    assert [path.name for path in entry.folder.iterdir()] == ["key.answer"]


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 99, None])
def test_a_damaged_entry_is_told_of(tmp_path: Path, damage: bytes | None) -> None:
    entry = Entry(tmp_path, "key")
    entry.write(JOB)
    whole = entry.path.read_bytes()
    entry.path.write_bytes(whole[:-1] if damage is None else damage)
    assert entry.read() == (None, f"{entry.path}: damaged; worked out again")
    assert entry.write(JOB) is None and entry.path.read_bytes() == whole


def test_so_is_one_that_is_no_file(tmp_path: Path) -> None:
    entry = Entry(tmp_path, "key")
    os.mkfifo(entry.path)
    assert entry.read() == (None, f"{entry.path}: not a regular file; worked out again")


def test_where_nothing_can_be_kept_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = Entry(tmp_path / "file" / "below", "key").write(JOB)
    assert failed is not None and "Not a directory" in failed
