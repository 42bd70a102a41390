"""An experiment as a table for whoever writes it as a kernel module: descriptors, doorbells, what to read and conclude.

One way through the model on which the run comes about, step by step, also those of the hardware and of the other EE:
they are what has to happen meanwhile, and are not seen. A row for each word that is written or read. Left out, and what
the reader has to put in:
- Addresses, sizes of data and the values of the registers: the words say what is there.
- The number of command elements: a CMD descriptor may hold any number, or there may be one descriptor for each.
- The ring's end: descriptors are counted from the pipe's reset on, and the doorbell is eight bytes for each. A step in
  which the model's small ring is lapped is told as such, without its descriptors.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.channel import HW
from model.language.system import Action
from model.protocol import build
from model.subject import Subject
from model.vocabulary import actor, kind_of, wording
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Outgoing
from proofs.recordings.events import events
from proofs.recordings.log import CHANNELS, Event
from proofs.recordings.telling import Task, Telling, tell

COLUMNS = (
    *(
        "version",
        "assumption",
        "value",
        "other",
        "step",
        "by",
        "does",
        "pipe",
        "descriptor",
        "address",
        "size",
        "flags",
    ),
    *("bits", "register", "access", "content", "means"),
)
SLOT = 8  # bytes of a descriptor: address (32 bits), size, flags (16 bits each)
BITS = {"INT": 1 << 15, "EOT": 1 << 14, "NWD": 1 << 12, "CMD": 1 << 11, "LOCK": 1 << 10, "UNLOCK": 1 << 9}
COMMANDS = {
    HW.CONFIGURE: "command elements: the registers but GOPROC",
    HW.GO: "a command element: GOPROC",
    HW.REQUEST: "command elements: the registers, GOPROC last",
    HW.STATUS: "command elements: reads of the status registers",
}
DUMMIES = {
    "read-status2": "a command element: read of STATUS2",
    "write-auth-seg-cfg": "a command element: AUTH_SEG_CFG = 0",
    "write-version": "a command element: VERSION = 0",
    "config-reset": "a command element: CONFIG = its reset value",
    "status-reset": "a command element: STATUS = 0",
    "status-read": "a command element: read of FLASH_STATUS",
}
"""What a LOCK or UNLOCK that is a descriptor of its own accesses, by the axis `dummy`."""
IN_MEMORY = {"client.read_dump": "STATUS in the result dump", "client.take_status": "STATUS where it was read to"}
_CPU = {"client.cpu_configure": "the registers but GOPROC", "client.cpu_go": "GOPROC"}

Row = dict[str, str]


@dataclass(frozen=True)
class _Taken:
    """A step of the way: the state before it, the action, the state after it, which event of the run it is, if any."""

    before: Mapping[str, int]
    action: Action
    after: Mapping[str, int]
    event: Event | None


def tables(task: Task) -> list[tuple[Telling, list[Row]]]:
    """For each other value what tells, and the rows of that, none if there is no run."""
    return [(item, rows(task, item) if item.run else []) for item in tell(task)]


def rows(task: Task, item: Telling) -> list[Row]:
    """The rows of a run."""
    run = item.run or ()
    found: list[Row] = []
    written = dict.fromkeys(CHANNELS, 0)
    subject = task.subject.assuming({**task.subject.assumptions, task.key: task.value})
    for number, step in enumerate(_way(subject, run), 1):
        name = step.action.name
        common = {"step": str(number), "by": actor(step.action.actor).name, "does": wording(name).does}
        words = list(_words(subject, step, written)) or [{}]
        found += [common | word for word in words]
    if found:
        found[-1]["means"] = f"{task.key} is not {item.other}; if this is not seen: nothing"
    return found


def text(task: Task, found: Sequence[tuple[Telling, Sequence[Row]]], head: bool) -> str:
    """The rows as CSV, with the names of the columns if `head`; a row that says so where no run tells."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    if head:
        writer.writeheader()
    for item, own in found:
        subject = {"version": task.subject.version, "assumption": task.key}
        name = subject | {"value": task.value, "other": item.other}
        none = f"not known: {item.reason}" if item.reason else f"no run tells: all {item.pairs} pairs were looked at"
        writer.writerows(name | row for row in (own or [{"means": none}]))
    return out.getvalue()


def _way(subject: Subject, run: Sequence[Event]) -> Iterator[_Taken]:
    """The shortest way on which the recorded events are those of the run."""
    system = build(subject).system
    space = Explorer(system).explore({})
    known, number = events(system, space)
    out = Outgoing(space.states.shape[1], space.edges)
    code = number[out.order].tolist()
    for state, edge in _edges(out, code, [known.index(event) for event in run]):
        event = known[code[edge]] if code[edge] >= 0 else None
        yield _Taken(
            space.layout.unpack(space.states[:, state]),
            system.actions[int(out.action[edge])],
            space.layout.unpack(space.states[:, int(out.destination[edge])]),
            event,
        )


