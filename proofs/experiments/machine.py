"""The hardware on the bench under some assumptions, explored once: what each program can come to and what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import z3

from model.hardware.bench import GRANTED, INSTRUCTIONS, LEFT, PREFIX, bench
from model.language.system import StateSpace, Step, Term, TransitionSystem
from model.language.terms import digest
from model.subject import Subject
from proofs.engines import Target
from proofs.engines.cone import behaviour_cone, observe
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space
from proofs.recordings.following import Graph, Sets

BY_CPU = ("status", "cpu-configure", "cpu-go")
READING = ("look", "await", *BY_CPU)
"""The instructions that tell something."""
NEVER, CAME = 0, 1  # of `await`
UNDONE, DONE, BUSY, ABORT = 0, 1, 2, 3  # of what accesses registers of the engine by CPU
LOOKED = ("rx.ring.len", "tx.ring.len", "tx.irq", GRANTED)
"""What `look` reads: how many descriptors wait in the consumer and in the producer ring, whether the producer's
interrupt is pending, how many doorbells of the other user came to nothing."""
_BYTE = 8


class CapacityError(Exception):
    """Some program exceeds a capacity of the model, so that nothing is known."""


class Machine:
    """What programs of at most `length` instructions come to. A set of states has a number; `start` before the first.

    What an instruction reads is a number. `content`: equal for systems that are the same, term for term. Raises
    CapacityError.
    """

    def __init__(self, subject: Subject, length: int) -> None:
        system = bench(subject, length)
        wanted = Target(state=Step(system.space)["engine.status_done"])
        system = _changing(system)
        system = observe(system, behaviour_cone(system, wanted) | {*LOOKED, LEFT})
        self.content = tuple(
            (action.name, digest(action.enabled), *((name, digest(term)) for name, term in action.updates.items()))
            for action in system.actions
        )
        space = Explorer(system).explore({})
        if space.exceeded:
            raise CapacityError(f"a capacity of the model is exceeded ({', '.join(space.exceeded)})")
        self.states = space.states.shape[1]
        names = [action.name.removeprefix(PREFIX) for action in system.actions]
        own = [action.name.startswith(PREFIX) for action in system.actions]
        edges, dead = space.edges, aborting(subject.assumptions)
        self._silent = Graph(self.states, edges.only(~np.array(own)[edges.action]))
        self._graphs = {}
        for name in INSTRUCTIONS:
            codes = [index for index, one in enumerate(names) if own[index] and one in (name, f"{name}_2")]
            where = np.flatnonzero(np.isin(edges.action, codes))
            if len(where):
                came = edges.action[where] == codes[0]
                label = _read(space, name, edges.source[where], came, dead)
                self._graphs[name] = Graph(self.states, edges.only(where), label)
        self._sets = Sets()
        self.start = self._sets.number(self._silent.closure(np.zeros(1, dtype=np.int32)))
        self.after = cache(self._after)
        self.reads = cache(self._reads)

    @property
    def instructions(self) -> tuple[str, ...]:
        """Those that the writer has here."""
        return tuple(self._graphs)

    def _after(self, present: int, instruction: str) -> dict[int, int]:
        """The sets of states behind an instruction, by what it reads; none if it cannot be executed."""
        found = self._graphs[instruction].by_label(self._sets[present])
        return {read: self._sets.number(self._silent.closure(states)) for read, states in found.items()}

    def _reads(self, present: int, instruction: str) -> frozenset[int]:
        """What an instruction can read."""
        return self._graphs[instruction].labels(self._sets[present])

    def histories(self, program: Sequence[str]) -> frozenset[tuple[int, ...]]:
        """What all instructions of a program read, one after the other, in each way that it can go."""
        met: set[tuple[tuple[int, ...], int]] = {((), self.start)}
        for name in program:
            met = {((*past, read), after) for past, here in met for read, after in self.after(here, name).items()}
        return frozenset(past for past, _ in met)


def _changing(system: TransitionSystem) -> TransitionSystem:
    """The system with what no action changes put in as what it is, and without actions that can never be taken."""
    changed = {name for action in system.actions for name in action.updates} | {*LOOKED}
    fixed = [item for item in system.variables if item.name not in changed]
    values = [(item.term, item.constant(item.init)) for item in fixed]

    def put_in(terms: Mapping[str, Term]) -> dict[str, Term]:
        return {name: z3.simplify(z3.substitute(term, *values)) for name, term in terms.items()}

    actions = []
    for action in system.actions:
        guard = put_in(action.guard)
        if not any(z3.is_false(term) for term in guard.values()):
            updates, overflow = put_in(action.updates), put_in(action.overflow)
            actions.append(replace(action, guard=guard, updates=updates, overflow=overflow, events={}))
    space = StateSpace({item.name: item for item in system.variables if item not in fixed}, {}, system.space.events)
    return TransitionSystem(system.name, space, tuple(actions))


def aborting(assumptions: Mapping[str, str]) -> bool:
    """Whether an access by CPU while the other user holds the lock ends in an external abort."""
    return assumptions["locked_cpu_access"] == "aborts" and assumptions["other_ee"] != "same-ee"


def _read(space: Space, name: str, source: np.ndarray, came: np.ndarray, dead: bool) -> np.ndarray:
    """What an instruction reads in each of some states; `came`: of `await`, that the interrupt has come."""

    def column(variable: str) -> np.ndarray:
        return space.layout.column(space.states[:, source], variable).astype(np.int64)

    zero = np.zeros(len(source), dtype=np.int64)
    if name == "await":
        return np.where(came, CAME, NEVER)
    if name == "look":
        columns = [column(variable) << _BYTE * place for place, variable in enumerate(LOOKED)]
        found: np.ndarray = np.bitwise_or.reduce(columns)
        return found
    if name not in BY_CPU:
        return zero
    value = np.where(column("engine.op") != 0, BUSY, column("engine.status_done")) if name == "status" else zero
    return np.where(column("lock.tz") != 0, ABORT, value) if dead and "lock.tz" in space.layout.places else value


def looked(read: int) -> tuple[int, ...]:
    """What `look` has read, as `LOOKED` lists it."""
    return tuple(read >> _BYTE * place & (1 << _BYTE) - 1 for place in range(len(LOOKED)))
