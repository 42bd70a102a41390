"""What a driver keeps for LOCK and UNLOCK, as the axes on which the model's variables depend; read off its text.

By rules that hold for any C, whatever the names are:
- Where a section allocates, LOCK and UNLOCK are transactions; where none does, but one has the LOCK bit, they are slots
  of the ring; else there are none.
- A scatterlist or command element in `struct bam_async_desc` is the mapping of each transaction, one in `struct
  bam_chan` that of the channel, shared by all where they are slots.
- The flag is the one number or truth of the channel that sections store and read; if none is read, the one they store.
- What calls dma_cookie_assign where it allocates gives a cookie; what frees under the interrupt leaves nothing to the
  tasklet.

The other axes of bam_dma say only what its own actions do, which are those of the C. They are those of a shipped
version that is alike in all of the above (`row`); what such a row has not is refused where the actions are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pycparser import c_ast

from model import versions
from model.source.bam import facts
from model.source.bam.kept import ALLOCATES, Kept, called, calls, members_of, nodes
from model.source.bam.made import PARTS
from model.source.bam.sections import ROOTS
from model.source.ctypes import Struct
from model.source.tree import SourceError
from model.source.unit import Unit
from model.versions import Value

FREES, COOKIE = ("kfree",), "dma_cookie_assign"
START, ISSUE, INTERRUPT = "bam_start_dma", "bam_issue_pending", "bam_dma_irq"
NONE = "none"
KEPT = ("descriptor", "storage", "flag", "cookie", "freeing")  # axes, without `lock-`


@dataclass(frozen=True)
class Structure:
    """By axis, or `made at`, what a driver keeps; everything but `made at` is `NONE` if there is no LOCK."""

    descriptor: str
    storage: str
    flag: str
    cookie: str
    freeing: str
    made_at: str


NOTHING = Structure(NONE, NONE, NONE, NONE, NONE, NONE)


def structure(unit: Unit) -> Structure:
    """What the driver of a unit keeps for LOCK and UNLOCK."""
    sections = called(unit, ROOTS)
    makers = [function for function in sections if calls(function, ALLOCATES)]
    if not makers and not any(_locks(unit, node) for function in sections for node in nodes(function)):
        return NOTHING
    flag = _flag(Kept(unit, ROOTS))
    if not makers:
        return Structure("slot", "shared", flag, NONE, NONE, "start")
    storage = "descriptor" if _has_part(unit, "bam_async_desc") else "channel"
    names = [function.decl.name for function in makers]
    cookie = any(calls(function, (COOKIE,)) for function in called(unit, names))
    in_interrupt = any(calls(function, FREES) for function in called(unit, (INTERRUPT,)))
    directly = {function.decl.name for function in called(unit, (ISSUE,), (START,))}
    at = "issue" if directly & set(names) else "start"
    return Structure("transaction", storage, flag, "own" if cookie else NONE, "irq" if in_interrupt else "tasklet", at)


def row(found: Structure, client: Mapping[str, Value]) -> str:
    """The shipped version that keeps the same: one with the same axes of the client if there is one, else the last.

    Raises SourceError if none does.
    """
    alike = [name for name in versions.names() if _of_row(versions.load(name).axes) == found]
    if not alike:
        raise SourceError(f"{facts.DRIVER}: what it keeps for LOCK and UNLOCK no row does: {found}")
    same = [name for name in alike if client.items() <= versions.load(name).axes.items()]
    return (same or alike)[-1]


def _of_row(axes: Mapping[str, Value]) -> Structure | None:
    # a row whose client waits for its last command is of another client than QCE, and lends a tree none of its axes
    if axes["layer"] != "bam-dma" or axes["lock"] == "client" or axes["callback"] != "output":
        return None
    if axes["lock"] == NONE:
        return NOTHING
    descriptor, storage, flag, cookie, freeing = (str(axes[f"lock-{name}"]) for name in KEPT)
    return Structure(descriptor, storage, flag, cookie, freeing, "issue" if axes["lock"] == "issue" else "start")


def _locks(unit: Unit, node: c_ast.Node) -> bool:
    """Whether a node is the LOCK bit, as BIT makes it."""
    if not isinstance(node, c_ast.BinaryOp) or node.op != "<<":
        return False
    try:
        return unit.constant(node) == facts.LOCK
    except SourceError:
        return False


def _has_part(unit: Unit, tag: str) -> bool:
    return any(isinstance(kind, Struct) and kind.tag in PARTS for kind in members_of(unit, tag).values())


def _flag(kept: Kept) -> str:
    """The axis `lock-flag`: of several members that sections store and read none is the flag."""
    read = [name for name in kept.stored if name in kept.read]
    if len(read) == 1:
        return "locked"
    return "written" if not read and len(kept.stored) == 1 else NONE
