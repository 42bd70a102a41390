"""`list`: what there is."""

from __future__ import annotations

import click

from proofs.reports import listing, terminal


@click.command("list")
@click.argument("what", type=click.Choice(listing.LISTS))
def command(what: str) -> None:
    """Print what there is: versions, axes in which they differ, properties, scenarios, assumptions, bounds, actions,
    and what functions of the kernel mean where C is read."""
    listing.print_listing(terminal.console(), what)
