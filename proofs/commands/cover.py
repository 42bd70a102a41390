"""`cover`: what of a version's model is used at all."""

from __future__ import annotations

import sys

import click
from rich.table import Table

from model import parameters, versions
from proofs.audit.coverage import ACTION, AXIS, FILE, PROPERTY, Coverage, cover_version
from proofs.checking.judged import EXIT_VACUOUS
from proofs.checking.request import demand_known_axes
from proofs.reports import terminal


def table(found: Coverage) -> Table:
    """For each kind how much is covered in which case, then each thing that is not."""
    result = Table(box=None, pad_edge=False, header_style="bold")
    for title in (found.version, "covered", "where, or why not"):
        result.add_column(title, overflow="fold")
    for kind in dict.fromkeys(item.kind for item in found.items):
        items = [item for item in found.items if item.kind == kind]
        places: dict[str, int] = {}
        for item in items:
            if item.where and kind != AXIS:
                places[item.where] = places.get(item.where, 0) + 1
        shown = "; ".join(f"{number} in {place}" for place, number in places.items())
        result.add_row(PLURAL[kind], f"{sum(bool(item.where) for item in items)} of {len(items)}", shown)
        for item in items:
            if kind == AXIS or not item.where:
                covered = "yes" if item.where else "no"
                result.add_row(f"  {item.name}", covered, item.where or item.why or "no reason is recorded: vacuous")
    return result


PLURAL = {ACTION: "actions", PROPERTY: "subjects of properties", AXIS: "axes"}


@click.command("cover")
@click.argument("names", nargs=-1, required=True, metavar="VERSION|FILE.toml...")
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this scenario (repeatable); no axes."
)
def command(names: tuple[str, ...], scenarios: tuple[str, ...]) -> None:
    """Whether every action fires, every property speaks of something that happens, and every axis matters.

    Exit code 4 if something is not covered and uncovered.toml does not say why, or says why of what is covered.
    """
    for name in scenarios:
        if name not in parameters.SCENARIOS:
            raise parameters.nearest("scenario", name, parameters.SCENARIOS)
    loaded = [versions.load(name) for name in dict.fromkeys(names)]
    for version in loaded:
        demand_known_axes(version.name)
    vacuous = False
    for version in loaded:
        found = cover_version(version, scenarios)
        terminal.console().print(table(found))
        for kind, name in found.stale:
            click.echo(f"{FILE} explains what is covered or does not exist in {version.name}: {kind} {name}")
        vacuous = vacuous or bool(found.vacuous or found.stale)
    sys.exit(EXIT_VACUOUS if vacuous else 0)
