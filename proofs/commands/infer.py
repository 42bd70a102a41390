"""`infer`: what observations of real hardware leave of the open questions."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import click
from rich.console import Console

from counterexamples.documents import is_stdout
from proofs.checking import outputs
from proofs.checking.judged import EXIT_DIFFERS, EXIT_INCONCLUSIVE
from proofs.checking.pool import cores, in_parallel
from proofs.commands import options
from proofs.evidence import report
from proofs.evidence.inference import infer
from proofs.evidence.judging import Judgement, Task, judge
from proofs.evidence.observations import load
from proofs.reports import terminal

PAIRS = "Also every two values that are left; takes minutes. [default: no]"
WEAK = "Observations whose strength is weak exclude, too. [default: no]"


@click.command("infer")
@click.argument("file", required=False, type=options.Named())
@click.option("--pairs/--no-pairs", help=PAIRS)
@click.option("--weak/--no-weak", help=WEAK)
@options.workers
@click.option("--json", "json_file", type=options.Named(), help="Write the results as JSON.")
def command(file: Path | None, pairs: bool, weak: bool, jobs: int | None, json_file: Path | None) -> None:
    """Say which answers to the open questions about the hardware the observations in FILE.toml leave.

    Without FILE those that are shipped. Exit code 1 if they contradict each other, 3 if something is not known.
    """
    observations = load(file)
    outputs.demand_files({"--json": json_file}, [str(file)] if file else [])
    console = Console(stderr=True)
    workers = jobs or cores()

    def judged(tasks: Sequence[Task]) -> Iterator[list[Judgement]]:
        with console.status("judging") if console.is_terminal else nullcontext():
            yield from in_parallel(judge, tasks, workers)

    found = infer(observations, judged, workers, pairs, weak)
    if not (json_file is not None and is_stdout(json_file)):
        for line in report.lines(found):
            terminal.console().print(line)
    if json_file is not None:
        report.write_json(found, json_file)
    sys.exit(EXIT_DIFFERS if found.reference is None else EXIT_INCONCLUSIVE if found.inconclusive else 0)
