"""What DMA mapping means where this driver is read: a bus address says what lies there.

What is mapped has to be a command element with the dummy write, of 0 to the scratchpad: no other LOCK or UNLOCK is
meant by the model. Left out, and why no property can see it: the device and the direction of a mapping, as addresses
of two devices are not told apart; how much a list's entry has.
"""

from __future__ import annotations

import z3

from model.source.bam import facts
from model.source.bam.made import Made, address_of
from model.source.ctypes import INT, UNSIGNED, VOID_POINTER, Integer, Struct
from model.source.symbolic import kernel
from model.source.symbolic.arithmetic import binary
from model.source.symbolic.machine import Machine
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import Condition, choose, equal, fold, wide
from model.source.symbolic.values import NULL, VOID, Pointer, Value, merge, number

ADDRESS = Integer(64, False)
ELEMENT = Struct("bam_cmd_element")
FAILED = z3.BitVec("hidden what a failed mapping leaves in its list", ADDRESS.width)


def add(own: Meanings, made: Made) -> None:
    """Add the functions to a registry."""
    _lists(own)
    _mappings(own, made)
    _objects(own, made)


def _lists(own: Meanings) -> None:
    @own.mean("sg_init_table", text="an empty list of that many entries")
    def init_table(machine: Machine, sg: Value, entries: Value) -> None:
        _demand_one(machine, entries)

    @own.mean("sg_init_one", "sg_set_buf", text="what the entry of a list is of")
    def set_buffer(machine: Machine, sg: Value, buffer: Value, size: Value) -> None:
        machine.store(sg.pointer.inside("__buffer"), Value(VOID_POINTER, buffer.pointer))
        for member, value in (("offset", number(0, UNSIGNED)), ("length", size)):
            machine.store(sg.pointer.inside(member), number(value.number, UNSIGNED))


def _mappings(own: Meanings, made: Made) -> None:
    @own.mean("dma_map_sg", "dma_map_sg_attrs", text="maps the command element of a LOCK or UNLOCK; can fail (faults)")
    def map_sg(machine: Machine, dev: Value, sg: Value, entries: Value, to: Value, how: Value = VOID) -> Value:
        _demand_one(machine, entries)
        buffer = machine.load(sg.pointer.inside("__buffer"), VOID_POINTER)
        _demand_dummy_write(machine, buffer.pointer)
        none: tuple[z3.BitVecRef, Condition] = (z3.BitVecVal(0, 1), False)
        mapping, fails = made.map(machine) if made.count else none
        address = choose(fails, FAILED, fold(address_of(mapping)), ADDRESS.width)
        machine.store(sg.pointer.inside("dma_address"), number(fold(address), ADDRESS))
        return number(choose(fails, 0, 1, INT.width))

    @own.mean("dma_unmap_sg", "dma_unmap_sg_attrs", text="undoes the mapping of a LOCK or UNLOCK")
    def unmap_sg(machine: Machine, dev: Value, sg: Value, entries: Value, to: Value, how: Value = VOID) -> None:
        _demand_one(machine, entries)
        if not made.count:
            machine.refuse("undoes a mapping that no transaction of this row has")
        made.unmap(machine, wide(machine.load(sg.pointer.inside("dma_address"), ADDRESS).number, 32))


def _objects(own: Meanings, made: Made) -> None:
    @own.mean("kzalloc", text="a new object, all 0; if it is a LOCK or UNLOCK, NULL (faults)")
    def kzalloc(machine: Machine, size: Value, flags: Value) -> Value:
        found = kernel.kzalloc(machine, size, flags)
        assert found is not None
        if not made.count:
            return found
        fails = made.new(machine, found.pointer.places[0][1].object)
        return found if fails is False else merge(fails, Value(VOID_POINTER, NULL), found)

    @own.mean("kfree", text="the object is gone; using it, or freeing it again, is an error")
    def kfree(machine: Machine, pointer: Value) -> None:
        for under, place in pointer.pointer.places if made.count else ():
            if machine.possible(under):
                made.free(machine, place, under)
        kernel.kfree(machine, pointer)

    @own.mean("dma_async_tx_descriptor_init", text="a transaction of that channel")
    def descriptor_init(machine: Machine, descriptor: Value, channel: Value) -> None:
        machine.store(descriptor.pointer.inside("chan"), Value(channel.kind, channel.pointer))

    @own.mean("dma_submit_error", text="a cookie's error, if it is one")
    def submit_error(machine: Machine, cookie: Value) -> Value:
        return merge(binary(machine, "<", cookie, number(0)).truth, cookie, number(0))


def _demand_one(machine: Machine, entries: Value) -> None:
    if machine.decided(equal(entries.number, 1)) is not True:
        machine.refuse("a list of more than one entry, or of none, has no meaning here")


def _demand_dummy_write(machine: Machine, buffer: Pointer) -> None:
    for _, place in machine.accessible(buffer):
        kind = machine.kind_of(place)
        if kind != ELEMENT:
            machine.refuse("maps what is no command element, which has no meaning here")
    for member, expected in (("cmd_and_addr", facts.SCRATCHPAD & 0xFFFFFF), ("data", 0)):
        value = machine.load(buffer.inside(member), UNSIGNED)
        if machine.decided(equal(value.number, expected)) is not True:
            machine.refuse("maps a command element that is no write of 0 to the scratchpad")
