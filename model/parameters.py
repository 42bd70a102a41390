"""Assumptions about the hardware, bounds of the workload, and the scenarios that name a workload.

Source: dossier `hardware.md` sections 6 and 7. An unknown of the hardware is a value here, never a guess in the code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


class ParameterError(Exception):
    """An unknown key or value; the message names the valid ones, the nearest first."""


@dataclass(frozen=True)
class Assumption:
    """An open question about the hardware: its possible answers, the default first, and why it is open."""

    values: tuple[str, ...]
    why: str


ASSUMPTIONS: Mapping[str, Assumption] = {
    "lock_scope": Assumption(
        ("other-ee", "other-group", "whole-bam", "none", "other-group-commands", "group0-exempt"),
        "whom a held lock shuts out: pipes of another EE, of another group (of these only commands; not those of group"
        " 0), all, none",
    ),
    "nwd_ack": Assumption(("operation-done", "input-consumed"), "what the engine signals is peripheral specific"),
    "pipe_reset": Assumption(("keeps-lock", "releases-lock"), "what P_RST does to a lock that the pipe holds"),
    "lock_effect": Assumption(("before-own-write", "after-own-write"), "LOCK against its own dummy write"),
    "unlock_effect": Assumption(("after-own-write", "before-own-write"), "UNLOCK against its own dummy write"),
    "relock": Assumption(("idempotent", "counted", "blocks"), "LOCK by the pipe that already holds it"),
    "foreign_unlock": Assumption(("ignored", "releases"), "UNLOCK by a pipe that does not hold the lock"),
    "busy_write": Assumption(("may-fail", "fails", "harmless"), "what a register write does to a running operation"),
    "early_data": Assumption(("published", "blocks"), "DATA queued before the engine was started"),
    "locked_cpu_access": Assumption(("aborts", "proceeds"), "an EE's CPU access to registers under another's lock"),
    "published_on_lock": Assumption(
        ("finish", "frozen"), "what an EE's already published data does when another locks"
    ),
    "done_irq": Assumption(("after-operation-done", "any-order"), "producer interrupt against the engine's done state"),
    "nwd_irq": Assumption(("after-ack", "before-ack"), "when an NWD descriptor counts as consumed"),
    "handover": Assumption(("unfair", "round-robin"), "who gets the lock when both wait; matters for progress only"),
    "softirq": Assumption(
        ("one-cpu", "any-cpu"), "whether the work item and the tasklets can interleave: not on the CPU of one interrupt"
    ),
    "autosuspend": Assumption(
        ("clock-stays", "pipes-stop"), "whether a pipe that waits for the lock keeps the BAM's clock, 100 ms on"
    ),
    "reset_data": Assumption(("kept", "discarded"), "what P_RST does to data that is published and not taken"),
    "other_ee": Assumption(
        ("locks", "ignores-lock", "absent", "register-mode", "same-ee"),
        "what the other execution environment does (register-mode: all by CPU, no lock), or that the other user of the"
        " engine is a second client of Linux (same-ee)",
    ),
}


@dataclass(frozen=True)
class Bound:
    """A limit of the workload or of the model's capacity, with the range that the model accepts."""

    default: int
    least: int
    most: int
    meaning: str


BOUNDS: Mapping[str, Bound] = {
    "requests": Bound(2, 1, 4, "requests of Linux"),
    "tz_requests": Bound(2, 1, 4, "requests of the other EE"),
    "data": Bound(1, 1, 3, "hardware data descriptors of a request on the consumer pipe"),
    "ring": Bound(7, 2, 12, "slots of a pipe's ring (4095 in the driver)"),
    "ring_at": Bound(0, 0, 11, "the slot where earlier work left a ring's head and tail; 0 as after a reset"),
    "txns": Bound(5, 2, 8, "capacity of each virt-dma list in the model"),
    "cookies": Bound(8, 4, 32, "cookies that the model tells apart"),
    "mappings": Bound(6, 2, 16, "LOCK and UNLOCK transactions alive at one time in the model"),
}


FAULTS: Mapping[str, str] = {
    "lock-alloc": "the allocation of LOCK fails",
    "unlock-alloc": "the allocation of UNLOCK fails",
    "attach": "attaching the metadata fails",
    "qce-start": "qce_start fails, as ahash's can",
    "prep-data": "preparing the data fails",
    "runtime-pm": "pm_runtime_get_sync fails in bam_start_dma",
}
"""What may fail, and that it does as a clause."""


@dataclass(frozen=True)
class Scenario:
    """A named workload: what differs from the default bounds, what may fail, which client, which BAM."""

    meaning: str
    bounds: Mapping[str, int] = field(default_factory=dict)
    ring_short_by: int = 0
    mid_lap: bool = False
    faults: tuple[str, ...] = ()
    fault_count: int = 0
    lock_hardware: bool = True
    client: str = "qce"
    endless: bool = False
    probing: bool = False


