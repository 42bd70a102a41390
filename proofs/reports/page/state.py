"""How a state is shown: which variables belong together, what they mean, and values as short texts.

A value is a text, or for a queue the list of its descriptors, front first. Nothing is left out: what is not written in
a descriptor's text is zero. A descriptor's field that is not named here is shown by its own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterexamples.story.moment import LOCKS, kind_of
from counterexamples.story.notation import FLAGS, value_of
from model.vocabulary import GROUPS, VARIABLES

Descriptor = dict[str, Any]
Shown = str | list[Descriptor]

HOLDER = "lock holder"
HOLDERS = {"lock.linux": "Linux", "lock.tz": "TrustZone"}

_COUNTS = {"left": "left", "xfer": "loaded", "cookie": "cookie"}
_TOLD = ("hw", "kind", "req", "map", *FLAGS, *_COUNTS)


def shown_state(readable: Mapping[str, Any]) -> dict[str, Shown]:
    """A readable state as it is shown: names to texts or descriptors.

    Where both lock bits are known, the lock has a holder instead.
    """
    state = dict(readable)
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
    return value_of(name, value) if isinstance(value, int) else str(value)


def descriptor(record: Mapping[str, Any]) -> Descriptor:
    """One entry of a queue: `name` with the request's number, `flags`, and `detail`: its counts and its mapping."""
    kind = kind_of(record)
    request = record.get("req", 0)
    numbered = "req" in record and (request or kind not in LOCKS)
    detail = [f"{text} {record[key]}" for key, text in _COUNTS.items() if key in record]
    if "map" in record and (record["map"] or kind in LOCKS):
        detail.append(f"mapping {record['map']}")
    detail += [f"{key} {value}" for key, value in record.items() if key not in _TOLD and value]
    return {
        "name": f"{kind} #{request + 1}" if numbered else kind,
        "flags": [flag.upper() for flag in FLAGS if record.get(flag)],
        "detail": ", ".join(detail),
    }


def meaning(name: str) -> str:
    """What a variable says in a few words, empty for a queue."""
    if name == HOLDER:
        return "whose pipes may fetch"
    return VARIABLES[name].text if name in VARIABLES else ""


def groups(names: Mapping[str, Shown]) -> list[dict[str, Any]]:
    """The variables in groups: `title`, `names`; queues first in each. Every name is in exactly one group."""
    result = []
    for prefix, title in GROUPS.items():
        mine = [name for name in names if name.replace(" ", ".").split(".", 1)[0] == prefix]
        queues = [name for name in mine if not isinstance(names[name], str)]
        ordered = queues + [name for name in mine if name not in queues]
        if ordered:
            result.append({"title": title, "names": ordered})
    return result
