"""From the engines' answers to one verdict; engines that disagree are an internal error, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from counterexamples.minimal import minimal_path, shortest_path_edges
from counterexamples.trace import Blocked, run
from model.language.system import TransitionSystem
from model.protocol import Protocol
from proofs.checking.words import Word
from proofs.engines import Answer, Lasso, NotWithin, Reached, Target, Unknown, Unreachable, bounded, fair
from proofs.engines.clauses import Clause
from proofs.engines.cone import behaviour_cone, grouped, observe
from proofs.engines.exhaustive import Explorer, Space
from proofs.properties import EVENTUALLY, REACH, Property
from proofs.properties.subjects import along, unmet

SLACK = 12  # variables that a group's system may carry for one target's sake: an own exploration costs more
CONFIRMED_DEPTH = 15  # up to this depth z3 itself is to refute everything shorter, as far as its budget reaches
BUDGET = 12_000_000  # units of z3's work for all it repeats of a system: some seconds, enough for a race of `default`


class EngineDisagreementError(Exception):
    """Two engines contradict each other about the same target."""


@dataclass(frozen=True)
class Verdict:
    """The verdict, the shortest depth, the path, and what each engine did.

    `how` is for readers; `reason` why there is no answer, or nothing was claimed or asked, else empty.
    `loop`: for a lasso the number of steps after which it repeats itself for ever, or rests if that is all of them.
    `invariant`: the clauses of an inductive invariant that proves it.
    """

    word: Word
    how: str
    depth: int | None = None
    states: int | None = None
    path: tuple[str, ...] = ()
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    loop: int | None = None
    invariant: tuple[Clause, ...] | None = None
    reason: str = ""


def unknown(
    reason: str, states: int | None = None, beside: str = "", engines: Mapping[str, Mapping[str, Any]] | None = None
) -> Verdict:
    """The verdict that there is no answer, and why; `beside`: what is known nevertheless."""
    how = f"{reason}; {beside}" if beside else reason
    return Verdict(Word.UNKNOWN, how, None, states, (), engines or {}, reason=reason)


def not_applicable(reason: str) -> Verdict:
    """The verdict of a property that cannot be asked."""
    return Verdict(Word.NOT_APPLICABLE, reason, reason=reason)


def decide(protocol: Protocol, properties: Sequence[Property], engine: str, depth: int) -> dict[str, Verdict]:
    """A verdict for each property; raises EngineDisagreementError or ReplayError.

    `engine`: both, exhaustive or bounded. `depth`: the bounded engine's budget in steps.
    """
    by_id = {item.id: item for item in properties}
    found = _decide_eventually(protocol, [item for item in properties if item.kind == EVENTUALLY], engine)
    targets = {item.id: item.target(protocol) for item in properties if item.id not in found}
    budget = bounded.Budget(BUDGET) if engine == "both" else None
    for system, names in grouped(protocol.system, targets, SLACK):
        found |= _decide_group(protocol, system, [by_id[name] for name in names], engine, depth, budget)
    return {name: found[name] for name in by_id}


def _decide_group(
    protocol: Protocol,
    system: TransitionSystem,
    properties: Sequence[Property],
    engine: str,
    depth: int,
    budget: bounded.Budget | None,
) -> dict[str, Verdict]:
    """Verdicts for properties that depend on about the same part `system` of the whole."""
    targets = {item.id: item.target(protocol) for item in properties}
    complete: dict[str, Answer] = {}
    spaces: dict[str, Space] = {}
    if engine in ("both", "exhaustive"):
        beside = along(protocol, system, properties)
        space = Explorer(system).explore(targets, stop_early=True, beside=beside)
        complete = {name: _exhaustive_answer(protocol, system, space, name) for name in targets}
        spaces = dict.fromkeys(targets, space)
        cut = {name: targets[name] for name, answer in complete.items() if isinstance(answer, Unknown)}
        _retry_alone(protocol, cut, space, complete, spaces)
    partial: dict[str, Answer] = {}
    if engine in ("both", "bounded"):
        partial = {
            name: _within_capacities(protocol, answer)
            for name, answer in _bounded_answers(system, targets, complete, depth, budget).items()
        }
    found = {}
    for item in properties:
        explored = spaces.get(item.id)
        verdict = _verdict(protocol, item, explored, complete.get(item.id), partial.get(item.id))
        found[item.id] = unless_vacuous(protocol, item, verdict, explored)
    return found


def _decide_eventually(protocol: Protocol, properties: Sequence[Property], engine: str) -> dict[str, Verdict]:
    if engine == "bounded":
        return {item.id: unknown("needs the exhaustive engine") for item in properties}
    groups: dict[frozenset[str], list[Property]] = {}
    for item in properties:
        groups.setdefault(behaviour_cone(protocol.system, item.target(protocol)), []).append(item)
    found: dict[str, Verdict] = {}
    for cone, members in groups.items():
        system = observe(protocol.system, cone)
        questions = {item.id: fair.Question(item.target(protocol).state, item.fair(protocol)) for item in members}
        space, answers = fair.search(system, questions, along(protocol, system, members))
        for item in members:
            verdict = _lasting(system, questions[item.id], space, answers[item.id], engine)
            found[item.id] = unless_vacuous(protocol, item, verdict, space)
    return found


def unless_vacuous(protocol: Protocol, item: Property, verdict: Verdict, space: Space | None = None) -> Verdict:
    """The verdict, but if it is `proved` and what the property speaks of never happens then `vacuous`, and `unknown`
    if it is not known whether that happens. `space`: the complete exploration by which it is proved."""
    if verdict.word is not Word.PROVED:
        return verdict
    missing = unmet(protocol, item, space)
    never = [meaning for meaning, answer in missing.items() if isinstance(answer, Unreachable)]
    if never:
        return _instead_of(verdict, Word.VACUOUS, f"never: {'; '.join(never)}")
    open_ones = [f"{meaning} ({answer.reason})" for meaning, answer in missing.items() if isinstance(answer, Unknown)]
    if open_ones:
        return _instead_of(verdict, Word.UNKNOWN, f"not known whether ever: {', '.join(open_ones)}")
    return verdict


def _instead_of(proved: Verdict, word: Word, reason: str) -> Verdict:
    return replace(proved, word=word, how=f"{reason}; {proved.how}", invariant=None, reason=reason)


def _lasting(
    system: TransitionSystem,
    question: fair.Question,
    space: Space,
    answer: Lasso | Unreachable | Unknown,
    engine: str,
) -> Verdict:
    states = space.states.shape[1]
    exempt = ", ".join(action.name for action in system.actions if action.name not in question.fair)
    fairness = f"fair: all but {exempt}" if exempt else "fair: all"
    row = {"states": states, "transitions": space.number_of_transitions(), "complete": space.complete}
    if not isinstance(answer, Lasso):
        engines = {"exhaustive": _described(answer) | row}
        if isinstance(answer, Unknown):
            return unknown(answer.reason, states, fairness, engines=engines)
        return Verdict(Word.PROVED, f"all {states} states; {fairness}", None, states, (), engines)
    before, cycle = len(answer.prefix), len(answer.cycle)
    engines = {"exhaustive": {"answer": "lasso", "depth": answer.length, "prefix": before, "cycle": cycle} | row}
    path = answer.prefix + answer.cycle
    how = f"lasso: {before} {'step' if before == 1 else 'steps'}, then "
    how += f"a cycle of {cycle}" if cycle else "rests for ever"
    if engine == "both":
        target = Target(state=question.pending) if cycle else fair.resting(system, question)
        if not bounded.confirm(system, target, path):
            raise EngineDisagreementError(f"z3 refutes the lasso of {len(path)} steps that the exhaustive engine found")
        engines["bounded"] = {"answer": "reached", "depth": len(path), "path_confirmed": True}
        how += ", path confirmed by z3"
    return Verdict(Word.VIOLATED, f"{how}; {fairness}", len(path), states, path, engines, before)


def _bounded_answers(
    system: TransitionSystem,
    targets: Mapping[str, Target],
    complete: Mapping[str, Answer],
    depth: int,
    budget: bounded.Budget | None,
) -> dict[str, Answer]:
    """z3's answers within `depth`, and as deep as a violation lies that z3 is to confirm, then on its own cone only.

    Beside an exhaustion, `complete`, z3 may give up: it repeats what is known already. What it confirms comes first.
    """
    lengths = {name: len(answer.path) for name, answer in complete.items() if isinstance(answer, Reached)}
    deep = {name: targets[name] for name, length in lengths.items() if depth < length <= CONFIRMED_DEPTH}
    shallow = {name: target for name, target in targets.items() if name not in deep}
    answers: dict[str, Answer] = {}
    for part, names in grouped(system, deep, slack=3):
        mine = {name: deep[name] for name in names}
        answers |= bounded.search(part, mine, {name: lengths[name] for name in names}, budget)
    if shallow:
        answers |= bounded.search(system, shallow, dict.fromkeys(shallow, depth), budget)
    return answers


def _retry_alone(
    protocol: Protocol,
    targets: Mapping[str, Target],
    space: Space,
    answers: dict[str, Answer],
    spaces: dict[str, Space],
) -> None:
    """Ask again for targets that were cut by a capacity on which they do not depend themselves."""
    for system, names in grouped(protocol.system, dict(targets), slack=0):
        if set(space.exceeded) <= set(system.capacities()):
            continue
        part = Explorer(system).explore({name: targets[name] for name in names}, stop_early=True)
        answers |= {name: _exhaustive_answer(protocol, system, part, name) for name in names}
        spaces |= dict.fromkeys(names, part)


def _exhaustive_answer(protocol: Protocol, system: TransitionSystem, space: Space, name: str) -> Answer:
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
    path = tuple(actions[index].name for index in minimal_path(graph, last, actions))
    return _within_capacities(protocol, Reached(path))


def shortest_path(protocol: Protocol, target: Target) -> tuple[str, ...] | None:
    """The minimal shortest path to a hit of `target`, by the exhaustive engine; None if it finds none."""
    ((system, _),) = grouped(protocol.system, {"it": target}, slack=0)
    space = Explorer(system).explore({"it": target}, stop_early=True)
    answer = _exhaustive_answer(protocol, system, space, "it")
    return answer.path if isinstance(answer, Reached) else None


def _within_capacities(protocol: Protocol, answer: Answer) -> Answer:
    """The answer, or Unknown if its path exceeds a capacity that the part of the system it was found in leaves out."""
    states = run(protocol.system, answer.path) if isinstance(answer, Reached) else None
    if isinstance(states, Blocked) and states.exceeded:
        return Unknown(f"capacity {', '.join(states.exceeded)}")
    return answer


def _verdict(
    protocol: Protocol, item: Property, space: Space | None, complete: Answer | None, partial: Answer | None
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
        how = _how_reached(protocol, item.target(protocol), path, complete, partial, engines)
        word = Word.REACHED if item.kind == REACH else Word.VIOLATED
        visited = "" if states is None else f"; {states} states"
        return Verdict(word, how + visited, len(path), states, path, engines)
    return _verdict_without_path(item, complete, partial, states, engines)


def _verdict_without_path(
    item: Property,
    complete: Answer | None,
    partial: Answer | None,
    states: int | None,
    engines: dict[str, dict[str, Any]],
) -> Verdict:
    within = f"z3: none within {partial.depth}" if isinstance(partial, NotWithin) else ""
    if isinstance(partial, Unknown) and isinstance(complete, Unreachable):
        within = partial.reason
    if isinstance(complete, Unreachable):
        word = Word.UNREACHABLE if item.kind == REACH else Word.PROVED
        return Verdict(word, f"all {complete.states} states; {within}".rstrip("; "), None, complete.states, (), engines)
    if isinstance(complete, Unknown):
        return unknown(complete.reason, states, within, engines=engines)
    if isinstance(partial, NotWithin):
        reason = f"none within {partial.depth} steps"
        return Verdict(Word.BOUNDED, reason, partial.depth, states, (), engines, reason=reason)
    reason = partial.reason if isinstance(partial, Unknown) else "no engine answered"
    return unknown(reason, states, engines=engines)


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
    if isinstance(partial, Unknown):
        return f"shortest by exhaustion; {partial.reason}; path confirmed by z3"
    refuted = f"none within {partial.depth}, " if isinstance(partial, NotWithin) else ""
    return f"shortest by exhaustion; z3: {refuted}path confirmed"


def _must_agree(name: str, complete: Answer | None, partial: Answer | None) -> None:
    match complete, partial:
        case Reached(path), Reached(other) if len(path) != len(other):
            raise EngineDisagreementError(f"{name}: exhaustive says depth {len(path)}, bounded says {len(other)}")
        case Reached(path), NotWithin(depth) if len(path) <= depth:
            raise EngineDisagreementError(f"{name}: exhaustive says depth {len(path)}, bounded none within {depth}")
        case Unreachable(_), Reached(other):
            raise EngineDisagreementError(f"{name}: exhaustive says unreachable, bounded says depth {len(other)}")
