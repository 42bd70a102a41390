"""What suffices under every combination is what is found where each of them is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
import pytest
from conftest import slow
from test_search import asked_of, between

from model.parameters import ParameterError
from proofs.checking.verdicts import EngineDisagreementError
from proofs.evidence.covering import Covered
from proofs.evidence.remaining import Left, Task, Values, judged, points_of
from proofs.evidence.systems import WORDS
from proofs.proposing.asked import Asked
from proofs.proposing.journal import Journal
from proofs.proposing.refining import WRONG, refined
from proofs.proposing.search import Search

VALUES = (("nwd_ack", ("operation-done", "input-consumed")), ("lock_effect", ("before-own-write", "after-own-write")))
SPACE = between("v12", "v13", "nwd", "request", "lock-flag", "lock-failure")
ALL = Left(VALUES, np.ones(4, dtype=bool), {}, 0)


def asked(*settings: dict[str, str]) -> tuple[Asked, ...]:
    """v12's exclusion under these settings."""
    first = asked_of("v12", ("quiet-engine", "unlock-after-done", "works"), {"requests": 1, "tz_requests": 1})
    return tuple(Asked(first.subject.assuming(setting), first.properties) for setting in settings)


@cache
def under_the_defaults() -> Search:
    """The search that asks nothing else."""
    return searched(asked({}))


def searched(questions: tuple[Asked, ...], before: Search | None = None) -> Search:
    """A search of the changes of v13."""
    journal, traces = (Journal(), []) if before is None else (before.journal.refuted(), before.traces)
    search = Search(SPACE, questions, journal, traces=traces)
    search.run(len(SPACE.choices), 1)
    return search


def judge(tasks: Sequence[Task]) -> Iterator[Covered]:
    """One after the other."""
    return map(judged, tasks)


@pytest.mark.parametrize("values", [VALUES[:1], *slow((VALUES,))])
def test_what_suffices_under_all_is_what_asking_each_finds(values: Values) -> None:
    points = points_of(values)
    each = [points.setting(number) for number in range(len(points))]
    every = searched(asked(*map(dict, each)))
    search = refined(asked({}), Left(values, np.ones(len(each), dtype=bool), {}, 0), searched, judge)
    assert set(search.solutions) == set(every.solutions) != set(under_the_defaults().solutions)
    assert len(search.asked) <= max(len(each) - 1, 2), "some settings have to be asked, and not all"


def test_only_what_is_left_counts() -> None:
    acknowledges_late = ALL.having({"nwd_ack": "operation-done"})
    search = refined(asked({}), acknowledges_late, searched, judge)
    assert search.solutions
    assert not any(("nwd_ack", "input-consumed") in item.subject.assumptions.items() for item in search.asked)
    with pytest.raises(ParameterError, match="the observations leave nothing with nwd_ack=input-consumed"):
        acknowledges_late.having({"nwd_ack": "input-consumed"})


def test_right_and_wrong_under_one_setting_is_an_internal_error() -> None:
    def lying(tasks: Sequence[Task]) -> Iterable[Covered]:
        return [Covered({name: np.full(4, WRONG[0]) for _, name in task.claims}, 0, 1) for task in tasks]

    with pytest.raises(EngineDisagreementError, match="right and wrong under"):
        refined(asked({}), ALL, searched, lying)


def test_a_solution_that_comes_to_nothing_is_not_wrong() -> None:
    assert {str(WORDS[number]) for number in WRONG} >= {"violated", "unknown"}
    assert not {"vacuous", "not-applicable", "proved"} & {str(WORDS[number]) for number in WRONG}


def test_what_is_refuted_stays_so_where_more_is_asked() -> None:
    search = under_the_defaults()
    again = search.journal.refuted()
    assert again.known and not again.known.keys() & set(search.solutions)
