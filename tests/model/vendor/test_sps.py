"""The drivers of others against the dossier: what is in the rings when, and what each hardware would make of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import build_protocol, write_version

from counterexamples.trace import Blocked, readable, replay, run
from model import versions
from model.context import Protocol
from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.properties import catalogue

ROWS = ("downstream", "downstream-gen1", "lk", "nand-vendor")
ONE = {"requests": 1, "tz_requests": 1}
SEND = ("client.build_lists", "client.transfer_rx", "client.transfer_tx")
ENGINE = ("engine.take_input", "engine.put_output", "engine.finish")
DONE = (*SEND, "bam.execute_request", "bam.publish_data", *ENGINE)


def after(protocol: Protocol, *path: str) -> dict[str, Any]:
    """The readable state at the end of a path."""
    return readable(protocol.ctx.space, replay(protocol.system, path)[-1])


def hw(state: Mapping[str, Any]) -> list[str]:
    """What the consumer pipe has still to execute, and which of it has NWD."""
    return [record["hw"] + ("!" if record["nwd"] else "") for record in state["rx.ring"]]


def words(row: str, *properties: str, scenario: str = "default", **assume: str) -> list[str]:
    """The verdicts on a row with one request of each side, or two in flight, by exhaustion."""
    bound = ONE if scenario == "default" else None
    subject = build_protocol(row, scenario, assume, bound).subject
    return [str(result.verdict) for result in run_job(Job(subject, properties, "exhaustive"))]


@pytest.mark.parametrize(
    ("row", "path", "ring"),
    [
        ("downstream", SEND, ["REQUEST", "DATA!", "UNLOCK"]),
        ("downstream-gen1", SEND, ["REQUEST", "DATA!"]),
        ("lk", ("client.build_lists", "client.transfer_lock", "client.transfer_rx"), ["LOCK", "REQUEST", "DATA!"]),
        ("nand-vendor", ("client.build_lists", "client.transfer_tx", "client.transfer_rx"), ["REQUEST!", "UNLOCK"]),
    ],
)
def test_the_list_of_a_request(row: str, path: tuple[str, ...], ring: list[str]) -> None:
    assert hw(after(build_protocol(row, bound=ONE), *path)) == ring


def test_gen1_reads_status_under_its_own_lock_and_then_unlocks() -> None:
    protocol = build_protocol("downstream-gen1", bound=ONE)
    path = (*DONE, "bam.end_nwd_wait", "driver.sps_isr", "driver.complete_tx", "client.unmap_data")
    reads = after(protocol, *path, "client.read_status")
    assert reads["lock.linux"] and reads["client.ok"] and not hw(reads)
    assert hw(after(protocol, *path, "client.read_status", "client.transfer_unlock")) == ["UNLOCK"]


def test_several_requests_are_in_the_ring_and_a_list_that_does_not_fit_is_refused() -> None:
    again = ("client.build_lists", "client.transfer_rx")
    plain = build_protocol("downstream", "busy-client")
    assert hw(after(plain, *SEND, *again)) == 2 * ["REQUEST", "DATA!", "UNLOCK"]
    short = build_protocol("downstream", "busy-client", bound={"ring": 5})
    refused = after(short, *SEND, *again)
    assert hw(refused) == ["REQUEST", "DATA!", "UNLOCK"]
    assert refused["client.request"] == 2 and not refused["client.failed"] and refused["client.data_mapped"] == 1


def test_a_request_that_fits_no_ring_fails() -> None:
    protocol = build_protocol("downstream", bound={**ONE, "ring": 2})
    path = ("client.build_lists", "client.transfer_rx", "client.unmap_data_2", "client.finish_2")
    assert after(protocol, *path)["client.request"] == 1
    (word,) = words_of(protocol, "works")
    assert word in ("unreachable", "not-applicable")


def words_of(protocol: Protocol, *properties: str) -> list[str]:
    """The verdicts on a system."""
    return [str(result.verdict) for result in run_job(Job(protocol.subject, properties, "exhaustive"))]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_keeps_its_operations_apart_under_the_defaults(row: str) -> None:
    asked = ("config-integrity", "quiet-engine", "released", "linux-progress", "lock-released", "other-progress")
    assert set(words(row, *asked)) == {"proved"}
    assert versions.load(row).draft


@pytest.mark.parametrize(
    ("row", "property_id", "assume", "word"),
    [
        ("downstream", "quiet-engine", {"nwd_ack": "input-consumed"}, "violated"),
        ("downstream", "quiet-engine", {"unlock_effect": "before-own-write"}, "violated"),
        ("downstream", "config-integrity", {"lock_effect": "after-own-write"}, "violated"),
        ("downstream", "config-integrity", {"other_ee": "same-ee"}, "violated"),
        ("downstream", "config-integrity", {"other_ee": "same-ee", "lock_scope": "other-group"}, "proved"),
        ("downstream", "linux-progress", {"lock_scope": "whole-bam"}, "violated"),
        ("downstream-gen1", "unlock-after-done", {"nwd_ack": "input-consumed"}, "proved"),
        ("downstream-gen1", "unlock-after-done", {"done_irq": "any-order"}, "proved"),
        (
            "downstream-gen1",
            "unlock-after-done",
            {"nwd_ack": "input-consumed", "done_irq": "any-order"},
            "violated",
        ),
        ("lk", "lock-released", {"relock": "idempotent"}, "proved"),
        ("lk", "lock-released", {"relock": "counted"}, "violated"),
        ("lk", "linux-progress", {"relock": "blocks"}, "violated"),
        ("nand-vendor", "linux-progress", {"lock_scope": "other-group"}, "violated"),
        ("nand-vendor", "linux-progress", {"lock_scope": "other-group-commands"}, "proved"),
        ("nand-vendor", "linux-progress", {"lock_scope": "group0-exempt"}, "proved"),
    ],
)
def test_what_a_row_needs_of_the_hardware(row: str, property_id: str, assume: dict[str, str], word: str) -> None:
    assert words(row, property_id, **assume) == [word]


def test_a_request_that_hangs_is_given_up_and_the_lock_with_it_only_if_a_reset_releases_it() -> None:
    hung = (*SEND, "bam.execute_request", "bam.publish_data", "engine.take_input")
    for reset, held in (("keeps-lock", True), ("releases-lock", False)):
        protocol = build_protocol("downstream-recovery", assume={"pipe_reset": reset}, bound=ONE)
        assert isinstance(run(protocol.system, (*hung[:-1], "client.recover")), Blocked)
        state = after(protocol, *hung, "client.recover", "client.unmap_data_2", "client.finish_2")
        assert state["lock.linux"] == held and state["engine.op"] == "none" and not hw(state)
    assert words("downstream-recovery", "linux-progress", "lock-released") == ["proved", "violated"]
    assert words("downstream-recovery", "lock-released", pipe_reset="releases-lock") == ["proved"]


def test_the_dump_tells_of_an_operation_that_failed_or_is_not_done() -> None:
    early = build_protocol("downstream", assume={"done_irq": "any-order"}, bound=ONE)
    path = (*DONE[:-1], "engine.put_dump", "driver.sps_isr", "driver.complete_tx", "client.unmap_data")
    assert not after(early, *path, "client.read_dump")["client.ok"]
    late = (*DONE, "driver.sps_isr", "driver.complete_tx", "client.unmap_data", "client.read_dump")
    assert after(build_protocol("downstream", bound=ONE), *late)["client.ok"]


def test_lock_and_its_writes_come_apart_where_the_hardware_lets_them() -> None:
    protocol = build_protocol("lk", assume={"lock_effect": "after-own-write"}, bound=ONE)
    path = ("client.build_lists", "client.transfer_lock", "client.transfer_rx", "bam.write_lock_config")
    assert not after(protocol, *path)["lock.linux"]
    assert isinstance(run(protocol.system, (*path, "bam.write_request")), Blocked)
    assert after(protocol, *path, "bam.execute_lock", "bam.write_request")["engine.op"] == "linux-1"


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("scenario", ["small-ring", "faults", "two-faults", "probe-window", "fresh-ring"])
def test_a_scenario_that_is_about_bam_dma_says_why_not(row: str, scenario: str) -> None:
    protocol = build_protocol(row, scenario)
    assert {type(item.reason_against(protocol)) for item in catalogue().values()} == {str}


def test_a_mix_of_both_layers_is_refused(tmp_path: Path) -> None:
    for base, axes, message in (
        ("v24", {"layer": "sps"}, "layer = 'sps' needs"),
        ("downstream", {"completion": ["terminate-rx", "finish"]}, "steps without 'terminate-rx'"),
        ("downstream", {"dummy": "write-version"}, "needs dummy = "),
        ("v16", {"lock": "request"}, "needs unlock = "),
        ("downstream", {"input": "none"}, "needs nwd = "),
        ("v16", {"recovery": "reset-pipes"}, "needs layer = "),
    ):
        with pytest.raises(versions.VersionError, match=message):
            versions.load(write_version(tmp_path, base, axes))


@pytest.mark.parametrize(
    ("row", "property_id", "assume", "said"),
    [
        ("downstream-recovery", "lock-released", {}, "both pipes reset"),
        ("lk", "linux-progress", {"relock": "blocks"}, "executes LOCK"),
        ("nand-vendor", "linux-progress", {"lock_scope": "other-group"}, "its producer pipe being shut out too"),
        ("downstream", "config-integrity", {"lock_effect": "after-own-write"}, "does CONFIGURE and GO of its LOCK"),
    ],
)
def test_a_violation_is_told(row: str, property_id: str, assume: dict[str, str], said: str, tmp_path: Path) -> None:
    subject = build_protocol(row, "default", assume, ONE).subject
    (result,) = run_job(Job(subject, (property_id,), "exhaustive", out=str(tmp_path)))
    assert not result.unwritten
    text = (tmp_path / row / f"{property_id}.txt").read_text()
    assert said in " ".join(text.split())
