"""How a state is shown: which variables belong together, what they mean, and values as short texts.

A value is a text, or for a queue the list of its descriptors, front first. Nothing is left out: what is not written in
a descriptor's text is zero. A variable or a descriptor's field that is not named here is shown by its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterexamples.trace import Trace

Descriptor = dict[str, Any]
Shown = str | list[Descriptor]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Pipe lock": ("lock",),
    "Channel rx: commands and input": ("rx",),
    "Crypto engine": ("engine",),
    "Channel tx: output": ("tx",),
    "Client": ("client",),
    "Work item": ("work",),
    "TrustZone": ("tz",),
    "Faults and what the properties remember": ("fault", "monitor"),
}

HOLDER = "lock holder"
HOLDERS = {"lock.linux": "Linux", "lock.tz": "TrustZone"}

MEANINGS: Mapping[str, str] = {
    HOLDER: "whose pipes may fetch",
    "lock.depth": "how often it is held",
    "lock.last": "who had it last",
    "engine.op": "whose operation runs",
    "engine.config": "who wrote CONFIG last",
    "engine.status": "whose STATUS is",
    "engine.status_done": "STATUS says done",
    "engine.pair_tz": "serves TrustZone's pipes",
    "engine.input": "input taken",
    "engine.output": "output put",
    "engine.dumped": "result dump put",
    "engine.disturbed": "written to while it ran",
    "engine.published_rx": "Linux input that waits",
    "engine.published_tz": "TrustZone input that waits",
    "client.pc": "next step",
    "client.request": "requests begun before",
    "client.ok": "result is good",
    "client.failed": "request failed",
    "client.panicked": "external abort",
    "client.buffer": "command buffer holds writes of",
    "client.buffer_mapped": "command buffer mapped for",
    "client.data_mapped": "data mapped of",
    "client.base_known": "base_phys is set",
    "client.astray": "register writes lack the base",
    "client.lock_mapped": "LOCK mapped",
    "client.unlock_mapped": "UNLOCK mapped",
    "rx.alive": "transactions with a mapping",
    "rx.mapped": "mappings",
    "rx.leaked": "a mapping leaked",
    "rx.locked": "driver's flag: locked",
    "rx.lock_sg": "mapping of the LOCK",
    "rx.unlock_sg": "mapping of the UNLOCK",
    "rx.desc_completed_lock": "LOCKs to be freed",
    "rx.desc_completed_unlock": "UNLOCKs to be freed",
    "rx.freeing_lock": "LOCKs being freed",
    "rx.freeing_unlock": "UNLOCKs being freed",
    "rx.terminated_lock": "LOCKs that a terminate frees",
    "rx.terminated_unlock": "UNLOCKs that a terminate frees",
    "rx.metadata": "metadata of request, from 0",
    "rx.nwd_wait": "waits for the engine (NWD)",
    "rx.half_executed": "dummy write half done",
    "rx.next_cookie": "next cookie",
    "rx.completed_cookie": "completed cookie",
    "rx.head": "slot to be reaped next",
    "rx.tail": "slot to be filled next",
    "rx.irq": "interrupt pending",
    "tx.head": "slot to be reaped next",
    "tx.tail": "slot to be filled next",
    "tx.irq": "interrupt pending",
    "tx.desc_completed": "has the transaction",
    "work.pending": "scheduled",
    "work.at_tx": "at channel tx",
    "tz.pc": "next step follows",
    "tz.queued": "a request is queued",
    "tz.done": "requests done",
    "tx.enabled": "producer pipe set up",
    "rx.scratchpad": "scratchpad address known",
    "bam.suspended": "clock is off",
    "fault.struck": "what failed",
    "fault.left": "what may still fail",
    "monitor.spoilt": "disturbed or foreign",
    "monitor.bracket": "a LOCK is open",
}

_SETS = ("alive", "mapped", "_lock", "_unlock")
_REQUEST_SETS = ("client.buffer_mapped", "client.data_mapped", "monitor.spoilt")
_FLAGS = ("nwd", "int", "eot")
_COUNTS = {"left": "left", "xfer": "loaded", "cookie": "cookie"}
_BRACKET = ("LOCK", "UNLOCK")
_TOLD = ("hw", "kind", "req", "map", *_FLAGS, *_COUNTS)


def shown_state(trace: Trace, index: int) -> dict[str, Shown]:
    """State `index` of a trace as it is to be read: names to texts or descriptors.

    Where both lock bits are known, the lock has a holder instead.
    """
    state = trace.readable(index)
    result: dict[str, Shown] = {}
    if HOLDERS.keys() <= state.keys():
        holders = [who for name, who in HOLDERS.items() if state.pop(name)]
        result[HOLDER] = " and ".join(holders) or "nobody"
    return result | {name: shown(name, value) for name, value in state.items()}


def shown(name: str, value: Any) -> Shown:
    """One variable's value."""
    if isinstance(value, list):
        return [descriptor(record) for record in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith(_SETS):
        return _members(name, value)
    return str(value)


def _members(name: str, bits: int) -> str:
    numbers = [number for number in range(bits.bit_length()) if bits >> number & 1]
    texts = [f"#{number + 1}" if name in _REQUEST_SETS else str(number) for number in numbers]
    return "{" + ",".join(texts) + "}"


def descriptor(record: Mapping[str, Any]) -> Descriptor:
    """One entry of a queue: `name` with the request's number, `flags`, and `detail`: its counts and its mapping."""
    kind = str(record.get("hw") or record.get("kind") or "DATA")
    request = record.get("req", 0)
    numbered = "req" in record and (request or kind not in _BRACKET)
    detail = [f"{text} {record[key]}" for key, text in _COUNTS.items() if key in record]
    if "map" in record and (record["map"] or kind in _BRACKET):
        detail.append(f"mapping {record['map']}")
    detail += [f"{key} {value}" for key, value in record.items() if key not in _TOLD and value]
    return {
        "name": f"{kind} #{request + 1}" if numbered else kind,
        "flags": [flag.upper() for flag in _FLAGS if record.get(flag)],
        "detail": ", ".join(detail),
    }


def groups(names: Mapping[str, Shown]) -> list[dict[str, Any]]:
    """The variables in groups: `title`, `names`; queues first in each. Every name is in exactly one group."""
    result = []
    left = dict(names)
    for title, prefixes in GROUPS.items():
        mine = [name for name in left if name.replace(" ", ".").split(".", 1)[0] in prefixes]
        queues = [name for name in mine if not isinstance(left[name], str)]
        ordered = queues + [name for name in mine if name not in queues]
        if ordered:
            result.append({"title": title, "names": ordered})
        left = {name: value for name, value in left.items() if name not in mine}
    if left:
        result.append({"title": "Other", "names": list(left)})
    return result
