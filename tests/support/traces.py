"""Stories for the tests of what is made from traces."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from counterexamples.story import Story
from counterexamples.trace import Trace, replay
from model.context import Protocol
from model.language.concrete import fire
from model.protocol import build
from model.subject import Subject

PATH = [
    "client.prep_rx_data",
    "client.prep_tx_data",
    "client.prep_commands",
    "client.issue_rx",
    "bam.execute_lock",
    "bam.publish_data",
    "driver.process_rx_irq",
    "driver.work_rx",
    "bam.execute_configure",
    "bam.execute_go",
    "bam.execute_unlock",
    "tz.execute_lock",
    "tz.write_config",
]
STATEMENT = "an UNLOCK takes effect only when every operation of its bracket is done, not merely consumed"


def protocol_of(version: str) -> Protocol:
    return build(Subject.of(version))


def story_of(protocol: Protocol, path: list[str]) -> Story:
    trace = Trace(
        subject=protocol.subject,
        property_id="unlock-after-done",
        statement=STATEMENT,
        kind="always",
        path=tuple(path),
        states=tuple(replay(protocol.system, path)),
    )
    return Story(trace, protocol.system, lambda _: ())


def changed(story: Story, **fields: Any) -> Story:
    """The story of a trace that differs in some fields."""
    return replace(story, trace=replace(story.trace, **fields))


def cut(story: Story, length: int) -> Story:
    """The story of the first steps."""
    return changed(story, path=story.trace.path[:length], states=story.trace.states[: length + 1])


def walk(protocol: Protocol, length: int, seed: int) -> list[str]:
    chooser, state, path = random.Random(seed), protocol.system.initial, []
    for _ in range(length):
        possible = [(action.name, after) for action in protocol.system.actions if (after := fire(action, state))]
        if not possible:
            break
        name, state = chooser.choice(possible)
        path.append(name)
    return path
