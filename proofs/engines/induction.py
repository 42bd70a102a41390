"""Inductive invariants: found from the reachable states, step by step, and cut down to what z3 relies on.

It begins with no clause. As long as z3 finds a state inside the invariant that hits the target, or from which a step
leads out of it, that state is not reachable, and the fewest places are sought that together tell it from every
reachable state; what those places can hold together becomes a clause. A clause holds in every reachable state by
construction; what makes it a proof is that in the end no such state is left, which is proved again from the clauses
alone (`proofs.certificates`). At last clauses that z3 did not use for that are dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import z3

from model.language.system import Term, TransitionSystem
from proofs.engines import Target
from proofs.engines.clauses import Clause, Place
from proofs.engines.space import Space

PAIRS_TRIED = 40  # places that exclude most reachable states: among their pairs a telling one is sought first


class NotInductiveError(Exception):
    """No invariant excludes the target: a state that z3 asks to exclude is reachable, or z3 gave up."""


@dataclass
class _Reachable:
    """The values of all places in all reachable states, an array of shape (places, states).

    `_differs`: for a place and a value, which states hold another one there, packed eight to a byte.
    """

    names: tuple[str, ...]
    values: np.ndarray
    _differs: dict[tuple[int, int], tuple[np.ndarray, int]] = field(default_factory=dict)

    def _other(self, place: int, value: int) -> tuple[np.ndarray, int]:
        if (place, value) not in self._differs:
            row = self.values[place] != value
            self._differs[place, value] = np.packbits(row), int(row.sum())
        return self._differs[place, value]

    def telling(self, state: np.ndarray) -> list[int]:
        """The fewest places, as far as a greedy search finds them, whose values in `state` no reachable one has."""
        found = [self._other(place, int(value)) for place, value in enumerate(state)]
        total, full = self.values.shape[1], np.packbits(np.ones(self.values.shape[1], dtype=bool))
        best = sorted(range(len(found)), key=lambda place: -found[place][1])
        if found[best[0]][1] == total:
            return [best[0]]
        for one, two in combinations(best[:PAIRS_TRIED], 2):
            if found[one][1] + found[two][1] >= total and np.array_equal(found[one][0] | found[two][0], full):
                return sorted([one, two])
        return self._cover(self.values != state[:, None])

    def _cover(self, differs: np.ndarray) -> list[int]:
        left = np.ones(differs.shape[1], dtype=bool)
        chosen: list[int] = []
        while left.any():
            gain = differs[:, left].sum(axis=1)
            if not gain.max():
                raise NotInductiveError("the target is reachable")
            chosen.append(int(gain.argmax()))
            left &= ~differs[chosen[-1]]
        for place in list(chosen):
            rest = [other for other in chosen if other != place]
            if rest and differs[rest].any(axis=0).all():
                chosen = rest
        return sorted(chosen)

    def clause(self, chosen: Sequence[int]) -> Clause:
        """What the places of these numbers hold together in reachable states; the one with most values comes first."""
        order = sorted(chosen, key=lambda place: (-len(np.unique(self.values[place])), place))
        together = sorted(set(zip(*(self.values[place].tolist() for place in order), strict=True)))
        return Clause(tuple(self.names[place] for place in order), tuple(together))


def _reachable(space: Space, known: Mapping[str, Place]) -> _Reachable:
    rows = []
    for place in known.values():
        column = space.layout.column(space.states, place.variable).astype(np.uint64)
        part = (column >> np.uint64(place.low)) & np.uint64((1 << (place.width or 1)) - 1)
        rows.append(part.astype(np.uint32))
    return _Reachable(tuple(known), np.unique(np.stack(rows), axis=1))


class _Relation:
    """One step of the system over the variables and their primed copies, in an incremental solver."""

    def __init__(self, system: TransitionSystem, known: Mapping[str, Place], target: Target) -> None:
        self.known = known
        self.solver = z3.SolverFor("QF_FD")
        after = {item.name: z3.FreshConst(item.term.sort(), f"{item.name}'") for item in system.variables}
        self.primed = [(item.term, after[item.name]) for item in system.variables]
        selectors = []
        for action in system.actions:
            selector = z3.FreshBool(f"fire {action.name}")
            selectors.append(selector)
            self.solver.add(z3.Implies(selector, action.enabled))
            for item in system.variables:
                value = action.updates.get(item.name, item.term)
                self.solver.add(z3.Implies(selector, after[item.name] == value))
        self.moves, self.bad = z3.FreshBool("moves"), z3.FreshBool("bad")
        self.solver.add(z3.Implies(self.moves, z3.Or(*selectors)))
        hits = [target.state, *(target.firing(action) for action in system.actions)]
        over = [system.overflow(key) for key in system.capacities()]
        self.solver.add(z3.Implies(self.bad, z3.Or(*hits, *over)))

    def leaves(self, clause: Clause) -> list[Term]:
        """The assumptions under which a model is a step that ends outside `clause`."""
        question = z3.FreshBool("leaves")
        outside = z3.Not(z3.substitute(clause.term(self.known), *self.primed))
        self.solver.add(z3.Implies(question, outside))
        return [self.moves, question]

    def counterexample(self, assumptions: Sequence[Term]) -> np.ndarray | None:
        """The values of all places in a state that satisfies everything, or None.

        Raises NotInductiveError if z3 gives up.
        """
        result = self.solver.check(*assumptions)
        if result == z3.unsat:
            return None
        if result == z3.unknown:
            raise NotInductiveError(f"z3 gave up: {self.solver.reason_unknown()}")
        model = self.solver.model()
        values = (model.eval(place.term, model_completion=True) for place in self.known.values())
        return np.array([int(z3.is_true(v)) if z3.is_bool(v) else v.as_long() for v in values], dtype=np.uint32)


def find(system: TransitionSystem, target: Target, space: Space, known: Mapping[str, Place]) -> tuple[Clause, ...]:
    """An inductive invariant of `system` that excludes `target` and its exceeded capacities.

    `space`: all reachable states of the system. `known`: its places. Raises NotInductiveError if there is none.
    """
    if not known:
        return ()  # nothing can hit the target; if that is wrong, the proof from no clause at all fails
    reachable = _reachable(space, known)
    relation = _Relation(system, known, target)
    clauses: list[Clause] = []

    def exclude(assumptions: Sequence[Term]) -> None:
        while (state := relation.counterexample(assumptions)) is not None:
            clause = reachable.clause(reachable.telling(state))
            clauses.append(clause)
            relation.solver.add(clause.term(known))

    exclude([relation.bad])
    # a clause once kept by all steps stays so: what is added later only takes states away
    for clause in clauses:
        exclude(relation.leaves(clause))
    return _relied_on(system, target, known, clauses)


def _relied_on(
    system: TransitionSystem, target: Target, known: Mapping[str, Place], clauses: Sequence[Clause]
) -> tuple[Clause, ...]:
    """Clauses that suffice: those with which z3 excludes the target, those with which it shows that these are kept, and
    so on. Which ones a query takes is z3's choice, not the fewest: one may still be left out alone or with others."""
    relation = _Relation(system, known, target)
    named = {z3.FreshBool("clause"): clause for clause in clauses}
    for literal, clause in named.items():
        relation.solver.add(z3.Implies(literal, clause.term(known)))
    used: dict[int, Clause] = {}

    def rests_on(assumptions: Sequence[Term]) -> list[Clause]:
        if relation.solver.check(*assumptions, *named) != z3.unsat:
            raise NotInductiveError("z3 contradicts itself about a clause")
        core = {literal.get_id() for literal in relation.solver.unsat_core()}
        fresh = [c for literal, c in named.items() if literal.get_id() in core and literal.get_id() not in used]
        used.update({literal.get_id(): c for literal, c in named.items() if literal.get_id() in core})
        return fresh

    waiting = rests_on([relation.bad])
    while waiting:
        waiting += rests_on(relation.leaves(waiting.pop(0)))
    return tuple(sorted(used.values(), key=lambda clause: (len(clause.over), len(clause.allowed), clause.over)))
