"""From the engines' answers to one verdict; engines that disagree are an internal error, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from counterexamples.minimal import minimal_path, shortest_path_edges
from counterexamples.trace import Blocked, run
from model.protocol import Protocol
from model.system import TransitionSystem
from proofs.engines import Answer, NotWithin, Reached, Target, Unknown, Unreachable, bounded
from proofs.engines.cone import grouped
from proofs.engines.exhaustive import Explorer, Space
from proofs.properties import REACH, Property

CONFIRMED_DEPTH = 15  # up to this depth z3 itself refutes everything shorter, whatever the depth budget


class EngineDisagreementError(Exception):
    """Two engines contradict each other about the same target."""


@dataclass(frozen=True)
class Verdict:
    """The verdict word of design section 4, the shortest depth, the path, and what each engine did."""

    word: str
    how: str
    depth: int | None = None
    states: int | None = None
    path: tuple[str, ...] = ()
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def not_applicable(reason: str) -> Verdict:
    """The verdict of a property that cannot be asked."""
    return Verdict("not-applicable", reason)


def decide(protocol: Protocol, properties: Sequence[Property], engine: str, depth: int) -> dict[str, Verdict]:
    """A verdict for each property; raises EngineDisagreementError or ReplayError.

    `engine`: both, exhaustive or bounded. `depth`: the bounded engine's budget in steps.
    """
    targets = {item.id: item.target(protocol) for item in properties}
    if not properties:
        return {}
    ((system, _),) = grouped(protocol.system, targets, slack=len(protocol.system.variables))
    complete: dict[str, Answer] = {}
    space: Space | None = None
    if engine in ("both", "exhaustive"):
        space = Explorer(system).explore(targets, stop_early=True)
        complete = {name: _exhaustive_answer(system, space, name) for name in targets}
        cut = {name: targets[name] for name, answer in complete.items() if isinstance(answer, Unknown)}
        complete |= _without_foreign_capacities(protocol, cut, space)
    partial: dict[str, Answer] = {}
    if engine in ("both", "bounded"):
        lengths = {name: len(answer.path) for name, answer in complete.items() if isinstance(answer, Reached)}
        deeper = {name: length for name, length in lengths.items() if length <= CONFIRMED_DEPTH}
        partial = bounded.search(system, targets, depth, deeper)
    return {
        item.id: _verdict(protocol, item, targets[item.id], space, complete.get(item.id), partial.get(item.id))
        for item in properties
    }


def _without_foreign_capacities(protocol: Protocol, targets: Mapping[str, Target], space: Space) -> dict[str, Answer]:
    """Answers for targets whose cone leaves out a capacity that was exceeded: their part of the system is finite."""
    answers: dict[str, Answer] = {}
    for system, names in grouped(protocol.system, dict(targets), slack=0):
        if set(space.exceeded) <= set(system.capacities()):
            continue
        part = Explorer(system).explore({name: targets[name] for name in names}, stop_early=True)
        for name in names:
            answer = _exhaustive_answer(system, part, name)
            if isinstance(answer, Reached) and isinstance(run(protocol, answer.path), Blocked):
                answer = Unknown(f"capacity {', '.join(space.exceeded)}")
            answers[name] = answer
    return answers


def _exhaustive_answer(system: TransitionSystem, space: Space, name: str) -> Answer:
    hit = space.hits.get(name)
    if hit is None:
        if space.exceeded:
            return Unknown(f"capacity {', '.join(space.exceeded)}")
        return Unreachable(space.states.shape[1])
    last: dict[int, list[int | None]] = {}
    for state, action in hit.last:
        last.setdefault(state, []).append(action)
    edges = space.edges
    graph = shortest_path_edges(edges.source, edges.action, edges.destination, space.level, sorted(last))
    actions = system.actions
    return Reached(tuple(actions[index].name for index in minimal_path(graph, last, actions)))


def _verdict(
    protocol: Protocol,
    item: Property,
    target: Target,
    space: Space | None,
    complete: Answer | None,
    partial: Answer | None,
) -> Verdict:
    _must_agree(item.id, complete, partial)
    states = space.states.shape[1] if space else None
    engines: dict[str, dict[str, Any]] = {}
    if complete is not None and space is not None:
        engines["exhaustive"] = _described(complete) | {
            "states": states,
            "transitions": space.number_of_transitions(),
            "complete": space.complete,
        }
    if partial is not None:
        engines["bounded"] = _described(partial)
    path = next((answer.path for answer in (complete, partial) if isinstance(answer, Reached)), None)
    if path is not None:
        how = _how_reached(protocol, target, path, complete, partial, engines)
        word = "reached" if item.kind == REACH else "violated"
        return Verdict(word, how, len(path), states, path, engines)
    return _verdict_without_path(item, complete, partial, states, engines)


def _verdict_without_path(
    item: Property,
    complete: Answer | None,
    partial: Answer | None,
    states: int | None,
    engines: dict[str, dict[str, Any]],
) -> Verdict:
    within = f"z3: none within {partial.depth}" if isinstance(partial, NotWithin) else ""
    if isinstance(complete, Unreachable):
        word = "unreachable" if item.kind == REACH else "proved"
        return Verdict(word, f"all {complete.states} states; {within}".rstrip("; "), None, complete.states, (), engines)
    if isinstance(complete, Unknown):
        return Verdict("unknown", f"{complete.reason}; {within}".rstrip("; "), None, states, (), engines)
    if isinstance(partial, NotWithin):
        return Verdict("bounded", f"none within {partial.depth} steps", partial.depth, states, (), engines)
    reason = partial.reason if isinstance(partial, Unknown) else "no engine answered"
    return Verdict("unknown", reason, None, states, (), engines)


def _described(answer: Answer) -> dict[str, Any]:
    match answer:
        case Reached(path):
            return {"answer": "reached", "depth": len(path)}
        case Unreachable(states):
            return {"answer": "unreachable", "states": states}
        case NotWithin(depth):
            return {"answer": "not-within", "depth": depth}
        case Unknown(reason):
            return {"answer": "unknown", "reason": reason}


def _how_reached(
    protocol: Protocol,
    target: Target,
    path: tuple[str, ...],
    complete: Answer | None,
    partial: Answer | None,
    engines: dict[str, dict[str, Any]],
) -> str:
    if not isinstance(complete, Reached):
        engines["bounded"]["minimal"] = True
        return "z3: shortest"
    if partial is None:
        return "shortest by exhaustion"
    row = engines["bounded"]
    row["minimal"] = isinstance(partial, Reached)
    if row["minimal"]:
        return "shortest, z3 agrees"
    row["path_confirmed"] = bounded.confirm(protocol.system, target, path)
    if not row["path_confirmed"]:
        raise EngineDisagreementError(f"z3 refutes the path of {len(path)} steps that the exhaustive engine found")
    return f"shortest by exhaustion; z3: none within {row.get('depth', 0)}, path confirmed"


def _must_agree(name: str, complete: Answer | None, partial: Answer | None) -> None:
    match complete, partial:
        case Reached(path), Reached(other) if len(path) != len(other):
            raise EngineDisagreementError(f"{name}: exhaustive says depth {len(path)}, bounded says {len(other)}")
        case Reached(path), NotWithin(depth) if len(path) <= depth:
            raise EngineDisagreementError(f"{name}: exhaustive says depth {len(path)}, bounded none within {depth}")
        case Unreachable(_), Reached(other):
            raise EngineDisagreementError(f"{name}: exhaustive says unreachable, bounded says depth {len(other)}")
