"""Logs as files: JSON, one object a line. What the software of Linux did, in order; what the hardware did is not in it.

The first line says which events were recorded at all: `{"log": 1, "records": ["issue", "work rx"]}`, a channel behind
those of which only its own were. Then a line for each event: `time` in any unit, never going back, `event`, `channel`
for those that have one, and what else is known: `cpu`, and the attributes of `ATTRIBUTES`. With `since`, the event took
place at some moment from there to `time`, and its order with what happened in between is not known. The last line is
`{"end": N}`, N being the number of events: a log without it has been cut off. `run`, if the lines have it, is the same
in all of them.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from counterexamples.documents import DocumentError, quoted, read_document

NEED = "a log: JSON, one object a line, as `conform --make` writes it"
CHANNELS = ("rx", "tx")
EVENTS: Mapping[str, str] = {
    "submit": "the client prepares and submits a transaction (vchan_tx_submit)",
    "issue": "the client issues a channel (bam_issue_pending)",
    "interrupt": "the interrupt serves a channel (process_channel_irqs)",
    "work": "the work item serves a channel (bam_dma_work)",
    "callback": "the completion callback of a request begins (vchan_complete)",
    "terminate": "the client terminates a channel (bam_dma_terminate_all)",
    "status": "STATUS of a request is looked at (qce_check_status)",
    "finish": "a request is finished",
}
"""What can be recorded, and when."""
WITHOUT_CHANNEL = ("status", "finish")
ATTRIBUTES: Mapping[str, tuple[str, type, str]] = {
    "wrote": ("issue work", str, "what came into the ring of rx, as 'LOCK CMD DATA UNLOCK', each kind once in a row"),
    "reaped": ("interrupt", int, "how many transactions left desc_list"),
    "done": ("status", bool, "whether STATUS has OPERATION_DONE and no error"),
    "ok": ("finish", bool, "whether the request was successful"),
}
"""What may be known of an event: of which events, its type, and what it says."""
MOST_OVERLAP = 16  # so many events before it may one overlap: each order of them is tried


@dataclass(frozen=True)
class Event:
    """One event as far as it was recorded; an attribute that is None is not known."""

    event: str
    channel: str | None = None
    wrote: str | None = None
    reaped: int | None = None
    done: bool | None = None
    ok: bool | None = None

    def __str__(self) -> str:
        known = {key: getattr(self, key) for key in ATTRIBUTES if getattr(self, key) is not None}
        rest = [f"{key}={json.dumps(value)}" for key, value in known.items()]
        return " ".join([self.event, *([self.channel] if self.channel else []), *rest])

    def fits(self, other: Event) -> bool:
        """Whether this, of which not all need be known, can be `other`, of which all is."""
        return all(mine in (None, getattr(other, key)) for key, mine in vars(self).items())


@dataclass(frozen=True)
class Log:
    """A recorded run: which kinds of events were recorded, and the events.

    `lines`: the line of each in its file; `ended`: whether the log says that it is whole. `after`: by the place of an
    event how many of the first events came before it for certain, all before its place if it is not there.
    """

    records: frozenset[str]
    events: tuple[Event, ...]
    lines: tuple[int, ...]
    ended: bool
    after: Mapping[int, int] = field(default_factory=dict)

    def to_text(self) -> str:
        """The log as a file, the time being the number of the event."""
        rows = []
        for time, event in enumerate(self.events):
            known = {key: value for key, value in vars(event).items() if value is not None}
            rows.append({"time": time, **({"since": self.after[time]} if time in self.after else {}), **known})
        return written(self.records, rows, self.ended)


def written(records: Collection[str], rows: Sequence[Mapping[str, object]], ended: bool) -> str:
    """The text of a log of such lines; without its last one if it has not `ended`."""
    names = [name for event in EVENTS for name in (event, *(f"{event} {channel}" for channel in CHANNELS))]
    head = {"log": 1, "records": [name for name in names if name in records]}
    end = [{"end": len(rows)}] if ended else []
    return "".join(json.dumps(row) + "\n" for row in (head, *rows, *end))


def recorded(event: str, channel: str | None, records: Collection[str]) -> bool:
    """Whether a log that records these has each such event of such a channel."""
    return event in records or f"{event} {channel}" in records


def read(path: Path) -> Log:
    """The log in a file; raises DocumentError, with the line that is wrong."""
    return read_document(path, parse, NEED)


def parse(text: str) -> Log:
    """The log in a file's text; raises DocumentError."""
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            reader.take(number, _object(line))
        except ValueError as error:
            raise DocumentError(f"line {number}: {error}") from None
    if reader.records is None:
        raise DocumentError(f"it is empty; need {NEED}")
    return Log(reader.records, tuple(reader.events), tuple(reader.lines), reader.ended, reader.after)


