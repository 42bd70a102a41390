"""The line about the largest exploration: short enough for 80 columns, on a terminal only."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest
from conftest import ENVIRONMENT, ROOT

from proofs.commands.watching import line, short
from proofs.engines.running.figures import Figures


def test_numbers_are_short() -> None:
    numbers = (0, 999, 1000, 1050, 9999, 10_000, 999_999, 1_000_000, 12_345_678, 4 * 10**9)
    assert list(map(short, numbers)) == ["0", "999", "1k", "1k", "9.9k", "10k", "999k", "1M", "12M", "4G"]


def test_a_line_fits() -> None:
    assert len(line(Figures("v12 (default)", 999_999_999, 9_999_999, 999, 99_999_999, 99_999_999))) < 80


@pytest.mark.slow
def test_on_a_terminal_of_80_columns_and_nowhere_else() -> None:
    command = (sys.executable, "-m", "proofs", "check", "v12", "--property", "under-lock", "--scenario", "default")
    bounds = ("--bound", "requests=4", "--bound", "tz_requests=4", "--engine", "exhaustive", "--jobs", "1")
    parent, child = pty.openpty()
    settings: dict[str, Any] = {"cwd": ROOT, "stdout": subprocess.DEVNULL}
    environment = {**ENVIRONMENT, "COLUMNS": "80", "TERM": "xterm"}
    with subprocess.Popen([*command, *bounds], env=environment, stderr=child, **settings) as process:
        os.close(child)
        shown = b""
        while chunk := _read(parent):
            shown += chunk
    assert process.returncode == 0
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()))
    wanted = re.compile(r"v12 \(default\): .* states, .*/s, depth \d+, frontier .*, widest .*")
    assert any(map(wanted.fullmatch, map(str.strip, lines))) and max(map(len, lines)) <= 80
    silent = subprocess.run([*command, *bounds], env=ENVIRONMENT, stderr=subprocess.PIPE, timeout=300, **settings)
    assert (silent.returncode, silent.stderr) == (0, b"")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux: the other end is closed
        return b""
