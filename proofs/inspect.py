"""What `list` and `show` print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rich.table import Table

from counterexamples.account import with_account
from counterexamples.documents import DocumentError, Origin, quoted
from counterexamples.formats import read_file
from counterexamples.mail import to_mail
from counterexamples.markdown import to_markdown
from counterexamples.trace import ReplayError, Trace
from model import parameters, versions
from model.protocol import Protocol, build
from proofs.campaign import Job, protocol_for, trace_of
from proofs.properties import catalogue

FORMATS: Mapping[str, Callable[[Trace], str]] = {"text": with_account, "markdown": to_markdown, "mail": to_mail}
LISTS = ("versions", "properties", "scenarios", "assumptions", "bounds", "actions")


def listing(what: str) -> Table:
    """A table of one kind of thing, one of `LISTS`."""
    return {
        "versions": _versions,
        "properties": _properties,
        "scenarios": _scenarios,
        "assumptions": _assumptions,
        "bounds": _bounds,
        "actions": _actions,
    }[what]()


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _versions() -> Table:
    table = _table("version", "base", "what it changes")
    for name in versions.names():
        version = versions.load(name)
        changes = "; ".join(f"{axis}: {_value(change.value)}" for axis, change in version.changes.items())
        table.add_row(name, version.base or "", changes if version.base else version.title)
    return table


def _value(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _properties() -> Table:
    table = _table("property", "family", "kind", "scenarios", "statement", "source")
    for item in catalogue().values():
        table.add_row(item.id, item.family, item.kind, " ".join(item.scenarios), item.statement, item.source)
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
        for action in protocol_for(Job(name, "default", ())).system.actions:
            seen.setdefault(action.name, (action.actor, action.source, []))[2].append(name)
    for action_name, (actor, source, users) in seen.items():
        table.add_row(action_name, actor, source, " ".join(users))
    return table


def stored_protocol(stored: Origin) -> Protocol:
    """The protocol that a stored document is about; raises DocumentError if the version has changed since.

    That of a version of somebody's own is built from the axes in the document: its file need not be at hand.
    """
    if stored.scenario not in parameters.SCENARIOS or stored.property_id not in catalogue():
        raise DocumentError(
            f"scenario {stored.scenario!r} or property {stored.property_id!r} is unknown to this release"
        )
    if versions.is_path(stored.version):
        return _own_protocol(stored)
    protocol = protocol_for(Job(stored.version, stored.scenario, (), stored.assumptions, stored.bounds))
    present = {key: list(value) if isinstance(value, tuple) else value for key, value in protocol.ctx.axes.items()}
    then = {key: list(value) if isinstance(value, tuple | list) else value for key, value in stored.axes.items()}
    if present != then:
        changed = sorted(key for key in present.keys() | then.keys() if present.get(key) != then.get(key))
        raise DocumentError(
            f"{stored.version} has changed since the file was made ({', '.join(changed)}); make a new one"
        )
    return protocol


def _own_protocol(stored: Origin) -> Protocol:
    if not stored.version.isprintable():
        raise DocumentError(f"version: {quoted(stored.version)} cannot be printed, need the name of a version")
    try:
        axes = versions.checked(stored.axes)
    except versions.VersionError as error:
        raise DocumentError(f"axes: {error}") from None
    return build(
        stored.version,
        axes,
        parameters.assumptions(stored.assumptions),
        parameters.bounds(stored.scenario, stored.bounds),
        stored.scenario,
    )


def shown(path: Path, form: str) -> str:
    """A stored trace in one of `FORMATS`, after replaying it; raises DocumentError."""
    return FORMATS[form](replayed(path))


def replayed(path: Path) -> Trace:
    """A stored trace, replayed and compared with what is stored; raises DocumentError."""
    stored = read_file(path)
    protocol = stored_protocol(stored)
    item = catalogue()[stored.property_id]
    try:
        trace = trace_of(protocol, item, stored.scenario, stored.path, stored.loop)
    except ReplayError as error:
        raise DocumentError(f"{path} does not replay: {error}; make it again by `check --out`") from None
    for index, (mine, theirs) in enumerate(zip(trace.states, stored.states, strict=True)):
        if dict(mine) != {key: int(value) for key, value in theirs.items()}:
            raise DocumentError(f"{path}: state {index} is not what the model comes to at this step")
    return trace
