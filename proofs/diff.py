"""`diff`: two versions side by side: what they do, what is true of them, and which of it got better or worse."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from model import versions
from proofs import options, report, session
from proofs.campaign import Result, in_brief
from proofs.checking import chosen_properties, chosen_scenarios
from proofs.summary import consequence, gravity


@dataclass(frozen=True)
class Pair:
    """The verdicts on two versions of one property in one scenario."""

    old: Result
    new: Result

    @property
    def worse(self) -> bool:
        """What held or did not apply is violated or open; what was open is violated."""
        return _rank(self.new) > _rank(self.old)

    @property
    def better(self) -> bool:
        """What was violated or open holds, or no longer applies."""
        return _rank(self.new) == 0 < _rank(self.old)

    @property
    def differs(self) -> bool:
        """Whether anything is different: the verdict, or after how many steps."""
        return in_brief(self.old) != in_brief(self.new)


def _rank(result: Result) -> int:
    return 2 if result.verdict.is_wrong else 1 if result.verdict.is_open else 0


def pairs(rows: Sequence[Result], old: str, new: str) -> list[Pair]:
    """The rows of both versions, by property and scenario, the gravest properties first."""
    known = {(row.version, row.property, row.scenario): row for row in rows}
    first = [row for row in rows if row.version == old]
    return [Pair(row, known[new, row.property, row.scenario]) for row in sorted(first, key=gravity)]


def axes(old: str, new: str) -> list[tuple[str, str, str]]:
    """The axes in which two versions differ, and both values."""
    before, after = versions.load(old).axes, versions.load(new).axes
    return [(axis, _shown(before[axis]), _shown(after[axis])) for axis in before if before[axis] != after[axis]]


def _shown(value: versions.Value) -> str:
    return value if isinstance(value, str) else " ".join(value)


@click.command()
@click.argument("old", metavar="VERSION|FILE.toml", shell_complete=options.version_names)
@click.argument("new", metavar="VERSION|FILE.toml", shell_complete=options.version_names)
@options.asked_properties
@options.asked_scenarios
@click.option(
    "--assume",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=options.assumed_values,
    help="An assumption (repeatable).",
)
@options.changed_bounds
@options.workers
def diff(
    old: str,
    new: str,
    properties: tuple[str, ...],
    scenarios: tuple[str, ...],
    assume: tuple[str, ...],
    bound: tuple[str, ...],
    jobs: int | None,
) -> None:
    """Compare a version with an older one: what they do differently, which verdicts got better and which worse.

    Worse is what held or did not apply and is now violated or no longer known to hold. Exit code 1 if anything is
    worse, 0 if not, whatever else is violated in both.
    """
    names = tuple(versions.load(name).name for name in (old, new))
    if old == new:
        raise click.UsageError(f"{old} is given twice; give two versions")
    request = session.Request(
        names,
        chosen_properties(properties, scenarios),
        chosen_scenarios(scenarios),
        options.pairs(assume, "--assume"),
        options.numbers(bound),
    )
    session.validate(request, {})
    found = pairs(session.run_jobs(request.jobs(), jobs or options.cores(), quiet=False), old, new)
    print_diff(report.console(), old, new, found)
    sys.exit(1 if any(pair.worse for pair in found) else 0)


SECTIONS: Mapping[str, Callable[[Pair], bool]] = {
    "worse": lambda pair: pair.worse,
    "better": lambda pair: pair.better,
    "neither better nor worse": lambda pair: pair.differs and not (pair.worse or pair.better),
}


def print_diff(screen: Console, old: str, new: str, found: Sequence[Pair]) -> None:
    """The conclusion first; then the axes, the verdicts that differ, and the names of the other properties."""
    screen.print(_conclusion(old, new, found))
    screen.print()
    _print_axes(screen, old, new)
    for title, belongs in SECTIONS.items():
        members = [pair for pair in found if belongs(pair)]
        if members:
            screen.print(Text(title, style="bold"))
            screen.print(_verdicts(members, old, new))
            if title == "worse":
                screen.print(_consequences(members))
            screen.print()
    for name, words in _unchanged(found).items():
        screen.print(f"{name} in both: {', '.join(words)}")


def _conclusion(old: str, new: str, found: Sequence[Pair]) -> Text:
    """Properties are counted, not scenarios: worse in one is worse."""
    worse = {pair.old.property for pair in found if pair.worse}
    better = {pair.old.property for pair in found if pair.better} - worse
    left = {pair.new.property for pair in found if pair.new.verdict.is_wrong} - worse
    parts = [f"{len(worse)} properties worse" if worse else "nothing worse", f"{len(better)} better"]
    style = "bold red" if worse else "bold green"
    return Text(f"{old} -> {new}: {', '.join(parts)}, {len(left)} still violated", style=style)


def _side_by_side(first: str, *columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(f"  {first}", no_wrap=True)
    for column in columns:
        table.add_column(column)
    return table


def _print_axes(screen: Console, old: str, new: str) -> None:
    differing = axes(old, new)
    if not differing:
        screen.print("axes: all the same")
    else:
        table = _side_by_side("axis", old, new)
        for axis, before, after in differing:
            table.add_row(f"  {axis}", before, after)
        screen.print(Text("axes", style="bold"))
        screen.print(table)
    screen.print()


def _verdicts(members: Sequence[Pair], old: str, new: str) -> Table:
    """One line for each property and each way in which its verdict differs, with the scenarios in which it does."""
    lines: dict[tuple[str, str, str], list[Pair]] = {}
    for pair in members:
        lines.setdefault((pair.old.property, in_brief(pair.old), in_brief(pair.new)), []).append(pair)
    table = _side_by_side("property", old, new, "scenario")
    for (name, _, _), same in lines.items():
        where = " ".join(pair.old.scenario for pair in same)
        table.add_row(f"  {name}", _coloured(same[0].old), _coloured(same[0].new), where)
    return table


def _coloured(result: Result) -> Text:
    return Text(in_brief(result), style=result.verdict.colour)


def _consequences(members: Sequence[Pair]) -> Table:
    table = _side_by_side("property", "what goes wrong")
    for result in {pair.new.property: pair.new for pair in members if pair.new.verdict.is_wrong}.values():
        table.add_row(f"  {result.property}", consequence(result))
    return table


def _unchanged(found: Sequence[Pair]) -> dict[str, list[str]]:
    """By verdict the properties that are exactly the same in all scenarios."""
    different = {pair.old.property for pair in found if pair.differs}
    same: dict[str, dict[str, None]] = {}
    for pair in found:
        if pair.old.property not in different:
            same.setdefault(pair.old.verdict, {})[pair.old.property] = None
    return {verdict: list(names) for verdict, names in same.items()}
