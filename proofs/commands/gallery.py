"""`gallery`: the committed counterexamples and tables, made anew or compared."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from model.language.files import scratch_folder
from proofs.checking.pool import cores
from proofs.checking.request import Request, everything
from proofs.commands import options
from proofs.commands.session import demand_written, run_jobs
from proofs.reports.gallery import demand_checkout, update, with_traces


@click.command("gallery")
@options.shipped
@options.asked_properties
@click.option("--check", "check_only", is_flag=True, help="Change nothing; fail if something would change.")
@options.workers
def command(names: tuple[str, ...], properties: tuple[str, ...], check_only: bool, jobs: int | None) -> None:
    """Regenerate counterexamples/gallery and the tables in the READMEs of the present folder, a checkout.

    Of the traces only those of the versions and properties that are named, if any are.
    """
    request = everything(names, properties)
    changed = regenerate(Path.cwd(), request, check_only, jobs or cores())
    tell(changed, check_only)
    sys.exit(1 if changed and check_only else 0)


def tell(changed: Sequence[str], check_only: bool) -> None:
    """Print what differs, or was written."""
    for name in changed:
        click.echo(f"{'differs' if check_only else 'written'}: {name}")


def regenerate(root: Path, request: Request, check: bool, workers: int) -> list[str]:
    """What differs in gallery and tables, brought up to date unless `check`. Raises GalleryError, OSError."""
    demand_checkout(root)
    with scratch_folder() as made:
        request = with_traces(request, made)
        results = run_jobs(request.jobs(), workers, quiet=False)
        demand_written(results)
        return update(root, check, request, results)
