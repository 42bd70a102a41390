"""What follows from observations, for people and for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import z3

from counterexamples.documents import write_file
from model.parameters import Setting, setting_of
from proofs.evidence.inference import Inference, Verdicts
from proofs.evidence.judging import Effect, Judgement
from proofs.evidence.observations import WEAK, Observation
from proofs.reports.terminal import tool_version

WIDTH = 79


def lines(found: Inference) -> Iterator[str]:
    """What each observation excludes, what is left, pairs if they were asked for, and what contradicts what; none is
    longer than a terminal is wide."""
    for line in _lines(found):
        further = " " * (len(line) - len(line.lstrip()) + 4)
        yield from textwrap.wrap(line, WIDTH, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def _lines(found: Inference) -> Iterator[str]:
    if found.reference is None:
        yield f"none of {len(found.tried)} settings, up to two values away from the defaults, is left"
        for names in found.conflicts:
            yield f"contradiction: {' and '.join(names)} leave none of them"
        return
    changed = shown(setting_of(found.reference))
    yield "taken as if all were seen of one kind of hardware; what follows is no proof"
    yield f"reference: the defaults{f' but {changed}' if changed else ''}; no observation excludes it"
    for item in found.observations:
        yield from _observation(found, item)
    yield "left, with all else as in the reference:"
    for key, values in found.left().items():
        settled = "settled" if len(values) == 1 else "open"
        yield f"  {key}: {' '.join(values)}  ({settled})"
    if found.pairs is not None:
        yield from _pairs(found, found.pairs)
    if found.inconclusive:
        yield "of some settings it is not known whether they are left: a capacity of the model was exceeded"


def shown(setting: Setting) -> str:
    """A setting on one line, empty for the defaults."""
    return ", ".join(f"{key}={value}" for key, value in setting)


def _observation(found: Inference, item: Observation) -> Iterator[str]:
    weak = "" if item.strength != WEAK or item.id in found.counted else " (weak: it excludes nothing here)"
    yield f"{item.id}  {item.what}{weak}"
    if item.row is None:
        yield f"    not-applicable: no row: {item.reason}"
        return
    against = {one: row[item.id] for one, row in found.singles.items()}
    there = found.tried[setting_of(found.reference or {})][item.id]
    if there.effect is Effect.EXCLUDES:
        left = [one for one, judgement in against.items() if judgement.effect is not Effect.EXCLUDES]
        yield f"    would exclude the reference: {there}"
        yield f"    of single changes it leaves {'; '.join(map(shown, left)) or 'none'}"
        return
    excluded = [(one, row) for one, row in against.items() if row.effect is Effect.EXCLUDES]
    for setting, judgement in excluded:
        yield f"    {'would exclude' if weak else 'excludes'} {shown(setting)}: {judgement}"
    unknown = [one for one, row in against.items() if row.effect is Effect.UNKNOWN]
    if unknown:
        yield f"    not known: {'; '.join(map(shown, unknown))}"
    elif not excluded:
        yield "    excludes nothing"


def _pairs(found: Inference, pairs: Mapping[Setting, Verdicts]) -> Iterator[str]:
    excluded = {two: found.excluding(row) for two, row in pairs.items()}
    wrong = {two: by for two, by in excluded.items() if by}
    yield f"of {len(pairs)} pairs of values that are left {len(wrong)} are excluded:"
    for two, by in wrong.items():
        reasons = "; ".join(f"{name}: {judgement}" for name, judgement in by.items())
        yield f"  {shown(two)}  ({reasons})"


def as_json(found: Inference) -> dict[str, Any]:
    """All of it as plain data."""
    groups = {"tried": found.tried, "singles": found.singles, "pairs": found.pairs}
    return {
        "schema": 1,
        "tool": f"bam-lock-check {tool_version()}",
        "z3": z3.get_version_string(),
        "counted": [item.id for item in found.observations if item.id in found.counted],
        "no_row": {item.id: item.reason for item in found.observations if item.row is None},
        "reference": found.reference,
        "left": found.left(),
        **{key: None if rows is None else [_row(*pair) for pair in rows.items()] for key, rows in groups.items()},
        "conflicts": [list(names) for names in found.conflicts],
    }


def _row(setting: Setting, verdicts: Verdicts) -> dict[str, Any]:
    return {"assume": dict(setting), **{name: _judged(one) for name, one in verdicts.items()}}


def _judged(one: Judgement) -> dict[str, Any]:
    row = {"effect": one.effect.value, "claim": one.claim, "scenario": one.scenario, "reason": one.reason}
    return {key: value for key, value in row.items() if value} | ({"path": list(one.path)} if one.path else {})


def write_json(found: Inference, path: Path) -> None:
    """Write `as_json`; raises OSError."""
    write_file(path, json.dumps(as_json(found), indent=1) + "\n")
