"""What a channel keeps for LOCK and UNLOCK: which members of `struct bam_chan` are state, and what the others hold.

By rules that hold for any C, whatever the names are:
- A member with a number or a truth that a section of the driver stores into is state. The row's flag `rx.locked` is
  the one such member that a section also reads (`lock-flag` "locked") or that none reads ("written"). More than one,
  or one for which the row has nothing, is refused; so is a pointer that a section stores.
- What sections only read holds what the driver's own slave_config has left there, called as the client of the row
  calls it at probe (axis `metadata`); the rest is 0, as probe allocates it. Where requests can come before that call,
  it is the one or the other, as `rx.locking_enabled` says.

Dropped, and why no property can see it: what no section reads; that the first start applies the configuration, which
writes one register of no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from pycparser import c_ast

from model.context import Context
from model.source.bam import facts
from model.source.ctypes import Array, CType, Integer, PointerTo, Struct
from model.source.symbolic.statements import Interpreter
from model.source.symbolic.values import Pointer, Value, merge, number
from model.source.tree import SourceError
from model.source.unit import Unit, coordinate

BOUND = frozenset({"id", "fifo_phys", "head", "tail", "initialized", "paused", "reconfigure"})
"""Members of `struct bam_chan` that are numbers, and that every version has."""
CONFIGURE = "bam_slave_config"
DEVICE_TABLE = "bam_of_match"

_Node: TypeAlias = c_ast.Node  # to mypy anything: pycparser ships no type information


def _called(unit: Unit, roots: Sequence[str]) -> list[c_ast.FuncDef]:
    """The functions that are executed from some others, as far as they are read."""
    names, waiting = dict[str, None](), [name for name in roots if name in unit.functions]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names[name] = None
            waiting += [each.name for each in _nodes(unit.functions[name]) if _is_function(unit, each)]
    return [unit.functions[name] for name in names]


def _is_function(unit: Unit, node: _Node) -> bool:
    return isinstance(node, c_ast.ID) and node.name in unit.functions


def _nodes(node: _Node) -> Iterator[_Node]:
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack += [child for _, child in here.children()]


def _stored(node: _Node) -> _Node | None:
    """What a node may store into: what is assigned to, counted up or down, or has its address taken."""
    if isinstance(node, c_ast.Assignment):
        return node.lvalue
    if isinstance(node, c_ast.UnaryOp) and node.op in ("++", "--", "p++", "p--", "&"):
        return node.expr
    return None


def _members(unit: Unit) -> Mapping[str, CType]:
    return unit.structs.get("bam_chan", {})


class Kept:
    """What the C of a unit keeps in a channel; `roots`: the functions that sections begin with."""

    def __init__(self, unit: Unit, roots: Sequence[str]) -> None:
        self.unit = unit
        self.stored: dict[str, str] = {}
        self.read: set[str] = set()
        own = {name for name, kind in _members(unit).items() if isinstance(kind, Integer | PointerTo)} - BOUND
        for function in _called(unit, roots):
            self._look_at(function, own)

    def _look_at(self, function: c_ast.FuncDef, own: set[str]) -> None:
        targets = set()
        for node in _nodes(function):
            target = _stored(node)
            if isinstance(target, c_ast.StructRef) and target.field.name in own:
                self.stored.setdefault(target.field.name, coordinate(target))
                plain = isinstance(node, c_ast.Assignment) and node.op == "="
                targets |= {id(target)} if plain else set()
        for node in _nodes(function):
            if isinstance(node, c_ast.StructRef) and node.field.name in own and id(node) not in targets:
                self.read.add(node.field.name)

    def flag(self, ctx: Context) -> str | None:
        """The member that is the row's `rx.locked`, None if the row has none. Raises SourceError if they do not fit."""
        for name, where in self.stored.items():
            if not isinstance(_members(self.unit)[name], Integer):
                raise SourceError(f"{where}: a section stores the pointer {name}, for which no row has a variable")
        has, written = "rx.locked" in ctx.space.variables, ctx.axes["lock-flag"] == "written"
        fit = [name for name in self.stored if (name in self.read) != written]
        what = "stored by a section and read by none" if written else "stored and read by sections"
        if has and len(fit) == 1:
            return fit[0]
        if has:
            named = ", ".join(f"{name} ({self.stored[name]})" for name in fit) or "none"
            raise SourceError(f"{facts.DRIVER}: rx.locked should be the one member {what}, which are: {named}")
        strange = [name for name in self.stored if name in self.read]
        if strange:
            raise SourceError(f"{self.stored[strange[0]]}: {strange[0]} is state, and the row has no variable for it")
        return None


