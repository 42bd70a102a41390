"""Mainline's NAND driver against the dossier: what it queues, what it waits for, what its time-out leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import build_protocol, write_version

from counterexamples.trace import Blocked, readable, replay, run
from model import versions
from model.context import Protocol
from model.parameters import ASSUMPTIONS
from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.properties import catalogue
from proofs.recordings.acceptor import Acceptor
from proofs.recordings.log import EVENTS
from proofs.recordings.making import make

ROWS = ("nandc", "nandc-v20", "nandc-v24", "nandc-timeout", "nandc-v24-timeout")
ONE = {"requests": 1, "tz_requests": 1}
SEND = ("client.prep_tx_data", "client.prep_commands", "client.prep_status", "client.issue_tx", "client.issue_rx")
EXECUTE = ("bam.execute_configure", "bam.execute_go")
ENGINE = ("engine.put_output", "engine.finish")
END = ("bam.end_nwd_wait", "bam.execute_status", "driver.process_rx_irq", "driver.complete_command")
RETURN = ("client.unmap_data", "client.unmap_commands", "client.take_status", "client.finish")


def after(protocol: Protocol, *path: str) -> dict[str, Any]:
    """The readable state at the end of a path."""
    return readable(protocol.ctx.space, replay(protocol.system, path)[-1])


def hw(state: dict[str, Any], pipe: str = "rx") -> list[str]:
    """What a pipe has still to execute, which of it has NWD (!) and which raises the interrupt (*)."""
    return [
        record.get("hw", "DATA") + "!" * record.get("nwd", 0) + "*" * (record["int"] or record["eot"])
        for record in state[f"{pipe}.ring"]
    ]


def words(row: str, *properties: str, ring: int = 12, assume: dict[str, str] | None = None) -> list[str]:
    """The verdicts on a row with two requests of each side, by exhaustion."""
    subject = build_protocol(row, "default", assume, {"ring": ring}).subject
    return [str(result.verdict) for result in run_job(Job(subject, properties, "exhaustive"))]


@pytest.mark.parametrize(
    ("row", "ring"),
    [
        ("nandc", ["CONFIGURE", "GO!", "STATUS*"]),
        ("nandc-v20", ["LOCK", "CONFIGURE", "GO!", "STATUS*", "UNLOCK*"]),
        ("nandc-v24", ["LOCK", "CONFIGURE", "GO!", "STATUS*", "UNLOCK*"]),
    ],
)
def test_what_is_in_the_rings(row: str, ring: list[str]) -> None:
    """Two transactions of commands, NWD on EXEC alone; the page's transaction without EOT."""
    state = after(build_protocol(row, bound=ONE), *SEND)
    assert hw(state) == ring and hw(state, "tx") == ["DATA", "DATA*"]
    assert [record["kind"] for record in state["rx.desc_list"] if "LOCK" not in record["kind"]] == ["CMD", "STATUS"]


def test_it_waits_for_the_last_command_and_for_no_data() -> None:
    protocol = build_protocol("nandc", bound=ONE)
    path = (*SEND, *EXECUTE, *ENGINE)
    assert isinstance(run(protocol.system, (*path, "bam.execute_status")), Blocked)
    state = after(protocol, *path, *END, *RETURN)
    assert state["client.request"] == 1 and state["tx.irq"] and state["tx.desc_list"]  # nobody has looked at the data
    assert state["client.status_of"] == "linux-1" and state["engine.dump_ok"]


def test_several_pages_are_on_the_list_of_the_data_channel() -> None:
    first = (*SEND, *EXECUTE, *ENGINE, *END, *RETURN)
    state = after(build_protocol("nandc"), *first, *SEND)
    assert len(state["tx.desc_list"]) == 2 and state["client.data_mapped"] == 2


def test_the_status_that_it_takes_can_be_of_another_operation_without_the_lock() -> None:
    assert words("nandc", "own-status", "config-integrity") == ["violated", "violated"]
    asked = ("own-status", "config-integrity", "quiet-engine", "quiet-dummy", "unlock-after-done", "honest-status")
    assert set(words("nandc-v24", *asked)) == {"proved"}
    assert words("nandc-v24", "released", "lock-released", "linux-progress", "other-progress") == ["proved"] * 4


def test_on_v20_a_page_can_be_read_without_the_lock() -> None:
    """The client goes on once its status is read, before UNLOCK is consumed, which alone would clear the flag."""
    assert words("nandc-v20", "under-lock", "config-integrity") == ["violated", "violated"]
    again = (*SEND, "bam.execute_lock", *EXECUTE, *ENGINE, *END, *RETURN, *SEND)
    assert hw(after(build_protocol("nandc-v20"), *again)) == ["UNLOCK*", "CONFIGURE", "GO!", "STATUS*"]
    assert hw(after(build_protocol("nandc-v24"), *again)) == [
        "UNLOCK*",
        "LOCK",
        "CONFIGURE",
        "GO!",
        "STATUS*",
        "UNLOCK*",
    ]


