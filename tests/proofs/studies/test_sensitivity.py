"""`check --assume all`: the smallest settings that change a verdict, and what is skipped for good reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from conftest import run_cli
from rich.console import Console

from model import parameters
from model.parameters import Setting
from model.subject import Subject
from proofs.checking.job import run_job
from proofs.checking.pool import in_parallel
from proofs.checking.records import Job
from proofs.checking.request import Request
from proofs.commands.session import run_jobs
from proofs.reports.sensitivity import print_results
from proofs.studies import sensitivity
from proofs.studies.screening import CONTAINED, OPEN, SAME, Screen, Screened, screen
from proofs.studies.sensitivity import Sensitivity, couples, singles

pytestmark = pytest.mark.slow

SMALL = {"requests": 1, "tz_requests": 1}
ALL = singles()
FEW = tuple(
    (pair,)
    for pair in {
        "lock_scope": "whole-bam",
        "nwd_ack": "input-consumed",
        "pipe_reset": "releases-lock",
        "foreign_unlock": "releases",
        "other_ee": "absent",
    }.items()
)


def asked(version: str, *properties: str) -> Request:
    """A small request for some properties in `default`."""
    return Request((version,), properties, ("default",), bound=SMALL)


def found_for(request: Request, workers: int, pairs: bool) -> list[Sensitivity]:
    """What its verdicts depend on, explored and compared by that many processes."""
    explore = partial(run_jobs, workers=workers, quiet=True)

    def compare(tasks: Sequence[Screen]) -> list[Screened]:
        return list(in_parallel(screen, tasks, workers))

    return sensitivity.run(request.jobs(), explore, compare, workers, pairs)


def setting(**values: str) -> Setting:
    """A setting by keywords."""
    return tuple(values.items())


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensitivity, "singles", lambda: FEW)


@pytest.fixture(scope="module")
def v16() -> dict[str, Sensitivity]:
    """What two verdicts on v16 depend on, by property."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sensitivity, "singles", lambda: FEW)
        found = found_for(asked("v16", "quiet-engine", "own-pipe-free"), 1, pairs=False)
    return {item.default.property: item for item in found}


def test_settings_are_all_values_but_the_defaults() -> None:
    values = [pair for single in ALL for pair in single]
    assert len(ALL) == len(values) == sum(len(item.values) - 1 for item in parameters.ASSUMPTIONS.values())
    assert all(value != parameters.ASSUMPTIONS[key].values[0] for key, value in values)
    assert all(one[0] != other[0] for one, other in couples())
    assert len(couples()) == len(set(couples())) == len(FEW) * (len(FEW) - 1) // 2
    assert (*setting(nwd_ack="input-consumed"), *setting(other_ee="absent")) in couples()
    assert set(FEW) < set(ALL)


def test_what_v16_depends_on(v16: dict[str, Sensitivity]) -> None:
    changes = dict(v16["quiet-engine"].changes)
    assert v16["quiet-engine"].default.verdict == "proved"
    assert changes[setting(nwd_ack="input-consumed")].verdict == "violated"
    assert setting(other_ee="absent") not in changes
    assert [key for key, _ in v16["own-pipe-free"].changes] == [setting(lock_scope="whole-bam")]


def test_every_value_is_accounted_for(v16: dict[str, Sensitivity]) -> None:
    for item in v16.values():
        counts = item.singles
        assert counts.considered == len(FEW) == counts.same + counts.contained + counts.explored
        assert item.pairs is None
    assert v16["own-pipe-free"].singles.explored == 1, "all but lock_scope=whole-bam leave the target constantly false"
    assert v16["quiet-engine"].singles.explored < len(FEW)


def test_skipped_values_really_change_nothing() -> None:
    names = ("quiet-engine", "no-abort", "bracketed", "lock-released")
    (job,) = Request(("v16",), names, ("default",), {}, SMALL, engine="exhaustive").jobs()
    words = {row.property: row.verdict for row in run_job(job)}
    some = ALL[::2]
    found = screen(Screen(job, tuple((one, ((),)) for one in some), words))
    assert {SAME, CONTAINED, OPEN} == set(found.values())
    for one in some:
        skipped = tuple(name for name in job.properties if found[one, name] != OPEN)
        rows = run_job(replace(job, properties=skipped, subject=job.subject.assuming(dict(one))))
        assert {row.property: row.verdict for row in rows} == {name: words[name] for name in skipped}, one


