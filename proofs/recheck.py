"""Re-checks a path without any engine and without a solver: the plain-Python reading of the model, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from counterexamples.trace import Blocked, ReplayError, run
from model.concrete import holds
from model.protocol import Protocol
from proofs.engines import Target


def recheck(protocol: Protocol, target: Target, path: Sequence[str]) -> list[dict[str, int]]:
    """The states along a path that ends in a hit of `target`.

    Raises ReplayError if a step is not possible or the path does not end in a hit.
    """
    states = run(protocol, path)
    if isinstance(states, Blocked):
        raise ReplayError(str(states))
    if holds(target.state, states[-1]):
        return states
    if path and holds(target.firing(protocol.system.action(path[-1])), states[-2]):
        return states
    raise ReplayError(
        f"the path of {len(path)} steps replays but does not end in what the property forbids or asks for"
    )
