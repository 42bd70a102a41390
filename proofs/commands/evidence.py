"""What `check --assume evidence` does: first what the observations leave, then the verdicts on all of that."""

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
    console = Console(stderr=True)
    silent = quiet or not console.is_terminal

    def said(what: str, function: Callable[[Item], Answer]) -> Callable[[Sequence[Item]], Iterator[Answer]]:
        def run(tasks: Sequence[Item]) -> Iterator[Answer]:
            with nullcontext() if silent else console.status(what) as status:
                for number, answer in enumerate(in_parallel(function, tasks, workers), start=1):
                    if status is not None:
                        status.update(f"{what}: {number} of {len(tasks)}")
                    yield answer

        return run

    judge, pieces = said("single values", judging.judge), count_of(workers)
    inference = infer(observations.load(), judge, pieces, pairs=False, weak=False)
    if inference.reference is None:
        raise ParameterError("the observations contradict each other, so that nothing is left: see `infer`")
    left = remaining.left_by(inference, said("what observations exclude", remaining.judged))
    return left, remaining.over(request.jobs(), left, said("verdicts", remaining.judged))
