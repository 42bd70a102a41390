"""Inductive invariants as named clauses over named state, and what has to be proved about them.

A clause lists the combinations of values that a few places can hold together; a place is a variable, or one field of
one entry of a queue. The three obligations are made from the whole system's guards and updates, so nothing that an
engine left out or found can make them easier. Of the capacities, those count whose condition the target depends on:
an invariant has to show that they are never exceeded, because the model is not faithful beyond them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import z3

from model.context import Protocol
from model.language.system import StateSpace, Term
from model.language.terms import variables_of
from proofs.engines import Target
from proofs.engines.cone import own_part

Pairs = Sequence[tuple[Term, Term]]


@dataclass(frozen=True)
class Place:
    """A variable, or bits `low` to `low + width - 1` of one; `width` is 0 for a Boolean."""

    name: str
    variable: str
    low: int
    width: int
    term: Term
    labels: tuple[str, ...] | None = None

    def is_value(self, value: int) -> Term:
        """Whether the place holds `value`."""
        if not self.width:
            return self.term if value else z3.Not(self.term)
        return self.term == value

    def shown(self, value: int) -> str:
        """The value for a reader."""
        if not self.width:
            return "true" if value else "false"
        return self.labels[value] if self.labels and value < len(self.labels) else str(value)


def places(space: StateSpace) -> dict[str, Place]:
    """Every place of a state space by name, a queue's as `rx.ring[0].kind`."""
    found: dict[str, Place] = {}
    fields = {
        f"{queue}.{key}": (queue, key, schema.capacity, item)
        for queue, schema in space.queues.items()
        for key, item in schema.fields.items()
    }
    for name, variable in space.variables.items():
        if name not in fields:
            found[name] = Place(name, name, 0, variable.width, variable.term, variable.labels)
            continue
        queue, key, capacity, item = fields[name]
        for position in range(capacity):
            low = position * item.width
            part = z3.Extract(low + item.width - 1, low, variable.term)
            label = f"{queue}[{position}].{key}"
            found[label] = Place(label, name, low, item.width, part, _or_blank(item.labels))
    return found


def _or_blank(labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The names of a field's values; an entry beyond the queue's length has zeros, which is also a value's number."""
    return None if labels is None else (f"{labels[0]}/blank", *labels[1:])


@dataclass(frozen=True)
class Clause:
    """The places `over` hold one of the `allowed` combinations of values, which are sorted."""

    over: tuple[str, ...]
    allowed: tuple[tuple[int, ...], ...]

    @property
    def name(self) -> str:
        """The clause's name: what it relates."""
        return " with ".join(self.over)

    def term(self, known: Mapping[str, Place]) -> Term:
        """The clause over the current state."""
        return _one_of([known[name] for name in self.over], self.allowed)

    def sentences(self, known: Mapping[str, Place]) -> list[str]:
        """The clause for a reader: `rx.ring.len is 0 when client.pc is idle or prepared`."""
        *conditions, last = [known[name] for name in self.over]
        rest: dict[tuple[int, ...], list[int]] = {}
        for values in self.allowed:
            rest.setdefault(values[:-1], []).append(values[-1])
        alike: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for first, values_of_last in rest.items():
            alike.setdefault(tuple(values_of_last), []).append(first)
        return [
            f"{last.name} is {_either(last, values)}" + _when(conditions, firsts) for values, firsts in alike.items()
        ]


def any_of(terms: Iterable[Term]) -> Term:
    """Their disjunction; SMT-LIB knows none of fewer than two terms."""
    several = list(terms)
    return z3.Or(*several) if len(several) > 1 else several[0] if several else z3.BoolVal(False)


def all_of(terms: Iterable[Term]) -> Term:
    """Their conjunction; SMT-LIB knows none of fewer than two terms."""
    several = list(terms)
    return z3.And(*several) if len(several) > 1 else several[0] if several else z3.BoolVal(True)


def _either(place: Place, values: Iterable[int]) -> str:
    return " or ".join(place.shown(value) for value in values)


def _when(conditions: Sequence[Place], combinations: Sequence[tuple[int, ...]]) -> str:
    if not conditions:
        return ""
    if len(conditions) == 1:
        return f" when {conditions[0].name} is {_either(conditions[0], (values[0] for values in combinations))}"
    names = ", ".join(place.name for place in conditions)
    texts = (
        ", ".join(place.shown(value) for place, value in zip(conditions, values, strict=True))
        for values in combinations
    )
    return f" when ({names}) is {' or '.join(f'({text})' for text in texts)}"


def _one_of(over: Sequence[Place], allowed: Sequence[tuple[int, ...]]) -> Term:
    first, *others = over
    if not others:
        return any_of(first.is_value(value) for (value,) in allowed)
    rest: dict[int, list[tuple[int, ...]]] = {}
    for value, *more in allowed:
        rest.setdefault(value, []).append(tuple(more))
    alike: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for value, combinations in rest.items():
        alike.setdefault(tuple(combinations), []).append(value)
    return any_of(
        z3.And(any_of(first.is_value(value) for value in values), _one_of(others, combinations))
        for combinations, values in alike.items()
    )


OBLIGATIONS = ("initial", "consecution", "safety")


def obligations(protocol: Protocol, target: Target, clauses: Sequence[Clause]) -> dict[str, Term]:
    """For each of `OBLIGATIONS` the formula that must be unsatisfiable, over the state before one step.

    initial: the initial state is outside the invariant. consecution: a step leaves it. safety: inside it the target
    is hit, or a capacity on which the target depends is exceeded.
    """
    system, known = protocol.system, places(protocol.system.space)
    terms = [clause.term(known) for clause in clauses]
    invariant = all_of(terms)
    start = [(variable.term, variable.constant(variable.init)) for variable in system.variables]
    counted = {action.name: any_of(action.overflow.values()) for action in own_part(system, target).actions}
    leaves, bad = [], [target.state]
    for action in system.actions:
        guard = all_of(action.guard.values())
        bad.append(z3.And(guard, z3.Or(target.hit_by(action), counted.get(action.name, z3.BoolVal(False)))))
        changed = [(system.space.term(name), value) for name, value in action.updates.items()]
        touched = [term for term in terms if variables_of(term) & action.updates.keys()]
        if touched:
            leaves.append(z3.And(guard, z3.Not(z3.substitute(all_of(touched), *changed))))
    return {
        "initial": z3.substitute(z3.Not(invariant), *start),
        "consecution": z3.And(invariant, any_of(leaves)),
        "safety": z3.And(invariant, any_of(bad)),
    }
