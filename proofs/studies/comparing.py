"""`compare`: each action of a version against the same action from a source tree, and both systems' reachable states.

Equivalent is: for every well-formed state in which the action can be taken the C exceeds the same capacities, leads to
the same next state of every variable, amounts to the same events, does nothing that it must not do, and leaves nothing
behind that the model has no variable for. That reachable states are well-formed is checked on every one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import z3

from model.context import Protocol
from model.language.queues import decode
from model.language.system import Action, Term
from model.protocol import build
from model.source.bam.sections import SECTIONS, Driver, Read, section_of
from model.source.bam.wellformed import by_design, well_formed
from model.source.symbolic.terms import as_term, bit_blasting
from model.source.tree import SourceError
from model.source.unit import Unit
from model.subject import Subject
from proofs.engines import Target
from proofs.engines.exhaustive import Explorer

BOUNDS: Mapping[str, int] = {"ring": 4, "txns": 2}
"""What `compare` takes unless it is told otherwise: every shape of a list and of a ring is among these states."""
WITH_LOCKS: Mapping[str, int] = {**BOUNDS, "txns": 4, "mappings": 4}
"""The same where LOCK and UNLOCK are on the lists beside a request's two transactions."""
MOST_SHOWN = 3  # differences of one action: the others are mostly the same one, seen in another variable


class Outcome(Enum):
    """What a comparison comes to."""

    EQUIVALENT = "equivalent"
    DIFFERS = "differs"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True)
class Difference:
    """What is different in some state: a variable, an event, a capacity, or something that C must not do (`what`).

    `model` and `c`: both outcomes, the model's empty for what must not happen; `state`: what is not 0 in it; `where`:
    file:line; `lines`: those of the function's file that are executed in it.
    """

    what: str
    state: Mapping[str, str]
    model: str
    c: str
    where: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Compared:
    """One action of the row: the outcome, the differences or the reason, and where the model and C have it.

    `of_driver`: whether it is one of bam_dma's, so that it should be comparable.
    """

    action: str
    outcome: Outcome
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    model: str = ""
    where: str = ""
    of_driver: bool = True


def bounds_for(version: str) -> Mapping[str, int]:
    """What `compare` takes for a version, a name or a file."""
    return WITH_LOCKS if build(Subject.of(version)).ctx.lock_txns else BOUNDS


def compare(protocol: Protocol, unit: Unit) -> Iterator[tuple[Compared, Action]]:
    """For each action of the row how it compares, and the action of C if there is one, else the row's."""
    driver = Driver(protocol, unit)
    for action in protocol.system.actions:
        if section_of(action) is None:
            yield Compared(action.name, Outcome.NOT_COMPARED, of_driver=False), action
            continue
        try:
            read = driver.execute(action)
        except SourceError as error:
            yield Compared(action.name, Outcome.NOT_COMPARED, reason=str(error)), action
            continue
        yield judge(protocol, action, read), read.action


def judge(protocol: Protocol, action: Action, read: Read) -> Compared:
    """Whether an action of the row is the one that was read, for every well-formed state."""
    asked = _Questions(protocol, action, read)
    found = tuple(asked.differences())
    section = section_of(action)
    model = section.model if section is not None else ""
    return Compared(action.name, Outcome.DIFFERS if found else Outcome.EQUIVALENT, found, model=model, where=read.where)


def _assumed(protocol: Protocol) -> dict[str, Term]:
    return {**well_formed(protocol.ctx), **by_design(protocol.ctx)}


