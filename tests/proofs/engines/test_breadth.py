"""The search when memory ends in it, at any place, and what of its transitions can be computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pytest
import toys
import z3
from toys import as_protocol, where

from model.language.system import TransitionSystem
from proofs.checking.verdicts import decide
from proofs.engines import Lasso, Lasting, Question, Reached, Target, Unknown, Unreachable, breadth, exhaustive, fair
from proofs.engines import space as spaces
from proofs.engines.breadth import OutOfMemoryError
from proofs.engines.exhaustive import Explorer
from proofs.engines.running import memory
from proofs.properties import ALWAYS, Property

readings = pytest.mark.parametrize("small", [0, 1 << 40], ids=["compiled", "numpy"])
SYSTEM = toys.counters(9, ("a", "b", "c"))
NEAR, FAR = where(SYSTEM, a=2, b=1), where(SYSTEM, a=9, b=9, c=9)
NEVER = Target(state=z3.And(SYSTEM.space.term("a") == 10))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Much happens between chunks, even in a toy."""
    monkeypatch.setattr(breadth, "OFTEN", 1)
    for module in (breadth, spaces):
        monkeypatch.setattr(module, "CHUNK", 16)


@contextmanager
def memory_for(times: int) -> Iterator[None]:
    """Memory can be asked for so many times; then there is none."""
    left = [times]

    def demand(more: int = 0) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise memory.NoMemoryError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "demand", demand)
        yield


def whenever(explore: Callable[[], None]) -> int:
    """Do it with ever more memory, until it raises nothing; how many times it did."""
    for times in range(10_000):
        try:
            with memory_for(times):
                explore()
            return times
        except OutOfMemoryError:
            pass
    raise AssertionError("there is never enough")


@readings
def test_what_was_found_before_memory_ended_holds(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(exhaustive, "SMALL", small)
    targets = {"near": NEAR, "far": FAR, "never": NEVER}
    whole, depths = Explorer(SYSTEM).explore(targets), set()

    def explore() -> None:
        try:
            Explorer(SYSTEM).explore(targets)
        except OutOfMemoryError as error:
            part = error.space
            assert not part.complete and part.level == whole.level[: len(part.level)]
            assert np.array_equal(part.states, whole.states[:, : part.states.shape[1]])
            assert part.hits == {name: hit for name, hit in whole.hits.items() if hit.depth <= part.depth}
            assert part.level[-1] == 0 or f"{part.level[-1]} states within {part.depth} steps" in str(error)
            depths.add(part.depth)
            raise

    assert whenever(explore) > 100 and depths == {*range(-1, whole.depth + 1)}


@readings
def test_no_answer_is_made_of_what_was_not_looked_at(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(exhaustive, "SMALL", small)
    question = Question(SYSTEM, {"near": NEAR, "far": FAR, "never": NEVER})
    whole = {name: found.answer for name, found in exhaustive.answer(question).items()}
    assert isinstance(whole["far"], Reached) and whole["never"] == Unreachable(1000)
    seen = set()
    for times in range(10_000):
        with memory_for(times):
            answers = {name: found.answer for name, found in exhaustive.answer(question).items()}
        for name, found in answers.items():
            assert found == whole[name] or (isinstance(found, Unknown) and found.reason.startswith("memory: "))
        seen.add(tuple(isinstance(found, Unknown) for found in answers.values()))
        if answers == whole:
            break
    assert seen == {(True, True, True), (False, True, True), (False, False, True), (False, False, False)}


def test_a_verdict_is_unknown_and_says_what_was_covered() -> None:
    item = Property("it", "toy", ALWAYS, "s", "s", lambda _: NEVER)
    words = set()
    for times in (0, 5, 50, 5000):
        with memory_for(times):
            found = decide(as_protocol(SYSTEM), [item], "exhaustive", 5)["it"]
        words.add(found.word)
        assert (found.word == "unknown") == found.reason.startswith("memory: ")
        assert found.word == "proved" or found.engines["exhaustive"]["complete"] is False
    assert words == {"unknown", "proved"}


def test_so_it_is_if_the_subject_is_not_found_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    item = Property("it", "toy", ALWAYS, "s", "s", lambda _: NEVER, premise=lambda _: {"far": FAR.state})
    monkeypatch.setattr("proofs.checking.verdicts.along", lambda *_: {})
    words = set()
    for times in range(0, 400, 20):
        with memory_for(times):
            found = decide(as_protocol(SYSTEM), [item], "exhaustive", 5)["it"]
        words.add((found.word, found.reason.startswith("memory: "), "not known whether ever: far (mem" in found.reason))
    assert words == {("unknown", True, False), ("unknown", False, True), ("proved", False, False)}


def test_cycles_that_there_is_no_room_to_look_for() -> None:
    system = toys.bounded_buffer(3)
    question = Question(system, {"it": Lasting(z3.BoolVal(True), frozenset())})
    seen = []
    for times in range(60):
        with memory_for(times):
            found = fair.answer(question)["it"]
        seen.append(found.answer)
    assert isinstance(seen[-1], Lasso) and any("no room to look" in str(found) for found in seen)
    assert all(found == seen[-1] or isinstance(found, Unknown) for found in seen)


@readings
@pytest.mark.parametrize(
    "system", [SYSTEM, toys.bounded_buffer(3), toys.two_phase_commit(3)], ids=lambda item: item.name
)
def test_transitions_are_computed_again(monkeypatch: pytest.MonkeyPatch, small: int, system: TransitionSystem) -> None:
    monkeypatch.setattr(exhaustive, "SMALL", small)
    name, value = next(iter(system.initial.items()))
    targets: Mapping[str, Target] = {"it": where(system, **{name: value + 1})}
    for early in (True, False):
        kept = Explorer(system).explore(targets, early)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(breadth, "MOST_KEPT", 0)
            again = Explorer(system).explore(targets, early, transitions=False)
        assert kept.kept is not None and again.kept is None and kept.transitions == again.transitions
        for mine, other in zip(vars(kept.edges).values(), vars(again.edges).values(), strict=True):
            assert mine.dtype == other.dtype and np.array_equal(mine, other)
        assert exhaustive.path_to(system, kept, "it") == exhaustive.path_to(system, again, "it") is not None
        goals = range(again.level[again.depth], again.level[again.depth + 1])
        assert kept.onward(goals) == again.onward(goals)
