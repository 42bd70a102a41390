"""The traces of the gallery, as stories."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from conftest import ROOT, build_protocol

from counterexamples.formats.itf import read_file
from counterexamples.story import Story
from proofs.checking.traces import story_of as checked_story
from proofs.properties import catalogue

GALLERY = ROOT / "counterexamples" / "gallery"
STORED = sorted(str(path.relative_to(GALLERY)) for path in GALLERY.glob("*/*.itf.json"))


def each_trace(names: Sequence[str] = STORED) -> list[Any]:
    """Names of stored traces as parameters: one of each version at once, the others when slow tests are asked for."""
    first = {name.split("/")[0]: name for name in reversed(names)}
    return [name if name in first.values() else pytest.param(name, marks=pytest.mark.slow) for name in names]


@cache
def stored_story(name: str) -> Story:
    stored = read_file(GALLERY / name)
    protocol = build_protocol(stored.subject.version, stored.subject.scenario)
    return checked_story(protocol, catalogue()[stored.property_id], stored.path, stored.loop)
