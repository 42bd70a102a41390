"""The parts of some work by this process and one beside it, where this one has the machine to itself."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from model.source.tree import SourceError

Part = TypeVar("Part")
SIZE = 2  # bytes of a number


def each(count: int, compute: Callable[[int], Part]) -> list[Part]:
    """What `compute` gives, as plain data, for each number below `count`; raises what it raises for the lowest of them.

    What the other process does not bring, because it failed or was killed, is computed here.
    """
    found: dict[int, Part] = {}
    with _beside(count, compute) as (numbers, brought):
        with suppress(SourceError):  # one with a lower number may fail, too: then it is that which is raised
            for number in numbers:
                found[number] = compute(number)
        found |= brought()
    return [found[number] if number in found else compute(number) for number in range(count)]


@contextmanager
def _beside(
    count: int, compute: Callable[[int], Part]
) -> Iterator[tuple[Iterable[int], Callable[[], dict[int, Part]]]]:
    """While it lasts another process computes some parts; gives the numbers of the others, and what waits for these."""
    forks = "fork" in multiprocessing.get_all_start_methods() and (os.cpu_count() or 1) > 1
    if count < 2 or not forks or multiprocessing.parent_process() is not None:
        yield range(count), dict
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
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's business, which ends this process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    parts = {}
    with suppress(Exception):  # whatever it is, the parent meets it again
        for number in _claimed(claims):
            parts[number] = compute(number)
    sender.send(parts)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
