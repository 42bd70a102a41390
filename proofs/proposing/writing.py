"""A proposal as a version file that `check` takes, as a page, and as text for a mailing list."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model import versions
from model.versions import Value
from proofs.checking.records import Result, in_brief
from proofs.proposing.asked import Asked
from proofs.proposing.space import Change, shown
from proofs.reports.brief_forms import Brief, Entry
from proofs.studies.cost import Cost

if TYPE_CHECKING:
    from proofs.proposing.proposal import Proposal, Reason

Where = Sequence[Asked]
LONGEST = 80  # characters of a title's list of changes


def version_file(version: str, changes: Sequence[Change], folder: Path) -> str:
    """TOML, to be put into a folder: the version with the changes."""
    listed = ", ".join(f"{axis} = {shown(value)}" for axis, value in changes)
    if len(listed) > LONGEST:
        listed = f"{len(changes)} changes"
    # a base is looked for where the file is that has it
    joined, base = ("and", os.path.relpath(version, folder)) if versions.is_path(version) else ("with", version)
    lines = [
        f"title = {_text(f'{_title(version)} {joined} {listed}')}",
        'source = "proposed by a search"',
        f"base = {_text(base)}",
    ]
    for axis, value in changes:
        lines += [
            "",
            f"[axes.{axis}]",
            f"value = {_toml(value)}",
            f"source = {_text('proposed: ' + _first(axis, value))}",
        ]
    return "\n".join(lines) + "\n"


def _title(version: str) -> str:
    return versions.load(version).title if versions.is_path(version) else version


def _first(axis: str, value: Value) -> str:
    return "; ".join(meaning for _, meaning in _steps(axis, value))


def _toml(value: Value) -> str:
    return _text(value) if isinstance(value, str) else f"[{', '.join(map(_text, value))}]"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _steps(axis: str, value: Value) -> list[tuple[str, str]]:
    known = versions.meanings(axis)
    return [(step, known[step]) for step in ((value,) if isinstance(value, str) else value)]


def page(
    version: str, number: int, proposal: Proposal, asked: Where, rows: Sequence[Result], before: Cost, left: int = 0
) -> Brief:
    """The page of one proposal: `rows` and `before` are the verdicts on the version itself, and its cost; `left`: the
    combinations that evidence leaves, if all is kept under each of them."""
    base = versions.load(version).axes
    counted: dict[str, int] = {}
    for item in asked:
        counted[item.where] = counted.get(item.where, 0) + len(item.properties)
    sections = {
        "What changes, and what for": [_change(base[item.change[0]], item, asked) for item in proposal.reasons],
        "Before and after": list(_verdicts(rows, proposal.after)),
        "What one request costs": list(_costs(before, proposal.cost)),
    }
    count = len(proposal.reasons)
    every = f", and it is under each of the {left} combinations that the observations leave" if left else ""
    where = ", ".join(f"{number_of} in {place}" for place, number_of in counted.items())
    head = (
        f"{count} change{'s' if count != 1 else ''}, none of which can be left out",
        f"Kept is all that was asked{every}; properties: {where}",
    )
    return Brief(
        f"{_title(version)}: proposal {number}", head, {title: items for title, items in sections.items() if items}
    )


def _change(before: Value, item: Reason, asked: Where) -> Entry:
    axis, value = item.change
    sentences = [
        versions.axes()[axis],
        f"Now: {_meaning(axis, before)}",
        f"Then: {_meaning(axis, value)}",
        f"Without it {without(item, asked)}",
        *item.account,
    ]
    return Entry(f"{axis} = {shown(value)}{f' ({item.part})' if item.part else ''}", tuple(sentences))


def without(item: Reason, asked: Where) -> str:
    """What comes about if only this change is left out, as a clause."""
    if item.refutation is None:
        return f"the rest describes no driver: {item.unfit}"
    found = item.refutation
    steps = f" in {len(found.path)} steps" if found.path else ""
    return f"{found.claim} is {found.word}{steps} ({asked[found.system].where})"


def _meaning(axis: str, value: Value) -> str:
    return "; then ".join(meaning for _, meaning in _steps(axis, value)) or "nothing"


def _verdicts(before: Sequence[Result], after: Sequence[Result]) -> Iterator[Entry]:
    """What has another word, and how many have not."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old.verdict != new.verdict]
    for old, new in pairs:
        yield Entry(f"{old.property} ({old.scenario})", (f"{in_brief(old)}, then {in_brief(new)}",))
    yield Entry("all others", (f"{len(before) - len(pairs)} verdicts are as before",))


def _costs(before: Cost, after: Cost) -> Iterator[Entry]:
    for kind, worst in after.most.items():
        shortest = [item.shortest[kind] if item.shortest else "no run succeeds" for item in (before, after)]
        most = ["unbounded" if count is None else count for count in (before.most[kind], worst)]
        yield Entry(kind, (f"{shortest[0]}, then {shortest[1]}; at the worst {most[0]}, then {most[1]}",))


def named(changes: Sequence[Change]) -> str:
    """A set of changes on one line."""
    return "; ".join(f"{axis} = {shown(value)}" for axis, value in changes) or "nothing has to be changed"
