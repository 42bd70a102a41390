"""The kernel's own C, if it is at hand: the folder in LINUX_SOURCE, or Debian's package linux-source-6.1, unpacked."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from model.context import Protocol
from model.protocol import build
from model.source.bam.facts import DRIVER
from model.source.bam.sections import read_driver
from model.source.tree import SourceTree
from model.source.unit import Unit
from model.subject import Subject
from proofs.studies.comparing import BOUNDS, bounds_for

VARIABLE, PACKAGE = "LINUX_SOURCE", "linux-source-6.1*"


def source() -> Path:
    """The root of the source tree; skips the test without one."""
    named = os.environ.get(VARIABLE)
    found = [Path(named)] if named else sorted(Path("/usr/src").glob(PACKAGE))
    roots = [root for root in found if (root / DRIVER).is_file()]
    if not roots:
        pytest.skip(f"no kernel source: {VARIABLE} names none, and /usr/src has no unpacked {PACKAGE}")
    return roots[0]


@cache
def row(scenario: str = "default", version: str = "mainline") -> Protocol:
    """The row's protocol under the bounds of a comparison."""
    return build(Subject.of(version, scenario, bound=bounds_for(version)))


def unit_of(root: Path) -> Unit:
    """The driver of a tree."""
    return read_driver(SourceTree(root), BOUNDS["ring"])
