"""What the actors of the model share: the version's axes, bounds and assumptions.

Nothing here moves: the actors in `hardware`, `driver`, `client` and `other_ee` add the actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import z3

from model.system import Builder, Enumeration, StateSpace, Term, width_of


@dataclass
class Context:
    """One version under given assumptions, bounds and scenario, and the state that follows from them.

    `axes`, `assume`: names to values; `bounds`: names to counts.
    Source: `model/versions/`, dossier `hardware.md` section 6.
    """

    axes: Mapping[str, Any]
    assume: Mapping[str, str]
    bounds: Mapping[str, int]
    space: StateSpace = field(default_factory=StateSpace)

    def __post_init__(self) -> None:
        self.builder = Builder(self.space)
        requests = self.bounds["requests"]
        self.request_bits = width_of(requests)
        self.owner = Enumeration("none", "tz", *(f"linux-{number + 1}" for number in range(requests)))

    @property
    def locks(self) -> bool:
        """Whether this version ever queues a LOCK for the modelled client."""
        return bool(self.axes["lock"] != "none")

    def linux(self, request: Term) -> Term:
        """The owner value of a Linux request's number."""
        have, want = request.size(), self.owner.width
        wide = z3.ZeroExt(want - have, request) if have < want else request
        return wide + 2

    def is_linux(self, owner: Term) -> Term:
        """Whether an owner is a request of Linux."""
        return z3.UGE(owner, 2)
