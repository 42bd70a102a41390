"""The verdicts of all versions as Markdown tables: each property of each version, and in brief what goes wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from model import versions
from proofs.campaign import ANY_REQUESTS, CERTIFIED, Result
from proofs.properties import catalogue
from proofs.report import worst
from proofs.summary import gravity
from proofs.words import Word

STRENGTH_SIGNS = {ANY_REQUESTS: "✓∞", CERTIFIED: "✓✓"}

Cells = Mapping[tuple[str, str], Result]


def alike(names: Sequence[str]) -> list[list[str]]:
    """The names of versions, those that the model does not tell apart together."""
    keys = [versions.behaviour(versions.load(name).axes) for name in names]
    firsts = [keys.index(key) for key in keys]
    return [[name for name, first in zip(names, firsts, strict=True) if first == one] for one in dict.fromkeys(firsts)]


def title(names: Sequence[str]) -> str:
    """The names of versions that behave alike, consecutive ones as `v3 to v7`."""
    order = versions.names()
    places = [(order.index(name) if name in order else -1, name) for name in names]
    runs = [[name for _, (_, name) in run] for _, run in groupby(enumerate(places), lambda it: it[1][0] - it[0])]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def strongest(results: Sequence[Result], certified: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """For each version and property the sign of its strongest proof. `certified`: those with a certificate."""
    signs: dict[tuple[str, str], str] = {}
    for result in results:
        key = (result.version, result.property)
        if result.strength == ANY_REQUESTS:
            signs[key] = STRENGTH_SIGNS[CERTIFIED if key in certified else ANY_REQUESTS]
    return signs


def matrix(results: Sequence[Result], certified: Collection[tuple[str, str]] = (), gallery: str = "gallery") -> str:
    """Properties down, versions across; a violation links to its counterexample below the folder `gallery`.

    `certified`: the versions and properties for any number of requests whose certificates were proved again.
    """
    cells, proofs = worst(results), strongest(results, certified)
    columns = alike(list(dict.fromkeys(result.version for result in results)))
    rows = ["| property | " + " | ".join(title(names) for names in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for item in dict.fromkeys(result.property for result in results):
        shown = [_cell(cells[names[0], item], proofs, gallery) for names in columns]
        rows.append(f"| `{item}` | " + " | ".join(shown) + " |")
    return "\n".join(rows)


def _cell(result: Result, proofs: Mapping[tuple[str, str], str], gallery: str) -> str:
    if result.verdict is Word.PROVED:
        return proofs.get((result.version, result.property), Word.PROVED.sign)
    if not result.verdict.is_wrong:
        return result.verdict.sign
    mark = "" if result.scenario == "default" else "*"
    depth = "" if result.depth is None else f" {result.depth}"
    return f"[{result.verdict.sign}{depth}{mark}]({gallery}/{stem(result)}.svg)"


def stem(result: Result) -> str:
    """The name, below a folder of traces, of a result's files without their suffixes."""
    return (result.trace or "").removesuffix(".itf.json")


def overview(results: Sequence[Result], gallery: str = "gallery") -> str:
    """One line for versions that behave alike: what they do, how many properties hold, the gravest that does not."""
    cells = worst(results)
    rows = ["| version | what it does | holds | violated | the gravest, and where to see it |", "|---" * 5 + "|"]
    for names in alike(list(dict.fromkeys(result.version for result in results))):
        mine = [result for (version, _), result in cells.items() if version == names[0]]
        held, wrong = [row for row in mine if row.verdict.holds], [row for row in mine if row.verdict.is_wrong]
        does = versions.load(names[0]).title
        counts = f"{len(held)} | {len(wrong)}"
        rows.append(f"| {title(names)} | {does} | {counts} | {_gravest(wrong, gallery)} |")
    return "\n".join(rows)


def _gravest(wrong: Sequence[Result], gallery: str) -> str:
    if not wrong:
        return ""
    first = min(wrong, key=lambda row: (gravity(row), row.scenario != "default"))
    where = "" if first.scenario == "default" else f" ({first.scenario})"
    link = f"[`{first.property}`]({gallery}/{stem(first)}.cause.svg)"
    return f"{catalogue()[first.property].severity.value}: {link}{where}"
