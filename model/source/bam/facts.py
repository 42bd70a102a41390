"""What the hardware and the model fix, whatever the C says: bits of a descriptor, values of registers, memory.

A bus address stands for what lies there: what kind of data it is, of which request, and in which mapping. So the
model's descriptor can be recovered from the C descriptor that the driver has copied into the ring.
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from model.channel import HW, TXN
from model.language.queues import resize
from model.language.system import Enumeration, Term

DRIVER = "drivers/dma/qcom/bam_dma.c"
FILES = (DRIVER, "drivers/dma/virt-dma.c")
"""What is read; they include virt-dma.h and dmaengine.h."""

DESCRIPTOR_BYTES = 8
INT, EOT, NWD, CMD, LOCK, UNLOCK = 1 << 15, 1 << 14, 1 << 12, 1 << 11, 1 << 10, 1 << 9
"""Bits of `struct bam_desc_hw.flags`. Source: dossier `hardware.md`; upstream's DESC_FLAG_*."""

CONTENT = Enumeration("NONE", "LOCK", "CONFIGURE", "GO", "DATA")
"""What lies at a bus address: nothing known, the dummy write, the two register writes of a request, data."""

SCRATCHPAD = 0x7000
"""The register that the dummy write of a LOCK or UNLOCK goes to: any, but not 0, which means none."""
COMPATIBLE: Mapping[bool, str] = {True: "qcom,bam-v1.7.0", False: "qcom,bam-v1.3.0"}
"""What the device tree calls a BAM with the lock, and one without."""

DEV_TO_MEM, MEM_TO_DEV = 2, 1
_TAG, _REQUEST, _MAPPING = (2, 0), (10, 3), (18, 11)
ADDRESS = 32


def address(content: Term | int, request: Term, mapping: Term) -> Term:
    """The bus address of something of a request, in a mapping; all three are terms of any width or ints."""
    tag = resize(content, 3) if not isinstance(content, int) else z3.BitVecVal(content, 3)
    return z3.Concat(z3.BitVecVal(0, ADDRESS - 19), resize(mapping, 8), resize(request, 8), tag)


def content_of(address: Term) -> Term:
    """What lies at an address, one of `CONTENT`."""
    return z3.Extract(*_TAG, address)


def request_of(address: Term) -> Term:
    """The request to which it belongs."""
    return z3.Extract(*_REQUEST, address)


def mapping_of(address: Term) -> Term:
    """The mapping in which it is."""
    return z3.Extract(*_MAPPING, address)


def has(flags: Term, bit: int) -> Term:
    """Whether a descriptor has a bit."""
    return flags & bit != 0


def kind_of(flags: Term) -> Term:
    """Which transaction a descriptor belongs to, one of `TXN`."""

    def value(kind: int) -> Term:
        return z3.BitVecVal(kind, TXN.width)

    client = z3.If(has(flags, CMD), value(TXN.CMD), value(TXN.DATA))
    return z3.If(has(flags, LOCK), value(TXN.LOCK), z3.If(has(flags, UNLOCK), value(TXN.UNLOCK), client))


def hw_of(flags: Term, where: Term) -> Term:
    """What the pipe executes, one of `HW`: by the lock bits, else by what lies at the address."""
    result = z3.BitVecVal(HW.DATA, HW.width)
    for kind, content in ((HW.GO, CONTENT.GO), (HW.CONFIGURE, CONTENT.CONFIGURE)):
        command = z3.And(has(flags, CMD), content_of(where) == content)
        result = z3.If(command, z3.BitVecVal(kind, HW.width), result)
    for kind, bit in ((HW.UNLOCK, UNLOCK), (HW.LOCK, LOCK)):
        result = z3.If(has(flags, bit), z3.BitVecVal(kind, HW.width), result)
    return result


REGISTERS: Mapping[str, int] = {"BAM_P_CTRL": 1 << 1 | 1 << 5, "BAM_P_IRQ_EN": 1 | 1 << 4 | 1 << 5}
"""A pipe that works: enabled, system mode; interrupts for processed descriptors with INT, for errors and for EOT."""
DIRECTION = 1 << 3
"""The bit of BAM_P_CTRL that a pipe to memory has besides."""
