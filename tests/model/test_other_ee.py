"""The other user of the engine where it is no TrustZone that locks: all by CPU, or a second client of Linux."""

from __future__ import annotations

import pytest
from conftest import build_protocol

from counterexamples.trace import Blocked, readable, replay, run
from proofs.checking.job import run_job
from proofs.checking.records import Job

PREPARE = ("prep_commands", "prep_rx_data", "prep_tx_data", "issue_tx", "issue_rx")
LOCKED = (*(f"client.{name}" for name in PREPARE), "bam.execute_lock")
SMALL = {"requests": 1, "tz_requests": 1}
BY_CPU = ("tz.write_config", "tz.write_go", "tz.publish_data")
ENGINE = ("engine.take_input", "engine.put_output", "engine.finish")


def verdict(property_id: str, **assume: str) -> str:
    """The verdict on v24 with one request of each, by exhaustion."""
    subject = build_protocol("v24", assume=assume, bound=SMALL).subject
    (row,) = run_job(Job(subject, (property_id,), "exhaustive"))
    return str(row.verdict)


def test_in_register_mode_no_lock_is_taken_and_no_pipe_waits() -> None:
    assume = {"other_ee": "register-mode", "locked_cpu_access": "proceeds"}
    protocol = build_protocol("v24", assume=assume, bound=SMALL)
    states = replay(protocol.system, (*LOCKED, *BY_CPU, *ENGINE, "tz.complete"))
    assert not any(state["lock.tz"] for state in states) and states[-1]["tz.done"] == 1
    assert not any(action.executes_descriptor for action in protocol.system.actions if action.actor == "tz")


@pytest.mark.parametrize("before", [(), BY_CPU[:1], BY_CPU])
def test_an_access_by_cpu_under_the_lock_of_linux_may_be_the_last(before: tuple[str, ...]) -> None:
    protocol = build_protocol("v24", assume={"other_ee": "register-mode"}, bound=SMALL)
    abort = "tz.abort" if before else "tz.abort_2"
    assert isinstance(run(protocol.system, (*before, abort)), Blocked), "without a lock nothing aborts"
    path = (*before, *LOCKED, abort)
    assert readable(protocol.ctx.space, replay(protocol.system, path)[-1])["tz.pc"] == "aborted"
    for action in ("tz.abort", "tz.abort_2", "tz.complete", *BY_CPU):
        assert isinstance(run(protocol.system, (*path, action)), Blocked)


def test_no_lock_of_linux_protects_against_register_mode() -> None:
    for access in ("aborts", "proceeds"):
        assert verdict("config-integrity", other_ee="register-mode", locked_cpu_access=access) == "violated"


def test_a_second_client_of_linux_aborts_nothing() -> None:
    assert verdict("no-abort", other_ee="same-ee") == "not-applicable"
    system = build_protocol("v24", assume={"other_ee": "same-ee"}, bound=SMALL).system
    assert all("client.panicked" not in action.updates for action in system.actions)


@pytest.mark.parametrize(
    ("scope", "word"), [("other-ee", "violated"), ("other-group", "violated"), ("whole-bam", "proved")]
)
def test_two_clients_of_linux_whose_pipes_are_all_in_group_0(scope: str, word: str) -> None:
    assert verdict("config-integrity", other_ee="same-ee", lock_scope=scope) == word
