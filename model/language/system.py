"""Transition systems of named guarded actions over finite-domain state.

Guards and updates are z3 terms over the current state; what an action does not update stays as it is.
A `Step` executes one atomic section symbolically, so that an action body reads like the C function it stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import z3

Term: TypeAlias = z3.ExprRef  # to mypy anything: z3 ships no type information


class ModelError(Exception):
    """The system is not well formed: an unknown variable or event, a term of the wrong sort, a duplicate name."""


def width_of(count: int) -> int:
    """The number of bits that tell `count` values apart, at least 1."""
    return max(1, (count - 1).bit_length())


class Enumeration:
    """Named values of a small bit-vector: `Enumeration("IDLE", "BUSY").BUSY == 1`.

    Raises AttributeError for a name that is not a member.
    """

    def __init__(self, *labels: str) -> None:
        self.labels = labels
        self.width = width_of(len(labels))
        self._values = {label: value for value, label in enumerate(labels)}

    def __getattr__(self, label: str) -> int:
        try:
            values: dict[str, int] = self.__dict__["_values"]
            return values[label]
        except KeyError:
            raise AttributeError(f"no member {label!r}") from None

    def __getitem__(self, label: str) -> int:
        return self._values[label]

    def __contains__(self, label: object) -> bool:
        return label in self._values


@dataclass(frozen=True)
class Variable:
    """A state variable. `width` is in bits, 0 for a Boolean; `labels` name the values, for readers."""

    name: str
    width: int
    init: int = 0
    labels: tuple[str, ...] | None = None

    @property
    def term(self) -> Term:
        """The z3 constant that stands for the variable's current value."""
        return z3.BitVec(self.name, self.width) if self.width else z3.Bool(self.name)

    @property
    def bits(self) -> int:
        """Bits that a stored value takes."""
        return self.width or 1

    def constant(self, value: int) -> Term:
        """`value` as a term of this variable's sort."""
        return z3.BitVecVal(value, self.width) if self.width else z3.BoolVal(bool(value))


@dataclass(frozen=True)
class Field:
    """One field of a queue's entries: bits, and names of the values if there are any."""

    width: int
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class QueueSchema:
    """A queue of records: one bit-vector for each field, entry 0 (the front) in the low bits, zero beyond `len`."""

    name: str
    capacity: int
    fields: Mapping[str, Field]


@dataclass(frozen=True, eq=False)
class Action:
    """A named guarded action.

    `guard` maps each conjunct's meaning to its term; `events` names what a firing amounts to, each with the
    condition on the state before; `overflow` says when the firing would exceed a modelled capacity;
    `source` is the C function or manual sentence; `fault` what fails in this form of the action, if anything.
    """

    name: str
    actor: str
    guard: Mapping[str, Term]
    updates: Mapping[str, Term]
    events: Mapping[str, Term]
    overflow: Mapping[str, Term]
    source: str
    executes_descriptor: bool = False
    fault: str | None = None

    @cached_property
    def enabled(self) -> Term:
        """Whether the action can fire without exceeding a modelled capacity."""
        return z3.simplify(z3.And(*self.guard.values(), *(z3.Not(term) for term in self.overflow.values())))

    def exceeds(self, key: str) -> Term:
        """Whether the action would fire if the capacity named `key` were larger."""
        return z3.And(*self.guard.values(), self.overflow.get(key, z3.BoolVal(False)))


