"""What a LOCK or UNLOCK has beside what the model knows: what the driver's own code leaves in it.

A first request is issued on an idle channel, and the work item runs where that makes the UNLOCK. Every member with a
value of what was made is in the template. Each section that makes one is seen to make it so (`left.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import TXN
from model.context import Context
from model.source.bam import facts
from model.source.bam.hardware import Trouble, meanings
from model.source.bam.kept import Own, work_item
from model.source.bam.made import Made
from model.source.bam.memory import Memory, Path, Template
from model.source.ctypes import VOID_POINTER
from model.source.symbolic.kernel import KERNEL
from model.source.symbolic.statements import Interpreter
from model.source.symbolic.terms import fold
from model.source.symbolic.values import Place, Pointer, Value
from model.source.tree import SourceError
from model.source.unit import Unit

OWN = ("num_desc", "curr_desc", "xfer_len", "desc")  # what the model knows of each transaction
WORK = ("bam_dma_work", "dma_tasklet")


def mapped_in_channel(ctx: Context) -> bool:
    """Whether the mappings of a row's LOCK and UNLOCK belong to the channel."""
    return bool(ctx.axes["lock-storage"] == "channel")


def template(ctx: Context, unit: Unit, flag: str | None, own: Own) -> tuple[Template, Mapping[int, str]]:
    """The template of a tree for a row, and by kind the list of the channel that has the mapping, if it belongs to it.

    Both are empty if LOCK and UNLOCK are no transactions. Raises SourceError.
    """
    if not ctx.lock_txns:
        return {}, {}
    made, fixed = Made(ctx.bounds["mappings"], of_channel=mapped_in_channel(ctx)), _first(ctx)
    known = KERNEL.also(meanings(ctx.bounds["ring"], Trouble(), made))
    machine = Interpreter(unit, known, [one == other for one, other in fixed])
    Memory(ctx, machine, "rx", flag, made, {}, own).load()
    machine.limits.clear()
    machine.call("bam_issue_pending", [Value(VOID_POINTER, Pointer.to("channels", 0, "vc", "chan"))])
    if ctx.axes["unlock"] == "work":
        work = next(name for name in WORK if name in unit.functions)
        machine.call(work, [Value(VOID_POINTER, work_item(unit))])
    found: dict[int, Mapping[Path, int]] = {}
    storage: dict[int, str] = {}
    for name in made.order:
        lock, unlock = (_fixed(term, fixed) for term in made.kind(machine, Place(name, (0,))))
        if lock is not unlock:
            kind = TXN.LOCK if lock else TXN.UNLOCK
            found[kind] = _members(machine, name, fixed, own)
            if made.of_channel:
                storage[kind] = made.stored_in(machine, z3.substitute(made.numbers[name], *fixed))
    if set(found) != {TXN.LOCK, TXN.UNLOCK}:
        raise SourceError(f"{facts.DRIVER}: a first request does not make one LOCK and one UNLOCK, as the row has it")
    return found, storage


def _first(ctx: Context) -> list[tuple[z3.ExprRef, z3.ExprRef]]:
    """An idle channel on which a first command is submitted, as pairs of a variable and its value."""
    values = {name: variable.init for name, variable in ctx.space.variables.items()}
    values |= {"rx.desc_submitted.len": 1, "rx.desc_submitted.kind": TXN.CMD, "rx.desc_submitted.left": 2}
    values |= {"rx.desc_submitted.cookie": 1, "rx.next_cookie": 2}
    values |= {name: 1 for name in ("rx.scratchpad", "rx.locking_enabled") if name in values}
    return [(ctx.space.term(name), ctx.space.variables[name].constant(value)) for name, value in values.items()]


def _fixed(term: object, fixed: list[tuple[z3.ExprRef, z3.ExprRef]]) -> object:
    return fold(z3.substitute(term, *fixed)) if z3.is_expr(term) else term


def _members(
    machine: Interpreter, name: str, fixed: list[tuple[z3.ExprRef, z3.ExprRef]], own: Own
) -> Mapping[Path, int]:
    found: dict[Path, int] = {}
    for (place, path), value in machine.state.cells.items():
        if place == name and path[1] not in (*OWN, *own.transaction) and not value.is_pointer and path[-1] != "cookie":
            number = _fixed(value.number, fixed)
            if not isinstance(number, int):
                raise SourceError(f"{facts.DRIVER}: what a LOCK or UNLOCK has in {path[1]} is not constant")
            found[path[1:]] = number
    return found
