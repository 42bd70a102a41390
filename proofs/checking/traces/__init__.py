"""Paths that show what a property is about: as traces, and which assumptions they need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from counterexamples.story import Story
from counterexamples.trace import Blocked, Trace, run
from model.context import Protocol
from proofs.checking.traces.reliance import needs
from proofs.checking.traces.replay import trace_of
from proofs.properties import Property


def story_of(
    protocol: Protocol, item: Property, path: Sequence[str], loop: int | None = None, source: str | None = None
) -> Story:
    """The story of a path that ends in what the property is about; raises ReplayError if it does not.

    That of an `eventually` property needs `loop`. `source`: the source tree of whose C the steps' lines are told; what
    asks for them raises SourceError for one without the driver.
    """
    return Story(*trace_of(protocol, item, path, loop), needs, None if source is None else _code(protocol, source))


def _code(protocol: Protocol, source: str) -> Callable[[Trace], Sequence[str]]:
    def found(trace: Trace) -> list[str]:
        # the reader of C is loaded only for those who have a tree
        from model.source.executed import Executed
        from model.source.patched import named

        executed = Executed(protocol, named(source))
        # a trace may have only the variables on which its property depends, the C has all
        states = run(protocol.system, trace.path)
        around = pairwise(trace.states if isinstance(states, Blocked) else states)
        return [executed.at(name, *pair) for name, pair in zip(trace.path, around, strict=True)]

    return found
