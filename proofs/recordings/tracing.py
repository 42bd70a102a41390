"""From the text of `trace_pipe` to a log: which events the lines of the kprobes are, and when each took place.

The file begins with what `kprobe_events` says, so that what was recorded need not be guessed. The time of an event is
the number of its line: ftrace sorts lines by a clock that is finer than the time it prints. Left out, and why no log is
rejected for it that should be accepted:
- What came into the ring, and how much was reaped: a log need not know it.
- Where in its function a section under vc.lock lies: an event took place since the entry, until the return.
- The work item's turn at tx: whether it finds something there is not seen, so it is not recorded. Nor is its turn at rx
  where a pipe that is neither has interrupts, which queue it, too.
- Whose callback, STATUS or request it is: there is one engine.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from counterexamples.documents import DocumentError, quoted
from proofs.recordings.log import EVENTS, written
from proofs.recordings.probes import BACK, BY_SYMBOL, END, GROUP, PREFIX, TASKLET, Probe, fields

NEED = "what `kprobe_events` says, then what `trace_pipe` does, as `convert --probes` explains"
COMMON = 16  # the offset of bam_device.common, which is dma_chan.device, for 64 bits
ENXIO, EBADMSG = -6, -74

_DEFINED = re.compile(r"[pr]\d*:(\w+)/(\w+)\s+(?:\w+:)?(\w+)")
# task-pid, its thread group if that is asked for, [cpu], flags unless they are turned off, time
_LINE = re.compile(r"\s*.{1,16}?-(\d+)\s+(?:\([ \d-]+\)\s+)?\[(\d+)\]\s+(?:[^\s:]+\s+)?(\d+(?:\.\d+)?): (.*)")
_OURS = re.compile(rf"({PREFIX}\w+): \(([^)]*)\)(.*)")
_LOST = re.compile(r"CPU:(\d+) \[LOST (?:\d+ )?EVENTS\]")
_WRITTEN = re.compile(r"# entries-in-buffer/entries-written: (\d+)/(\d+)")


@dataclass(frozen=True)
class Converted:
    """A log as text; how many lines of others were skipped; why it is cut off, or nothing."""

    text: str
    events: int
    skipped: int
    cut: str


@dataclass(frozen=True)
class _Seen:
    """Something that took place from line `since` to line `time`: what the probe is of, and what was fetched."""

    since: int
    time: int
    cpu: int
    probe: Probe
    values: Mapping[str, int]


@dataclass
class _Trace:
    """What was read so far. `take` raises ValueError for a line that cannot follow."""

    defined: set[str] = field(default_factory=set)
    seen: list[_Seen] = field(default_factory=list)
    skipped: int = 0
    cut: str = ""
    known_until: int = 0  # the line up to which nothing is lost, once `cut` says that something is
    ended: bool = False
    _open: dict[tuple[int, int, str], list[_Seen]] = field(default_factory=dict)
    _last: dict[int, int] = field(default_factory=dict)
    _tasklet: dict[tuple[int, int], int] = field(default_factory=dict)
    _clock: float = -1.0

    def take(self, number: int, line: str) -> None:
        """The next line."""
        if lost := _LOST.fullmatch(line):
            cpu = int(lost[1])
            self.cut, self.known_until = f"line {number}: events of CPU {cpu} are lost", self._last.get(cpu, 0)
        elif overwritten := _WRITTEN.match(line):
            if overwritten[1] != overwritten[2]:
                self.cut = f"line {number}: the first of {overwritten[2]} events are lost"
        elif found := _LINE.fullmatch(line):
            self._event(number, found)
        elif defined := _DEFINED.match(line):
            self._define(defined)
        elif line.strip() and not line.lstrip().startswith(("#", "=>")):
            raise ValueError(f"is {quoted(line)}; need a line of trace_pipe")

    def _define(self, found: re.Match[str]) -> None:
        group, name, symbol = found.groups()
        if self._last:
            raise ValueError("defines a probe behind the first event; two recordings in one file? need one")
        if group == GROUP:
            if name.removeprefix(PREFIX).removesuffix(BACK) != symbol or symbol not in BY_SYMBOL:
                raise ValueError(f"{name} is on {symbol}; need the probes that `convert --probes` prints")
            self.defined.add(name)

    def _event(self, number: int, found: re.Match[str]) -> None:
        pid, cpu, clock, rest = int(found[1]), int(found[2]), float(found[3]), found[4]
        if clock < self._clock:
            raise ValueError(f"time goes back to {found[3]}; need the lines in order, of one recording")
        self._clock, self._last[cpu] = clock, number
        if rest.rstrip() == f"tracing_mark_write: {END}":
            self.ended = True
        elif rest.startswith(PREFIX):
            self._ours(number, (pid, cpu), rest)
        else:
            self.skipped += 1

    def _ours(self, number: int, place: tuple[int, int], rest: str) -> None:
        found = _OURS.fullmatch(rest)
        name = found[1] if found else rest.partition(":")[0]
        symbol, back = name.removeprefix(PREFIX).removesuffix(BACK), name.endswith(BACK)
        if found is None or symbol not in BY_SYMBOL:
            raise ValueError(f"is no line of the probe {quoted(name)}; need NAME: (FUNCTION) KEY=VALUE...")
        if name not in self.defined:
            raise ValueError(f"{name} is not among the probes at the head of the file; need {NEED}")
        probe, (pid, cpu) = BY_SYMBOL[symbol], place
        values = _values(name, (probe.back or "") if back else probe.fetch, found[3])
        # the idle task of each CPU has the number 0; an interrupt has that of the task that it meets
        task = (pid, cpu if pid == 0 else -1)
        open_ones = self._open.setdefault((*task, symbol), [])
        if back:
            if not open_ones:
                raise ValueError(f"{name} without its entry before it; need a driver that is idle at the beginning")
            entry = open_ones.pop()
            self.seen.append(_Seen(entry.since, number, cpu, probe, {**entry.values, **values}))
        elif probe.back is not None:
            open_ones.append(_Seen(number, number, cpu, probe, values))
        elif probe.event == "tasklet":
            self._tasklet[task] = number
        else:
            since = self._tasklet.get(task, number) if probe.event == "callback" else number
            self.seen.append(_Seen(since, number, cpu, probe, values))

    def known(self) -> list[_Seen]:
        """What took place for certain before anything is missing, by the line of its end."""
        missing = [entry for entries in self._open.values() for entry in entries]
        kept = list(self.seen)
        if self.cut:
            missing += [one for one in kept if one.time > self.known_until]
        elif missing:
            first = min(missing, key=lambda entry: entry.since)
            self.cut = f"line {first.since}: {' or '.join(first.probe.symbols)} does not return"
        while kept and missing and kept[-1].time >= min(entry.since for entry in missing):
            missing.append(kept.pop())
        return kept


def _values(name: str, fetch: str, text: str) -> dict[str, int]:
    found = dict(item.partition("=")[::2] for item in text.split())
    values = {}
    for key in fields(fetch):
        if key not in found:
            raise ValueError(f"{name} has no {key}; need {fetch}")
        try:
            values[key] = int(found[key], 0)
        except ValueError:
            raise ValueError(f"{key} of {name} is {quoted(found[key])}; need a number") from None
    return values


def parse(text: str, pipes: Mapping[str, int], device: int | None) -> Converted:
    """The log that a recording is; raises DocumentError, with the line that is wrong.

    `pipes`: the pipe of each channel; `device`: the BAM's `dma_device`, needed if more than one has such pipes.
    """
    trace = _Trace()
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1], 1):  # what follows the last line end is cut off, or nothing
        if trace.ended or trace.cut:
            break
        try:
            trace.take(number, line)
        except ValueError as error:
            raise DocumentError(f"line {number}: {error}") from None
    if not trace.defined:
        raise DocumentError(f"no probe of {GROUP} is defined at its head; need {NEED}")
    if not (trace.ended or trace.cut):
        trace.cut = f"it does not end with the marker {END}"
        trace.known_until = len(lines)
    kept = trace.known()
    records = _records(trace.defined)
    bam = 0 if trace.cut and not kept else _device(trace.seen, pipes, device)
    if _others_interrupt(kept, pipes, bam):
        records.discard("work rx")
    rows = list(_rows(kept, {pipe: name for name, pipe in pipes.items()}, bam, records))
    return Converted(written(records, rows, not trace.cut), len(rows), trace.skipped, trace.cut)


def _records(defined: Collection[str]) -> set[str]:
    """What was recorded at all; raises DocumentError if a probe lacks its return probe, or the other way round."""
    found = set()
    for symbol, probe in BY_SYMBOL.items():
        entry, back = f"{PREFIX}{symbol}", f"{PREFIX}{symbol}{BACK}"
        if probe.back is not None and (entry in defined) != (back in defined):
            there, lacking = (entry, back) if entry in defined else (back, entry)
            raise DocumentError(f"{there} is defined, {lacking} is not; need both or none")
        if entry in defined and probe.event in EVENTS:
            found.add(probe.event)
    if "callback" in found and f"{PREFIX}{TASKLET}" not in defined:
        raise DocumentError(f"{PREFIX}{TASKLET} is not defined, {PREFIX}qce_..._done is; need both or none")
    if "work" in found:
        found.remove("work")
        # without the interrupts nobody knows which BAM's work item it is
        found |= {"work rx"} if "interrupt" in found else set()
    if not found:
        raise DocumentError("the probes at its head record no event; need some of `convert --probes`")
    return found


def _device(seen: Collection[_Seen], pipes: Mapping[str, int], device: int | None) -> int:
    """The BAM that is meant; raises DocumentError if there is none, or more than one."""
    found = {one.values["device"] for one in seen if one.values.get("pipe") in pipes.values()}
    if device is not None:
        found &= {device}
    if len(found) == 1:
        return found.pop()
    if found:
        named = ", ".join(map(hex, sorted(found)))
        raise DocumentError(f"{len(found)} devices have such pipes: {named}; say which by --device")
    others = sorted({one.values["pipe"] for one in seen if "pipe" in one.values})
    about = f"; there are: {', '.join(map(str, others))}" if others else ""
    raise DocumentError(f"no event is of pipe {' or '.join(map(str, sorted(pipes.values())))}{about}")


def _others_interrupt(kept: Collection[_Seen], pipes: Mapping[str, int], device: int) -> bool:
    """Whether a pipe of the BAM that is none of those has an interrupt."""
    mine = sum(1 << pipe for pipe in pipes.values()) | 1 << 31  # the topmost bit is the BAM's own interrupt
    own = (one.values for one in kept if one.values.get("bam") == device - COMMON)
    return any(values["srcs"] & ~mine for values in own)


def _rows(
    kept: Collection[_Seen], channels: Mapping[int, str], device: int, records: Collection[str]
) -> Iterator[dict[str, object]]:
    """The lines of the log, but for its first and last."""
    bams = sorted({one.values["bam"] for one in kept if one.probe.event == "interrupt"})
    success: bool | None = None
    for one in kept:
        event, values = one.probe.event, one.values
        row: dict[str, object] = {"time": one.time, "since": one.since, "cpu": one.cpu, "event": event}
        if one.since == one.time:
            del row["since"]
        match event:
            case "submit" | "issue" | "terminate":
                if values["device"] == device and values["pipe"] in channels:
                    yield {**row, "channel": channels[values["pipe"]]}
            case "interrupt":
                if values["bam"] == device - COMMON:
                    pending = [pipe for pipe in sorted(channels) if values["srcs"] >> pipe & 1]
                    yield from ({**row, "channel": channels[pipe]} for pipe in pending)
            case "work":
                # its item is a member of the bam_device, one of those whose interrupts queue it
                below = [bam for bam in bams if bam <= values["item"]]
                if "work rx" in records and below and below[-1] == device - COMMON:
                    yield {**row, "channel": "rx"}
            case "callback":
                yield {**row, "channel": "tx"}
            case "status":
                yield {**row, "done": _done(one)}
            case "result":
                success = _success(values["value"])
            case "finish":
                yield row if success is None else {**row, "ok": success}
                success = None


def _done(one: _Seen) -> bool:
    value = one.values["value"]
    if value not in (0, ENXIO, EBADMSG):
        raise DocumentError(f"line {one.time}: qce_check_status returns {value}; need 0, {ENXIO} or {EBADMSG}")
    return value != ENXIO


def _success(value: int) -> bool | None:
    """Whether a request is successful; of a wrong MAC, which the engine found, the model knows nothing."""
    return None if value == EBADMSG else value == 0
