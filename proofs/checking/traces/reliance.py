"""Which answers to the open questions about the hardware one trace needs, found by trying the others on its steps.

A trace keeps under another value if its steps, or these with steps put in that exist only under that value (such as a
dummy write that is a step of its own), are still possible and still come to what the property forbids or asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from counterexamples.trace import ReplayError, Trace
from model.context import Protocol
from model.language.concrete import fire, holds
from model.language.system import Action
from model.parameters import ASSUMPTIONS
from model.protocol import build
from proofs.checking.traces.replay import trace_of
from proofs.engines import Target
from proofs.properties import EVENTUALLY, catalogue

MOST_PUT_IN = 2  # before one step: both halves of what is one step otherwise

State = Mapping[str, int]


@dataclass(frozen=True)
class Reliance:
    """An assumption, its value in a trace, and the other values, by whether the trace keeps under them."""

    key: str
    value: str
    keeping: tuple[str, ...]
    blocking: tuple[str, ...]


def reliances(trace: Trace) -> tuple[Reliance, ...]:
    """Of each assumption with which of its values the trace's steps still show what they show.

    Builds the system once for each value: a matter of seconds.
    """
    found = []
    for key, item in ASSUMPTIONS.items():
        own = trace.subject.assumptions
        mine = own[key]
        others = {value: keeps(trace, {**own, key: value}) for value in item.values if value != mine}
        keeping = tuple(value for value, kept in others.items() if kept)
        found.append(Reliance(key, mine, keeping, tuple(value for value in others if value not in keeping)))
    return tuple(found)


def needs(trace: Trace) -> tuple[str, ...]:
    """The values of assumptions without which the trace's steps would not show it, each with those that prevent it."""
    found = (item for item in reliances(trace) if item.blocking)
    return tuple(f"{item.key}={item.value} (not {', '.join(item.blocking)})" for item in found)


def keeps(trace: Trace, assumptions: Mapping[str, str]) -> bool:
    """Whether the trace's steps show under these assumptions, complete and valid, what they show under their own."""
    protocol = build(trace.subject.assuming(assumptions))
    item, path = catalogue()[trace.property_id], trace.path
    if item.reason_against(protocol) is not None:
        return False
    if item.kind == EVENTUALLY:
        try:
            trace_of(protocol, item, path, trace.loop)
        except ReplayError:
            return False
        return True
    own = build(trace.subject)
    known = {action.name for action in own.system.actions}
    new = [action for action in protocol.system.actions if action.name not in known]
    return _comes_to(protocol, item.target(protocol), path, new)


def _comes_to(protocol: Protocol, target: Target, path: Sequence[str], new: Sequence[Action]) -> bool:
    """Whether a path, with up to `MOST_PUT_IN` of the `new` actions before each step and at its end, hits a target."""
    by_name = {action.name: action for action in protocol.system.actions}
    stack: list[tuple[State, int, int]] = [(protocol.system.initial, 0, 0)]
    while stack:
        state, behind, put_in = stack.pop()
        if holds(target.state, state):
            return True
        options = [(action, behind, put_in + 1) for action in new if put_in < MOST_PUT_IN]
        if behind < len(path) and path[behind] in by_name:
            options.append((by_name[path[behind]], behind + 1, 0))
        for action, after, count in options:
            following = fire(action, state)
            if following is None:
                continue
            if holds(target.firing(action), state):
                return True
            stack.append((following, after, count))
    return False
