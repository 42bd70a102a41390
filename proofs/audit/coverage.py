"""`cover`: what of a version's model is used at all: actions that fire, claims that have a subject, axes that matter.

A property holds for nothing if what it speaks of never happens, and a bug in an action that never fires is found by
nobody. What is not covered has to be explained in `uncovered.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources

import numpy as np
import z3

from model import versions
from model.context import Protocol
from model.protocol import build
from model.versions import Version
from model.versions._fit import misfit
from proofs.audit.cases import ONE, SMALLEST, Case
from proofs.audit.mutants import same
from proofs.audit.noticing import Bench, bench, where
from proofs.checking.expectations import ExpectationError
from proofs.checking.pool import cores, in_parallel
from proofs.engines import Target
from proofs.engines.space import Space
from proofs.properties import catalogue, scenario_applies

FILE = "uncovered.toml"
ACTION, PROPERTY, AXIS = "action", "property", "axis"
COUNTS = "other counts"
CASES = (
    SMALLEST,
    Case("faults", {"requests": 1, "ring": 5, "ring_at": 4, "txns": 4}),
    Case("no-lock-hardware", ONE),
    Case("default", {"requests": 2, "tz_requests": 1}),
    Case("faults", {"requests": 1, "ring": 3, "ring_at": 2, "data": 3, "txns": 4}),
    Case("faults", {"requests": 2}),
)
"""Where to look, the quick cases first; a case is explored only if it may show something that no earlier one did."""
# what an axis is about may be a BAM without the lock, a failure, a probe that is not over
AXIS_CASES = (*CASES[:3], Case("probe-window", {"requests": 1}))


@dataclass(frozen=True)
class Item:
    """An action, a property's subject or an axis; `where` it is covered, empty if nowhere, then `why` not."""

    kind: str
    name: str
    where: str = ""
    why: str = ""


def explored(version: Version, cases: Sequence[Case]) -> list[Item]:
    """Actions and subjects: in which case each is first seen to happen."""
    found: dict[tuple[str, str], str] = {}
    for case in cases:
        item = bench(version.name, case)
        protocol = item.protocol
        if scenario_applies(protocol) is not None:
            continue
        wanted = _wanted(protocol)
        found = dict.fromkeys(wanted, "") | found
        if missing := {key: target for key, target in wanted.items() if not found[key]}:
            found |= {key: case.label for key, target in missing.items() if _happens(protocol, item.space, key, target)}
    return [Item(kind, name, where) for (kind, name), where in found.items()]


def _happens(protocol: Protocol, space: Space, key: tuple[str, str], target: Target) -> bool:
    """Whether an action fires, a state is reached, or a step amounts to an event."""
    edges, actions = space.edges, protocol.system.actions
    if key[0] == ACTION:
        return any(np.any(edges.action == index) for index, action in enumerate(actions) if action.name == key[1])
    if len(where(space, z3.simplify(target.state), np.arange(space.states.shape[1]))):
        return True
    return any(
        len(where(space, action.events[event], edges.source[edges.action == index]))
        for index, action in enumerate(actions)
        for event in target.on
        if event in action.events
    )


def _wanted(protocol: Protocol) -> dict[tuple[str, str], Target]:
    """A target for each action and for each subject of the properties that are asked in its scenario."""
    wanted = {(ACTION, action.name): Target() for action in protocol.system.actions}
    for item in catalogue().values():
        if protocol.subject.scenario in item.scenarios and item.reason_against(protocol) is None:
            subjects = item.subjects(protocol)
            wanted |= {(PROPERTY, f"{item.id}: {meaning}"): target for meaning, target in subjects.items()}
    return wanted


def axes_of(version: Version) -> list[Item]:
    """For each axis what another value, alone, changes: a property, else a count, else terms; or what fixes it."""
    for case in AXIS_CASES:
        _ = bench(version.name, case).findings  # once, before the workers are forked
    return list(in_parallel(_axis, [(version.name, axis) for axis in versions.axes()], cores()))


