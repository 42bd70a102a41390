"""Worker processes: one that is killed costs no more than its own item."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from killing import Kills, double, exhausted, wrong

from proofs.checking.pool import Lost, LostError, answers, in_parallel

ITEMS = list(range(7))


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
@pytest.mark.parametrize("last", [int, lambda index: -index])
def test_answers_come_in_the_order_of_the_items(workers: int, last: Callable[[int], int]) -> None:
    assert list(in_parallel(double, ITEMS, workers, last)) == [2 * item for item in ITEMS]
    assert list(in_parallel(double, [], workers)) == []


@pytest.mark.parametrize("item", [0, 3, 6])
def test_what_kills_its_worker_is_lost_alone(item: int) -> None:
    found = list(answers(Kills(item), ITEMS, 2))
    assert found == [Lost(str(item)) if one == item else 2 * one for one in ITEMS]


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path: Path) -> None:
    assert list(answers(Kills(3, tmp_path / "killed"), ITEMS, 2)) == [2 * item for item in ITEMS]


@pytest.mark.parametrize("workers", [1, 2])
def test_so_is_what_runs_out_of_memory(workers: int) -> None:
    assert list(answers(exhausted, ITEMS, workers))[2:5] == [4, Lost("3"), 8]


def test_what_needs_every_answer_says_which_is_lost() -> None:
    with pytest.raises(LostError, match="no answer for 3: killed twice"):
        list(in_parallel(Kills(3), ITEMS, 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_says_at_which_item(workers: int) -> None:
    with pytest.raises(KeyError) as raised:
        list(answers(wrong, ITEMS, workers))
    assert raised.value.__notes__ == ["3"]