@pytest.mark.parametrize(
    ("property_id", "assume", "word"),
    [
        ("unlock-after-done", {"nwd_ack": "input-consumed"}, "violated"),
        ("quiet-dummy", {"nwd_ack": "input-consumed"}, "violated"),
        ("config-integrity", {"other_ee": "same-ee"}, "violated"),
        ("config-integrity", {"other_ee": "register-mode", "locked_cpu_access": "proceeds"}, "violated"),
        ("linux-progress", {"lock_scope": "whole-bam"}, "violated"),
        ("config-integrity", {"lock_scope": "other-group"}, "proved"),
    ],
)
def test_what_it_needs_of_the_hardware(property_id: str, assume: dict[str, str], word: str) -> None:
    assert words("nandc-v24", property_id, assume=assume) == [word]


def test_a_time_out_leaves_all_that_is_queued_to_the_hardware() -> None:
    protocol = build_protocol("nandc-timeout", bound={"ring": 12})
    assert isinstance(run(protocol.system, (*SEND, "client.give_up")), Blocked)  # nothing hangs
    hung = (*SEND, *EXECUTE, "client.give_up", "client.unmap_data_2", "client.unmap_commands_2", "client.finish_2")
    state = after(protocol, *hung)
    assert state["client.request"] == 1 and hw(state) == ["GO!", "STATUS*"] and not state["client.buffer_mapped"]
    late = after(protocol, *hung, *ENGINE, *END[:-1], *SEND, "driver.complete_command")
    assert late["client.pc"] == "unmap-data" and late["client.status_of"] == "linux-1"  # the next one is woken by it
    none = after(protocol, *hung, *ENGINE, *END[:-1], "driver.complete_command_late")
    assert not none["rx.desc_completed"]
    for row in ("nandc-timeout", "nandc-v24-timeout"):
        found = words(row, "mapping-live", "data-mapped", "buffer-stable", "own-status")
        assert found == ["violated"] * 4
    assert words("nandc-v24-timeout", "released", "lock-released", "linux-progress") == ["proved"] * 3


def test_a_ring_that_is_full_of_what_was_given_up_is_lapped() -> None:
    assert words("nandc-v24-timeout", "code-safe", ring=7) == ["violated"]
    assert words("nandc-v24-timeout", "code-safe") == ["proved"]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("scenario", ["small-ring", "faults", "busy-client", "probe-window", "fresh-ring"])
def test_a_scenario_about_another_client_says_why_not(row: str, scenario: str) -> None:
    protocol = build_protocol(row, scenario)
    assert {type(item.reason_against(protocol)) for item in catalogue().values()} == {str}
    assert versions.load(row).draft


@pytest.mark.parametrize("row", ROWS)
def test_it_is_built_under_every_value(row: str) -> None:
    for key, item in ASSUMPTIONS.items():
        for value in item.values[1:]:
            assert build_protocol(row, assume={key: value}, bound=ONE).system.actions


def test_a_log_of_it_is_accepted() -> None:
    protocol = build_protocol("nandc-v24", bound=ONE)
    log = make(protocol.system, 30, 1)
    assert "callback rx" in map(str, log.events)
    assert Acceptor(protocol.system, frozenset(EVENTS)).run(log).accepted == len(log.events)


def test_a_mix_is_refused(tmp_path: Path) -> None:
    for base, axes, message in (
        ("v24", {"callback": "last-command"}, "needs input = 'none'"),
        ("v24", {"nwd": "go"}, "needs callback = 'last-command'"),
        ("nandc-v24", {"lock-coverage": "no-plain-aead"}, "needs callback = 'output'"),
        ("v24", {"recovery": "gives-up"}, "needs callback = 'last-command'"),
        ("v24", {"input": "none", "nwd": "none"}, "step 'rx-data' needs input = 'data'"),
        ("nandc", {"callback": "output"}, "needs callback = 'last-command'"),
        ("nandc", {"completion": ["dump", "terminate-rx", "finish"]}, "steps without 'terminate-rx'"),
        ("nandc", {"completion": ["finish"]}, "'read-back' needs the steps"),
        ("nandc", {"request": ["tx-data", "commands", "issue-tx", "issue-rx"]}, "'read-back' belongs into request"),
    ):
        with pytest.raises(versions.VersionError, match=message):
            versions.load(write_version(tmp_path, base, axes))


def test_a_violation_is_told(tmp_path: Path) -> None:
    for row, property_id, said in (
        ("nandc-timeout", "data-mapped", "gives up its request after 2 s"),
        ("nandc", "own-status", "takes STATUS from where a command has read it to"),
    ):
        subject = build_protocol(row, "default", None, {"ring": 12}).subject
        (result,) = run_job(Job(subject, (property_id,), "exhaustive", out=str(tmp_path)))
        assert not result.unwritten
        assert said in " ".join((tmp_path / row / f"{property_id}.txt").read_text().split())
