"""The command `report`: check versions and write what came out as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from counterexamples.documents import write_file
from model import versions
from model.language.files import scratch_folder
from model.subject import Subject
from proofs.checking.pool import cores, in_parallel
from proofs.checking.records import Job, Result
from proofs.checking.request import Request, everything, validate
from proofs.commands import options
from proofs.commands.session import demand_written, run_jobs
from proofs.reports.page.build import page
from proofs.reports.page.data import Block, block

FILE = "index.html"


@click.command("report")
@click.argument("version", nargs=-1, metavar="[VERSION|FILE.toml|all]...")
@click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property (repeatable).")
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this scenario, or `all` (repeatable)."
)
@options.workers
@options.traced_source
@click.option("--out", type=options.Named(), required=True, help="Write index.html into this folder.")
def command(
    version: tuple[str, ...],
    properties: tuple[str, ...],
    scenarios: tuple[str, ...],
    jobs: int | None,
    source: str | None,
    out: Path,
) -> None:
    """Check versions, all if none is named, and write an HTML page: the matrix, and a player for each trace.

    Exit code 0 means that the page is written, whatever the verdicts are: `check` and `gate` judge.
    """
    asked = options.chosen_properties(properties, scenarios)
    request = Request(_versions(version), asked, options.chosen_scenarios(scenarios), out=out, source=source)
    if not request.jobs():
        raise click.UsageError("none of these properties is asked in these scenarios; name others, or --scenario all")
    validate(request, {"--out": out / FILE})
    click.echo(write_report(request, jobs or cores()))


def write_report(request: Request, workers: int, quiet: bool = False) -> Path:
    """Check, and write the page into the folder `request.out`; the page's path.

    Raises EngineDisagreementError, ReplayError, OSError.
    """
    if request.out is None:
        raise ValueError("a report needs a folder")
    with scratch_folder() as made:
        results = check(request, made, workers, quiet)
        content = page(results, blocks(results, workers, request.source))
    path = request.out / FILE
    write_file(path, content)
    return path


def check(request: Request, folder: Path, workers: int, quiet: bool) -> list[Result]:
    """All results, each `trace` a file below the folder. Versions that behave alike share theirs."""
    kinds: dict[Subject, str] = {}
    work: list[Job] = []
    for job in request.jobs():
        # two versions may have the same name in different folders
        own = folder / kinds.setdefault(job.subject.behaviour, str(len(kinds)))
        # the page tells the lines: these traces are only read again
        work.append(replace(job, out=str(own), source=None))
    origins = [Path(str(job.out)) for job in work for _ in job.properties]
    rows = run_jobs(work, workers, quiet)
    demand_written(rows)
    return [
        row if row.trace is None else replace(row, trace=str(origin / row.trace))
        for origin, row in zip(origins, rows, strict=True)
    ]


def blocks(results: Sequence[Result], workers: int, source: str | None = None) -> list[Block]:
    """The traces of the results in blocks, one for each behaviour and scenario, made in parallel.

    `source`: the source tree of whose C the steps' lines are told.
    """
    files: dict[tuple[str, str], dict[str, None]] = {}
    for row in results:
        if row.trace is not None:
            files.setdefault((str(Path(row.trace).parents[1]), row.scenario), {})[row.trace] = None
    together = [tuple(names) for names in files.values()]
    return list(in_parallel(partial(block, source=source), together, workers, last=lambda index: -len(together[index])))


def _versions(chosen: Sequence[str]) -> tuple[str, ...]:
    if not chosen or "all" in chosen:
        if len(chosen) > 1:
            raise click.UsageError("`all` stands for every version; give either that or names")
        return everything().versions
    return tuple(dict.fromkeys(versions.load(name).name for name in chosen))
