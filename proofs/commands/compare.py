"""`compare`: a version against the driver's own C."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from model import parameters
from model.context import Protocol
from model.protocol import build
from model.source import patched
from model.source.bam.sections import read_driver, unbound
from model.source.tree import SourceError, SourceTree
from model.subject import Subject
from proofs.checking.judged import EXIT_INCONCLUSIVE
from proofs.checking.request import demand_bam_dma, demand_known_axes
from proofs.commands import options
from proofs.commands.onto import AS_BEFORE, OntoTree, State, asked_base, asked_every, asked_series, table
from proofs.studies.comparing import Compared, Difference, Graphs, Outcome, bounds_for, compare, graphs
from proofs.studies.comparing_client import ComparedClient, compare_client

SCENARIOS = ("default", "faults")
_LINE = re.compile(r"(?<=\.[ch]):\d+")
SIGNS = {Outcome.EQUIVALENT: "=", Outcome.DIFFERS: "≠", Outcome.NOT_COMPARED: "?"}


@dataclass(frozen=True)
class Row:
    """A line about what was compared, and the lines below it; only these where nothing was (`outcome` None).

    `gist`: what is the same where only the place in C is another; `open`: whether this leaves something open.
    """

    name: str = ""
    outcome: Outcome | None = None
    place: str = ""
    below: tuple[str, ...] = ()
    gist: tuple[str, ...] = ()
    open: bool = False

    def lines(self) -> Iterator[str]:
        """As they are printed."""
        if self.outcome is not None:
            yield f"  {self.name:<32}{self.outcome.value:<14}{self.place}"
        yield from self.below

    def like(self, other: Row | None) -> bool:
        """Whether another row says the same, the places apart."""
        return other is not None and (self.outcome, self.gist) == (other.outcome, other.gist)


@dataclass(frozen=True)
class Question:
    """What is asked of a source tree, the client or the driver in a scenario."""

    title: str
    ask: Callable[[SourceTree], Iterator[Row]]


@click.command("compare")
@click.argument("version", metavar="VERSION|FILE.toml", shell_complete=options.version_names)
@click.argument("tree", metavar="[PATH[@REVISION]]", required=False, type=options.Named())
@asked_series
@asked_base
@asked_every
@options.asked_scenarios
@options.changed_bounds
def command(
    version: str,
    tree: Path | None,
    series: Path | None,
    onto: Path | None,
    every_patch: bool,
    scenarios: tuple[str, ...],
    bound: tuple[str, ...],
) -> None:
    """Compare a version with a Linux source tree: the client's axes, and each action with the same one of bam_dma.

    The C is read and executed symbolically, nothing is compiled or run. Default scenarios: default and faults, with
    a ring of 4 slots and lists of 2 transactions, 4 where LOCK and UNLOCK are among them. Instead of a tree, a series
    of patches onto one; nothing is written into it. Exit code 1 if anything differs, 3 if something that the tree
    should have could not be compared.
    """
    demand_known_axes(version)
    demand_bam_dma(version)
    if (tree is None) == (series is None and onto is None):
        raise click.UsageError(
            "give a source tree, PATH or PATH@REVISION, or --series FILE.mbox --onto PATH[@REVISION]"
        )
    bounds = {**bounds_for(version), **options.numbers(bound)}
    asked = options.chosen_scenarios(scenarios) or SCENARIOS
    for scenario in asked:
        parameters.bounds(scenario, bounds)
    given = OntoTree(series, onto, every_patch)
    on_the_way = given.states()
    sources = [patched.named(state.name) for state in on_the_way] if tree is None else [SourceTree.named(tree)]
    questions = _questions([build(Subject.of(version, scenario, bound=bounds)) for scenario in asked])
    if on_the_way:
        click.echo(given.told())
    if len(sources) > 1:
        sys.exit(_along(version, questions, on_the_way, sources))
    sys.exit(_worst(_printed(f"{version} and {sources[0]}, {one.title}", one.ask(sources[0])) for one in questions))


def _questions(protocols: Sequence[Protocol]) -> list[Question]:
    found = [Question("the client", partial(_client, protocols[0]))]
    for protocol in protocols:
        shown = " ".join(f"{key}={protocol.ctx.bounds[key]}" for key in ("ring", "txns", "requests", "data"))
        found.append(Question(f"scenario {protocol.subject.scenario}, {shown}", partial(_driver, protocol)))
    return found


def _printed(title: str, rows: Iterable[Row]) -> int:
    """The exit code; every row is printed as soon as it is known."""
    click.echo(title)
    found = []
    for row in rows:
        found.append(row)
        for line in row.lines():
            click.echo(line)
    return _code(found)


def _along(
    version: str, questions: Sequence[Question], on_the_way: Sequence[State], sources: Sequence[SourceTree]
) -> int:
    """Ask about every state what is not as before, and print what each patch changes, then all in a table."""
    codes = []
    cells: list[dict[str, list[str]]] = [{} for _ in questions]
    last: list[tuple[SourceTree, list[Row]]] = []
    for state, source in zip(on_the_way, sources, strict=True):
        click.echo(f"{version} and {state.heading}")
        for place, question in enumerate(questions):
            before = last[place] if len(last) > place else None
            if before is not None and before[0].same_for(source):
                click.echo(f"  {question.title}: as before, no file that is read is changed")
                _note(cells[place], [], state, on_the_way)
                continue
            watched = source.unwatched()
            rows = _asked(question, watched, [] if before is None else before[1])
            last[place : place + 1] = [(watched, rows)]
            _note(cells[place], rows, state, on_the_way)
            codes.append(_code(rows))
    numbers = [state.number for state in on_the_way]
    click.echo(f"{version} and the tree after each patch, 0 before the first")
    for question, found in zip(questions, cells, strict=True):
        for line in table(question.title, numbers, found):
            click.echo(line)
    legend = ", ".join(f"{sign} {outcome.value}" for outcome, sign in SIGNS.items())
    click.echo(f"{legend}, {AS_BEFORE} as before: no file that is read is changed")
    return _worst(codes)


def _asked(question: Question, source: SourceTree, before: Sequence[Row]) -> list[Row]:
    """What is found, of which is printed what was not so before."""
    known = {row.name: row for row in before}
    rows, same = [], 0
    click.echo(f"  {question.title}")
    try:
        for row in question.ask(source):
            rows.append(row)
            if row.like(known.get(row.name)):
                same += 1
                continue
            for line in row.lines():
                click.echo(f"  {line}")
    except SourceError as error:
        rows.append(Row("all", Outcome.NOT_COMPARED, str(error), gist=(_LINE.sub("", str(error)),), open=True))
        click.echo(f"    not compared: {error}")
    if same:
        click.echo(f"    as before: {same} of {len(rows)}, the lines in C apart")
    return rows


def _note(cells: dict[str, list[str]], rows: Sequence[Row], state: State, on_the_way: Sequence[State]) -> None:
    """Put the signs of a state's rows into its column; without rows, that they are as before."""
    column = on_the_way.index(state)
    for row in rows:
        if row.outcome is not None:
            cells.setdefault(row.name, [" "] * len(on_the_way))[column] = SIGNS[row.outcome]
    if not rows:
        for signs in cells.values():
            signs[column] = AS_BEFORE if signs[column - 1].strip() else " "


