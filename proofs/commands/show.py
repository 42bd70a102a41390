"""`show`: a stored trace, replayed."""

from __future__ import annotations

from pathlib import Path

import click

from proofs.commands import options
from proofs.reports import listing


@click.command("show")
@click.argument("trace", type=options.Named())
@click.option("--format", "form", type=click.Choice(list(listing.FORMATS)), default="text", show_default=True)
def command(trace: Path, form: str) -> None:
    """Print a stored trace (*.itf.json) after replaying it on the model: as text, for a mail, or as Markdown."""
    click.echo(listing.shown(trace, form), nl=False)
