"""The versions of the driver: one TOML file for each, `schema.json` says what may be in it, and `load` reads it.

A file holds a title, a source, the base version, and for every axis that it changes against the base a value and the
evidence for it. Which axes exist and what their values mean is written in the schema and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model.versions._document import Document, is_path, names, parse, read
from model.versions._fit import behaviour, misfit
from model.versions._schema import (
    UNKNOWN,
    Value,
    VersionError,
    axes,
    axis_values,
    breaches,
    defaults,
    is_ordered,
    meanings,
    schema,
)
from model.versions._tree import of_tree, tree_of

__all__ = [
    "UNKNOWN",
    "Change",
    "Value",
    "Version",
    "VersionError",
    "alternatives",
    "axes",
    "axis_values",
    "behaviour",
    "breaches",
    "completed",
    "defaults",
    "is_ordered",
    "is_path",
    "load",
    "meanings",
    "misfit",
    "names",
    "of_tree",
    "schema",
    "tree_of",
]


@dataclass(frozen=True)
class Change:
    """A version's own value on one axis, and the patch or mail that shows it."""

    value: Value
    source: str


@dataclass(frozen=True)
class Version:
    """A version of the driver.

    `name`: a shipped name, or the path as it was given, so that no file can pass for a shipped version. `base`: as the
    file writes it. `axes`: a value for every axis of the schema. `changes`: what the file itself sets. `files`: the
    real paths of the file and of its bases. `subject`, `posted` and `link` say where it was posted, as far as that is
    known. `draft`: nothing is recorded of it yet.
    """

    name: str
    title: str
    source: str
    base: str | None
    axes: Mapping[str, Value] = field(hash=False)
    changes: Mapping[str, Change] = field(hash=False)
    files: tuple[str, ...]
    subject: str | None = None
    posted: str | None = None
    link: str | None = None
    draft: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over the axes as canonical JSON: equal for versions that behave alike, whatever their texts say."""
        canonical = json.dumps(self.axes, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def load(name_or_path: str | Path) -> Version:
    """A version with all its axes, those that its file leaves out taken from its bases, or else the axis's default.

    A Path, or a string with a separator in it or `.toml` at its end, is a file's path; a name that `of_tree` makes is a
    source tree with its own client or that of another version; any other string is a name.
    Raises VersionError, with a message of one line, if the version does not exist or a file is wrong, SourceError for
    a tree whose client has no meaning.
    """
    if isinstance(name_or_path, str) and (tree := tree_of(name_or_path)):
        return _with_client(name_or_path, *tree)
    chain = _with_bases(parse(read(name_or_path, Path())))
    content = chain[0].content
    changes = [_changes(document) for document in chain]
    _demand_every_axis(chain[-1], changes[-1])
    stated = [{axis: change.value for axis, change in own.items()} for own in changes]
    resolved = {axis: next(own[axis] for own in [*stated, defaults()] if axis in own) for axis in axes()}
    contradiction = misfit(resolved)
    if contradiction is not None:
        raise chain[0].error(("axes",), f"axes: {contradiction}")
    subject, posted, link = content.get("subject"), content.get("posted"), content.get("link")
    own = (content["title"], content["source"], content.get("base"))
    read_from = tuple(document.source.identity for document in chain)
    draft = content.get("draft", False)
    return Version(str(name_or_path), *own, resolved, changes[0], read_from, subject, posted, link, draft)


def alternatives(present: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Every value that an axis can have instead of the present one, with its axis: those that the schema knows, for the
    order of steps those that shipped versions have. Some may not fit the other axes."""
    for axis, value in present.items():
        if isinstance(value, str):
            yield from ((axis, other) for other in axis_values(axis) if other != value)
        else:
            shipped = dict.fromkeys(load(name).axes[axis] for name in names())
            yield from ((axis, other) for other in shipped if other not in (value, UNKNOWN))


def _with_client(name: str, tree: Path, client: str) -> Version:
    if not client:
        # the reader of C is loaded only for those who have a tree
        from model.source.described import described

        return Version(name, f"bam_dma and qce of {tree}", f"{tree}", None, described(str(tree)).axes, {}, ())
    base = load(client)
    title = f"bam_dma of {tree}, the client of {client}"
    return Version(name, title, f"{tree}", client, base.axes, {}, base.files)


def completed(stored: Mapping[str, object], known: Mapping[str, Value]) -> dict[str, Value]:
    """A value for every axis: those that a stored file has, and for what it leaves out those that are `known`, or the
    axis's default.

    Raises VersionError if the file has an axis or a value that does not exist, if nothing is known of an axis that it
    leaves out, or if the values contradict each other.
    """
    content = {"title": "-", "source": "-", "axes": {axis: {"value": v, "source": "-"} for axis, v in stored.items()}}
    for _, message in breaches(content):
        raise VersionError(message)
    own = {axis: _plain(value) for axis, value in stored.items()}
    found = {**defaults(), **known, **own}
    missing = [axis for axis in axes() if found.get(axis, UNKNOWN) == UNKNOWN]
    if missing:
        raise VersionError(f"no value for {', '.join(missing)}; valid: one for every axis that has no default")
    if contradiction := misfit(found):
        raise VersionError(f"axes: {contradiction}")
    return {axis: found[axis] for axis in axes()}


def _plain(value: object) -> Value:
    return tuple(value) if isinstance(value, list | tuple) else str(value)


def _with_bases(document: Document) -> list[Document]:
    """A file, its base, the base of that, and so on; the last one has none."""
    chain = [document]
    while (base := chain[-1].content.get("base")) is not None:
        last = chain[-1]
        try:
            source = read(base, last.source.folder)
        except VersionError as error:
            raise last.error(("base",), f"base: {error}") from None
        seen = [document.source.identity for document in chain]
        if source.identity in seen:
            cycle = [document.source.label for document in chain[seen.index(source.identity) :]]
            shown = " -> ".join([*cycle, cycle[0]])
            raise last.error(("base",), f"base: a cycle: {shown}; valid: a chain that ends in a file without a base")
        chain.append(parse(source))
    return chain


def _changes(document: Document) -> dict[str, Change]:
    return {axis: Change(_plain(own["value"]), own["source"]) for axis, own in document.content.get("axes", {}).items()}


def _demand_every_axis(root: Document, own: Mapping[str, Change]) -> None:
    missing = [axis for axis in axes() if axis not in own.keys() | defaults().keys()]
    if missing:
        valid = "valid: a base, or a value for every axis that has no default"
        raise root.error(("axes",), f"axes: missing: {', '.join(missing)}; {valid}")
