"""The search finds exactly the minimal sets that trying every design finds, and explores fewer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from counterexamples.documents import DocumentError
from model import versions
from model.protocol import assemble
from model.subject import Subject
from proofs.checking.job import run_job
from proofs.checking.pool import in_parallel
from proofs.checking.records import Job
from proofs.proposing import search as searching
from proofs.proposing.asked import Asked, required
from proofs.proposing.journal import Journal
from proofs.proposing.judging import KEPT, Outcome, Task, happens, judge, known_of
from proofs.proposing.proposal import Material, reason
from proofs.proposing.search import Search
from proofs.proposing.space import Changes, Space

SMALL = {"requests": 1, "tz_requests": 2}
EXCLUSION = ("quiet-engine", "quiet-dummy", "unlock-after-done", "works")


def asked_of(version: str, properties: Sequence[str], bound: dict[str, int], scenario: str = "default") -> Asked:
    """These properties in one scenario."""
    return Asked(Subject.of(version, scenario, bound=bound), tuple(properties))


def between(old: str, new: str, *axes: str) -> Space:
    """The changes from one version to another on some axes, or on all."""
    base, other = dict(versions.load(old).axes), versions.load(new).axes
    return Space(base, {axis: (other[axis],) for axis in axes or base if base[axis] != other[axis]})


def enumerated(space: Space, asked: Asked) -> set[Changes]:
    """The minimal sets that keep all, every design being explored on its own."""
    designs = [changes for size in range(len(space.choices) + 1) for changes in space.designs(size)]
    tasks = [Task(space.applied(changes), (asked,), (), explore=True) for changes in designs]
    outcomes = in_parallel(judge, tasks, os.cpu_count() or 1)
    kept = {changes for changes, outcome in zip(designs, outcomes, strict=True) if outcome.word == KEPT}
    return {changes for changes in kept if not any(smaller < changes for smaller in kept)}


@cache
def searched() -> tuple[Space, Asked, Search]:
    """What makes v12's exclusion right, among what v13 did."""
    space, asked = between("v12", "v13"), asked_of("v12", EXCLUSION, SMALL)
    search = Search(space, (asked,), Journal())
    search.run(len(space.choices), 1)
    return space, asked, search


def test_the_search_finds_what_trying_every_design_finds() -> None:
    space, asked, search = searched()
    assert search.solutions and len(search.solutions) == len(set(search.solutions))
    assert set(search.solutions) == enumerated(space, asked)
    counts = search.counts
    assert counts.designs == counts.explored + counts.killed + counts.same + counts.above
    assert counts.explored < counts.designs


def test_v12_needs_the_order_and_nwd_as_v13_had_both() -> None:
    space, _, search = searched()
    ends = [dict(changes) for changes in search.solutions]
    assert any({"nwd", "request"} <= changes.keys() for changes in ends)
    # cheaper than history: v13 also gave the lock back to bam_start_dma, which exclusion did not need
    assert all(len(changes) < len(space.choices) for changes in ends)


def test_no_change_of_a_proposal_can_be_left_out() -> None:
    space, asked, search = searched()
    for changes in search.solutions:
        material = Material("v12", space, (asked,), tuple(search.traces), (), changes)
        for change, part, rest in space.without(changes):
            found = reason(material, change, part, rest)
            assert found is not None
            assert found.unfit is not None or found.refutation is not None
            if found.refutation is not None and found.refutation.has_trace:
                system = assemble(asked.of(space.applied(rest)))
                assert happens(system, found.refutation) and found.account
                assert not happens(assemble(asked.of(space.applied(changes))), found.refutation)


def test_a_known_trace_rules_out_only_where_it_happens() -> None:
    space, asked, search = searched()
    trace = search.traces[0]
    assert happens(assemble(asked.subject), trace)
    assert not happens(assemble(asked.subject), replace(trace, path=trace.path[:-1]))
    assert not happens(assemble(asked.subject), replace(trace, path=(*trace.path[:-1], "no.such")))
    ruled_out = judge(Task(space.base, (asked,), (trace,), True))
    assert (ruled_out.word, ruled_out.by, ruled_out.refutations) == ("killed", 0, ())
    assert ruled_out.read and "recovery" in ruled_out.read <= space.base.keys()


