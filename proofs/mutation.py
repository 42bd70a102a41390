"""`mutate`: which wrong models would be noticed, by which properties, and which by nobody.

A mutant is killed by a property if that has another verdict or another shortest depth on it than on the original, in
one of the recorded cases of `counts`; killed by a count if only the number of states or transitions, or the depth, is
another one there. A mutant that nobody notices is one of these:
- equivalent: z3 proves that it does the same in every state, reachable or not;
- redundant: it does the same in every reachable state of every recorded case of every version that has it, and of the
  scenario `endless`; that is found by exhaustion, and nothing is claimed beyond it (other bounds, other assumptions).
  Where `endless` is too large only its nearest states are looked at, and the report says so;
- survived: it does something else in a reachable state.
The last two have to be explained in `survivors.toml`. Versions share a mutant if it is wrong in the same way: the same
place of the code, the same conjunct or update.

Left out: the second forms of actions, in which a fault strikes (`client.issue_rx:lock-alloc`); the same code makes
them.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path

import click

from counterexamples.documents import is_stdout, write_file
from model import versions
from proofs import mutants, outputs
from proofs.counts import CASES, SMALLEST, Case
from proofs.expectations import ExpectationError
from proofs.noticing import Bench, bench
from proofs.options import cores
from proofs.pool import in_parallel
from proofs.session import demand_known_axes, everything

FILE = "survivors.toml"
DEFAULT = ("v16", "v12", "v11", "v9", "v3", "v2", "mainline")
"""One of each kind; the others behave as one of them, or share nearly every mutant with some."""

PROPERTY, COUNT, EQUIVALENT, REDUNDANT, SURVIVED = "property", "count", "equivalent", "redundant", "survived"
GOAL = 0.95  # the share of proper mutants that has to be killed
TRIES = 3  # explorations in which a property is looked for that notices what a count has noticed
ENDLESS = Case("endless")


@dataclass(frozen=True)
class Task:
    """One mutant, by its label, and the versions that have it."""

    label: str
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: `fate` is one of the five words; who noticed it, in which version and case.

    For a survivor `version` and `case` say where it first does something else.
    """

    label: str
    versions: tuple[str, ...]
    fate: str
    noticed_by: tuple[str, ...] = ()
    version: str = ""
    case: str = ""


def tasks(names: Sequence[str]) -> list[Task]:
    """All distinct mutants of some versions, in a fixed order.

    Those of the smallest case, and what the cases with other assumptions have beside them.
    """
    found: dict[tuple[str, int], list[str]] = {}
    for name in names:
        known: set[str] = set()
        for case in (case for case in CASES if case == SMALLEST or (case.assume and case.has(name))):
            fresh = [(label, key) for label, key in _labels(bench(name, case)) if label not in known]
            for label, key in fresh:
                found.setdefault((label, key), []).append(name)
            known.update(label for label, _ in fresh)
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
    by_count: Outcome | None = None
    differing: list[tuple[str, str]] = []
    for version, case in _places(task.versions):
        item = bench(version, case)
        if not item.differs(task.label):
            continue
        mutant = item.mutant(task.label)
        assert mutant is not None  # or it would not differ
        differing.append((version, case.label))
        names, counted = item.noticed(item.explore(mutant))
        if names:
            return Outcome(task.label, task.versions, PROPERTY, names, version, case.label)
        if counted:
            by_count = by_count or Outcome(task.label, task.versions, COUNT, (), version, case.label)
        if by_count and len(differing) >= TRIES:
            break
    return by_count or _unnoticed(task, differing)


def _places(names: Sequence[str]) -> Iterator[tuple[str, Case]]:
    for case in CASES:
        yield from ((name, case) for name in names if case.has(name))


def _unnoticed(task: Task, differing: Sequence[tuple[str, str]]) -> Outcome:
    if not differing and _equivalent(task):
        return Outcome(task.label, task.versions, EQUIVALENT)
    # nowhere in the recorded cases: the endless ones are looked at for these only
    for version in task.versions if not differing else ():
        if bench(version, ENDLESS).differs(task.label):
            differing = [(version, ENDLESS.label)]
            break
    if differing:
        return Outcome(task.label, task.versions, SURVIVED, (), *differing[0])
    return Outcome(task.label, task.versions, REDUNDANT)


def _equivalent(task: Task) -> bool:
    """Proved for the first case of each version that has the mutant."""
    for name in task.versions:
        found = ((item, item.mutant(task.label)) for item in (bench(name, case) for case in CASES if case.has(name)))
        item, mutant = next((item, mutant) for item, mutant in found if mutant is not None)
        if not mutants.equivalent(item.system, mutant):
            return False
    return True


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
    """All outcomes beside the explanations: which of the unnoticed have none, which explanations explain nothing.

    `cut`: versions whose endless scenario is too large, with the number of states that were looked at.
    """

    outcomes: tuple[Outcome, ...]
    reasons: Mapping[str, str]
    complete: bool
    cut: Mapping[str, int] = field(default_factory=dict)

    def of(self, *fates: str) -> list[Outcome]:
        """The outcomes with one of some fates."""
        return [item for item in self.outcomes if item.fate in fates]

    @property
    def unexplained(self) -> list[Outcome]:
        """Survivors and redundant mutants without a reason."""
        return [item for item in self.of(SURVIVED, REDUNDANT) if item.label not in self.reasons]

    @property
    def stale(self) -> list[str]:
        """Reasons for what is noticed, equivalent or does not exist; only a run of all mutants can tell the last."""
        unnoticed = {item.label for item in self.of(SURVIVED, REDUNDANT)}
        known = {item.label for item in self.outcomes}
        return [label for label in self.reasons if label not in unnoticed and (self.complete or label in known)]

    @property
    def rates(self) -> tuple[float, float]:
        """The share of killed mutants, of those that are neither equivalent nor redundant and of all; 1 if none."""
        killed, total = len(self.of(PROPERTY, COUNT)), len(self.outcomes)
        proper = total - len(self.of(EQUIVALENT, REDUNDANT))
        return (killed / proper if proper else 1.0), (killed / total if total else 1.0)


