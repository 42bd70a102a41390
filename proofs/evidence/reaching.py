"""Whether something can be reached in each of many systems of one family, decided for all of them at once.

Systems that agree about the variables that several of them have are searched as one featured transition system, in
which each form of an action belongs to some of them. Of those in which the target is reached, and of those in which it
is not, one is explored by itself, by another reading of its terms: should it say otherwise, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.language.system import StateSpace, TransitionSystem, Variable
from model.parameters import ASSUMPTIONS
from proofs.checking.verdicts import EngineDisagreementError
from proofs.engines import Target
from proofs.engines.compiled.featured import Featured, Outcome
from proofs.engines.compiled.sets import NONE, Sets
from proofs.engines.cone import cone_variables, dependencies, own_part, restrict
from proofs.engines.exhaustive import Explorer
from proofs.evidence.family import Constraint
from proofs.evidence.systems import Rows, Systems, shape_of, values_in

NO, YES, UNDECIDED = 0, 1, 2
Alone = Callable[[int], int]
"""Decides one system by itself: `NO`, `YES`, or `UNDECIDED` if it is not known."""
KEYS = tuple(ASSUMPTIONS)


@dataclass(frozen=True)
class _Together:
    """Systems as one: `owners[name]` is the set of combinations in which it has an action; `kinds` of state spaces."""

    kinds: Sequence[int]
    system: TransitionSystem
    owners: dict[str, int]


class Reaching:
    """Decides what can be reached; `explored` counts the explorations that this took."""

    def __init__(self, systems: Systems) -> None:
        self._systems, self.explored = systems, 0
        self._outcomes: dict[object, Outcome] = {}
        self._sets = Sets([len(item.values) for item in ASSUMPTIONS.values()])
        self._points = np.array([systems.family.points.digits[key] for key in KEYS])
        self._all = self._sets.of(self._points)
        self._kinds = [self._sets.union(map(self._meeting, where)) for where in systems.family.where]
        self._groups = [self._together(kinds) for kinds in _agreeing(systems.family.spaces)]

    def reaching(self, target: Target, rows: Rows, alone: Alone) -> np.ndarray:
        """For each of some systems, of all of which the target's terms can be asked, whether it is hit in it.

        `alone`: asked about a system in which a capacity cuts the search. Raises EngineDisagreementError.
        """
        found = np.full(len(rows), UNDECIDED, dtype=np.int8)
        kinds = self._systems.space[rows]
        for group in self._groups:
            mine = np.flatnonzero(np.isin(kinds, group.kinds))
            if len(mine):
                found[mine] = self._decided(group, values_in(kinds[mine]), target, rows[mine], alone)
        return found

    def _decided(self, group: _Together, kinds: Sequence[int], target: Target, rows: Rows, alone: Alone) -> np.ndarray:
        outcome = self._outcome(group, kinds, target)
        points = self._points[:, self._systems.first[rows]]
        found = np.where(self._sets.holds(outcome.hit, points), YES, NO).astype(np.int8)
        cut = self._sets.holds(outcome.cut, points)
        for answer in (YES, NO):
            for row in rows[(found == answer) & ~cut][:1].tolist():
                self._check(row, target, answer)
        found[cut] = [alone(row) for row in rows[cut].tolist()] if outcome.complete else UNDECIDED
        return found

    def _outcome(self, group: _Together, kinds: Sequence[int], target: Target) -> Outcome:
        """What is found in all systems with some kinds of state spaces; properties have targets in common."""
        asked = self._with(kinds)
        key = (asked, shape_of(target))
        if key not in self._outcomes:
            self.explored += 1
            self._outcomes[key] = self._search(group, asked, target)
        return self._outcomes[key]

    def _search(self, group: _Together, asked: int, target: Target) -> Outcome:
        part = restrict(group.system, cone_variables(dependencies(group.system), target), [target])
        sets, owned = self._sets, {}
        for action in part.actions:
            if (owners := sets.common([asked, group.owners[action.name]])) != NONE:
                owned[action] = owners
        return Featured(replace(part, actions=tuple(owned)), list(owned.values()), sets, target).search(asked)

    def _check(self, row: int, target: Target, answer: int) -> None:
        """Explore a system by itself."""
        self.explored += 1
        protocol = self._systems.protocol(row)
        space = Explorer(own_part(protocol.system, target), once=True).explore({"": target}, stop_early=True)
        if bool(space.hits) != (answer == YES):
            raise EngineDisagreementError(f"{protocol.subject}: searched by itself it says otherwise than among others")

    def _together(self, kinds: Sequence[int]) -> _Together:
        spaces = [self._systems.family.spaces[kind] for kind in kinds]
        variables = {name: variable for space in spaces for name, variable in space.variables.items()}
        among = self._with(kinds)
        actions, owners = [], {}
        for number, (action, where) in enumerate(self._systems.forms()):
            mine = self._sets.common([among, self._sets.union(map(self._meeting, where))])
            if mine != NONE:
                actions.append(replace(action, name=f"{action.name}#{number}"))
                owners[actions[-1].name] = mine
        space = StateSpace(variables, {}, spaces[0].events)
        return _Together(kinds, TransitionSystem("many", space, tuple(actions)), owners)

    def _with(self, kinds: Iterable[int]) -> int:
        """The combinations whose state space is one of some kinds."""
        return self._sets.union(self._kinds[kind] for kind in kinds)

    def _meeting(self, constraints: Sequence[Constraint]) -> int:
        """The combinations that meet some constraints."""
        return self._sets.common([self._all, *map(self._where, constraints)])

    def _where(self, constraint: Constraint) -> int:
        if constraint.kinds is not None:
            return self._with(constraint.kinds)
        values = ASSUMPTIONS[constraint.about].values
        allowed = [place for place, value in enumerate(values) if (value == constraint.value) == constraint.holds]
        return self._sets.having({KEYS.index(constraint.about): allowed})


def _agreeing(spaces: Sequence[StateSpace]) -> list[list[int]]:
    """The numbers of state spaces in groups that agree about each variable that several of them have."""
    groups: list[tuple[list[int], dict[str, Variable]]] = []
    for number, space in enumerate(spaces):
        for kinds, known in groups:
            if all(known.get(name, variable) == variable for name, variable in space.variables.items()):
                kinds.append(number)
                known.update(space.variables)
                break
        else:
            groups.append(([number], dict(space.variables)))
    return [kinds for kinds, _ in groups]
