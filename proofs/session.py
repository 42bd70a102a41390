"""One run of `check` or `gate`: validation before any work, progress while it lasts, judgement at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from counterexamples.documents import is_stdout
from model import parameters, versions
from proofs import campaign, expectations, junit, options, outputs, report
from proofs.campaign import DEPTH, Job, Result
from proofs.interrupt import clean_on_interrupt
from proofs.outputs import OutputError
from proofs.pool import LOST, Lost
from proofs.properties import catalogue
from proofs.report import Judged


class IncompleteError(Exception):
    """Some jobs gave no answer. `results`: those of the others; the message is one line that names the jobs."""

    def __init__(self, results: Sequence[Result], lost: Sequence[Lost]) -> None:
        names = ", ".join(item.item for item in lost)
        super().__init__(f"no verdicts of {names}: {LOST}")
        self.results = list(results)


@dataclass(frozen=True)
class Request:
    """What a `check` was asked for; `versions`, `properties` and `scenarios` are known names.

    No scenarios: those in which each property is asked first of all.
    """

    versions: tuple[str, ...]
    properties: tuple[str, ...]
    scenarios: tuple[str, ...]
    assume: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, int] = field(default_factory=dict)
    engine: str = "both"
    depth: int = DEPTH
    out: Path | None = None
    all_causes: bool = False

    def covers(self, row: expectations.Recorded) -> bool:
        """Whether a recorded verdict is one that is asked for."""
        return row.version in self.versions and row.property in self.properties and row.scenario in self.scenarios

    def jobs(self) -> list[Job]:
        """One job for each version and scenario."""
        return campaign.jobs(
            self.versions,
            self.properties,
            self.scenarios,
            assume=self.assume,
            bound=self.bound,
            engine=self.engine,
            depth=self.depth,
            out=str(self.out) if self.out else None,
            all_causes=self.all_causes,
        )


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
        for path, write in ((self.json, report.write_json), (self.junit, junit_rows)):
            try:
                if path is not None:
                    write(rows, path)
            except OSError as error:
                failed.append(f"{error.filename}: {error.strerror}")
        return failed


def validate(request: Request, named: Mapping[str, Path | None]) -> None:
    """Raise ParameterError, VersionError or OutputError for whatever could only fail later.

    `named`: the files to be written, by the option that names them.
    """
    parameters.assumptions(request.assume)
    for scenario in request.scenarios or parameters.SCENARIOS:
        parameters.bounds(scenario, request.bound)
    for name in request.versions:
        demand_known_axes(name)
    if request.out is not None:
        outputs.demand_folder(request.out)
        clean_on_interrupt(request.out)
    outputs.demand_files(named, (file for name in request.versions for file in versions.load(name).files))


def demand_known_axes(name: str) -> None:
    """Raise ParameterError if a version leaves an axis open, VersionError if there is no such version."""
    unknown = [axis for axis, value in versions.load(name).axes.items() if value == versions.UNKNOWN]
    if unknown:
        valid = "; ".join(f"{axis}: {', '.join(versions.axis_values(axis))}" for axis in unknown)
        raise parameters.ParameterError(
            f"{name} leaves {', '.join(unknown)} open for lack of evidence; check a version file of your own that"
            f" is based on it and sets it ({valid})"
        )


def run(request: Request, workers: int, quiet: bool) -> tuple[list[Judged], IncompleteError | None]:
    """All results, judged against what is recorded for them, and what is to be raised once they are reported."""
    recorded = expectations.load()
    try:
        results, lost = run_jobs(request.jobs(), workers, quiet), None
    except IncompleteError as error:
        results, lost = error.results, error
    return [_judge(result, recorded) for result in results], lost


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


def _judge(result: Result, recorded: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Judged:
    expected = expectations.expected_for(result, recorded)
    return Judged(result, expected, None if expected is None else expectations.matches(result, expected))


def run_jobs(work: Sequence[Job], workers: int, quiet: bool) -> list[Result]:
    """The results of all jobs, with progress on a terminal; raises IncompleteError at the end if some are lost."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    results: list[Result] = []
    lost: list[Lost] = []
    total = sum(len(job.properties) for job in work)
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("versions x properties", total=total, last="")
        for job, rows in zip(work, campaign.run_all(work, workers), strict=True):
            if isinstance(rows, Lost):
                lost.append(rows)
                progress.update(task, advance=len(job.properties), last=f"{job}: lost")
                continue
            results += rows
            states = max((row.states or 0 for row in rows), default=0)
            depth = max((row.depth or 0 for row in rows), default=0)
            last = f"{rows[0].version} {rows[0].scenario}: {states} states, depth {depth}"
            progress.update(task, advance=len(rows), last=last)
    if lost:
        raise IncompleteError(results, lost)
    return results


def everything(names: Sequence[str] = (), properties: Sequence[str] = ()) -> Request:
    """Every shipped version whose axes are all known, every property, every scenario, nothing changed.

    Of the versions and properties only those that are named, if any are; raises ParameterError for one that is none of
    these.
    """
    shipped = [name for name in versions.names() if versions.UNKNOWN not in versions.load(name).axes.values()]
    asked = options.known("property", properties, list(catalogue()))
    return Request(tuple(options.known("version", names, shipped)), tuple(asked), tuple(parameters.SCENARIOS))


def gate(request: Request, record: bool, workers: int, files: Files) -> tuple[int, list[Result]]:
    """Check what is asked for; print what differs from expected.toml, or record it. The exit code and the results."""
    outputs.demand_files(files.named)
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
    return report.exit_code(rows, strict=False) or int(bool(gone)), [row.result for row in rows]
