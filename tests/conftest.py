"""What all tests share: protocols built once, version files of one's own, and the command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from model.context import Protocol
from model.protocol import build
from model.subject import Subject
from proofs.commands.cli import main

if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker has its parent's
    _CACHE = tempfile.TemporaryDirectory()
    os.environ["XDG_CACHE_HOME"] = _CACHE.name  # what tests compile is found by other tests, and by nobody else
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}


@dataclass(frozen=True)
class Outcome:
    """How one run of the command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error; fails the test if there is another thing than one line `error: ...`."""
        lines = self.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("error: ") and "Traceback" not in self.err, self.err
        return lines[0]


def run_cli(*arguments: str | Path, timeout: float = 600, cwd: Path = ROOT) -> Outcome:
    """`python -m proofs` with these arguments."""
    command = [sys.executable, "-m", "proofs", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=cwd, env=ENVIRONMENT)
    return Outcome(done.returncode, done.stdout, done.stderr)


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Outcome:
    """The same command inside this process: without the half second that a new one takes to start."""
    before, sys.argv = sys.argv, ["proofs", *map(str, arguments)]
    capsys.readouterr()
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = before
    out, err = capsys.readouterr()
    return Outcome(int(ended.value.code or 0), out, err)


@cache
def _built(version: str, scenario: str, assume: tuple[Any, ...], bound: tuple[Any, ...]) -> Protocol:
    return build(Subject.of(version, scenario, dict(assume), dict(bound)))


def build_protocol(
    version: str,
    scenario: str = "default",
    assume: Mapping[str, str] | None = None,
    bound: Mapping[str, int] | None = None,
) -> Protocol:
    """The protocol of a version under a scenario, assumptions and bounds, built once for all tests."""
    return _built(version, scenario, tuple(sorted((assume or {}).items())), tuple(sorted((bound or {}).items())))


def write_version(folder: Path, base: str, axes: Mapping[str, str | list[str]], name: str = "mine.toml") -> str:
    """A version file that sets some axes of a base; its path."""
    head = [
        f"{key} = {json.dumps(value)}" for key, value in (("title", "a test"), ("source", "a test"), ("base", base))
    ]
    tables = [f'\n[axes.{axis}]\nvalue = {json.dumps(value)}\nsource = "a test"' for axis, value in axes.items()]
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([*head, *tables]) + "\n", encoding="utf-8")
    return str(path)


def slow(*cases: object) -> list[Any]:
    """Cases of a parametrized test that only `pytest -m slow` runs; a tuple has a value for each parameter."""
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow) for case in cases]


@pytest.fixture(scope="session")
def protocol() -> Callable[..., Protocol]:
    """`protocol(version, scenario, assume, bound)`."""
    return build_protocol


@pytest.fixture(scope="session")
def version_file() -> Callable[..., str]:
    """`version_file(folder, base, axes)`."""
    return write_version


@pytest.fixture(scope="session")
def cli() -> Callable[..., Outcome]:
    """`cli(*arguments)`."""
    return run_cli


@pytest.fixture
def timed(request: pytest.FixtureRequest) -> BenchmarkFixture:
    """The benchmark fixture; skips the test unless benchmarks are asked for."""
    if not request.config.getoption("benchmark_enable"):
        pytest.skip("only with --benchmark-enable")
    return cast("BenchmarkFixture", request.getfixturevalue("benchmark"))
