"""A trace as text: a lane for each actor, the actions in their lanes, and what each of them changed."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from counterexamples.story import Story
from counterexamples.story.notation import broken, wrap_notes
from counterexamples.story.phrases import step_name
from counterexamples.trace import Trace

WIDTH = 120

_INDENT: Any = {"initial_indent": "  - ", "subsequent_indent": "    ", "break_on_hyphens": False}


def with_account(story: Story) -> str:
    """The trace as text (`to_text`), and behind it the account, a paragraph for each sentence."""
    lines = [line for item in story.account for line in textwrap.wrap(item.text, WIDTH, **_INDENT)]
    return "\n".join([to_text(story), "In words:", *lines]) + "\n"


def to_text(story: Story) -> str:
    """The whole trace as text of at most `WIDTH` columns, unless a single word is longer."""
    lines = [
        *_header(story.trace),
        "",
        *_table(story),
        "",
        *textwrap.wrap(story.verdict, WIDTH, break_on_hyphens=False),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _header(trace: Trace) -> list[str]:
    count = "1 step" if len(trace.path) == 1 else f"{len(trace.path)} steps"
    lines = [f"{trace.subject.version}: {trace.property_id} ({trace.kind}), scenario {trace.subject.scenario}, {count}"]
    lines += _wrapped("statement", trace.statement)
    for title, values in (("bounds", trace.subject.bounds), ("assumptions", trace.subject.assumptions)):
        lines += _wrapped(title, " ".join(f"{key}={value}" for key, value in sorted(values.items())))
    return lines


def _wrapped(title: str, body: str) -> list[str]:
    lines = textwrap.wrap(body, WIDTH - 13, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{title if number == 0 else '':<13}{line}" for number, line in enumerate(lines)]


def _table(story: Story) -> list[str]:
    columns, right = _columns(story)
    heading = _overlay({column: actor for actor, column in columns.items()} | {right: "changes"})
    lines = [heading, "-" * WIDTH]
    steps = zip(story.steps, story.notes, story.code, strict=True)
    for number, (step, notes, code) in enumerate(steps, start=1):
        body = wrap_notes(notes, WIDTH - right) + broken(code, WIDTH - right)
        idle = dict.fromkeys(columns.values(), "|")
        row = {0: f"{number:>3}"} | idle | {columns[step.actor]: f"{step_name(step)} "}
        lines.append(_overlay(row | {right: body[0]}))
        lines += [_overlay(idle | {right: more}) for more in body[1:]]
    return lines


def _columns(story: Story) -> tuple[dict[str, int], int]:
    """Where each lane starts, and where the changes do. A verb may run over the lanes to its right: they are idle."""
    columns, position, right = {}, 5, 5
    for actor in story.actors:
        columns[actor] = position
        longest = max(len(step_name(step)) for step in story.steps if step.actor == actor)
        right = max(right, position + max(longest, len(actor)) + 2)
        position += len(actor) + 2
    return columns, right


def _overlay(cells: Mapping[int, str]) -> str:
    line = ""
    for column, cell in sorted(cells.items()):
        if column >= len(line):
            line = line.ljust(column) + cell
    return line
