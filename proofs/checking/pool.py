"""Work in this process, in several, or wherever else it is done, with the same answers in the same order.

No process outlives its parent, and one that is killed costs no more than its own item.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol, TypeVar

from counterexamples import documents
from model.language.worker import belong_to_parent
from proofs.checking.interrupt import wait_if_ending

Item = TypeVar("Item")
Answer = TypeVar("Answer")
LOST = "killed twice, or out of memory; fewer --jobs or smaller bounds need less"


@dataclass(frozen=True)
class Lost:
    """In place of an answer: the process that worked on an item ended before it had one, also when it was alone."""

    item: str


class LostError(Exception):
    """An answer without which there is nothing to report is lost; the message names the item."""


class Place(Protocol):
    """Where work is done. `count`: how much of it at a time."""

    @property
    def count(self) -> int:
        """How many items are worked on at the same time."""

    def completed(
        self, function: Callable[[Item], Answer], items: Sequence[Item], order: Sequence[int]
    ) -> Iterator[tuple[int, Answer | Lost]]:
        """The position of each item and what `function` makes of it, as it becomes known; begun in `order`.

        An exception of `function` is raised here, with the item as a note. Items and answers are plain data.
        """


Workers = int | Place
"""So many processes on this machine, none for a single one; or another place."""


def count_of(workers: Workers) -> int:
    """How many items are worked on at the same time."""
    return workers if isinstance(workers, int) else workers.count


def place_of(workers: Workers) -> Place:
    """The place that is meant."""
    return Here(workers) if isinstance(workers, int) else workers


def in_parallel(
    function: Callable[[Item], Answer], items: Sequence[Item], workers: Workers, last: Callable[[int], int] = int
) -> Iterator[Answer]:
    """What `answers` gives, if nothing is lost; raises LostError otherwise."""
    for answer in answers(function, items, workers, last):
        if isinstance(answer, Lost):
            raise LostError(f"no answer for {answer.item}: {LOST}")
        yield answer


def answers(
    function: Callable[[Item], Answer], items: Sequence[Item], workers: Workers, last: Callable[[int], int] = int
) -> Iterator[Answer | Lost]:
    """`function` of each item in order; `last` sorts the positions: what it gives a large value starts late."""
    found: dict[int, Answer | Lost] = {}
    fresh = place_of(workers).completed(function, items, sorted(range(len(items)), key=last))
    for index in range(len(items)):
        while index not in found:
            found.update([next(fresh)])
        yield found.pop(index)


@dataclass(frozen=True)
class Here:
    """This machine: `count` worker processes, or this process itself where that is all it takes."""

    count: int

    def completed(
        self, function: Callable[[Item], Answer], items: Sequence[Item], order: Sequence[int]
    ) -> Iterator[tuple[int, Answer | Lost]]:
        """As `Place` has it; in this process one item after the other, whatever the order."""
        if self.count <= 1 or len(items) <= 1:
            return ((index, _here(function, item)) for index, item in enumerate(items))
        return _as_completed(function, items, deque(order), self.count)


def _as_completed(
    function: Callable[[Item], Answer], items: Sequence[Item], waiting: deque[int], workers: int
) -> Iterator[tuple[int, Answer | Lost]]:
    """Each position and its answer. Never more is given away than there are workers, so that whatever has no answer
    when one is killed was being worked on: that is tried again alone, and the rest goes on in new processes."""
    while waiting:
        running: dict[Future[Answer], int] = {}
        with _executor(min(workers, len(waiting))) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < workers:
                        running[pool.submit(function, items[waiting[0]])] = waiting[0]
                        waiting.popleft()
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        answer = _answer(future, function, items[running[future]])
                        yield running.pop(future), answer
            except BrokenProcessPool:
                wait_if_ending()
        for index in running.values():
            yield index, _alone(function, items[index])


def _here(function: Callable[[Item], Answer], item: Item) -> Answer | Lost:
    try:
        return function(item)
    except MemoryError:
        return _alone(function, item)
    except Exception as error:
        error.add_note(str(item))
        raise


def _answer(future: Future[Answer], function: Callable[[Item], Answer], item: Item) -> Answer | Lost:
    try:
        return future.result()
    except MemoryError:
        return _alone(function, item)
    except BrokenProcessPool:
        raise
    except Exception as error:
        error.add_note(str(item))
        raise


def _alone(function: Callable[[Item], Answer], item: Item) -> Answer | Lost:
    with _executor(1) as pool:
        try:
            return pool.submit(function, item).result()
        except (BrokenProcessPool, MemoryError):
            wait_if_ending()
            return Lost(str(item))


def _executor(workers: int) -> ProcessPoolExecutor:
    # fork where there is one: a worker starts at once, with everything imported
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    return ProcessPoolExecutor(workers, multiprocessing.get_context(method), _enter, (documents.RUN,))


def _enter(run: str) -> None:
    """In a new worker: it belongs to the parent's run, ends with the parent, and leaves SIGINT to it."""
    documents.RUN = run
    belong_to_parent()


def cores() -> int:
    """How many processes can run at the same time."""
    return os.cpu_count() or 1
