"""From the engines' answers to one verdict; engines that disagree are an internal error, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from counterexamples.trace import Blocked, run
from model.context import Protocol
from model.language.system import TransitionSystem
from proofs.checking.words import Word
from proofs.engines import (
    Answer,
    Budget,
    Engine,
    Finding,
    Lasso,
    Lasting,
    NotWithin,
    Question,
    Reached,
    Target,
    Unknown,
    Unreachable,
    fair,
)
from proofs.engines.clauses import Clause
from proofs.engines.cone import behaviour_cone, grouped, observe
from proofs.engines.registry import ENGINES, chosen
from proofs.engines.space import Space
from proofs.properties import EVENTUALLY, REACH, Property
from proofs.properties.subjects import along, unmet

SLACK = 12  # variables that a group's system may carry for one target's sake: an own exploration costs more
BUDGET = 12_000_000  # units of z3's work for all it repeats of a system: some seconds, enough for a race of `default`

Findings = Mapping[str, Finding]
"""What was found about one property, by the engine's name, in the order in which they were asked."""
Rows = Mapping[str, dict[str, Any]]
"""What is reported of each engine, by its name."""


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

    `engine`: one of `ENGINES`, or `both` for all of them. `depth`: how many steps engines look at that cannot exhaust.
    """
    engines = chosen(engine)
    by_id = {item.id: item for item in properties}
    found = _decide_eventually(protocol, [item for item in properties if item.kind == EVENTUALLY], engines)
    targets = {item.id: item.target(protocol) for item in properties if item.id not in found}
    budget = Budget(BUDGET) if len(engines) > 1 else None
    for system, names in grouped(protocol.system, targets, SLACK):
        members = {name: by_id[name] for name in names}
        beside = along(protocol, system, members.values())
        question = Question(system, {name: targets[name] for name in names}, depth, beside, budget=budget)
        found |= _decide_group(protocol, members, engines, question)
    return {name: found[name] for name in by_id}


def _decide_group(
    protocol: Protocol, members: Mapping[str, Property], engines: Mapping[str, Engine], question: Question[Target]
) -> dict[str, Verdict]:
    """The verdicts on what is asked together; what was explored for them is gone before the next are."""
    found = {}
    for name, findings in _ask_all(protocol, engines, question).items():
        verdict = _verdict(protocol, members[name], engines, findings)
        found[name] = unless_vacuous(protocol, members[name], verdict, _explored(findings))
    return found


def _ask_all(
    protocol: Protocol, engines: Mapping[str, Engine], question: Question[Target]
) -> dict[str, dict[str, Finding]]:
    """What the engines find about each target, those that agree about it: raises EngineDisagreementError."""
    found: dict[str, dict[str, Finding]] = {name: {} for name in question.targets}
    for title, engine in engines.items():
        findings = _ask(protocol, engine, question)
        for name, finding in findings.items():
            found[name][title] = finding
        answers = {name: finding.answer for name, finding in findings.items()}
        question = replace(question, known=answers | dict(question.known))
    for name, by_engine in found.items():
        _must_agree(name, {title: finding.answer for title, finding in by_engine.items()})
    return found


def _ask(protocol: Protocol, engine: Engine, question: Question[Target]) -> dict[str, Finding]:
    """What one engine finds; it is asked again for targets that were cut by a capacity on which they do not depend."""
    found = _within_capacities(protocol, engine.answer(question))
    cut = {name: question.targets[name] for name, finding in found.items() if isinstance(finding.answer, Unknown)}
    for system, names in grouped(protocol.system, cut, slack=0):
        exceeded = {key for name in names if (space := found[name].space) for key in space.exceeded}
        if not exceeded <= set(system.capacities()):
            alone = replace(question, system=system, targets={name: cut[name] for name in names}, beside={})
            found |= _within_capacities(protocol, engine.answer(alone))
    return found


def _within_capacities(protocol: Protocol, findings: Findings) -> dict[str, Finding]:
    """The findings, Unknown where a path exceeds a capacity that the part of the system it was found in leaves out."""
    found = dict(findings)
    for name, finding in findings.items():
        states = run(protocol.system, finding.answer.path) if isinstance(finding.answer, Reached) else None
        if isinstance(states, Blocked) and states.exceeded:
            found[name] = replace(finding, answer=Unknown(f"capacity {', '.join(states.exceeded)}"))
    return found


def _explored(findings: Findings) -> Space | None:
    return next((finding.space for finding in findings.values() if finding.space is not None), None)


def shortest_path(protocol: Protocol, target: Target) -> tuple[str, ...] | None:
    """The minimal shortest path to a hit of `target`, by the exhaustive engine; None if it finds none."""
    ((system, _),) = grouped(protocol.system, {"it": target}, slack=0)
    answer = _ask(protocol, ENGINES["exhaustive"], Question(system, {"it": target}))["it"].answer
    return answer.path if isinstance(answer, Reached) else None


def _decide_eventually(
    protocol: Protocol, properties: Sequence[Property], engines: Mapping[str, Engine]
) -> dict[str, Verdict]:
    if not any(engine.lasting for engine in engines.values()):
        needed = " or ".join(title for title, engine in ENGINES.items() if engine.lasting is not None)
        return {item.id: unknown(f"needs the {needed} engine") for item in properties}
    groups: dict[frozenset[str], list[Property]] = {}
    for item in properties:
        groups.setdefault(behaviour_cone(protocol.system, item.target(protocol)), []).append(item)
    found: dict[str, Verdict] = {}
    for cone, members in groups.items():
        found |= _decide_lasting(protocol, observe(protocol.system, cone), members, engines)
    return found


def _decide_lasting(
    protocol: Protocol, system: TransitionSystem, members: Sequence[Property], engines: Mapping[str, Engine]
) -> dict[str, Verdict]:
    found = {}
    targets = {item.id: Lasting(item.target(protocol).state, item.fair(protocol)) for item in members}
    question = Question(system, targets, beside=along(protocol, system, members))
    able = {title: engine.lasting for title, engine in engines.items() if engine.lasting is not None}
    by_engine = {title: lasting(question) for title, lasting in able.items()}
    for item in members:
        findings = {title: answers[item.id] for title, answers in by_engine.items()}
        _must_agree(item.id, {title: finding.answer for title, finding in findings.items()})
        verdict = _lasting(system, targets[item.id], engines, findings)
        found[item.id] = unless_vacuous(protocol, item, verdict, _explored(findings))
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


def _lasting(system: TransitionSystem, item: Lasting, engines: Mapping[str, Engine], findings: Findings) -> Verdict:
    exempt = ", ".join(action.name for action in system.actions if action.name not in item.fair)
    fairness = f"fair: all but {exempt}" if exempt else "fair: all"
    rows = {title: _row(finding) for title, finding in findings.items()}
    space = _explored(findings)
    states = space.states.shape[1] if space else None
    answers = [(title, finding.answer) for title, finding in findings.items()]
    finder, answer = next((pair for pair in answers if not isinstance(pair[1], Unknown)), answers[0])
    if isinstance(answer, Unknown):
        return unknown(answer.reason, states, fairness, engines=rows)
    if not isinstance(answer, Lasso):
        return Verdict(Word.PROVED, f"all {states} states; {fairness}", None, states, (), rows)
    before, cycle = len(answer.prefix), len(answer.cycle)
    path = answer.prefix + answer.cycle
    how = f"lasso: {before} {'step' if before == 1 else 'steps'}, then "
    how += f"a cycle of {cycle}" if cycle else "rests for ever"
    target = Target(state=item.pending) if cycle else fair.resting(system, item)
    for title, engine in engines.items():
        if title not in findings and engine.confirm is not None:
            if not engine.confirm(system, target, path):
                raise _refuted(engine, "lasso", path, finder)
            rows[title] = {"answer": "reached", "depth": len(path), "path_confirmed": True}
            how += f", path confirmed by {engine.title}"
    return Verdict(Word.VIOLATED, f"{how}; {fairness}", len(path), states, path, rows, before)


def _refuted(engine: Engine, what: str, path: Sequence[str], finder: str) -> EngineDisagreementError:
    return EngineDisagreementError(
        f"{engine.title} refutes the {what} of {len(path)} steps that the {finder} engine found"
    )


def _verdict(protocol: Protocol, item: Property, engines: Mapping[str, Engine], findings: Findings) -> Verdict:
    space = _explored(findings)
    states = space.states.shape[1] if space else None
    rows = {title: _row(finding) for title, finding in findings.items()}
    paths = [(title, found.answer.path) for title, found in findings.items() if isinstance(found.answer, Reached)]
    if not paths:
        return _verdict_without_path(item, engines, findings, states, rows)
    finder, path = paths[0]
    how = _how_reached(protocol, item.target(protocol), (finder, path), engines, findings, rows)
    word = Word.REACHED if item.kind == REACH else Word.VIOLATED
    visited = "" if states is None else f"; {states} states"
    return Verdict(word, how + visited, len(path), states, path, rows)


def _verdict_without_path(
    item: Property, engines: Mapping[str, Engine], findings: Findings, states: int | None, rows: Rows
) -> Verdict:
    answers = {engines[title].title: finding.answer for title, finding in findings.items()}
    within = {title: answer.depth for title, answer in answers.items() if isinstance(answer, NotWithin)}
    first = next(iter(answers.values()))
    for prover, answer in answers.items():
        if isinstance(answer, Unreachable):
            others = [_beside(title, other) for title, other in answers.items() if title != prover]
            word = Word.UNREACHABLE if item.kind == REACH else Word.PROVED
            how = "; ".join([f"all {answer.states} states", *others])
            return Verdict(word, how, None, answer.states, (), rows)
    if isinstance(first, Unknown):
        beside = "; ".join(_beside(title, answers[title]) for title in within)
        return unknown(first.reason, states, beside, engines=rows)
    depth = max(within.values())
    reason = f"none within {depth} steps"
    return Verdict(Word.BOUNDED, reason, depth, states, (), rows, reason=reason)


def _beside(title: str, answer: Answer) -> str:
    """What a row says of an engine's answer beside another one that decides."""
    match answer:
        case Unknown(reason):
            return reason
        case Unreachable(states):
            return f"{title}: all {states} states"
        case NotWithin(depth):
            return f"{title}: none within {depth}"
    return f"{title} agrees"


