"""A replayed execution: the actions taken and every state, with the plain-Python reading of the model only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from model.language.concrete import fire, holds
from model.language.queues import decode
from model.language.system import Action, StateSpace
from model.protocol import Protocol
from model.subject import Subject

EVENTUALLY, REACH = "eventually", "reach"
"""Kinds of a property whose traces end otherwise than in a violation by their last step."""

INSTEAD = "instead"
"""The kind of a trace that ends in what happens where a `reach` property is unreachable."""


About = TypeVar("About")
Found = TypeVar("Found")


def once(function: Callable[[About], Found]) -> Callable[[About], Found]:
    """Remember what a function says of a trace, or of a part of one, as long as that lives: several forms ask it.

    What it returns is shared, so that nobody may change it.
    """
    key = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def remembered(about: About) -> Found:
        known = vars(about)
        if key not in known:
            known[key] = function(about)
        found: Found = known[key]
        return found

    return remembered


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
    """One execution of one system.

    `steps` are the actions taken; `states` one more than steps, variable names to numbers. `property_id` and
    `statement` say what the last step or state violates, or for a `reach` property comes to. `kind` is the
    property's, or `INSTEAD`.
    `loop`: for an `eventually` property, the state that the last one is the same as, from which it goes on in the same
    way for ever; the last state itself if the execution rests there.
    """

    subject: Subject
    property_id: str
    statement: str
    kind: str
    space: StateSpace = field(repr=False)
    steps: tuple[Action, ...] = field(repr=False)
    states: tuple[Mapping[str, int], ...] = field(repr=False)
    loop: int | None = None

    def readable(self, index: int) -> dict[str, Any]:
        """State `index` with value names: Booleans, named values, and queues as lists of records."""
        return readable(self.space, self.states[index])

    def changes(self, index: int) -> dict[str, tuple[Any, Any]]:
        """What step `index` (from 0) changed: readable variable name to (before, after)."""
        before, after = self.readable(index), self.readable(index + 1)
        return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


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


def run(protocol: Protocol, path: Sequence[str]) -> list[dict[str, int]] | Blocked:
    """The states along a path of action names, or where it is blocked."""
    system = protocol.system
    by_name = {action.name: action for action in system.actions}
    states = [system.initial]
    for number, name in enumerate(path, start=1):
        state = states[-1]
        action = by_name.get(name)
        following = None if action is None else fire(action, state)
        if following is None:
            return _blocked(protocol, number, name, state)
        states.append(following)
    return states


def _blocked(protocol: Protocol, number: int, name: str, state: Mapping[str, int]) -> Blocked:
    actions = protocol.system.actions
    action = next((item for item in actions if item.name == name), None)
    failing = () if action is None else tuple(why for why, term in action.guard.items() if not holds(term, state))
    exceeded = () if action is None else tuple(key for key, term in action.overflow.items() if holds(term, state))
    possible = tuple(other.name for other in actions if holds(other.enabled, state))
    return Blocked(number, name, failing, exceeded, possible)


def replay(protocol: Protocol, path: Sequence[str]) -> list[dict[str, int]]:
    """The states along a path; raises ReplayError if it is blocked."""
    states = run(protocol, path)
    if isinstance(states, Blocked):
        raise ReplayError(str(states))
    return states
