"""Random states of any system, and random small systems, for tests that compare two ways to the same answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import toys
import z3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.language.concrete import fire
from model.language.system import StateSpace, Step, TransitionSystem
from proofs.engines import Target

FIELDS = {"x": 2, "y": 2, "z": 1, "f": 0}


def a_state(rng: random.Random, variables: Mapping[str, int]) -> dict[str, int]:
    """Any values, with more than their share of the extreme ones."""
    result = {}
    for name, width in variables.items():
        top = (1 << (width or 1)) - 1
        result[name] = rng.choice((0, 1, top, top >> 1, rng.randint(0, top), rng.randint(0, top))) & top
    return result


def some_states(system: TransitionSystem, rng: random.Random, arbitrary: int, walks: int) -> list[dict[str, int]]:
    """Arbitrary states, reachable or not, and some along random executions."""
    widths = {variable.name: variable.width for variable in system.variables}
    states = [a_state(rng, widths) for _ in range(arbitrary)]
    for _ in range(walks):
        state = system.initial
        for _ in range(60):
            states.append(state)
            following = [after for action in system.actions if (after := fire(action, state)) is not None]
            if not following:
                break
            state = rng.choice(following)
    return states


def value_of(s: Step, choice: tuple[str, str, int]) -> Any:
    """A value for a variable: a constant, itself plus one, another variable, or a choice between two."""
    name, kind, number = choice
    width = FIELDS[name]
    if width == 0:
        return z3.Not(s["f"]) if kind != "constant" else z3.BoolVal(bool(number & 1))
    constant = z3.BitVecVal(number & ((1 << width) - 1), width)
    other = s["y" if name == "x" else "x"]
    other = z3.Extract(width - 1, 0, other)
    return {"constant": constant, "more": s[name] + 1, "other": other, "if": z3.If(s["f"], constant, other)}[kind]


def condition_of(s: Step, choice: tuple[str, bool, int]) -> Any:
    """A literal: a variable is, or is not, a constant."""
    name, positive, number = choice
    width = FIELDS[name]
    term = s[name] == (number & ((1 << width) - 1)) if width else s[name]
    return term if positive else z3.Not(term)


CONDITION = st.tuples(st.sampled_from(tuple(FIELDS)), st.booleans(), st.integers(0, 3))
UPDATE = st.tuples(
    st.sampled_from(tuple(FIELDS)), st.sampled_from(("constant", "more", "other", "if")), st.integers(0, 3)
)
ACTION = st.tuples(
    st.sampled_from("ABC"), st.lists(CONDITION, max_size=2), st.lists(UPDATE, min_size=1, max_size=2), st.booleans()
)
SYSTEM = st.tuples(st.lists(ACTION, min_size=1, max_size=5), st.lists(CONDITION, min_size=1, max_size=3), st.booleans())
Choices = tuple[list[Any], list[Any], bool]


def random_system(choices: Choices) -> tuple[TransitionSystem, Target]:
    """The system and the target that hypothesis chose; the target is about a state or about an event of action 0."""
    actions, goal, by_event = choices
    space = StateSpace(events=("event",))
    for name, width in FIELDS.items():
        space.add(name, width)
    steps: toys.Steps = []
    for number, (actor, conditions, updates, _) in enumerate(actions):

        def body(s: Step, updates: list[Any] = updates, number: int = number) -> None:
            if number == 0:
                s.emit("event")
            for update in updates:
                s[update[0]] = value_of(s, update)

        def guard(s: Step, conditions: list[Any] = conditions) -> Any:
            return z3.And(z3.BoolVal(True), *(condition_of(s, item) for item in conditions))

        steps.append((f"{actor}.act{number}", actor, guard, body))
    system = toys.built(space, steps)
    marked = [replace(act, executes_descriptor=actions[int(act.name[-1])][3]) for act in system.actions]
    system = TransitionSystem("random", space, tuple(marked))
    term = z3.And(*(condition_of(Step(space), item) for item in goal))
    return system, Target(on={"event": term}) if by_event else Target(state=term)


def random_test(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run with random systems."""

    def wrap(function: Callable[..., None]) -> Callable[..., None]:
        checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
        return settings(deadline=None, max_examples=examples, suppress_health_check=checks)(given(SYSTEM)(function))

    return wrap