SCENARIOS: Mapping[str, Scenario] = {
    "default": Scenario("QCE, one request in flight, two in all, the other EE beside it, no fault"),
    "small-ring": Scenario(
        "one request of the other EE; a ring with one slot fewer than a request needs, in the middle of its lap",
        {"tz_requests": 1, "mappings": 4, "data": 2},
        ring_short_by=1,
        mid_lap=True,
    ),
    "fresh-ring": Scenario(
        "as small-ring, the ring as after a reset, when it counts one free slot too many",
        {"tz_requests": 1, "mappings": 4, "data": 2},
        ring_short_by=1,
    ),
    "busy-client": Scenario(
        "a client that issues its next request while earlier ones are in flight, and never terminates",
        {"tz_requests": 1, "ring": 12, "txns": 8, "cookies": 16, "mappings": 8},
        client="busy",
    ),
    "busy-small-ring": Scenario(
        "as busy-client with a ring that fills up, in the middle of its lap",
        {"tz_requests": 1, "ring": 5, "txns": 8, "cookies": 16, "mappings": 8},
        mid_lap=True,
        client="busy",
    ),
    "faults": Scenario(
        "as default with one request of the other EE; one step fails: " + ", ".join(FAULTS),
        {"tz_requests": 1, "txns": 6, "ring": 10},
        faults=tuple(FAULTS),
        fault_count=1,
    ),
    "two-faults": Scenario(
        "as faults; two steps fail, or one twice",
        {"tz_requests": 1, "txns": 8, "ring": 12, "cookies": 16},
        faults=tuple(FAULTS),
        fault_count=2,
    ),
    "probe-window": Scenario(
        "as default with one request of the other EE; requests may come before probe has set base_phys",
        {"tz_requests": 1},
        probing=True,
    ),
    "no-lock-hardware": Scenario(
        "as default on a BAM 1.3, which has no pipe lock", {"tz_requests": 1}, lock_hardware=False
    ),
    "endless": Scenario("requests of Linux and of the other EE for ever, their identities recycled", endless=True),
}


def nearest(kind: str, name: str, valid: Iterable[str]) -> ParameterError:
    """The error for an unknown name of some kind, with the nearest valid name or all of them."""
    names = list(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else f"valid: {', '.join(names)}"
    return ParameterError(f"unknown {kind} {name!r}; {hint}")


def assumptions(chosen: Mapping[str, str]) -> dict[str, str]:
    """All assumptions, the chosen values in place of the defaults; raises ParameterError."""
    for key, value in chosen.items():
        if key not in ASSUMPTIONS:
            raise nearest("assumption", key, ASSUMPTIONS)
        if value not in ASSUMPTIONS[key].values:
            raise nearest(f"value of {key}", value, ASSUMPTIONS[key].values)
    return {key: chosen.get(key, item.values[0]) for key, item in ASSUMPTIONS.items()}


def others(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Every other value of each assumption than that in `values`, as pairs of key and value, in declared order."""
    return tuple((key, value) for key, item in ASSUMPTIONS.items() for value in item.values if value != values[key])


Setting = tuple[tuple[str, str], ...]
"""Values other than the defaults, at most one for each key, keys in declared order."""


def setting_of(values: Mapping[str, str]) -> Setting:
    """All that is not a default in a value for each assumption."""
    return tuple((key, values[key]) for key, item in ASSUMPTIONS.items() if values[key] != item.values[0])


def bounds(scenario: str, chosen: Mapping[str, int]) -> dict[str, int]:
    """All bounds of a scenario, the chosen values in place of its own; raises ParameterError."""
    if scenario not in SCENARIOS:
        raise nearest("scenario", scenario, SCENARIOS)
    for key, value in chosen.items():
        if key not in BOUNDS:
            raise nearest("bound", key, BOUNDS)
        if not BOUNDS[key].least <= value <= BOUNDS[key].most:
            raise ParameterError(
                f"bound {key}={value} is out of range; valid: {BOUNDS[key].least} to {BOUNDS[key].most}"
            )
    workload = SCENARIOS[scenario]
    result = {key: item.default for key, item in BOUNDS.items()} | dict(workload.bounds)
    if workload.ring_short_by:
        needed = 2 + 2 + chosen.get("data", result["data"])  # LOCK, two register writes, data, UNLOCK
        result["ring"] = needed - workload.ring_short_by
    result |= chosen
    if workload.mid_lap and "ring_at" not in chosen:
        result["ring_at"] = result["ring"] - 1
    if result["ring_at"] >= result["ring"]:
        raise ParameterError(
            f"bound ring_at={result['ring_at']} is no slot of a ring of {result['ring']};"
            f" valid: 0 to {result['ring'] - 1}"
        )
    return result


def select(kind: str, chosen: Sequence[str], valid: Sequence[str]) -> list[str]:
    """The chosen names, each once, or all if none is chosen; raises ParameterError for one that is not valid."""
    for name in chosen:
        if name not in valid:
            raise nearest(kind, name, valid)
    return list(dict.fromkeys(chosen)) or list(valid)
