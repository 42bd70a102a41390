"""Spin and the exhaustive engine on the same whole system, each from the beginning: `--benchmark-enable`.

Spin's time is `spin -a`, the compiler with -O2 and `pan`; ours is a fresh Python that builds the system and explores
it, not for the first time. Both go on after a hit and must count the same states; neither keeps the transitions.
`search`: processor time and elapsed time of our search alone. Nothing is asserted about time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ENVIRONMENT, ROOT, build_protocol
from pytest_benchmark.fixture import BenchmarkFixture
from spin import Found, needs_spin, search

from proofs.engines import Target
from proofs.exports import Question, promela

pytestmark = needs_spin
TABLE = 24  # 16 million slots, sixteen for each state of the largest
SIZES: dict[str, dict[str, int]] = {
    "small": {"requests": 1, "tz_requests": 1},
    "medium": {"requests": 2, "tz_requests": 1},
    "default": {"requests": 2, "tz_requests": 2},
    "large": {"requests": 2, "tz_requests": 4},
    "larger": {"requests": 4, "tz_requests": 4},
    "largest": {"data": 2, "ring": 8},
}
OURS = """
import sys
import time
from model.protocol import build
from model.subject import Subject
from proofs.engines.exhaustive import Explorer
bound = {key: int(value) for key, value in (item.split("=") for item in sys.argv[1:])}
system = build(Subject.of("v12", bound=bound)).system
started = time.process_time(), time.perf_counter()
space = Explorer(system).explore({}, transitions=False)
ended = time.process_time(), time.perf_counter()
print(space.states.shape[1], space.transitions, ended[0] - started[0], ended[1] - started[1])
"""


def ours(size: str) -> tuple[int, int, float, float]:
    """States, transitions, and the seconds of the search with finding its code, by a process of its own: the
    processors', and those that passed."""
    bounds = [f"{key}={value}" for key, value in SIZES[size].items()]
    command = [sys.executable, "-c", OURS, *bounds]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT, cwd=ROOT)
    states, transitions, used, passed = done.stdout.split()
    return int(states), int(transitions), float(used), float(passed)


@pytest.mark.parametrize("size", SIZES)
def test_spin(timed: BenchmarkFixture, size: str, tmp_path: Path) -> None:
    text = promela.write(Question(build_protocol("v12", bound=SIZES[size]).system, Target()))

    def run() -> Found:
        return search(text, tmp_path, everything=True, optimise="-O2", table=TABLE)

    found = timed.pedantic(run, rounds=3, iterations=1)
    timed.extra_info |= {"states": found.states, "transitions": found.transitions - 1}
    timed.extra_info |= {"spin": found.generating, "compiler": found.compiling, "pan": found.searching}
    assert (found.states, found.transitions - 1) == ours(size)[:2]


@pytest.mark.parametrize("size", SIZES)
def test_exhaustive_engine(timed: BenchmarkFixture, size: str) -> None:
    ours(size)  # so that what is compiled for it is kept
    states, transitions, used, passed = timed.pedantic(ours, (size,), rounds=3, iterations=1)
    timed.extra_info |= {"states": states, "transitions": transitions, "search": used, "elapsed": passed}
