"""Results for people (terminal) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import z3
from rich.console import Console
from rich.table import Table
from rich.text import Text

from counterexamples.documents import write_file
from model import parameters
from proofs.campaign import Result
from proofs.properties import catalogue

COLOURS = {
    "violated": "bold red",
    "proved": "green",
    "reached": "green",
    "unreachable": "red",
    "unknown": "yellow",
    "bounded": "yellow",
    "not-applicable": "dim",
}
EXIT_DIFFERS, EXIT_INCONCLUSIVE, EXIT_VACUOUS = 1, 3, 4


@dataclass(frozen=True)
class Judged:
    """A result beside what was recorded for it."""

    result: Result
    expected: str | None
    as_expected: bool | None


def exit_code(rows: Sequence[Judged], strict: bool) -> int:
    """The exit code of design section 6 for a set of judged results."""
    violated = any(row.result.verdict == "violated" for row in rows)
    if strict and violated:
        return EXIT_DIFFERS
    wrong = [row for row in rows if row.as_expected is False]
    inconclusive = [row for row in wrong if row.result.verdict in ("unknown", "bounded")]
    if len(wrong) > len(inconclusive):
        return EXIT_DIFFERS
    unrecorded = [row.result.verdict for row in rows if row.expected is None]
    if "violated" in unrecorded:
        return EXIT_DIFFERS
    if "unreachable" in unrecorded:
        return EXIT_VACUOUS
    return EXIT_INCONCLUSIVE if inconclusive or "unknown" in unrecorded else 0


def console() -> Console:
    """Standard output; in a pipe a line is as long as it needs to be."""
    # a file's name may look like rich's markup
    plain = Console(markup=False, emoji=False)
    return plain if plain.is_terminal else Console(width=400, markup=False, emoji=False)


def _expectation(row: Judged) -> str:
    if row.expected is None:
        return ""
    return "as recorded" if row.as_expected else f"recorded: {row.expected}"


def table(rows: Sequence[Judged]) -> Table:
    """One line for each result."""
    result = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("version", "property", "scenario", "verdict", "how", "expectation"):
        result.add_column(title, overflow="fold")
    for row in rows:
        item = row.result
        verdict = f"{item.verdict} {item.depth}" if item.path else item.verdict
        colour = "bold red reverse" if row.as_expected is False else COLOURS[item.verdict]
        result.add_row(
            item.version, item.property, item.scenario, Text(verdict, style=colour), item.how, _expectation(row)
        )
    return result


def causes(rows: Sequence[Judged]) -> list[str]:
    """For each violation whose causes were asked for how many there are, and what is different in the further ones."""
    lines = []
    for item in (row.result for row in rows if row.result.causes is not None):
        head = f"{item.version} {item.property} ({item.scenario})"
        lines.append(f"{head}: {item.causes} cause{'' if item.causes == 1 else 's'}")
        lines += [f"  cause {number}, {note}" for number, note in enumerate(item.other_causes, start=2)]
    return lines


def print_results(console: Console, rows: Sequence[Judged], out: Path | None) -> None:
    """The table, what it was obtained under, and where the traces are."""
    console.print(table(rows))
    for line in causes(rows):
        console.print(line, soft_wrap=True)
    for scenario in dict.fromkeys(row.result.scenario for row in rows):
        bounds = next(row.result.bounds for row in rows if row.result.scenario == scenario)
        console.print(f"bounds, {scenario}: " + " ".join(f"{key}={value}" for key, value in bounds.items()))
    assumptions = rows[0].result.assumptions if rows else {}
    changed = {key: value for key, value in assumptions.items() if value != parameters.ASSUMPTIONS[key].values[0]}
    listed = " ".join(f"{key}={value}" for key, value in assumptions.items())
    console.print(f"assumptions ({'default' if not changed else 'changed: ' + ', '.join(changed)}): {listed}")
    asked = {row.result.property for row in rows}
    plain = {name for name, item in catalogue().items() if item.asked_plainly}
    if plain <= asked and (missing := [name for name in catalogue() if name not in asked]):
        console.print(f"not asked here: {', '.join(missing)} (ask with --property or --scenario)")
    if out is not None:
        from counterexamples.gallery import FORMS

        count = sum((row.result.trace is not None) + len(row.result.other_causes) for row in rows)
        console.print(f"{count} traces written to {out} ({', '.join(FORMS)})")
        if certificates := sum(row.result.certificate is not None for row in rows):
            console.print(f"{certificates} certificates written to {out} (.cert.json); prove them again with `certify`")


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
