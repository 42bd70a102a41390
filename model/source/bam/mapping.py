"""What DMA mapping means where this driver is read: a bus address says what lies there.

What is mapped has to be a command element with the dummy write, of 0 to the scratchpad: no other LOCK or UNLOCK is
meant by the model. Left out, and why no property can see it: the device and the direction of a mapping, as addresses
of two devices are not told apart; how much a list's entry has.
"""

from __future__ import annotations

import z3

from model.source.bam import facts
from model.source.ctypes import UNSIGNED, VOID_POINTER, Integer, Struct
from model.source.symbolic.machine import Machine
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import equal
from model.source.symbolic.values import VOID, Pointer, Value, number

ADDRESS = Integer(64, False)
ELEMENT = Struct("bam_cmd_element")


def add(own: Meanings) -> None:
    """Add the functions to a registry."""

    @own.mean("sg_init_table", text="an empty list of that many entries")
    def init_table(machine: Machine, sg: Value, entries: Value) -> None:
        _demand_one(machine, entries)

    @own.mean("sg_init_one", "sg_set_buf", text="what the entry of a list is of")
    def set_buffer(machine: Machine, sg: Value, buffer: Value, size: Value) -> None:
        machine.store(sg.pointer.inside("__buffer"), Value(VOID_POINTER, buffer.pointer))
        for member, value in (("offset", number(0, UNSIGNED)), ("length", size)):
            machine.store(sg.pointer.inside(member), number(value.number, UNSIGNED))

    @own.mean("dma_map_sg", "dma_map_sg_attrs", text="maps the command element of a LOCK or UNLOCK; can fail (faults)")
    def map_sg(machine: Machine, dev: Value, sg: Value, entries: Value, to: Value, how: Value = VOID) -> Value:
        _demand_one(machine, entries)
        buffer = machine.load(sg.pointer.inside("__buffer"), VOID_POINTER)
        _demand_dummy_write(machine, buffer.pointer)
        machine.store(sg.pointer.inside("dma_address"), number(_address(machine), ADDRESS))
        return number(1)


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


def _address(machine: Machine) -> z3.BitVecRef:
    return z3.ZeroExt(32, facts.address(facts.CONTENT.LOCK, z3.BitVecVal(0, 1), z3.BitVecVal(0, 1)))
