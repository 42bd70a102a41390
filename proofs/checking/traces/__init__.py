"""Paths that show what a property is about: as traces, and which assumptions they need."""

from __future__ import annotations

from collections.abc import Sequence

from counterexamples.story import Story
from model.context import Protocol
from proofs.checking.traces.reliance import needs
from proofs.checking.traces.replay import trace_of
from proofs.properties import Property


def story_of(protocol: Protocol, item: Property, path: Sequence[str], loop: int | None = None) -> Story:
    """The story of a path that ends in what the property is about; raises ReplayError if it does not.

    That of an `eventually` property needs `loop`.
    """
    return Story(*trace_of(protocol, item, path, loop), needs)