class _Questions:
    """The questions to the solver about one action, each asked of a new one."""

    def __init__(self, protocol: Protocol, action: Action, read: Read) -> None:
        self.space, self.action, self.read = protocol.system.space, action, read
        guard = [term for key, term in action.guard.items() if not key.endswith(" is tried")]
        self.assumed = [*_assumed(protocol).values(), *guard]
        self.channel = next((s.channel for key, s in SECTIONS.items() if action.name.startswith(key)), "")

    def differences(self) -> Iterator[Difference]:
        """The first few differences."""
        shown, questions = 0, list(self._all())
        wrongs = [question for _, model, _, _, question in questions if model is None]
        # most of them are never wrong: one question for all
        clean = bool(wrongs) and self._asked(z3.Or(*wrongs)) is None
        for what, model, c, where, question in questions:
            if question is None or (clean and model is None) or shown == MOST_SHOWN:
                continue
            if (solver := self._asked(question)) is not None:
                shown += 1
                yield self._difference(what, model, c, where, solver)

    def _asked(self, question: Term) -> z3.Solver | None:
        """The solver that has found a state, or gives no answer; None if there is no such state."""
        solver = bit_blasting()
        solver.add(*self.assumed, question)
        return None if solver.check() == z3.unsat else solver

    def _all(self) -> Iterator[tuple[str, Term | None, Term, str, Term | None]]:
        hand, read = self.action, self.read
        no, where = z3.BoolVal(False), read.where
        exceeded = [z3.Or(*action.overflow.values()) for action in (hand, read.action)]
        fits = z3.Not(z3.Or(*exceeded))
        yield "a capacity is exceeded", *exceeded, where, _unlike(*exceeded)
        for key, term in hand.guard.items():
            other = read.action.guard[key]
            unlike = _unlike(term, other)
            yield f"it can be taken ({key})", term, other, where, None if unlike is None else z3.And(fits, unlike)
        tried = [term for key, term in hand.guard.items() if key.endswith(" is tried")]
        for wrong in read.wrongs:
            bad = as_term(wrong.condition)
            yield wrong.text, None, bad, wrong.where, z3.And(fits, bad, *tried)
        for key in dict.fromkeys([*hand.updates, *read.action.updates]):
            before = self.space.term(key)
            pair = [action.updates.get(key, before) for action in (hand, read.action)]
            unlike = _unlike(*pair)
            yield key, *pair, where, None if unlike is None else z3.And(fits, *tried, unlike)
        for event in dict.fromkeys([*hand.events, *read.action.events]):
            pair = [action.events.get(event, no) for action in (hand, read.action)]
            unlike = _unlike(*pair)
            yield f"event {event}", *pair, where, None if unlike is None else z3.And(fits, *tried, unlike)

    def _difference(self, what: str, model: Term | None, c: Term, where: str, solver: z3.Solver) -> Difference:
        if solver.reason_unknown() not in ("", "unknown") and not solver.model():
            return Difference(what, {}, "", "the solver gives no answer", where, ())
        found = solver.model()
        values = {name: _value(found, self.space.term(name)) for name in self.space.variables}
        file = self.read.where.rpartition(":")[0]
        lines = sorted(
            int(at.rpartition(":")[2])
            for at, condition in self.read.lines.items()
            if at.startswith(f"{file}:") and z3.is_true(found.eval(condition, model_completion=True))
        )
        shown = "" if model is None else self._shown(what, model, found)
        return Difference(what, self._state(values), shown, self._shown(what, c, found), where, tuple(lines))

    def _shown(self, what: str, term: Term, found: z3.ModelRef) -> str:
        value = found.eval(term, model_completion=True)
        if not z3.is_bv(value):
            return "yes" if z3.is_true(value) else "no"
        name, _, key = what.rpartition(".")
        schema = self.space.queues.get(name)
        if schema is None or key == "len":
            return str(value)
        field = schema.fields[key]
        mask = (1 << field.width) - 1
        numbers = [value.as_long() >> (place * field.width) & mask for place in range(schema.capacity)]
        return " ".join(field.labels[number] if field.labels else str(number) for number in numbers)

    def _state(self, values: Mapping[str, int]) -> dict[str, str]:
        shown = {}
        for name, value in values.items():
            queue = name.rpartition(".")[0]
            if name.startswith(f"{self.channel}.") and value and queue not in self.space.queues:
                shown[name] = str(value)
        for name, schema in self.space.queues.items():
            if name.startswith(f"{self.channel}.") and values[f"{name}.len"]:
                entries = decode(schema, values)
                shown[name] = "; ".join(", ".join(f"{key} {item}" for key, item in row.items()) for row in entries)
        return shown


def _unlike(one: Term, other: Term) -> Term | None:
    """Whether two terms are different; None if they are the same term."""
    return None if one.eq(other) else one != other


def _value(found: z3.ModelRef, term: Term) -> int:
    value = found.eval(term, model_completion=True)
    return value.as_long() if z3.is_bv(value) else int(z3.is_true(value))


@dataclass(frozen=True)
class Graphs:
    """The reachable states and transitions of the row and of the same system with the driver's actions from C.

    `ill_formed`: what of the assumed well-formedness a reachable state does not have.
    """

    row: Mapping[str, int | list[str]]
    c: Mapping[str, int | list[str]]
    ill_formed: tuple[str, ...]


def graphs(protocol: Protocol, actions: tuple[Action, ...]) -> Graphs:
    """Explore both systems; `actions`: those of the system that has the driver's from C."""
    forms = _assumed(protocol)
    targets = {name: Target(state=z3.Not(term)) for name, term in forms.items()}
    row = Explorer(protocol.system).explore(targets)
    c = Explorer(replace(protocol.system, actions=actions)).explore(targets)
    return Graphs(row.figures(), c.figures(), tuple(dict.fromkeys([*row.hits, *c.hits])))