def test_nothing_in_the_space_is_a_result() -> None:
    space, asked = between("v12", "v13", "lock-flag"), asked_of("v12", EXCLUSION, SMALL)
    search = Search(space, (asked,), Journal())
    search.run(3, 1)
    assert search.solutions == [] and search.traces and sum(search.kills.values()) >= 1


def test_a_search_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space, asked, whole = searched()
    path = tmp_path / "journal"
    with Journal.at(path, space, (asked,)) as journal:
        Search(space, (asked,), journal).run(1, 1)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"changes": [["lo')  # as a stop in the middle of a line leaves it
    judged: list[Task] = []

    def counted(task: Task) -> Outcome:
        judged.append(task)
        return judge(task)

    monkeypatch.setattr(searching, "judge", counted)
    with Journal.at(path, space, (asked,)) as journal:
        again = Search(space, (asked,), journal)
        again.run(len(space.choices), 1)
        other = Journal.at(path, space, (asked,))
        with pytest.raises(DocumentError, match="another run writes this journal; give another file"), other:
            pass
    assert set(again.solutions) == set(whole.solutions) and again.counts.designs == whole.counts.designs
    known = {frozenset(space.applied(frozenset()).items())}
    assert judged and not any(task.explore and frozenset(task.axes.items()) in known for task in judged)
    other = Journal.at(path, space, (replace(asked, properties=("works",)),))
    with pytest.raises(DocumentError, match="no journal of this question"), other:
        pass


def test_the_version_itself_is_explored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    space, asked, whole = searched()
    rows = run_job(Job(asked.subject, asked.properties, "exhaustive"))
    other = replace(asked, subject=asked.subject.assuming({"nwd_ack": "input-consumed"}))
    explored: list[Task] = []

    def counted(task: Task) -> Outcome:
        explored.extend([task] if task.explore else [])
        return judge(task)

    monkeypatch.setattr(searching, "judge", counted)
    # of the other system nothing is known, but what is wrong in the one is enough
    for systems in ((asked,), (asked, other)):
        search = Search(space, systems, Journal(), of_version=known_of(rows, systems))
        search.run(0, 1)
        assert not explored and search.counts.explored == 1 and whole.traces[0] in search.traces
    search = Search(space, (other,), Journal(), of_version=known_of(rows, (other,)))
    search.run(0, 1)
    assert len(explored) == 1 and not search.of_version


def test_what_a_version_says_nothing_of_is_not_asked() -> None:
    job = Job(Subject.of("v24", "small-ring"), ("quiet-engine", "own-status", "mapping-own"), "exhaustive")
    (asked,) = required(run_job(job), [job], [{}])
    assert asked.properties == ("quiet-engine",), "own-status is vacuous there, mapping-own does not apply"


@pytest.mark.slow
def test_of_two_thousand_designs_few_are_explored() -> None:
    bam_dma = {"lock-freeing", "flag-clear", "terminate", "load-interrupt", "lock-failure", "runtime-pm"}
    space = Space.of("v12", keep=sorted(set(versions.axes()) - {"request", "nwd", *bam_dma}))
    # progress is asked for, so that a design that hangs has a trace, by which others are ruled out
    asked = asked_of("v12", (*EXCLUSION, "linux-progress"), {"requests": 1, "tz_requests": 1})
    search = Search(space, (asked,), Journal())
    search.run(len(space.choices), os.cpu_count() or 1)
    counts = search.counts
    print(f"{counts.explored} of {counts.designs} designs explored ({counts.share:.1%})")
    assert counts.designs >= 2000 and counts.share < 0.1
    assert len(search.solutions) == 2 and set(search.solutions) == enumerated(space, asked)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "properties", "scenario", "part"),
    [
        ("v15", "v16", ("mapping-own",), "busy-client", {"lock-storage": "descriptor"}),
        ("v16", "v20", ("completion-order", "works"), "default", {"lock-cookie": "none", "lock-freeing": "irq"}),
        # cheaper than history: v21 also moved LOCK and UNLOCK into the fill loop, which these two do not need
        ("v20", "v21", ("bracketed", "works"), "busy-client", {"flag-clear": "loaded"}),
    ],
)
def test_history_is_among_what_is_found(
    old: str, new: str, properties: tuple[str, ...], scenario: str, part: dict[str, str]
) -> None:
    space, asked = between(old, new), asked_of(old, properties, {}, scenario)
    search = Search(space, (asked,), Journal())
    search.run(len(space.choices), 1)
    assert any(dict(changes).items() & part.items() for changes in search.solutions), search.solutions
