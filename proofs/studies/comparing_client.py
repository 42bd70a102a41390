"""`compare`: what the client of a source tree does with a request against the axes of a version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model.source.qce.axes import ASPECTS, FAILURES, judge
from model.source.qce.programs import Driver, execute, read_client
from model.source.tree import SourceError, SourceTree
from model.versions import Value
from proofs.studies.comparing import Outcome


@dataclass(frozen=True)
class ComparedClient:
    """One aspect of what is done with requests of one type.

    `differences`: file:line and what is different; `reason`: why it was not compared; `open`: whether that leaves
    something open, which it does not where no path of the C fails so.
    """

    algorithm: str
    aspect: str
    outcome: Outcome
    where: str = ""
    differences: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    open: bool = False


def compare_client(axes: Mapping[str, Value], tree: SourceTree) -> Iterator[ComparedClient]:
    """For each type of request of a tree each aspect; `axes`: those of the version, by name."""
    try:
        driver = read_client(tree)
    except SourceError as error:
        yield ComparedClient("client", "all", Outcome.NOT_COMPARED, reason=str(error), open=True)
        return
    for algorithm in driver.algorithms:
        yield from _compare_algorithm(axes, driver, algorithm)


def _compare_algorithm(axes: Mapping[str, Value], driver: Driver, algorithm: str) -> Iterator[ComparedClient]:
    try:
        program = execute(driver, algorithm)
    except SourceError as error:
        yield ComparedClient(algorithm.lower(), "all", Outcome.NOT_COMPARED, reason=str(error), open=True)
        return
    for aspect in ASPECTS:
        if aspect in FAILURES and not program.orders[aspect]:
            yield ComparedClient(algorithm.lower(), aspect, Outcome.NOT_COMPARED, reason="no path of the C fails so")
            continue
        found = tuple(dict.fromkeys(judge(axes, program, aspect)))
        outcome = Outcome.DIFFERS if found else Outcome.EQUIVALENT
        yield ComparedClient(algorithm.lower(), aspect, outcome, program.where, found)
