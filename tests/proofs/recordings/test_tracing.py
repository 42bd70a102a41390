"""What ftrace recorded as a log: the run is in it, what was changed is found, and what is missing is not guessed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from conftest import build_protocol, run_here, slow
from ftrace import BAM, DEVICE, HEAD, MARK, PIPES, apart, body, line, replaced

from counterexamples.documents import DocumentError
from proofs.recordings import probes, tracing
from proofs.recordings.acceptor import Acceptor
from proofs.recordings.log import Event, Log, parse
from proofs.recordings.making import logs

SMALL = {"requests": 1, "tz_requests": 1}
RECORDS = frozenset({"submit", "issue", "interrupt", "work rx", "callback", "terminate", "status", "finish"})
RUN = Log(
    RECORDS,
    (
        *(Event("submit", "rx"), Event("submit", "rx"), Event("submit", "tx"), Event("issue", "tx")),
        *(Event("issue", "rx"), Event("interrupt", "rx"), Event("work", "rx"), Event("interrupt", "tx")),
        *(Event("callback", "tx"), Event("terminate", "rx"), Event("terminate", "tx")),
        *(Event("status", done=True), Event("finish", ok=True)),
    ),
    tuple(range(2, 15)),
    True,
)


def converted(text: str, device: int | None = DEVICE) -> Log:
    """The log that a trace is, read again."""
    return parse(tracing.parse(text, PIPES, device).text)


@cache
def accepts(version: str) -> Acceptor:
    """The acceptor of what the probes record of a small system."""
    return Acceptor(build_protocol(version, bound=SMALL).system, RECORDS)


@pytest.mark.slow
def test_three_hundred_recorded_runs() -> None:
    system = build_protocol("v24", "endless").system
    accept, rejected, chance = Acceptor(system, RECORDS), 0, random.Random(8)
    for seed, log in enumerate(islice(logs(system, 60, 5), 300)):
        found = converted(HEAD + body(log, seed) + MARK) if log.events else log
        assert accept.run(found).accepted == len(found.events)
        gone = chance.randrange(max(len(log.events), 1))
        short = Log(log.records, log.events[:gone] + log.events[gone + 1 :], log.lines[1:], True)
        other = converted(HEAD + body(short, seed) + MARK) if short.events else short
        rejected += accept.run(other).accepted < len(other.events)
    assert rejected > 150


@pytest.mark.parametrize("version", ["v24", *slow("mainline", "v8", "v13", "v20")])
def test_a_recorded_run_is_accepted_and_without_one_of_its_events_mostly_not(version: str) -> None:
    chance, rejected = random.Random(3), 0
    for seed, log in enumerate(islice(logs(build_protocol(version, bound=SMALL).system, 14, 1), 12)):
        found = converted(HEAD + body(log, seed) + MARK)
        assert found.ended and found.records == RECORDS and found.after
        assert len(found.events) == sum((one.event, one.channel) != ("work", "tx") for one in log.events)
        assert accepts(version).run(found).accepted == len(found.events)
        gone = chance.randrange(len(log.events))
        short = Log(log.records, log.events[:gone] + log.events[gone + 1 :], log.lines[1:], True)
        other = converted(HEAD + body(short, seed) + MARK)
        rejected += accepts(version).run(other).accepted < len(other.events)
    assert rejected > 5


def test_each_event_has_what_its_lines_say() -> None:
    found = converted(apart(RUN))
    assert found.events == RUN.events and not found.after and found.ended


@pytest.mark.parametrize(
    ("changes", "event", "known"),
    [
        ({"value=0": "value=-6"}, Event("status", done=True), Event("status", done=False)),
        ({"value=0": "value=-74"}, Event("status", done=True), Event("status", done=True)),
        (
            {"done: (qce_async_request_done+0x4/0x90 [bam_dma]) value=0": "done: (x) value=-5"},
            None,
            Event("finish", ok=False),
        ),
        ({"done: (qce_async_request_done+0x4/0x90 [bam_dma]) value=0": "done: (x) value=-74"}, None, Event("finish")),
        ({"srcs=0x4": "srcs=0xc"}, None, Event("interrupt", "tx")),
    ],
)
def test_numbers_are_read_as_the_kernel_means_them(
    changes: Mapping[str, str], event: Event | None, known: Event
) -> None:
    found = converted(replaced(apart(RUN), changes))
    assert known in found.events
    assert event is None or event == known or event not in found.events


def test_whose_interrupt_and_work_it_is() -> None:
    """A pipe of neither channel queues the work item, too: then its turn at rx says nothing, and is silent."""
    text = apart(RUN)
    assert Event("work", "rx") in converted(text).events
    shared = converted(text.replace("srcs=0x4", "srcs=0x14"))
    assert "work rx" not in shared.records and Event("work", "rx") not in shared.events
    other = converted(text.replace(f"bam={BAM:#x}", f"bam={BAM + 4096:#x}"))
    assert not {one.event for one in other.events} & {"interrupt", "work"}


def test_the_work_item_is_that_of_the_bam_in_which_it_is() -> None:
    """Of two bam_devices side by side, each with its interrupts; that of the other one comes first in memory."""
    below = BAM - 1024
    irq = line(1.0, 5, "process_channel_irqs", f"bam={below:#x}") + line(
        1.1, 5, "process_channel_irqs", "srcs=0x4", True
    )
    theirs = line(1.2, 5, "bam_dma_work", f"item={below + 656:#x}") + line(1.3, 5, "bam_dma_work", back=True)
    found = converted(replaced(apart(RUN), {HEAD: HEAD + irq + theirs}))
    assert found.events == RUN.events


def test_how_a_request_ends_is_said_of_that_request_alone() -> None:
    twice = apart(RUN).replace(MARK, line(9000, 5, "qce_req_done_work") + MARK)
    assert converted(twice).events[-2:] == (Event("finish", ok=True), Event("finish"))


def test_a_return_belongs_to_the_entry_on_the_same_stack() -> None:
    """The idle tasks of all CPUs have one number; what interrupts a function may call it again, and returns first."""
    device, name = f"device={DEVICE:#x}", "bam_issue_pending"

    def idle(moment: float, cpu: int, values: str = "", back: bool = False) -> str:
        text = line(moment, 4, name, values, back)
        return replaced(text, {"kworker/u8:4-4": "<idle>-0", "[000]": f"[00{cpu}]"})

    entries = idle(1.0, 1, f"pipe=2 {device}") + idle(1.1, 2, f"pipe=3 {device}")
    found = converted(HEAD + entries + idle(1.2, 1, back=True) + idle(1.3, 2, back=True) + MARK)
    assert found.events == (Event("issue", "rx"), Event("issue", "tx"))
    nested = idle(1.0, 1, f"pipe=2 {device}") + idle(1.1, 1, f"pipe=3 {device}")
    found = converted(HEAD + nested + idle(1.2, 1, back=True) + idle(1.3, 1, back=True) + MARK)
    assert found.events == (Event("issue", "tx"), Event("issue", "rx")) and found.after == {1: 0}


def test_what_follows_the_marker_is_not_read() -> None:
    assert converted(apart(RUN) + "rain\n" + apart(RUN)).events == RUN.events


def test_what_was_not_installed_is_silent() -> None:
    """As process_channel_irqs is where the compiler inlined it."""
    text = "".join(one for one in apart(RUN).splitlines(keepends=True) if "process_channel_irqs" not in one)
    found = converted(text)
    assert found.records == RECORDS - {"interrupt", "work rx"}
    assert Acceptor(build_protocol("v24", bound=SMALL).system, found.records).run(found).accepted == len(found.events)


def test_layouts_of_a_line() -> None:
    """No flags, four of them, a thread group, names with blanks and dashes, a clock that counts."""
    text = line(5.0, 7, "qce_req_done_work")
    head = "p:bamlock/bl_qce_req_done_work qce_req_done_work\np:bamlock/bl_vchan_tx_submit x:vchan_tx_submit a\n"
    head += "r8:bamlock/bl_vchan_tx_submit_ret vchan_tx_submit\np:other/thing do_sys_open\n# tracer: nop\n#\n\n"
    head += line(1.0, 5, "vchan_tx_submit", f"pipe=2 device={DEVICE:#x}") + line(2.0, 5, "vchan_tx_submit", back=True)
    for old, new in (
        (" d.h1. ", " "),
        (" d.h1. ", " d.h1 "),
        (" d.h1. ", "    "),
        ("[003]", "(  12) [003]"),
        ("[003]", "(-------) [003]"),
        (" kworker/u8:0-7", "   <...>-7"),
        (" kworker/u8:0-7", " a b-1 [0-x-7"),
        ("5.000000", "5000000"),
    ):
        found = converted(head + replaced(text, {old: new}) + MARK.replace(" 9999.", " 9999999."))
        assert found.events == (Event("submit", "rx"), Event("finish")) and found.ended


def test_lines_of_others_are_counted_and_what_they_say_is_not_read() -> None:
    marker = f"  sh-1       [000] .....     0.500000: tracing_mark_write: {line(1, 5, 'qce_req_done_work')}"
    stack = " => bam_dma_irq\n => handle_irq_event\n"
    found = tracing.parse(replaced(apart(RUN), {HEAD: HEAD + marker + stack}), PIPES, DEVICE)
    assert found.skipped == 1 and found.events == len(RUN.events)


@pytest.mark.parametrize("lost", ["CPU:{} [LOST 12 EVENTS]", "CPU:{} [LOST EVENTS]"])
def test_nothing_behind_the_last_line_before_a_loss_is_used(lost: str) -> None:
    """The line about a loss comes late: other CPUs' lines before it may be younger than what was lost."""
    rows = apart(RUN).splitlines(keepends=True)
    place = next(number for number, row in enumerate(rows) if "bl_qce_aead_done: " in row)
    cpu = rows[place - 4].split("[00")[1][0]
    last = max(number for number, row in enumerate(rows[:place]) if f"[00{cpu}]" in row)
    text = "".join([*rows[:place], lost.format(cpu) + "\n", *rows[place:]])
    found = tracing.parse(text, PIPES, DEVICE)
    assert found.cut == f"line {place + 1}: events of CPU {cpu} are lost"
    log = parse(found.text)
    assert not log.ended and 0 < len(log.events) < len(RUN.events) and log.events == RUN.events[: len(log.events)]
    assert f'"time": {last + 2}' not in found.text
    never = tracing.parse(text.replace(f"CPU:{cpu}", "CPU:7"), PIPES, DEVICE)
    assert never.events == 0 and never.cut


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({MARK: ""}, "it does not end with the marker bamlock-end"),
        ({MARK: MARK.rstrip("\n")}, "it does not end with the marker"),
        ({HEAD: HEAD + "# entries-in-buffer/entries-written: 30/90   #P:4\n"}, "the first of 90 events are lost"),
        ({MARK: line(9000, 5, "bam_issue_pending", "pipe=2 device=0x1") + MARK}, "bam_issue_pending does not return"),
    ],
)
def test_a_recording_that_is_not_whole_is_a_log_that_is_cut_off(changes: Mapping[str, str], why: str) -> None:
    found = tracing.parse(replaced(apart(RUN), changes), PIPES, DEVICE)
    assert why in found.cut and not parse(found.text).ended