def _axis(asked: tuple[str, str]) -> Item:
    name, axis = asked
    version = versions.load(name)
    options = list(_others(version, axis))
    if not options:
        refused = next(misfit({**version.axes, axis: value}) for value in _values(version, axis))
        return Item(AXIS, axis, f"fixed by the other axes: {refused}")
    weaker = ""
    for case in AXIS_CASES:
        ours = bench(name, case)
        for value in _told_apart(version, axis, options):
            theirs = Bench(build(ours.protocol.subject.changed({axis: value})), ours.case)
            if equal(ours.protocol, theirs.protocol):
                continue
            place = f"with {_shown(value)} ({ours.case.label})"
            names, counted = ours.noticed(theirs.findings)
            if names:
                return Item(AXIS, axis, f"property {names[0]} is another {place}")
            if counted and not weaker.startswith(COUNTS):
                weaker = f"{COUNTS} {place}, no property"
            weaker = weaker or f"only terms are others {place}"
        if weaker.startswith(COUNTS):
            break
    return Item(AXIS, axis, weaker)


def _values(version: Version, axis: str) -> Iterator[versions.Value]:
    """Other values for an axis; for a list of steps every order in which two neighbours are exchanged."""
    own = version.axes[axis]
    if isinstance(own, str):
        yield from (value for value in versions.axis_values(axis) if value != own)
        return
    for place in range(len(own) - 1):
        if own[place] != own[place + 1]:
            yield (*own[:place], own[place + 1], own[place], *own[place + 2 :])


def _told_apart(version: Version, axis: str, options: Sequence[versions.Value]) -> list[versions.Value]:
    """Those of some values that the model does not treat alike with the version's own or with one before."""
    own = versions.behaviour(version.axes)[axis]
    meant = {value: versions.behaviour({**version.axes, axis: value})[axis] for value in options}
    first = {meaning: value for value, meaning in reversed(meant.items())}
    return [value for value, meaning in meant.items() if meaning != own and first[meaning] == value]


def _others(version: Version, axis: str) -> Iterator[versions.Value]:
    return (value for value in _values(version, axis) if misfit({**version.axes, axis: value}) is None)


def _shown(value: versions.Value) -> str:
    return value if isinstance(value, str) else " ".join(value)


def equal(one: Protocol, other: Protocol) -> bool:
    """Whether two protocols have the same variables and the same actions, term by term."""
    first, second = one.system, other.system
    names = [action.name for action in first.actions]
    if first.variables != second.variables or names != [action.name for action in second.actions]:
        return False
    return all(same(mine, theirs) for mine, theirs in zip(first.actions, second.actions, strict=True))


def reasons(version: Version) -> dict[tuple[str, str], str]:
    """Why something of a version is not covered, for a file also what is recorded for its base; raises
    ExpectationError if `uncovered.toml` is damaged."""
    text = resources.files("proofs.audit").joinpath(FILE).read_text(encoding="utf-8")
    try:
        entries = tomllib.loads(text).get("uncovered", [])
        asked = {version.name, version.base} if version.name not in versions.names() else {version.name}
        return {
            (entry["kind"], name): entry["reason"]
            for entry in entries
            if asked & set(entry["versions"])
            for name in entry["names"]
        }
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        message = f"{FILE}: {error}; it holds tables [[uncovered]] with `kind`, `names`, `versions` and `reason`"
        raise ExpectationError(message) from None


@dataclass(frozen=True)
class Coverage:
    """What there is of a version, covered or not, and the recorded reasons for what is covered or does not exist."""

    version: str
    items: tuple[Item, ...]
    stale: tuple[tuple[str, str], ...]

    @property
    def vacuous(self) -> list[Item]:
        """What is not covered and has no reason."""
        return [item for item in self.items if not (item.where or item.why)]


def cover_version(version: Version, scenarios: Sequence[str]) -> Coverage:
    """Everything of a version; with some scenarios only, no axes, and reasons are not judged."""
    cases = [case for case in CASES if not scenarios or case.scenario in scenarios]
    items = explored(version, cases) + ([] if scenarios else axes_of(version))
    known = reasons(version)
    judged = tuple(item if item.where else replace(item, why=known.get((item.kind, item.name), "")) for item in items)
    open_ones = {(item.kind, item.name) for item in items if not item.where}
    judge = not scenarios and version.name in versions.names()
    return Coverage(version.name, judged, tuple(key for key in known if judge and key not in open_ones))
