"""`experiment`: what tells the answers to an open question apart, in runs of a driver or on the hardware alone."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import click

from model import parameters, versions
from model.parameters import assumptions
from proofs.checking.judged import EXIT_INCONCLUSIVE
from proofs.checking.pool import cores, in_parallel
from proofs.checking.request import asked_subject
from proofs.commands import options
from proofs.experiments import report, shortest
from proofs.recordings import table
from proofs.recordings.telling import Task, Telling, lines, tell

FORMATS = ("text", "csv")
FORM = "csv: a row for each descriptor, doorbell and register, for a kernel module."
ONE = {"requests": 1, "tz_requests": 1}
LONGEST = 5
LENGTH = f"Without a version: the most instructions of a program, each six times as long a search; default: {LONGEST}."


@click.command("experiment")
@click.argument("key", metavar="ASSUMPTION")
@click.argument("version", nargs=-1, metavar="[VERSION|FILE.toml]...", shell_complete=options.version_names)
@click.option("--scenario", metavar="NAME", help="Of a version; default: default.")
@click.option("--assume", multiple=True, metavar="KEY=VALUE", help="What is known of the machine (repeatable).")
@options.changed_bounds
@click.option("--length", type=click.IntRange(1, 7), help=LENGTH)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help=FORM)
@options.workers
def command(
    key: str,
    version: tuple[str, ...],
    scenario: str | None,
    assume: tuple[str, ...],
    bound: tuple[str, ...],
    length: int | None,
    form: str,
    jobs: int | None,
) -> None:
    """Print what tells each two values of ASSUMPTION apart.

    With a VERSION: a shortest run of it that only one of them allows. A run is what the software of Linux records, as
    `conform` reads it; with one request of each side unless `--bound` says otherwise. Whoever sees it on a machine
    knows that the other value is wrong there.

    Without: a shortest program of a free writer of descriptors, doorbells and registers that tells them apart whatever
    the hardware does first, or with luck; of one EE, then with a second pipe pair, then with a second EE.

    Exit code 3 if it is not known whether there is such a run or program.
    """
    if key not in parameters.ASSUMPTIONS:
        raise parameters.nearest("assumption", key, parameters.ASSUMPTIONS)
    known, chosen = options.pairs(assume, "--assume"), options.numbers(bound)
    if key in known:
        raise click.UsageError(f"--assume {key} is what the experiment is about; leave it out")
    if version:
        if length is not None:
            raise click.UsageError("--length is for an experiment on the hardware alone; leave the version out, or it")
        unknown = _of_versions(key, version, scenario or "default", known, {**ONE, **chosen}, form, jobs or cores())
    else:
        if scenario is not None or chosen:
            raise click.UsageError("--scenario and --bound are about a version; name one, or leave them out")
        unknown = _of_hardware(key, known, length or LONGEST, form, jobs or cores())
    sys.exit(EXIT_INCONCLUSIVE if unknown else 0)


def _of_versions(
    key: str,
    version: Sequence[str],
    scenario: str,
    known: Mapping[str, str],
    chosen: Mapping[str, int],
    form: str,
    jobs: int,
) -> bool:
    """Print what runs of versions tell; whether something is not known."""
    tasks = []
    for name in dict.fromkeys(version):
        subject = asked_subject(versions.load(name), scenario, known, chosen)
        tasks += [Task(subject, key, value) for value in parameters.ASSUMPTIONS[key].values]
    unknown = False
    work = in_parallel(table.tables if form == "csv" else _told, tasks, jobs)
    for number, (task, found) in enumerate(zip(tasks, work, strict=True)):
        if form == "csv":
            click.echo(table.text(task, found, head=number == 0), nl=False)
        else:
            click.echo("\n".join(lines(task, [item for item, _ in found])))
        unknown = unknown or any(item.reason for item, _ in found)
    return unknown


def _of_hardware(key: str, known: Mapping[str, str], length: int, form: str, jobs: int) -> bool:
    """Print what programs of a free writer tell; whether something is not known."""
    if key in shortest.SOFTWARE:
        raise click.UsageError(f"{key} {shortest.SOFTWARE[key]}: no program asks that of hardware; name a version")
    if "other_ee" in known:
        raise click.UsageError("--assume other_ee is what is tried one after the other; leave it out")
    assumptions(known)
    found: dict[tuple[str, str], list[shortest.Told]] = {pair: [] for pair in shortest.pairs(key)}
    for users in shortest.USERS:
        left = [pair for pair, told in found.items() if not told or not told[-1].certain]
        work = list(in_parallel(shortest.tell, shortest.tasks(key, users, known, length, left), jobs))
        for one, two in left:
            found[one, two].append(report.best([item for item in work if (item.task.one, item.task.two) == (one, two)]))
    for number, told in enumerate(found.values()):
        shown = report.text(told, head=number == 0) if form == "csv" else "\n".join(report.lines(told)) + "\n"
        click.echo(shown, nl=False)
    return any(item.reason for told in found.values() for item in told)


def _told(task: Task) -> list[tuple[Telling, list[table.Row]]]:
    """What tells, without the rows of a table."""
    return [(item, []) for item in tell(task)]
