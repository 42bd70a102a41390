"""Verdicts on all hardware that the observations leave: each combination of the values that are left, none sampled.

The combinations are those of the values that `inference` leaves, less those that an observation excludes. A value that
is excluded beside the reference is not looked at beside other values either.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model import parameters
from model.parameters import Setting
from model.subject import Subject
from proofs.checking.records import Job
from proofs.checking.words import Sense, Word
from proofs.evidence.covering import WORDS, Covered, cover
from proofs.evidence.family import Family
from proofs.evidence.inference import Inference
from proofs.evidence.sights import claim
from proofs.properties import EVENTUALLY, Property, catalogue

SEEN, NEVER, ASKED = "seen", "never", "asked"


@dataclass(frozen=True)
class Task:
    """What is asked of a version under many settings: plain data for another process.

    `claims`: each property as how it is meant and its name. `known`: what holds whatever the setting says.
    """

    subject: Subject
    claims: tuple[tuple[str, str], ...]
    settings: tuple[Setting, ...]
    known: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.subject.version} ({self.subject.scenario}) under {len(self.settings)} settings"


Judge = Callable[[Sequence[Task]], Iterable[Covered]]


def judged(task: Task) -> Covered:
    """A word for each claim and setting."""
    family = Family(task.subject)
    values = (parameters.assumptions({**dict(setting), **dict(task.known)}) for setting in task.settings)
    return cover([family.protocol(one) for one in values], [_meant(*item) for item in task.claims])


def _meant(how: str, name: str) -> Property:
    return catalogue()[name] if how == ASKED else claim(name, how == SEEN)


@dataclass(frozen=True)
class Left:
    """What the observations leave: the settings, that of the reference first.

    `excluded`: how many of the combinations each observation excludes that excludes any; `considered`: how many there
    are of the values that are left; `open`: of how many of those that are left an observation could not be judged.
    """

    settings: tuple[Setting, ...]
    excluded: Mapping[str, int]
    considered: int
    open: int


def left_by(found: Inference, judge: Judge) -> Left:
    """All combinations of the values that an inference with a reference leaves, and that no observation excludes."""
    values = found.left()
    combinations = itertools.product(*values.values())
    settings = [parameters.setting_of(dict(zip(values, one, strict=True))) for one in combinations]
    asked = [(item, scenario) for item in found.observations if item.id in found.counted for scenario in item.scenarios]
    tasks = [
        Task(
            item.subject(scenario, {}),
            (*((SEEN, name) for name in item.seen), *((NEVER, name) for name in item.never)),
            tuple(settings),
            tuple(item.assume.items()),
        )
        for item, scenario in asked
    ]
    wrong, unknown = np.zeros(len(settings), dtype=bool), np.zeros(len(settings), dtype=bool)
    excluded: Counter[str] = Counter()
    for (item, _), covered in zip(asked, judge(tasks), strict=True):
        mine = np.zeros(len(settings), dtype=bool)
        for words in covered.words.values():
            mine |= np.isin(words, [WORDS.index(Word.UNREACHABLE), WORDS.index(Word.VIOLATED)])
            unknown |= words == WORDS.index(Word.UNKNOWN)
        excluded[item.id] += int(mine.sum())
        wrong |= mine
    kept = tuple(setting for setting, no in zip(settings, wrong, strict=True) if not no)
    return Left(kept, +excluded, len(settings), int((unknown & ~wrong).sum()))


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
    """The verdicts on a property of a version in a scenario, one for each setting that is left.

    `deciding`: the smallest changes of the reference, the first setting, that change the word, and to which.
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
    """What came of one version in one scenario; `systems` differ, of which `explored` were looked at."""

    rows: tuple[Over, ...]
    systems: int
    explored: int


def over(jobs: Sequence[Job], left: Left, judge: Judge) -> list[Verdicts]:
    """The verdicts that the jobs ask for, under all settings that are left; for each job one entry."""
    # what must not last for ever needs explorations of its own, and can go in a process of its own
    groups = [[name for name in job.properties if lasting(name) is kind] for job in jobs for kind in (False, True)]
    tasks = [
        Task(jobs[place // 2].subject, tuple((ASKED, name) for name in names), left.settings)
        for place, names in enumerate(groups)
    ]
    found = list(judge(tasks))
    return [_verdicts(job, left, (found[2 * place], found[2 * place + 1])) for place, job in enumerate(jobs)]


def lasting(name: str) -> bool:
    """Whether a property is about what must not last for ever."""
    return catalogue()[name].kind == EVENTUALLY


def _verdicts(job: Job, left: Left, parts: Sequence[Covered]) -> Verdicts:
    words = {name: row for part in parts for name, row in part.words.items()}
    rows = []
    for name in job.properties:
        mine = [WORDS[number] for number in words[name].tolist()]
        counts = {word: mine.count(word) for word in dict.fromkeys(mine)}
        decided = deciding(left.settings, mine)
        rows.append(Over(job.subject.version, job.subject.scenario, name, counts, mine[0], decided))
    return Verdicts(tuple(rows), max(part.systems for part in parts), sum(part.explored for part in parts))


def deciding(settings: Sequence[Setting], words: Sequence[Word]) -> tuple[Deciding, ...]:
    """The changes of the first setting that change its word, without those of which a part does so, too."""
    first = parameters.assumptions(dict(settings[0]))
    changes: list[Setting] = [
        tuple((key, value) for key, value in parameters.assumptions(dict(setting)).items() if value != first[key])
        for setting in settings
    ]
    found: dict[Setting, Word] = {}
    for change, word in sorted(zip(changes, words, strict=True), key=lambda pair: len(pair[0])):
        if word is not words[0] and not any(set(known) <= set(change) for known in found):
            found[change] = word
    rows = []
    for change, word in found.items():
        among = [mine for other, mine in zip(changes, words, strict=True) if set(change) <= set(other)]
        rows.append(Deciding(change, word, sum(mine is word for mine in among), len(among)))
    return tuple(rows)
