"""One observation on one kind of hardware: can the model of its driver show what was seen, and not what never was?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from model import parameters
from model.context import Protocol
from model.parameters import Setting
from proofs.checking import verdicts
from proofs.checking.records import DEPTH
from proofs.checking.words import Word
from proofs.evidence.family import Family
from proofs.evidence.observations import Observation
from proofs.evidence.sights import claim, reason_against
from proofs.evidence.systems import shape


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
    families = {name: Family(task.observation.subject(name, {})) for name in task.observation.scenarios}
    return [_judge(task.observation, dict(setting), known, families) for setting in task.settings]


def _judge(
    item: Observation, values: Mapping[str, str], known: dict[Hashable, Judgement], families: Mapping[str, Family]
) -> Judgement:
    found = []
    for scenario, family in families.items():
        protocol = family.protocol(parameters.assumptions({**values, **item.assume}))
        key = (scenario, shape(protocol))
        if key not in known:
            known[key] = _asked(item, protocol)
        found.append(known[key])
    order = (Effect.EXCLUDES, Effect.UNKNOWN, Effect.ALLOWS, Effect.SILENT)
    return min(found, key=lambda judgement: order.index(judgement.effect))


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
