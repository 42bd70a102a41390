"""One run of `check` or `gate`: progress while it lasts, judgement at the end, what it leaves in files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from counterexamples.documents import is_stdout
from proofs.checking import expectations
from proofs.checking.interrupt import keep_first
from proofs.checking.job import run_all
from proofs.checking.judged import Judged, judge
from proofs.checking.outputs import OutputError, folder_name
from proofs.checking.pool import LOST, Lost, Workers, count_of, in_parallel
from proofs.checking.records import Job, Result
from proofs.checking.request import Request, drafts
from proofs.commands.watching import Watching
from proofs.engines.breadth import MEMORY
from proofs.engines.running.checkpoint import remove
from proofs.engines.running.figures import Figures, listening
from proofs.reports import junit, terminal
from proofs.studies import sensitivity
from proofs.studies.screening import Screen, Screened, screen
from proofs.studies.sensitivity import Sensitivity

WHAT = "its checkpoints here; give another folder"
KEPT = ".kept"  # how the names of folders end that have a job's explorations


class IncompleteError(Exception):
    """Some jobs gave no answer. `results`: those of the others; the message is one line that names the jobs."""

    def __init__(self, results: Sequence[Result], lost: Sequence[Lost]) -> None:
        names = ", ".join(item.item for item in lost)
        super().__init__(f"no verdicts of {names}: {LOST}")
        self.results = list(results)


@dataclass(frozen=True)
class Files:
    """Where the results are to be written for programs: JSON, JUnit XML, or nowhere."""

    json: Path | None = None
    junit: Path | None = None

    @property
    def named(self) -> dict[str, Path | None]:
        """By the option that names them."""
        return {"--json": self.json, "--junit": self.junit}

    @property
    def on_stdout(self) -> bool:
        """Whether one of them is standard output, which then has nothing else."""
        return any(path is not None and is_stdout(path) for path in self.named.values())

    def write(self, rows: Sequence[Judged], strict: bool = False) -> list[str]:
        """Write the results wherever they were asked for; what could not be written, and why."""
        failed = []
        junit_rows = partial(junit.write_junit, strict=strict)
        for path, write in ((self.json, terminal.write_json), (self.junit, junit_rows)):
            try:
                if path is not None:
                    write(rows, path)
            except OSError as error:
                failed.append(f"{error.filename}: {error.strerror}")
        return failed


def tell_drafts() -> None:
    """Say on standard error which shipped versions are left out because nothing is recorded of them."""
    if names := " ".join(drafts()):
        click.echo(f"left out as drafts, of which nothing is recorded: {names}", err=True)


def run(
    request: Request, workers: Workers, quiet: bool, cache: Path | None = None
) -> tuple[list[Judged], IncompleteError | None]:
    """All results, judged against what is recorded for them, and what is to be raised once they are reported."""
    recorded, folder = expectations.load(), request.checkpoint
    with _held(folder):
        try:
            results, lost = run_jobs(_equipped(request, count_of(workers)), workers, quiet, cache), None
        except IncompleteError as error:
            results, lost = error.results, error
        if folder is not None and lost is None and not any(row.reason.startswith(MEMORY) for row in results):
            for kept in folder.glob(f"*{KEPT}"):
                remove(kept)
    return [judge(result, recorded) for result in results], lost


def _held(folder: Path | None) -> AbstractContextManager[None]:
    if folder is None:
        return nullcontext()
    from proofs.checking.running.alone import alone_in

    return alone_in(folder, WHAT)


def _equipped(request: Request, workers: int) -> list[Job]:
    """The jobs, each with its share of the memory, and with its place for what it explores, if that is kept."""
    work = request.jobs()
    if request.memory is not None:  # no more of them run at one time than there are workers
        work = [replace(job, memory=request.memory // min(workers, len(work))) for job in work]
    if request.checkpoint is not None:
        keep_first()
        names = [f"{folder_name(job.subject.version)}.{job.subject.scenario}{KEPT}" for job in work]
        work = [replace(job, checkpoint=str(request.checkpoint / name)) for job, name in zip(work, names, strict=True)]
    return work


def demand_complete(rows: Sequence[Judged], lost: IncompleteError | None, unwritten: Sequence[str]) -> None:
    """Raise `lost`, or OutputError if something could not be written: now that the verdicts are reported."""
    if lost is not None:
        raise lost
    demand_written([row.result for row in rows], unwritten)


def demand_written(results: Sequence[Result], unwritten: Sequence[str] = ()) -> None:
    """Raise OutputError if something could not be written; `unwritten`: what is known beside the results."""
    failed = list(dict.fromkeys([*(reason for row in results for reason in row.unwritten), *unwritten]))
    if failed:
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise OutputError(f"not written: {failed[0]}{more}; the verdicts are complete")


def run_jobs(work: Sequence[Job], workers: Workers, quiet: bool, cache: Path | None = None) -> list[Result]:
    """The results of all jobs, with progress on a terminal; raises IncompleteError at the end if some are lost.

    `cache`: the folder of earlier answers; what is wrong with it is said on standard error.
    """
    results: list[Result] = []
    lost: list[Lost] = []
    remarks: list[str] = []
    total = sum(len(job.properties) for job in work)
    with Watching(quiet) as progress, listening(progress.told) if progress.shown else nullcontext():
        task = progress.add_task("versions x properties", total=total, last="")
        for job, rows in zip(work, run_all(work, workers, cache, remarks.append), strict=True):
            progress.told(Figures(str(job)))
            if isinstance(rows, Lost):
                lost.append(rows)
                progress.update(task, advance=len(job.properties), last=f"{job}: lost")
                continue
            results += rows
            states = max((row.states or 0 for row in rows), default=0)
            depth = max((row.depth or 0 for row in rows), default=0)
            last = f"{rows[0].version} {rows[0].scenario}: {states} states, depth {depth}"
            progress.update(task, advance=len(rows), last=last)
    for remark in remarks:
        click.echo(remark, err=True)
    if lost:
        raise IncompleteError(results, lost)
    return results


def depends(request: Request, workers: Workers, quiet: bool, pairs: bool = False) -> list[Sensitivity]:
    """Which answers to the open questions its verdicts depend on: single ones, and pairs of them if asked for."""
    console = Console(stderr=True)
    silent = quiet or not console.is_terminal

    def explore(work: Sequence[Job]) -> list[Result]:
        return run_jobs(work, workers, quiet)

    def compare(tasks: Sequence[Screen]) -> list[Screened]:
        with nullcontext() if silent else console.status("comparing the systems"):
            return list(in_parallel(screen, tasks, workers))

    return sensitivity.run(request.jobs(), explore, compare, count_of(workers), pairs)
