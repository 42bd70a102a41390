"""The recorded verdicts as Markdown tables: each property of each version, and in brief what goes wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

from model import parameters, versions
from proofs.checking.expectations import Recorded
from proofs.checking.judged import worst
from proofs.checking.outputs import stem_of
from proofs.checking.records import ANY_REQUESTS, CERTIFIED, Result
from proofs.checking.words import Word
from proofs.properties import Severity, catalogue

STRENGTH_SIGNS = {ANY_REQUESTS: "✓∞", CERTIFIED: "✓✓"}


def alike(names: Sequence[str]) -> list[list[str]]:
    """The names of versions, those that the model does not tell apart together."""
    keys = [versions.behaviour(versions.load(name).axes) for name in names]
    firsts = [keys.index(key) for key in keys]
    return [[name for name, first in zip(names, firsts, strict=True) if first == one] for one in dict.fromkeys(firsts)]


def title(names: Sequence[str], order: Sequence[str] | None = None) -> str:
    """The names of versions, those that are consecutive in `order`, else among the shipped ones, as `v3 to v7`."""
    order = versions.names() if order is None else order
    places = [(order.index(name) if name in order else -1, name) for name in names]
    runs = [[name for _, (_, name) in run] for _, run in groupby(enumerate(places), lambda it: it[1][0] - it[0])]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def proved_for_ever(rows: Iterable[Recorded] | Iterable[Result]) -> set[tuple[str, str]]:
    """Versions and properties that are proved for any number of requests."""
    return {
        (row.version, row.property)
        for row in rows
        if parameters.SCENARIOS[row.scenario].endless and row.verdict is Word.PROVED
    }


def _strongest(rows: Iterable[Recorded], certified: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """For each version and property the sign of its strongest proof."""
    return {key: STRENGTH_SIGNS[CERTIFIED if key in certified else ANY_REQUESTS] for key in proved_for_ever(rows)}


def matrix(rows: Sequence[Recorded], certified: Collection[tuple[str, str]] = (), gallery: str = "gallery") -> str:
    """Properties down, versions across; a violation links to its counterexample below the folder `gallery`.

    `certified`: the versions and properties for any number of requests whose certificates were proved again.
    """
    cells, proofs = worst(rows), _strongest(rows, certified)
    columns = alike(list(dict.fromkeys(row.version for row in rows)))
    lines = ["| property | " + " | ".join(title(names) for names in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for item in dict.fromkeys(row.property for row in rows):
        shown = [_cell(cells[names[0], item], proofs, gallery) for names in columns]
        lines.append(f"| `{item}` | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def _cell(row: Recorded, proofs: Mapping[tuple[str, str], str], gallery: str) -> str:
    if row.verdict is Word.PROVED:
        return proofs.get((row.version, row.property), Word.PROVED.sign)
    if not row.verdict.is_wrong:
        return row.verdict.sign
    mark = "" if row.scenario == "default" else "*"
    depth = "" if row.depth is None else f" {row.depth}"
    return f"[{row.verdict.sign}{depth}{mark}]({gallery}/{_place(row)}.svg)"


def _place(row: Recorded) -> str:
    return f"{row.version}/{stem_of(row.property, row.scenario)}"


def overview(rows: Sequence[Recorded], gallery: str = "gallery") -> str:
    """One line for versions that behave alike: what they do, how many properties hold, the gravest that does not."""
    cells = worst(rows)
    lines = ["| version | what it does | holds | violated | the gravest, and where to see it |", "|---" * 5 + "|"]
    for names in alike(list(dict.fromkeys(row.version for row in rows))):
        mine = [row for (version, _), row in cells.items() if version == names[0]]
        held, wrong = [row for row in mine if row.verdict.holds], [row for row in mine if row.verdict.is_wrong]
        does = versions.load(names[0]).title
        lines.append(f"| {title(names)} | {does} | {len(held)} | {len(wrong)} | {_gravest(wrong, gallery)} |")
    return "\n".join(lines)


def _gravest(wrong: Sequence[Recorded], gallery: str) -> str:
    if not wrong:
        return ""
    order = list(Severity)
    severity = {row: catalogue()[row.property].severity for row in wrong}
    first = min(wrong, key=lambda row: (order.index(severity[row]), row.scenario != "default"))
    where = "" if first.scenario == "default" else f" ({first.scenario})"
    return f"{severity[first].value}: [`{first.property}`]({gallery}/{_place(first)}.cause.svg){where}"