def test_containment_goes_by_the_verdict() -> None:
    absent = setting(other_ee="absent")
    job = Job(Subject.of("v16", bound=SMALL), ("quiet-engine",))
    for word, wanted in (("proved", CONTAINED), ("violated", OPEN), ("unknown", OPEN), ("reached", OPEN)):
        task = Screen(job, ((absent, ((),)),), {"quiet-engine": word})
        assert screen(task) == {(absent, "quiet-engine"): wanted}


def test_fewer_actions_say_nothing_about_progress() -> None:
    absent = setting(other_ee="absent")
    task = Screen(
        Job(Subject.of("v16", bound=SMALL), ("lock-released",)), ((absent, ((),)),), {"lock-released": "proved"}
    )
    assert screen(task) == {(absent, "lock-released"): OPEN}


def test_pairs_are_of_values_that_change_nothing_alone() -> None:
    (item,) = found_for(asked("v16", "quiet-engine"), 1, pairs=True)
    changing = [key for key, _ in item.changes if len(key) == 1]
    assert changing == [setting(nwd_ack="input-consumed")]
    assert item.pairs is not None and item.pairs.considered == 6
    assert all(not set(key) & set(changing[0]) for key, _ in item.changes if len(key) == 2)


def test_a_pair_like_one_of_its_values_is_not_explored() -> None:
    both = (*setting(lock_scope="other-group"), *setting(foreign_unlock="releases"))
    known = ((), both[:1], both[1:])
    task = Screen(Job(Subject.of("v16", bound=SMALL), ("quiet-engine",)), ((both, known),), {"quiet-engine": "proved"})
    assert screen(task) == {(both, "quiet-engine"): SAME}


def test_a_property_that_does_not_apply_needs_no_run() -> None:
    (item,) = found_for(asked("v16", "flag-truth"), 1, pairs=False)
    assert item.default.verdict == "not-applicable" and not item.changes
    assert item.singles.same == len(FEW) and item.singles.explored == 0


def test_workers_make_no_difference(v16: dict[str, Sensitivity]) -> None:
    (one,) = found_for(asked("v16", "own-pipe-free"), 2, pairs=False)
    other = v16["own-pipe-free"]
    assert one.singles == other.singles
    assert [(key, row.verdict, row.depth) for key, row in one.changes] == [
        (key, row.verdict, row.depth) for key, row in other.changes
    ]


def test_printed(v16: dict[str, Sensitivity]) -> None:
    console = Console(width=400)
    with console.capture() as capture:
        print_results(console, list(v16.values()))
    lines = capture.get().splitlines()
    assert lines[0] == "v16 quiet-engine (default): proved under the default assumptions"
    row = dict(v16["quiet-engine"].changes)[setting(nwd_ack="input-consumed")]
    assert f"  nwd_ack=input-consumed -> violated {row.depth}" in lines
    assert any(line.startswith(f"  {len(FEW)} values: ") for line in lines)


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    bounds = [part for key, value in SMALL.items() for part in ("--bound", f"{key}={value}")]
    arguments = ("check", "v16", "--assume", "all", "--property", "own-pipe-free", "--scenario", "default", *bounds)
    outcome = run_cli(*arguments, "--json", path)
    assert outcome.code == 0 and "lock_scope=whole-bam -> violated" in outcome.out
    document = json.loads(path.read_text())
    assert document["schema"] == 1 and "results" not in document
    (entry,) = document["sensitivity"]
    assert (entry["version"], entry["property"], entry["scenario"]) == ("v16", "own-pipe-free", "default")
    assert entry["default"]["verdict"] == "not-applicable"
    assert [change["assume"] for change in entry["changes"]] == [{"lock_scope": "whole-bam"}]
    assert entry["singles"]["explored"] == 1 and entry["pairs"] is None


@pytest.mark.parametrize(
    "arguments, hint",
    [
        (["--assume", "all", "--assume", "relock=blocks"], "combined"),
        (["--assume", "relock=blocks", "--assume", "all"], "combined"),
        (["--assume", "all", "--junit", "/tmp/it.xml"], "--junit"),
        (["--assume", "all", "--out", "/tmp/it"], "--out"),
        (["--assume", "all", "--strict"], "--strict"),
        (["--assume", "all", "--engine", "bounded"], "--engine"),
        (["--assume", "all", "--json", "/"], "is a folder"),
        (["--assume", "al"], "KEY=VALUE"),
        (["--pairs"], "--assume all"),
    ],
)
def test_bad_combinations_are_one_line(arguments: list[str], hint: str) -> None:
    outcome = run_cli("check", "v16", *arguments, timeout=200)
    assert outcome.code == 2 and hint in outcome.complaint
