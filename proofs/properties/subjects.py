"""Whether what a property speaks of ever happens: where it does not, an exhausted system proves nothing."""

from __future__ import annotations

from collections.abc import Iterable

from model.context import Protocol
from model.language.system import TransitionSystem
from proofs.engines import Target, Unknown, Unreachable
from proofs.engines.breadth import OutOfMemoryError
from proofs.engines.cone import contains, own_part
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space
from proofs.properties import Property


def key_of(item: Property, meaning: str) -> str:
    """What a subject of a property, by its meaning, is called among the targets of an exploration."""
    return f"{item.id}: {meaning}"


def along(protocol: Protocol, part: TransitionSystem, properties: Iterable[Property]) -> dict[str, Target]:
    """Those subjects of properties that an exploration of `part` can look for beside their targets."""
    return {
        key_of(item, meaning): subject
        for item in properties
        for meaning, subject in item.subjects(protocol).items()
        if contains(part, protocol.system, subject)
    }


def unmet(protocol: Protocol, item: Property, space: Space | None = None) -> dict[str, Unreachable | Unknown]:
    """The subjects of a property that were not seen to happen, by meaning: they never do, or it is not known.

    `space`: a complete exploration, which has the answer for those that were looked for in it.
    """
    found = {}
    for meaning, subject in item.subjects(protocol).items():
        key, known, cut = key_of(item, meaning), space, ""
        if known is None or key not in known.asked:
            explorer = Explorer(own_part(protocol.system, subject))
            try:
                known = explorer.explore({key: subject}, stop_early=True, transitions=False)
            except OutOfMemoryError as error:
                known, cut = error.space, str(error)
        if key not in known.hits:
            found[meaning] = Unknown(cut) if cut else _absent(known)
    return found


def _absent(space: Space) -> Unreachable | Unknown:
    if space.exceeded:
        return Unknown(f"capacity {', '.join(space.exceeded)}")
    return Unreachable(space.states.shape[1])
