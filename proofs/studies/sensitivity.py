"""`check --assume all`: which answers to the open questions about the hardware a verdict depends on.

For each version, scenario and property: the smallest sets of values other than the defaults under which the verdict
is another word. Single values first; pairs, on request, of values none of which changes the verdict by itself.

A set of values is explored only if it may matter: `screening` tells from one build of the system. One exploration for
each set answers for all properties that it may change.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from model import parameters
from model.parameters import Setting, setting_of
from proofs.checking.records import Job, Result
from proofs.studies.screening import CONTAINED, OPEN, SAME, Screen, Screened

Explore = Callable[[Sequence[Job]], Sequence[Result]]
Compare = Callable[[Sequence[Screen]], Sequence[Screened]]


@dataclass(frozen=True)
class Counts:
    """How many settings were considered, and why so few of them had to be explored."""

    considered: int = 0
    same: int = 0
    contained: int = 0
    explored: int = 0


@dataclass(frozen=True)
class Sensitivity:
    """What one verdict depends on: `default`, and the results under the smallest settings that change its word."""

    default: Result
    changes: tuple[tuple[Setting, Result], ...]
    singles: Counts
    pairs: Counts | None = None


def singles() -> tuple[Setting, ...]:
    """Every value that is not a default."""
    return tuple((change,) for change in parameters.others(parameters.assumptions({})))


def couples() -> tuple[Setting, ...]:
    """Every two of them that answer different questions."""
    return tuple((*one, *two) for one, two in itertools.combinations(singles(), 2) if one[0][0] != two[0][0])


def run(work: Sequence[Job], explore: Explore, compare: Compare, pieces: int, pairs: bool) -> list[Sensitivity]:
    """What each verdict that the jobs ask for depends on.

    `explore` gives the results of jobs, `compare` what each screening of at most `pieces` for a job comes to.
    """
    jobs = [replace(job, engine="exhaustive") for job in work]
    defaults = {(row.version, row.scenario, row.property): row for row in explore(jobs)}
    rounds = _Rounds(jobs, defaults, explore, compare, pieces)
    rounds.go(singles())
    if pairs:
        rounds.go(couples())
    return rounds.report()


class _Rounds:
    """The settings tried so far, and what they changed."""

    def __init__(
        self,
        jobs: Sequence[Job],
        defaults: Mapping[tuple[str, str, str], Result],
        explore: Explore,
        compare: Compare,
        pieces: int,
    ) -> None:
        self.jobs, self.defaults, self.pieces = jobs, defaults, pieces
        self.explore, self.compare = explore, compare
        self.changes: dict[tuple[str, str, str], dict[Setting, Result]] = {key: {} for key in defaults}
        self.counts: dict[tuple[str, str, str], list[Counts]] = {key: [] for key in defaults}

    def go(self, settings: Sequence[Setting]) -> None:
        """Screen all settings of one size, explore those that may matter."""
        tasks = [task for job in self.jobs for task in self._tasks(job, settings)]
        screened: dict[tuple[str, str, str], dict[Setting, str]] = {key: {} for key in self.defaults}
        for task, found in zip(tasks, self.compare(tasks), strict=True):
            for (setting, name), effect in found.items():
                screened[_key(task.job, name)][setting] = effect
        work = [
            replace(job, subject=job.subject.assuming(dict(setting)), properties=asked)
            for job in self.jobs
            for setting in settings
            if (asked := tuple(n for n in job.properties if screened[_key(job, n)].get(setting) == OPEN))
        ]
        for row in self.explore(work):
            key = (row.version, row.scenario, row.property)
            if row.verdict != self.defaults[key].verdict:
                self.changes[key][setting_of(row.assumptions)] = row
        for key, effects in screened.items():
            values = list(effects.values())
            self.counts[key].append(Counts(len(values), *(values.count(word) for word in (SAME, CONTAINED, OPEN))))

    def _tasks(self, job: Job, settings: Sequence[Setting]) -> Iterator[Screen]:
        """The work of one job, in pieces of equal size; properties with the same settings left go together."""
        groups: dict[tuple[Setting, ...], list[str]] = {}
        for name in job.properties:
            changed = self.changes[_key(job, name)]
            left = tuple(setting for setting in settings if not any(part in changed for part in _parts(setting)))
            groups.setdefault(left, []).append(name)
        for left, names in groups.items():
            words = {name: self.defaults[_key(job, name)].verdict for name in names}
            pieces = max(1, min(self.pieces, len(left) // 8))
            for start in range(pieces):
                chosen = tuple((setting, ((), *_parts(setting))) for setting in left[start::pieces])
                yield Screen(replace(job, properties=tuple(names)), chosen, words)

    def report(self) -> list[Sensitivity]:
        """One entry for each verdict, settings in declared order, smaller ones first."""
        order = {setting: place for place, setting in enumerate((*singles(), *couples()))}
        return [
            Sensitivity(
                default,
                tuple(sorted(self.changes[key].items(), key=lambda item: order[item[0]])),
                *self.counts[key],
            )
            for key, default in self.defaults.items()
        ]


def _key(job: Job, name: str) -> tuple[str, str, str]:
    return job.subject.version, job.subject.scenario, name


def _parts(setting: Setting) -> tuple[Setting, ...]:
    return tuple((value,) for value in setting) if len(setting) > 1 else ()
