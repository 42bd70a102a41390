"""`check`: what was asked for, made valid, run and printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from model import versions
from model.source.tree import is_tree
from proofs.checking import outputs
from proofs.checking.judged import EXIT_INCONCLUSIVE, Judged, exit_code
from proofs.checking.pool import Workers
from proofs.checking.records import DEPTH
from proofs.checking.request import Request, demand_bam_dma, validate
from proofs.commands import clients, options, place
from proofs.commands.evidence import over_everything, over_evidence
from proofs.commands.onto import OntoTree, Way, asked_base, asked_every, asked_series
from proofs.commands.session import Files, demand_complete, depends, run
from proofs.engines.registry import BOTH, ENGINES
from proofs.evidence import remaining_report
from proofs.reports import summary, terminal
from proofs.reports.fixes import print_fixes
from proofs.reports.sensitivity import print_results, write_json
from proofs.studies import fixes

EXPLORING = (BOTH, "exhaustive")
ASSUME = (
    "An assumption about the hardware (repeatable); `all`: which of them each verdict depends on; `evidence`: under all"
    " combinations that no observation of real hardware excludes; `every`: under all combinations there are."
)
ALL, COMBINED = "all", {"evidence": over_evidence, "every": over_everything}
FIXES = "For each violation, which single changes of the version remove it, and what they break."
CHECKPOINT = "Keep what is explored below this folder if Ctrl-C ends the run; the same command then goes on from there."
MEMORY = "What all workers together may take, as 4G; where it ends, so do verdicts: `unknown`. [default: what there is]"
VERBOSE = "Every verdict and how it was come by; so too in a pipe, and where the terminal is wide enough."


@dataclass(frozen=True)
class Asked:
    """The options of `check` as they were given."""

    version: tuple[str, ...]
    client: str | None
    series: Path | None
    onto: Path | None
    every_patch: bool
    properties: tuple[str, ...]
    scenarios: tuple[str, ...]
    assume: tuple[str, ...]
    pairs: bool
    bound: tuple[str, ...]
    engine: str
    depth: int
    all_causes: bool
    fixes: bool
    jobs: int | None
    on: str | None
    journal: Path | None
    cache: Path | None
    memory: int | None
    checkpoint: Path | None
    source: str | None
    out: Path | None
    json_file: Path | None
    junit_file: Path | None
    strict: bool
    verbose: bool
    quiet: bool

    @property
    def sensitivity(self) -> bool:
        """Whether every assumption is to be tried; raises UsageError for options that make no sense with that."""
        if self.pairs and ALL not in self.assume:
            raise click.UsageError("--pairs needs --assume all")
        return self._tries(ALL)

    @property
    def combined(self) -> str | None:
        """Which of `COMBINED` is asked for, if any is; raises UsageError as `sensitivity` does."""
        return next((word for word in COMBINED if self._tries(word)), None)

    def _tries(self, word: str) -> bool:
        if not options.alone(self.assume, word):
            return False
        kept = (self.out, self.junit_file, self.cache, self.checkpoint)
        if self.engine not in EXPLORING or any((*kept, self.strict, self.all_causes, self.fixes)):
            others = "--out, --junit, --strict, --all-causes, --fixes, --cache, --checkpoint, --engine bounded"
            raise click.UsageError(f"--assume {word} takes no {others} or induction: it explores, once")
        return True

    @cached_property
    def way(self) -> Way:
        """The states of a tree after patches of a series, none without; raises UsageError or SourceError."""
        return Way(OntoTree(self.series, self.onto, self.every_patch), self.client or "", options.numbers(self.bound))

    @property
    def names(self) -> list[str]:
        """The versions' names, a source tree's with the client; raises UsageError or SourceError."""
        trees = [name for name in self.version if is_tree(name)]
        patched = self.way.given.demanded()
        if (trees or patched) and self.journal is not None:
            raise click.UsageError("--journal is for versions; of a source tree --cache knows what is in it")
        if self.client == "":
            raise click.UsageError("--client names a version; leave it out for the tree's own client")
        if self.client is not None and not (trees or patched):
            raise click.UsageError("--client is for a source tree, and none is given")
        if self.client is not None:
            demand_bam_dma(self.client)
        if not self.version and not patched:
            raise click.UsageError("name a VERSION, a file or a source tree, or give --series and --onto")
        own = [versions.of_tree(name, self.client or "") if name in trees else name for name in self.version]
        return own + (self.way.names() if patched else [])

    def request(self) -> Request:
        """The same as names that are known; raises UsageError, ParameterError or VersionError."""
        if self.checkpoint is not None and self.engine not in EXPLORING:
            raise click.UsageError(f"--checkpoint keeps what is explored; --engine {self.engine} takes none")
        if self.checkpoint is not None and any((self.on, self.journal, self.cache)):
            raise click.UsageError(
                "--checkpoint is for a run that ends on this machine; leave out --on, --journal, --cache"
            )
        names = tuple(dict.fromkeys(versions.load(name).name for name in self.names))
        of_tree = any(versions.tree_of(name) for name in names)
        return Request(
            versions=names,
            properties=options.chosen_properties(self.properties, self.scenarios, of_tree),
            scenarios=options.chosen_scenarios(self.scenarios),
            assume={} if self.sensitivity or self.combined else options.pairs(self.assume, "--assume"),
            bound=options.numbers(self.bound),
            engine=self.engine,
            depth=self.depth,
            out=self.out,
            all_causes=self.all_causes,
            memory=self.memory,
            checkpoint=self.checkpoint,
            source=self.source,
        )


@click.command("check")
@click.argument(
    "version",
    nargs=-1,
    metavar="VERSION|FILE.toml|TREE[@REVISION]...",
    shell_complete=options.version_names,
)
@click.option(
    "--client", metavar="VERSION", shell_complete=options.version_names, help="Whose client a tree has, if not its own."
)
@asked_series
@asked_base
@asked_every
@options.asked_properties
@options.asked_scenarios
@click.option(
    "--assume",
    multiple=True,
    metavar="KEY=VALUE|all|evidence|every",
    shell_complete=options.assumed_values_or_words,
    help=ASSUME,
)
@click.option("--pairs/--no-pairs", help="With `--assume all`: also every two values; takes minutes. [default: no]")
@options.changed_bounds
@click.option("--engine", type=click.Choice((BOTH, *ENGINES, "induction")), default=BOTH, show_default=True)
@click.option("--depth", type=click.IntRange(1, 100), default=DEPTH, show_default=True, help="Steps that z3 unrolls.")
@click.option("--all-causes", is_flag=True, help="One counterexample for each distinct cause of a violation.")
@click.option("--fixes", is_flag=True, help=FIXES)
@options.workers
@place.on
@place.journal
@place.cache
@click.option("--memory", type=options.Size(), help=MEMORY)
@click.option("--checkpoint", type=options.Named(), help=CHECKPOINT)
@options.traced_source
@click.option("--out", type=options.Named(), help="Write traces and pictures below this folder.")
@click.option("--json", "json_file", type=options.Named(), help="Write the results as JSON.")
@click.option("--junit", "junit_file", type=options.Named(), help="Write the results as JUnit XML.")
@click.option("--strict", is_flag=True, help="Any violation is exit code 1, expected or not.")
@click.option("-v", "--verbose", is_flag=True, help=VERBOSE)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(**given: Any) -> None:
    """Check versions against the properties; each verdict comes from the engines asked for and is replayed.

    TREE is a Linux source tree, whose bam_dma and qce are read and executed symbolically; --series and --onto are one
    too, after patches, and nothing is written into it.

    Printed is what goes wrong in each version, the worst first, and what to type next.
    """
    asked = Asked(**given)
    if asked.source is not None and asked.out is None:
        raise click.UsageError("--source is told in traces; say with --out where they are to be written")
    if asked.source is not None and (asked.cache or asked.journal):
        raise click.UsageError("--source takes no --cache and no --journal, which do not know what is in that tree")
    request = asked.request()
    files = Files(asked.json_file, asked.junit_file)
    if request.out is not None:
        outputs.demand_own_folders(request.versions)
    validate(request, files.named | {"--journal": asked.journal})
    place.demand(asked.journal, asked.cache)
    printed = not (asked.quiet or files.on_stdout)
    if asked.sensitivity:
        return _sensitivity(asked, request, printed)
    if asked.combined:
        return _combined(asked.combined, asked, request, printed)
    workers = place.workers(asked.jobs, asked.on, asked.journal)
    rows, lost = run(request, workers, asked.quiet, asked.cache)
    unwritten = files.write(rows, asked.strict)
    if printed:
        _print(rows, asked, request, workers)
    demand_complete(rows, lost, unwritten)
    code = exit_code(rows, asked.strict)
    sys.exit(EXIT_INCONCLUSIVE if asked.way.unread and code == 0 else code)


def _sensitivity(asked: Asked, request: Request, printed: bool) -> None:
    workers = place.workers(asked.jobs, asked.on, asked.journal)
    found = depends(request, workers, asked.quiet, asked.pairs)
    if printed:
        print_results(terminal.console(), found)
    if asked.json_file is not None:
        write_json(found, asked.json_file)


def _combined(word: str, asked: Asked, request: Request, printed: bool) -> None:
    if any(versions.tree_of(name) for name in request.versions):
        raise click.UsageError(f"--assume {word} is for versions, not for a source tree")
    workers = place.workers(asked.jobs, asked.on, asked.journal)
    left, found = COMBINED[word](request, workers, asked.quiet)
    if printed:
        for line in remaining_report.lines(left, found):
            click.echo(line)
    if asked.json_file is not None:
        remaining_report.write_json(left, found, asked.json_file)


def _print(rows: Sequence[Judged], asked: Asked, request: Request, workers: Workers) -> None:
    screen = terminal.console()
    if asked.verbose or terminal.fits(screen, terminal.table(rows)):
        terminal.print_results(screen, rows)
    program = click.get_current_context().find_root().info_name or ""
    summary.print_summary(screen, rows, summary.Typed(program, request.assume, request.bound, request.out))
    for line in (*clients.lines(request.versions), *asked.way.lines(rows)):
        click.echo(line)
    if asked.fixes:
        print_fixes(screen, fixes.find([row.result for row in rows], request.jobs(), workers))
