"""Traces as plain data, and replaying: the states along a path, by the plain-Python reading of the model only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model.language.concrete import fire, holds
from model.language.queues import decode
from model.language.system import StateSpace, TransitionSystem
from model.subject import Subject

EVENTUALLY, REACH = "eventually", "reach"
"""Kinds of a property whose traces end otherwise than in a violation by their last step."""

INSTEAD = "instead"
"""The kind of a trace that ends in what happens where a `reach` property is unreachable."""


class ReplayError(Exception):
    """A path that the model does not admit: which step is not possible, why, and what would have been."""


@dataclass(frozen=True)
class Blocked:
    """Where a path cannot go on: the step's number from 1, its action, the guards that fail, the capacities that it
    would exceed, what was possible."""

    step: int
    action: str
    failing: tuple[str, ...]
    exceeded: tuple[str, ...]
    possible: tuple[str, ...]

    def __str__(self) -> str:
        limits = [f"capacity {key} suffices" for key in self.exceeded]
        why = "; ".join([*self.failing, *limits]) or "no such action in this version"
        possible = ", ".join(self.possible) or "nothing"
        return f"step {self.step}, {self.action}, is not possible: needed: {why}; possible: {possible}"


@dataclass(frozen=True)
class Trace:
    """One execution of one system as plain data: what a file holds is the same as what a replay comes to.

    `path` are the names of the actions taken; `states` one more, variable names to numbers. `property_id` and
    `statement` say what the last step or state violates, or for a `reach` property comes to. `kind` is the
    property's, or `INSTEAD`.
    `loop`: for an `eventually` property, the state that the last one is the same as, from which it goes on in the same
    way for ever; the last state itself if the execution rests there.
    """

    subject: Subject
    property_id: str
    statement: str
    kind: str
    path: tuple[str, ...] = field(repr=False)
    states: tuple[Mapping[str, int], ...] = field(repr=False)
    loop: int | None = None


def readable(space: StateSpace, state: Mapping[str, int]) -> dict[str, Any]:
    """A state for readers: each queue is one entry, a list of its records, front first."""
    result: dict[str, Any] = {}
    inside = {f"{queue}.{part}" for queue, schema in space.queues.items() for part in ("len", *schema.fields)}
    for name, variable in space.variables.items():
        if name in inside:
            if name.endswith(".len"):
                schema = space.queues[name.removesuffix(".len")]
                result[schema.name] = decode(schema, state)
        elif variable.labels:
            result[name] = variable.labels[state[name]]
        else:
            result[name] = state[name] if variable.width else bool(state[name])
    return result


def run(system: TransitionSystem, path: Sequence[str]) -> list[dict[str, int]] | Blocked:
    """The states along a path of action names, or where it is blocked."""
    by_name = {action.name: action for action in system.actions}
    states = [system.initial]
    for number, name in enumerate(path, start=1):
        state = states[-1]
        action = by_name.get(name)
        following = None if action is None else fire(action, state)
        if following is None:
            return _blocked(system, number, name, state)
        states.append(following)
    return states


def _blocked(system: TransitionSystem, number: int, name: str, state: Mapping[str, int]) -> Blocked:
    actions = system.actions
    action = next((item for item in actions if item.name == name), None)
    failing = () if action is None else tuple(why for why, term in action.guard.items() if not holds(term, state))
    exceeded = () if action is None else tuple(key for key, term in action.overflow.items() if holds(term, state))
    possible = tuple(other.name for other in actions if holds(other.enabled, state))
    return Blocked(number, name, failing, exceeded, possible)


def replay(system: TransitionSystem, path: Sequence[str]) -> list[dict[str, int]]:
    """The states along a path; raises ReplayError if it is blocked."""
    states = run(system, path)
    if isinstance(states, Blocked):
        raise ReplayError(str(states))
    return states
