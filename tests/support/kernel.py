"""The kernel's own C, if it is at hand: the folder in LINUX_SOURCE, or Debian's package linux-source-6.1, unpacked."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from model.context import Protocol
from model.protocol import build
from model.source.bam.facts import DRIVER
from model.source.bam.sections import Driver, read_driver
from model.source.tree import SourceError, SourceTree
from model.source.unit import Unit
from model.subject import Subject
from proofs.studies.comparing import BOUNDS, Outcome, bounds_for, compare, graphs, judge

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


def unlike(root: Path, *names: str, version: str = "mainline", scenario: str = "default") -> list[str]:
    """What some actions of a row and the same of a tree come to: what is different, or why it is refused."""
    protocol, found = row(scenario, version), []
    try:
        driver = Driver(protocol, unit_of(root))
        for name in names:
            action = protocol.system.action(name)
            found += [item.what for item in judge(protocol, action, driver.execute(action)).differences]
    except SourceError as error:
        return [f"refused: {error}"]
    return found


def demand_equal(version: str, root: Path, scenario: str) -> int:
    """Every action of the driver is the row's, and so are the reachable states; how many actions these are."""
    protocol, actions, driver = row(scenario, version), [], 0
    for compared, action in compare(protocol, unit_of(root)):
        same = compared.outcome is Outcome.EQUIVALENT
        assert same or not compared.of_driver, (compared.action, compared.differences, compared.reason)
        actions.append(action)
        driver += compared.of_driver
    both = graphs(protocol, tuple(actions))
    assert both.row == both.c and not both.ill_formed
    return driver
