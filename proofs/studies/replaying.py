"""`replay`: the steps of a stored trace on another version: where they are blocked, or what they come to there.

The steps are taken as they are; the first one that is not possible is reported with its guards. Where another version
does the same things in another order that is soon the case, so the nearest execution of that version is shown as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from counterexamples.trace import Blocked, ReplayError, Trace, replay, run
from model.context import Protocol
from model.language.concrete import holds
from model.protocol import build
from model.subject import Subject
from proofs.checking.request import demand_known_axes
from proofs.checking.stored import stored_story
from proofs.checking.traces.replay import trace_of
from proofs.properties import ALWAYS, EVENTUALLY, Property, catalogue
from proofs.studies.alignment import LEFT_OUT, PUT_IN, TAKEN, Aligned, align

State = Mapping[str, int]


@dataclass(frozen=True)
class Replayed:
    """What became of a trace's steps on another version.

    `blocked`: where they could not go on. `hit`: the number of steps after which the property's target is hit there,
    None if it is not, or if the property does not apply (then `reason` says why). `axes`: in which the versions differ.
    `nearest`: where the steps were blocked the nearest execution, and `nearest_hit` likewise.
    """

    version: str
    stored: Trace
    kind: str
    axes: tuple[str, ...]
    blocked: Blocked | None
    hit: int | None
    reason: str | None
    nearest: tuple[Aligned, ...] = ()
    nearest_hit: int | None = None

    @property
    def violated(self) -> bool:
        """Whether the property is violated on this version too, by these steps or by the nearest execution."""
        return self.kind in (ALWAYS, EVENTUALLY) and (self.hit is not None or self.nearest_hit is not None)


def replay_on(path: Path, version: str) -> Replayed:
    """Replay a stored trace, after checking it as `show` does, under its own scenario, bounds and assumptions.

    Raises DocumentError, ReplayError, VersionError or ParameterError.
    """
    demand_known_axes(version)
    stored = stored_story(path).trace
    about = stored.subject
    protocol = build(Subject.of(version, about.scenario, about.assumptions, about.bounds))
    outcome = run(protocol.system, stored.path)
    blocked = outcome if isinstance(outcome, Blocked) else None
    states = replay(protocol.system, stored.path[: outcome.step - 1]) if isinstance(outcome, Blocked) else outcome
    item = catalogue()[stored.property_id]
    reason = item.reason_against(protocol)
    hit = None if reason is not None else first_hit(protocol, item, stored, states)
    replayed = Replayed(version, stored, item.kind, _differing(about, protocol.subject), blocked, hit, reason)
    return replayed if blocked is None or item.kind == EVENTUALLY else _with_nearest(replayed, protocol, item)


def _with_nearest(replayed: Replayed, protocol: Protocol, item: Property) -> Replayed:
    lines = tuple(align(protocol, replayed.stored.path))
    path = tuple(line.action for line in lines if line.how != LEFT_OUT)
    stored = replace(replayed.stored, path=path)
    hit = None if replayed.reason is not None else first_hit(protocol, item, stored, replay(protocol.system, path))
    return replace(replayed, nearest=lines, nearest_hit=hit)


def _differing(one: Subject, other: Subject) -> tuple[str, ...]:
    return tuple(axis for axis, value in other.axes.items() if value != one.axes[axis])


def first_hit(protocol: Protocol, item: Property, stored: Trace, states: Sequence[State]) -> int | None:
    """After how many steps the target is hit for the first time; `states` are those that were possible."""
    if item.kind == EVENTUALLY:
        complete = len(states) == len(stored.path) + 1
        return len(stored.path) if complete and _lasts(protocol, item, stored) else None
    target = item.target(protocol)
    for step, state in enumerate(states):
        if holds(target.state, state):
            return step
        if step + 1 < len(states) and holds(target.firing(protocol.system.action(stored.path[step])), state):
            return step + 1
    return None


def _lasts(protocol: Protocol, item: Property, stored: Trace) -> bool:
    """Whether the steps, all possible here, end in a fair loop in this version too."""
    try:
        trace_of(protocol, item, stored.path, stored.loop)
    except ReplayError:
        return False
    return True


def to_text(replayed: Replayed) -> str:
    """The steps, and how it ended, for readers."""
    stored = replayed.stored
    name = f"{stored.property_id} ({stored.subject.scenario})"
    lines = [f"{stored.subject.version} {name}, {len(stored.path)} steps, on {replayed.version}"]
    if replayed.axes:
        lines.append(f"the versions differ in: {', '.join(replayed.axes)}")
    possible = len(stored.path) if replayed.blocked is None else replayed.blocked.step - 1
    lines += [f"{number:>4}  {step}" for number, step in enumerate(stored.path[:possible], start=1)]
    if replayed.blocked is not None:
        lines += _blocked(replayed.blocked, replayed.version)
    lines.append(_ending(replayed))
    if replayed.nearest:
        lines += _nearest(replayed)
    return "\n".join(lines) + "\n"


def _blocked(blocked: Blocked, version: str) -> list[str]:
    lines = [f"{blocked.step:>4}  {blocked.action}: blocked"]
    lines += [f"      needed: {guard}" for guard in blocked.failing]
    lines += [f"      needed: capacity {key} suffices" for key in blocked.exceeded]
    if not (blocked.failing or blocked.exceeded):
        lines.append(f"      {version} has no such action")
    return [*lines, "      possible instead: " + (", ".join(blocked.possible) or "nothing")]


def _nearest(replayed: Replayed) -> list[str]:
    """The nearest execution, `+` what is put in, `-` what is left out, and what a step had to wait for."""
    elsewhere = {line.action for line in replayed.nearest if line.how == PUT_IN}
    lines = [f"nearest execution of {replayed.version} (+ put in, - left out):"]
    for line in replayed.nearest:
        mark = {TAKEN: " ", PUT_IN: "+", LEFT_OUT: "-"}[line.how]
        notes = [f"needed: {'; '.join(line.failing)}"] if line.failing else []
        if line.how == LEFT_OUT and line.action in elsewhere:
            notes = ["in another place"]
        lines.append(f"{line.number or '':>4} {mark}{line.action}".ljust(36 if notes else 0) + "".join(notes))
    name, hit = replayed.stored.property_id, replayed.nearest_hit
    if replayed.reason is None:
        verb = "violates" if replayed.kind == ALWAYS else "reaches"
        lines.append(f"it {verb} {name} " + ("at no step" if hit is None else f"after {hit} steps"))
    return lines


def _ending(replayed: Replayed) -> str:
    name, version = replayed.stored.property_id, replayed.version
    whole = "possible as it stands" if replayed.blocked is None else f"blocked at step {replayed.blocked.step}"
    if replayed.reason is not None:
        return f"{whole}; {name} does not apply to {version}: {replayed.reason}"
    if replayed.kind == EVENTUALLY:
        return f"{whole}; {name} is {'violated' if replayed.violated else 'not violated by these steps'} on {version}"
    if replayed.hit is None:
        return f"{whole}; {'violates' if replayed.kind == ALWAYS else 'reaches'} {name} at no step on {version}"
    return f"{whole}; {'violates' if replayed.violated else 'reaches'} {name} at step {replayed.hit} on {version}"
