"""From jobs to results, each from engines that must agree, in parallel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from model.context import Protocol
from model.protocol import build
from proofs.checking import verdicts
from proofs.checking.interrupt import keep_when_terminated
from proofs.checking.outputs import folder_name, stem_of
from proofs.checking.pool import Lost, Workers, answers
from proofs.checking.records import ANY_REQUESTS, CERTIFIED, WITHIN_BOUNDS, Job, Result
from proofs.checking.traces import causes, story_of
from proofs.checking.words import Word
from proofs.engines.clauses import Clause
from proofs.engines.running.checkpoint import kept_in
from proofs.engines.running.figures import named
from proofs.engines.running.memory import limited
from proofs.properties import ALWAYS, Property, catalogue


def run_job(job: Job) -> list[Result]:
    """Check one version in one scenario; raises EngineDisagreementError or ReplayError, which are internal errors."""
    if job.checkpoint is not None:
        keep_when_terminated()
    with limited(job.memory), named(str(job)), kept_in(None if job.checkpoint is None else Path(job.checkpoint)):
        return _run_job(job)


def _run_job(job: Job) -> list[Result]:
    started = time.perf_counter()
    protocol = build(job.subject)
    asked = [catalogue()[name] for name in job.properties]
    reasons = {item.id: item.reason_against(protocol) for item in asked}
    applicable = [item for item in asked if reasons[item.id] is None]
    if job.engine == "induction":
        from proofs.checking import inductive

        found = inductive.decide(protocol, applicable)
    else:
        found = verdicts.decide(protocol, applicable, job.engine, job.depth)
    rows = []
    for item in asked:
        reason = reasons[item.id]
        verdict = verdicts.not_applicable(reason) if reason is not None else found[item.id]
        shown = _with_instead(protocol, item, verdict)
        failed: list[str] = []
        trace = _write_trace(job, protocol, item, shown, failed) if shown.path or shown.loop is not None else None
        row = _result(protocol, item, verdict, trace)
        if verdict.invariant is not None and job.out is not None:
            row = replace(row, certificate=_write_certificate(job, protocol, item, verdict.invariant, failed))
        if job.all_causes and verdict.word is Word.VIOLATED and item.kind == ALWAYS:
            row = _with_causes(job, protocol, item, verdict, row, failed)
        rows.append(replace(row, unwritten=tuple(failed)))
    seconds = round(time.perf_counter() - started, 3)
    return [replace(row, seconds=seconds) for row in rows]


def _with_instead(protocol: Protocol, item: Property, verdict: verdicts.Verdict) -> verdicts.Verdict:
    """The verdict with the path to show: where a `reach` property is unreachable that to what happens instead."""
    if verdict.word is not Word.UNREACHABLE or item.instead is None:
        return verdict
    return replace(verdict, path=verdicts.shortest_path(protocol, item.instead(protocol)) or ())


def _with_causes(
    job: Job, protocol: Protocol, item: Property, verdict: verdicts.Verdict, row: Result, failed: list[str]
) -> Result:
    found = causes.distinct_per_fault(protocol, item.target(protocol), verdict.path)
    notes = []
    for number, cause in enumerate(found[1:], start=2):
        _write_trace(job, protocol, item, replace(verdict, path=cause.path), failed, f".cause{number}")
        notes.append(f"{len(cause.path)} steps: {cause.unlike_first}")
    return replace(row, causes=len(found), other_causes=tuple(notes))


def _result(protocol: Protocol, item: Property, verdict: verdicts.Verdict, trace: str | None) -> Result:
    subject = protocol.subject
    return Result(
        subject.version,
        item.id,
        subject.scenario,
        verdict.word,
        verdict.how,
        verdict.depth,
        verdict.states,
        verdict.engines,
        subject.bounds,
        subject.assumptions,
        verdict.path,
        trace,
        0.0,
        strength=_strength(protocol, verdict),
        reason=verdict.reason,
        loop=verdict.loop,
    )


def _strength(protocol: Protocol, verdict: verdicts.Verdict) -> str | None:
    if verdict.word is not Word.PROVED:
        return None
    if verdict.invariant is not None:
        return CERTIFIED
    return ANY_REQUESTS if protocol.ctx.workload.endless else WITHIN_BOUNDS


def _write_trace(
    job: Job, protocol: Protocol, item: Property, verdict: verdicts.Verdict, failed: list[str], suffix: str = ""
) -> str | None:
    """Where the replayed trace is written, None if nowhere; what cannot be written is put into `failed`."""
    story = story_of(protocol, item, verdict.path, verdict.loop, job.source)
    if job.out is None:
        return None
    from counterexamples.formats.registry import write_all

    folder, stem = _place(protocol, item)
    try:
        write_all(story, Path(job.out) / folder, stem + suffix)
    except OSError as error:
        failed.append(f"{error.filename}: {error.strerror}")
        return None
    return f"{folder}/{stem}{suffix}.itf.json"


def _place(protocol: Protocol, item: Property) -> tuple[str, str]:
    """The folder and the stem of the names of what is written about one verdict."""
    return folder_name(protocol.subject.version), stem_of(item.id, protocol.subject.scenario)


def _write_certificate(
    job: Job, protocol: Protocol, item: Property, clauses: tuple[Clause, ...], failed: list[str]
) -> str | None:
    from counterexamples.documents import write_file
    from proofs.certificates import certificate as certificates

    folder, stem = _place(protocol, item)
    certificate = certificates.Certificate(protocol.subject, item.id, clauses)
    path = Path(str(job.out)) / folder / f"{stem}.cert.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, certificates.to_json(certificate))
    except OSError as error:
        failed.append(f"{error.filename}: {error.strerror}")
        return None
    return f"{folder}/{path.name}"


def run_all(
    work: Sequence[Job], workers: Workers, cache: Path | None = None, tell: Callable[[str], None] = lambda remark: None
) -> Iterator[list[Result] | Lost]:
    """The results of all jobs, in the order of the jobs, as they become known; `Lost` for a job without any.

    Of versions that behave alike only the first is run; the others get its rows, and its traces. `cache`: the folder in
    which answers are looked for first and kept; `tell` is told what is wrong with those.
    """
    keys = [replace(job, subject=job.subject.behaviour) for job in work]
    first = dict(reversed(list(zip(keys, work, strict=True))))
    unique = [job for key, job in zip(keys, work, strict=True) if first[key] is job]
    fresh = _answers(unique, workers, cache, tell)
    known: dict[Job, list[Result] | Lost] = {}
    for key, job in zip(keys, work, strict=True):
        if key not in known:
            known[key] = next(fresh)
        found, name = known[key], job.subject.version
        yield Lost(str(job)) if isinstance(found, Lost) else [replace(row, version=name) for row in found]


def _answers(
    work: Sequence[Job], workers: Workers, cache: Path | None, tell: Callable[[str], None]
) -> Iterator[list[Result] | Lost]:
    def last(index: int) -> int:
        # the long jobs first, so that the workers end together
        return -len(work[index].properties)

    if isinstance(workers, int) and cache is None:
        return answers(run_job, work, workers, last)
    from proofs.checking.running.carried import answered

    return answered(work, workers, cache, last, tell)
