"""Small transition systems with known answers, and a plain breadth-first search that knows nothing of NumPy or z3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import z3

from model.context import Protocol
from model.language.concrete import fire, holds
from model.language.system import Action, Builder, StateSpace, Step, TransitionSystem
from model.subject import Subject
from proofs.engines import Question, Reached, Target, exhaustive
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space

State = dict[str, int]
Steps = list[tuple[str, str, Callable[[Step], Any], Callable[[Step], None]]]


def built(space: StateSpace, steps: Steps, descriptors: Sequence[str] = (), name: str = "toy") -> TransitionSystem:
    """A system of actions (name, actor, guard, body)."""
    builder = Builder(space)
    for label, actor, guard, body in steps:
        builder.action(label, actor, {"guard": guard(Step(space))}, body, "a test", label in descriptors)
    return TransitionSystem(name, space, tuple(builder.actions))


def counters(limit: int, names: Sequence[str] = ("a", "b"), width: int = 8) -> TransitionSystem:
    """Independent counters from 0 to `limit`: (limit + 1) ** n states, depth n * limit."""
    space, steps = StateSpace(), cast("Steps", [])
    for name in names:
        space.add(name, width)

        def count(s: Step, name: str = name) -> None:
            s[name] = s[name] + 1

        def below(s: Step, name: str = name) -> Any:
            return z3.ULT(s[name], limit)

        steps.append((f"{name}.count", name, below, count))
    return built(space, steps)


def token_ring(nodes: int, laps: int) -> TransitionSystem:
    """A token goes round `laps` times: one state for each step taken so far, `nodes * laps + 1` in all."""
    space = StateSpace(events=("sent",))
    space.add("at", 4)
    space.add("lap", 4)
    steps: Steps = []
    for node in range(nodes):

        def send(s: Step, node: int = node) -> None:
            s["at"] = (node + 1) % nodes
            s.emit("sent", s["lap"] == laps - 1)
            if node == nodes - 1:
                s["lap"] = s["lap"] + 1

        def holds(s: Step, node: int = node) -> Any:
            return z3.And(s["at"] == node, s["lap"] != laps)

        steps.append((f"n{node}.send", f"n{node}", holds, send))
    return built(space, steps)


def two_phase_commit(participants: int) -> TransitionSystem:
    """Each participant votes yes or no; the coordinator decides once all have voted, or aborts after one no.

    Votes: 3 ** n states while undecided; committed: 1 state; aborted: one for each vector with a no.
    """
    space = StateSpace(events=("commit", "abort"))
    for number in range(participants):
        space.add(f"vote{number}", 2)
    space.add("decision", 2)
    steps: Steps = []
    for number in range(participants):
        for word, value in (("yes", 1), ("no", 2)):

            def vote(s: Step, number: int = number, value: int = value) -> None:
                s[f"vote{number}"] = value

            def may(s: Step, number: int = number) -> Any:
                return z3.And(s[f"vote{number}"] == 0, s["decision"] == 0)

            steps.append((f"p{number}.{word}", f"p{number}", may, vote))
    votes = [f"vote{number}" for number in range(participants)]
    for word, value, rule in (
        ("commit", 1, lambda s: z3.And(*(s[name] == 1 for name in votes))),
        ("abort", 2, lambda s: z3.Or(*(s[name] == 2 for name in votes))),
    ):

        def decide(s: Step, value: int = value, word: str = word) -> None:
            s["decision"] = value
            s.emit(word)

        def undecided(s: Step, rule: Callable[[Step], Any] = rule) -> Any:
            return z3.And(s["decision"] == 0, rule(s))

        steps.append((f"c.{word}", "c", undecided, decide))
    return built(space, steps, descriptors=("c.commit", "c.abort"))


def bounded_buffer(capacity: int) -> TransitionSystem:
    """A counter that exceeds the modelled capacity `cells` when it would leave `capacity`, beside one that does not."""
    space = StateSpace()
    space.add("cells", 4)
    space.add("other", 2)

    def push(s: Step) -> None:
        s.exceed("cells", s["cells"] == capacity)
        s["cells"] = s["cells"] + 1

    def move(s: Step) -> None:
        s["other"] = s["other"] + 1

    always = z3.BoolVal(True)
    return built(
        space, [("b.push", "b", lambda s: always, push), ("o.move", "o", lambda s: z3.ULT(s["other"], 3), move)]
    )


def as_protocol(system: TransitionSystem) -> Protocol:
    """A system in the place of a protocol, for what only looks at its system."""
    subject = Subject(system.name, "default", {}, {}, {})
    return Protocol(cast("Any", SimpleNamespace(subject=subject)), system)


@dataclass(frozen=True)
class Reference:
    """What the plain search found: the levels of states, the transitions, and for one target all shortest paths."""

    levels: tuple[tuple[State, ...], ...]
    transitions: int
    shortest: tuple[tuple[str, ...], ...]

    @property
    def states(self) -> int:
        """How many states are reachable."""
        return sum(map(len, self.levels))

    @property
    def distance(self) -> int | None:
        """The length of the shortest paths."""
        return len(self.shortest[0]) if self.shortest else None


def search(system: TransitionSystem, target: Target) -> Reference:
    """Breadth first over dictionaries, keeping every path of every shortest length."""
    key = tuple(variable.name for variable in system.variables)
    known: set[tuple[int, ...]] = set()
    level: dict[tuple[int, ...], tuple[State, list[tuple[str, ...]]]] = {}
    start = system.initial
    level[tuple(start[name] for name in key)] = (start, [()])
    levels, transitions, shortest = [], 0, cast("list[tuple[str, ...]]", [])
    firings: list[tuple[str, ...]] = []
    while level:
        known |= set(level)
        levels.append(tuple(state for state, _ in level.values()))
        if not shortest:
            shortest = firings + [p for state, paths in level.values() if holds(target.state, state) for p in paths]
        firings, following = [], cast("dict[tuple[int, ...], tuple[State, list[tuple[str, ...]]]]", {})
        for state, paths in level.values():
            for action, after in _moves(system, state):
                transitions += 1
                longer = [(*path, action.name) for path in paths]
                if holds(target.firing(action), state):
                    firings += longer
                place = tuple(after[name] for name in key)
                if place not in known:
                    following.setdefault(place, (after, []))[1].extend(longer)
        if not shortest and not following:
            shortest = firings
        level = following
    return Reference(tuple(levels), transitions, tuple(dict.fromkeys(shortest)))


def _moves(system: TransitionSystem, state: State) -> list[tuple[Action, State]]:
    found = [(action, fire(action, state)) for action in system.actions]
    return [(action, after) for action, after in found if after is not None]


def minimal(system: TransitionSystem, paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Of some paths the one with the fewest switches, then the fewest descriptors, then first in declared order."""
    order = {action.name: index for index, action in enumerate(system.actions)}

    def cost(path: tuple[str, ...]) -> tuple[int, int, list[int]]:
        steps = [system.action(name) for name in path]
        switches = sum(one.actor != other.actor for one, other in pairwise(steps))
        return switches, sum(step.executes_descriptor for step in steps), [order[name] for name in path]

    return min(paths, key=cost)


def explored(system: TransitionSystem, **targets: Target) -> Space:
    """All of a system, by the exhaustive engine."""
    return Explorer(system).explore(targets)


def where(system: TransitionSystem, **values: int) -> Target:
    """The target of all states with these values."""
    s = Step(system.space)
    return Target(state=z3.And(*(s[name] == value for name, value in values.items())))


def exhaustive_path(system: TransitionSystem, target: Target) -> tuple[str, ...] | None:
    """The minimal path by the exhaustive engine, None if there is no path."""
    answer = exhaustive.answer(Question(system, {"it": target}))["it"].answer
    return answer.path if isinstance(answer, Reached) else None
