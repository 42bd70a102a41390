"""A trace as Markdown for a merge request: a Mermaid sequence diagram, a table of the steps, and the account."""

from __future__ import annotations

import shlex

from counterexamples.story import Story
from counterexamples.story.moment import Moment, kinds
from counterexamples.story.phrases import step_name
from counterexamples.story.repeat import command, settings
from model.vocabulary import ACTORS, actor

_HOLDERS = {"lock.linux": "bam", "lock.tz": "tz"}


def to_markdown(story: Story) -> str:
    """The trace as Markdown with a heading of the second level."""
    trace = story.trace
    count = "1 step" if len(trace.path) == 1 else f"{len(trace.path)} steps"
    parts = [
        f"## {_plain(trace.subject.version)}: `{trace.property_id}`, {count}, scenario `{trace.subject.scenario}`",
        f"> {_plain(trace.statement)}",
        "\n".join(f"{number}. {_plain(item.text)}" for number, item in enumerate(story.account, start=1)),
        _mermaid(story),
        _table(story),
        f"Assumptions: {_plain(settings(trace))}",
        f"To reproduce: `{shlex.join(command(trace))}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _plain(text: str) -> str:
    """Text in which Markdown sees no markup of its own."""
    for character in "\\*_<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _mermaid(story: Story) -> str:
    """One participant for each lane; who holds the lock is active; the last step is on red ground."""
    steps = story.moments
    if not steps:
        return ""
    body = [line for step in steps for line in _events(story, step)]
    present = {step.actor for step in steps} | {"bam" for step in steps if step.put("rx.ring")}
    present |= {"engine" for step in steps if step.action == "bam.publish_data"}
    lanes = [name for name in (*ACTORS, *sorted(present.difference(ACTORS))) if name in present]
    head = [f"participant {name} as {actor(name).name}" for name in lanes]
    return "\n".join(["```mermaid", "sequenceDiagram", *(f"    {line}" for line in [*head, *body]), "```"])


def _events(story: Story, step: Moment) -> list[str]:
    lines = [_event(step)]
    for name, holder in _HOLDERS.items():
        before, after = step.before[name], step.after[name]
        if bool(before) != bool(after):
            lines.append(f"{'activate' if after else 'deactivate'} {holder}")
    if not step.is_last:
        return lines
    if (pair := story.conflict) is not None:
        others = sorted({story.steps[pair.first - 1].actor, step.actor}, key=_lane)
        lines.insert(1, f"Note over {','.join(others)}: {_safe(f'meets step {pair.first}: {story.met}')}")
    return ["rect rgb(255, 229, 229)", *lines, "end"]


def _lane(name: str) -> int:
    return list(ACTORS).index(name) if name in ACTORS else len(ACTORS)


def _event(step: Moment) -> str:
    text = f"{step.number}. {step_name(step.step)}"
    loaded = kinds(step.put("rx.ring"))
    if loaded:
        return f"{step.actor}->>bam: {_safe(f'{text}: ' + ', '.join(loaded))}"
    if step.action == "bam.publish_data":
        return f"bam->>engine: {_safe(text)}"
    return f"Note over {step.actor}: {_safe(text)}"


def _safe(text: str) -> str:
    """Text that ends no Mermaid statement and begins no comment or entity."""
    return text.replace("#", "no. ").replace(";", ",").replace("%%", "%").replace("\n", " ")


def _table(story: Story) -> str:
    if not story.steps:
        return ""
    rows = ["| step | who | what | what changed |", "| ---: | --- | --- | --- |"]
    steps = zip(story.steps, story.notes, story.code, strict=True)
    for number, (step, notes, code) in enumerate(steps, start=1):
        bold = "**" if number in story.matters else ""
        changed = "<br>".join([*(f"`{note}`" for note in notes), *([_plain(code)] if code else [])])
        rows.append(
            f"| {bold}{number}{bold} | {step.actor} | `{step_name(step)}` | {changed.replace('|', chr(92) + '|')} |"
        )
    return "\n".join([*rows, "", "Bold: the steps that matter; the others only had to happen."])
