"""`brief`: one version in two pages."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from counterexamples.documents import is_stdout, write_file
from model import parameters, versions
from model.language.files import scratch_folder
from proofs.audit import judgements
from proofs.checking import expectations
from proofs.checking.judged import EXIT_DIFFERS, judge
from proofs.checking.outputs import stem_of
from proofs.checking.pool import cores, in_parallel
from proofs.checking.records import Result
from proofs.checking.request import Request, validate
from proofs.commands import options
from proofs.commands.session import demand_written, depends, run_jobs
from proofs.properties import catalogue
from proofs.reports.brief import Material, brief, told
from proofs.reports.brief_forms import Brief, to_mail, to_markdown
from proofs.reports.gallery import FOLDER, certified
from proofs.reports.matrix import alike
from proofs.reports.summary import Account
from proofs.studies import fixes
from proofs.studies.cost import Cost, cost

COMPARED = "mainline"
"""What the cost of a request is compared with."""
LINKS = {"picture": ".cause.svg", "in words": ".txt"}
"""What a violation refers to in the gallery, by the file's suffix."""


@click.command("brief")
@click.argument("version", metavar="VERSION|FILE.toml", shell_complete=options.version_names)
@options.asked_properties
@options.asked_scenarios
@click.option("--fixes", "with_fixes", is_flag=True, help="Also which single changes remove each violation; slow.")
@click.option("--pairs", is_flag=True, help="Also what every two answers about the hardware change; takes minutes.")
@click.option("--mail", is_flag=True, help="Plain text below 72 columns instead of Markdown.")
@options.workers
@click.option("--out", type=options.Named(), default="-", help="Write it into this file; default: standard output.")
def command(
    version: str,
    properties: tuple[str, ...],
    scenarios: tuple[str, ...],
    with_fixes: bool,
    pairs: bool,
    mail: bool,
    jobs: int | None,
    out: Path,
) -> None:
    """Check a version in all scenarios and sum up what came out in two pages, pictures being those of the gallery.

    Exit code 0 means that it is written, whatever the verdicts are; 1 that judgements.toml also judges what is not
    violated.
    """
    asked = parameters.select("property", properties, list(catalogue()))
    request = Request(
        (versions.load(version).name,), tuple(asked), options.chosen_scenarios(scenarios) or tuple(parameters.SCENARIOS)
    )
    if not request.jobs():
        raise click.UsageError("none of these properties is asked in these scenarios; name others")
    validate(request, {"--out": out})
    judged = judgements.judgements(request.versions[0])
    start = Path.cwd() if is_stdout(out) else out.parent
    made, results = _made(request, judged, _Wanted(with_fixes, pairs, jobs or cores(), start))
    write_file(out, to_mail(made) if mail else to_markdown(made))
    whole = len(request.scenarios) == len(parameters.SCENARIOS)
    if whole and (names := judgements.stale(judged, request.properties, results)):
        click.echo(f"error: {judgements.FILE} judges what {version} does not violate: {', '.join(names)}", err=True)
        sys.exit(EXIT_DIFFERS)


@dataclass(frozen=True)
class _Wanted:
    """What a brief is to tell beside the verdicts, how many processes work on it, and what its links start from."""

    fixes: bool
    pairs: bool
    workers: int
    start: Path


def _made(request: Request, judged: Mapping[str, judgements.Judgement], wanted: _Wanted) -> tuple[Brief, list[Result]]:
    """The brief, and the results that it is made of."""
    (version,) = request.versions
    workers = wanted.workers
    with scratch_folder() as folder:
        written = Request(request.versions, request.properties, request.scenarios, out=folder)
        results = run_jobs(written.jobs(), workers, quiet=False)
        demand_written(results)
        recorded, known = expectations.rows(), expectations.load()
        account = Account(
            version,
            tuple(judge(result, known) for result in results),
            tuple(row for row in recorded if row.version == version),
        )
        traces = [result.trace for result in account.wrong if result.trace is not None]
        stories = dict(zip(traces, in_parallel(told, [folder / trace for trace in traces], workers), strict=True))
    material = Material(
        recorded,
        {name for _, name in certified(results)},
        stories,
        judged,
        links(version, account.wrong, wanted.start),
        {item.violation.property: item for item in fixes.find(account.wrong, request.jobs(), workers)}
        if wanted.fixes
        else {},
        _costs(version, workers),
        depends(replace(request, scenarios=request.scenarios[:1]), workers, quiet=True, pairs=wanted.pairs),
    )
    return brief(account, material), results


def _costs(version: str, workers: int) -> dict[str, Cost]:
    names = list(dict.fromkeys([version, COMPARED]))
    return dict(zip(names, in_parallel(cost, names, workers), strict=True))


def links(version: str, wrong: Sequence[Result], start: Path) -> dict[str, dict[str, str]]:
    """By property what the gallery of the present folder has of its violation, relative to the folder `start`."""
    first = next((names[0] for names in alike(versions.names()) if version in names), None)
    found: dict[str, dict[str, str]] = {}
    for result in wrong if first else ():
        stem = f"{FOLDER}/{first}/{stem_of(result.property, result.scenario)}"
        files = {name: Path(stem + suffix) for name, suffix in LINKS.items()}
        found[result.property] = {name: os.path.relpath(file, start) for name, file in files.items() if file.is_file()}
    return found
