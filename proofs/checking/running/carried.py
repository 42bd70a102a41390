"""Jobs whose files are brought back with their rows, by whatever process worked on them, or from an earlier run.

What is written is written by the process that was asked, as a worker may be on another machine, and an earlier run
wrote elsewhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from counterexamples.documents import write_file
from proofs.checking import job as jobs
from proofs.checking.outputs import folder_name, stem_of
from proofs.checking.pool import Lost, Workers, answers
from proofs.checking.records import Job, Result
from proofs.checking.running import cache as caching
from proofs.checking.running.program import unchanged
from proofs.checking.words import Word


@dataclass(frozen=True)
class Errand:
    """A job for another process; `files`: whether its traces are wanted. `cache`: the folder of earlier answers."""

    job: Job
    files: bool
    cache: str | None

    def __str__(self) -> str:
        return str(self.job)


@dataclass(frozen=True)
class Brought:
    """The rows of a job, and for each its files: name below the output folder, and text. `remarks`: to be told."""

    rows: tuple[Result, ...]
    files: tuple[tuple[tuple[str, str], ...], ...]
    remarks: tuple[str, ...] = ()

    def as_cached(self) -> Brought:
        """The same as an answer that was found."""
        return replace(self, rows=tuple(replace(row, cached=True) for row in self.rows))

    @property
    def to_be_kept(self) -> bool:
        """Whether another run may have the same answer: not if something is missing that this machine may lack."""
        return not any(
            row.unwritten or (row.verdict is Word.UNKNOWN and "capacity" not in row.reason) for row in self.rows
        )


def answered(
    work: Sequence[Job],
    workers: Workers,
    cache: Path | None,
    last: Callable[[int], int],
    tell: Callable[[str], None],
) -> Iterator[list[Result] | Lost]:
    """The rows of each job, their files written; `cache`: where answers are looked for and kept."""
    folder = None if cache is None else str(cache.absolute())
    errands = [Errand(replace(job, out=None), job.out is not None, folder) for job in work]
    for job, found in zip(work, answers(carry, errands, workers, last), strict=True):
        if isinstance(found, Lost):
            yield found
            continue
        for remark in found.remarks:
            tell(remark)
        yield _written(found, job.out)


def carry(errand: Errand) -> Brought:
    """The answer to a job: as it was found before, or worked out now, and kept if that is wanted."""
    if errand.cache is None:
        return _worked_out(errand)
    entry = caching.Entry(Path(errand.cache), caching.key(errand.job, errand.files))
    found, remark = entry.read()
    if isinstance(found, Brought):
        return found.as_cached()
    made = _worked_out(errand)
    remarks = (remark,) if remark else ()
    failed = entry.write(made) if made.to_be_kept and unchanged() else None
    if failed is not None:
        made = replace(made, rows=tuple(replace(row, unwritten=(failed,)) for row in made.rows))
    return replace(made, remarks=remarks)


def _worked_out(errand: Errand) -> Brought:
    if not errand.files:
        rows = jobs.run_job(errand.job)
        return Brought(tuple(rows), ((),) * len(rows))
    with tempfile.TemporaryDirectory() as folder:
        rows = jobs.run_job(replace(errand.job, out=folder))
        return Brought(tuple(rows), tuple(tuple(_files(Path(folder), row)) for row in rows))


def _files(folder: Path, row: Result) -> Iterator[tuple[str, str]]:
    """What was written about one row."""
    below = folder_name(row.version)
    for path in sorted((folder / below).glob(f"{stem_of(row.property, row.scenario)}.*")):
        if stem_of(row.property, "default") == path.name.split(".")[0]:
            yield f"{below}/{path.name}", path.read_text(encoding="utf-8")


def _written(found: Brought, out: str | None) -> list[Result]:
    if out is None:
        return list(found.rows)
    return [_with_files(row, files, Path(out)) for row, files in zip(found.rows, found.files, strict=True)]


def _with_files(row: Result, files: Sequence[tuple[str, str]], out: Path) -> Result:
    """The row once its files are written; where one cannot be, it says so and names none."""
    try:
        for name, content in files:
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, content)
    except OSError as error:
        return replace(
            row, trace=None, certificate=None, unwritten=(*row.unwritten, f"{error.filename}: {error.strerror}")
        )
    return row
