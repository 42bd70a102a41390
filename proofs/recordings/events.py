"""Which steps of the model a log records, and as what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from model.channel import HW
from model.language.system import TransitionSystem
from model.vocabulary import kind_of
from proofs.engines.space import Space
from proofs.recordings.log import Event

RECORDED: Mapping[str, tuple[str, str | None, str]] = {
    **{f"client.{name}": ("submit", "rx", "") for name in ("prep_lock", "prep_unlock", "prep_commands")},
    "client.prep_rx_data": ("submit", "rx", ""),
    "client.prep_status": ("submit", "rx", ""),
    "client.prep_tx_data": ("submit", "tx", ""),
    **{f"client.{name}": ("issue", "rx", "ring") for name in ("issue_rx", "transfer_rx", "transfer_lock")},
    "client.transfer_unlock": ("issue", "rx", "ring"),
    **{f"client.{name}": ("issue", "tx", "") for name in ("issue_tx", "transfer_tx")},
    "driver.process_rx_irq": ("interrupt", "rx", "desc_list"),
    "driver.process_tx_irq": ("interrupt", "tx", "desc_list"),
    "driver.sps_isr": ("interrupt", "tx", ""),
    "driver.work_rx": ("work", "rx", "ring"),
    "driver.work_tx": ("work", "tx", ""),
    "driver.complete_tx": ("callback", "tx", ""),
    **{f"driver.{name}": ("callback", "rx", "") for name in ("complete_command", "complete_command_late")},
    "client.terminate_rx": ("terminate", "rx", ""),
    "client.terminate_tx": ("terminate", "tx", ""),
    "client.read_status": ("status", None, "ok after"),
    "client.take_status": ("status", None, "ok after"),
    "client.read_dump": ("status", None, "ok after"),
    "client.finish": ("finish", None, "ok before"),
}
"""By action the event, its channel, and where its attribute comes from. What is not here, all that the hardware does
above all, is silent."""

_KINDS = {HW.CONFIGURE: "CMD", HW.GO: "CMD", HW.STATUS: "CMD", HW.REQUEST: "LOCK+CMD"}


def events(system: TransitionSystem, space: Space) -> tuple[list[Event], np.ndarray]:
    """All events that some transition is, and for each transition the number of its own, -1 if it is silent."""
    found: dict[Event, int] = {}
    numbers = np.full(len(space.edges.source), -1, dtype=np.int32)
    for index, action in enumerate(system.actions):
        if kind_of(action.name) not in RECORDED:
            continue
        where = _alive(space, np.flatnonzero(space.edges.action == index))
        recorded = RECORDED[kind_of(action.name)]
        unique, inverse = np.unique(_facts(space, recorded, where), axis=1, return_inverse=True)
        own = [_event(recorded, [int(value) for value in column]) for column in unique.T]
        codes = np.array([found.setdefault(event, len(found)) for event in own], dtype=np.int32)
        numbers[where] = codes[inverse.reshape(-1)]
    return list(found), numbers


def _alive(space: Space, where: np.ndarray) -> np.ndarray:
    """Those of some transitions that do not end in an external abort: nothing is recorded of an access that does."""
    if "client.panicked" not in space.layout.places:
        return where
    after = space.layout.column(space.states[:, space.edges.destination[where]], "client.panicked")
    alive: np.ndarray = where[~after.astype(bool)]
    return alive


def _facts(space: Space, recorded: tuple[str, str | None, str], where: np.ndarray) -> np.ndarray:
    """What of the states before and after some transitions tells the attribute of an event, shape (facts, n)."""
    _, channel, origin = recorded

    def before(variable: str) -> np.ndarray:
        return space.layout.column(space.states[:, space.edges.source[where]], variable).astype(np.int64)

    def after(variable: str) -> np.ndarray:
        return space.layout.column(space.states[:, space.edges.destination[where]], variable).astype(np.int64)

    match origin:
        case "ring":
            return np.stack([before("rx.ring.len"), after("rx.ring.len"), after("rx.ring.hw")])
        case "desc_list":
            return np.stack([before(f"{channel}.desc_list.len") - after(f"{channel}.desc_list.len")])
        case "ok after":
            return np.stack([after("client.ok")])
        case "ok before":
            return np.stack([before("client.ok")])
    return np.zeros((1, len(where)), dtype=np.int64)


def _event(recorded: tuple[str, str | None, str], facts: list[int]) -> Event:
    name, channel, origin = recorded
    plain = Event(name, channel)
    match origin:
        case "ring":
            return replace(plain, wrote=_wrote(*facts))
        case "desc_list":
            return replace(plain, reaped=facts[0])
        case "ok after":
            return replace(plain, done=bool(facts[0]))
        case "ok before":
            return replace(plain, ok=bool(facts[0]))
    return plain


def _wrote(before: int, after: int, kinds: int) -> str:
    """What the ring has after the step and did not have before, each kind once in a row."""
    found: list[str] = []
    for place in range(before, after):
        kind = kinds >> place * HW.width & (1 << HW.width) - 1
        word = _KINDS.get(kind, HW.labels[kind])
        if found[-1:] != [word]:
            found.append(word)
    return " ".join(found)
