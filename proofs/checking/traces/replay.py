"""A path as a trace: replayed without any engine, and held against what the property is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from counterexamples.trace import INSTEAD, ReplayError, Trace
from model.context import Protocol
from model.language.system import TransitionSystem
from proofs.engines.cone import behaviour_cone, observe
from proofs.engines.recheck import recheck, recheck_lasso
from proofs.properties import EVENTUALLY, Property


def trace_of(
    protocol: Protocol, item: Property, path: Sequence[str], loop: int | None = None
) -> tuple[Trace, TransitionSystem]:
    """A path as a trace, and the system that it is of; raises ReplayError if it does not end in what the property is
    about.

    That of an `eventually` property needs `loop`, and has only the variables that a guard or the property reads. A path
    of a `reach` property may end in what happens instead; then its kind is `INSTEAD`.
    """
    target, kind = item.target(protocol), item.kind
    if item.kind == EVENTUALLY:
        protocol = replace(protocol, system=observe(protocol.system, behaviour_cone(protocol.system, target)))
        states = recheck_lasso(protocol.system, target, item.fair(protocol), path, loop)
    else:
        try:
            states = recheck(protocol.system, target, path)
        except ReplayError:
            if item.instead is None:
                raise
            states, kind = recheck(protocol.system, item.instead(protocol), path), INSTEAD
    trace = Trace(protocol.subject, item.id, item.statement, kind, tuple(path), tuple(states), loop)
    return trace, protocol.system
