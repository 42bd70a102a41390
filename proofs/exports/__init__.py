"""The same question in other tools' languages: SMT-LIB 2.6, BTOR2, Promela.

Each writer takes a `Question` and returns the whole text. The texts say nothing of our engines: what another tool
answers to them is evidence of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import z3

from model.context import Protocol
from model.language.system import Term, TransitionSystem
from model.parameters import ParameterError
from model.protocol import build
from model.subject import Subject
from proofs.engines import Target
from proofs.engines.cone import grouped
from proofs.properties import EVENTUALLY, REACH, Property, catalogue


@dataclass(frozen=True)
class Question:
    """Whether `target` can be hit in `system`. `about`: what the reader of an export has to know, line by line."""

    system: TransitionSystem
    target: Target
    about: tuple[str, ...] = ()

    @property
    def goal(self) -> Term:
        """The target's condition on a state, simplified, so that no operator is left with fewer than two arguments."""
        return z3.simplify(self.target.state)


def pose(subject: Subject, property_id: str, whole: bool) -> Question:
    """The question of one property of a system, over the part of the system that it depends on, or the whole.

    Raises ParameterError if the property has no target that is hit in finitely many steps, or does not apply, and
    whatever building the protocol raises.
    """
    item = catalogue()[property_id]
    if item.kind == EVENTUALLY:
        raise ParameterError(
            f"{item.id} is an `eventually` property: its counterexamples are infinite, and only `always` and `reach`"
            " properties can be exported"
        )
    protocol = build(subject)
    reason = item.reason_against(protocol)
    if reason is not None:
        raise ParameterError(f"{item.id} does not apply to {subject.version} ({subject.scenario}): {reason}")
    target = item.target(protocol)
    system = protocol.system if whole else grouped(protocol.system, {item.id: target}, slack=0)[0][0]
    return Question(system, target, _about(protocol, item, system))


def _about(protocol: Protocol, item: Property, system: TransitionSystem) -> tuple[str, ...]:
    answer = "reaches what it should" if item.kind == REACH else "violates the property"
    of = protocol.system
    part = "the whole system" if system is of else "what the property depends on; distances are those of the whole"
    size = (
        f"{len(system.variables)} of {len(of.variables)} variables, {len(system.actions)} of {len(of.actions)} actions"
    )
    return (
        f"bam-lock-check: {protocol.subject.version}, property {item.id}, scenario {protocol.subject.scenario}",
        f"{item.id} ({item.kind}): {' '.join(item.statement.split())}",
        f"a hit of the target {answer}",
        f"bounds: {_pairs(protocol.subject.bounds)}",
        f"assumptions: {_pairs(protocol.subject.assumptions)}",
        f"{size}: {part}",
        "an action that would exceed a capacity of the model does not fire, so no hit is a proof only where none is"
        f" exceeded; capacities: {', '.join(system.capacities()) or 'none'}",
    )


def _pairs(values: Mapping[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items())
