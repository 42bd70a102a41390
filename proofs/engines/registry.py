"""All engines that decide properties, and agree about them: an engine is a module beside this one and an entry here.

`check --engine` offers each by its name, and `both` asks all of them. Induction is apart: what it finds is proved again
before it counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from proofs.engines import Engine, bounded, exhaustive, fair

BOTH = "both"
ENGINES: Mapping[str, Engine] = {
    "exhaustive": Engine("exhaustion", exhaustive.answer, lasting=fair.answer),
    "bounded": Engine("z3", bounded.answer, confirm=bounded.confirm),
}
"""All engines by name, in the order in which they are asked: what one answers is known to those after it."""


def chosen(name: str) -> Mapping[str, Engine]:
    """The engine of that name, or all for `both`."""
    return ENGINES if name == BOTH else {name: ENGINES[name]}
