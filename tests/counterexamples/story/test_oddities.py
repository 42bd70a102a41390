"""What is said of a violation holds exactly where the property's own target is hit, in states reachable or not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import pytest
from conftest import build_protocol
from stored import each_trace, stored_story
from traces import walk

from counterexamples.story.moment import Execution, Moment
from counterexamples.story.oddities import BREACHES, breach, waiting
from counterexamples.trace import EVENTUALLY, Trace
from model.context import Protocol
from model.language.concrete import fire, holds
from model.language.system import Action, StateSpace
from model.parameters import ASSUMPTIONS
from model.versions import load, names
from proofs.engines import Target
from proofs.properties import ALWAYS, catalogue

CLAIMED = {item.id: item for item in catalogue().values() if item.kind == ALWAYS}
DISTINCT = list({load(name).digest: name for name in reversed(names())}.values())


def test_every_property_that_a_step_can_violate_is_explained() -> None:
    assert BREACHES.keys() == CLAIMED.keys()


@cache
def targets(version: str, scenario: str, assume: tuple[tuple[str, str], ...] = ()) -> Mapping[str, Target]:
    """The targets of what can be asked of a version."""
    protocol = build_protocol(version, scenario, dict(assume))
    asked = [item for item in CLAIMED.values() if scenario in item.scenarios and not item.reason_against(protocol)]
    return {item.id: item.target(protocol) for item in asked}


def assert_agrees(asked: Mapping[str, Target], moment: Moment) -> set[str]:
    """Each property that can be asked, whatever the trace is about; those that are violated."""
    trace, number = moment.trace, moment.number
    step, violated = moment.step, set()
    for name, target in asked.items():
        about = replace(moment.execution, trace=replace(trace, property_id=name))
        said = breach(replace(moment, execution=about))
        fires = any(event in step.events for event in target.on) and _fires(target, step, trace.states[number - 1])
        assert (said is not None) == (fires or holds(target.state, trace.states[number])), (name, number, said)
        if said is not None:
            assert said.clause and said.variables, name
            violated.add(name)
    return violated


def _fires(target: Target, step: Action, state: Mapping[str, int]) -> bool:
    return any(
        holds(step.events[event], state) and holds(condition, state)
        for event, condition in target.on.items()
        if event in step.events
    )


@pytest.mark.parametrize("name", each_trace())
def test_a_stored_trace_is_explained_where_it_is_violated_and_nowhere_else(name: str) -> None:
    story = stored_story(name)
    trace = story.trace
    if trace.kind == EVENTUALLY:
        assert waiting(story) and breach(story.moments[-1]) is None
        return
    for moment in story.moments:
        violated = assert_agrees(targets(trace.subject.version, trace.subject.scenario), moment)
        if trace.property_id in CLAIMED:
            assert (trace.property_id in violated) == (moment.is_last)


def anywhere(space: StateSpace, state: Mapping[str, int], chooser: random.Random) -> dict[str, int]:
    """A state in which some variables have other values, each one that the variable can have."""
    result = dict(state)
    inside = {f"{queue}.{part}" for queue, schema in space.queues.items() for part in ("len", *schema.fields)}
    for name in chooser.sample([name for name in space.variables if name not in inside], 3):
        variable = space.variables[name]
        count = len(variable.labels) if variable.labels else 1 << variable.bits
        result[name] = chooser.randrange(min(count, 8))
    schema = space.queues[chooser.choice(list(space.queues))]
    length = chooser.randint(0, schema.capacity)
    result[f"{schema.name}.len"] = length
    for key, item in schema.fields.items():
        count = len(item.labels) if item.labels else 1 << item.width
        values = [chooser.randrange(count) for _ in range(length)]
        result[f"{schema.name}.{key}"] = sum(value << place * item.width for place, value in enumerate(values))
    return result


def scattered(protocol: Protocol, path: list[str], chooser: random.Random) -> Iterator[Moment]:
    """One step from each of some states near those of a path."""
    space, state = protocol.system.space, protocol.system.initial
    for name in path:
        start = anywhere(space, state, chooser)
        for action in chooser.sample(protocol.system.actions, len(protocol.system.actions)):
            after = fire(action, start)
            if after is not None:
                yield step_of(protocol, action, start, after)
                break
        state = fire(protocol.system.action(name), state) or state


def step_of(protocol: Protocol, action: Action, *states: Mapping[str, int]) -> Moment:
    trace = Trace(protocol.subject, "", "", ALWAYS, (action.name,), states)
    return Execution(trace, protocol.system).moments[0]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "small-ring", "busy-client", "faults"])
@pytest.mark.parametrize("version", DISTINCT)
def test_what_is_said_of_any_step_is_what_the_target_says(version: str, scenario: str) -> None:
    chooser = random.Random(f"{version} {scenario}")
    for assume in ({}, {key: chooser.choice(item.values) for key, item in ASSUMPTIONS.items()}):
        protocol = build_protocol(version, scenario, assume)
        asked = targets(version, scenario, tuple(assume.items()))
        path = walk(protocol, 50, chooser.randrange(1000))
        for moment in scattered(protocol, path, chooser):
            assert_agrees(asked, moment)
