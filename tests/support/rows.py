"""Judged results that no run has to make."""

from __future__ import annotations

from typing import Any

from proofs.checking.judged import Judged
from proofs.checking.records import Result
from proofs.checking.words import Word


def judged(verdict: str, expected: str | None = None, as_expected: bool | None = None, **values: Any) -> Judged:
    """A judged result that differs from a plain one in `values`."""
    plain: dict[str, Any] = {
        "version": "v12",
        "property": "quiet-engine",
        "scenario": "default",
        "verdict": Word.of(verdict),
        "how": "somehow",
        "depth": 13 if verdict in ("violated", "reached") else None,
        "states": 10,
        "engines": {},
        "bounds": {"requests": 2},
        "assumptions": {"relock": "blocks"},
        "path": ("a.b",) * 13 if verdict in ("violated", "reached") else (),
        "trace": None,
        "seconds": 3.0,
    }
    return Judged(Result(**plain | values), expected, as_expected)
