"""What a set of changes that suffices amounts to: its cost, its verdicts, and what each change is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from model import versions
from model.protocol import assemble
from model.versions import Value, misfit
from proofs.checking.job import run_job
from proofs.checking.pool import Workers, in_parallel
from proofs.checking.records import Job, Result
from proofs.checking.traces import story_of
from proofs.properties import catalogue
from proofs.proposing.asked import Asked
from proofs.proposing.judging import KEPT, KILLED, Outcome, Refutation, Task, judge
from proofs.proposing.pricing import Prices
from proofs.proposing.space import Change, Changes, Space
from proofs.studies.cost import KINDS, Cost, cost


@dataclass(frozen=True)
class Reason:
    """What one change is for: what comes about if only it is left out.

    `part`: which edit of an order of steps it is, if it is one. `unfit`: the rest describes no driver, and why.
    `refutation`: else what is not kept then. `account`: its trace in sentences, empty if it has none.
    """

    change: Change
    part: str
    unfit: str | None
    refutation: Refutation | None
    account: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """A minimal set of changes, in the order of the axes; `after`: verdicts, as those on the version before."""

    changes: tuple[Change, ...]
    reasons: tuple[Reason, ...]
    cost: Cost
    after: tuple[Result, ...]

    @property
    def spent(self) -> tuple[tuple[Change, ...], Mapping[str, int] | None]:
        """What has a price: the changes, and what the shortest run of a request costs, None if none succeeds."""
        return self.changes, self.cost.shortest

    @property
    def plain_price(self) -> tuple[int, ...]:
        """What sorts proposals of one price: the number of changes, then what the shortest run costs, by kind."""
        spent = self.cost.shortest or {}
        return (len(self.reasons), *(spent.get(kind, 1 << 30) for kind in KINDS))


@dataclass(frozen=True)
class Material:
    """What a proposal is worked out of: the search's space, what it asked, its traces, and a plain check's jobs."""

    version: str
    space: Space
    asked: tuple[Asked, ...]
    traces: tuple[Refutation, ...]
    jobs: tuple[Job, ...]
    changes: Changes

    def __str__(self) -> str:
        return f"a proposal for {self.version}"


def proposals(
    version: str,
    space: Space,
    asked: tuple[Asked, ...],
    found: tuple[Sequence[Changes], Sequence[Refutation]],
    jobs: Sequence[Job],
    workers: Workers,
    prices: Prices,
) -> list[Proposal]:
    """All sets of changes in `found`, with whose traces, worked out; the cheapest first."""
    sets, traces = found
    work = [Material(version, space, asked, tuple(traces), tuple(jobs), changes) for changes in sets]
    return cheapest_first(in_parallel(worked_out, work, workers), prices)


def cheapest_first(found: Iterable[Proposal], prices: Prices) -> list[Proposal]:
    """Proposals by their price, those of one price by the number of changes and by what a request costs."""
    return sorted(found, key=lambda item: (prices.of(*item.spent), *item.plain_price))


def worked_out(material: Material) -> Proposal:
    """One proposal; raises EngineDisagreementError or ReplayError, which are internal errors."""
    space, changes = material.space, material.changes
    ordered = space.ordered(changes)
    axes = space.applied(changes)
    after = [row for job in material.jobs for row in run_job(replace(job, subject=job.subject.changed(axes)))]
    reasons = []
    for left_out in space.without(changes):
        found = reason(material, *left_out)
        if found is None:
            raise AssertionError(f"{left_out[0][0]} can be left out, and the set was said to be minimal")
        reasons.append(found)
    design = replace(versions.load(material.version), axes=axes)
    return Proposal(ordered, tuple(reasons), cost(design), tuple(after))


def reason(material: Material, change: Change, part: str, rest: Changes) -> Reason | None:
    """What a change, or one edit of it, is for; `rest`: the design without it. None: it can be left out."""
    axes = material.space.applied(rest)
    if contradiction := misfit(axes):
        return Reason(change, part, contradiction, None, ())
    outcome = judge(Task(axes, material.asked, material.traces, explore=True))
    if outcome.word == KEPT:
        return None
    refutation = _first(outcome, material.traces)
    return Reason(change, part, None, refutation, account(material.asked, axes, refutation))


def _first(outcome: Outcome, traces: Sequence[Refutation]) -> Refutation:
    if outcome.word == KILLED and outcome.by is not None:
        return traces[outcome.by]
    return min(outcome.refutations, key=lambda item: not item.has_trace)


def account(asked: Sequence[Asked], axes: Mapping[str, Value], refutation: Refutation) -> tuple[str, ...]:
    """A trace in sentences, in the system of a design with these axes; nothing if there is none."""
    if not refutation.has_trace:
        return ()
    protocol = assemble(asked[refutation.system].of(axes))
    story = story_of(protocol, catalogue()[refutation.claim], refutation.path, refutation.loop)
    return tuple(sentence.text for sentence in story.account)
