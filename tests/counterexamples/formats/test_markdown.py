"""Traces for mails and merge requests: narrow, complete, and valid where they are not read by people."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner
from stored import GALLERY, STORED, each_trace, stored_story
from traces import changed, cut

from counterexamples.formats.mail import COLUMNS, to_mail
from counterexamples.formats.markdown import to_markdown
from counterexamples.formats.registry import FORMATS
from counterexamples.formats.text import with_account
from counterexamples.story import Story
from counterexamples.story.phrases import step_name
from counterexamples.story.repeat import command
from proofs.commands.check import command as check
from proofs.commands.show import command as show

NAMES = [name for name in STORED if name.startswith(("v12/", "v16/", "mainline/"))]


@pytest.mark.parametrize("name", each_trace(NAMES))
def test_a_mail_is_narrow_and_complete(name: str) -> None:
    story = replace(stored_story(name), find_needs=lambda _: ["nwd_ack=operation-done (not input-consumed)"])
    trace, text = story.trace, to_mail(story)
    assert all(len(line) <= COLUMNS < 72 and line == line.rstrip() for line in text.splitlines())
    flat = " ".join(text.split())
    assert trace.statement in flat and trace.subject.version in flat and story.verdict in flat
    assert "needs, found by trying" in flat and "  - nwd_ack=operation-done (not input-consumed)" in text
    assert text.index("What happened:") < text.index(" 1. ") < text.index("Step by step:")
    for sentence in story.account:
        assert " ".join(sentence.text.split()) in flat
    for number, step in enumerate(story.steps, start=1):
        what = re.escape(step_name(step))
        assert re.search(rf"^ *{number}  {step.actor} +{what}", text, re.MULTILINE), step.name


def test_a_mail_says_how_to_repeat_it() -> None:
    story = replace(stored_story("v16/linux-progress.small-ring.itf.json"), find_needs=lambda _: ())
    trace = story.trace
    assert command(trace)[3:] == ["check", "v16", "--property", "linux-progress", "--scenario", "small-ring"]
    bounds = {**trace.subject.bounds, "ring": 9}
    other = changed(story, subject=replace(trace.subject.assuming({"nwd_ack": "input-consumed"}), bounds=bounds))
    assert command(other.trace)[-4:] == ["--assume", "nwd_ack=input-consumed", "--bound", "ring=9"]
    tail = to_mail(other).split("To reproduce:")[1].replace("\\\n", " ")
    assert shlex.split(tail) == command(other.trace)
    for words in (command(trace), command(other.trace)):
        check.make_context("check", words[4:])


@pytest.mark.parametrize("name", each_trace(NAMES))
def test_the_table_has_every_step_and_all_that_changed(name: str) -> None:
    story = stored_story(name)
    rows = [line for line in to_markdown(story).splitlines() if re.match(r"\| \**\d", line)]
    assert len(rows) == len(story.steps)
    for row, step, notes in zip(rows, story.steps, story.notes, strict=True):
        assert f"`{step_name(step)}`" in row and all(f"`{note}`" in row for note in notes)
        assert row.count(" | ") == 3


STATEMENT = re.compile(
    r"participant \w+ as [\w ]+|Note over \w+(,\w+)?: [^#;\n]+|\w+->>\w+: [^#;\n]+|(de)?activate \w+"
    r"|rect rgb\(255, 229, 229\)|end"
)


def diagram(story: Story) -> list[str]:
    text = to_markdown(story).split("```mermaid\n")[1].split("\n```")[0]
    first, *lines = text.splitlines()
    assert first == "sequenceDiagram"
    return [line.strip() for line in lines]


@pytest.mark.parametrize("name", each_trace(NAMES))
def test_the_diagram_is_plain_mermaid(name: str) -> None:
    lines = diagram(stored_story(name))
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
    story = stored_story(NAMES[0])
    subject = replace(story.trace.subject, version="v*_<b>|#1;")
    story = changed(story, subject=subject, statement="a | b_c\n# d")
    text = to_markdown(story)
    assert "\\*\\_\\<b\\>\\|\\#1;" in text and "\n# d" not in text
    assert all(STATEMENT.fullmatch(line) for line in diagram(story))


def test_an_empty_trace_has_no_diagram() -> None:
    text = to_markdown(cut(stored_story(NAMES[0]), 0))
    assert "mermaid" not in text and "initial state" in text


def test_show_prints_any_format() -> None:
    path = GALLERY / "v12" / "quiet-engine.itf.json"
    for name in ("text", "itf", "markdown"):
        done = CliRunner().invoke(show, [str(path), "--format", name])
        assert done.output == FORMATS[name].render(stored_story("v12/quiet-engine.itf.json"))
    assert FORMATS["text"].render is with_account


def test_the_help_of_show_says_what_each_format_is() -> None:
    (option,) = (item for item in show.params if isinstance(item, click.Option) and item.name == "form")
    assert isinstance(option.type, click.Choice) and list(option.type.choices) == list(FORMATS)
    assert option.help and all(f"{name}: {item.about}" in option.help for name, item in FORMATS.items())
