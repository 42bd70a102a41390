"""What a channel keeps for LOCK and UNLOCK: which members of `struct bam_chan` are state, and what the others hold.

By rules that hold for any C, whatever the names are:
- A member with a number or a truth that a section of the driver stores into is state. The row's flag `rx.locked` is
  the one such member that a section also reads (`lock-flag` "locked") or that none reads ("written"). More than one,
  or one for which the row has nothing, is refused, or in `check` state of its own (`own.py`); a pointer that a section
  stores is refused.
- What sections only read holds what the driver's own slave_config or attach has left there, called as the client of
  the row calls it (axis `metadata`); the rest is 0, as probe allocates it. Where requests can come before the address
  is known, it is the one or the other, as `rx.locking_enabled` or `rx.scratchpad` says.

Dropped, and why no property can see it: what no section reads; that the first start applies the configuration, which
writes one register of no meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pycparser import c_ast

from model.context import Context
from model.source.bam import facts
from model.source.ctypes import UNSIGNED, UNSIGNED_LONG, VOID_POINTER, Array, CType, Integer, PointerTo, Struct
from model.source.symbolic.statements import Interpreter
from model.source.symbolic.values import Pointer, Value, merge, number
from model.source.tree import SourceError
from model.source.unit import Unit, coordinate

BOUND = frozenset({"id", "fifo_phys", "head", "tail", "initialized", "paused", "reconfigure"})
"""Members of `struct bam_chan` that are numbers, and that every version has."""
KNOWN = frozenset({"num_desc", "xfer_len", "flags", "curr_desc", "dir", "length"})
"""Members of `struct bam_async_desc` that are numbers or pointers, and that every version has."""
PREFIX = "own_"  # of the names of variables and fields that no row has
ALLOCATES = ("kzalloc", "kmalloc", "kcalloc")
CONFIGURE, PRIVATE = "bam_slave_config", "peripheral_config"
PREPARE, PREPARED = "bam_prep_slave_sg", ("vd", "num_desc", "flags", "curr_desc", "dir", "length", "desc")
DEVICE_TABLE = "bam_of_match"

_Node: TypeAlias = c_ast.Node  # to mypy anything: pycparser ships no type information


@dataclass(frozen=True)
class Own:
    """By member its type: of the channel, and of a transaction. `unread`: members of either that nothing reads."""

    channel: Mapping[str, CType] = field(default_factory=dict)
    transaction: Mapping[str, CType] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()


NO_OWN = Own()


def called(unit: Unit, roots: Sequence[str], but: Sequence[str] = ()) -> list[c_ast.FuncDef]:
    """The functions that are executed from some others as far as they are read, without those behind `but`."""
    names, waiting = dict[str, None](), [name for name in roots if name in unit.functions and name not in but]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names[name] = None
            within = nodes(unit.functions[name])
            waiting += [each.name for each in within if _is_function(unit, each) and each.name not in but]
    return [unit.functions[name] for name in names]


def _is_function(unit: Unit, node: _Node) -> bool:
    return isinstance(node, c_ast.ID) and node.name in unit.functions


def nodes(node: _Node) -> Iterator[_Node]:
    """All nodes of a tree."""
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


def members_of(unit: Unit, tag: str = "bam_chan") -> Mapping[str, CType]:
    """The members of a struct, none if there is no such struct."""
    return unit.structs.get(tag, {})


def calls(function: c_ast.FuncDef, names: tuple[str, ...]) -> bool:
    """Whether a function calls one whose name begins so."""
    return any(
        isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and str(node.name.name).startswith(names)
        for node in nodes(function)
    )


class Kept:
    """What the C of a unit keeps in a channel, or in another struct; `roots`: the functions that sections begin with.

    `but`: functions of these that are not looked at.
    """

    def __init__(self, unit: Unit, roots: Sequence[str], tag: str = "bam_chan", but: Sequence[str] = ()) -> None:
        self.unit = unit
        self.stored: dict[str, str] = {}
        self.read: set[str] = set()
        own = {name for name, kind in members_of(unit, tag).items() if isinstance(kind, Integer | PointerTo)}
        for function in called(unit, roots):
            if function.decl.name not in but:
                self._look_at(function, own - (BOUND if tag == "bam_chan" else KNOWN))

    def _look_at(self, function: c_ast.FuncDef, own: set[str]) -> None:
        targets = set()
        for node in nodes(function):
            target = _stored(node)
            if isinstance(target, c_ast.StructRef) and target.field.name in own:
                self.stored.setdefault(target.field.name, coordinate(target))
                plain = isinstance(node, c_ast.Assignment) and node.op == "="
                targets |= {id(target)} if plain else set()
        for node in nodes(function):
            if isinstance(node, c_ast.StructRef) and node.field.name in own and id(node) not in targets:
                self.read.add(node.field.name)

    def demand_plain_prep(self) -> None:
        """Raise SourceError if prep stores more in a transaction than the model knows: the rest is taken for 0."""
        members = self.unit.structs.get("bam_async_desc", {})
        for function in called(self.unit, (PREPARE,)):
            for node in nodes(function):
                target = _stored(node)
                name = target.field.name if isinstance(target, c_ast.StructRef) else ""
                if name in members and name not in PREPARED:
                    raise SourceError(f"{coordinate(target)}: {PREPARE} stores {name}, which has no meaning here")

    def flag(self, ctx: Context, own: Collection[str] = ()) -> str | None:
        """The member that is the row's `rx.locked`, None if the row has none; `own`: those that have variables.

        Raises SourceError if they do not fit.
        """
        for name, where in self.stored.items():
            if not isinstance(members_of(self.unit)[name], Integer):
                raise SourceError(f"{where}: a section stores the pointer {name}, for which no row has a variable")
        has, written = "rx.locked" in ctx.space.variables, ctx.axes["lock-flag"] == "written"
        fit = [name for name in self.stored if (name in self.read) != written]
        what = "stored by a section and read by none" if written else "stored and read by sections"
        if has and len(fit) == 1:
            return fit[0]
        if has:
            named = ", ".join(f"{name} ({self.stored[name]})" for name in fit) or "none"
            raise SourceError(f"{facts.DRIVER}: rx.locked should be the one member {what}, which are: {named}")
        strange = [name for name in self.stored if name in self.read and name not in own]
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
    for name, kind in members_of(machine.unit).items():
        for steps, leaf in machine.leaves(kind) if not _is_list(kind) else ():
            zero = machine.zero(leaf)
            if zero is not None:
                machine.state.cells["channels", (channel, name, *steps)] = zero


def _is_list(kind: CType) -> bool:
    return isinstance(kind, Struct) and kind.tag in ("list_head", "virt_dma_chan")


def configure(ctx: Context, machine: Interpreter) -> None:
    """Tell the consumer channel where the dummy write goes, as the client of the row does: slave_config, or attach."""
    if not ctx.driver_locks or ctx.axes["metadata"] == "none":
        return
    before = dict(machine.state.cells)
    name, result = _enable(ctx, machine)
    if result.number != 0:
        raise SourceError(f"{coordinate(machine.unit.functions[name])}: does not take what the client gives it")
    for variable in ("rx.locking_enabled", "rx.scratchpad"):
        if variable in ctx.space.variables:
            for key, value in machine.state.cells.items():
                if key in before and value is not before[key]:
                    machine.state.cells[key] = merge(ctx.space.term(variable), value, before[key])


def _enable(ctx: Context, machine: Interpreter) -> tuple[str, Value]:
    """The function by which the client enables locking, and what it returns."""
    channel = Pointer.to("channels", 0, "vc", "chan")
    if ctx.axes["metadata"] == "peripheral-config":
        name, arguments = CONFIGURE, [Value(PointerTo(Struct("dma_chan")), channel), _configuration(machine)]
    elif ctx.attaches_metadata:
        name, arguments = _attach(machine), _attached(machine, channel)
    else:
        raise SourceError(f"{facts.DRIVER}: how the client of this row enables locking is not bound to C yet")
    return name, machine.call(name, arguments)


def without_lock(ctx: Context, machine: Interpreter) -> str:
    """The axis `no-lock-hardware` of a driver whose memory is that of a BAM without the lock."""
    if ctx.axes["metadata"] == "none":
        return "ignored"
    name, result = _enable(ctx, machine)
    if result.number == 0:
        return "ignored"
    if isinstance(result.number, int) and ctx.attaches_metadata:
        return "commands-fail"
    raise SourceError(f"{coordinate(machine.unit.functions[name])}: what it returns on a BAM without the lock is open")


def _configuration(machine: Interpreter) -> Value:
    """The dma_slave_config of the client, with its peripheral_config."""
    if CONFIGURE not in machine.unit.functions:
        raise SourceError(f"{facts.DRIVER} has no {CONFIGURE}, which the client of this row calls")
    kind = _addressed(machine, CONFIGURE, lambda node: isinstance(node, c_ast.StructRef) and node.field.name == PRIVATE)
    machine.types["config"] = Struct("dma_slave_config")
    machine.zeroed |= {"config"}
    for name, value in (
        ("direction", number(facts.MEM_TO_DEV, UNSIGNED)),
        (PRIVATE, Value(VOID_POINTER, Pointer.to("metadata"))),
        ("peripheral_size", number(machine.unit.size(kind, CONFIGURE), UNSIGNED_LONG)),
    ):
        machine.state.cells["config", (name,)] = value
    return Value(PointerTo(Struct("dma_slave_config")), Pointer.to("config"))


def _attach(machine: Interpreter) -> str:
    """The function that attaches metadata."""
    for name, declaration in machine.unit.globals.items():
        if machine.unit.type_of(declaration.type) == Struct("dma_descriptor_metadata_ops"):
            machine.place(c_ast.ID(name))
            for _, place in machine.cell((f"global {name}", ("attach",)), VOID_POINTER).pointer.places:
                return str(place.path[0])
    raise SourceError(f"{facts.DRIVER} has no dma_descriptor_metadata_ops with attach, which the client calls")


def _attached(machine: Interpreter, channel: Pointer) -> list[Value]:
    """The arguments of attach: a descriptor of the channel, the metadata, its size."""
    name = _attach(machine)
    parameter = machine.unit.functions[name].decl.type.args.params[1].name
    kind = _addressed(machine, name, lambda node: isinstance(node, c_ast.ID) and node.name == parameter)
    machine.types["attached"] = Struct("dma_async_tx_descriptor")
    machine.state.cells["attached", ("chan",)] = Value(PointerTo(Struct("dma_chan")), channel)
    size = machine.unit.size(kind, name)
    return [
        Value(PointerTo(Struct("dma_async_tx_descriptor")), Pointer.to("attached")),
        Value(VOID_POINTER, Pointer.to("metadata")),
        number(size, UNSIGNED_LONG),
    ]


def _addressed(machine: Interpreter, function: str, given: Callable[[_Node], bool]) -> Struct:
    """Fill the object `metadata`: the struct that a function takes something for, an address and maybe a direction.

    `given`: whether a node is what it takes.
    """
    kind = _taken(machine.unit, function, given)
    where = coordinate(machine.unit.functions[function])
    machine.types["metadata"] = kind
    members = machine.unit.members(kind, where)
    addresses = [name for name, member in members.items() if name != "direction" and isinstance(member, Integer)]
    if len(addresses) != 1 or len(members) - ("direction" in members) != 1:
        raise SourceError(f"{where}: struct {kind.tag} is more than an address and a direction: what is in the rest?")
    for name, member in members.items():
        assert isinstance(member, Integer)
        value = facts.MEM_TO_DEV if name == "direction" else facts.SCRATCHPAD
        machine.state.cells["metadata", (name,)] = number(value, member)
    return kind


def _taken(unit: Unit, function: str, given: Callable[[_Node], bool]) -> Struct:
    for node in nodes(unit.functions[function]):
        if isinstance(node, c_ast.Decl) and node.init is not None:
            init = node.init.expr if isinstance(node.init, c_ast.Cast) else node.init
            kind = unit.type_of(node.type) if given(init) else None
            if isinstance(kind, PointerTo) and isinstance(kind.target, Struct):
                return kind.target
    where = coordinate(unit.functions[function])
    raise SourceError(f"{where}: takes no struct, which is how the client of this row tells where the dummy write goes")


def work_item(unit: Unit) -> Pointer:
    """The work item of the device, or the tasklet that older kernels have."""
    members = unit.structs.get("bam_device", {})
    found = [name for name, kind in members.items() if kind in (Struct("work_struct"), Struct("tasklet_struct"))]
    if len(found) != 1:
        raise SourceError(f"{facts.DRIVER}: struct bam_device has {len(found)} work items or tasklets; one is meant")
    return Pointer.to("bdev", found[0])
