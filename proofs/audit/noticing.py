"""Who notices a mutant: the properties, by verdict word and shortest depth, and the counts of the whole system.

The original is explored once for each version and case. Everything is read off the explored whole system: at small
bounds that is quicker than one search for each property's own part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import z3

from model.context import Protocol
from model.language.concrete import Code
from model.language.system import Action, Term, TransitionSystem
from model.language.terms import by_identity
from model.protocol import build
from proofs.audit import mutants
from proofs.audit.cases import Case
from proofs.audit.mutants import Mutant, difference, put_in, unlike
from proofs.engines import Lasting, Target, fair
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space
from proofs.properties import EVENTUALLY, catalogue

GROWTH = 20_000  # states beyond those of the original after which a mutant's exploration is cut
MOST = 150_000  # states of an original: what is larger is known only as far as that


@dataclass(frozen=True)
class Findings:
    """What one exploration says. `depths`: to each property where it is first decided, None if nowhere.

    For an `eventually` property that is the nearest state of rest; cycles are not looked for.
    """

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


@by_identity
def _remembered(term: Term) -> Code:
    return Code([term], vector=True)


def where(space: Space, term: Term, states: np.ndarray, once: bool = False) -> np.ndarray:
    """Those of some states, by number, in which a term holds; `once`: the term's code is not kept."""
    if z3.is_false(term) or not len(states):
        return states[:0]
    code = Code([term], vector=True) if once else _remembered(term)
    packed = space.states[:, states]
    columns = {name: space.layout.column(packed, name) for name in code.inputs}
    chosen: np.ndarray = states[np.broadcast_to(code(columns)[0], states.shape)]
    return chosen


