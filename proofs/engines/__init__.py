"""What every engine answers: is this target reachable?

Reached(path) | Unreachable(certificate) | NotWithin(depth) | Unknown(reason). A path is a list of action names; its
length is the depth. A target holds in a state, or when an action fires; then that action is the path's last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import z3

from model.language.system import Action, Term


@dataclass(frozen=True)
class Target:
    """What a property must not (`always`) or must (`reach`) come to.

    `state`: a condition on a reachable state. `on`: event name to the condition on the state in which an action with
    that event fires.
    """

    state: Term = field(default_factory=lambda: z3.BoolVal(False))
    on: Mapping[str, Term] = field(default_factory=dict)

    def hit_by(self, action: Action) -> Term:
        """Whether `action`, if it fires, hits the target; constantly false if none of its events matters."""
        hits = [
            z3.And(action.events[event], condition) for event, condition in self.on.items() if event in action.events
        ]
        return z3.simplify(z3.Or(*hits)) if hits else z3.BoolVal(False)

    def is_never(self, actions: Iterable[Action]) -> bool:
        """Whether it is constantly false, by its form: no state satisfies it and none of the actions can hit it."""
        return z3.is_false(z3.simplify(self.state)) and all(z3.is_false(self.hit_by(action)) for action in actions)

    def firing(self, action: Action) -> Term:
        """Whether `action` can fire and hits the target."""
        hit = self.hit_by(action)
        return hit if z3.is_false(hit) else z3.simplify(z3.And(action.enabled, hit))


@dataclass(frozen=True)
class Reached:
    """A shortest path, or for a bounded engine a path at the depth that it was asked for."""

    path: tuple[str, ...]


@dataclass(frozen=True)
class Lasso:
    """A path, and a cycle from its end back to it that is repeated for ever; no cycle: the system may rest there."""

    prefix: tuple[str, ...]
    cycle: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        """The steps of both."""
        return len(self.prefix) + len(self.cycle)


@dataclass(frozen=True)
class Unreachable:
    """No state and no step hits the target. `states`: how many states were exhausted."""

    states: int


@dataclass(frozen=True)
class NotWithin:
    """No path of at most `depth` steps hits the target."""

    depth: int


@dataclass(frozen=True)
class Unknown:
    """No answer, and why."""

    reason: str


Answer = Reached | Unreachable | NotWithin | Unknown
