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
from rich.padding import Padding

from counterexamples.documents import is_stdout, write_file
from model import versions
from proofs.checking import outputs
from proofs.checking.judged import EXIT_DIFFERS, EXIT_INCONCLUSIVE
from proofs.checking.pool import Workers
from proofs.checking.records import Job, Result
from proofs.checking.request import Request, validate
from proofs.commands import options, place
from proofs.commands.evidence import judging_all, left_by_evidence
from proofs.commands.proposed import (
    Found,
    as_json,
    counted,
    print_asked,
    print_found,
    write,
)
from proofs.commands.session import run_jobs
from proofs.evidence.remaining import Left
from proofs.proposing import candidate
from proofs.proposing.asked import Asked, required
from proofs.proposing.guided import Guided
from proofs.proposing.journal import Journal
from proofs.proposing.judging import known_of
from proofs.proposing.pricing import Prices
from proofs.proposing.pricing import load as load_prices
from proofs.proposing.proposal import proposals
from proofs.proposing.refining import refined
from proofs.proposing.search import Search
from proofs.proposing.space import Changes, Space
from proofs.proposing.unrealizable import Reasons
from proofs.proposing.writing import named, version_file, without
from proofs.reports.terminal import console
from proofs.studies.sensitivity import singles

ASSUME = (
    "Under which answers all has to hold (repeatable); `all`: under the defaults and every other value, one at a time;"
    " `evidence`: under every combination that no observation excludes, and that has the KEY=VALUE beside it."
)
GUIDED = "Not through all designs but from trace to trace: finds sets of many changes, and may miss some."
ALSO = "Try this order of steps, too, which no version has (repeatable): AXIS='STEP STEP ...'."
WHY = "No search: why this set of changes fails (repeatable, one change each), by its traces; or that it does not."
PRICE = "What changes and one request's costs are worth (see proofs/README.md): the cheapest proposal comes first."
MOST, MOST_GUIDED = 2, 10  # changes, where none are said
EVIDENCE = "evidence"
EVERY = 5.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Options:
    """The options of `propose` as they were given."""

    version: str
    require: tuple[str, ...]
    scenarios: tuple[str, ...]
    keep: tuple[str, ...]
    forbid: tuple[str, ...]
    also: tuple[str, ...]
    why: tuple[str, ...]
    price: Path | None
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
        words = [word for word in self.assume if word != EVIDENCE]
        return {} if options.alone(words, "all") else options.pairs(words, "--assume")

    @property
    def most(self) -> int:
        """How many changes a proposal may have."""
        return self.changes if self.changes is not None else MOST_GUIDED if self.guided else MOST

    @property
    def settings(self) -> list[Mapping[str, str]]:
        """The assumptions under each of which all has to hold."""
        return [self.given, *(map(dict, singles()) if "all" in self.assume else ())]

    @property
    def combined(self) -> bool:
        """Whether all has to hold under all that evidence leaves; raises UsageError for what does not go with that."""
        beside = {"--assume all": "all" in self.assume, "--why": self.why, "--journal": self.journal}
        if EVIDENCE in self.assume and (given := [option for option, value in beside.items() if value]):
            raise click.UsageError(f"--assume evidence searches again and again; leave out {', '.join(given)}")
        return EVIDENCE in self.assume

    def demand_search(self) -> None:
        """Raise UsageError if options of a search stand beside `--why`, which makes none."""
        given = {
            "--keep": self.keep,
            "--forbid": self.forbid,
            "--also": self.also,
            "--changes": self.changes is not None,
            "--guided": self.guided,
            "--journal": self.journal,
            "--price": self.price,
            "--json": self.json_file,
        }
        if beside := [option for option, value in given.items() if value]:
            raise click.UsageError(
                f"--why looks at one set of changes and searches none; leave out {', '.join(beside)}"
            )

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
@click.option(
    "--forbid",
    multiple=True,
    metavar="AXIS[=VALUE]",
    shell_complete=options.axis_values,
    help="Not this value (repeatable).",
)
@click.option("--also", multiple=True, metavar="AXIS=STEPS", help=ALSO)
@click.option("--why", multiple=True, metavar="AXIS=VALUE", shell_complete=options.axis_values, help=WHY)
@click.option("--price", type=options.Named(), metavar="FILE.toml", help=PRICE)
@click.option("--changes", type=click.IntRange(0, 30), help="At most so many changes; default: 2, or 10 with --guided.")
@click.option("--guided", is_flag=True, help=GUIDED)
@click.option(
    "--assume",
    multiple=True,
    metavar="KEY=VALUE|all|evidence",
    shell_complete=options.assumed_values_to_keep_under,
    help=ASSUME,
)
@options.changed_bounds
@options.workers
@place.on
@click.option("--journal", type=options.Named(), help="Note what is found in this file; go on from it if it is there.")
@click.option("--json", "json_file", type=options.Named(), help="Write what was found as JSON.")
@click.option("--out", type=options.Named(), help="Write a version file, a page and a mail for each proposal here.")
def command(**given: Any) -> None:
    """Search for all minimal sets of changes after which a version keeps everything that is asked of it.

    The fewest changes first, then what one request costs, or by --price. Without --require: what the version violates
    and what it proves, of all that a plain `check` asks. What it says nothing of (vacuous) is not asked. Exit code 1:
    there is no such set, or that of --why fails; 3: none was found, and of some designs it is not known whether they
    are.
    """
    chosen = Options(**given)
    if chosen.why:
        chosen.demand_search()
    prices = None if chosen.price is None else load_prices(chosen.price)
    request, space = chosen.request(), Space.of(chosen.version, chosen.keep, chosen.forbid, chosen.also)
    changes = candidate.chosen(space, chosen.why)
    validate(request, {"--json": chosen.json_file, "--journal": chosen.journal})
    place.demand(chosen.journal)
    if chosen.out is not None:
        outputs.demand_folder(chosen.out)
    question = _asked(request, chosen)
    if chosen.why:
        return _why(question, space, changes, chosen)
    found = _search(question, space, chosen, prices)
    if chosen.json_file is not None:
        write_file(chosen.json_file, json.dumps(as_json(found), indent=2) + "\n")
    if chosen.json_file is None or not is_stdout(chosen.json_file):
        print_found(found, chosen.most, chosen.wanted)
    if chosen.out is not None:
        write(found, chosen.out)
    sys.exit(0 if found.proposals else EXIT_INCONCLUSIVE if found.is_open else EXIT_DIFFERS)


