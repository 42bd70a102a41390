"""What `list` prints."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from model import parameters, versions
from model.protocol import build
from model.subject import Subject
from proofs.properties import catalogue

LISTS = ("versions", "axes", "properties", "scenarios", "assumptions", "bounds", "actions", "meanings")
LEAST = 30  # columns that the last column of a table needs to be readable


def listing(what: str) -> Table:
    """A table of one kind of thing, one of `LISTS`."""
    return {
        "versions": _versions,
        "axes": _axes,
        "properties": _properties,
        "scenarios": _scenarios,
        "assumptions": _assumptions,
        "bounds": _bounds,
        "actions": _actions,
        "meanings": _meanings,
    }[what]()


def print_listing(screen: Console, what: str) -> None:
    """The table, or where the terminal is too narrow for its short columns each row as a paragraph."""
    table = listing(what)
    short = table.columns[:-1]
    needed = sum(max(cell_len(str(cell)) for cell in (column.header, *column.cells)) + 2 for column in short)
    if needed + LEAST <= screen.width:
        screen.print(table)
        return
    for name, *others in zip(*(column.cells for column in table.columns), strict=True):
        screen.print(Text(str(name), style="bold"))
        paragraph = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
        for column, cell in zip(table.columns[1:], others, strict=True):
            paragraph.add_row(column.header, cell)
        screen.print(paragraph)


def _table(*titles: str) -> Table:
    """Only the last column may be broken."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, no_wrap=title != titles[-1])
    return table


def _versions() -> Table:
    table = _table("version", "base", "what it changes")
    for name in versions.names():
        version = versions.load(name)
        changes = "; ".join(f"{axis}: {_value(change.value)}" for axis, change in version.changes.items())
        table.add_row(name, version.base or "", changes if version.base else version.title)
    return table


def _axes() -> Table:
    table = _table("axis", "value", "meaning")
    for axis, about in versions.axes().items():
        table.add_row(axis, "", about)
        for value, meaning in versions.meanings(axis).items():
            table.add_row(axis, value, meaning)
    return table


def _value(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _properties() -> Table:
    table = _table("property", "family", "kind", "scenarios", "statement", "source", "if violated")
    for item in catalogue().values():
        consequence = item.consequence.format(who="somebody")
        scenarios = " ".join((*item.scenarios, *(f"{name} (of a tree)" for name in item.of_trees)))
        table.add_row(item.id, item.family, item.kind, scenarios, item.statement, item.source, consequence)
    return table


def _scenarios() -> Table:
    table = _table("scenario", "workload", "bounds")
    for name, item in parameters.SCENARIOS.items():
        bounds = parameters.bounds(name, {})
        table.add_row(name, item.meaning, " ".join(f"{key}={value}" for key, value in bounds.items()))
    return table


def _assumptions() -> Table:
    table = _table("assumption", "values (default first)", "what is open")
    for name, item in parameters.ASSUMPTIONS.items():
        table.add_row(name, " ".join(item.values), item.why)
    return table


def _bounds() -> Table:
    table = _table("bound", "default", "range", "meaning")
    for name, item in parameters.BOUNDS.items():
        table.add_row(name, str(item.default), f"{item.least} to {item.most}", item.meaning)
    return table


def _actions() -> Table:
    table = _table("action", "actor", "stands for", "versions")
    seen: dict[str, tuple[str, str, list[str]]] = {}
    for name in versions.names():
        if versions.UNKNOWN in versions.load(name).axes.values():
            continue
        for action in build(Subject.of(name)).system.actions:
            seen.setdefault(action.name, (action.actor, action.source, []))[2].append(name)
    for action_name, (actor, source, users) in seen.items():
        table.add_row(action_name, actor, source, " ".join(users))
    return table


def _meanings() -> Table:
    # no other list needs the reader of C
    from model.source.bam.hardware import known_meanings
    from model.source.qce.programs import QCE

    table = _table("function of the kernel", "what it means where C is read")
    for name, meaning in [*known_meanings().functions.items(), *QCE.functions.items()]:
        table.add_row(name, meaning.text)
    return table
