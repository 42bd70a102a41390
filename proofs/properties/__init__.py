"""The property catalogue, by family. A property is a sentence, its source, when it does not apply, and its target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from model.protocol import Protocol
from proofs.engines import Target

ALWAYS, REACH = "always", "reach"
EVERYWHERE = ("default", "small-ring")


def _applies(_: Protocol) -> str | None:
    return None


@dataclass(frozen=True)
class Property:
    """One claim. `target`: what an `always` property must never, a `reach` property must sometimes come to.

    `not_applicable` gives the reason why a version cannot be asked, or None. `scenarios`: where it is asked.
    """

    id: str
    family: str
    kind: str
    statement: str
    source: str
    target: Callable[[Protocol], Target]
    not_applicable: Callable[[Protocol], str | None] = _applies
    scenarios: tuple[str, ...] = EVERYWHERE


def needs_lock(protocol: Protocol) -> str | None:
    """Not applicable to a version that queues no LOCK."""
    return None if protocol.ctx.locks else "this version takes no lock for the client"


def catalogue() -> Mapping[str, Property]:
    """All properties by id, in the catalogue's order."""
    from proofs.properties import exclusion, lifetimes, lock, robustness

    families = (exclusion.PROPERTIES, lock.PROPERTIES, lifetimes.PROPERTIES, robustness.PROPERTIES)
    return {item.id: item for family in families for item in family}
