"""Re-checks a path without any engine and without a solver: the plain-Python reading of the model, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import z3

from counterexamples.trace import Blocked, ReplayError, run
from model.language.concrete import holds
from model.language.system import TransitionSystem
from proofs.engines import Target


def recheck(system: TransitionSystem, target: Target, path: Sequence[str]) -> list[dict[str, int]]:
    """The states along a path that ends in a hit of `target`.

    Raises ReplayError if a step is not possible or the path does not end in a hit.
    """
    states = run(system, path)
    if isinstance(states, Blocked):
        raise ReplayError(str(states))
    if holds(target.state, states[-1]):
        return states
    if path and holds(target.firing(system.action(path[-1])), states[-2]):
        return states
    raise ReplayError(
        f"the path of {len(path)} steps replays but does not end in what the property forbids or asks for"
    )


def recheck_lasso(
    system: TransitionSystem, target: Target, fair: Iterable[str], path: Sequence[str], loop: int | None
) -> list[dict[str, int]]:
    """The states along a path that from state `loop` on may go on for ever, `target` holding and fairness kept.

    Raises ReplayError if a step is not possible, if the path does not lead back to state `loop`, if `target` does not
    hold from there on, or if an action of `fair` is enabled all the time and never taken.
    """
    states = run(system, path)
    if isinstance(states, Blocked):
        raise ReplayError(str(states))
    if loop is None or not 0 <= loop < len(states) or states[loop] != states[-1]:
        raise ReplayError(f"the path of {len(path)} steps replays but does not lead back to its state {loop}")
    if not all(holds(target.state, state) for state in states[loop:]):
        raise ReplayError(f"what must end does end after state {loop}")
    for name in sorted(set(fair) - set(path[loop:])):
        guard = z3.And(*system.action(name).guard.values())
        if all(holds(guard, state) for state in states[loop:]):
            raise ReplayError(f"{name} is always possible from state {loop} on and never taken, which is not fair")
    return states