@dataclass
class StateSpace:
    """The declared state: variables in order, and the queues among them; `events`: what steps on it can amount to."""

    variables: dict[str, Variable] = field(default_factory=dict)
    queues: dict[str, QueueSchema] = field(default_factory=dict)
    events: Collection[str] = ()

    def add(self, name: str, width: int = 0, init: int = 0, labels: tuple[str, ...] | None = None) -> None:
        """Declare one variable; raises ModelError for a duplicate name or a value that does not fit."""
        if name in self.variables:
            raise ModelError(f"variable {name} is declared twice")
        if init >> (width or 1):
            raise ModelError(f"initial value {init} of {name} does not fit into {width or 1} bits")
        self.variables[name] = Variable(name, width, init, labels)

    def add_enum(self, name: str, values: Enumeration, init: str) -> None:
        """Declare a variable that holds a member of `values`."""
        self.add(name, values.width, values[init], values.labels)

    def add_queue(self, name: str, capacity: int, fields: Mapping[str, Field]) -> None:
        """Declare an empty queue of at most `capacity` records."""
        self.queues[name] = QueueSchema(name, capacity, dict(fields))
        self.add(f"{name}.len", width_of(capacity + 1))
        for key, item in fields.items():
            self.add(f"{name}.{key}", capacity * item.width)

    def extend_queue(self, name: str, key: str, item: Field) -> None:
        """Give the records of a queue one more field, which is 0 in whatever is put there without it."""
        schema = self.queues[name]
        self.queues[name] = QueueSchema(name, schema.capacity, {**schema.fields, key: item})
        self.add(f"{name}.{key}", schema.capacity * item.width)

    def term(self, name: str) -> Term:
        """The z3 constant of a variable; raises ModelError if there is none of that name."""
        try:
            return self.variables[name].term
        except KeyError:
            raise ModelError(f"no variable named {name}") from None

    def demand_event(self, name: str) -> None:
        """Raise ModelError for an event that is not declared: nothing could ever amount to it."""
        if name not in self.events:
            raise ModelError(f"no event named {name}; declared: {', '.join(self.events) or 'none'}")


class Step:
    """One atomic section, executed symbolically from the state before it.

    Reading gives the present term of a variable, assigning replaces it where the path condition holds. `fault` names
    the one thing that fails in this execution, if any, and `attempt` which time it is tried, from 1.
    """

    def __init__(self, space: StateSpace, fault: str | None = None, attempt: int = 1) -> None:
        self.space = space
        self.fault = fault
        self.attempt = attempt
        self.attempts: Counter[str] = Counter()
        self.fault_met: Term = z3.BoolVal(False)
        self._terms: dict[str, Term] = {}
        self._path: list[Term] = []
        self._events: dict[str, Term] = {}
        self._overflow: dict[str, Term] = {}

    def __getitem__(self, name: str) -> Term:
        if name not in self._terms:
            self._terms[name] = self.space.term(name)
        return self._terms[name]

    def __setitem__(self, name: str, value: Term | int | bool) -> None:
        old = self[name]
        if isinstance(value, int):
            value = self.space.variables[name].constant(int(value))
        self._terms[name] = z3.If(self.path, value, old) if self._path else value

    @property
    def path(self) -> Term:
        """The condition under which the present line is executed."""
        return self._path[-1] if self._path else z3.BoolVal(True)

    @contextmanager
    def when(self, condition: Term) -> Iterator[None]:
        """Execute the body only where `condition` holds, as C's `if` does."""
        self._path.append(z3.And(self._path[-1], condition) if self._path else condition)
        try:
            yield
        finally:
            self._path.pop()

    def fails(self, fault: str) -> bool:
        """Whether `fault` strikes here in this execution: once, so that what is tried again succeeds."""
        self.attempts[fault] += 1
        if self.fault != fault or self.attempts[fault] != self.attempt:
            return False
        self.fault_met = self.path
        return True

    def emit(self, event: str, condition: Term | bool = True) -> None:
        """Declare that the action amounts to `event` where the path and `condition` hold; raises ModelError for an
        event that is not declared."""
        self.space.demand_event(event)
        _join(self._events, event, z3.And(self.path, condition))

    def exceed(self, key: str, condition: Term) -> None:
        """Declare that the capacity `key` does not suffice where the path and `condition` hold."""
        _join(self._overflow, key, z3.And(self.path, condition))

    def action(self, name: str, actor: str, guard: Mapping[str, Term], source: str, descriptor: bool) -> Action:
        """Freeze what was executed into an action; raises ModelError for a term of another sort than its variable."""
        updates = {}
        for key, term in self._terms.items():
            before = self.space.term(key)
            after = z3.simplify(term)
            if after.sort() != before.sort():
                raise ModelError(f"{name} assigns {after.sort()} to {key}, which is {before.sort()}")
            if not after.eq(before):
                updates[key] = after
        kept = {key: term for key, term in _simplified(self._overflow).items() if not z3.is_false(term)}
        events = {key: term for key, term in _simplified(self._events).items() if not z3.is_false(term)}
        return Action(name, actor, _simplified(guard), updates, events, kept, source, descriptor, self.fault)


