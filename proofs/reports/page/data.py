"""What the page shows of each trace, as JSON-able data, compressed into blocks.

A block holds the traces of one version in one scenario: they share most of their text, so that together they compress
to a fraction of what they take one by one.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from counterexamples.formats.registry import FORMATS
from counterexamples.story import Story
from counterexamples.story.phrases import step_name
from proofs.checking.stored import stored_story
from proofs.properties import EVENTUALLY
from proofs.reports.page.state import groups, meaning, shown_state

PICTURES = ("lanes", "cause")
"""The formats that the page shows, as they are in the gallery."""


@dataclass(frozen=True)
class Block:
    """Some traces for the page: gzip in base64 of a JSON list, one item for each of `files`, in their order.

    `ends`: for each what goes wrong at its end, in one sentence.
    """

    files: tuple[str, ...]
    text: str
    ends: tuple[str, ...]


def block(files: Sequence[str], source: str | None = None) -> Block:
    """The block of some stored traces of one version in one scenario, all of them replayed; raises DocumentError.

    `source`: the source tree of whose C the steps' lines are told.
    """
    stories = [stored_story(Path(name), source) for name in files]
    content = json.dumps([plain(story) for story in stories], separators=(",", ":"))
    # no time stamp: equal traces, equal page
    text = base64.b64encode(gzip.compress(content.encode("ascii"), 9, mtime=0)).decode("ascii")
    return Block(tuple(files), text, tuple(map(ending, stories)))


def ending(story: Story) -> str:
    """What goes wrong: the sentence about the last step, or about what is waited for from then on."""
    told = story.account
    if story.trace.kind == EVENTUALLY:
        return told[-2 if len(told) > 1 else -1].text
    return next(sentence.text for sentence in told if not sentence.steps or len(story.steps) in sentence.steps)


def plain(story: Story) -> dict[str, Any]:
    """What `player.js` reads. States are the initial one and for each step what it changed."""
    trace, subject = story.trace, story.trace.subject
    settings = (subject.bounds, subject.assumptions)
    states = [shown_state(state) for state in story.states]
    return {
        "version": subject.version,
        "property": trace.property_id,
        "scenario": subject.scenario,
        "statement": trace.statement,
        "kind": trace.kind,
        "verdict": story.verdict,
        "loop": trace.loop,
        "partial": trace.kind == EVENTUALLY,
        "settings": [{key: str(value) for key, value in part.items()} for part in settings],
        "steps": [
            {
                "name": step_name(step),
                "actor": step.actor,
                "source": "; ".join(part for part in (step.source, code) if part),
                "notes": notes,
            }
            for step, notes, code in zip(story.steps, story.notes, story.code, strict=True)
        ],
        "groups": groups(states[0]),
        "meanings": {name: meaning(name) for name in states[0] if meaning(name)},
        "initial": states[0],
        "changes": [
            {name: value for name, value in after.items() if value != before[name]}
            for before, after in pairwise(states)
        ],
        "sentences": [{"text": sentence.text, "steps": sentence.steps} for sentence in story.account],
        **{name: FORMATS[name].render(story) for name in PICTURES},
    }