def device_data(machine: Interpreter, lockable: bool) -> Iterator[tuple[str, Pointer]]:
    """The members of `struct bam_device` that point to what the driver knows of a BAM with the lock, or without it."""
    if DEVICE_TABLE not in machine.unit.globals:
        return
    version = facts.COMPATIBLE[lockable]
    place, kind = machine.place(c_ast.ID(DEVICE_TABLE))
    for row in range(machine.length(place.places[0][1]) if isinstance(kind, Array) else 0):
        entry = {name: machine.cell((f"global {DEVICE_TABLE}", (row, name)), known) for name, known in _ENTRY.items()}
        if entry["compatible"].pointer.null is True or version not in repr(entry["compatible"].pointer.places[0][1]):
            continue
        data = entry["data"].pointer
        for name, member in machine.unit.structs["bam_device"].items():
            if isinstance(member, PointerTo) and member.target == machine.kind_of(data.places[0][1]):
                yield name, data


_ENTRY: Mapping[str, CType] = {
    "compatible": PointerTo(Integer(8, True)),
    "data": PointerTo(Struct("")),
}


def clear(machine: Interpreter, channel: int) -> None:
    """Let every member of a channel that has a value be 0, as probe allocates it."""
    for name, kind in _members(machine.unit).items():
        for steps, leaf in machine.leaves(kind) if not _is_list(kind) else ():
            zero = machine.zero(leaf)
            if zero is not None:
                machine.state.cells["channels", (channel, name, *steps)] = zero


def _is_list(kind: CType) -> bool:
    return isinstance(kind, Struct) and kind.tag in ("list_head", "virt_dma_chan")


def configure(ctx: Context, machine: Interpreter) -> None:
    """Call slave_config of the consumer channel as the client of the row does at probe."""
    if not (ctx.driver_locks and ctx.axes["metadata"] == "peripheral-config"):
        return
    kind = _configuration(machine.unit)
    machine.types["config"], machine.types["peripheral"] = Struct("dma_slave_config"), kind
    machine.zeroed |= {"config"}
    members = machine.unit.members(kind, CONFIGURE)
    name, member = next(iter(members.items()))
    if len(members) != 1 or not isinstance(member, Integer):
        raise SourceError(f"{facts.DRIVER}: struct {kind.tag} is more than an address: what the client puts there?")
    cells = machine.state.cells
    cells["peripheral", (name,)] = number(facts.SCRATCHPAD, member)
    for name, value in (
        ("direction", number(facts.MEM_TO_DEV, Integer(32, False))),
        ("peripheral_config", Value(PointerTo(kind), Pointer.to("peripheral"))),
        ("peripheral_size", number(machine.unit.size(kind, CONFIGURE), Integer(64, False))),
    ):
        cells["config", (name,)] = value
    before = dict(cells)
    channel = Value(PointerTo(Struct("dma_chan")), Pointer.to("channels", 0, "vc", "chan"))
    result = machine.call(CONFIGURE, [channel, Value(PointerTo(Struct("dma_slave_config")), Pointer.to("config"))])
    if result.number != 0:
        raise SourceError(f"{coordinate(machine.unit.functions[CONFIGURE])}: does not take the client's configuration")
    if "rx.locking_enabled" in ctx.space.variables:
        enabled = ctx.space.term("rx.locking_enabled")
        for key, value in machine.state.cells.items():
            if key in before and value is not before[key]:
                machine.state.cells[key] = merge(enabled, value, before[key])


def _configuration(unit: Unit) -> Struct:
    """The struct that the driver takes the peripheral's configuration for."""
    if CONFIGURE not in unit.functions:
        raise SourceError(f"{facts.DRIVER} has no {CONFIGURE}, which the client of this row calls")
    for node in _nodes(unit.functions[CONFIGURE]):
        if isinstance(node, c_ast.Decl) and _takes_configuration(node.init):
            kind = unit.type_of(node.type)
            if isinstance(kind, PointerTo) and isinstance(kind.target, Struct):
                return kind.target
    where = coordinate(unit.functions[CONFIGURE])
    raise SourceError(f"{where}: takes no peripheral_config, which is how the client of this row enables locking")


def _takes_configuration(node: _Node | None) -> bool:
    node = node.expr if isinstance(node, c_ast.Cast) else node
    return isinstance(node, c_ast.StructRef) and node.field.name == "peripheral_config"
