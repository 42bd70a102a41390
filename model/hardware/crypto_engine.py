"""The crypto engine: one operation at a time, one register context for all execution environments.

Left out, and why no property can see it:
- The configuration registers are one register with an owner: the claims are about who wrote last, and a request's
  register writes are two descriptors (configure, go), so that the other EE can get between them.
- A GOPROC write to a running engine disturbs it and starts nothing: what real hardware does then no source says, and
  the write itself already is the violation.
- STATUS bit 17, configuration change error: the driver looks at the errors and at OPERATION_DONE and not at it, so a
  disturbed operation is told from a calm one only by whether it gets done.
- The other EE is one owner: its requests follow each other and each configures before it goes.
- Output is one descriptor of the producer pipe whatever the amount of input, the result dump another.
"""

from __future__ import annotations

from collections.abc import Callable

import z3

from model.channel import Channel, fields, one_hot
from model.context import Context
from model.hardware.pipes import clocked, consume, locked_out
from model.language.queues import Queue, resize
from model.language.system import Step, Term, width_of


def declare(ctx: Context) -> None:
    """The state of the engine and of its registers."""
    space = ctx.space
    for register in ("op", "config", "status"):
        space.add(f"engine.{register}", ctx.owner.width, 0, ctx.owner.labels)
    space.add("engine.pair_tz")
    space.add("engine.input", width_of(ctx.bounds["data"] + 1))
    space.add("engine.output")
    if ctx.assume["done_irq"] == "any-order":
        space.add("engine.dumped")
    if ctx.assume["busy_write"] != "harmless":
        space.add("engine.disturbed")
    space.add("engine.status_done")
    if ctx.dump_tells:
        space.add("engine.dump_ok", ctx.bounds["requests"])
    space.add_queue("engine.published_rx", ctx.bounds["data"] * ctx.bounds["requests"], fields(ctx, "req"))
    space.add("engine.published_tz")
    space.add("monitor.spoilt", ctx.bounds["requests"])


def busy(s: Step) -> Term:
    """An operation runs."""
    return s["engine.op"] != 0


def notice_write(ctx: Context, s: Step) -> None:
    """A running engine notices a register write: it sets STATUS bit 17, and may not get its operation done."""
    if ctx.assume["busy_write"] != "harmless":
        with s.when(busy(s)):
            s["engine.disturbed"] = True
            _spoil(ctx, s)


def _spoil(ctx: Context, s: Step) -> None:
    """Remember that the result of the operation that runs cannot be relied on, if it is one of Linux."""
    with s.when(ctx.is_linux(s["engine.op"])):
        number = resize(s["engine.op"] - 2, ctx.request_bits)
        s["monitor.spoilt"] = s["monitor.spoilt"] | one_hot(number, ctx.bounds["requests"])


def write_config(ctx: Context, s: Step, owner: Term | int) -> None:
    """STATUS=0, CONFIG, keys, IV, segment registers; the first also forgets the previous operation's status."""
    s.emit("config_write")
    notice_write(ctx, s)
    s["engine.config"] = owner
    with s.when(z3.And(busy(s), s["engine.op"] != owner)):
        _spoil(ctx, s)
    with s.when(z3.Not(busy(s))):
        s["engine.status"] = owner
        s["engine.status_done"] = False


def write_go(ctx: Context, s: Step, owner: Term | int) -> None:
    """GOPROC: the operation starts with whatever the registers hold; CONFIG says which pipe pair it serves."""
    s.emit("config_write")
    idle = z3.Not(busy(s))
    notice_write(ctx, s)
    with s.when(idle):
        s["engine.op"] = owner
        s["engine.status"] = owner
        s["engine.pair_tz"] = s["engine.config"] == ctx.owner.tz
        s["engine.input"] = 0
        s["engine.output"] = False
        s.emit("operation_started", z3.Not(s["engine.pair_tz"]))
        with s.when(s["engine.config"] != owner):
            _spoil(ctx, s)


def reset_config(ctx: Context, s: Step) -> None:
    """CONFIG alone is set back to a fixed value, which is nobody's."""
    s.emit("config_write")
    notice_write(ctx, s)
    s["engine.config"] = 0
    with s.when(busy(s)):
        _spoil(ctx, s)


def reset_status(ctx: Context, s: Step) -> None:
    """STATUS alone is set to 0: a register write like any other, after which nobody's status is there."""
    s.emit("config_write")
    notice_write(ctx, s)
    with s.when(z3.Not(busy(s))):
        s["engine.status"] = 0
        s["engine.status_done"] = False


def fetch_status(ctx: Context, s: Step) -> None:
    """A command element reads STATUS into the one buffer that all requests have for it."""
    count = ctx.bounds["requests"]
    s["engine.dump_ok"] = z3.If(s["engine.status_done"], z3.BitVecVal(-1, count), z3.BitVecVal(0, count))
    s["client.status_of"] = s["engine.status"]


def acknowledged(ctx: Context, s: Step, pipe: str) -> Term:
    """Whether the engine has signalled what an NWD descriptor of the pipe ("rx" or "tz") waits for."""
    if pipe == "tz":
        consumed, serving = z3.Not(s["engine.published_tz"]), s["engine.pair_tz"]
    else:
        consumed, serving = Queue(s, "engine.published_rx").empty, z3.Not(s["engine.pair_tz"])
    if ctx.assume["nwd_ack"] == "input-consumed":
        return consumed
    return z3.And(consumed, z3.Not(z3.And(busy(s), serving)))


