"""`propose`: which changes would make a version right."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from counterexamples.documents import is_stdout, write_file
from model import versions
from proofs.checking import outputs
from proofs.checking.judged import EXIT_DIFFERS, EXIT_INCONCLUSIVE
from proofs.checking.records import Result
from proofs.checking.request import Request, validate
from proofs.commands import options, place
from proofs.commands.session import run_jobs
from proofs.proposing.asked import required
from proofs.proposing.guided import Guided
from proofs.proposing.journal import Journal
from proofs.proposing.proposal import Proposal, proposals
from proofs.proposing.search import Search
from proofs.proposing.space import Space, shown
from proofs.proposing.writing import named, page, version_file, without
from proofs.reports.brief_forms import to_mail, to_markdown
from proofs.studies.cost import cost
from proofs.studies.sensitivity import singles

ASSUME = (
    "Under which answers all has to hold (repeatable); `all`: under the defaults and every other value, one at a time."
)
GUIDED = "Not through all designs but from trace to trace: finds sets of many changes, and may miss some."
MOST, MOST_GUIDED = 2, 10  # changes, where none are said
EVERY = 5.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Found:
    """What a search came to, and what it was about."""

    request: Request
    rows: Sequence[Result]
    search: Search
    proposals: Sequence[Proposal]

    @property
    def is_open(self) -> bool:
        """Whether there may be proposals that were not found."""
        return bool(self.search.counts.open) or isinstance(self.search, Guided)

    @property
    def version(self) -> str:
        """The version that the changes are of."""
        return self.request.versions[0]


@dataclass(frozen=True)
class Options:
    """The options of `propose` as they were given."""

    version: str
    require: tuple[str, ...]
    scenarios: tuple[str, ...]
    keep: tuple[str, ...]
    forbid: tuple[str, ...]
    changes: int | None
    guided: bool
    assume: tuple[str, ...]
    bound: tuple[str, ...]
    jobs: int | None
    on: str | None
    journal: Path | None
    json_file: Path | None
    out: Path | None

    @property
    def wanted(self) -> tuple[str, ...]:
        """The properties that have to hold; raises ParameterError or UsageError."""
        return options.chosen_properties(self.require, self.scenarios)

    @property
    def given(self) -> dict[str, str]:
        """The assumptions that are not the defaults; raises UsageError."""
        return {} if options.alone(self.assume, "all") else options.pairs(self.assume, "--assume")

    @property
    def most(self) -> int:
        """How many changes a proposal may have."""
        return self.changes if self.changes is not None else MOST_GUIDED if self.guided else MOST

    @property
    def settings(self) -> list[Mapping[str, str]]:
        """The assumptions under each of which all has to hold."""
        return [self.given, *(map(dict, singles()) if "all" in self.assume else ())]

    def request(self) -> Request:
        """The check of the version itself; raises UsageError, ParameterError or VersionError."""
        return Request(
            (versions.load(self.version).name,),
            tuple(dict.fromkeys((*self.wanted, *options.chosen_properties((), self.scenarios)))),
            options.chosen_scenarios(self.scenarios),
            self.given,
            options.numbers(self.bound),
        )


@click.command("propose")
@click.option("--from", "version", default="v24", show_default=True, metavar="VERSION|FILE.toml")
@click.option("--require", multiple=True, metavar="PROPERTY", help="What has to hold (repeatable); default: see below.")
@options.asked_scenarios
@click.option("--keep", multiple=True, metavar="AXIS", help="Change nothing on this axis (repeatable).")
@click.option("--forbid", multiple=True, metavar="AXIS[=VALUE]", help="Not this value (repeatable).")
@click.option("--changes", type=click.IntRange(0, 30), help="At most so many changes; default: 2, or 10 with --guided.")
@click.option("--guided", is_flag=True, help=GUIDED)
@click.option("--assume", multiple=True, metavar="KEY=VALUE|all", shell_complete=options.assumed_values, help=ASSUME)
@options.changed_bounds
@options.workers
@place.on
@click.option("--journal", type=options.Named(), help="Note what is found in this file; go on from it if it is there.")
@click.option("--json", "json_file", type=options.Named(), help="Write what was found as JSON.")
@click.option("--out", type=options.Named(), help="Write a version file, a page and a mail for each proposal here.")
def command(**given: Any) -> None:
    """Search for all minimal sets of changes after which a version keeps everything that is asked of it.

    The fewest changes first, then what one request costs. Without --require: what the version violates and what it
    proves, of all that a plain `check` asks. What it says nothing of (vacuous) is not asked. Exit code 1: there is no
    such set; 3: none was found, and of some designs it is not known whether they are.
    """
    chosen = Options(**given)
    request, space = chosen.request(), Space.of(chosen.version, chosen.keep, chosen.forbid)
    validate(request, {"--json": chosen.json_file, "--journal": chosen.journal})
    place.demand(chosen.journal)
    if chosen.out is not None:
        outputs.demand_folder(chosen.out)
    found = _search(request, space, chosen)
    if chosen.json_file is not None:
        write_file(chosen.json_file, json.dumps(_as_json(found), indent=2) + "\n")
    if chosen.json_file is None or not is_stdout(chosen.json_file):
        _print(found, chosen)
    if chosen.out is not None:
        _write(found, chosen.out)
    sys.exit(0 if found.proposals else EXIT_INCONCLUSIVE if found.is_open else EXIT_DIFFERS)


def _search(request: Request, space: Space, chosen: Options) -> Found:
    workers, wanted = place.workers(chosen.jobs, chosen.on), chosen.wanted
    jobs = replace(request, engine="exhaustive").jobs()
    rows = run_jobs(jobs, workers, quiet=False)
    asked = required([row for row in rows if row.property in wanted], jobs, chosen.settings)
    if not asked:
        raise click.UsageError("nothing is asked: the version says nothing of any of these properties there")
    journal = Journal()
    if chosen.journal is not None:
        journal = click.get_current_context().with_resource(Journal.at(chosen.journal, space, asked))
    search = (Guided if chosen.guided else Search)(space, asked, journal)
    search.run(chosen.most, workers, _progress())
    best = proposals(request.versions[0], space, asked, (search.solutions, search.traces), jobs, workers)
    return Found(request, rows, search, best)


def _progress() -> Callable[[Search], None]:
    """Says on standard error how far a search is, not too often."""
    last = time.monotonic()

    def tell(search: Search) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            found, traces = len(search.solutions), len(search.traces)
            click.echo(f"{search.size} changes: {_counted(search)}; {traces} traces, {found} proposals", err=True)

    return tell


def _counted(search: Search) -> str:
    counts = search.counts
    return (
        f"{counts.designs} designs, {counts.explored} explored ({counts.share:.1%}), {counts.killed} ruled out by a"
        f" known trace, {counts.same} the same as another, {counts.above} beyond a proposal"
    )


def _print(found: Found, chosen: Options) -> None:
    search = found.search
    click.echo(f"{found.version}, at most {chosen.most} changes: {_counted(search)}")
    for item in search.asked:
        click.echo(f"asked in {item.where}: {' '.join(item.properties)}")
    asked = {name for item in search.asked for name in item.properties}
    if left := [name for name in chosen.wanted if name not in asked]:
        click.echo(f"not asked, the version says nothing of: {' '.join(left)}")
    for number, proposal in enumerate(found.proposals, start=1):
        click.echo(f"\n{number}. {named(proposal.changes)}")
        for reason in proposal.reasons:
            what = reason.part or f"{reason.change[0]} = {shown(reason.change[1])}"
            click.echo(f"   {what}: without it {without(reason, search.asked)}")
        spent = proposal.cost.shortest
        click.echo(f"   cost: {', '.join(f'{kind} {count}' for kind, count in spent.items()) if spent else 'no run'}")
    if count := search.counts.open:
        click.echo(
            f"\nof {count} designs it is not known whether they keep all that is asked; a proposal may be missing"
        )
    if not found.proposals:
        click.echo(f"\n{_none(found)}; what rules designs out:")
        _print_kills(search)


def _none(found: Found) -> str:
    if found.is_open:
        return "none found: of the designs that were looked at none keeps all that is asked"
    return "unrealizable: no set of changes in this space keeps all that is asked"


def _print_kills(search: Search) -> None:
    for number, count in search.kills.most_common():
        trace = search.traces[number]
        where = search.asked[trace.system].where
        click.echo(f"  {count:>6}  {trace.claim} ({where}), {len(trace.path)} steps")
    for (system, name, word), count in search.silent.most_common():
        click.echo(f"  {count:>6}  {name} ({search.asked[system].where}): {word}")


def _as_json(found: Found) -> dict[str, object]:
    search = found.search
    return {
        "version": found.version,
        "asked": [{"where": item.where, "properties": list(item.properties)} for item in search.asked],
        "counts": vars(search.counts),
        "proposals": [
            {
                "changes": dict(item.changes),
                "without": {reason.part or reason.change[0]: without(reason, search.asked) for reason in item.reasons},
                "cost": item.cost.shortest,
            }
            for item in found.proposals
        ],
        "traces": [
            {**vars(trace), "where": search.asked[trace.system].where, "rules_out": search.kills[number]}
            for number, trace in enumerate(search.traces)
        ],
    }


def _write(found: Found, out: Path) -> None:
    """For each proposal a version file, a page and a mail."""
    before = cost(found.version) if found.proposals else None
    version = found.version
    if versions.is_path(version):
        version = str(Path(version).resolve())
    for number, proposal in enumerate(found.proposals, start=1):
        assert before is not None
        made = page(version, number, proposal, found.search.asked, found.rows, before)
        stem = out / f"proposal-{number}"
        write_file(stem.with_suffix(".toml"), version_file(version, proposal))
        write_file(stem.with_suffix(".md"), to_markdown(made))
        write_file(stem.with_suffix(".txt"), to_mail(made))
