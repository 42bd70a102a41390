"""Results for people (terminal) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import z3
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from counterexamples.documents import write_file
from proofs.checking.judged import Judged
from proofs.properties import catalogue

UNLIMITED = 10_000  # columns: no line of a pipe is broken


def console() -> Console:
    """Standard output, its text taken as it is; in a pipe a line is as long as it needs to be."""
    screen = Console(markup=False, highlight=False, emoji=False)
    if not screen.is_terminal:
        screen.width = UNLIMITED
    return screen


def fits(screen: Console, table: Table) -> bool:
    """Whether no line of a table has to be broken; always so in a pipe."""
    return Measurement.get(screen, screen.options.update(max_width=UNLIMITED), table).maximum <= screen.width


def _expectation(row: Judged) -> str:
    if row.expected is None:
        return ""
    return "as recorded" if row.as_expected else f"recorded: {row.expected}"


def verdict(row: Judged) -> Text:
    """The verdict with its depth, in its colour; reversed where another one is recorded."""
    item = row.result
    colour = "bold red reverse" if row.as_expected is False else item.verdict.colour
    degree = item.depth if item.path else item.strength
    return Text(item.verdict if degree is None else f"{item.verdict} {degree}", style=colour)


def _table(rows: Sequence[Judged], *names: str) -> Table:
    """One line for each result; `names`: which of its fields stand before the verdict, never broken."""
    result = Table(box=None, pad_edge=False, header_style="bold")
    for title in (*names, "verdict"):
        result.add_column(title, no_wrap=True, overflow="fold")
    result.add_column("how")
    result.add_column("expectation")
    for row in rows:
        cells = [getattr(row.result, name) for name in names]
        result.add_row(
            *cells, verdict(row), row.result.how, _expectation(row), *(["cached"] if row.result.cached else [])
        )
    return result


def table(rows: Sequence[Judged]) -> Table:
    """All results, one line for each."""
    return _table(rows, "version", "property", "scenario")


def print_results(screen: Console, rows: Sequence[Judged]) -> None:
    """The whole table, in parts where it is too wide, and what it was obtained under."""
    if fits(screen, table(rows)):
        screen.print(table(rows))
    else:
        for name, scenario in dict.fromkeys((row.result.version, row.result.scenario) for row in rows):
            part = [row for row in rows if (row.result.version, row.result.scenario) == (name, scenario)]
            screen.print(Text(f"{name}, {scenario}", style="bold"))
            screen.print(_table(part, "property"))
    for scenario in dict.fromkeys(row.result.scenario for row in rows):
        bounds = next(row.result.bounds for row in rows if row.result.scenario == scenario)
        screen.print(f"bounds, {scenario}: " + " ".join(f"{key}={value}" for key, value in bounds.items()))
    assumptions = rows[0].result.assumptions if rows else {}
    screen.print("assumptions: " + " ".join(f"{key}={value}" for key, value in assumptions.items()))
    asked = {row.result.property for row in rows}
    plain = {name for name, item in catalogue().items() if item.asked_plainly}
    if plain <= asked and (missing := [name for name in catalogue() if name not in asked]):
        screen.print(f"not asked here: {', '.join(missing)} (ask with --property or --scenario)")
    screen.print()


def causes(rows: Sequence[Judged]) -> list[str]:
    """For each violation whose causes were asked for how many there are, and what is different in the further ones."""
    lines = []
    for item in (row.result for row in rows if row.result.causes is not None):
        head = f"{item.version} {item.property} ({item.scenario})"
        lines.append(f"{head}: {item.causes} cause{'' if item.causes == 1 else 's'}")
        lines += [f"  cause {number}, {note}" for number, note in enumerate(item.other_causes, start=2)]
    return lines


def written(rows: Sequence[Judged], out: Path) -> list[str]:
    """What was written into the output folder."""
    from counterexamples.formats.registry import STORED

    count = sum((row.result.trace is not None) + len(row.result.other_causes) for row in rows)
    lines = [f"{count} {'trace' if count == 1 else 'traces'} written to {out} ({', '.join(STORED)})"]
    if certificates := sum(row.result.certificate is not None for row in rows):
        lines.append(f"{certificates} certificates written to {out} (.cert.json); prove them again with `certify`")
    return lines


def as_json(rows: Sequence[Judged]) -> dict[str, Any]:
    """All results as plain data, schema 1."""
    results = [row.result.as_json() | {"expected": row.expected, "as_expected": row.as_expected} for row in rows]
    return {"schema": 1, "tool": f"bam-lock-check {tool_version()}", "z3": z3.get_version_string(), "results": results}


def tool_version() -> str:
    """The installed version of this program, or "0" from a bare checkout."""
    try:
        return metadata.version("bam-lock-check")
    except metadata.PackageNotFoundError:
        return "0"


def write_json(rows: Sequence[Judged], path: Path) -> None:
    """Write `as_json`; raises OSError."""
    write_file(path, json.dumps(as_json(rows), indent=1) + "\n")
