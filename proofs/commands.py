"""The smaller commands: `list`, `show`, `replay`, `gate`, `gallery`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from proofs import inspect as inspection
from proofs import options, outputs, replaying, report, session
from proofs.gallery import demand_checkout, regenerate, update, with_traces
from proofs.interrupt import scratch_folder

ON = "The version to take the steps on."
GALLERY = "Also compare counterexamples/gallery and the tables in the READMEs; with --record bring them up to date."


@click.command("list")
@click.argument("what", type=click.Choice(inspection.LISTS))
def list_command(what: str) -> None:
    """Print what there is: versions, axes in which they differ, properties, scenarios, assumptions, bounds, actions."""
    inspection.print_listing(report.console(), what)


@click.command()
@click.argument("trace", type=outputs.Named())
@click.option("--format", "form", type=click.Choice(list(inspection.FORMATS)), default="text", show_default=True)
def show(trace: Path, form: str) -> None:
    """Print a stored trace (*.itf.json) after replaying it on the model: as text, for a mail, or as Markdown."""
    click.echo(inspection.shown(trace, form), nl=False)


@click.command()
@click.argument("trace", type=outputs.Named())
@click.option(
    "--on", "version", required=True, metavar="VERSION|FILE.toml", shell_complete=options.version_names, help=ON
)
def replay(trace: Path, version: str) -> None:
    """Take the steps of a stored trace on another version: where it is blocked and by which guard, or what it does.

    Exit code 1 if the property is violated there too, 0 if the steps are blocked or harmless.
    """
    replayed = replaying.replay_on(trace, version)
    click.echo(replaying.to_text(replayed), nl=False)
    sys.exit(1 if replayed.violated else 0)


@click.command()
@options.shipped
@options.asked_properties
@click.option("--record", is_flag=True, help="Write the verdicts of this run to expected.toml.")
@options.workers
@click.option("--json", "json_file", type=outputs.Named(), help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=outputs.Named(), help="Write the results as JUnit XML.")
@click.option("--gallery", "with_gallery", is_flag=True, help=GALLERY)
def gate(
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
    files, workers, root = session.Files(json_file, junit_file), jobs or options.cores(), Path.cwd()
    request = session.everything(names, properties)
    if not with_gallery:
        sys.exit(session.gate(request, record, workers, files)[0])
    demand_checkout(root)
    with scratch_folder() as made:
        request = with_traces(request, made)
        code, results = session.gate(request, record, workers, files)
        changed = update(root, not record, request, results)
    _tell(changed, check_only=not record)
    sys.exit(code or int(bool(changed) and not record))


@click.command()
@options.shipped
@options.asked_properties
@click.option("--check", "check_only", is_flag=True, help="Change nothing; fail if something would change.")
@options.workers
def gallery(names: tuple[str, ...], properties: tuple[str, ...], check_only: bool, jobs: int | None) -> None:
    """Regenerate counterexamples/gallery and the tables in the READMEs of the present folder, a checkout.

    Of the traces only those of the versions and properties that are named, if any are.
    """
    request = session.everything(names, properties)
    changed = regenerate(Path.cwd(), request, check_only, jobs or options.cores())
    _tell(changed, check_only)
    sys.exit(1 if changed and check_only else 0)


def _tell(changed: Sequence[str], check_only: bool) -> None:
    for name in changed:
        click.echo(f"{'differs' if check_only else 'written'}: {name}")
