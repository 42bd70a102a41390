"""What somebody can see of a run from outside, and what an observation claims in these words or as properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import z3

from model import parameters
from model.channel import one_hot, request_number
from model.client import Program
from model.context import Protocol
from model.language.system import Step
from proofs.engines import Target
from proofs.properties import ALWAYS, REACH, Property, catalogue, scenario_applies

FAMILY = "evidence"


@dataclass(frozen=True)
class Sight:
    """Something that a run can show, as a clause, and the states or steps in which it does.

    `waiting`: whether only a client shows it that waits for its request and looks at STATUS.
    """

    clause: str
    target: Callable[[Protocol], Target]
    waiting: bool = False

    def reason_against(self, protocol: Protocol) -> str | None:
        """Why it cannot be asked of a system, or None."""
        if self.waiting and protocol.ctx.workload.client != "qce":
            return "the client of this scenario does not look at STATUS"
        return scenario_applies(protocol)


def _disturbed(protocol: Protocol) -> Target:
    if "engine.disturbed" not in protocol.ctx.space.variables:
        return Target()
    s = Step(protocol.ctx.space)
    return Target(state=z3.And(s["engine.disturbed"], protocol.ctx.is_linux(s["engine.op"])))


def _done(_: Protocol) -> Target:
    return Target(on={"request_succeeded": z3.BoolVal(True)})


def _calm(protocol: Protocol) -> Target:
    s, ctx = Step(protocol.ctx.space), protocol.ctx
    own = one_hot(request_number(ctx, s), ctx.bounds["requests"])
    return Target(on={"request_succeeded": s["monitor.spoilt"] & own == 0})


def _failed(protocol: Protocol) -> Target:
    s = Step(protocol.ctx.space)
    finishes = s["client.pc"] == Program.of(protocol.ctx).labels["finish"]
    return Target(state=z3.And(finishes, z3.Not(s["client.ok"])))


def _aborted(protocol: Protocol) -> Target:
    if "client.panicked" not in protocol.ctx.space.variables:
        return Target()
    return Target(state=Step(protocol.ctx.space)["client.panicked"])


SIGHTS: Mapping[str, Sight] = {
    "config-change-error": Sight("STATUS bit 17 is set for an operation of Linux", _disturbed),
    "request-done": Sight("a request of Linux is done and reported as successful", _done),
    "request-undisturbed": Sight("a request is reported as successful, its operation not disturbed", _calm, True),
    "request-failed": Sight("STATUS says of a request that is done that it is not", _failed, True),
    "external-abort": Sight("Linux gets an external abort", _aborted),
}
"""By the name that an observation uses."""


def claim(name: str, seen: bool) -> Property:
    """What was seen, or was never seen, as a property: a sight, or for what was never seen a violation of a property.

    Raises ParameterError for another name.
    """
    if name in SIGHTS:
        sight = SIGHTS[name]
        kind = REACH if seen else ALWAYS
        return Property(name, FAMILY, kind, sight.clause, "hardware.md 6a", sight.target, sight.reason_against)
    known = {} if seen else {key: item for key, item in catalogue().items() if item.kind != REACH}
    if name not in known:
        raise parameters.nearest("sight" if seen else "sight or property", name, [*SIGHTS, *known])
    return known[name]


def reason_against(item: Property, protocol: Protocol) -> str | None:
    """Why a claim cannot be asked of a system; unlike a property, a sight that can never be is an answer."""
    return item.not_applicable(protocol) if item.family == FAMILY else item.reason_against(protocol)


def never_asked(item: Property, protocol: Protocol) -> str | None:
    """The same as far as it does not depend on the system's actions."""
    return item.not_applicable(protocol) if item.family == FAMILY else item.never_asked(protocol)
