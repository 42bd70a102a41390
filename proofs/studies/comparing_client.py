"""`compare`: what the client of a source tree does with a request against the axes of a version.

Equivalent is: every path of the C takes the steps that the row says, in its order, and does nothing that it must not do
in requests that end so. The row has no axis for what fails before the data are prepared: then all must be as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.source.qce.programs import Driver, Program, execute, read_client
from model.source.qce.sequences import Order
from model.source.tree import SourceError, SourceTree
from proofs.studies.comparing import Outcome

FAILURES = ("data-failure", "command-failure")
UNDONE = {"map-failure": ("unmap-data", "finish"), "early-failure": ("finish",)}
"""What the steps can be at most where the row has no axis: what was mapped is unmapped, the request is finished."""
VALUES = ("metadata", "dummy", "dummy-address")
ASPECTS = ("request", "completion", *FAILURES, *UNDONE, "nwd", *VALUES, "probe")


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


def compare_client(axes: Mapping[str, Any], tree: SourceTree) -> Iterator[ComparedClient]:
    """For each type of request of a tree each aspect; `axes`: those of the version, by name."""
    try:
        driver = read_client(tree)
    except SourceError as error:
        yield ComparedClient("client", "all", Outcome.NOT_COMPARED, reason=str(error), open=True)
        return
    for algorithm in driver.algorithms:
        yield from _compare_algorithm(axes, driver, algorithm)


def _compare_algorithm(axes: Mapping[str, Any], driver: Driver, algorithm: str) -> Iterator[ComparedClient]:
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


def judge(axes: Mapping[str, Any], program: Program, aspect: str) -> Iterator[tuple[str, str]]:
    """What is different in an aspect: file:line and what it is."""
    if aspect == "nwd":
        yield from _nwd(axes, program)
        return
    if aspect in VALUES:
        for value, where in program.values[aspect].items():
            if value != axes[aspect]:
                yield where or program.where, f"the row {axes[aspect]}, C {value}"
        return
    if aspect == "probe":
        yield from _probe(axes, program)
        return
    if aspect in ("request", "completion") and not program.orders[aspect]:
        yield program.where, "no path of the C succeeds"
    for order in program.orders[aspect]:
        allowed = [_row(axes, aspect)] if aspect not in UNDONE else [UNDONE[aspect], ("finish",)]
        if order.steps not in allowed:
            yield _unlike(order, allowed[0], program.where)
    for order in program.before.get(aspect, ()):
        begun = _row(axes, "request")
        if order.steps != begun[: len(order.steps)]:
            yield _unlike(order, begun, program.where)
    ways = ("success",) if aspect == "completion" else (aspect,)
    for wrong in program.wrongs:
        if wrong.way in ways:
            yield wrong.where, wrong.text + (f", after {' and '.join(wrong.failed)} failed" if wrong.failed else "")


def _row(axes: Mapping[str, Any], axis: str) -> tuple[str, ...]:
    return tuple(axes[axis])


def _unlike(order: Order, row: Sequence[str], handler: str) -> tuple[str, str]:
    """The line of the first step that the row does not have there."""
    place = next((at for at, step in enumerate(order.steps) if at >= len(row) or row[at] != step), None)
    where = order.where[place] if place is not None else order.where[-1] if order.where else handler
    return where, f"the row {' '.join(row) or 'nothing'}, C {' '.join(order.steps) or 'nothing'}"


def _nwd(axes: Mapping[str, Any], program: Program) -> Iterator[tuple[str, str]]:
    carried = [step for step, nwd in program.nwd.items() if nwd]
    expected = [axes["nwd"]] if axes["nwd"] != "none" else []
    if carried != expected:
        yield program.where, f"the row {axes['nwd']}, C {' '.join(carried) or 'none'}"


def _probe(axes: Mapping[str, Any], program: Program) -> Iterator[tuple[str, str]]:
    """A member that is not a base address and comes late is none of the values of the axis."""
    value = "algorithms-first" if program.late else "base-first"
    strange = [(where, name) for name, where in program.late.items() if not name.startswith("base")]
    for where, name in strange:
        yield where, f"requests read {name}, which is stored after algorithms are registered"
    if not strange and value != axes["probe"]:
        where = next(iter(program.late.values()), program.where)
        yield where, f"the row {axes['probe']}, C {value}"
