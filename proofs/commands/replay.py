"""`replay`: the steps of a stored trace on another version."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from proofs.commands import options
from proofs.studies import replaying

ON = "The version to take the steps on."


@click.command("replay")
@click.argument("trace", type=options.Named())
@click.option(
    "--on", "version", required=True, metavar="VERSION|FILE.toml", shell_complete=options.version_names, help=ON
)
def command(trace: Path, version: str) -> None:
    """Take the steps of a stored trace on another version: where it is blocked and by which guard, or what it does.

    Exit code 1 if the property is violated there too, 0 if the steps are blocked or harmless.
    """
    replayed = replaying.replay_on(trace, version)
    click.echo(replaying.to_text(replayed), nl=False)
    sys.exit(1 if replayed.violated else 0)
