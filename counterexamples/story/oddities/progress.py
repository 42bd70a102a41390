"""Of an execution that goes on for ever without what should happen: what still waits or is held, and for what."""

from __future__ import annotations

from counterexamples.story.moment import Execution, State, kinds, listed, owner
from counterexamples.story.oddities.oddity import busy
from counterexamples.trace import EVENTUALLY, Trace
from model.hardware.pipes import shuts_out


def waiting(execution: Execution) -> list[str]:
    """What lasts from the end of such a trace on, most telling first, each as a clause; of other traces nothing."""
    trace, state = execution.trace, execution.states[-1]
    if trace.kind != EVENTUALLY:
        return []
    return [*_in_driver(state), *_at_lock(trace, state), *_in_engine(trace, state)]


def _in_driver(state: State) -> list[str]:
    facts = []
    if str(state["client.pc"]).startswith("wait"):
        facts.append("the client waits for its completion")
    issued, ring = kinds(state["rx.desc_issued"] or []), kinds(state["rx.ring"] or [])
    if issued and not state["rx.irq"] and not state["work.pending"]:
        facts.append(
            f"{listed(issued)} {'are' if issued[1:] else 'is'} in desc_issued with neither an interrupt nor the work"
            " item pending that would start them"
        )
    if ring:
        facts.append(f"{listed(ring)} {'are' if ring[1:] else 'is'} in the ring of the consumer pipe")
    return facts


def _at_lock(trace: Trace, state: State) -> list[str]:
    facts = []
    if state["lock.linux"]:
        none = "" if "UNLOCK" in kinds(state["rx.ring"]) else " with no UNLOCK in its ring"
        shut = ", so that TZ is shut out" if shuts_out(trace.subject, "rx", "tz") else ""
        facts.append(f"the consumer pipe of Linux holds the lock{none}{shut}")
    if state["lock.tz"]:
        shut = ", so that the consumer pipe of Linux is shut out" if shuts_out(trace.subject, "tz", "rx") else ""
        facts.append(f"TZ holds the lock{shut}")
    return facts


def _in_engine(trace: Trace, state: State) -> list[str]:
    facts = []
    if state["tz.pc"] == "aborted":
        facts.append("an external abort has ended TZ")
    if state["tz.pc"] == "published":
        facts.append("TZ has published its DATA and waits for the engine")
    if busy(state):
        facts.append(f"the engine has begun the operation of {owner(state['engine.op'])} and cannot end it")
        if not state["engine.pair_tz"] and _producer_stalled(trace, state):
            facts[-1] += ", its producer pipe being shut out too"
    if state["rx.nwd_wait"]:
        facts.append("the pipe waits because of NWD")
    return facts


def _producer_stalled(trace: Trace, state: State) -> bool:
    holders = {"rx": state["lock.linux"], "tz": state["lock.tz"]}
    return any(held and shuts_out(trace.subject, holder, "tx", data=True) for holder, held in holders.items())
