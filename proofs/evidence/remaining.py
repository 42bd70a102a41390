"""Verdicts under every combination of the values of assumptions that are left, none sampled.

What is left by observations are the combinations of the values that `inference` leaves, less those that an observation
excludes; a value that is excluded beside the reference is not looked at beside other values either. Without
observations every value of every assumption is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from model.parameters import ASSUMPTIONS, ParameterError, Setting
from model.subject import Subject
from proofs.checking.records import Job
from proofs.checking.words import Sense, Word
from proofs.evidence.covering import Covered, cover
from proofs.evidence.family import Family, Points
from proofs.evidence.inference import Inference
from proofs.evidence.sights import claim
from proofs.evidence.systems import WORDS
from proofs.properties import EVENTUALLY, Property, catalogue

SEEN, NEVER, ASKED = "seen", "never", "asked"


Values = tuple[tuple[str, tuple[str, ...]], ...]
"""By assumption the values of which every combination is looked at, that of the reference first."""


@dataclass(frozen=True)
class Task:
    """What is asked of a version under every combination of some values: plain data for another process.

    `claims`: each property as how it is meant and its name. `known`: what holds whatever the combination says.
    """

    subject: Subject
    claims: tuple[tuple[str, str], ...]
    values: Values
    known: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.subject.version} ({self.subject.scenario}) under {len(points_of(self.values))} settings"


Judge = Callable[[Sequence[Task]], Iterable[Covered]]


def points_of(values: Values) -> Points:
    """Every combination, the reference first."""
    return Points.product(dict(values))


def judged(task: Task) -> Covered:
    """A word for each claim and combination."""
    points = points_of(task.values).fixed(dict(task.known))
    return cover(Family(task.subject, points), [_meant(*item) for item in task.claims])


def _meant(how: str, name: str) -> Property:
    return catalogue()[name] if how == ASKED else claim(name, how == SEEN)


@dataclass(frozen=True)
class Left:
    """What is left: of every combination of `values` those that are `kept`, of which the first is the reference.

    `excluded`: how many of them each observation excludes that excludes any; `open`: of how many of those that are left
    an observation could not be judged. `observed`: whether observations were asked at all.
    """

    values: Values
    kept: np.ndarray
    excluded: Mapping[str, int]
    open: int
    observed: bool = True

    @cached_property
    def points(self) -> Points:
        """Every combination."""
        return points_of(self.values)

    @property
    def reference(self) -> Setting:
        """The combination to which others are compared."""
        return self.points.setting(int(np.argmax(self.kept)))

    def having(self, known: Mapping[str, str]) -> Left:
        """Only what has these values; raises ParameterError if that is nothing."""
        kept = self.kept.copy()
        for key, value in known.items():
            kept &= self.points.having(key, value)
        if not kept.any():
            named = ", ".join(f"{key}={value}" for key, value in known.items())
            raise ParameterError(f"the observations leave nothing with {named}: see `infer`")
        return replace(self, kept=kept)


def everything() -> Left:
    """Every combination of all values, the defaults being the reference."""
    values = tuple((key, item.values) for key, item in ASSUMPTIONS.items())
    return Left(values, np.ones(len(points_of(values)), dtype=bool), {}, 0, observed=False)


def left_by(found: Inference, judge: Judge) -> Left:
    """All combinations of the values that an inference with a reference leaves, and that no observation excludes."""
    values = tuple((key, tuple(mine)) for key, mine in found.left().items())
    asked = [(item, scenario) for item in found.observations if item.id in found.counted for scenario in item.scenarios]
    tasks = [
        Task(
            item.subject(scenario, {}),
            (*((SEEN, name) for name in item.seen), *((NEVER, name) for name in item.never)),
            values,
            tuple(item.assume.items()),
        )
        for item, scenario in asked
    ]
    count = len(points_of(values))
    wrong, unknown = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    excluded: Counter[str] = Counter()
    for (item, _), covered in zip(asked, judge(tasks), strict=True):
        mine = np.zeros(count, dtype=bool)
        for words in covered.words.values():
            mine |= np.isin(words, [WORDS.index(Word.UNREACHABLE), WORDS.index(Word.VIOLATED)])
            unknown |= words == WORDS.index(Word.UNKNOWN)
        excluded[item.id] += int(mine.sum())
        wrong |= mine
    return Left(values, ~wrong, +excluded, int((unknown & ~wrong).sum()))


@dataclass(frozen=True)
class Deciding:
    """A change of the reference after which a verdict is another word, and so in `times` of the `among` settings that
    have these values: in the others something else decides."""

    change: Setting
    word: Word
    times: int
    among: int


@dataclass(frozen=True)
class Over:
    """The verdicts on a property of a version in a scenario, one for each combination that is left.

    `deciding`: the smallest changes of the reference that change the word, and to which.
    """

    version: str
    scenario: str
    name: str
    counts: Mapping[Word, int]
    reference: Word
    deciding: tuple[Deciding, ...]

    @property
    def conclusion(self) -> str:
        """What it comes to, in all settings or in those in which the property applies."""
        words = [word for word in self.counts if word.sense is not Sense.ASIDE]
        where = "in all" if len(words) == len(self.counts) else "where it applies"
        for sense, verb in ((Sense.HOLDS, "holds"), (Sense.WRONG, "fails")):
            if {word.sense for word in words} == {sense}:
                return f"{verb} {where}"
        if not words:
            return "does not apply"
        return "depends" if len(words) > 1 else f"{words[0]} {where}"


@dataclass(frozen=True)
class Verdicts:
    """What came of one version in one scenario; `systems` differ, which took `explored` explorations."""

    rows: tuple[Over, ...]
    systems: int
    explored: int


def over(jobs: Sequence[Job], left: Left, judge: Judge) -> list[Verdicts]:
    """The verdicts that the jobs ask for, under all settings that are left; for each job one entry."""
    # what must not last for ever needs explorations of its own, and can go in a process of its own
    groups = [[name for name in job.properties if lasting(name) is kind] for job in jobs for kind in (False, True)]
    tasks = [
        Task(jobs[place // 2].subject, tuple((ASKED, name) for name in names), left.values)
        for place, names in enumerate(groups)
        if names
    ]
    found = list(zip(tasks, judge(tasks), strict=True))
    return [_verdicts(job, left, [one for task, one in found if task.subject is job.subject]) for job in jobs]


def lasting(name: str) -> bool:
    """Whether a property is about what must not last for ever."""
    return catalogue()[name].kind == EVENTUALLY


def _verdicts(job: Job, left: Left, parts: Sequence[Covered]) -> Verdicts:
    words = {name: row for part in parts for name, row in part.words.items()}
    first = int(np.argmax(left.kept))
    rows = []
    for name in job.properties:
        mine = words[name][left.kept]
        counts = {
            WORDS[number]: int((mine == number).sum()) for number in dict.fromkeys([int(mine[0]), *np.unique(mine)])
        }
        decided = deciding(left, words[name])
        reference = WORDS[words[name][first]]
        rows.append(Over(job.subject.version, job.subject.scenario, name, counts, reference, decided))
    return Verdicts(tuple(rows), max(part.systems for part in parts), sum(part.explored for part in parts))


def deciding(left: Left, words: np.ndarray) -> tuple[Deciding, ...]:
    """The changes of the reference that change its word, without those of which a part does so, too."""
    first = int(np.argmax(left.kept))
    reference, far = left.points.values(first), left.points.distance(first)
    open_ones = left.kept & (words != words[first])
    rows = []
    while np.any(open_ones):
        number = int(np.flatnonzero(open_ones)[np.argmin(far[open_ones])])
        values = left.points.values(number)
        change = tuple((key, value) for key, value in values.items() if value != reference[key])
        matching = np.ones(len(words), dtype=bool)
        for key, value in change:
            matching &= left.points.having(key, value)
        among = matching & left.kept
        times = int((words[among] == words[number]).sum())
        rows.append(Deciding(change, WORDS[words[number]], times, int(among.sum())))
        open_ones &= ~matching
    return tuple(rows)
