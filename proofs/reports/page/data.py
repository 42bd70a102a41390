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

from counterexamples.formats.cause import cause_svg
from counterexamples.formats.itf import StoredTrace, read_file
from counterexamples.formats.lanes import to_svg
from counterexamples.story.account import Sentence, account, verdict
from counterexamples.story.notation import step_notes
from counterexamples.story.phrases import step_name
from counterexamples.trace import ReplayError, Trace
from model.protocol import Protocol
from proofs.checking.job import trace_of
from proofs.checking.stored import stored_protocol
from proofs.properties import EVENTUALLY, catalogue
from proofs.reports.page.state import groups, meaning, shown_state


@dataclass(frozen=True)
class Exhibit:
    """A trace with everything that the page shows beside it."""

    trace: Trace
    sentences: tuple[Sentence, ...]
    lane_svg: str
    cause_svg: str


@dataclass(frozen=True)
class Block:
    """Some traces for the page: gzip in base64 of a JSON list, one item for each of `files`, in their order.

    `ends`: for each what goes wrong at its end, in one sentence.
    """

    files: tuple[str, ...]
    text: str
    ends: tuple[str, ...]


def exhibit(trace: Trace) -> Exhibit:
    """The account and the pictures of a trace, the same as in the gallery."""
    return Exhibit(trace, account(trace), to_svg(trace), cause_svg(trace))


def block(files: Sequence[str]) -> Block:
    """The block of some stored traces of one version in one scenario, all of them replayed.

    Raises DocumentError, or ReplayError for a file with other states than those that the model comes to.
    """
    stored = [read_file(Path(name)) for name in files]
    protocol = stored_protocol(stored[0])
    exhibits = [_exhibit(protocol, item) for item in stored]
    content = json.dumps([plain(item) for item in exhibits], separators=(",", ":"))
    # no time stamp: equal traces, equal page
    text = base64.b64encode(gzip.compress(content.encode("ascii"), 9, mtime=0)).decode("ascii")
    return Block(tuple(files), text, tuple(ending(item) for item in exhibits))


def ending(item: Exhibit) -> str:
    """What goes wrong: the sentence about the last step, or about what is waited for from then on."""
    told = item.sentences
    if item.trace.kind == EVENTUALLY:
        return told[-2 if len(told) > 1 else -1].text
    return next(sentence.text for sentence in told if not sentence.steps or len(item.trace.steps) in sentence.steps)


def _exhibit(protocol: Protocol, stored: StoredTrace) -> Exhibit:
    item = catalogue()[stored.property_id]
    trace = trace_of(protocol, item, stored.path, stored.loop)
    if [dict(state) for state in trace.states] != [dict(state) for state in stored.states]:
        raise ReplayError(f"{stored.subject.version} {item.id}: the stored states are not what the model comes to")
    return exhibit(trace)


def plain(item: Exhibit) -> dict[str, Any]:
    """What `player.js` reads. States are the initial one and for each step what it changed."""
    trace, subject = item.trace, item.trace.subject
    settings = (subject.bounds, subject.assumptions)
    states = [shown_state(trace, index) for index in range(len(trace.states))]
    return {
        "version": subject.version,
        "property": trace.property_id,
        "scenario": subject.scenario,
        "statement": trace.statement,
        "kind": trace.kind,
        "verdict": verdict(trace),
        "loop": trace.loop,
        "partial": trace.kind == EVENTUALLY,
        "settings": [{key: str(value) for key, value in part.items()} for part in settings],
        "steps": [
            {"name": step_name(step), "actor": step.actor, "source": step.source, "notes": notes}
            for step, notes in zip(trace.steps, step_notes(trace), strict=True)
        ],
        "groups": groups(states[0]),
        "meanings": {name: meaning(name) for name in states[0] if meaning(name)},
        "initial": states[0],
        "changes": [
            {name: value for name, value in after.items() if value != before[name]}
            for before, after in pairwise(states)
        ],
        "sentences": [{"text": sentence.text, "steps": sentence.steps} for sentence in item.sentences],
        "lanes": item.lane_svg,
        "cause": item.cause_svg,
    }
