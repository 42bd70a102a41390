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

Left out: the second forms of actions, in which a fault strikes (`client.issue_rx:lock-alloc`), and the steps that a
request takes after one (`client.terminate_rx_2`); the same code makes them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from model.parameters import SCENARIOS
from proofs.audit import mutants
from proofs.audit.cases import CASES, SMALLEST, Case
from proofs.audit.noticing import Bench, bench
from proofs.checking.expectations import ExpectationError
from proofs.checking.pool import Workers, in_parallel

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

    Those of the smallest case, and what the cases with other assumptions in which nothing fails have beside them.
    """
    found: dict[tuple[str, Hashable], list[str]] = {}
    for name in names:
        known: set[str] = set()
        for case in (case for case in CASES if case == SMALLEST or (_widens(case) and case.has(name))):
            fresh = [(label, key) for label, key in _labels(bench(name, case)) if label not in known]
            for label, key in fresh:
                found.setdefault((label, key), []).append(name)
            known.update(label for label, _ in fresh)
    return [Task(label, tuple(having)) for (label, _), having in found.items()]


def _widens(case: Case) -> bool:
    return bool(case.assume) and not SCENARIOS[case.scenario].faults


def _labels(item: Bench) -> Iterator[tuple[str, Hashable]]:
    """Each mutant's label, and what tells those with the same label apart: z3's number of the term that is wrong, or
    the place in the code."""
    for action in item.system.actions:
        for label, term, _ in mutants.of_action(action):
            yield label, term.get_id()
    for label, place, _ in item.code.wrongs():
        yield label, place


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
    text = resources.files("proofs.audit").joinpath(FILE).read_text(encoding="utf-8")
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


def run(names: Sequence[str], workers: Workers, sample: int = 1) -> Judgement:
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
