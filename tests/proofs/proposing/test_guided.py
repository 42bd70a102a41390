"""The guided search finds sets of many changes that suffice, no part of which does."""

from __future__ import annotations

from functools import cache

import pytest
from test_search import EXCLUSION, SMALL, asked_of, between, searched

from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.proposing import guided as guiding
from proofs.proposing.guided import Demands, Guided
from proofs.proposing.journal import Journal
from proofs.proposing.judging import KEPT, Task, judge, known_of
from proofs.proposing.space import Change, Changes

ONE, OTHER, SAME_AXIS = ("nwd", "request"), ("lock", "start"), ("lock", "issue")


@cache
def guided() -> Guided:
    """What makes v12's exclusion right, among what v13 did."""
    search = Guided(between("v12", "v13"), (asked_of("v12", EXCLUSION, SMALL),), Journal())
    search.run(10, 1)
    return search


def test_it_finds_least_sets_that_going_through_all_designs_finds() -> None:
    _, _, search = searched()
    least = min(map(len, search.solutions))
    assert guided().solutions and set(guided().solutions) <= set(search.solutions)
    assert {len(changes) for changes in guided().solutions} == {least}


def test_what_is_known_of_the_version_is_not_explored_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = guided()
    (asked,) = whole.asked
    known = known_of(run_job(Job(asked.subject, asked.properties, "exhaustive")), whole.asked)
    monkeypatch.setattr(guiding, "everywhere", None)
    search = Guided(whole.space, whole.asked, Journal(), of_version=known)
    search.run(10, 1)
    assert search.solutions == whole.solutions


def test_no_part_of_what_it_finds_suffices() -> None:
    search = guided()
    for changes in search.solutions:
        parts = list(search.space.parts(changes))
        assert frozenset() in parts and changes not in parts
        for part in parts:
            assert judge(Task(search.space.applied(part), search.asked, (), True)).word != KEPT


def test_a_set_of_which_a_part_suffices_is_reduced_to_that() -> None:
    whole = guided()
    search = Guided(whole.space, whole.asked, Journal(), traces=list(whole.traces), kills=whole.kills.copy())
    larger = frozenset((axis, value) for axis, values in search.space.choices.items() for value in values)
    search.solutions.append(larger)
    search._reduce(larger, 1)
    (found,) = search.solutions
    assert found in searched()[2].solutions


def test_within_too_few_changes_nothing_is_found() -> None:
    search = Guided(guided().space, guided().asked, Journal())
    search.run(min(map(len, guided().solutions)) - 1, 1)
    assert not search.solutions and search.traces


def demands() -> Demands:
    return Demands([(ONE, 1), (OTHER, 1), (SAME_AXIS, 3)])


def test_a_candidate_is_a_smallest_set_of_what_is_demanded() -> None:
    wanted = demands()
    assert wanted.candidate(9) == frozenset()
    wanted.one_of([ONE, OTHER], frozenset())
    first = wanted.candidate(9)
    assert first is not None and len(first) == 1
    wanted.other_than(first)
    wanted.one_of([SAME_AXIS], frozenset({OTHER}))
    # OTHER asks for another value of the axis that it has itself
    assert wanted.candidate(9) in (frozenset({ONE}), frozenset({ONE, SAME_AXIS}))
    wanted.without(frozenset({ONE}))
    assert wanted.candidate(9) is None and wanted.candidate(0) is None


def test_a_candidate_is_no_larger_than_asked() -> None:
    wanted = demands()
    wanted.one_of([SAME_AXIS], frozenset())
    assert wanted.candidate(2) is None and wanted.candidate(3) == frozenset({SAME_AXIS})


def test_changes_count_as_often_as_they_are_said_to() -> None:
    wanted = Demands([(ONE, 1), (OTHER, 1), (SAME_AXIS, 3)])
    wanted.one_of([SAME_AXIS, ONE], frozenset())
    wanted.one_of([SAME_AXIS, OTHER], frozenset())
    expected: Changes = frozenset[Change]({ONE, OTHER})
    assert wanted.candidate(9) == expected
