"""Mainline's NAND driver on bam_dma: NWD on EXEC, the status read behind it, and what its time-out leaves.

Source: dossier `other-users.md` 8. EXEC is GO here; the command channel is rx, the one that the page comes on is tx.
Left out, and why no property can see it:
- Of NAND all but reading a page of one code word. Its third channel, for data that goes out, has nothing on it then.
  Writing a page has its data there instead, on a pipe of Linux without commands: to every lock what the pipe of the
  other direction is, and outside of every bracket as that is.
- That all is prepared before anything is submitted: submitting does nothing that hardware or another context sees.
- The two descriptors before EXEC, read locations and flash command: register writes both, one behind the other.
- When 2 s are over: steps are ordered here, not timed. They may be over whenever the other EE's lock stalls the
  commands, or an operation has begun and not ended, as if it hung; nothing else takes long.
- The callback of a request that was given up: if it comes before the next one begins to write its commands, that
  forgets it (reinit_completion); if later, it wakes the next one.
- What the reads of a request that was given up put where the next one's go, once that has rewritten the commands: the
  rewriting is what `buffer-stable` is about; here the read puts STATUS there.
The interrupt of one channel may be served any number of requests before that of the other, so that without a bound on
requests (`endless`) no list of the data channel is long enough: unknown there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import z3

from model.channel import TXN, Channel, one_hot, request_number
from model.context import Context
from model.driver import submit
from model.hardware.pipes import locked_out
from model.language.system import Step

LAST_COMMAND = "the rx channel's desc_completed has a request's last command"
WAITS = "the client waits for its completion"


def _prep_status(ctx: Context, s: Step) -> None:
    submit(ctx, Channel(ctx, s, "rx"), TXN.DATA, 1, request_number(ctx, s))


def _take_status(ctx: Context, s: Step) -> None:
    s.emit("status_taken")
    own = one_hot(request_number(ctx, s), ctx.bounds["requests"])
    s["client.ok"] = s["engine.dump_ok"] & own != 0


def actions(ctx: Context, waits: int, woken: int, given_up: int) -> None:
    """The callback of the last command, which wakes the client, and the time-out if the version has one.

    Positions in the client's program: where it waits, where it goes on once it is woken, and where after a time-out.
    """
    s = Step(ctx.space)

    def wake(step: Step) -> None:
        step["rx.desc_completed"] = False
        step["client.pc"] = woken

    guard = {LAST_COMMAND: s["rx.desc_completed"], WAITS: s["client.pc"] == waits}
    source = "virt-dma.c: vchan_complete; qpic_common.c: qcom_qpic_bam_dma_done"
    ctx.builder.action("driver.complete_command", "callback", guard, wake, source)
    if ctx.gives_up:
        _time_out(ctx, waits, given_up)
        _late_callback(ctx, waits)


def _time_out(ctx: Context, waits: int, given_up: int) -> None:
    s = Step(ctx.space)

    def give_up(step: Step) -> None:
        step["client.pc"] = given_up

    guard = {
        WAITS: s["client.pc"] == waits,
        "its last command is not completed": z3.Not(s["rx.desc_completed"]),
        "the other EE's lock stalls the commands, or an operation of Linux has not ended": z3.Or(
            locked_out(ctx, s, "rx"), ctx.is_linux(s["engine.op"])
        ),
    }
    ctx.builder.action("client.give_up", "client", guard, give_up, "qpic_common.c: qcom_submit_descs, -ETIMEDOUT")


def _late_callback(ctx: Context, waits: int) -> None:
    s = Step(ctx.space)

    def forget(step: Step) -> None:
        step["rx.desc_completed"] = False

    between = z3.Or(s["client.pc"] == 0, z3.UGT(s["client.pc"], waits))
    guard = {LAST_COMMAND: s["rx.desc_completed"], "the next request has not begun": between}
    source = "qpic_common.c: qcom_clear_bam_transaction, reinit_completion"
    ctx.builder.action("driver.complete_command_late", "callback", guard, forget, source)


STEPS: Mapping[str, tuple[str, Callable[[Context, Step], None], str]] = {
    "read-back": ("client.prep_status", _prep_status, "qpic_common.c: qcom_read_reg_dma, qcom_prep_bam_dma_desc_cmd"),
    "dump": ("client.take_status", _take_status, "qcom_nandc.c: the status words in reg_read_buf"),
}
"""The steps that this client does otherwise: the action's name, what it does, the source."""
