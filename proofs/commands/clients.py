"""What `check` says of the client of each source tree: whose it is, and what it does that is in no verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from model import versions
from model.versions import Value

if TYPE_CHECKING:
    from model.source.qce.axes import OwnClient

FAILING = {"data-failure", "command-failure"}
WITHOUT = "where its requests fail, its C also does what no axis says:"


def lines(names: Sequence[str]) -> Iterator[str]:
    """For each of the versions that is a source tree; of one client that several have, once."""
    said: dict[tuple[object, ...], str] = {}
    for name in names:
        if (found := versions.tree_of(name)) is not None:
            tree, client = found
            if client:
                yield f"{tree}: the client is that of the row {client} (--client), not the tree's own"
                continue
            # the reader of C is loaded only for those who have a tree
            from model.source.described import described

            own = described(str(tree)).client
            first = said.setdefault((*own.axes.values(), own.told), str(tree))
            yield from _own(str(tree), own) if first == str(tree) else [f"{tree}: its client does as that of {first}"]


def _own(tree: str, client: OwnClient) -> Iterator[str]:
    from model.source.qce.programs import FOLDER

    rows = client.rows()
    if rows:
        yield f"{tree}: its client, read from {FOLDER}, does what that of {', '.join(rows)} does"
    else:
        yield f"{tree}: its client, read from {FOLDER}, does what no row's does:"
        yield from (f"  {axis}: {_shown(value)}" for axis, value in client.axes.items())
    if client.told:
        yield f"  {WITHOUT}"
    for told in client.told:
        yield f"  {told.algorithm} {told.aspect}: {told.where}:"
        yield f"    {told.text}"
    if FAILING & {each.aspect for each in client.wrongs}:
        yield "  --property code-safe --scenario faults: a verdict about those of data-failure"
        yield "  and command-failure, with a trace"


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else " ".join(value)
