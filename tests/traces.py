"""Traces for the tests of what is made from traces."""

from __future__ import annotations

import random

from counterexamples.trace import Trace, replay
from model.language.concrete import fire
from model.protocol import Protocol, build
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


def trace_of(protocol: Protocol, path: list[str]) -> Trace:
    return Trace(
        subject=protocol.subject,
        property_id="unlock-after-done",
        statement=STATEMENT,
        kind="always",
        space=protocol.system.space,
        steps=tuple(protocol.system.action(name) for name in path),
        states=tuple(replay(protocol, path)),
    )


def walk(protocol: Protocol, length: int, seed: int) -> list[str]:
    chooser, state, path = random.Random(seed), protocol.system.initial, []
    for _ in range(length):
        possible = [(action.name, after) for action in protocol.system.actions if (after := fire(action, state))]
        if not possible:
            break
        name, state = chooser.choice(possible)
        path.append(name)
    return path