@dataclass(frozen=True)
class Question:
    """What is asked of every design, after the verdicts `rows` of the jobs on the version itself.

    `left`: all that evidence leaves, if all has to hold under that; then `asked` is under its reference.
    """

    request: Request
    jobs: Sequence[Job]
    rows: Sequence[Result]
    asked: tuple[Asked, ...]
    workers: Workers
    left: Left | None = None


def _asked(request: Request, chosen: Options) -> Question:
    workers, wanted, settings, left = place.workers(chosen.jobs, chosen.on), chosen.wanted, chosen.settings, None
    if chosen.combined:
        left = left_by_evidence(workers, quiet=False).having(chosen.given)
        request = replace(request, assume=dict(left.reference))
        settings = [request.assume]
    jobs = replace(request, engine="exhaustive").jobs()
    rows = run_jobs(jobs, workers, quiet=False)
    asked = required([row for row in rows if row.property in wanted], jobs, settings)
    if not asked:
        raise click.UsageError("nothing is asked: the version says nothing of any of these properties there")
    return Question(request, jobs, rows, asked, workers, left)


def _why(question: Question, space: Space, changes: Changes, chosen: Options) -> None:
    version = question.request.versions[0]
    print_asked(question.asked, chosen.wanted)
    found = candidate.looked_at(version, space, question.asked, changes, question.workers)
    _print_candidate(version, space, question.asked, found)
    if chosen.out is not None:
        path = chosen.out / "candidate.toml"
        write_file(path, version_file(version, space.ordered(changes), chosen.out))
    sys.exit(0 if not found.wrong else EXIT_INCONCLUSIVE if found.is_open else EXIT_DIFFERS)


def _print_candidate(version: str, space: Space, asked: Sequence[Asked], found: candidate.Candidate) -> None:
    """Why a set of changes fails, each trace in sentences; or that it does not, and what each change is for."""
    screen = console()
    head = f"{version} with {named(space.ordered(found.changes))}"
    if not found.wrong:
        click.echo(f"{head}: all is kept that is asked")
        for what, reason in found.reasons:
            said = "it can be left out" if reason is None else f"without it {without(reason, asked)}"
            screen.print(Padding(f"{what}: {said}", (0, 0, 0, 2), expand=False))
        return
    click.echo(f"{head}: {len(found.wrong)} of what is asked {'is' if len(found.wrong) == 1 else 'are'} not kept")
    for item, account, elsewhere in found.wrong:
        steps = f" in {len(item.path)} steps" if item.path else ""
        others = f"; also in {', '.join(asked[at].where for at in elsewhere)}" if elsewhere else ""
        click.echo(f"\n{item.claim} is {item.word}{steps} ({asked[item.system].where}{others})")
        for sentence in account:
            screen.print(Padding(sentence, (0, 0, 0, 2), expand=False))


def _search(question: Question, space: Space, chosen: Options, prices: Prices | None) -> Found:
    version = question.request.versions[0]
    search = _searched(question, space, chosen)
    sets = (search.solutions, search.traces)
    best = proposals(version, space, search.asked, sets, question.jobs, question.workers, prices or Prices())
    combinations = 0 if question.left is None else int(question.left.kept.sum())
    found = Found(question.request, question.rows, search, best, prices, combinations)
    if best or found.is_open:
        return found
    cores, remedies = Reasons(search, chosen.most, question.workers).run()
    return replace(found, cores=cores, remedies=remedies)


def _searched(question: Question, space: Space, chosen: Options) -> Search:
    kind = Guided if chosen.guided else Search

    def searching(asked: tuple[Asked, ...], before: Search | None) -> Search:
        journal = Journal() if before is None else before.journal.refuted()
        if chosen.journal is not None:
            journal = click.get_current_context().with_resource(Journal.at(chosen.journal, space, asked))
        traces = [] if before is None else before.traces
        search = kind(space, asked, journal, traces=traces, of_version=known_of(question.rows, asked))
        search.run(chosen.most, question.workers, _progress())
        return search

    if question.left is None:
        return searching(question.asked, None)
    return refined(question.asked, question.left, searching, judging_all(question.workers, quiet=False))


def _progress() -> Callable[[Search], None]:
    """Says on standard error how far a search is, not too often."""
    last = time.monotonic()

    def tell(search: Search) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            found, traces = len(search.solutions), len(search.traces)
            click.echo(f"{search.size} changes: {counted(search)}; {traces} traces, {found} proposals", err=True)

    return tell