def _row(finding: Finding) -> dict[str, Any]:
    """What is reported of one engine, in the fields of the JSON output."""
    row = _described(finding.answer)
    if finding.space is not None:
        row["states"] = finding.space.states.shape[1]
        row["transitions"] = finding.space.transitions
        row["complete"] = finding.space.complete
        row["reading"] = finding.space.reading
    return row


def _described(answer: Answer) -> dict[str, Any]:
    match answer:
        case Reached(path):
            return {"answer": "reached", "depth": len(path)}
        case Lasso(prefix, cycle):
            return {"answer": "lasso", "depth": answer.length, "prefix": len(prefix), "cycle": len(cycle)}
        case Unreachable(states):
            return {"answer": "unreachable", "states": states}
        case NotWithin(depth):
            return {"answer": "not-within", "depth": depth}
        case Unknown(reason):
            return {"answer": "unknown", "reason": reason}


def _how_reached(
    protocol: Protocol,
    target: Target,
    found: tuple[str, tuple[str, ...]],
    engines: Mapping[str, Engine],
    findings: Findings,
    rows: Rows,
) -> str:
    """How the path, `found` by the engine of that name, was come by; the other engines agree or confirm it."""
    finder, path = found
    agreeing, notes = [], []
    for name, engine in engines.items():
        answer = findings[name].answer
        agrees = isinstance(answer, Reached)
        if engine.confirm is not None:
            rows[name]["minimal"] = agrees
        if agrees and name != finder:
            agreeing.append(_beside(engine.title, answer))
        elif not agrees and engine.confirm is not None:
            rows[name]["path_confirmed"] = engine.confirm(protocol.system, target, path)
            if not rows[name]["path_confirmed"]:
                raise _refuted(engine, "path", path, finder)
            confirmed = ", path confirmed" if isinstance(answer, NotWithin) else f"; path confirmed by {engine.title}"
            notes.append(_beside(engine.title, answer) + confirmed)
        elif isinstance(answer, NotWithin):
            notes.append(_beside(engine.title, answer))
    alone = "shortest by exhaustion" if findings[finder].space else f"{engines[finder].title}: shortest"
    return "; ".join([", ".join(["shortest", *agreeing]) if agreeing else alone, *notes])


def _must_agree(name: str, answers: Mapping[str, Answer]) -> None:
    """Raise EngineDisagreementError if two engines, by name, contradict each other about the target `name`."""
    for (one, first), (other, second) in combinations(answers.items(), 2):
        if _contradict(first, second) or _contradict(second, first):
            raise EngineDisagreementError(f"{name}: {one} {_says(first)}, {other} {_says(second)}")


def _contradict(one: Answer, other: Answer) -> bool:
    match one, other:
        case Reached(path), Reached(another):
            return len(path) != len(another)
        case Reached(path), NotWithin(depth):
            return len(path) <= depth
        case Unreachable(_), Reached(_) | Lasso(_, _):
            return True
    return False


def _says(answer: Answer) -> str:
    match answer:
        case Reached(path):
            return f"says depth {len(path)}"
        case Lasso(_, _):
            return f"says a lasso of {answer.length} steps"
        case NotWithin(depth):
            return f"says none within {depth}"
        case Unreachable(_):
            return "says unreachable"
        case Unknown(reason):
            return f"says {reason}"
