"""A trace as plain text that can be pasted into a mailing list reply: every line is shorter than 72 columns."""

from __future__ import annotations

import shlex
import textwrap

from counterexamples.story import Story
from counterexamples.story.notation import broken
from counterexamples.story.phrases import step_name
from counterexamples.story.repeat import command
from counterexamples.trace import Trace
from model import versions

COLUMNS = 71

_UNTOLD = ("next_cookie", "alive", "pc", "head", "tail")


def to_mail(story: Story) -> str:
    """The whole story: what fell and how, the account, who did what in which order, what it needs, how to repeat it."""
    trace = story.trace
    count = "1 step" if len(trace.path) == 1 else f"{len(trace.path)} steps"
    lines = [
        *_wrapped(f"{trace.subject.version}: {trace.property_id}, {count} (scenario {trace.subject.scenario})"),
        *_posting(trace),
        "",
        *_wrapped(f"What happened: {story.verdict}."),
        "",
    ]
    for number, sentence in enumerate(story.account, start=1):
        lines += _wrapped(sentence.text, f"{number:>2}. ")
    bounds = ", ".join(f"{key}={value}" for key, value in sorted(trace.subject.bounds.items()))
    lines += [
        "",
        "Step by step:",
        "",
        *_interleaving(story),
        "",
        *_wrapped("Of the assumptions about the hardware it needs, found by trying the others on its steps:"),
        *(line for need in story.needs or ["none"] for line in _wrapped(need, "  - ")),
        *_wrapped(f"Bounds: {bounds}."),
        "",
        "To reproduce:",
        "",
        *_command(trace),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _posting(trace: Trace) -> list[str]:
    """Where the version was posted, as far as its file says so."""
    try:
        version = versions.load(trace.subject.version)
    except versions.VersionError:
        return []
    subject = ", ".join(part for part in (version.subject, version.posted) if part)
    return [line for part in (subject, version.link) if part for line in _wrapped(part)]


def _wrapped(text: str, first: str = "") -> list[str]:
    return textwrap.wrap(
        text, COLUMNS, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    )


def _interleaving(story: Story) -> list[str]:
    lines = []
    width = max((len(step.actor) for step in story.steps), default=0)
    steps = zip(story.steps, story.notes, story.code, strict=True)
    for number, (step, notes, code) in enumerate(steps, start=1):
        told = [note for note in notes if not note.split("=")[0].split(":")[0].endswith(_UNTOLD)]
        what = step_name(step)
        lines += _wrapped(f"{what}{': ' if told else ''}{'; '.join(told)}", f"{number:>3}  {step.actor:<{width}}  ")
        lines += [f"{'':7}{line}" for line in broken(code, COLUMNS - 7)]
    return lines


def _command(trace: Trace) -> list[str]:
    lines = [""]
    for word in map(shlex.quote, command(trace)):
        if lines[-1] and len(lines[-1]) + len(word) + 5 > COLUMNS:
            lines[-1] += " \\"
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return [f"  {line}" for line in lines]
