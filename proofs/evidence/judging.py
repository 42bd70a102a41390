"""One observation on one kind of hardware: can the model of its driver show what was seen, and not what never was?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from model.context import Protocol
from model.parameters import Setting
from model.protocol import build
from proofs.checking import verdicts
from proofs.checking.records import DEPTH
from proofs.checking.words import Word
from proofs.evidence.observations import Observation
from proofs.evidence.sights import claim, reason_against


class Effect(StrEnum):
    """What an observation says of a setting."""

    ALLOWS = "allows"
    EXCLUDES = "excludes"
    UNKNOWN = "unknown"
    SILENT = "silent"


@dataclass(frozen=True)
class Judgement:
    """What an observation says of a setting, by which of its claims.

    `claim`: what cannot happen though it was seen, or happens though it never was; `path` is that execution. `reason`:
    why nothing is said, or why it is not known.
    """

    effect: Effect
    claim: str = ""
    scenario: str = ""
    path: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        if self.effect is not Effect.EXCLUDES:
            return self.reason
        place = "" if self.scenario == "default" else f" ({self.scenario})"
        happens = f"happens in {len(self.path)} steps" if self.path else "cannot happen"
        return f"{self.claim} {happens}{place}"


@dataclass(frozen=True)
class Task:
    """An observation and the settings to judge by it: plain data for another process."""

    observation: Observation
    settings: tuple[Setting, ...]

    def __str__(self) -> str:
        return f"observation {self.observation.id}"


def judge(task: Task) -> list[Judgement]:
    """What the observation says of each setting. A system that was met before is not explored again."""
    known: dict[Hashable, Judgement] = {}
    kept: list[Protocol] = []  # terms are told apart by numbers that z3 gives again once a term is gone
    return [_judge(task.observation, dict(setting), known, kept) for setting in task.settings]


def _judge(
    item: Observation, values: Mapping[str, str], known: dict[Hashable, Judgement], kept: list[Protocol]
) -> Judgement:
    found = []
    for scenario in item.scenarios:
        protocol = build(item.subject(scenario, values))
        key = (scenario, _shape(protocol))
        if key not in known:
            kept.append(protocol)
            known[key] = _asked(item, protocol)
        found.append(known[key])
    order = (Effect.EXCLUDES, Effect.UNKNOWN, Effect.ALLOWS, Effect.SILENT)
    return min(found, key=lambda judgement: order.index(judgement.effect))


def _shape(protocol: Protocol) -> Hashable:
    """What two protocols have in common if they are one system, and every claim is asked of the same states."""
    system, assume = protocol.system, protocol.subject.assumptions
    actions = tuple(
        (action.name, *(_terms(part) for part in (action.guard, action.updates, action.events, action.overflow)))
        for action in system.actions
    )
    # the properties ask for the values of these themselves
    return system.variables, actions, assume["other_ee"], assume["lock_scope"]


def _terms(part: Mapping[str, object]) -> tuple[tuple[str, int], ...]:
    return tuple((key, term.get_id()) for key, term in part.items())  # type: ignore[attr-defined]


def _asked(item: Observation, protocol: Protocol) -> Judgement:
    """The first claim that excludes the hardware; else that all allow it, or that none can be asked of the row."""
    seen = {name: claim(name, True) for name in item.seen}
    never = {name: claim(name, False) for name in item.never}
    scenario, open_ones, reasons = protocol.subject.scenario, [], []
    asked = 0
    for group, wrong in ((seen, Word.UNREACHABLE), (never, Word.VIOLATED)):
        reasons_against = {name: reason_against(one, protocol) for name, one in group.items()}
        reasons += [reason for reason in reasons_against.values() if reason]
        able = [one for name, one in group.items() if reasons_against[name] is None]
        asked += len(able)
        for name, verdict in verdicts.decide(protocol, able, "exhaustive", DEPTH).items():
            if verdict.word is wrong:
                return Judgement(Effect.EXCLUDES, name, scenario, verdict.path)
            if verdict.word is Word.UNKNOWN:
                open_ones.append(f"{name}: {verdict.reason}")
    if open_ones:
        return Judgement(Effect.UNKNOWN, scenario=scenario, reason="; ".join(open_ones))
    return Judgement(Effect.ALLOWS) if asked else Judgement(Effect.SILENT, reason="; ".join(dict.fromkeys(reasons)))
