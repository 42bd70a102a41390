"""`show`: a stored trace, replayed, in one of the formats."""

from __future__ import annotations

from pathlib import Path

import click

from counterexamples.formats.registry import FORMATS
from proofs.checking.stored import stored_story
from proofs.commands import options

FORM = "; ".join(f"{name}: {item.about}" for name, item in FORMATS.items()) + "."


@click.command("show")
@click.argument("trace", type=options.Named())
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True, help=FORM)
@options.traced_source
def command(trace: Path, form: str, source: str | None) -> None:
    """Print a stored trace (*.itf.json) after replaying it on the model."""
    click.echo(FORMATS[form].render(stored_story(trace, source)), nl=False)
