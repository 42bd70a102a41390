"""`compare`: a version against the driver's own C."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from model import parameters
from model.context import Protocol
from model.protocol import build
from model.source.bam.sections import read_driver, unbound
from model.source.tree import SourceError, SourceTree
from model.source.unit import Unit
from model.subject import Subject
from proofs.checking.judged import EXIT_INCONCLUSIVE
from proofs.checking.request import demand_known_axes
from proofs.commands import options
from proofs.studies.comparing import Compared, Difference, Graphs, Outcome, bounds_for, compare, graphs
from proofs.studies.comparing_client import compare_client

SCENARIOS = ("default", "faults")


@click.command("compare")
@click.argument("version", metavar="VERSION|FILE.toml", shell_complete=options.version_names)
@click.argument("tree", metavar="PATH[@REVISION]", type=options.Named())
@options.asked_scenarios
@options.changed_bounds
def command(version: str, tree: Path, scenarios: tuple[str, ...], bound: tuple[str, ...]) -> None:
    """Compare a version with a Linux source tree: the client's axes, and each action with the same one of bam_dma.

    The C is read and executed symbolically, nothing is compiled or run. Default scenarios: default and faults, with
    a ring of 4 slots and lists of 2 transactions, 4 where LOCK and UNLOCK are among them. Exit code 1 if anything
    differs, 3 if something that the tree should have could not be compared.
    """
    demand_known_axes(version)
    bounds = {**bounds_for(version), **options.numbers(bound)}
    asked = options.chosen_scenarios(scenarios) or SCENARIOS
    for scenario in asked:
        parameters.bounds(scenario, bounds)
    source = SourceTree.named(tree)
    protocols = [build(Subject.of(version, scenario, bound=bounds)) for scenario in asked]
    units = [read_driver(source, protocol.ctx.bounds["ring"]) for protocol in protocols]
    codes = [_client(protocols[0], source)]
    codes += [_one(protocol, unit, source) for protocol, unit in zip(protocols, units, strict=True)]
    sys.exit(max(codes, key=(0, EXIT_INCONCLUSIVE, 1).index))


def _client(protocol: Protocol, source: SourceTree) -> int:
    click.echo(f"{protocol.subject.version} and {source}, the client")
    rows = []
    for row in compare_client(protocol.ctx.axes, source):
        rows.append(row)
        click.echo(f"  {row.algorithm + ' ' + row.aspect:<32}{row.outcome.value:<14}{row.where or row.reason}")
        for where, what in row.differences:
            click.echo(f"    {where}: {what}")
    if any(row.outcome is Outcome.DIFFERS for row in rows):
        return 1
    return EXIT_INCONCLUSIVE if any(row.open for row in rows) else 0


def _one(protocol: Protocol, unit: Unit, source: SourceTree) -> int:
    if reason := unbound(protocol):
        raise SourceError(f"{protocol.subject.version}: {reason}")
    shown = " ".join(f"{key}={protocol.ctx.bounds[key]}" for key in ("ring", "txns", "requests", "data"))
    click.echo(f"{protocol.subject.version} and {source}, scenario {protocol.subject.scenario}, {shown}")
    rows, actions = [], []
    for row, action in compare(protocol, unit):
        rows.append(row)
        actions.append(action)
        if row.of_driver:
            _print(row)
    others = [row.action.partition(".")[0] for row in rows if not row.of_driver]
    click.echo(f"  not compared: {len(others)} actions ({', '.join(sorted(set(others)))}) that are no code of bam_dma")
    _print_graphs(graphs(protocol, tuple(actions)))
    return _code(rows)


def _code(rows: Sequence[Compared]) -> int:
    if any(row.outcome is Outcome.DIFFERS for row in rows):
        return 1
    return EXIT_INCONCLUSIVE if any(row.of_driver and row.outcome is Outcome.NOT_COMPARED for row in rows) else 0


def _print(row: Compared) -> None:
    places = f"{row.model} = {row.where}" if row.where else row.reason
    click.echo(f"  {row.action:<32}{row.outcome.value:<14}{places}")
    for difference in row.differences:
        _print_difference(difference)


def _print_difference(item: Difference) -> None:
    click.echo(f"    {item.where}: {item.what}" + (f": the model {item.model}, C {item.c}" if item.model else ""))
    for name, value in item.state.items():
        click.echo(f"      {name}: {value}")
    click.echo(f"      executed there: lines {', '.join(map(str, item.lines))}")


def _print_graphs(found: Graphs) -> None:
    for name, figures in (("the row", found.row), ("the C", found.c)):
        shown = ", ".join(f"{key} {' '.join(v) if isinstance(v, list) else v}" for key, v in figures.items())
        click.echo(f"  reachable by {name}: {shown}")
    if found.ill_formed:
        click.echo(f"  not well-formed, so that nothing was compared there: {'; '.join(found.ill_formed)}")
    else:
        click.echo("  every one of these states is well-formed, as the comparison assumes")
