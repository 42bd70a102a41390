"""A source tree as a version: the axes of the client that its qce has, and of what its bam_dma keeps.

The client is executed, all of its axes are what came out (`qce/axes.py`). Of bam_dma's only those count on which the
model's variables depend (`structure.py`), and what a BAM without the lock makes of the client's metadata, which is
executed too: everything else that it does is in its actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from model import versions
from model.context import Context
from model.protocol import declare
from model.source.bam.hardware import Trouble, meanings
from model.source.bam.kept import without_lock
from model.source.bam.made import Made
from model.source.bam.memory import Memory
from model.source.bam.sections import read_driver
from model.source.patched import named
from model.source.qce.axes import OwnClient, own_client
from model.source.structure import row, structure
from model.source.symbolic.kernel import KERNEL
from model.source.symbolic.statements import Interpreter
from model.source.tree import SourceError, SourceTree
from model.source.unit import Unit
from model.subject import Subject
from model.versions import Value

LOCKLESS = "no-lock-hardware"
"""The scenario, and the axis."""
RING = 4  # slots: what a BAM without the lock makes of metadata depends on none


@dataclass(frozen=True)
class Described:
    """A tree's axes, its client, and the row that keeps what its bam_dma keeps."""

    axes: Mapping[str, Value]
    client: OwnClient
    kept: str


@cache
def described(name: str) -> Described:
    """A tree, by its name as `patched.named` takes it, once for the whole run; raises SourceError."""
    tree = named(name)
    try:
        return _described(tree)
    except SourceError as error:
        raise SourceError(f"{tree.title}: {error}" if tree.title else str(error)) from None


def _described(tree: SourceTree) -> Described:
    unit = read_driver(tree, RING)
    try:
        client = _client(tree)
    except SourceError as error:
        raise SourceError(f"{error}; --client VERSION takes the client of a row instead") from None
    kept = row(structure(unit), client.axes)
    axes = {**versions.load(kept).axes, **client.axes}
    axes |= {LOCKLESS: _without_lock(unit, kept, axes)}
    if contradiction := versions.misfit(axes):
        raise SourceError(f"{tree}: its client and its bam_dma do not belong together: {contradiction}")
    return Described({axis: axes[axis] for axis in versions.axes()}, client, kept)


_known: list[tuple[SourceTree, OwnClient]] = []
"""The clients that were read, each with the tree that knows which files it looked at."""


def _client(tree: SourceTree) -> OwnClient:
    """The client of a tree; most patches of a series leave the one that was read before as it is."""
    for known, client in _known:
        if (known.root, known.revision) == (tree.root, tree.revision) and known.same_for(tree):
            return client
    watched = tree.unwatched()
    _known.append((watched, own_client(watched)))
    return _known[-1][1]


def _without_lock(unit: Unit, kept: str, axes: Mapping[str, Value]) -> str:
    ctx = Context(Subject.of(kept, LOCKLESS, bound={"ring": RING}).changed(axes))
    declare(ctx)
    machine = Interpreter(unit, KERNEL.also(meanings(RING, Trouble(), Made())))
    Memory(ctx, machine, "rx", None, Made(), {}).load()
    return without_lock(ctx, machine)
