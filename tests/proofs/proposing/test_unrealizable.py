"""Which settings leave no design, and which traces rule all of them out: held against trying every set."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
from test_search import SMALL, asked_of, between

from model.parameters import Setting, setting_of
from model.protocol import assemble
from proofs.proposing.asked import Asked
from proofs.proposing.journal import Journal
from proofs.proposing.judging import KEPT, Task, happens, judge
from proofs.proposing.search import Search
from proofs.proposing.space import Space
from proofs.proposing.unrealizable import Core, Reasons, Remedy, least_meeting

PROPERTIES = ("quiet-engine", "quiet-dummy", "under-lock")
UNKNOWN: tuple[dict[str, str], ...] = (
    {},
    {"nwd_ack": "input-consumed"},
    {"lock_scope": "none"},
    {"pipe_reset": "releases-lock"},
    {"unlock_effect": "before-own-write"},
)


def systems() -> tuple[Asked, ...]:
    """One system for each answer."""
    asked = asked_of("v12", PROPERTIES, SMALL)
    return tuple(Asked(asked.subject.assuming(values), PROPERTIES) for values in UNKNOWN)


def small() -> Space:
    """The order of v13, NWD, and what does not matter to these properties."""
    return between("v12", "v13", "request", "nwd", "lock-storage", "lock-failure")


@cache
def reasons() -> Reasons:
    """Why nothing in that space is right under all of them."""
    space, asked = small(), systems()
    search = Search(space, asked, Journal())
    search.run(4, 1)
    assert not search.solutions and not search.counts.open
    return Reasons(search, 4, 1)


@cache
def came_to() -> tuple[list[Core], list[Remedy]]:
    """The cores and the remedies."""
    return reasons().run()


def right() -> dict[frozenset[Setting], bool]:
    """Of each set of settings whether some design is right under all of them, every design being explored."""
    space, asked = small(), systems()
    designs = [changes for size in range(5) for changes in space.designs(size)]
    settings = [setting_of(item.subject.assumptions) for item in asked]
    kept = [
        {
            setting
            for item, setting in zip(asked, settings, strict=True)
            if judge(Task(space.applied(changes), (item,), (), True)).word == KEPT
        }
        for changes in designs
    ]
    sets = [frozenset(part) for n in range(len(settings) + 1) for part in itertools.combinations(settings, n)]
    return {part: any(part <= own for own in kept) for part in sets}


def test_cores_and_remedies_are_those_that_trying_all_finds() -> None:
    cores, remedies = came_to()
    realizable = right()
    settings = reasons().settings
    least = {part for part, does in realizable.items() if not does and all(realizable[part - {one}] for one in part)}
    assert {frozenset(core.settings) for core in cores} == least and least
    largest = {
        part
        for part, does in realizable.items()
        if does and not any(realizable[part | {one}] for one in set(settings) - part)
    }
    assert {frozenset(settings) - frozenset(remedy.unless) for remedy in remedies} == largest


def test_the_traces_of_a_core_rule_every_design_out() -> None:
    found, (cores, _) = reasons(), came_to()
    for core in cores:
        told = [item for item, _, _ in core.refutations]
        for item, where, _ in core.refutations:
            system = found.search.asked[item.system]
            assert setting_of(system.subject.assumptions) in core.settings
            does = happens(assemble(system.of(found.search.space.applied(where))), item)
            assert does
        for changes in found.rows:
            axes = found.search.space.applied(changes)
            does = any(happens(assemble(found.search.asked[item.system].of(axes)), item) for item in told)
            assert does


def test_a_remedy_fails_under_nothing_but_what_it_says() -> None:
    found, (_, remedies) = reasons(), came_to()
    for remedy in remedies:
        axes = found.search.space.applied(remedy.changes)
        for asked in found.search.asked:
            kept = judge(Task(axes, (asked,), (), True)).word == KEPT
            assert kept or setting_of(asked.subject.assumptions) in remedy.unless


def test_a_least_set_meets_every_row() -> None:
    rows = [frozenset(row) for row in ({1, 2}, {2, 3}, {4}, {4, 5, 6}, {1, 3, 7})]
    chosen = least_meeting(rows)
    assert len(chosen) == 3 and all(chosen & row for row in rows)
    assert least_meeting([]) == frozenset()
    with pytest.raises(ValueError, match="nothing meets it"):
        least_meeting([frozenset()])
