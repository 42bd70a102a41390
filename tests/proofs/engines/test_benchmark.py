"""How long the command takes, and how many transitions a second the exhaustive engine makes: `--benchmark-enable`.

Nothing is asserted about time. Without `--benchmark-enable` these do next to nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Outcome, build_protocol, run_cli
from pytest_benchmark.fixture import BenchmarkFixture

from model import versions
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space

DONE = (0, 1)


def test_check_v12_v16_with_pictures(timed: BenchmarkFixture, tmp_path: Path) -> None:
    def run() -> Outcome:
        return run_cli("check", "v12", "v16", "--out", tmp_path)

    outcome = timed.pedantic(run, rounds=3, iterations=1)
    assert outcome.code in DONE and "Traceback" not in outcome.err


def test_check_one_property(timed: BenchmarkFixture) -> None:
    def run() -> Outcome:
        return run_cli("check", "v12", "--property", "quiet-engine")

    outcome = timed.pedantic(run, rounds=3, iterations=1)
    assert outcome.code in DONE and "Traceback" not in outcome.err


@pytest.mark.parametrize("version", versions.names())
def test_gate_by_version(timed: BenchmarkFixture, version: str) -> None:
    def run() -> Outcome:
        return run_cli("check", version, "--scenario", "all", "-q")

    outcome = timed.pedantic(run, rounds=1, iterations=1)
    assert outcome.code == 0, "as recorded"


def test_exhaustive_engine(timed: BenchmarkFixture) -> None:
    explorer = Explorer(build_protocol("v12").system)

    def run() -> Space:
        return explorer.explore({})

    space: Space = timed.pedantic(run, rounds=3, iterations=1)
    assert timed.stats is not None
    seconds = timed.stats.stats.min
    timed.extra_info["states"] = space.states.shape[1]
    timed.extra_info["transitions"] = space.transitions
    timed.extra_info["transitions per second"] = round(space.transitions / seconds)
    assert space.complete and space.states.shape[1] > 100_000
