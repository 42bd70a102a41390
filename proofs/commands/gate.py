"""`gate`: shipped versions against what is recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from model.language.files import scratch_folder
from proofs.checking import expectations, outputs
from proofs.checking.judged import exit_code
from proofs.checking.pool import cores
from proofs.checking.records import Result
from proofs.checking.request import Request, everything
from proofs.commands import options
from proofs.commands.gallery import tell
from proofs.commands.session import Files, demand_complete, demand_written, run, run_jobs, tell_drafts
from proofs.reports.gallery import demand_checkout, update, with_traces

GALLERY = "Also compare counterexamples/gallery and the tables in the READMEs; with --record bring them up to date."


@click.command("gate")
@options.shipped
@options.asked_properties
@click.option("--record", is_flag=True, help="Write the verdicts of this run to expected.toml.")
@options.workers
@click.option("--json", "json_file", type=options.Named(), help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=options.Named(), help="Write the results as JUnit XML.")
@click.option("--gallery", "with_gallery", is_flag=True, help=GALLERY)
def command(
    names: tuple[str, ...],
    properties: tuple[str, ...],
    record: bool,
    jobs: int | None,
    json_file: Path | None,
    junit_file: Path | None,
    with_gallery: bool,
) -> None:
    """Check shipped versions, all or those named, against the recorded verdicts, and say exactly what differs."""
    if record and (json_file or junit_file):
        raise click.UsageError("--record compares nothing; give --json and --junit to a gate without it")
    files, workers, root = Files(json_file, junit_file), jobs or cores(), Path.cwd()
    request = everything(names, properties)
    outputs.demand_files(files.named)
    if with_gallery:
        demand_checkout(root)
    if not names:
        tell_drafts()
    if not with_gallery:
        sys.exit(compare(request, record, workers, files)[0])
    with scratch_folder() as made:
        request = with_traces(request, made)
        code, results = compare(request, record, workers, files)
        demand_written(results)
        changed = update(root, not record, request, results)
    tell(changed, check_only=not record)
    sys.exit(code or int(bool(changed) and not record))


def compare(request: Request, record: bool, workers: int, files: Files) -> tuple[int, list[Result]]:
    """Check what is asked for; print what differs from expected.toml, or record it. The exit code and the results."""
    console = Console(soft_wrap=True, markup=False, quiet=files.on_stdout)
    if record:
        path = Path(expectations.__file__).parent / expectations.FILE
        results = run_jobs(request.jobs(), workers, quiet=False)
        expectations.record(results, path, [row for row in expectations.rows() if not request.covers(row)])
        console.print(f"recorded {len(results)} verdicts of {len(request.versions)} versions in {path.name}")
        return 0, results
    rows, lost = run(request, workers, quiet=False)
    unwritten = files.write(rows)
    different = [row for row in rows if not row.as_expected]
    for row in different:
        item = row.result
        found, was = expectations.summary(item), row.expected or "nothing"
        console.print(f"{item.version} {item.property} ({item.scenario}): {found}; recorded: {was}")
    asked = {(row.result.version, row.result.property, row.result.scenario) for row in rows}
    recorded = [] if lost else [old for old in expectations.rows() if request.covers(old)]
    gone = [old for old in recorded if old.key() not in asked]
    for old in gone:
        console.print(f"{old.version} {old.property} ({old.scenario}): not asked; recorded: {old.text}")
    console.print(
        f"{len(rows) - len(different)} of {len(rows)} verdicts of {len(request.versions)} versions as recorded"
    )
    demand_complete(rows, lost, unwritten)
    return exit_code(rows, strict=False) or int(bool(gone)), [row.result for row in rows]
