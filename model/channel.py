"""One `bam_chan` inside an atomic section, what its records hold, and the request that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import z3

from model.context import Context
from model.hardware.ring import Ring
from model.language.queues import Queue
from model.language.system import Enumeration, Field, Step, Term, width_of

TXN = Enumeration("LOCK", "UNLOCK", "CMD", "DATA")
READS_BACK = ("LOCK", "UNLOCK", "CMD", "STATUS")  # a client that reads back has no data on the consumer channel
# REQUEST: LOCK, CONFIGURE and GO in one; STATUS: a read of the register into memory
HW = Enumeration("LOCK", "UNLOCK", "CONFIGURE", "GO", "DATA", "REQUEST", "STATUS")
REGISTER_WRITES = 2  # a request's CMD transaction: configure, go


@dataclass(frozen=True)
class Channel:
    """One `bam_chan` in an atomic section: its lists, its ring, its interrupt."""

    ctx: Context
    step: Step
    name: str

    @property
    def commands(self) -> bool:
        """Whether commands, and so LOCK and UNLOCK, travel on this channel: the consumer pipe only."""
        return self.name == "rx"

    def queue(self, name: str) -> Queue:
        """One of the channel's lists, or `ring`: what its pipe has still to execute."""
        return Queue(self.step, f"{self.name}.{name}")

    @property
    def ring(self) -> Ring:
        """The ring with its head and tail."""
        return Ring(self.step, self.name, self.ctx.bounds["ring"], spare=self.ctx.axes["ring-space"] == "spare")

    def __getitem__(self, key: str) -> Term:
        return self.step[f"{self.name}.{key}"]

    def __setitem__(self, key: str, value: Term | int | bool) -> None:
        self.step[f"{self.name}.{key}"] = value


def fields(ctx: Context, *names: str) -> dict[str, Field]:
    """The record fields of those names, with their widths under the context's bounds."""
    known = {
        "kind": Field(TXN.width, READS_BACK if ctx.reads_back else TXN.labels),
        "hw": Field(HW.width, HW.labels),
        "left": Field(width_of(max(REGISTER_WRITES, ctx.bounds["data"] + 1) + 1)),
        "xfer": Field(width_of(max(REGISTER_WRITES, ctx.bounds["data"] + 1) + 1)),
        "req": Field(ctx.request_bits),
        "cookie": Field(width_of(ctx.bounds["cookies"])),
        "map": Field(width_of(ctx.bounds["mappings"])),
        "nwd": Field(1),
        "int": Field(1),
        "eot": Field(1),
    }
    return {name: known[name] for name in names}


def assign_cookie(ch: Channel) -> Term:
    """dma_cookie_assign: the channel's next cookie."""
    cookie = ch["next_cookie"]
    ch.step.exceed("cookies", cookie == (1 << cookie.size()) - 1)
    ch["next_cookie"] = cookie + 1
    return cookie


def one_hot(number: Term, count: int) -> Term:
    """The set that holds just `number`, as a bit-vector of `count` bits."""
    result = z3.BitVecVal(0, count)
    for value in range(min(count, 1 << number.size())):
        result = z3.If(number == value, z3.BitVecVal(1 << value, count), result)
    return result


def request_number(ctx: Context, s: Step) -> Term:
    """The number of the request that the client works on."""
    return z3.Extract(ctx.request_bits - 1, 0, s["client.request"])


def map_data(ctx: Context, s: Step) -> None:
    """Map the source and the destination of the present request."""
    s["client.data_mapped"] = s["client.data_mapped"] | one_hot(request_number(ctx, s), ctx.bounds["requests"])


def unmap_data(ctx: Context, s: Step) -> None:
    """Undo that mapping."""
    s["client.data_mapped"] = s["client.data_mapped"] & ~one_hot(request_number(ctx, s), ctx.bounds["requests"])
