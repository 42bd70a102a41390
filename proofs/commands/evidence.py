"""What `check --assume evidence` and `--assume every` do: what is left of the open questions, and verdicts on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import TypeVar

from rich.console import Console

from model.parameters import ParameterError
from proofs.checking.pool import Workers, count_of, in_parallel
from proofs.checking.request import Request
from proofs.evidence import judging, observations, remaining
from proofs.evidence.inference import infer
from proofs.evidence.remaining import Left, Verdicts

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def over_evidence(request: Request, workers: Workers, quiet: bool) -> tuple[Left, list[Verdicts]]:
    """What the shipped observations leave, and what the request's properties come to under all of it.

    Raises ParameterError if they leave nothing.
    """
    left = left_by_evidence(workers, quiet)
    return left, _verdicts(request, left, workers, quiet)


def left_by_evidence(workers: Workers, quiet: bool) -> Left:
    """What the shipped observations leave; raises ParameterError if that is nothing."""
    single = _saying("single values", judging.judge, workers, quiet)
    inference = infer(observations.load(), single, count_of(workers), pairs=False, weak=False)
    if inference.reference is None:
        raise ParameterError("the observations contradict each other, so that nothing is left: see `infer`")
    return remaining.left_by(inference, _saying("what observations exclude", remaining.judged, workers, quiet))


def over_everything(request: Request, workers: Workers, quiet: bool) -> tuple[Left, list[Verdicts]]:
    """Every combination of all values, and what the request's properties come to under all of them."""
    left = remaining.everything()
    return left, _verdicts(request, left, workers, quiet)


def _verdicts(request: Request, left: Left, workers: Workers, quiet: bool) -> list[Verdicts]:
    return remaining.over(request.jobs(), left, judging_all(workers, quiet))


def judging_all(workers: Workers, quiet: bool) -> remaining.Judge:
    """Verdicts under all combinations, with progress on a terminal."""
    return _saying("verdicts", remaining.judged, workers, quiet)


def _saying(
    what: str, function: Callable[[Item], Answer], workers: Workers, quiet: bool
) -> Callable[[Sequence[Item]], Iterator[Answer]]:
    """The function on many items in parallel, with progress on a terminal."""
    console = Console(stderr=True)

    def run(tasks: Sequence[Item]) -> Iterator[Answer]:
        with nullcontext() if quiet or not console.is_terminal else console.status(what) as status:
            for number, answer in enumerate(in_parallel(function, tasks, workers), start=1):
                if status is not None:
                    status.update(f"{what}: {number} of {len(tasks)}")
                yield answer

    return run
