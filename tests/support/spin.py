"""Runs Spin on a Promela text: `spin -a`, a C compiler, `pan`."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

COMPILER = shutil.which("gcc") or shutil.which("cc")
# single process, so partial-order reduction and the search for cycles would only cost; states are stored exactly
SETTINGS = ("-DSAFETY", "-DNOREDUCE", "-w")
needs_spin = pytest.mark.skipif(
    not (shutil.which("spin") and COMPILER), reason="needs Spin and a C compiler: apt-get install spin gcc libc6-dev"
)


@dataclass(frozen=True)
class Found:
    """What `pan` printed: `steps` up to the hit that it reported first, None without one; seconds of each part."""

    states: int
    transitions: int
    errors: int
    steps: int | None
    generating: float
    compiling: float
    searching: float


def _timed(*command: str, folder: Path) -> tuple[str, float]:
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout, time.perf_counter() - started


def search(
    text: str, folder: Path, *, nearest: bool = False, everything: bool = False, optimise: str = "-O0", table: int = 20
) -> Found:
    """Spin's answer. `nearest`: breadth first; `everything`: go on after a hit; `table`: log2 of the hash slots."""
    (folder / "model.pml").write_text(text, encoding="utf-8")
    _, generating = _timed("spin", "-a", "model.pml", folder=folder)
    mode = ("-DBFS",) if nearest else ()
    _, compiling = _timed(str(COMPILER), optimise, *SETTINGS, *mode, "-o", "pan", "pan.c", folder=folder)
    flags = ("-c0",) if everything else ()
    out, searching = _timed("./pan", "-m1000000", f"-w{table}", *flags, folder=folder)
    assert "max search depth too small" not in out and "out of memory" not in out, out
    deep = re.search(r"assertion violated .*\(at depth (\d+)\)", out)
    return Found(
        _number(r"(\d+) states, stored", out),
        _number(r"(\d+) transitions", out),
        _number(r"errors: (\d+)", out),
        int(deep[1]) + 1 if deep else None,
        generating,
        compiling,
        searching,
    )


def _number(pattern: str, out: str) -> int:
    found = re.search(pattern, out)
    assert found, out
    return int(found[1])
