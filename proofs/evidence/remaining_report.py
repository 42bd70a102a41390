"""Verdicts under all combinations of assumptions that are left, for people and for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import z3

from counterexamples.documents import write_file
from model import parameters
from proofs.evidence.remaining import Deciding, Left, Over, Verdicts
from proofs.evidence.report import shown
from proofs.reports.terminal import tool_version

MOST = 8  # deciding sets of a property are printed, the smallest
WIDTH = 79


def lines(left: Left, found: Sequence[Verdicts]) -> Iterator[str]:
    """What is left, and what each property comes to under all of it."""
    if left.observed:
        yield f"combinations of the values that the observations leave: {len(left.kept)}"
        for name, count in left.excluded.items():
            yield f"  {name} excludes {count} of them"
        yield f"combinations that no observation excludes: {left.kept.sum()}"
    else:
        yield f"combinations of all values of all assumptions: {len(left.kept)}"
    if left.open:
        yield f"  of {left.open} of them some observation could not be judged: a capacity of the model"
    yield f"the reference: {shown(left.reference) or 'the defaults'}"
    for item in found:
        first = item.rows[0]
        counted = f"{item.systems} systems differ, decided by {item.explored} explorations"
        yield f"{first.version} ({first.scenario}): {counted} ({100 * item.explored / item.systems:.2g} %)"
        for row in item.rows:
            yield from _row(row)


def _row(row: Over) -> Iterator[str]:
    counts = ", ".join(f"{word} {count}" for word, count in row.counts.items())
    plain = len(row.counts) == 1
    yield f"  {row.name:<18} {row.conclusion}" + ("" if plain else f": {counts}")
    if plain:
        return
    yield f"    {row.reference} under the reference; otherwise with"
    for item in row.deciding[:MOST]:
        rest = "" if item.times == item.among else f", in {item.times} of {item.among}"
        text = f"{shown(item.change)} -> {item.word}{rest}"
        yield from textwrap.wrap(text, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 8)
    if len(row.deciding) > MOST:
        yield f"      and {len(row.deciding) - MOST} more, of no fewer values"


def as_json(left: Left, found: Sequence[Verdicts]) -> dict[str, Any]:
    """All of it as plain data."""
    return {
        "schema": 1,
        "tool": f"bam-lock-check {tool_version()}",
        "z3": z3.get_version_string(),
        "considered": len(left.kept),
        "excluded": dict(left.excluded),
        "left": int(left.kept.sum()),
        "not_judged": left.open,
        "reference": parameters.assumptions(dict(left.reference)),
        "evidence": [_entry(row, item) for item in found for row in item.rows],
    }


def _entry(row: Over, item: Verdicts) -> Mapping[str, Any]:
    return {
        "version": row.version,
        "scenario": row.scenario,
        "property": row.name,
        "conclusion": row.conclusion,
        "verdicts": {word.value: count for word, count in row.counts.items()},
        "reference": row.reference,
        "deciding": [_change(one) for one in row.deciding],
        "systems": item.systems,
        "explored": item.explored,
    }


def _change(item: Deciding) -> Mapping[str, Any]:
    return {"assume": dict(item.change), "verdict": item.word, "times": item.times, "among": item.among}


def write_json(left: Left, found: Sequence[Verdicts], path: Path) -> None:
    """Write `as_json`; raises OSError."""
    write_file(path, json.dumps(as_json(left, found), indent=1) + "\n")