class Bench:
    """One version in one case: what the original does, and who notices that a mutant does something else.

    Each part is made when it is first needed: for a mutant that differs nowhere only the states are.
    """

    def __init__(self, protocol: Protocol, case: Case) -> None:
        self.case, self.protocol = case, protocol
        self.system = protocol.system
        asked = [item for item in catalogue().values() if case.scenario in item.scenarios]
        asked = [item for item in asked if item.reason_against(self.protocol) is None]
        self._targets = {item.id: _plain(item.target(self.protocol)) for item in asked if item.kind != EVENTUALLY}
        self._lasting = {
            item.id: Lasting(item.target(self.protocol).state, item.fair(self.protocol))
            for item in asked
            if item.kind == EVENTUALLY
        }
        self._hits, self._differing = cache(self._hit), cache(self._find_differing)

    @cached_property
    def code(self) -> mutants.Code:
        """The places of the code that change queues."""
        return mutants.Code(self.protocol)

    @cached_property
    def _original(self) -> Explorer:
        return Explorer(self.system, most=MOST, once=True)

    @cached_property
    def space(self) -> Space:
        """The states that the original reaches, up to `MOST` of them and the rest of a breadth-first level."""
        return self._original.explore({})

    @cached_property
    def findings(self) -> Findings:
        """What the exploration of the original says."""
        return self._findings(self.system, self.space, self._original.cut)

    @property
    def states(self) -> tuple[int, bool]:
        """How many states of the original are known, and whether those are all."""
        return self.space.states.shape[1], not self._original.cut

    def mutant(self, label: str) -> Mutant | None:
        """The mutant of that label, None if there is no such thing in this version and case."""
        if (action := self._action_of(label)) is not None:
            found = [changed for key, _, changed in mutants.of_action(action) if key == label]
            return put_in(self.system, {action.name: found[0]}, label) if found else None
        for key, place, wrong in self.code.wrongs():
            if key == label:
                return self.code.mutant(place, wrong)
        return None

    def _action_of(self, label: str) -> Action | None:
        return next((action for action in self.system.actions if label.startswith(f"{action.name}: ")), None)

    def differs(self, label: str) -> bool:
        """Whether a mutant does anything else in a state that the original reaches; if not, it reaches the same."""
        if (action := self._action_of(label)) is not None:
            return label in self._differing(action)
        mutant = self.mutant(label)
        if mutant is None:
            return False
        pairs = ((self.system.action(name), mutant.system.action(name)) for name in mutant.changed)
        return any(len(where(self.space, difference(self.system, *pair), self._all, once=True)) for pair in pairs)

    def _find_differing(self, action: Action) -> frozenset[str]:
        """All mutants of an action that do anything else in a reachable state, found in one pass over the states."""
        found: set[str] = set()
        holds = {key: self._holds(term) for key, term in action.guard.items()}
        missing = sum((~row for row in holds.values()), np.zeros(len(self._all), dtype=np.int64))
        for key, row in holds.items():
            if np.any((missing == 1) & ~row):
                found.add(mutants.without(action, key))
            if np.any(missing == ~row):
                found.add(mutants.negated(action, key))
        firing = where(self.space, action.enabled, self._all, once=True)
        for name, term in action.updates.items():
            if len(where(self.space, unlike(term, self.system.space.term(name)), firing, once=True)):
                found.add(mutants.unchanged(action, name))
        return frozenset(found)

    def _holds(self, term: Term) -> np.ndarray:
        row = np.zeros(len(self._all), dtype=bool)
        row[where(self.space, term, self._all)] = True
        return row

    @cached_property
    def _all(self) -> np.ndarray:
        return np.arange(self.space.states.shape[1])

    def explore(self, mutant: Mutant) -> Findings:
        """What the exploration of a mutant says."""
        explorer = Explorer(mutant.system, most=GROWTH + self.states[0], capacities=False, once=True)
        space = explorer.explore({})
        return self._findings(mutant.system, space, explorer.cut)

    def noticed(self, found: Findings) -> tuple[tuple[str, ...], bool]:
        """The properties that are not as on the original, and whether the counts are not."""
        known = self.findings
        names = tuple(name for name in found.depths if name in known.depths and found.unlike(known, name))
        return names, any(found.figures[key] != known.figures[key] for key in ("states", "transitions", "depth"))

    def _hit(self, action: Action, name: str) -> Term:
        return self._targets[name].hit_by(action)

    def _findings(self, system: TransitionSystem, space: Space, cut: bool) -> Findings:
        complete = not cut and not space.exceeded
        costs = {name: self._costs(system, space, name) for name in self._targets}
        costs |= {name: self._rests(system, space, question) for name, question in self._lasting.items()}
        depths = {name: min(found, default=None) for name, found in costs.items()}
        return Findings(space.figures(), depths, space.depth - 1 if cut else space.depth, complete)

    def _costs(self, system: TransitionSystem, space: Space, name: str) -> Iterator[int]:
        target = self._targets[name]
        yield from _nearest(space, where(space, target.state, np.arange(space.states.shape[1])))
        for index, action in enumerate(system.actions):
            if target.on.keys().isdisjoint(action.events):
                continue
            original = self.system.actions[index]
            term = self._hits(original if original.events is action.events else action, name)
            sources = space.edges.source[space.edges.action == index]
            yield from (depth + 1 for depth in _nearest(space, np.sort(where(space, term, sources))))

    def _rests(self, system: TransitionSystem, space: Space, item: Lasting) -> Iterator[int]:
        """Where the nearest state is that is pending and that no fair action leaves, nor would without capacities."""
        left = np.zeros(space.states.shape[1], dtype=bool)
        leaving = [index for index, action in enumerate(system.actions) if action.name in item.fair]
        left[space.edges.source[np.isin(space.edges.action, leaving)]] = True
        resting = where(space, item.pending, np.flatnonzero(~left))
        if len(resting):
            term = z3.simplify(fair.resting(system, item).state)
            yield from _nearest(space, where(space, term, resting, once=True))


def _plain(target: Target) -> Target:
    return Target(z3.simplify(target.state), {event: z3.simplify(term) for event, term in target.on.items()})


def _nearest(space: Space, states: np.ndarray) -> Iterator[int]:
    """The depth of the first of some states in ascending order, if there is one."""
    if len(states):
        yield int(np.searchsorted(np.asarray(space.level[1:]), states[0], side="right"))


@cache
def bench(version: str, case: Case) -> Bench:
    """The bench of a version and a case, made once in a process."""
    return Bench(build(case.subject(version)), case)
