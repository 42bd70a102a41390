"""Which steps of the model a log records, and as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from model.channel import HW
from model.language.system import TransitionSystem
from model.vocabulary import kind_of
from proofs.engines.space import Space
from proofs.recordings.log import Event

RECORDED: Mapping[str, tuple[str, str | None]] = {
    **{f"client.{name}": ("submit", "rx") for name in ("prep_lock", "prep_unlock", "prep_commands", "prep_rx_data")},
    "client.prep_tx_data": ("submit", "tx"),
    **{f"client.{name}": ("issue", "rx") for name in ("issue_rx", "transfer_rx", "transfer_lock", "transfer_unlock")},
    **{f"client.{name}": ("issue", "tx") for name in ("issue_tx", "transfer_tx")},
    "driver.process_rx_irq": ("interrupt", "rx"),
    "driver.process_tx_irq": ("interrupt", "tx"),
    "driver.sps_isr": ("interrupt", "tx"),
    "driver.work_rx": ("work", "rx"),
    "driver.work_tx": ("work", "tx"),
    "driver.complete_tx": ("callback", "tx"),
    "client.terminate_rx": ("terminate", "rx"),
    "client.terminate_tx": ("terminate", "tx"),
    "client.read_status": ("status", None),
    "client.read_dump": ("status", None),
    "client.finish": ("finish", None),
}
"""By action the event and its channel. What is not here, all that the hardware does above all, is silent."""

_KINDS = {HW.CONFIGURE: "CMD", HW.GO: "CMD", HW.REQUEST: "LOCK+CMD"}
_Column = Callable[[str, np.ndarray], np.ndarray]


def events(system: TransitionSystem, space: Space) -> tuple[list[Event], np.ndarray]:
    """All events that some transition is, and for each transition the number of its own, -1 if it is silent."""
    found: dict[Event, int] = {}
    numbers = np.full(len(space.edges.source), -1, dtype=np.int32)
    for index, action in enumerate(system.actions):
        if kind_of(action.name) not in RECORDED:
            continue
        where = _alive(space, np.flatnonzero(space.edges.action == index))
        rows = _facts(system, space, RECORDED[kind_of(action.name)], where)
        unique, inverse = np.unique(rows, axis=1, return_inverse=True)
        own = [_event(*RECORDED[kind_of(action.name)], [int(value) for value in column]) for column in unique.T]
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


def _facts(system: TransitionSystem, space: Space, recorded: tuple[str, str | None], where: np.ndarray) -> np.ndarray:
    """What of the states before and after some transitions an event of that kind shows, shape (facts, n)."""
    name, channel = recorded

    def before(variable: str) -> np.ndarray:
        return space.layout.column(space.states[:, space.edges.source[where]], variable).astype(np.int64)

    def after(variable: str) -> np.ndarray:
        return space.layout.column(space.states[:, space.edges.destination[where]], variable).astype(np.int64)

    if name in ("issue", "work") and channel == "rx":
        return np.stack([before("rx.ring.len"), after("rx.ring.len"), after("rx.ring.hw")])
    if name == "interrupt":
        return np.stack([before(f"{channel}.desc_list.len") - after(f"{channel}.desc_list.len")])
    if name in ("status", "finish"):
        return np.stack([(after if name == "status" else before)("client.ok")])
    return np.zeros((1, len(where)), dtype=np.int64)


def _event(name: str, channel: str | None, facts: list[int]) -> Event:
    if name in ("issue", "work"):
        return Event(name, channel, wrote=_wrote(*facts) if channel == "rx" else None)
    if name == "interrupt":
        return Event(name, channel, reaped=facts[0])
    if name == "status":
        return Event(name, channel, done=bool(facts[0]))
    return Event(name, channel, ok=bool(facts[0])) if name == "finish" else Event(name, channel)


def _wrote(before: int, after: int, kinds: int) -> str:
    """What the ring has after the step and did not have before, each kind once in a row."""
    found: list[str] = []
    for place in range(before, after):
        kind = kinds >> place * HW.width & (1 << HW.width) - 1
        word = _KINDS.get(kind, HW.labels[kind])
        if found[-1:] != [word]:
            found.append(word)
    return " ".join(found)
