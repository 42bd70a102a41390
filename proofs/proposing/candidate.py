"""One set of changes that a person has in mind: what becomes of it in all systems asked, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.parameters import ParameterError
from model.versions import Value, misfit
from proofs.checking.pool import Workers
from proofs.proposing.asked import Asked
from proofs.proposing.judging import KEPT, Refutation, everywhere
from proofs.proposing.proposal import Material, Reason, account, reason
from proofs.proposing.space import Changes, Space, parsed, shown


@dataclass(frozen=True)
class Candidate:
    """`wrong`: what is not kept of it, each property once, by its shortest trace, and that in sentences.

    `elsewhere`: the other systems, by their index, in which that property is not kept. `reasons`: where nothing is
    wrong, of each change what comes about without it, None if nothing does: it can be left out.
    """

    changes: Changes
    wrong: tuple[tuple[Refutation, tuple[str, ...], tuple[int, ...]], ...]
    is_open: bool
    reasons: tuple[tuple[str, Reason | None], ...] = ()


def chosen(space: Space, named: Sequence[str]) -> Changes:
    """The changes that AXIS=VALUE name, `named` one by one; raises ParameterError if they describe no driver."""
    found: dict[str, Value] = {}
    for axis, value in map(parsed, named):
        if axis in found:
            raise ParameterError(f"{axis} is given twice; need one value for each axis")
        if space.base[axis] == value:
            raise ParameterError(f"{axis}={shown(value)} is what the version has already; need another value")
        found[axis] = value
    if contradiction := misfit({**space.base, **found}):
        raise ParameterError(f"these changes describe no driver: {contradiction}")
    return frozenset(found.items())


def looked_at(version: str, space: Space, asked: tuple[Asked, ...], changes: Changes, workers: Workers) -> Candidate:
    """What becomes of a set of changes in every system that is asked, whatever is wrong in the first."""
    axes = space.applied(changes)
    outcome = everywhere(axes, dict(enumerate(asked)), workers)
    if outcome.word == KEPT:
        material = Material(version, space, asked, (), (), changes)
        return Candidate(changes, (), False, tuple(_needed(material)))
    by_claim: dict[str, list[Refutation]] = {}
    for item in outcome.refutations:
        by_claim.setdefault(item.claim, []).append(item)
    wrong = []
    for items in by_claim.values():
        first = min(items, key=lambda item: (not item.has_trace, len(item.path)))
        others = tuple(item.system for item in items if item != first)
        wrong.append((first, account(asked, axes, first), others))
    return Candidate(changes, tuple(wrong), outcome.is_open)


def _needed(material: Material) -> list[tuple[str, Reason | None]]:
    return [
        (part or f"{change[0]} = {shown(change[1])}", reason(material, change, part, rest))
        for change, part, rest in material.space.without(material.changes)
    ]
