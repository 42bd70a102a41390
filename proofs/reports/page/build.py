"""One HTML file from results and their traces: no file beside it, nothing from a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import quote

import z3
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from model import versions
from model.parameters import ASSUMPTIONS, BOUNDS, SCENARIOS
from proofs.checking import expectations
from proofs.checking.judged import violated_elsewhere, worst
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.properties import Property, catalogue
from proofs.reports.page.conclusion import conclusion
from proofs.reports.page.data import Block
from proofs.reports.terminal import tool_version

SCRIPTS = ("page.js", "player.js")


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix: a sign and the same in words; `href` leads to the trace, empty if there is none."""

    verdict: str
    sign: str
    words: str
    href: str


@dataclass(frozen=True)
class Line:
    """Versions that have the same answer to the same question."""

    result: Result
    versions: tuple[str, ...]
    href: str


def anchor(result: Result) -> str:
    """What the page's links call the trace of a result; a step's number may follow after a slash."""
    return f"{quote(result.version, safe='')}/{result.property}.{result.scenario}"


def page(results: Sequence[Result], blocks: Sequence[Block]) -> str:
    """The whole page, the newest version first. A result's `trace` is a file that a block was made from, or None."""
    places = {name: (number, at) for number, item in enumerate(blocks) for at, name in enumerate(item.files)}
    ends = {name: end for item in blocks for name, end in zip(item.files, item.ends, strict=True)}
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style, script = _resource("page.css"), "".join(_resource(name) for name in SCRIPTS)
    return template.from_string(_resource("page.html")).render(
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        blocks=[item.text for item in blocks],
        index={anchor(row): places[row.trace] for row in results if row.trace is not None},
        **_content(_newest_first(results), ends),
    )


def _newest_first(results: Sequence[Result]) -> list[Result]:
    """Versions of one's own first, then the shipped ones, the last one before the others."""
    shipped = list(reversed(versions.names()))
    return sorted(results, key=lambda row: shipped.index(row.version) if row.version in shipped else -1)


def _content(results: Sequence[Result], ends: Mapping[str, str]) -> dict[str, Any]:
    names = list(dict.fromkeys(row.version for row in results))
    asked = list(dict.fromkeys(row.property for row in results))
    cells = worst(results)
    properties = [item for item in catalogue().values() if item.id in asked]
    scenarios = list(dict.fromkeys(row.scenario for row in results))
    assumed = results[0].assumptions
    found = [conclusion(name, [row for (version, _), row in cells.items() if version == name]) for name in names]
    gravest = found[0].gravest
    return {
        "conclusions": found,
        "elsewhere": _elsewhere(names[0], results),
        "end": ends.get(gravest.trace or "", "") if gravest else "",
        "href": _href(gravest) if gravest else "",
        "versions": [versions.load(name) for name in names],
        "rows": [(item, [_cell(cells.get((name, item.id))) for name in names]) for item in properties],
        "legend": {
            word: (f"{word.sign} 8" if word is Word.VIOLATED else word.sign, word.meaning) for word in _present(results)
        },
        "lines": _lines(results, properties),
        "scenarios": [(SCENARIOS[name], name, _bounds(results, name)) for name in scenarios],
        "meanings": {name: item.meaning for name, item in BOUNDS.items()},
        "assumptions": [(name, assumed[name], ASSUMPTIONS[name]) for name in assumed],
        "unasked": [name for name in catalogue() if name not in asked],
        "tool": f"bam-lock-check {tool_version()}, z3 {z3.get_version_string()}",
    }


def _elsewhere(name: str, results: Sequence[Result]) -> dict[str, list[str]]:
    mine = [row for row in results if row.version == name and expectations.is_default(row)]
    return violated_elsewhere(mine, expectations.rows())


def _present(results: Sequence[Result]) -> list[Word]:
    found = {row.verdict for row in results}
    return [word for word in Word if word in found]


def _bounds(results: Sequence[Result], scenario: str) -> Mapping[str, int]:
    return next(row.bounds for row in results if row.scenario == scenario)


def _href(result: Result) -> str:
    if result.trace is None:
        return ""
    # without a step the player opens at the end: a trace of what happens instead is not the result's path
    return f"#{anchor(result)}/{len(result.path)}" if result.path else f"#{anchor(result)}"


def _cell(result: Result | None) -> Cell:
    if result is None:
        return Cell("unasked", "", "not asked", "")
    if result.verdict is not Word.VIOLATED:
        return Cell(result.verdict, result.verdict.sign, result.verdict, _href(result))
    elsewhere = result.scenario != "default"
    words = f"violated at step {result.depth}" + (f" in scenario {result.scenario}" if elsewhere else "")
    return Cell(result.verdict, f"{result.verdict.sign} {result.depth}{'*' if elsewhere else ''}", words, _href(result))


def _lines(results: Sequence[Result], properties: Sequence[Property]) -> list[Line]:
    """Every answer; versions that share one share a line."""
    alike: dict[tuple[Any, ...], list[Result]] = {}
    for row in results:
        alike.setdefault((row.property, row.scenario, row.verdict, row.how, row.trace), []).append(row)
    order = [item.id for item in properties]
    lines = [Line(rows[0], tuple(row.version for row in rows), _href(rows[0])) for rows in alike.values()]
    return sorted(lines, key=lambda line: order.index(line.result.property))


def _resource(name: str) -> str:
    return resources.files("proofs.reports.page").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A content security policy under which only this style and this script count and nothing is fetched."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
