"""What every engine is asked, and what it answers: is this target reachable?

Reached(path) | Unreachable(states) | NotWithin(depth) | Unknown(reason), and Lasso for what must not last for ever. A
path is a list of action names; its length is the depth. A target holds in a state, or when an action fires; then that
action is the path's last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import z3

from model.language.system import Action, Term, TransitionSystem
from proofs.engines.space import Space


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
class Lasting:
    """What must not last for ever, and the names of the weakly fair actions."""

    pending: Term
    fair: frozenset[str]


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


Answer = Reached | Unreachable | NotWithin | Unknown | Lasso


@dataclass
class Budget:
    """How many units of work some searches may still take together, which is the same on every machine."""

    left: int


Asked = TypeVar("Asked", Target, Lasting)


@dataclass(frozen=True)
class Question(Generic[Asked]):
    """What an engine is asked of a system: an answer for each of `targets`, by name.

    `depth`: how many steps to look at for an engine that cannot exhaust. `beside`: targets to look for, under names of
    their own, in whatever is explored anyway. `known`: what an engine asked before has answered. `budget`: what
    searches may take that repeat what is known; None: as much as they need.
    """

    system: TransitionSystem
    targets: Mapping[str, Asked]
    depth: int = 0
    beside: Mapping[str, Target] = field(default_factory=dict)
    known: Mapping[str, Answer] = field(default_factory=dict)
    budget: Budget | None = None


@dataclass(frozen=True)
class Finding:
    """An engine's answer, and the states that it explored to find it if it keeps them."""

    answer: Answer
    space: Space | None = None


@dataclass(frozen=True)
class Engine:
    """How an engine is asked; `title` is what rows call it.

    `answer`: whether targets are reachable. `lasting`: whether something can last for ever. `confirm`: whether a path
    that another engine found exists and hits the target. None: it cannot.
    """

    title: str
    answer: Callable[[Question[Target]], Mapping[str, Finding]]
    lasting: Callable[[Question[Lasting]], Mapping[str, Finding]] | None = None
    confirm: Callable[[TransitionSystem, Target, Sequence[str]], bool] | None = None
