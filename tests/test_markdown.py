"""Traces for mails and merge requests: narrow, complete, and valid where they are not read by people."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import pytest
from test_account import STORED, each_trace, stored_trace

from counterexamples.formats.mail import COLUMNS, to_mail
from counterexamples.formats.markdown import to_markdown
from counterexamples.formats.text import with_account
from counterexamples.story.account import account, verdict
from counterexamples.story.notation import step_notes
from counterexamples.story.phrases import step_name
from counterexamples.story.repeat import command
from counterexamples.trace import Trace
from proofs.commands.check import command as check
from proofs.reports.listing import FORMATS, shown

NAMES = [name for name in STORED if name.startswith(("v12/", "v16/", "mainline/"))]


@pytest.mark.parametrize("name", each_trace(NAMES))
def test_a_mail_is_narrow_and_complete(name: str) -> None:
    trace = stored_trace(name)
    text = to_mail(trace, ["nwd_ack=operation-done (not input-consumed)"])
    assert all(len(line) <= COLUMNS < 72 and line == line.rstrip() for line in text.splitlines())
    flat = " ".join(text.split())
    assert trace.statement in flat and trace.subject.version in flat and verdict(trace) in flat
    assert "needs, found by trying" in flat and "  - nwd_ack=operation-done (not input-consumed)" in text
    assert text.index("What happened:") < text.index(" 1. ") < text.index("Step by step:")
    for sentence in account(trace):
        assert " ".join(sentence.text.split()) in flat
    for number, step in enumerate(trace.steps, start=1):
        what = re.escape(step_name(step))
        assert re.search(rf"^ *{number}  {step.actor} +{what}", text, re.MULTILINE), step.name


def test_a_mail_says_how_to_repeat_it() -> None:
    trace = stored_trace("v16/linux-progress.small-ring.itf.json")
    assert command(trace)[3:] == ["check", "v16", "--property", "linux-progress", "--scenario", "small-ring"]
    bounds = {**trace.subject.bounds, "ring": 9}
    changed = replace(trace, subject=replace(trace.subject.assuming({"nwd_ack": "input-consumed"}), bounds=bounds))
    assert command(changed)[-4:] == ["--assume", "nwd_ack=input-consumed", "--bound", "ring=9"]
    tail = to_mail(changed, ()).split("To reproduce:")[1].replace("\\\n", " ")
    assert shlex.split(tail) == command(changed)
    for words in (command(trace), command(changed)):
        check.make_context("check", words[4:])


@pytest.mark.parametrize("name", each_trace(NAMES))
def test_the_table_has_every_step_and_all_that_changed(name: str) -> None:
    trace = stored_trace(name)
    rows = [line for line in to_markdown(trace).splitlines() if re.match(r"\| \**\d", line)]
    assert len(rows) == len(trace.steps)
    for row, step, notes in zip(rows, trace.steps, step_notes(trace), strict=True):
        assert f"`{step_name(step)}`" in row and all(f"`{note}`" in row for note in notes)
        assert row.count(" | ") == 3


STATEMENT = re.compile(
    r"participant \w+ as [\w ]+|Note over \w+(,\w+)?: [^#;\n]+|\w+->>\w+: [^#;\n]+|(de)?activate \w+"
    r"|rect rgb\(255, 229, 229\)|end"
)


def diagram(trace: Trace) -> list[str]:
    text = to_markdown(trace).split("```mermaid\n")[1].split("\n```")[0]
    first, *lines = text.splitlines()
    assert first == "sequenceDiagram"
    return [line.strip() for line in lines]


@pytest.mark.parametrize("name", each_trace(NAMES))
def test_the_diagram_is_plain_mermaid(name: str) -> None:
    lines = diagram(stored_trace(name))
    participants = {line.split()[1] for line in lines if line.startswith("participant")}
    active: set[str] = set()
    for line in lines:
        assert STATEMENT.fullmatch(line), line
        if line.startswith("activate"):
            active.add(line.split()[1])
        if line.startswith("deactivate"):
            active.remove(line.split()[1])
        named = re.match(r"Note over (\w+)(?:,(\w+))?:|(\w+)->>(\w+):", line)
        assert not named or {one for one in named.groups() if one} <= participants
    assert lines.count("end") == sum(line.startswith("rect") for line in lines) == 1


def test_nothing_in_a_name_breaks_the_markdown() -> None:
    trace = stored_trace(NAMES[0])
    trace = replace(trace, subject=replace(trace.subject, version="v*_<b>|#1;"), statement="a | b_c\n# d")
    text = to_markdown(trace)
    assert "\\*\\_\\<b\\>\\|\\#1;" in text and "\n# d" not in text
    assert all(STATEMENT.fullmatch(line) for line in diagram(trace))


def test_an_empty_trace_has_no_diagram() -> None:
    trace = stored_trace(NAMES[0])
    text = to_markdown(replace(trace, steps=(), states=trace.states[:1]))
    assert "mermaid" not in text and "initial state" in text


def test_the_formats_of_show() -> None:
    from test_account import GALLERY

    path = GALLERY / "v12" / "quiet-engine.itf.json"
    trace = stored_trace("v12/quiet-engine.itf.json")
    made = {form: shown(path, form) for form in ("text", "markdown")}
    assert made == {"text": with_account(trace), "markdown": to_markdown(trace)}
    assert list(FORMATS) == ["text", "markdown", "mail"]
