"""Who notices a mutant: the properties, by verdict word and shortest depth, and the counts of the whole system.

The original is explored once for each version and case; of a mutant only the changed actions are compiled. Everything
is read off the explored whole system: at small bounds that is quicker than one search for each property's own part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import z3

from model.concrete import Code, by_identity
from model.protocol import Protocol
from model.system import Action, Term, TransitionSystem
from proofs import mutants
from proofs.campaign import protocol_for
from proofs.counts import Case, figures
from proofs.engines import Lasso, Target, fair
from proofs.engines.cone import behaviour_cone, observe
from proofs.engines.exhaustive import Explorer, Space
from proofs.engines.states import StateSet
from proofs.mutants import Mutant, difference, put_in
from proofs.properties import EVENTUALLY, catalogue

GROWTH = 20_000  # states beyond those of the original after which a mutant's exploration is cut


@dataclass(frozen=True)
class Findings:
    """What one exploration says. `depths`: to each property where its target is first hit, None if nowhere."""

    figures: Mapping[str, int | list[str]]
    depths: Mapping[str, int | None]
    explored: int
    complete: bool

    def unlike(self, other: Findings, name: str) -> bool:
        """Whether a property's verdict or depth is another one; what lies beyond a cut is not claimed to be."""
        mine, theirs = self.depths[name], other.depths[name]
        if mine == theirs:
            return False
        if mine is None:
            return self.complete or (theirs is not None and theirs <= self.explored)
        return other.complete or theirs is not None


class _Mutated(Explorer):
    """Explores a mutant with the code of the original for all that did not change, up to `limit` states."""

    def __init__(self, mutant: Mutant, original: Explorer, limit: int) -> None:
        fresh = tuple(action for action in mutant.system.actions if action.name in mutant.changed)
        super().__init__(replace(mutant.system, actions=fresh))
        code = {action.name: compiled for action, compiled in zip(fresh, self._compiled, strict=True)}
        known = zip(original.system.actions, original._compiled, strict=True)
        self._compiled = [code.get(action.name, compiled) for action, compiled in known]
        # capacities are compiled into the actions; which of them is exceeded is not asked
        self.system = replace(mutant.system, actions=tuple(replace(a, overflow={}) for a in mutant.system.actions))
        self.limit, self.cut = limit, False

    def _expand(self, found: StateSet, start: int, end: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        self.cut = self.cut or found.count > self.limit
        return [] if self.cut else super()._expand(found, start, end)


@by_identity
def _code(term: Term) -> Code:
    return Code([term], vector=True)


def where(space: Space, term: Term, states: np.ndarray) -> np.ndarray:
    """Those of some states, by number, in which a term holds."""
    if z3.is_false(term) or not len(states):
        return states[:0]
    code = _code(term)
    packed = space.states[:, states]
    columns = {name: space.layout.column(packed, name) for name in code.inputs}
    chosen: np.ndarray = states[np.broadcast_to(code(columns)[0], states.shape)]
    return chosen


class Bench:
    """One version in one case: what the original does, and who notices that a mutant does something else."""

    def __init__(self, version: str, case: Case) -> None:
        self.protocol: Protocol = protocol_for(case.job(version))
        self.system = self.protocol.system
        self.code = mutants.Code(self.protocol, case.scenario)
        asked = [item for item in catalogue().values() if case.scenario in item.scenarios]
        self._asked = [item for item in asked if item.reason_against(self.protocol) is None]
        targets = {item.id: item.target(self.protocol) for item in self._asked if item.kind != EVENTUALLY}
        self._targets = {
            name: Target(z3.simplify(target.state), {event: z3.simplify(term) for event, term in target.on.items()})
            for name, target in targets.items()
        }
        self._hits = cache(self._hit)
        self._original = Explorer(self.system)
        self._space = self._original.explore({})
        self.findings = self._findings(self.system, self._space, cut=False)
        self._lasting: Mapping[str, tuple[str, int | None]] | None = None

    def mutant(self, label: str) -> Mutant | None:
        """The mutant of that label, None if there is no such thing in this version and case."""
        for key, place, wrong in self.code.wrongs():
            if key == label:
                return self.code.mutant(place, wrong)
        for action in self.system.actions:
            if label.startswith(f"{action.name}: "):
                found = [changed for key, _, changed in mutants.of_action(action) if key == label]
                return put_in(self.system, {action.name: found[0]}, label) if found else None
        return None

    def differs(self, mutant: Mutant) -> bool:
        """Whether a mutant does anything else in a state that the original reaches; if not, it reaches the same."""
        everything = np.arange(self._space.states.shape[1])
        pairs = ((self.system.action(name), mutant.system.action(name)) for name in mutant.changed)
        return any(len(where(self._space, difference(self.system, *pair), everything)) for pair in pairs)

    def explore(self, mutant: Mutant) -> Findings:
        """What the exploration of a mutant says."""
        explorer = _Mutated(mutant, self._original, GROWTH + int(str(self.findings.figures["states"])))
        space = explorer.explore({})
        return self._findings(mutant.system, space, explorer.cut)

    def noticed(self, found: Findings) -> tuple[tuple[str, ...], bool]:
        """The properties that are not as on the original, and whether the counts are not."""
        names = tuple(name for name in self._targets if found.unlike(self.findings, name))
        return names, any(
            found.figures[key] != self.findings.figures[key] for key in ("states", "transitions", "depth")
        )

    def progress(self, mutant: Mutant) -> tuple[str, ...]:
        """The `eventually` properties that are not as on the original."""
        if self._lasting is None:
            self._lasting = self._lasts(self.system)
        mine = self._lasts(mutant.system)
        return tuple(name for name, answer in mine.items() if answer != self._lasting[name])

    def _lasts(self, system: TransitionSystem) -> dict[str, tuple[str, int | None]]:
        found: dict[str, tuple[str, int | None]] = {}
        for item in self._asked:
            if item.kind == EVENTUALLY:
                target = item.target(self.protocol)
                part = observe(system, behaviour_cone(system, target))
                question = {item.id: fair.Question(target.state, item.fair(self.protocol))}
                answer = fair.search(part, question)[1][item.id]
                found[item.id] = type(answer).__name__, answer.length if isinstance(answer, Lasso) else None
        return found

    def _hit(self, action: Action, name: str) -> Term:
        return self._targets[name].hit_by(action)

    def _findings(self, system: TransitionSystem, space: Space, cut: bool) -> Findings:
        everything = np.arange(space.states.shape[1])
        complete = not cut and not space.exceeded
        depths = {name: self._depth(system, space, name, everything) for name in self._targets}
        return Findings(figures(space), depths, space.depth - 1 if cut else space.depth, complete)

    def _depth(self, system: TransitionSystem, space: Space, name: str, everything: np.ndarray) -> int | None:
        target, level = self._targets[name], np.asarray(space.level[1:])
        costs = []
        if len(states := where(space, target.state, everything)):
            costs.append(int(np.searchsorted(level, states[0], side="right")))
        for index, action in enumerate(system.actions):
            if target.on.keys().isdisjoint(action.events):
                continue
            sources = space.edges.source[space.edges.action == index]
            if len(states := where(space, self._hits(action, name), sources)):
                costs.append(int(np.searchsorted(level, states.min(), side="right")) + 1)
        return min(costs, default=None)


@cache
def bench(version: str, case: Case) -> Bench:
    """The bench of a version and a case, made once in a process."""
    return Bench(version, case)