def _code(rows: Sequence[Row]) -> int:
    if any(row.outcome is Outcome.DIFFERS for row in rows):
        return 1
    return EXIT_INCONCLUSIVE if any(row.open for row in rows) else 0


def _worst(codes: Iterable[int]) -> int:
    return max(codes, key=(0, EXIT_INCONCLUSIVE, 1).index)


def _client(protocol: Protocol, source: SourceTree) -> Iterator[Row]:
    for row in compare_client(protocol.ctx.axes, source):
        yield _client_row(row)


def _client_row(row: ComparedClient) -> Row:
    below = tuple(f"    {where}: {what}" for where, what in row.differences)
    gist = tuple(what for _, what in row.differences) or (_LINE.sub("", row.reason),)
    return Row(f"{row.algorithm} {row.aspect}", row.outcome, row.where or row.reason, below, gist, row.open)


def _driver(protocol: Protocol, source: SourceTree) -> Iterator[Row]:
    if reason := unbound(protocol):
        yield Row("bam_dma", Outcome.NOT_COMPARED, reason, gist=(reason,), open=True)
        return
    unit, actions, others = read_driver(source, protocol.ctx.bounds["ring"]), [], []
    for row, action in compare(protocol, unit):
        actions.append(action)
        if row.of_driver:
            yield _driver_row(row)
        else:
            others.append(row.action.partition(".")[0])
    names = ", ".join(sorted(set(others)))
    left = f"  not compared: {len(others)} actions ({names}) that are no code of bam_dma"
    below = (left, *_graphs(graphs(protocol, tuple(actions))))
    yield Row(below=below, gist=below)


def _driver_row(row: Compared) -> Row:
    place = f"{row.model} = {row.where}" if row.where else row.reason
    below = tuple(line for item in row.differences for line in _difference(item))
    gist = tuple(f"{item.what}: {item.model}, {item.c}" for item in row.differences) or (_LINE.sub("", row.reason),)
    is_open = row.outcome is Outcome.NOT_COMPARED
    return Row(row.action, row.outcome, place, below, gist, is_open)


def _difference(item: Difference) -> Iterator[str]:
    yield f"    {item.where}: {item.what}" + (f": the model {item.model}, C {item.c}" if item.model else "")
    for name, value in item.state.items():
        yield f"      {name}: {value}"
    yield f"      executed there: lines {', '.join(map(str, item.lines))}"


def _graphs(found: Graphs) -> Iterator[str]:
    for name, figures in (("the row", found.row), ("the C", found.c)):
        shown = ", ".join(f"{key} {' '.join(v) if isinstance(v, list) else v}" for key, v in figures.items())
        yield f"  reachable by {name}: {shown}"
    if found.ill_formed:
        yield f"  not well-formed, so that nothing was compared there: {'; '.join(found.ill_formed)}"
    else:
        yield "  every one of these states is well-formed, as the comparison assumes"
