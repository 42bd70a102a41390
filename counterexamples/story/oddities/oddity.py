"""What an oddity is, and the words that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from counterexamples.story.moment import Execution, Moment, State, owner


@dataclass(frozen=True)
class Oddity:
    """What is wrong with a step. `clause` follows "although" or, if `after`, says what the step leaves behind.

    `variables`: what the clause is about, the most telling one first; who set them last is the other half.
    `remedy`: what would have kept it from happening; empty if that lies with an earlier step.
    `leaves`: what the step sets and what is wrong because of that from then on.
    """

    clause: str
    variables: tuple[str, ...]
    remedy: str = ""
    after: bool = False
    leaves: tuple[str, ...] = ()


Test = Callable[[Moment], Oddity | None]


@dataclass(frozen=True)
class Lead:
    """A test for what leads to violations of some properties without being one; of no properties: of any."""

    test: Test
    properties: tuple[str, ...] = ()


def running(state: State) -> str:
    """That the engine has not finished."""
    return f"the engine still runs the operation of {owner(state['engine.op'])}"


def busy(state: State) -> bool:
    """Whether an operation runs."""
    return bool(state["engine.op"] != "none")


def wait_for_engine(execution: Execution) -> str:
    """What would have held an UNLOCK of Linux back until its operation was done."""
    if any(record.get("nwd") for state in execution.states[:-1] for record in state["rx.ring"]):
        return "An NWD acknowledge that comes only when the operation is done would have held UNLOCK back"
    return (
        "No descriptor had NWD, so the pipe did not wait, and consumed is not done; NWD on the last DATA, with the"
        " commands before it, would have held UNLOCK back"
    )
