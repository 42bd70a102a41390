"""What observations leave of the open questions: by single values, and by pairs of them.

There are too many combinations of values to ask them all. A reference is looked for, the combination nearest to the
defaults that no observation excludes; a value is then judged with all others as in the reference, a pair likewise. What
is excluded is excluded there: with yet other values beside it, it may not be.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from model import parameters
from model.parameters import Setting, setting_of
from proofs.evidence.judging import Effect, Judgement, Task
from proofs.evidence.observations import WEAK, Observation
from proofs.studies.sensitivity import couples, singles

Judge = Callable[[Sequence[Task]], Iterable[list[Judgement]]]
Verdicts = Mapping[str, Judgement]
"""What each observation, by its id, says of one setting."""


@dataclass(frozen=True)
class Inference:
    """What follows from `observations`, of which only those `counted` exclude anything.

    `reference`: a value for each assumption, or None if no setting tried is left. `tried`: what is said of the settings
    among which it was looked for. `singles`: of each single change of the reference; `pairs`: of each two of them that
    are both left, None if nobody asked. `conflicts`: smallest sets of observations that leave no setting tried.
    """

    observations: tuple[Observation, ...]
    counted: frozenset[str]
    reference: Mapping[str, str] | None
    tried: Mapping[Setting, Verdicts]
    singles: Mapping[Setting, Verdicts]
    pairs: Mapping[Setting, Verdicts] | None
    conflicts: tuple[tuple[str, ...], ...]

    def excluding(self, verdicts: Verdicts, effect: Effect = Effect.EXCLUDES) -> dict[str, Judgement]:
        """Which of the observations that count have that effect."""
        return {name: found for name, found in verdicts.items() if found.effect is effect and name in self.counted}

    def left(self) -> dict[str, list[str]]:
        """By assumption the values that are left, that of the reference first; nothing if there is no reference."""
        found = {key: [value] for key, value in (self.reference or {}).items()}
        for ((key, value),), verdicts in self.singles.items():
            if not self.excluding(verdicts):
                found[key].append(value)
        return found

    @property
    def inconclusive(self) -> bool:
        """Whether of some setting it is not known whether it is left."""
        rows = itertools.chain(self.singles.values(), (self.pairs or {}).values())
        return any(self.excluding(row, Effect.UNKNOWN) and not self.excluding(row) for row in rows)


def infer(observations: Sequence[Observation], judge: Judge, pieces: int, pairs: bool, weak: bool) -> Inference:
    """What follows from the observations; `weak`: also those that are weak count.

    `judge` says what comes of tasks, of which it gets at most `pieces` for each observation.
    """
    asked = [item for item in observations if item.row is not None]
    counted = frozenset(item.id for item in asked if weak or item.strength != WEAK)
    table = _Table(asked, judge, pieces)
    reference, tried = _reference(table, counted)
    if reference is None:
        return Inference(tuple(observations), counted, None, tried, {}, None, _conflicts(tried, counted))
    ones = table.judged({(change,): {**reference, **dict([change])} for change in parameters.others(reference)})
    found = Inference(tuple(observations), counted, reference, tried, ones, None, ())
    if not pairs:
        return found
    open_ones = [change for (change,), verdicts in ones.items() if not found.excluding(verdicts)]
    both = [two for two in itertools.combinations(open_ones, 2) if two[0][0] != two[1][0]]
    twos = table.judged({two: {**reference, **dict(two)} for two in both})
    return Inference(tuple(observations), counted, reference, tried, ones, twos, ())


class _Table:
    """What observations say of settings."""

    def __init__(self, observations: Sequence[Observation], judge: Judge, pieces: int) -> None:
        self.observations, self.judge, self.pieces = observations, judge, pieces

    def judged(self, hardware: Mapping[Setting, Mapping[str, str]]) -> dict[Setting, Verdicts]:
        """What each observation says of the hardware with these values, by the names that they are given."""
        settings = [setting_of(values) for values in hardware.values()]
        cuts = range(max(1, min(self.pieces, len(settings) // 8)))
        tasks = [Task(item, tuple(settings[start :: len(cuts)])) for item in self.observations for start in cuts]
        found: dict[str, dict[Setting, Judgement]] = {item.id: {} for item in self.observations}
        for task, judgements in zip(tasks, self.judge(tasks), strict=True):
            found[task.observation.id].update(zip(task.settings, judgements, strict=True))
        return {
            name: {item.id: found[item.id][setting] for item in self.observations}
            for name, setting in zip(hardware, settings, strict=True)
        }


def _reference(table: _Table, counted: frozenset[str]) -> tuple[dict[str, str] | None, dict[Setting, Verdicts]]:
    """The first setting that nothing excludes: the defaults, one value else, two; and what was said on the way."""
    tried: dict[Setting, Verdicts] = {}
    for batch in (((),), singles(), couples()):
        fresh = table.judged({setting: parameters.assumptions(dict(setting)) for setting in batch})
        tried |= fresh
        for setting, verdicts in fresh.items():
            if all(verdicts[name].effect in (Effect.ALLOWS, Effect.SILENT) for name in counted):
                return parameters.assumptions(dict(setting)), tried
    return None, tried


def _conflicts(tried: Mapping[Setting, Verdicts], counted: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """The smallest sets of observations of which at least one excludes each setting."""
    order = [name for name in next(iter(tried.values())) if name in counted]
    for size in range(1, len(order) + 1):
        found = tuple(
            names
            for names in itertools.combinations(order, size)
            if all(any(row[name].effect is Effect.EXCLUDES for name in names) for row in tried.values())
        )
        if found:
            return found
    return ()
