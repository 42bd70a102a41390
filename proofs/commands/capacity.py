"""`capacity`: verdicts as each bound grows."""

from __future__ import annotations

from collections.abc import Sequence

import click

from model import parameters
from proofs.checking.pool import cores
from proofs.checking.request import demand_known_axes
from proofs.commands import options
from proofs.properties import ALWAYS, catalogue
from proofs.studies.capacity import GROWTH, table

EXCLUSION = "exclusion"


@click.command("capacity")
@click.argument("version", metavar="VERSION|FILE.toml")
@click.option("--property", "properties", multiple=True, metavar="ID", help="Default: the exclusion properties.")
@options.workers
def command(version: str, properties: tuple[str, ...], jobs: int | None) -> None:
    """Print a version's verdicts as each bound grows, the ring along with the data, and what is known beyond that."""
    demand_known_axes(version)
    names = _chosen(properties)
    for key, values in GROWTH.items():
        click.echo(f"{key}: {parameters.BOUNDS[key].meaning}")
        for row in table(version, names, key, values, jobs or cores()):
            cells = "  ".join(f"{value}: {verdict:<12}" for value, verdict in row.verdicts.items())
            click.echo(f"  {row.property:<18}{cells}  {row.beyond}")


def _chosen(properties: Sequence[str]) -> tuple[str, ...]:
    known = {name: item for name, item in catalogue().items() if item.kind == ALWAYS}
    if properties:
        return tuple(parameters.select("`always` property", properties, list(known)))
    return tuple(name for name, item in known.items() if item.family == EXCLUSION)
