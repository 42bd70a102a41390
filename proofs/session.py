"""One run of `check` or `gate`: validation before any work, progress while it lasts, judgement at the end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from model import parameters, versions
from proofs import campaign, expectations, junit, report
from proofs.campaign import DEPTH, Job, Result
from proofs.interrupt import clean_on_interrupt
from proofs.properties import catalogue
from proofs.report import Judged


class OutputError(Exception):
    """A place for output that cannot be used; the message says why and what would be right."""


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

    def validate(self) -> None:
        """Raise OutputError if one cannot be written, or if both are the same file."""
        for option, path in (("--json", self.json), ("--junit", self.junit)):
            if path is not None:
                if path.is_dir():
                    raise OutputError(f"{option} {path} is a folder; give a file")
                _usable_folder(path.absolute().parent)
        if self.json is not None and self.junit is not None and self.json.resolve() == self.junit.resolve():
            raise OutputError(f"--json and --junit are both {self.json}; give two files")

    def write(self, rows: Sequence[Judged], strict: bool = False) -> None:
        """Write the results wherever they were asked for; raises OSError."""
        if self.json is not None:
            report.write_json(rows, self.json)
        if self.junit is not None:
            junit.write_junit(rows, self.junit, strict)


def validate(request: Request, files: Files) -> None:
    """Raise ParameterError, VersionError or OutputError for whatever could only fail later."""
    parameters.assumptions(request.assume)
    for scenario in request.scenarios or parameters.SCENARIOS:
        parameters.bounds(scenario, request.bound)
    for name in request.versions:
        demand_known_axes(name)
    if request.out is not None:
        _usable_folder(request.out)
        clean_on_interrupt(request.out)
    files.validate()


def demand_own_folders(names: Sequence[str]) -> None:
    """Raise OutputError if the traces of two versions would be written into the same folder."""
    folders: dict[str, str] = {}
    for name in names:
        other = folders.setdefault(Path(name).stem, name)
        if other != name:
            raise OutputError(f"{other} and {name} would both write into {Path(name).stem}/; rename one")


def demand_known_axes(name: str) -> None:
    """Raise ParameterError if a version leaves an axis open, VersionError if there is no such version."""
    unknown = [axis for axis, value in versions.load(name).axes.items() if value == versions.UNKNOWN]
    if unknown:
        valid = "; ".join(f"{axis}: {', '.join(versions.axis_values(axis))}" for axis in unknown)
        raise parameters.ParameterError(
            f"{name} leaves {', '.join(unknown)} open for lack of evidence; check a version file of your own that"
            f" is based on it and sets it ({valid})"
        )


def _usable_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is not a folder; give a folder that can be written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror}); give a folder that can") from None


def run(request: Request, workers: int, quiet: bool) -> list[Judged]:
    """All results, judged against what is recorded for them."""
    recorded = expectations.load()
    return [_judge(result, recorded) for result in run_jobs(request.jobs(), workers, quiet)]


def _judge(result: Result, recorded: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Judged:
    expected = expectations.expected_for(result, recorded)
    return Judged(result, expected, None if expected is None else expectations.matches(result, expected))


def run_jobs(work: Sequence[Job], workers: int, quiet: bool) -> list[Result]:
    """The results of all jobs, with progress on a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    results: list[Result] = []
    total = sum(len(job.properties) for job in work)
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("versions x properties", total=total, last="")
        for rows in campaign.run_all(work, workers):
            results += rows
            states = max((row.states or 0 for row in rows), default=0)
            depth = max((row.depth or 0 for row in rows), default=0)
            last = f"{rows[0].version} {rows[0].scenario}: {states} states, depth {depth}"
            progress.update(task, advance=len(rows), last=last)
    return results


def everything() -> Request:
    """Every shipped version whose axes are all known, every property, every scenario, nothing changed."""
    names = [name for name in versions.names() if versions.UNKNOWN not in versions.load(name).axes.values()]
    return Request(tuple(names), tuple(catalogue()), tuple(parameters.SCENARIOS))


def gate(record: bool, workers: int, files: Files) -> int:
    """Check every shipped version; print what differs from expected.toml, or record it. The exit code."""
    files.validate()
    request = everything()
    console = Console(soft_wrap=True)
    if record:
        path = Path(expectations.__file__).parent / expectations.FILE
        results = run_jobs(request.jobs(), workers, quiet=False)
        expectations.record(results, path)
        console.print(f"recorded {len(results)} verdicts of {len(request.versions)} versions in {path.name}")
        return 0
    rows = run(request, workers, quiet=False)
    files.write(rows)
    different = [row for row in rows if not row.as_expected]
    for row in different:
        item = row.result
        found, was = expectations.summary(item), row.expected or "nothing"
        console.print(f"{item.version} {item.property} ({item.scenario}): {found}; recorded: {was}")
    console.print(
        f"{len(rows) - len(different)} of {len(rows)} verdicts of {len(request.versions)} versions as recorded"
    )
    return report.exit_code(rows, strict=False)
