"""The parts of some work by this process and one beside it, where this one has the machine to itself."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import TypeVar

from model.language.worker import belong_to_parent
from model.source.tree import SourceError

Part = TypeVar("Part")
SIZE = 2  # bytes of a number


def each(count: int, compute: Callable[[int], Part]) -> list[Part]:
    """What `compute` gives, as plain data, for each number below `count`; raises what it raises for the lowest of them.

    What the other process does not bring, because it failed or was killed, is computed here.
    """
    found: dict[int, Part] = {}
    with _beside(count, compute) as (numbers, brought):
        failing = _make(numbers, compute, found, SourceError)
        # one with a lower number may fail, too: then it is that which is raised
        if not found.keys() >= set(range(count if failing is None else failing)):
            found |= brought()
    return [found[number] if number in found else compute(number) for number in range(count)]


def _make(
    numbers: Iterator[int], compute: Callable[[int], Part], found: dict[int, Part], error: type[Exception]
) -> int | None:
    """Add the parts of numbers up to the first that fails, which is given; then neither process begins another one."""
    for number in numbers:
        try:
            found[number] = compute(number)
        except error:
            for _ in numbers:
                pass
            return number
    return None


@contextmanager
def _beside(
    count: int, compute: Callable[[int], Part]
) -> Iterator[tuple[Iterator[int], Callable[[], dict[int, Part]]]]:
    """While it lasts another process computes some parts; gives the numbers of the others, and what waits for these."""
    forks = "fork" in multiprocessing.get_all_start_methods() and (os.cpu_count() or 1) > 1
    if count < 2 or not forks or multiprocessing.parent_process() is not None:
        yield iter(range(count)), dict
        return
    context, (claims, numbers) = multiprocessing.get_context("fork"), os.pipe()
    with os.fdopen(numbers, "wb") as file:
        file.write(b"".join(number.to_bytes(SIZE) for number in range(count)))
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(claims, compute, sender), daemon=True)
    process.start()
    sender.close()
    try:
        yield _claimed(claims), partial(_brought, receiver)
    finally:
        process.kill()
        process.join()
        receiver.close()
        os.close(claims)


def _claimed(claims: int) -> Iterator[int]:
    """The numbers that the other process has not taken when this one comes to them: each is read by one of the two."""
    while number := os.read(claims, SIZE):
        yield int.from_bytes(number)


def _brought(receiver: Connection) -> dict[int, Part]:
    try:
        parts: dict[int, Part] = receiver.recv()
        return parts
    except (EOFError, OSError):
        return {}


def _work(claims: int, compute: Callable[[int], object], sender: Connection) -> None:
    belong_to_parent()
    parts: dict[int, object] = {}
    _make(_claimed(claims), compute, parts, Exception)  # whatever fails, the parent meets it again
    sender.send(parts)
