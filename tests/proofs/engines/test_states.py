"""The set of packed states is exact: what collides in the hash is still told apart, and nothing is numbered twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs.engines.compiled import states
from proofs.engines.compiled.states import CompiledSet
from proofs.engines.running import memory
from proofs.engines.states import Hash, StateSet, mix


class ByRow(CompiledSet):
    """The compiled set, taking columns."""

    def __init__(self, words: int, hash_function: Hash | None = None) -> None:
        super().__init__(words, hash_function and (lambda rows: hash_function(rows.T)))

    def insert(self, packed: np.ndarray) -> np.ndarray:
        """Add columns."""
        return super().insert(np.ascontiguousarray(packed.T))


Kept = StateSet | ByRow
Kind = Callable[..., Kept]
both = pytest.mark.parametrize("kind", [StateSet, ByRow], ids=["numpy", "compiled"])
BATCHES = st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=40), max_size=5)


def packed(states: Sequence[tuple[int, ...]], words: int = 2) -> np.ndarray:
    return np.array(states, dtype=np.uint64).reshape(len(states), words).T


def constant(states: np.ndarray) -> np.ndarray:
    """Everything collides."""
    return np.full(states.shape[1], 7, dtype=np.uint64)


def few_bits(states: np.ndarray) -> np.ndarray:
    """Much collides, some of it at the end of the table."""
    found: np.ndarray = mix(states) | np.uint64(0xFFFF_FFFF_FFFF_FFF0)
    return found


def by_first_word(states: np.ndarray) -> np.ndarray:
    """Misses every difference in the later words."""
    first: np.ndarray = states[0].copy()
    return first


def check(found: Kept, batches: Sequence[Sequence[tuple[int, int]]]) -> None:
    """Insert and compare with a dictionary after each batch."""
    numbers: dict[tuple[int, int], int] = {}
    for batch in batches:
        got = found.insert(packed(batch)).tolist()
        assert all(numbers.setdefault(state, number) == number for state, number in zip(batch, got, strict=True))
        assert sorted(numbers.values()) == list(range(len(numbers))), "each number once, none left out"
        assert found.count == len(numbers)
        assert [numbers[int(x), int(y)] for x, y in found.states.T] == list(range(found.count))


@both
@settings(deadline=None, max_examples=60)
@given(BATCHES)
def test_like_a_dictionary(kind: Kind, batches: list[list[tuple[int, int]]]) -> None:
    check(kind(2), batches)


@both
@settings(deadline=None, max_examples=60)
@given(BATCHES)
def test_like_a_dictionary_when_hashes_collide(kind: Kind, batches: list[list[tuple[int, int]]]) -> None:
    check(kind(2, constant), batches)
    check(kind(2, few_bits), batches)
    check(kind(2, by_first_word), batches)


@both
def test_collisions_beyond_the_first_table(kind: Kind) -> None:
    batches = [[(value % 50, value) for value in range(start, start + 700)] for start in range(0, 4200, 700)]
    check(kind(2, by_first_word), [*batches, batches[0][::-1]])


@both
def test_a_collision_inside_one_batch(kind: Kind) -> None:
    found = kind(2, by_first_word)
    assert found.insert(packed([(5, 1), (5, 2), (5, 1), (5, 3)])).tolist() == [0, 1, 0, 2]
    assert found.insert(packed([(5, 3), (5, 4), (5, 1)])).tolist() == [2, 3, 0]


@both
def test_a_collision_with_what_is_stored(kind: Kind) -> None:
    found = kind(2, by_first_word)
    assert found.insert(packed([(5, 1)])).tolist() == [0]
    assert found.insert(packed([(5, 2)])).tolist() == [1]
    assert found.insert(packed([(5, 1), (5, 2)])).tolist() == [0, 1]


@both
def test_new_states_are_numbered_in_the_order_given(kind: Kind) -> None:
    rng = np.random.default_rng(1)
    values = rng.permutation(5000)
    found = kind(1)
    assert found.insert(packed([(int(value),) for value in values], 1)).tolist() == list(range(5000))
    assert found.states[0].tolist() == values.tolist()


@both
def test_duplicates_take_the_place_of_their_first_occurrence(kind: Kind) -> None:
    rows = [(value % 7, 0) for value in range(700)] + [(value, 1) for value in range(50)]
    wanted = {state: number for number, state in enumerate(dict.fromkeys(rows))}
    assert kind(2).insert(packed(rows)).tolist() == [wanted[state] for state in rows]


@both
@pytest.mark.parametrize("batch", [1, 700, 3000])
def test_growth_keeps_everything(kind: Kind, batch: int) -> None:
    found = kind(3)
    total = 4000 if batch > 1 else 1100
    rows = [(value, value * value % 7919, 2**64 - 1 - value) for value in range(total)]
    for start in range(0, total, batch):
        part = rows[start : start + batch]
        assert found.insert(packed(part, 3)).tolist() == list(range(start, start + len(part)))
    assert found.insert(packed(rows[::-1], 3)).tolist() == list(range(total))[::-1]
    assert found.count == total and [tuple(map(int, row)) for row in found.states.T] == rows


def test_growth_beyond_what_is_copied_and_entered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "LARGE", 100)
    batches = [[(value % 50, value) for value in range(start, start + 700)] for start in range(0, 4200, 700)]
    check(ByRow(2), [*batches, batches[0][::-1]])
    check(ByRow(2, few_bits), [*batches, batches[0][::-1]])


def test_what_there_is_no_memory_for_is_not_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "LARGE", 100)
    found = ByRow(2)
    found.insert(packed([(value, 1) for value in range(1500)]))
    with memory.limited(1), pytest.raises(MemoryError):
        found.insert(packed([(value, 2) for value in range(1500)]))
    assert found.count == 1500
    assert found.insert(packed([(value, value % 2 + 1) for value in range(1500)])).tolist()[::2] == list(
        range(0, 1500, 2)
    )


@both
def test_an_empty_batch(kind: Kind) -> None:
    found = kind(2)
    assert found.insert(packed([])).tolist() == []
    found.insert(packed([(1, 2)]))
    assert found.insert(packed([])).tolist() == [] and found.count == 1


@both
def test_the_states_given_are_not_changed(kind: Kind) -> None:
    batch = packed([(3, 1), (2, 1), (3, 1)])
    before = batch.copy()
    found = kind(2)
    found.insert(batch)
    assert (batch == before).all()
    batch[:] = 0
    assert found.states.T.tolist() == [[3, 1], [2, 1]], "a copy"


@settings(deadline=None, max_examples=40)
@given(BATCHES, BATCHES, st.sampled_from([None, constant, few_bits, by_first_word]))
def test_what_is_found_stays_right_when_others_are_added_meanwhile(
    before: list[list[tuple[int, int]]], after: list[list[tuple[int, int]]], hash_function: Hash | None
) -> None:
    one, other = ByRow(2, hash_function), ByRow(2, hash_function)
    for batch in before:
        one.insert(packed(batch))
        other.insert(packed(batch))
    sought = [one.find(packed(batch).T.copy()) for batch in after]
    for batch, found in zip(after, sought, strict=True):
        assert one.add(found).tolist() == other.insert(packed(batch)).tolist()
    assert one.states.tolist() == other.states.tolist()


def test_what_is_found_stays_right_when_the_table_grows() -> None:
    found = ByRow(2)
    found.insert(packed([(value, 0) for value in range(1000)]))
    sought = found.find(packed([(value, 0) for value in range(900, 1100)]).T.copy())
    assert sought.missing.tolist() == list(range(100, 200))
    assert found.insert(packed([(value, 0) for value in range(4999, 999, -1)])).tolist() == list(range(1000, 5000))
    assert found.add(sought).tolist() == [*range(900, 1000), *range(4999, 4899, -1)]


def test_what_another_thread_is_adding_is_not_looked_at() -> None:
    found = ByRow(2)
    found.insert(packed([(value, 0) for value in range(10)]))
    found.count = 6  # as if the last four were being added now
    assert found.find(packed([(value, 0) for value in range(10)]).T.copy()).missing.tolist() == [6, 7, 8, 9]
