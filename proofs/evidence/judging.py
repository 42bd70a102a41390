"""One observation on one kind of hardware: can the model of its driver show what was seen, and not what never was?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from model import parameters
from model.context import Protocol
from model.parameters import Setting
from proofs.checking import verdicts
from proofs.checking.records import DEPTH
from proofs.checking.words import Word
from proofs.evidence.family import Family, Points
from proofs.evidence.observations import Observation
from proofs.evidence.sights import claim, reason_against
from proofs.evidence.systems import Meanings, Systems


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
    """What the observation says of each setting. Of those with the same system one is explored."""
    item = task.observation
    if not task.settings:
        return []
    points = Points.of(parameters.assumptions({**dict(setting), **item.assume}) for setting in task.settings)
    by_scenario = [_judged(item, Family(item.subject(name, {}), points)) for name in item.scenarios]
    order = (Effect.EXCLUDES, Effect.UNKNOWN, Effect.ALLOWS, Effect.SILENT)
    return [min(found, key=lambda one: order.index(one.effect)) for found in zip(*by_scenario, strict=True)]


def _judged(item: Observation, family: Family) -> list[Judgement]:
    claims = [claim(name, seen) for seen, names in ((True, item.seen), (False, item.never)) for name in names]
    systems = Systems(family, [Meanings.over(family, one).of for one in claims])
    known = [_asked(item, systems.protocol(number)) for number in range(len(systems))]
    return [known[number] for number in systems.of.tolist()]


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
