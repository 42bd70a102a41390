"""What `trace_pipe` says of a run: the lines that the kprobes would have written, and lines of others between them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from proofs.recordings import probes
from proofs.recordings.log import Event, Log

PIPES = {"rx": 2, "tx": 3}
DEVICE = 0xFFFF000003D4A810
BAM = DEVICE - 16
FUNCTIONS = {
    "submit": "vchan_tx_submit",
    "issue": "bam_issue_pending",
    "interrupt": "process_channel_irqs",
    "work": "bam_dma_work",
    "terminate": "bam_dma_terminate_all",
    "status": "qce_check_status",
    "callback": "qce_aead_done",
    "finish": "qce_req_done_work",
}
HEAD = "\n".join(line for line in probes.text() if not line.startswith("#") and "dma_tasklet" not in line) + "\n"
MARK = "              sh-1       [000] ..... 9999.000000: tracing_mark_write: bamlock-end\n"


def line(moment: float, task: int, name: str, values: str = "", back: bool = False) -> str:
    """One line of a probe."""
    where = f"(bam_dma_irq+0x28/0x1b0 [bam_dma] <- {name})" if back else f"({name}+0x4/0x90 [bam_dma])"
    event = f"bl_{name}{'_ret' if back else ''}"
    return (
        f" kworker/u8:{task % 7}-{task:<7} [{task % 4:03}] d.h1. {moment:12.6f}: {event}: {where} {values}".rstrip()
        + "\n"
    )


def fetched(event: Event) -> tuple[str, str]:
    """What the probe of an event fetches, and its return probe."""
    channel = event.channel or "rx"
    match event.event:
        case "interrupt":
            return f"bam={BAM:#x}", f"srcs={1 << PIPES[channel]:#x}"
        case "work":
            return f"item={DEVICE + 640:#x}", ""
        case "status":
            return "", f"value={0 if event.done else -6}"
        case "submit" | "issue" | "terminate":
            return f"pipe={PIPES[channel]} device={DEVICE:#x}", ""
    return "", ""


def lines_of(place: int, event: Event, chance: random.Random, longest: float) -> Iterator[tuple[float, str]]:
    """The lines of an event that takes place ten units after the one before, each with its moment.

    `longest`: so many units before it its function is entered at most, and left behind it.
    """
    moment, task, name = place * 10.0 + 20, 100 + place, FUNCTIONS[event.event]
    begin, end = moment - chance.uniform(1, longest), moment + chance.uniform(1, longest)
    entry, back = fetched(event)
    if event.event == "finish":
        result = "qce_async_request_done"
        yield moment - 2, line(moment - 2, task, result, f"value={0 if event.ok else -6}")
        yield moment, line(moment, task, name)
    elif event.event == "callback":
        yield begin, line(begin, task, probes.TASKLET)
        yield end, line(end, task, name)
    else:
        yield begin, line(begin, task, name, entry)
        yield end, line(end, task, name, back, back=True)


def others(moments: int, chance: random.Random) -> Iterator[tuple[float, str]]:
    """Lines of other events, and of another BAM."""
    for _ in range(moments // 2):
        moment = chance.uniform(0, moments * 10)
        yield moment, f"          <idle>-0       [001] d..2. {moment:12.6f}: sched_switch: prev_comm=swapper/1\n"
        values = f"pipe=2 device={DEVICE + 4096:#x}"
        yield moment, line(moment, 99, "bam_issue_pending", values)
        yield moment, line(moment, 99, "bam_issue_pending", back=True)


def body(log: Log, seed: int, longest: float = 14) -> str:
    """The lines of a run, without what is at the head of the file and at its end; `longest` as for `lines_of`."""
    chance, found = random.Random(seed), list[tuple[float, str]]()
    for place, event in enumerate(log.events):
        if (event.event, event.channel) != ("work", "tx"):
            found += lines_of(place, event, chance, longest)
    return "".join(text for _, text in sorted([*found, *others(len(log.events), chance)], key=lambda item: item[0]))


def apart(log: Log) -> str:
    """The whole trace of a run in which no event overlaps another, without lines of others."""
    rows = body(log, 0, longest=4).splitlines(keepends=True)
    foreign = ("sched_switch", f"{DEVICE + 4096:#x}", "-99 ")
    return HEAD + "".join(row for row in rows if not any(word in row for word in foreign)) + MARK


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """A text with each key replaced by its value once; fails if one is not there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