def test_what_may_have_happened_before_a_function_that_does_not_return_stays() -> None:
    rows = apart(RUN).splitlines(keepends=True)
    backs = [number for number, row in enumerate(rows) if "bl_bam_issue_pending_ret: " in row]
    found = tracing.parse("".join(rows[: backs[1]] + rows[backs[1] + 1 :]), PIPES, DEVICE)
    assert found.cut == f"line {backs[1]}: bam_issue_pending does not return"
    assert parse(found.text).events == RUN.events[:4]


ISSUE = line(1.0, 5, "bam_issue_pending", f"pipe=2 device={DEVICE:#x}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no probe of bamlock is defined at its head; need what `kprobe_events` says"),
        (ISSUE, "line 1: bl_bam_issue_pending is not among the probes at the head of the file"),
        (HEAD + replaced(ISSUE, {" device=0xffff000003d4a810": ""}), "bl_bam_issue_pending has no device; need pipe="),
        (
            HEAD + replaced(ISSUE, {"pipe=2": "pipe=(fault)"}),
            "pipe of bl_bam_issue_pending is '(fault)'; need a number",
        ),
        (HEAD + replaced(ISSUE, {": (bam": ": bam"}), "is no line of the probe 'bl_bam_issue_pending'"),
        (HEAD + replaced(ISSUE, {"bl_bam_issue": "bl_bam_tissue"}), "is no line of the probe 'bl_bam_tissue_pending'"),
        (HEAD + "rain\n", "is 'rain'; need a line of trace_pipe"),
        (HEAD + replaced(ISSUE, {"1.000000": "x"}), "need a line of trace_pipe"),
        (HEAD + line(1.0, 5, "bam_issue_pending", back=True), "bl_bam_issue_pending_ret without its entry before it"),
        (HEAD + ISSUE + replaced(ISSUE, {"1.000": "0.999"}), "time goes back to 0.999000"),
        (HEAD + ISSUE + HEAD, "defines a probe behind the first event; two recordings in one file?"),
        (
            replaced(HEAD, {" bam_issue_pending": " bam_tissue_pending"}),
            "bl_bam_issue_pending is on bam_tissue_pending",
        ),
        ("p:bamlock/bl_bam_issue_pending bam_issue_pending\n", "bl_bam_issue_pending_ret is not; need both or none"),
        ("p:bamlock/bl_qce_aead_done qce_aead_done\n", "bl_vchan_complete is not defined"),
        ("p:bamlock/bl_vchan_complete vchan_complete\n", "the probes at its head record no event"),
        (HEAD + MARK, "no event is of pipe 2 or 3"),
        (HEAD + ISSUE.replace("pipe=2", "pipe=7") + replaced(ISSUE, {": (": "_ret: ("}) + MARK, "or 3; there are: 7"),
    ],
)
def test_what_is_wrong_and_where(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as error:
        tracing.parse(text, PIPES, None)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_several_devices_with_such_pipes_are_not_guessed_about() -> None:
    text = HEAD + body(RUN, 0) + MARK
    with pytest.raises(DocumentError, match="2 devices have such pipes: 0xffff000003d4a810, 0xffff000003d4b810; say"):
        tracing.parse(text, PIPES, None)
    assert tracing.parse(text, PIPES, DEVICE).events == len(RUN.events)
    with pytest.raises(DocumentError, match="no event is of pipe 2 or 3"):
        tracing.parse(text, PIPES, 5)


def test_a_status_that_the_driver_cannot_return() -> None:
    with pytest.raises(DocumentError, match="qce_check_status returns -5; need 0, -6 or -74"):
        tracing.parse(replaced(apart(RUN), {"value=0": "value=-5"}), PIPES, DEVICE)


def test_the_definitions_are_what_the_kernel_takes() -> None:
    """Each function is probed once, a name has at most 63 letters, digits and _, and only entries fetch arguments."""
    rows = [row.split() for row in probes.text() if not row.startswith("#")]
    assert len({row[0] for row in rows}) == len(rows)
    for what, symbol, *arguments in rows:
        kind, name = what.split(":")
        group, event = name.split("/")
        assert group.isidentifier() and event.isidentifier() and len(event) < 64 and symbol in event
        assert all(("$retval" in one) == (kind == "r") and "=" in one for one in arguments)
    assert max(len(row) for row in probes.text() if row.startswith("#")) <= 80


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    trace, log = tmp_path / "trace", tmp_path / "log.jsonl"
    trace.write_text(HEAD + body(RUN, 1) + MARK)
    pipes = ("--channel", "rx=2", "--channel", "tx=3", "--device", f"{DEVICE:#x}")
    done = run_here(capsys, "convert", trace, *pipes, "--out", log)
    assert done.code == 0 and done.err.startswith("13 events; lines of other events, skipped: ") and not done.out
    small = ("--scenario", "default", "--bound", "requests=1", "--bound", "tz_requests=1", "--jobs", "1")
    held = run_here(capsys, "conform", log, "--on", "v24", *small)
    assert held.code == 0 and held.out.startswith("accepted: 13 events")
    trace.write_text(HEAD + body(RUN, 1))
    cut = run_here(capsys, "convert", trace, *pipes)
    assert cut.code == 3 and "inconclusive: it does not end with the marker" in cut.err
    log.write_text(cut.out)
    held = run_here(capsys, "conform", log, "--on", "v24", *small)
    assert held.code == 3 and "the log ends early" in held.out
    assert run_here(capsys, "convert", "--probes").out.splitlines() == list(probes.text())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either TRACE or --probes"),
        (("x", "--probes"), "give either TRACE or --probes"),
        (("--probes", "--channel", "rx=1"), "--channel and --device are for TRACE"),
        (("none",), "need --channel rx=N --channel tx=N"),
        (("none", "--channel", "rx=2", "--channel", "tx=2"), "two pipes from 0 to 30"),
        (("none", "--channel", "rx=2", "--channel", "tx=31"), "two pipes from 0 to 30"),
        (("none", "--channel", "rx=2", "--channel", "tx=3", "--channel", "zx=4"), "two pipes from 0 to 30"),
        (("none", "--channel", "rx=2", "--channel", "tx=3", "--device", "it"), "--device takes an address"),
        (("none", "--channel", "rx=2", "--channel", "tx=3"), "'none' cannot be read"),
    ],
)
def test_what_was_not_asked_well(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str) -> None:
    outcome = run_here(capsys, "convert", *arguments)
    assert outcome.code == 2 and said in outcome.complaint and not outcome.out
