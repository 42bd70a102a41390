"""`experiment`: which runs of a driver tell the answers to an open question apart."""

from __future__ import annotations

import sys

import click

from model import parameters, versions
from proofs.checking.judged import EXIT_INCONCLUSIVE
from proofs.checking.pool import cores, in_parallel
from proofs.checking.request import asked_subject
from proofs.commands import options
from proofs.recordings import table
from proofs.recordings.telling import Task, Telling, lines, tell

FORMATS = ("text", "csv")
FORM = "csv: a row for each descriptor, doorbell and register, for a kernel module."
ONE = {"requests": 1, "tz_requests": 1}


@click.command("experiment")
@click.argument("key", metavar="ASSUMPTION")
@click.argument(
    "version", nargs=-1, required=True, metavar="VERSION|FILE.toml...", shell_complete=options.version_names
)
@click.option("--scenario", default="default", metavar="NAME", show_default=True)
@click.option("--assume", multiple=True, metavar="KEY=VALUE", help="What is known of the machine (repeatable).")
@options.changed_bounds
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help=FORM)
@options.workers
def command(
    key: str,
    version: tuple[str, ...],
    scenario: str,
    assume: tuple[str, ...],
    bound: tuple[str, ...],
    form: str,
    jobs: int | None,
) -> None:
    """Print, for every two values of ASSUMPTION, a shortest run of each version that only one of them allows.

    A run is what the software of Linux records, as `conform` reads it; with one request of each side unless `--bound`
    says otherwise. Whoever sees it on a machine knows that the other value is wrong there. Exit code 3 if it is not
    known whether there is such a run.
    """
    if key not in parameters.ASSUMPTIONS:
        raise parameters.nearest("assumption", key, parameters.ASSUMPTIONS)
    known, chosen = options.pairs(assume, "--assume"), {**ONE, **options.numbers(bound)}
    if key in known:
        raise click.UsageError(f"--assume {key} is what the experiment is about; leave it out")
    tasks = []
    for name in dict.fromkeys(version):
        subject = asked_subject(versions.load(name), scenario, known, chosen)
        tasks += [Task(subject, key, value) for value in parameters.ASSUMPTIONS[key].values]
    unknown = False
    work = in_parallel(table.tables if form == "csv" else _told, tasks, jobs or cores())
    for number, (task, found) in enumerate(zip(tasks, work, strict=True)):
        if form == "csv":
            click.echo(table.text(task, found, head=number == 0), nl=False)
        else:
            click.echo("\n".join(lines(task, [item for item, _ in found])))
        unknown = unknown or any(item.reason for item, _ in found)
    sys.exit(EXIT_INCONCLUSIVE if unknown else 0)


def _told(task: Task) -> list[tuple[Telling, list[table.Row]]]:
    """What tells, without the rows of a table."""
    return [(item, []) for item in tell(task)]