def _object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON, or cut off ({error.msg}); need {NEED}") from None
    except (RecursionError, ValueError):
        raise ValueError(f"a value in it is too long or nested too deep; need {NEED}") from None
    if not isinstance(row, dict):
        raise ValueError(f"is {quoted(row)}; need an object")
    return row


class _Reader:
    """What was read so far. `take` raises ValueError for a line that cannot follow."""

    def __init__(self) -> None:
        self.records: frozenset[str] | None = None
        self.events: list[Event] = []
        self.lines: list[int] = []
        self.after: dict[int, int] = {}
        self.ended = False
        self._times: list[float] = []
        self._run: object = None
        self._known: dict[tuple[tuple[str, object], ...], Event] = {}

    def take(self, number: int, row: dict[str, Any]) -> None:
        """The next line."""
        if self.ended:
            raise ValueError("comes after the end; two logs in one file? need one")
        if self.records is None:
            self.records = _records(row)
        elif "end" in row:
            if row != {"end": len(self.events)} or isinstance(row["end"], bool):
                raise ValueError(f"says that {quoted(row['end'])} events were recorded; there are {len(self.events)}")
            self.ended = True
        else:
            self._demand_order(row)
            self.events.append(self._event(row))
            self.lines.append(number)

    def _demand_order(self, row: dict[str, Any]) -> None:
        time, run = row.pop("time", None), row.pop("run", None)
        if not _is_number(time):
            raise ValueError(f"time is {quoted(time)}; need a number")
        if self._times and time < self._times[-1]:
            raise ValueError(f"time goes back from {self._times[-1]} to {time}; need the lines in order, of one log")
        if self._times and run != self._run:
            raise ValueError(f"is of run {quoted(run)}, the lines before of {quoted(self._run)}; need one log")
        if "since" in row:
            self._note_since(row.pop("since"), time)
        self._times.append(time)
        self._run = run
        cpu = row.pop("cpu", 0)
        if isinstance(cpu, bool) or not isinstance(cpu, int) or cpu < 0:
            raise ValueError(f"cpu is {quoted(cpu)}; need a number from 0 on")

    def _note_since(self, since: Any, time: float) -> None:
        if not _is_number(since) or since > time:
            raise ValueError(f"since is {quoted(since)}; need a number, at most that of time")
        place, certain = len(self._times), bisect_left(self._times, since)
        if certain < place - MOST_OVERLAP:
            raise ValueError(f"since reaches back over {place - certain} events; need at most {MOST_OVERLAP}")
        if certain < place:
            self.after[place] = certain

    def _event(self, row: dict[str, Any]) -> Event:
        key = tuple((name, quoted(value)) for name, value in row.items())
        if key not in self._known:
            self._known[key] = _checked(row, self.records or frozenset())
        return self._known[key]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _records(row: dict[str, Any]) -> frozenset[str]:
    names = row.get("records")
    if row.get("log") != 1 or row.keys() != {"log", "records"} or not isinstance(names, list) or not names:
        raise ValueError(f'need first {{"log": 1, "records": [...]}} with some of: {", ".join(EVENTS)}')
    for name in names:
        event, _, channel = name.partition(" ") if isinstance(name, str) else (name, "", "")
        if event not in EVENTS or (channel and (channel not in CHANNELS or event in WITHOUT_CHANNEL)):
            raise ValueError(f"{quoted(name)} is no event; need some of: {', '.join(EVENTS)}")
    return frozenset(names)


def _checked(row: dict[str, Any], records: frozenset[str]) -> Event:
    name, channel = row.get("event"), row.get("channel")
    if name not in EVENTS:
        raise ValueError(f"{quoted(name)} is no event; need one of: {', '.join(EVENTS)}")
    if (channel is None) != (name in WITHOUT_CHANNEL) or channel not in (None, *CHANNELS):
        need = "none" if name in WITHOUT_CHANNEL else " or ".join(CHANNELS)
        raise ValueError(f"channel of {name} is {quoted(channel)}; need {need}")
    if not recorded(str(name), channel, records):
        raise ValueError(f"{name} is not among what the first line says is recorded")
    for key, value in row.items():
        if key in ("event", "channel"):
            continue
        of, kind, _ = ATTRIBUTES.get(key, ("", str, ""))
        if name not in of.split():
            mine = [known for known, item in ATTRIBUTES.items() if name in item[0].split()]
            raise ValueError(f"{name} has no {quoted(key)}; need of {', '.join(['time, since, cpu, run', *mine])}")
        if type(value) is not kind:
            raise ValueError(f"{key} is {quoted(value)}; need {kind.__name__}")
    return Event(**row)