def engine_actions(ctx: Context) -> None:
    """What a running operation does: take input, put out, put out the result dump, finish."""
    b, s = ctx.builder, Step(ctx.space)
    for_tz = s["engine.pair_tz"]
    data = s["engine.input"].size()
    have = z3.If(for_tz, s["engine.published_tz"], z3.Not(Queue(s, "engine.published_rx").empty))
    wanted = z3.If(for_tz, z3.BitVecVal(1, data), z3.BitVecVal(ctx.input, data))
    runs = {"an operation runs": busy(s)}
    output = _output_room(ctx, s)

    def take(step: Step) -> None:
        step["engine.input"] = step["engine.input"] + 1
        with step.when(step["engine.pair_tz"]):
            step["engine.published_tz"] = False
        with step.when(z3.Not(step["engine.pair_tz"])):
            taken = Queue(step, "engine.published_rx").pop_front()
            with step.when(ctx.linux(taken["req"]) != step["engine.op"]):
                _spoil(ctx, step)

    def put(step: Step) -> None:
        _deliver(ctx, step)
        step["engine.output"] = True

    more = {"it wants more input": z3.ULT(s["engine.input"], wanted), "input is published": have}
    if ctx.assume["published_on_lock"] == "frozen":
        stalled = z3.If(for_tz, locked_out(ctx, s, "tz", data=True), locked_out(ctx, s, "rx", data=True))
        more["no other EE's lock freezes its data"] = z3.Not(stalled)
    done = {"all input is taken": s["engine.input"] == wanted, "nothing is put out yet": z3.Not(s["engine.output"])}
    b.action("engine.take_input", "engine", runs | more, take, "hardware.md 1: the peripheral takes them later")
    b.action(
        "engine.put_output", "engine", runs | done | output, put, "hardware.md 3: output goes to the producer pipe"
    )
    _finish_actions(ctx, runs | {"the output is out": s["engine.output"]}, output)


def _output_room(ctx: Context, s: Step) -> dict[str, Term]:
    for_tz = s["engine.pair_tz"]
    ring = Channel(ctx, s, "tx").queue("ring")
    return {
        "the producer pipe has a descriptor": z3.Or(for_tz, z3.Not(ring.empty)),
        **{label: z3.Or(for_tz, term) for label, term in clocked(ctx, s).items()},
        "no lock stalls the producer pipe": z3.Not(
            z3.If(for_tz, locked_out(ctx, s, "tz_tx", data=True), locked_out(ctx, s, "tx", data=True))
        ),
    }


def _deliver(ctx: Context, s: Step) -> None:
    with s.when(z3.Not(s["engine.pair_tz"])):
        consume(Channel(ctx, s, "tx"))


def _note_dump(ctx: Context, s: Step, done: bool) -> None:
    """What the result dump says of the operation that runs: whether it has OPERATION_DONE."""
    if ctx.dump_tells and not ctx.reads_back:
        with s.when(ctx.is_linux(s["engine.op"])):
            own = one_hot(resize(s["engine.op"] - 2, ctx.request_bits), ctx.bounds["requests"])
            before = s["engine.dump_ok"]
            s["engine.dump_ok"] = before | own if done else before & ~own


def _finish_actions(ctx: Context, guard: dict[str, Term], room: dict[str, Term]) -> None:
    b, s = ctx.builder, Step(ctx.space)
    source = "hardware.md 3: output and then the result dump go to the producer pipe"
    if ctx.assume["done_irq"] == "any-order":

        def dump(step: Step) -> None:
            _deliver(ctx, step)
            _note_dump(ctx, step, done=False)
            step["engine.dumped"] = True

        early = {"the result dump is not out": z3.Not(s["engine.dumped"])}
        b.action("engine.put_dump", "engine", guard | room | early, dump, source)
        room = {key: z3.Or(s["engine.dumped"], term) for key, term in room.items()}
    guard = guard | room
    if ctx.assume["busy_write"] != "fails":
        b.action("engine.finish", "engine", guard, _finish(ctx, failed=False), source)
    if ctx.assume["busy_write"] != "harmless":
        disturbed = {"a register write hit the running operation": s["engine.disturbed"]}
        b.action("engine.finish_failed", "engine", guard | disturbed, _finish(ctx, failed=True), source)
    if ctx.assume["busy_write"] == "fails":
        calm = {"no register write hit the running operation": z3.Not(s["engine.disturbed"])}
        b.action("engine.finish", "engine", guard | calm, _finish(ctx, failed=False), source)


def _finish(ctx: Context, failed: bool) -> Callable[[Step], None]:
    def finish(s: Step) -> None:
        if "engine.dumped" in ctx.space.variables:
            with s.when(z3.Not(s["engine.dumped"])):
                _deliver(ctx, s)
                _note_dump(ctx, s, done=not failed)
            s["engine.dumped"] = False
        else:
            _deliver(ctx, s)
            _note_dump(ctx, s, done=not failed)
        s["engine.status"] = s["engine.op"]
        s["engine.status_done"] = not failed
        if "engine.disturbed" in ctx.space.variables:
            s["engine.disturbed"] = False
        s["engine.op"] = 0
        s["engine.pair_tz"] = False
        s["engine.input"] = 0
        s["engine.output"] = False

    return finish