def _edges(out: Outgoing, code: Sequence[int], wanted: Sequence[int]) -> list[tuple[int, int]]:
    """That way as states and the transitions that leave them."""
    first, destination = out.first.tolist(), out.destination.tolist()
    origin: dict[tuple[int, int], tuple[tuple[int, int], int] | None] = {(0, 0): None}
    waiting = deque(origin)
    while waiting:
        here = place, state = waiting.popleft()
        if place == len(wanted):
            break
        for edge in range(first[state], first[state + 1]):
            onward = (place + (code[edge] >= 0), destination[edge])
            if code[edge] in (-1, wanted[place]) and onward not in origin:
                origin[onward] = (here, edge)
                waiting.append(onward)
    way = []
    step = origin[here]
    while step is not None:
        way.append((step[0][1], step[1]))
        step = origin[step[0]]
    return way[::-1]


def _words(subject: Subject, step: _Taken, written: dict[str, int]) -> Iterator[Row]:
    """What software writes and reads in a step; `written` counts the descriptors of each pipe since its reset."""
    if step.action.name in _CPU:
        yield {"register": _CPU[step.action.name], "access": "write"}
    for pipe in CHANNELS:
        yield from _descriptors(subject, step, pipe, written)
    if step.event is None:
        return
    pipe = step.event.channel or ""
    match step.event.event:
        case "terminate" if step.before[f"{pipe}.desc_list.len"]:
            written[pipe] = 0
            yield {"pipe": pipe, "register": "P_RST", "access": "write", "content": "1, then 0"}
        case "interrupt":
            yield {"pipe": pipe, "register": "P_IRQ_STTS", "access": "read", "content": "not 0; write it to P_IRQ_CLR"}
            offset = SLOT * (written[pipe] - step.before[f"{pipe}.ring.len"])
            yield {"pipe": pipe, "register": "P_SW_OFSTS", "access": "read", "content": f"{offset:#x}"}
        case "status":
            where = IN_MEMORY.get(kind_of(step.action.name), "STATUS")
            value = "OPERATION_DONE, no error" if step.event.done else "an error, or no OPERATION_DONE"
            yield {"register": where, "access": "read", "content": value}


def _descriptors(subject: Subject, step: _Taken, pipe: str, written: dict[str, int]) -> Iterator[Row]:
    """What comes into a pipe's ring, and the doorbell for it."""
    before, after = step.before[f"{pipe}.ring.len"], step.after[f"{pipe}.ring.len"]
    if _lapped(subject, step, pipe):
        yield {"pipe": pipe, "means": "the ring is lapped: its descriptors are not told"}
        return
    for place in range(before, after):
        yield {"pipe": pipe, "descriptor": str(written[pipe]), **_descriptor(subject, step.after, pipe, place)}
        written[pipe] += 1
    if after > before:
        content = f"{SLOT * written[pipe]:#x}"
        yield {"pipe": pipe, "register": "P_EVNT_REG", "access": "write", "content": content}


def _lapped(subject: Subject, step: _Taken, pipe: str) -> bool:
    """Whether more comes into the ring than is in it then: tail has moved otherwise, or back to where it was.

    The vendor's layer refuses what does not fit, and its tail is not in the model.
    """
    tail, listed = f"{pipe}.tail", f"{pipe}.desc_list.len"
    if subject.axes["layer"] == "sps" or (step.event and step.event.event == "terminate"):
        return False
    came = max(step.after[f"{pipe}.ring.len"] - step.before[f"{pipe}.ring.len"], 0)
    moved = (step.after[tail] - step.before[tail]) % subject.bounds["ring"]
    return moved != came or (came == 0 and step.after[listed] > step.before[listed])


def _descriptor(subject: Subject, state: Mapping[str, int], pipe: str, place: int) -> Row:
    """The words of one descriptor."""
    bits = {name.upper() for name in ("int", "eot", "nwd") if state.get(f"{pipe}.ring.{name}", 0) >> place & 1}
    kind = state["rx.ring.hw"] >> place * HW.width & (1 << HW.width) - 1 if pipe == "rx" else HW.DATA
    if kind == HW.DATA:
        row = {"address": "input" if pipe == "rx" else "output, the result dump last", "size": "its bytes"}
        bits |= {"EOT"} if "NWD" in bits else set()  # NWD is legal only with EOT or CMD
    else:
        rides = kind == HW.LOCK and subject.axes["lock"] == "request"
        what = COMMANDS[HW.CONFIGURE] if rides else COMMANDS.get(kind) or DUMMIES[str(subject.axes["dummy"])]
        row = {"address": what, "size": "16 for each element"}
        locks = {HW.LOCK: {"LOCK"}, HW.REQUEST: {"LOCK"}, HW.UNLOCK: {"UNLOCK"}}
        bits |= {"CMD"} | locks.get(kind, set())
    named = [name for name in BITS if name in bits]
    return row | {"flags": f"{sum(BITS[name] for name in named):#06x}", "bits": " ".join(named)}
