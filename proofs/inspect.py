"""What `list` and `show` print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from counterexamples.account import with_account
from counterexamples.documents import DocumentError, Origin, quoted
from counterexamples.formats import read_file
from counterexamples.mail import to_mail
from counterexamples.markdown import to_markdown
from counterexamples.trace import ReplayError, Trace
from model import parameters, versions
from model.protocol import Protocol, build
from model.subject import Subject
from proofs.campaign import trace_of
from proofs.properties import catalogue


def _as_mail(trace: Trace) -> str:
    """A mail with the assumptions that the trace needs."""
    from proofs.reliance import reliances

    needs = [f"{item.key}={item.value} (not {', '.join(item.blocking)})" for item in reliances(trace) if item.blocking]
    return to_mail(trace, needs)


FORMATS: Mapping[str, Callable[[Trace], str]] = {"text": with_account, "markdown": to_markdown, "mail": _as_mail}
LISTS = ("versions", "axes", "properties", "scenarios", "assumptions", "bounds", "actions")
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
        scenarios = " ".join(item.scenarios)
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


def stored_protocol(stored: Origin) -> Protocol:
    """The system that a stored document says it is about; replaying it, or proving it again, tells whether it is.

    An assumption, bound or axis that it leaves out did not exist when it was made: it has its default, and an axis of a
    shipped version the value that this version has. Raises DocumentError if the document has something that does
    not exist, or if it has axes on which the shipped version that it names behaves otherwise; ParameterError likewise.
    """
    about = stored.subject
    if not about.version.isprintable():
        raise DocumentError(f"version: {quoted(about.version)} cannot be printed, need the name of a version")
    for kind, name, known in (
        ("scenario", about.scenario, parameters.SCENARIOS),
        ("property", stored.property_id, catalogue()),
    ):
        if name not in known:
            raise DocumentError(str(parameters.nearest(kind, name, known)))
    assumptions = parameters.assumptions(about.assumptions)
    bounds = parameters.bounds(about.scenario, about.bounds)
    return build(replace(about, bounds=bounds, assumptions=assumptions, axes=_stored_axes(about)))


def _stored_axes(stored: Subject) -> dict[str, versions.Value]:
    """The axes of the shipped version that a document names, if it agrees, else those that it has itself."""
    present = {} if versions.is_path(stored.version) else dict(versions.load(stored.version).axes)
    try:
        axes = versions.completed(stored.axes, present)
    except versions.VersionError as error:
        raise DocumentError(str(error)) from None
    then, now = versions.behaviour(axes), versions.behaviour(present or axes)
    if changed := sorted(axis for axis in now if then[axis] != now[axis]):
        raise DocumentError(
            f"{stored.version} has changed since the file was made ({', '.join(changed)}); make a new one"
        )
    return present or axes


def shown(path: Path, form: str) -> str:
    """A stored trace in one of `FORMATS`, after replaying it; raises DocumentError."""
    return FORMATS[form](replayed(path))


def replayed(path: Path) -> Trace:
    """A stored trace, replayed and compared with what is stored; raises DocumentError."""
    stored = read_file(path)
    protocol = stored_protocol(stored)
    item = catalogue()[stored.property_id]
    try:
        trace = trace_of(protocol, item, stored.path, stored.loop)
    except ReplayError as error:
        raise DocumentError(f"{path} does not replay: {error}; make it again by `check --out`") from None
    for index, (mine, theirs) in enumerate(zip(trace.states, stored.states, strict=True)):
        if dict(mine) != {key: int(value) for key, value in theirs.items()}:
            raise DocumentError(f"{path}: state {index} is not what the model comes to at this step")
    return trace
