"""Where a command's jobs run, and what of them is kept: the options that say so, and what they come to."""

from __future__ import annotations

from pathlib import Path

import click

from counterexamples.documents import is_special, is_stdout
from proofs.checking import outputs
from proofs.checking.interrupt import clean_on_interrupt
from proofs.checking.pool import Workers, cores, place_of
from proofs.checking.running.program import program
from proofs.commands import options

ELSEWHERE = (
    "Run the jobs on a Dask cluster: `dask` starts one of --jobs processes on this machine, tcp://HOST:PORT is the"
    " scheduler of one that is there."
)
NOT_THE_RUN = (
    *("jobs", "on", "journal", "cache", "json_file", "junit_file", "out", "record", "verbose", "quiet", "strict"),
)
"""Options that change no answer to a job: a run goes on from its journal whatever they say."""

on = click.option("--on", metavar="dask|tcp://HOST:PORT", help=ELSEWHERE)
journal = click.option(
    "--journal", type=options.Named(), help="Note each answer in this file; go on from it if it is there."
)
cache = click.option(
    "--cache",
    type=options.Named(),
    metavar="DIR",
    help="Take from this folder what an earlier run has worked out of the very same; keep what is new there.",
)


def workers(jobs: int | None, where: str | None = None, journal: Path | None = None) -> Workers:
    """What the options say, for as long as the present command runs: so many processes, a cluster, with a journal.

    Raises ClusterError, DocumentError for what is no journal of this run, OSError.
    """
    found: Workers = jobs or cores()
    context = click.get_current_context()
    if where is not None:
        from proofs.checking.running.cluster import cluster

        found = context.with_resource(cluster(where, jobs or cores()))
    if journal is not None:
        from proofs.checking.running.journal import Journaled, journal_at

        run = {name: _plain(value) for name, value in context.params.items() if name not in NOT_THE_RUN}
        kept = context.with_resource(journal_at(journal, {"command": context.info_name, **run}))
        found = Journaled(place_of(found), kept)
    return found


def _plain(value: object) -> object:
    """An option's value as JSON has it."""
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def demand(journal: Path | None, cache: Path | None = None) -> None:
    """Raise OutputError for a journal that can be none, as it is read again, and for no folder of answers."""
    if journal is not None and (is_stdout(journal) or is_special(journal)):
        raise outputs.OutputError(f"--journal {journal} cannot be read again; give a file")
    if cache is not None:
        outputs.demand_folder(cache)
        clean_on_interrupt(cache, "")
        program()  # read now: a file that is edited while this runs is none of what answers
