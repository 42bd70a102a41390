"""What verdicts depend on, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import z3
from rich.console import Console
from rich.text import Text

from counterexamples.documents import write_file
from proofs.checking.records import Result, in_brief
from proofs.checking.words import Word
from proofs.reports import terminal
from proofs.studies.sensitivity import Sensitivity


def as_json(found: Sequence[Sensitivity]) -> dict[str, Any]:
    """All of it as plain data."""
    tool = f"bam-lock-check {terminal.tool_version()}"
    entries = [_entry(item) for item in found]
    return {"schema": 1, "tool": tool, "z3": z3.get_version_string(), "sensitivity": entries}


def _entry(item: Sensitivity) -> dict[str, Any]:
    row = item.default
    return {
        "version": row.version,
        "property": row.property,
        "scenario": row.scenario,
        "bounds": dict(row.bounds),
        "default": _verdict(row),
        "changes": [{"assume": dict(setting), **_verdict(result)} for setting, result in item.changes],
        "singles": asdict(item.singles),
        "pairs": None if item.pairs is None else asdict(item.pairs),
    }


def _verdict(row: Result) -> dict[str, Any]:
    return {"verdict": row.verdict, "depth": row.depth, "how": row.how, "states": row.states}


def write_json(found: Sequence[Sensitivity], path: Path) -> None:
    """Write `as_json`; raises OSError."""
    write_file(path, json.dumps(as_json(found), indent=1) + "\n")


def print_results(console: Console, found: Sequence[Sensitivity]) -> None:
    """For each verdict a heading, what changes it, and how many settings were looked at."""
    for item in found:
        row = item.default
        heading = Text(f"{row.version} {row.property} ({row.scenario}): ")
        console.print(heading + _coloured(row) + Text(" under the default assumptions"))
        for setting, result in item.changes:
            values = ", ".join(f"{key}={value}" for key, value in setting)
            reason = f" ({result.how})" if result.verdict in (Word.UNKNOWN, Word.NOT_APPLICABLE) else ""
            console.print(Text(f"  {values} -> ") + _coloured(result) + Text(reason))
        console.print(Text(f"  {_counted(item)}", style="dim"))


def _coloured(row: Result) -> Text:
    return Text(in_brief(row), style=row.verdict.colour)


def _counted(item: Sensitivity) -> str:
    parts = []
    for counts, what in ((item.singles, "values"), (item.pairs, "pairs")):
        if counts is not None:
            skipped = f"{counts.same} give the same system, {counts.contained} only more or less of it"
            parts.append(f"{counts.considered} {what}: {skipped}, {counts.explored} explored")
    return "; ".join(parts) if item.changes else "nothing changes it; " + "; ".join(parts)
