"""`diff`: two versions side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from model import versions
from proofs.checking.pool import cores
from proofs.checking.records import Result, in_brief
from proofs.checking.request import Request, validate
from proofs.commands import options
from proofs.commands.session import run_jobs
from proofs.reports import terminal
from proofs.reports.summary import consequence
from proofs.studies.diff import Pair, axes, elsewhere, pairs


@click.command("diff")
@click.argument("old", metavar="VERSION|FILE.toml", shell_complete=options.version_names)
@click.argument("new", metavar="VERSION|FILE.toml", shell_complete=options.version_names)
@options.asked_properties
@options.asked_scenarios
@options.assumed_pairs
@options.changed_bounds
@options.workers
def command(
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
    request = Request(
        names,
        options.chosen_properties(properties, scenarios),
        options.chosen_scenarios(scenarios),
        options.pairs(assume, "--assume"),
        options.numbers(bound),
    )
    validate(request, {})
    found = pairs(run_jobs(request.jobs(), jobs or cores(), quiet=False), old, new)
    screen = terminal.console()
    print_diff(screen, old, new, found)
    if others := elsewhere(old, new, [pair.old.scenario for pair in found]):
        screen.print(f"other verdicts are recorded in scenarios not asked now: {', '.join(others)} (--scenario all)")
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
