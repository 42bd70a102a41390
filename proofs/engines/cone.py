"""Cone of influence: the part of a system on which given targets depend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from model.language.system import StateSpace, TransitionSystem
from model.language.terms import variables_of
from proofs.engines import Target


@dataclass(frozen=True)
class Reads:
    """The variables that an action's guard, its capacities, each update and each event mention."""

    guard: frozenset[str]
    overflow: frozenset[str]
    updates: Mapping[str, frozenset[str]]
    events: Mapping[str, frozenset[str]]


@lru_cache(maxsize=16)
def dependencies(system: TransitionSystem) -> dict[str, Reads]:
    """What each action reads, by its name."""
    return {
        action.name: Reads(
            frozenset().union(*map(variables_of, action.guard.values())),
            frozenset().union(*map(variables_of, action.overflow.values())),
            {name: variables_of(term) for name, term in action.updates.items()},
            {name: variables_of(term) for name, term in action.events.items()},
        )
        for action in system.actions
    }


def cone_variables(reads: Mapping[str, Reads], target: Target) -> frozenset[str]:
    """The variables that can influence whether, and how early, `target` is hit.

    A capacity counts only as far as its condition lies inside: beyond that it can only cut paths, which the
    exhaustive engine reports.
    """
    cone = set(variables_of(target.state)).union(*(variables_of(term) for term in target.on.values()))
    while True:
        before = len(cone)
        for item in reads.values():
            events = [names for event, names in item.events.items() if event in target.on]
            relevant = [names for name, names in item.updates.items() if name in cone]
            if relevant or events:
                cone |= item.guard.union(*relevant, *events)
        if len(cone) == before:
            return frozenset(cone)


def restrict(system: TransitionSystem, cone: frozenset[str], targets: Iterable[Target]) -> TransitionSystem:
    """The system over the variables of `cone` only, without the actions that then do nothing.

    A shortest path to a target never needs a dropped action, so distances stay as they are.
    """
    events = {event for target in targets for event in target.on}
    actions = []
    for action in system.actions:
        updates = {name: term for name, term in action.updates.items() if name in cone}
        if updates or events & set(action.events):
            overflow = {key: term for key, term in action.overflow.items() if variables_of(term) <= cone}
            actions.append(replace(action, updates=updates, overflow=overflow))
    return TransitionSystem(system.name, _narrowed(system.space, cone), tuple(actions), system.whole or system)


def _narrowed(space: StateSpace, cone: frozenset[str]) -> StateSpace:
    """The variables of `cone`, none of them seen as part of a queue."""
    variables = {name: variable for name, variable in space.variables.items() if name in cone}
    return replace(space, variables=variables, queues={})


def contains(part: TransitionSystem, system: TransitionSystem, target: Target) -> bool:
    """Whether `part`, a restriction of `system`, has all on which a target depends."""
    kept = {action.name for action in part.actions}
    emitting = {action.name for action in system.actions if not target.on.keys().isdisjoint(action.events)}
    return emitting <= kept and cone_variables(dependencies(system), target) <= part.space.variables.keys()


def own_part(system: TransitionSystem, target: Target) -> TransitionSystem:
    """The system restricted to what a single target depends on."""
    return restrict(system, cone_variables(dependencies(system), target), [target])


def behaviour_cone(system: TransitionSystem, target: Target) -> frozenset[str]:
    """The variables that some guard or `target` reads, directly or through updates."""
    reads = dependencies(system).values()
    cone = set(variables_of(target.state)).union(*(item.guard for item in reads))
    while True:
        before = len(cone)
        for item in reads:
            cone |= frozenset().union(*(names for name, names in item.updates.items() if name in cone))
        if len(cone) == before:
            return frozenset(cone)


def observe(system: TransitionSystem, cone: frozenset[str]) -> TransitionSystem:
    """The system over the variables of a `behaviour_cone`, with all its actions, also those that then change nothing.

    No guard can tell states apart that differ in the others, so the same infinite executions are possible and fair in
    both. Events and capacities that are about what is dropped go.
    """
    actions = tuple(
        replace(
            action,
            updates={name: term for name, term in action.updates.items() if name in cone},
            events={key: term for key, term in action.events.items() if variables_of(term) <= cone},
            overflow={key: term for key, term in action.overflow.items() if variables_of(term) <= cone},
        )
        for action in system.actions
    )
    space = _narrowed(system.space, cone)
    for queue, schema in system.space.queues.items():
        fields = {name: item for name, item in schema.fields.items() if f"{queue}.{name}" in cone}
        if f"{queue}.len" in cone:
            space.queues[queue] = replace(schema, fields=fields)
    return TransitionSystem(system.name, space, actions, system.whole or system)


def grouped(
    system: TransitionSystem, targets: dict[str, Target], slack: int
) -> list[tuple[TransitionSystem, list[str]]]:
    """Targets with nearly the same cone (at most `slack` variables more), each group with its restricted system."""
    reads = dependencies(system)
    cones = {name: cone_variables(reads, target) for name, target in targets.items()}
    groups: list[tuple[frozenset[str], int, list[str]]] = []
    for name in sorted(cones, key=lambda key: len(cones[key])):
        cone = cones[name]
        for index, (union, least, members) in enumerate(groups):
            if len(union | cone) <= least + slack:
                groups[index] = (union | cone, least, [*members, name])
                break
        else:
            groups.append((cone, len(cone), [name]))
    return [(restrict(system, union, [targets[name] for name in members]), members) for union, _, members in groups]
