"""What an assumption can do to a verdict, told by the structure of the systems alone.

A setting cannot change a verdict if the part of the system that the property depends on is the same as under a setting
whose verdict is known (equal guards, updates, events and target), or if it allows less and the property holds, or more
and it is violated: what is reachable can only shrink, or grow. A capacity of the model that the property does not
depend on could still cut a path that a search would otherwise take; that would be an `unknown`, not an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import z3

from model.context import Protocol
from model.language.system import Action, Term
from model.language.terms import variables_of
from model.parameters import Setting
from model.protocol import build
from proofs.checking.records import Job
from proofs.checking.words import Word
from proofs.engines import Target
from proofs.engines.cone import behaviour_cone, cone_variables, dependencies
from proofs.properties import EVENTUALLY, catalogue

SAME, CONTAINED, OPEN = "same", "contained", "open"
GROWING, SHRINKING = (Word.VIOLATED, Word.REACHED), (Word.PROVED, Word.UNREACHABLE)


@dataclass(frozen=True)
class Screen:
    """Which of some settings may change which of a job's verdicts: names only, for another process.

    `settings`: each with those smaller ones whose verdicts are the default's; `words`: these, by property.
    """

    job: Job
    settings: tuple[tuple[Setting, tuple[Setting, ...]], ...]
    words: Mapping[str, str]


Screened = dict[tuple[Setting, str], str]
"""Setting and property to SAME, CONTAINED or OPEN."""


def screen(task: Screen) -> Screened:
    """What each setting can do to each verdict, by the structure of the systems alone."""

    @cache
    def system_of(setting: Setting) -> _Cut:
        return _Cut(build(task.job.subject.assuming(dict(setting))))

    found: Screened = {}
    for setting, known in task.settings:
        mine = _Cut(build(task.job.subject.assuming(dict(setting))))
        for name in task.job.properties:
            effects = [_effect(system_of(other), mine, name, task.words[name]) for other in known]
            found[setting, name] = next((effect for effect in (SAME, CONTAINED) if effect in effects), OPEN)
    return found


class _Cut:
    """A protocol, and what of it a property depends on; terms are compared by identity, which z3 gives equal ones."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.target: Callable[[str], Target] = cache(self._target)
        self.cone: Callable[[str], frozenset[str]] = cache(self._cone)
        self.parts: Callable[[str, frozenset[str]], Mapping[str, _Part]] = cache(self._parts)

    def _target(self, name: str) -> Target:
        target = catalogue()[name].target(self.protocol)
        # what can never hold depends on nothing
        return Target(z3.simplify(target.state), {key: z3.simplify(term) for key, term in target.on.items()})

    def _cone(self, name: str) -> frozenset[str]:
        system = self.protocol.system
        if catalogue()[name].kind == EVENTUALLY:
            return behaviour_cone(system, self.target(name))
        return cone_variables(dependencies(system), self.target(name))

    def reason(self, name: str) -> str | None:
        """Why the property does not apply."""
        return catalogue()[name].reason_against(self.protocol)

    def variables(self, cone: frozenset[str]) -> dict[str, tuple[int, int] | None]:
        """Width and initial value of each variable."""
        declared = self.protocol.system.space.variables
        return {key: (declared[key].width, declared[key].init) if key in declared else None for key in cone}

    def _parts(self, name: str, cone: frozenset[str]) -> dict[str, _Part]:
        """What each action that matters does to the variables of `cone`, by its name."""
        lasting = catalogue()[name].kind == EVENTUALLY
        fair = catalogue()[name].fair(self.protocol) if lasting else frozenset()
        parts = {}
        for action in self.protocol.system.actions:
            part = _Part.of(action, cone, self.target(name), action.name in fair)
            if lasting or part.updates or part.events:
                parts[action.name] = part
        return parts


@dataclass(frozen=True)
class _Part:
    """An action as far as a property can see it. `guard`: its conjuncts by z3's numbers of them."""

    guard: frozenset[int]
    updates: Mapping[str, Term]
    events: Mapping[str, Term]
    overflow: Mapping[str, Term]
    fair: bool

    @classmethod
    def of(cls, action: Action, cone: frozenset[str], target: Target, fair: bool) -> _Part:
        """The part of an action that concerns the variables of `cone` and the events of `target`."""
        return cls(
            frozenset(term.get_id() for given in action.guard.values() for term in _conjuncts(given)),
            {key: term for key, term in action.updates.items() if key in cone},
            {key: term for key, term in action.events.items() if key in target.on},
            {key: term for key, term in action.overflow.items() if variables_of(term) <= cone},
            fair,
        )

    def within(self, other: _Part) -> bool:
        """Whether it does what the other does, and only where the other is possible too."""
        return (
            self.fair == other.fair
            and other.guard <= self.guard
            and _equal(self.updates, other.updates)
            and _equal(self.events, other.events)
            and _equal(self.overflow, other.overflow)
        )


def _conjuncts(term: Term) -> Iterator[Term]:
    if z3.is_and(term):
        for part in term.children():
            yield from _conjuncts(part)
    elif not z3.is_true(term):
        yield term


def _equal(one: Mapping[str, Term], other: Mapping[str, Term]) -> bool:
    return one.keys() == other.keys() and all(one[key].eq(other[key]) for key in one)


def _within(small: _Cut, large: _Cut, name: str) -> bool:
    """Whether all that `small` can do to what the property sees, `large` can do too."""
    cone = large.cone(name)
    one, other = small.target(name), large.target(name)
    if not (one.state.eq(other.state) and _equal(one.on, other.on)) or small.variables(cone) != large.variables(cone):
        return False
    theirs = large.parts(name, cone)
    return all(key in theirs and part.within(theirs[key]) for key, part in small.parts(name, cone).items())


def _effect(known: _Cut, mine: _Cut, name: str, word: str) -> str:
    """What the step from one system to another can do to the verdict `word` on the first."""
    reasons = known.reason(name), mine.reason(name)
    if any(reasons):
        return SAME if all(reasons) else OPEN
    less, more = _within(mine, known, name), _within(known, mine, name)
    if less and more:
        return SAME
    # fewer steps can also mean that something lasts for ever, so for `eventually` only equality says anything
    lasting = catalogue()[name].kind == EVENTUALLY
    contained = (less and word in SHRINKING) or (more and word in GROWING)
    return CONTAINED if contained and not lasting else OPEN
