"""The command line: `check`, `list`, `show`, `gate`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from counterexamples.formats import TraceFileError
from counterexamples.trace import ReplayError
from model import parameters, versions
from model.parameters import ParameterError
from proofs import inspect as inspection
from proofs import report, session
from proofs.campaign import DEPTH
from proofs.expectations import ExpectationError
from proofs.gallery import GalleryError, regenerate
from proofs.properties import catalogue
from proofs.verdicts import EngineDisagreementError

USAGE, INTERNAL, INTERRUPTED = 2, 5, 130
ENGINES = ("both", "exhaustive", "bounded")


def _pairs(values: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for value in values:
        key, equals, rest = value.partition("=")
        if not (key and equals and rest):
            raise click.UsageError(f"{option} takes KEY=VALUE, not {value!r}")
        if key in pairs:
            raise click.UsageError(f"{option} {key} is given twice")
        pairs[key] = rest
    return pairs


def _numbers(values: Sequence[str]) -> dict[str, int]:
    numbers = {}
    for key, text in _pairs(values, "--bound").items():
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise click.UsageError(f"--bound {key} takes a whole number, not {text!r}")
        numbers[key] = int(text)
    return numbers


def _known(kind: str, chosen: Sequence[str], valid: Sequence[str]) -> list[str]:
    for name in chosen:
        if name not in valid:
            raise parameters.nearest(kind, name, valid)
    return list(dict.fromkeys(chosen)) or list(valid)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Check what the Linux QCE driver and bam_dma do with the BAM pipe lock, version by version.

    Exit codes: 0 as expected, 1 a verdict differs, 2 usage, 3 inconclusive, 4 vacuous, 5 internal, 130 interrupted.
    """


@cli.command()
@click.argument("version", nargs=-1, required=True, metavar="VERSION|FILE.toml...")
@click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property (repeatable).")
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this scenario (repeatable).")
@click.option("--assume", multiple=True, metavar="KEY=VALUE", help="An assumption about the hardware (repeatable).")
@click.option("--bound", multiple=True, metavar="KEY=N", help="A bound of the workload or the model (repeatable).")
@click.option("--engine", type=click.Choice(ENGINES), default="both", show_default=True)
@click.option("--depth", type=click.IntRange(1, 100), default=DEPTH, show_default=True, help="Steps that z3 unrolls.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
@click.option("--out", type=click.Path(path_type=Path), help="Write traces and pictures below this folder.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the results as JSON.")
@click.option("--strict", is_flag=True, help="Any violation is exit code 1, expected or not.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def check(
    version: tuple[str, ...],
    properties: tuple[str, ...],
    scenarios: tuple[str, ...],
    assume: tuple[str, ...],
    bound: tuple[str, ...],
    engine: str,
    depth: int,
    jobs: int | None,
    out: Path | None,
    json_file: Path | None,
    strict: bool,
    quiet: bool,
) -> None:
    """Check versions against the properties; each verdict comes from the engines asked for and is replayed."""
    request = session.Request(
        versions=tuple(dict.fromkeys(versions.load(name).name for name in version)),
        properties=tuple(_known("property", properties, list(catalogue()))),
        scenarios=tuple(_known("scenario", scenarios, list(parameters.SCENARIOS))),
        assume=_pairs(assume, "--assume"),
        bound=_numbers(bound),
        engine=engine,
        depth=depth,
        out=out,
    )
    session.validate(request, json_file)
    rows = session.run(request, jobs or os.cpu_count() or 1, quiet)
    if json_file is not None:
        report.write_json(rows, json_file)
    if not quiet:
        report.print_results(report.console(), rows, out)
    sys.exit(report.exit_code(rows, strict))


@cli.command("list")
@click.argument("what", type=click.Choice(inspection.LISTS))
def list_command(what: str) -> None:
    """Print what there is: versions, properties, scenarios, assumptions, bounds or actions."""
    report.console().print(inspection.listing(what))


@cli.command()
@click.argument("trace", type=click.Path(path_type=Path))
def show(trace: Path) -> None:
    """Print a stored trace (*.itf.json) after replaying it on the model."""
    click.echo(inspection.show(trace), nl=False)


@cli.command()
@click.option("--record", is_flag=True, help="Write the verdicts of this run to expected.toml.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
def gate(record: bool, jobs: int | None) -> None:
    """Check every shipped version against the recorded verdicts, and say exactly what differs."""
    sys.exit(session.gate(record, jobs or os.cpu_count() or 1))


@cli.command()
@click.option("--check", "check_only", is_flag=True, help="Change nothing; fail if something would change.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
def gallery(check_only: bool, jobs: int | None) -> None:
    """Regenerate counterexamples/gallery and the README's matrix in the present folder, a checkout."""
    changed = regenerate(Path.cwd(), check_only, jobs or os.cpu_count() or 1)
    for name in changed:
        click.echo(f"{'differs' if check_only else 'written'}: {name}")
    sys.exit(1 if changed and check_only else 0)


def main() -> None:
    """Run the command; every foreseeable error is one line on standard error and its exit code."""
    try:
        code = cli.main(prog_name="python -m proofs", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = _complain("interrupted", INTERRUPTED)
    except click.UsageError as error:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        code = _complain(error.format_message().replace("\n", " ") + hint, USAGE)
    except (
        click.ClickException,
        ParameterError,
        versions.VersionError,
        TraceFileError,
        session.OutputError,
        GalleryError,
    ) as error:
        code = _complain(str(error), USAGE)
    except OSError as error:
        code = _complain(f"{error.filename or 'output'}: {error.strerror or error}", USAGE)
    except (EngineDisagreementError, ReplayError, ExpectationError) as error:
        code = _complain(f"internal error: {error}", INTERNAL)
    sys.exit(code or 0)


def _complain(message: str, code: int) -> int:
    click.echo(f"error: {message}", err=True)
    return code
