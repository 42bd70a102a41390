"""`check --assume all`: which answers to the open questions about the hardware a verdict depends on.

For each version, scenario and property: the smallest sets of values other than the defaults under which the verdict
is another word. Single values first; pairs, on request, of values none of which changes the verdict by itself.

A set of values is explored only if it may matter: `screening` tells from one build of the system. One exploration for
each set answers for all properties that it may change.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import z3
from rich.console import Console
from rich.text import Text

from counterexamples.documents import is_stdout, write_file
from model import parameters
from proofs import report, session
from proofs.campaign import Job, Result, in_brief
from proofs.pool import in_parallel
from proofs.screening import CONTAINED, OPEN, SAME, Screen, Screened, Setting, screen
from proofs.words import Word


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
    return tuple(((key, value),) for key, item in parameters.ASSUMPTIONS.items() for value in item.values[1:])


def couples() -> tuple[Setting, ...]:
    """Every two of them that answer different questions."""
    return tuple((*one, *two) for one, two in itertools.combinations(singles(), 2) if one[0][0] != two[0][0])


def run(request: session.Request, workers: int, pairs: bool, quiet: bool) -> list[Sensitivity]:
    """What each verdict that the request asks for depends on; raises what `session.run` raises."""
    jobs = [replace(job, engine="exhaustive") for job in request.jobs()]
    answers = session.run_jobs(jobs, workers, quiet)
    defaults = {(row.version, row.scenario, row.property): row for row in answers}
    rounds = _Rounds(jobs, defaults, workers, quiet)
    rounds.go(singles())
    if pairs:
        rounds.go(couples())
    return rounds.report()


def report_all(request: session.Request, workers: int, pairs: bool, quiet: bool, json_file: Path | None) -> None:
    """Run, print unless `quiet`, and write as JSON if there is a file for it."""
    found = run(request, workers, pairs, quiet)
    if not (quiet or (json_file is not None and is_stdout(json_file))):
        print_results(report.console(), found)
    if json_file is not None:
        write_json(found, json_file)


class _Rounds:
    """The settings tried so far, and what they changed."""

    def __init__(
        self, jobs: Sequence[Job], defaults: Mapping[tuple[str, str, str], Result], workers: int, quiet: bool
    ) -> None:
        self.jobs, self.defaults, self.workers, self.quiet = jobs, defaults, workers, quiet
        self.changes: dict[tuple[str, str, str], dict[Setting, Result]] = {key: {} for key in defaults}
        self.counts: dict[tuple[str, str, str], list[Counts]] = {key: [] for key in defaults}

    def go(self, settings: Sequence[Setting]) -> None:
        """Screen all settings of one size, explore those that may matter."""
        tasks = [task for job in self.jobs for task in self._tasks(job, settings)]
        screened: dict[tuple[str, str, str], dict[Setting, str]] = {key: {} for key in self.defaults}
        for task, found in zip(tasks, self._screen(tasks), strict=True):
            for (setting, name), effect in found.items():
                screened[_key(task.job, name)][setting] = effect
        work = [
            replace(job, subject=job.subject.assuming(dict(setting)), properties=asked)
            for job in self.jobs
            for setting in settings
            if (asked := tuple(n for n in job.properties if screened[_key(job, n)].get(setting) == OPEN))
        ]
        for row in session.run_jobs(work, self.workers, self.quiet):
            key = (row.version, row.scenario, row.property)
            if row.verdict != self.defaults[key].verdict:
                self.changes[key][_setting(row.assumptions)] = row
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
            pieces = max(1, min(self.workers, len(left) // 8))
            for start in range(pieces):
                chosen = tuple((setting, ((), *_parts(setting))) for setting in left[start::pieces])
                yield Screen(replace(job, properties=tuple(names)), chosen, words)

    def _screen(self, tasks: Sequence[Screen]) -> list[Screened]:
        console = Console(stderr=True)
        if self.quiet or not console.is_terminal:
            return self._screen_silently(tasks)
        with console.status("comparing the systems"):
            return self._screen_silently(tasks)

    def _screen_silently(self, tasks: Sequence[Screen]) -> list[Screened]:
        return list(in_parallel(screen, tasks, self.workers))

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


def _setting(assumptions: Mapping[str, str]) -> Setting:
    return tuple(
        (key, assumptions[key]) for key, item in parameters.ASSUMPTIONS.items() if assumptions[key] != item.values[0]
    )


def as_json(found: Sequence[Sensitivity]) -> dict[str, Any]:
    """All of it as plain data."""
    tool = f"bam-lock-check {report.tool_version()}"
    entries = [_entry(item) for item in found]
    return {"schema": 1, "tool": tool, "z3": z3.get_version_string(), "sensitivity": entries}


def _entry(item: Sensitivity) -> dict[str, Any]:
    row = item.default
    return {
        "version": row.version,
        "property": row.property,
        "scenario": row.scenario,
        "bounds": dict(row.bounds),
        "default": _verdict(row),
        "changes": [{"assume": dict(setting), **_verdict(result)} for setting, result in item.changes],
        "singles": asdict(item.singles),
        "pairs": None if item.pairs is None else asdict(item.pairs),
    }


def _verdict(row: Result) -> dict[str, Any]:
    return {"verdict": row.verdict, "depth": row.depth, "how": row.how, "states": row.states}


def write_json(found: Sequence[Sensitivity], path: Path) -> None:
    """Write `as_json`; raises OSError."""
    write_file(path, json.dumps(as_json(found), indent=1) + "\n")


def print_results(console: Console, found: Sequence[Sensitivity]) -> None:
    """For each verdict a heading, what changes it, and how many settings were looked at."""
    for item in found:
        row = item.default
        heading = Text(f"{row.version} {row.property} ({row.scenario}): ")
        console.print(heading + _coloured(row) + Text(" under the default assumptions"))
        for setting, result in item.changes:
            values = ", ".join(f"{key}={value}" for key, value in setting)
            reason = f" ({result.how})" if result.verdict in (Word.UNKNOWN, Word.NOT_APPLICABLE) else ""
            console.print(Text(f"  {values} -> ") + _coloured(result) + Text(reason))
        console.print(Text(f"  {_counted(item)}", style="dim"))


def _coloured(row: Result) -> Text:
    return Text(in_brief(row), style=row.verdict.colour)


def _counted(item: Sensitivity) -> str:
    parts = []
    for counts, what in ((item.singles, "values"), (item.pairs, "pairs")):
        if counts is not None:
            skipped = f"{counts.same} give the same system, {counts.contained} only more or less of it"
            parts.append(f"{counts.considered} {what}: {skipped}, {counts.explored} explored")
    return "; ".join(parts) if item.changes else "nothing changes it; " + "; ".join(parts)