def run(names: Sequence[str], workers: int, sample: int = 1) -> Judgement:
    """Judge every mutant of some versions, or each `sample`-th one."""
    chosen = tasks(names)[::sample]
    outcomes = tuple(in_parallel(judge, chosen, workers))
    unnoticed = {name for item in outcomes if item.fate == REDUNDANT for name in item.versions}
    return Judgement(
        outcomes, explanations(), complete=sample == 1 and set(names) >= set(DEFAULT), cut=_cut(sorted(unnoticed))
    )


def _cut(names: Sequence[str]) -> dict[str, int]:
    known = {name: bench(name, ENDLESS).states for name in names}
    return {name: count for name, (count, complete) in known.items() if not complete}


@click.command()
@click.argument("names", nargs=-1, metavar="[VERSION]...")
@click.option("--sample", type=click.IntRange(1), default=1, metavar="N", help="Only every N-th mutant.")
@click.option("--json", "json_file", type=outputs.Named(), help="Write the outcomes as JSON.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
def mutate(names: tuple[str, ...], sample: int, json_file: Path | None, jobs: int | None) -> None:
    """Make the model wrong in one place at a time; say who notices, and list what nobody does.

    Exit code 1 if what nobody notices has no reason in survivors.toml, or a reason there explains something else, or
    less than 95 % is killed.
    """
    outputs.demand_files({"--json": json_file})
    chosen = tuple(dict.fromkeys(versions.load(name).name for name in names)) or DEFAULT
    for name in chosen:
        demand_known_axes(name)
        if name not in everything().versions:
            raise click.UsageError(f"mutants are made of shipped versions only, not of {name}")
    found = run(chosen, jobs or cores(), sample)
    if json_file is None or not is_stdout(json_file):
        click.echo(to_text(found), nl=False)
    if json_file is not None:
        write_file(json_file, json.dumps(as_json(found), indent=1) + "\n")
    sys.exit(1 if found.unexplained or found.stale or found.rates[0] < GOAL else 0)


def to_text(found: Judgement) -> str:
    """The report: numbers, who kills how many, and everything that nobody notices with its reason."""
    numbers = Counter(item.fate for item in found.outcomes)
    rate, raw = found.rates
    lines = [
        f"{len(found.outcomes)} mutants: {numbers[PROPERTY]} killed by a property, {numbers[COUNT]} by a count only,"
        f" {numbers[EQUIVALENT]} equivalent (z3, all states), {numbers[REDUNDANT]} redundant (exhaustion, all reachable"
        f" states), {numbers[SURVIVED]} survived",
        f"killed: {rate:.1%} of those that are neither equivalent nor redundant, {raw:.1%} of all",
        "not mutated: the second forms of actions, in which a fault strikes",
        *(f"endless {name}: too large, only {count:,} states were looked at" for name, count in found.cut.items()),
        "",
        "noticed by (a mutant may be noticed by several):",
    ]
    names = Counter(name for item in found.outcomes for name in item.noticed_by)
    lines += [f"  {count:5} {name}" for name, count in names.most_common()]
    lines += ["", "killed by a count only:", *(f"  {_shown(item)}" for item in found.of(COUNT))]
    for fate in (SURVIVED, REDUNDANT):
        groups: dict[str, list[Outcome]] = {}
        for item in found.of(fate):
            groups.setdefault(found.reasons.get(item.label, "no reason is recorded"), []).append(item)
        for reason, items in groups.items():
            lines += ["", f"{fate}: {reason}", *(f"  {_shown(item)}" for item in items)]
    lines += ["", "equivalent:", *(f"  {_shown(item)}" for item in found.of(EQUIVALENT))]
    lines += [f"{FILE} explains what is noticed, equivalent or does not exist: {label}" for label in found.stale]
    return "\n".join(lines) + "\n"


def _shown(item: Outcome) -> str:
    place = f"{item.version}, {item.case}" if item.version else ", ".join(item.versions)
    return f"{item.label} ({place})"


def as_json(found: Judgement) -> dict[str, object]:
    """The same as plain data."""
    rate, raw = found.rates
    rows = [asdict(item) | {"reason": found.reasons.get(item.label)} for item in found.outcomes]
    return {"schema": 1, "rate": rate, "raw_rate": raw, "cut": found.cut, "stale": found.stale, "mutants": rows}
