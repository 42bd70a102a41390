"""`mutate`: which wrong models would be noticed, by which properties, and which by nobody.

A mutant is killed by a property if that has another verdict or another shortest depth on it than on the original, in
one of the recorded cases of `counts`; killed by a count if only the number of states or transitions, or the depth, is
another one there. A mutant that survives is equivalent, proved by z3 for all states, or explained in `survivors.toml`,
or a gap. Versions share a mutant if it is wrong in the same way: the same place of the code, the same conjunct
or update.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import click

from counterexamples.gallery import write_file
from model import versions
from proofs import mutants
from proofs.campaign import in_parallel
from proofs.counts import CASES, SMALLEST, Case
from proofs.expectations import ExpectationError
from proofs.noticing import Bench, bench
from proofs.session import demand_known_axes, everything

FILE = "survivors.toml"
DEFAULT = ("v16", "v13", "v12", "v11", "v9", "v3", "v2", "mainline")
"""One of each kind; the others behave as one of them, or share every mutant with some."""

PROPERTY, COUNT, EQUIVALENT, SURVIVED = "property", "count", "equivalent", "survived"
TRIES = 3  # explorations in which a property is looked for that notices what a count has noticed


@dataclass(frozen=True)
class Task:
    """One mutant, by its label, and the versions that have it."""

    label: str
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: `fate` is one of the four words; who noticed it, in which version and case."""

    label: str
    versions: tuple[str, ...]
    fate: str
    noticed_by: tuple[str, ...] = ()
    version: str = ""
    case: str = ""


def tasks(names: Sequence[str]) -> list[Task]:
    """All distinct mutants of some versions, in a fixed order."""
    found: dict[tuple[str, int], list[str]] = {}
    for name in names:
        item = bench(name, SMALLEST)
        for label, key in _labels(item):
            found.setdefault((label, key), []).append(name)
    return [Task(label, tuple(having)) for (label, _), having in found.items()]


def _labels(item: Bench) -> Iterator[tuple[str, int]]:
    """Each mutant's label, and what tells those with the same label apart: z3's number of the term that is wrong."""
    for action in item.system.actions:
        for label, term, _ in mutants.of_action(action):
            yield label, term.get_id()
    for label, _, _ in item.code.wrongs():
        yield label, 0


def judge(task: Task) -> Outcome:
    """Look for somebody who notices a mutant: in every case and version, the small ones first."""
    by_count, tries = None, 0
    for version, case in _places(task.versions):
        item = bench(version, case)
        mutant = item.mutant(task.label)
        if mutant is None or not item.differs(mutant):
            continue
        names, counted = item.noticed(item.explore(mutant))
        if not names and not tries:
            names = item.progress(mutant)
        tries += 1
        if names:
            return Outcome(task.label, task.versions, PROPERTY, names, version, case.label)
        if counted:
            by_count = by_count or Outcome(task.label, task.versions, COUNT, (), version, case.label)
        if by_count and tries >= TRIES:
            break
    if by_count:
        return by_count
    return Outcome(task.label, task.versions, EQUIVALENT if _equivalent(task) else SURVIVED)


def _places(names: Sequence[str]) -> Iterator[tuple[str, Case]]:
    for case in CASES:
        yield from ((name, case) for name in names if not case.versions or name in case.versions)


def _equivalent(task: Task) -> bool:
    pairs = [(item, item.mutant(task.label)) for item in (bench(name, SMALLEST) for name in task.versions)]
    return all(mutant is not None and mutants.equivalent(item.system, mutant) for item, mutant in pairs)


def explanations() -> dict[str, str]:
    """Label of a survivor to the reason why nobody can notice it; raises ExpectationError if the file is damaged."""
    text = resources.files("proofs").joinpath(FILE).read_text(encoding="utf-8")
    try:
        groups = tomllib.loads(text).get("explained", [])
        return {label: group["reason"] for group in groups for label in group["mutants"]}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ExpectationError(f"{FILE}: {error}; it holds tables [[explained]] with `reason` and `mutants`") from None


