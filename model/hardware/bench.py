"""The hardware without any driver: a free writer puts in descriptors, rings doorbells and accesses registers.

What it may do is `INSTRUCTIONS`; `length` of them at most, in any order. The hardware is that of the model, all of it.
Left out, and what follows for the searches on it:
- A descriptor has a doorbell of its own. Hardware may execute it at once or later, so whether some share one no reading
  can tell.
- Each command has INT, each data descriptor EOT; interrupts of the consumer pipe are not looked at: its read offset is,
  which moves in the same step.
- NWD is on data only; register writes are all of the configuration or GO, as everywhere in the model.
- At most `MOST` of some, since lists of the model are short; programs beyond are not searched.
- The other user of the engine has its request's descriptors in their order, with a doorbell for each that the writer
  rings (`other`), so that its software is the experimenter's, too.
- Of STATUS busy and OPERATION_DONE are read: its bit 17 is not in the model, nor are errors. Data is not looked at.
- `look` waits until nothing moves any more, as long as that may take. That hardware is at rest then, on a board, only a
  long time can say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import z3

from model import other_ee
from model.channel import HW, Channel
from model.context import Context
from model.hardware import bam, crypto_engine, pipes
from model.language.queues import Queue
from model.language.system import Action, Step, Term, TransitionSystem, width_of
from model.subject import Subject

MOST: Mapping[str, int] = {"lock": 3, "data": 2, "output": 2}
INSTRUCTIONS: Mapping[str, str] = {
    "lock": "a CMD descriptor with LOCK, a dummy write, into the consumer ring",
    "unlock": "a CMD descriptor with UNLOCK, a dummy write, into the consumer ring",
    "configure": "a CMD descriptor that writes the configuration, into the consumer ring",
    "go": "a CMD descriptor that writes GOPROC, into the consumer ring",
    "data": "a data descriptor with EOT into the consumer ring",
    "data-nwd": "a data descriptor with EOT and NWD into the consumer ring",
    "output": "the two descriptors for output and result dump into the producer ring",
    "reset": "P_RST of the consumer pipe",
    "cpu-configure": "the configuration written by CPU",
    "cpu-go": "GOPROC written by CPU",
    "other": "one more doorbell for the other user's LOCK, CMD, GO, DATA with NWD, UNLOCK",
    "status": "STATUS read by CPU",
    "look": "wait until nothing moves any more; read offsets and interrupt status read",
    "await": "wait for the producer pipe's interrupt, or until nothing moves any more",
}
"""What the writer can do; the last three, and accesses by CPU, tell it something."""
PREFIX = "bench."
LEFT, GRANTED = "bench.left", "other.doorbells"
_PUTS: Mapping[str, tuple[int, int]] = {
    "lock": (HW.LOCK, 0),
    "unlock": (HW.UNLOCK, 0),
    "configure": (HW.CONFIGURE, 0),
    "go": (HW.GO, 0),
    "data": (HW.DATA, 0),
    "data-nwd": (HW.DATA, 1),
}


def bench(subject: Subject, length: int) -> TransitionSystem:
    """The hardware under a subject's assumptions and lock groups, and a writer with `length` instructions.

    An instruction is an action `bench.NAME`, of `await` one each for the interrupt that came and that did not; where
    nothing can be told of a state any more it differs in no variable that is kept.
    """
    ring = max(length, 2 * MOST["output"])
    ctx = Context(replace(subject, bounds={**subject.bounds, "ring": ring}))
    for part in (pipes, crypto_engine, other_ee):
        part.declare(ctx)
    ctx.space.add(LEFT, width_of(length + 1), length)
    for name, most in MOST.items():
        ctx.space.add(f"bench.{name}s", width_of(most + 1), most)
    ctx.space.add(GRANTED, width_of(length + 1))
    for actions in (
        bam.lock_actions,
        bam.command_actions,
        bam.data_actions,
        crypto_engine.engine_actions,
        other_ee.actions,
    ):
        actions(ctx)
    hardware = [_by_doorbell(ctx, action) for action in ctx.builder.actions if action.name != "tz.queue_request"]
    ctx.builder.actions = []
    _write(ctx)
    _read(ctx, z3.Not(z3.Or(*(action.enabled for action in hardware))))
    return TransitionSystem("bench", ctx.space, (*hardware, *ctx.builder.actions))


def _by_doorbell(ctx: Context, action: Action) -> Action:
    """An action of the hardware: the other user's descriptors only as far as doorbells have been rung for them.

    What waits for its turn to lock is not what software has queued but what a doorbell has been rung for.
    """
    s = Step(ctx.space)
    guard, updates = dict(action.guard), dict(action.updates)
    if "tz.queued" in ctx.space.variables:
        waits = z3.And(s[GRANTED] != 0, s["tz.pc"] == other_ee.PC.idle)
        guard = {key: z3.substitute(term, (s["tz.queued"], waits)) for key, term in guard.items()}
        updates.pop("tz.queued", None)
    if action.actor == "tz" and action.executes_descriptor:
        guard["its doorbell has been rung"] = s[GRANTED] != 0
        updates[GRANTED] = z3.simplify(s[GRANTED] - 1)
    return replace(action, guard=guard, updates=updates)


def _instruction(
    ctx: Context, name: str, body: Callable[[Step], None], guard: Mapping[str, Term] | None = None
) -> None:
    s, kind = Step(ctx.space), name.split("-")[0]
    most = f"bench.{kind}s" if kind in MOST else None
    allowed = {"the program is not at its end": s[LEFT] != 0}
    if most:
        allowed["there may be more of these"] = s[most] != 0

    def run(step: Step) -> None:
        step[LEFT] = step[LEFT] - 1
        if most:
            step[most] = step[most] - 1
        body(step)

    ctx.builder.action(PREFIX + name, "client", {**allowed, **(guard or {})}, run, "hardware.md 1, 2")


def _write(ctx: Context) -> None:
    """The instructions that tell nothing but whether an access by CPU aborts."""

    def put(kind: int, nwd: int) -> Callable[[Step], None]:
        return lambda step: Queue(step, "rx.ring").push_back(hw=kind, nwd=nwd)

    def output(step: Step) -> None:
        ring = Queue(step, "tx.ring")
        ring.push_back()
        ring.push_back(int=1)

    def ring_other(step: Step) -> None:
        step[GRANTED] = step[GRANTED] + 1

    for name, (kind, nwd) in _PUTS.items():
        _instruction(ctx, name, put(kind, nwd))
    _instruction(ctx, "output", output)
    _instruction(ctx, "reset", lambda step: pipes.reset_pipe(ctx, Channel(ctx, step, "rx")))
    own = ctx.owner["linux-1"]
    _instruction(ctx, "cpu-configure", _by_cpu(ctx, lambda step: crypto_engine.write_config(ctx, step, own)))
    _instruction(ctx, "cpu-go", _by_cpu(ctx, lambda step: crypto_engine.write_go(ctx, step, own)))
    if ctx.assume["other_ee"] != "absent":
        _instruction(ctx, "other", ring_other)


def aborts(ctx: Context, s: Step) -> Term:
    """Whether an access by CPU ends in an external abort, and the program with it."""
    if ctx.assume["locked_cpu_access"] != "aborts" or ctx.assume["other_ee"] == "same-ee":
        return z3.BoolVal(False)
    return s["lock.tz"]


def _by_cpu(ctx: Context, body: Callable[[Step], None]) -> Callable[[Step], None]:
    def access(step: Step) -> None:
        dead = aborts(ctx, step)
        with step.when(z3.Not(dead)):
            body(step)
        with step.when(dead):
            step[LEFT] = 0

    return access


def _read(ctx: Context, rest: Term) -> None:
    """The instructions that read. What they read is what the state before them says."""
    s = Step(ctx.space)

    def nothing(_: Step) -> None:
        pass

    def clear(step: Step) -> None:
        step["tx.irq"] = False

    still = {"nothing moves any more": rest}
    _instruction(ctx, "status", _by_cpu(ctx, nothing))
    _instruction(ctx, "look", nothing, still)
    _instruction(ctx, "await", clear, {"the interrupt has come": s["tx.irq"]})
    _instruction(ctx, "await_2", nothing, still | {"it has not": z3.Not(s["tx.irq"])})
