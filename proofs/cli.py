"""The command line: what the user asked for, made valid; each command is carried out by the module of its subject."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from counterexamples.documents import DocumentError
from counterexamples.trace import ReplayError
from model import parameters, versions
from model.parameters import ParameterError
from proofs import inspect as inspection
from proofs import options, replaying, report, sensitivity, session
from proofs.campaign import DEPTH
from proofs.capacity import capacity
from proofs.certify import certify
from proofs.counts import counts
from proofs.coverage import cover
from proofs.expectations import ExpectationError
from proofs.exports.command import export
from proofs.gallery import GalleryError, regenerate
from proofs.mutation import mutate
from proofs.properties import catalogue
from proofs.verdicts import EngineDisagreementError

USAGE, INTERNAL, INTERRUPTED = 2, 5, 130
ENGINES = ("both", "exhaustive", "bounded", "induction")
EXPLORING = ("both", "exhaustive")
ASSUME = "An assumption about the hardware (repeatable); `all`: which of them each verdict depends on."


def _asks_everything(assume: Sequence[str], pairs: bool, more: bool) -> bool:
    """Whether the option is `--assume all`; `more`: there are other options that make no sense with that."""
    if "all" not in assume:
        if pairs:
            raise click.UsageError("--pairs needs --assume all")
        return False
    if len(assume) > 1:
        raise click.UsageError("--assume all cannot be combined with another --assume: it tries every value itself")
    if more:
        others = "--out, --junit, --strict, --all-causes, --engine bounded or induction"
        raise click.UsageError(f"--assume all takes no {others}: it explores, once")
    return True


def _properties(chosen: Sequence[str], scenarios: Sequence[str]) -> tuple[str, ...]:
    known = catalogue()
    if chosen or scenarios:
        return tuple(options.known("property", chosen, list(known)))
    return tuple(name for name, item in known.items() if item.asked_plainly)


def _scenarios(chosen: Sequence[str]) -> tuple[str, ...]:
    if not chosen:
        return ()
    valid = list(parameters.SCENARIOS)
    return tuple(valid if "all" in chosen else options.known("scenario", chosen, valid))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Check what the Linux QCE driver and bam_dma do with the BAM pipe lock, version by version.

    Exit codes: 0 as expected, 1 a verdict differs, 2 usage, 3 inconclusive, 4 vacuous, 5 internal, 130 interrupted.
    """


@cli.command()
@click.argument("version", nargs=-1, required=True, metavar="VERSION|FILE.toml...")
@click.option("--property", "properties", multiple=True, metavar="ID", help="Only this property (repeatable).")
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this scenario, or `all` (repeatable)."
)
@click.option("--assume", multiple=True, metavar="KEY=VALUE|all", help=ASSUME)
@click.option("--pairs/--no-pairs", help="With `--assume all`: also every two values; takes minutes. [default: no]")
@click.option("--bound", multiple=True, metavar="KEY=N", help="A bound of the workload or the model (repeatable).")
@click.option("--engine", type=click.Choice(ENGINES), default="both", show_default=True)
@click.option("--depth", type=click.IntRange(1, 100), default=DEPTH, show_default=True, help="Steps that z3 unrolls.")
@click.option("--all-causes", is_flag=True, help="One counterexample for each distinct cause of a violation.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
@click.option("--out", type=click.Path(path_type=Path), help="Write traces and pictures below this folder.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write the results as JUnit XML.")
@click.option("--strict", is_flag=True, help="Any violation is exit code 1, expected or not.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def check(
    version: tuple[str, ...],
    properties: tuple[str, ...],
    scenarios: tuple[str, ...],
    assume: tuple[str, ...],
    pairs: bool,
    bound: tuple[str, ...],
    engine: str,
    depth: int,
    all_causes: bool,
    jobs: int | None,
    out: Path | None,
    json_file: Path | None,
    junit_file: Path | None,
    strict: bool,
    quiet: bool,
) -> None:
    """Check versions against the properties; each verdict comes from the engines asked for and is replayed."""
    everything = _asks_everything(assume, pairs, engine not in EXPLORING or any((out, junit_file, strict, all_causes)))
    request = session.Request(
        versions=tuple(dict.fromkeys(versions.load(name).name for name in version)),
        properties=_properties(properties, scenarios),
        scenarios=_scenarios(scenarios),
        assume={} if everything else options.pairs(assume, "--assume"),
        bound=options.numbers(bound),
        engine=engine,
        depth=depth,
        out=out,
        all_causes=all_causes,
    )
    files = session.Files(json_file, junit_file)
    session.validate(request, files)
    if everything:
        return sensitivity.report_all(request, jobs or options.cores(), pairs, quiet, json_file)
    rows = session.run(request, jobs or options.cores(), quiet)
    files.write(rows, strict)
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
@click.option("--format", "form", type=click.Choice(list(inspection.FORMATS)), default="text", show_default=True)
def show(trace: Path, form: str) -> None:
    """Print a stored trace (*.itf.json) after replaying it on the model: as text, for a mail, or as Markdown."""
    click.echo(inspection.shown(trace, form), nl=False)


@cli.command()
@click.argument("trace", type=click.Path(path_type=Path))
@click.option("--on", "version", required=True, metavar="VERSION|FILE.toml", help="The version to take the steps on.")
def replay(trace: Path, version: str) -> None:
    """Take the steps of a stored trace on another version: where it is blocked and by which guard, or what it does.

    Exit code 1 if the property is violated there too, 0 if the steps are blocked or harmless.
    """
    replayed = replaying.replay_on(trace, version)
    click.echo(replaying.to_text(replayed), nl=False)
    sys.exit(1 if replayed.violated else 0)


@cli.command()
@click.option("--record", is_flag=True, help="Write the verdicts of this run to expected.toml.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write the results as JUnit XML.")
def gate(record: bool, jobs: int | None, json_file: Path | None, junit_file: Path | None) -> None:
    """Check every shipped version against the recorded verdicts, and say exactly what differs."""
    if record and (json_file or junit_file):
        raise click.UsageError("--record compares nothing; give --json and --junit to a gate without it")
    sys.exit(session.gate(record, jobs or options.cores(), session.Files(json_file, junit_file)))


@cli.command()
@click.option("--check", "check_only", is_flag=True, help="Change nothing; fail if something would change.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")
def gallery(check_only: bool, jobs: int | None) -> None:
    """Regenerate counterexamples/gallery and the README's matrix in the present folder, a checkout."""
    changed = regenerate(Path.cwd(), check_only, jobs or options.cores())
    for name in changed:
        click.echo(f"{'differs' if check_only else 'written'}: {name}")
    sys.exit(1 if changed and check_only else 0)


for command in (capacity, certify, counts, cover, export, mutate):
    cli.add_command(command)


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
        DocumentError,
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