@dataclass(frozen=True)
class Judgement:
    """All outcomes beside the explanations: which survivors have none, which explanations explain nothing."""

    outcomes: tuple[Outcome, ...]
    reasons: Mapping[str, str]
    complete: bool

    def of(self, fate: str) -> list[Outcome]:
        """The outcomes with one fate."""
        return [item for item in self.outcomes if item.fate == fate]

    @property
    def unexplained(self) -> list[Outcome]:
        """Survivors without a reason."""
        return [item for item in self.of(SURVIVED) if item.label not in self.reasons]

    @property
    def stale(self) -> list[str]:
        """Reasons for what does not survive, or does not exist; only a run of all mutants can tell."""
        survived = {item.label for item in self.of(SURVIVED)}
        known = {item.label for item in self.outcomes}
        return [label for label in self.reasons if label not in survived and (self.complete or label in known)]

    @property
    def rates(self) -> tuple[float, float]:
        """The share of killed mutants, of those not proved equivalent and of all; 1 if there are none."""
        killed, total = len(self.of(PROPERTY)) + len(self.of(COUNT)), len(self.outcomes)
        proper = total - len(self.of(EQUIVALENT))
        return (killed / proper if proper else 1.0), (killed / total if total else 1.0)


def to_text(found: Judgement) -> str:
    """The report: numbers, who kills how many, every survivor with its reason."""
    numbers = Counter(item.fate for item in found.outcomes)
    rate, raw = found.rates
    lines = [
        f"{len(found.outcomes)} mutants: {numbers[PROPERTY]} killed by a property, {numbers[COUNT]} by a count only,"
        f" {numbers[EQUIVALENT]} equivalent (proved by z3), {numbers[SURVIVED]} survived",
        f"killed: {rate:.1%} of those not proved equivalent, {raw:.1%} of all",
        "",
        "noticed by (a mutant may be noticed by several):",
    ]
    names = Counter(name for item in found.outcomes for name in item.noticed_by)
    lines += [f"  {count:5} {name}" for name, count in names.most_common()]
    lines += ["", "killed by a count only:"] + [
        f"  {item.label} ({item.version}, {item.case})" for item in found.of(COUNT)
    ]
    groups: dict[str, list[Outcome]] = {}
    for item in found.of(SURVIVED):
        groups.setdefault(found.reasons.get(item.label, "no reason is recorded"), []).append(item)
    for reason, items in groups.items():
        lines += ["", f"survived: {reason}"]
        lines += [f"  {item.label} ({', '.join(item.versions)})" for item in items]
    lines += [f"{FILE} explains what did not survive: {label}" for label in found.stale]
    return "\n".join(lines) + "\n"


def as_json(found: Judgement) -> dict[str, object]:
    """The same as plain data."""
    rate, raw = found.rates
    rows = [asdict(item) | {"reason": found.reasons.get(item.label)} for item in found.outcomes]
    return {"schema": 1, "rate": rate, "raw_rate": raw, "stale": found.stale, "mutants": rows}


def run(names: Sequence[str], workers: int, sample: int = 1) -> Judgement:
    """Judge every mutant of some versions, or each `sample`-th one."""
    chosen = tasks(names)[::sample]
    # neighbours are alike in cost, so each worker gets its share of all kinds
    outcomes = tuple(in_parallel(judge, chosen, workers))
    return Judgement(outcomes, explanations(), complete=sample == 1 and set(names) >= set(DEFAULT))


@click.command()
@click.argument("names", nargs=-1, metavar="[VERSION]...")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the outcomes as JSON.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
def mutate(names: tuple[str, ...], json_file: Path | None, jobs: int | None) -> None:
    """Make the model wrong in one place at a time; say who notices, and list what nobody does.

    Exit code 1 if a survivor has no reason in survivors.toml, or a reason explains what does not survive.
    """
    chosen = tuple(dict.fromkeys(versions.load(name).name for name in names)) or DEFAULT
    for name in chosen:
        demand_known_axes(name)
        if name not in everything().versions:
            raise click.UsageError(f"mutants are made of shipped versions only, not of {name}")
    found = run(chosen, jobs or os.cpu_count() or 1)
    if json_file is not None:
        write_file(json_file, json.dumps(as_json(found), indent=1) + "\n")
    click.echo(to_text(found), nl=False)
    sys.exit(1 if found.unexplained or found.stale else 0)
