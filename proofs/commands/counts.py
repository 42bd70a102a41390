"""`counts`: state counts and depths at small bounds against what is recorded."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click
from rich.table import Table

from proofs.audit.cases import CASES
from proofs.audit.counts import FILE, PATH, Row, differences, explore, load, record
from proofs.checking.pool import cores
from proofs.checking.request import demand_known_axes, drafts, everything
from proofs.commands import options
from proofs.commands.session import tell_drafts
from proofs.reports import terminal


def shown(row: Row | None) -> str:
    """One case's figures on one line."""
    if row is None:
        return "nothing"
    return ", ".join(f"{key} {' '.join(value) if isinstance(value, list) else value}" for key, value in row.items())


def table(found: Mapping[str, Mapping[str, Row]]) -> Table:
    """One line for each version and case."""
    result = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("version", "case", "figures"):
        result.add_column(title, overflow="fold")
    for version, cases in found.items():
        for case, row in cases.items():
            result.add_row(version, case, shown(row))
    return result


@click.command("counts")
@options.shipped
@click.option("--record", "recording", is_flag=True, help="Write the figures of this run to counts.toml.")
@options.workers
def command(names: tuple[str, ...], recording: bool, jobs: int | None) -> None:
    """State counts, depths and numbers of causes at small bounds, compared with what is recorded.

    Exit code 1 if one differs.
    """
    shipped = [*everything().versions, *drafts()]
    for name in names:
        demand_known_axes(name)
        if name not in shipped:
            raise click.UsageError(f"counts are recorded for shipped versions only, not for {name}")
    if not names:
        tell_drafts()
    found = explore(everything(names).versions, CASES, jobs or cores())
    total = sum(map(len, found.values()))
    if recording:
        recorded = load() if names else {}
        both = {name: found.get(name) or recorded[name] for name in shipped if name in found or name in recorded}
        record(both, PATH)
        click.echo(f"recorded {total} cases of {len(found)} versions in {FILE}")
        return
    terminal.console().print(table(found))
    wrong = differences(found, load(), complete=not names)
    for item in wrong:
        click.echo(f"{item.version}, {item.case}: {shown(item.found)}; recorded: {shown(item.recorded)}")
    click.echo(f"{total - sum(item.found is not None for item in wrong)} of {total} cases as recorded")
    sys.exit(1 if wrong else 0)
