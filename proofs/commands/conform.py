"""`conform`: a recorded run against a version, and logs of random runs of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from counterexamples.documents import STDOUT, write_file
from model import versions
from model.protocol import build
from proofs.checking import outputs
from proofs.checking.judged import EXIT_DIFFERS, EXIT_INCONCLUSIVE
from proofs.checking.pool import cores, in_parallel
from proofs.checking.request import asked_subject
from proofs.commands import options
from proofs.recordings.conformance import conformance, held, lines, tasks
from proofs.recordings.log import read
from proofs.recordings.making import make

ON = "The version that ran."
MAKE = "Write the log of a random run of so many events instead of reading one."
UNKNOWNS = "Also under each other value of each assumption, one at a time: what the log says of the hardware."


@click.command("conform")
@click.argument("log", required=False, type=options.Named())
@click.option(
    "--on", "version", required=True, metavar="VERSION|FILE.toml", shell_complete=options.version_names, help=ON
)
@click.option("--scenario", default="endless", metavar="NAME", show_default=True)
@options.assumed_pairs
@options.changed_bounds
@click.option("--unknowns/--no-unknowns", help=f"{UNKNOWNS} [default: no]")
@click.option("--make", "length", type=click.IntRange(1, 1_000_000), metavar="N", help=MAKE)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which random run `--make` writes.")
@click.option("--out", type=options.Named(), help="The file that `--make` writes; default: standard output.")
@options.workers
def command(
    log: Path | None,
    version: str,
    scenario: str,
    assume: tuple[str, ...],
    bound: tuple[str, ...],
    unknowns: bool,
    length: int | None,
    seed: int,
    out: Path | None,
    jobs: int | None,
) -> None:
    """Say whether LOG, what the software did in a recorded run, is a possible run of a version.

    What the hardware does is silent: any number of its steps can lie between two lines. Exit code 0 if all of it is
    accepted, 1 if it is rejected, 3 if it is empty or cut off, or the model is too small to know.
    """
    if (log is None) == (length is None):
        raise click.UsageError("give either LOG or --make N")
    if log is not None and out is not None:
        raise click.UsageError("--out is for --make")
    loaded = versions.load(version)
    outputs.demand_files({"--out": out}, loaded.files)
    subject = asked_subject(loaded, scenario, options.pairs(assume, "--assume"), options.numbers(bound))
    if length is not None:
        made = make(build(subject).system, length, seed)
        write_file(out or STDOUT, made.to_text())
        if len(made.events) < length:
            click.echo(f"only {len(made.events)} events: after them nothing more is recorded in this run", err=True)
        return
    recorded = read(Path(str(log)))
    found = conformance(recorded, subject, list(in_parallel(held, tasks(recorded, subject, unknowns), jobs or cores())))
    for line in lines(found):
        click.echo(line)
    sys.exit(EXIT_INCONCLUSIVE if found.open else 0 if found.fits else EXIT_DIFFERS)