def _join(into: dict[str, Term], key: str, term: Term) -> None:
    into[key] = z3.Or(into[key], term) if key in into else term


def _simplified(terms: Mapping[str, Term]) -> dict[str, Term]:
    return {key: z3.simplify(term) for key, term in terms.items()}


@dataclass(frozen=True, eq=False)
class TransitionSystem:
    """Variables with one initial state, and the actions, in declared order.

    `whole`: the system of which this is a part, if it is one: its variables and actions are among those of the whole.
    """

    name: str
    space: StateSpace
    actions: tuple[Action, ...]
    whole: TransitionSystem | None = None

    def __post_init__(self) -> None:
        names = [action.name for action in self.actions]
        if len(set(names)) != len(names):
            raise ModelError(f"{self.name} declares an action twice")

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The state variables in declared order."""
        return tuple(self.space.variables.values())

    @property
    def initial(self) -> dict[str, int]:
        """The one initial state."""
        return {variable.name: variable.init for variable in self.variables}

    def action(self, name: str) -> Action:
        """The action of that name; raises KeyError if there is none."""
        return next_named(self.actions, name)

    def capacities(self) -> tuple[str, ...]:
        """The modelled capacities that some action may exceed."""
        return tuple(dict.fromkeys(key for action in self.actions for key in action.overflow))

    def overflow(self, key: str) -> Term:
        """Whether some action would exceed the capacity named `key`."""
        return z3.Or(*(action.exceeds(key) for action in self.actions if key in action.overflow))


def next_named(actions: tuple[Action, ...], name: str) -> Action:
    """The action of that name; raises KeyError if there is none."""
    for action in actions:
        if action.name == name:
            return action
    raise KeyError(name)


class Builder:
    """Collects actions: `builder.action(name, actor, guard, body, source)` executes the body on a fresh step.

    `faults`: what may fail; for each attempt at it an action gets a further form, `name:fault`, `name:fault-2` and so
    on. A form needs that the variable `fault.left` is not 0, takes one off, and notes the fault in `fault.struck`,
    where fault number n is value n + 1.
    """

    def __init__(self, space: StateSpace, faults: Sequence[str] = ()) -> None:
        self.space = space
        self.faults = tuple(faults)
        self.actions: list[Action] = []

    def action(
        self,
        name: str,
        actor: str,
        guard: Mapping[str, Term],
        body: Callable[[Step], None],
        source: str,
        descriptor: bool = False,
    ) -> None:
        """Add an action, unless its guard is constantly false in this version and scenario."""
        if any(z3.is_false(z3.simplify(term)) for term in guard.values()):
            return
        step = Step(self.space)
        body(step)
        self.actions.append(step.action(name, actor, guard, source, descriptor))
        tried = step.attempts
        for number, fault in enumerate(self.faults):
            for attempt in range(1, tried[fault] + 1):
                step = Step(self.space, fault, attempt)
                body(step)
                met = z3.simplify(step.fault_met)
                if z3.is_false(met):
                    continue
                may = {"something may still fail": step["fault.left"] != 0, f"{fault} is tried": met}
                step["fault.left"] = step["fault.left"] - 1
                step["fault.struck"] = number + 1
                form = f"{name}:{fault}" if attempt == 1 else f"{name}:{fault}-{attempt}"
                self.actions.append(step.action(form, actor, {**guard, **may}, source, descriptor))
