"""v17 to v24 against the dossier, sentence by sentence: what each does differently, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import build_protocol, write_version

from counterexamples.trace import Blocked, readable, replay, run
from model import versions
from model.context import Protocol
from model.protocol import assemble
from model.subject import Subject

pytestmark = pytest.mark.slow

SUBMIT = ("client.prep_commands", "client.prep_rx_data", "client.prep_tx_data")
PREPARE = (*SUBMIT, "client.issue_tx", "client.issue_rx")
WORK = ("bam.execute_configure", "bam.execute_go", "bam.publish_data")
ENGINE = ("engine.take_input", "engine.put_output", "engine.finish")
LOCKED = ("bam.execute_lock", *WORK, *ENGINE, "bam.end_nwd_wait")
DONE = (*LOCKED, "bam.execute_unlock")
ONE = {"requests": 1, "tz_requests": 1, "txns": 4, "mappings": 2}
TWO = {"requests": 2, "tz_requests": 1, "txns": 6, "mappings": 4}


def after(protocol: Protocol, *path: str) -> dict[str, Any]:
    """The readable state at the end of a path."""
    return readable(protocol.ctx.space, replay(protocol.system, path)[-1])


def possible(protocol: Protocol, *path: str) -> bool:
    """Whether a path can be taken to its end."""
    return not isinstance(run(protocol.system, path), Blocked)


def hw(state: Mapping[str, Any]) -> list[str]:
    """What the ring of the consumer pipe has before the doorbell."""
    return [record["hw"] for record in state["rx.ring"]]


def kinds(state: Mapping[str, Any], queue: str) -> list[str]:
    """What a list of the consumer channel has."""
    return [record["kind"] for record in state[f"rx.{queue}"]]


def changed(version: str) -> set[str]:
    """The axes that a version changes."""
    return set(versions.load(version).changes)


# 1, 2: v17 to v19


def test_v17_changes_no_lock_code_and_v18_only_an_order() -> None:
    assert changed("v17") == {"completion", "data-failure", "command-failure", "probe"}
    assert changed("v18") == {"completion", "data-failure"}
    assert versions.load("v18").digest == versions.load("v19").digest


@pytest.mark.parametrize(
    ("version", "order"),
    [
        ("v16", ("terminate_rx", "free_rx", "terminate_tx", "unmap_data")),
        ("v17", ("unmap_commands", "terminate_rx", "free_rx", "terminate_tx", "unmap_data")),
        ("v18", ("terminate_rx", "free_rx", "unmap_commands", "terminate_tx", "unmap_data")),
        ("v24", ("terminate_rx", "unmap_commands", "terminate_tx", "unmap_data")),
    ],
)
def test_the_completion_unmaps_the_command_buffer(version: str, order: Sequence[str]) -> None:
    protocol = build_protocol(version, "default", bound=ONE)
    path = (*PREPARE, *DONE, "driver.process_tx_irq", "driver.complete_tx")
    steps = tuple(f"client.{name}" for name in (*order, "read_status", "finish"))
    state = after(protocol, *path, *steps)
    assert (state["client.buffer_mapped"] == 0) == (version != "v16")


@pytest.mark.parametrize("version", ["v17", "v18"])
def test_a_data_step_that_fails_terminates_both_channels(version: str) -> None:
    protocol = build_protocol(version, "faults", bound=ONE)
    steps = versions.load(version).axes["data-failure"]
    assert {"terminate-rx", "terminate-tx", "unmap-commands", "unmap-data"} < set(steps)
    path = ["client.prep_commands", "client.prep_rx_data:prep-data"]
    for step in steps:
        path += [next(name for name in names(protocol, step) if possible(protocol, *path, name))]
        path += ["client.free_rx_2"] if step == "terminate-rx" else []
    state = after(protocol, *path)
    assert (kinds(state, "desc_submitted"), state["client.buffer_mapped"], state["client.pc"]) == ([], 0, "commands")


def names(protocol: Protocol, step: str) -> list[str]:
    """The actions that a step of the client can be."""
    stem = f"client.{step.replace('-', '_')}"
    return [action.name for action in protocol.system.actions if action.name.startswith(stem) and not action.fault]


def test_a_command_step_that_fails_only_unmaps() -> None:
    protocol = build_protocol("v17", "faults", bound=ONE)
    for fault in ("qce-start", "attach"):
        state = after(protocol, f"client.prep_commands:{fault}")
        assert state["client.pc"].startswith("unmap-data") and not state["client.buffer_mapped"]
        assert possible(protocol, f"client.prep_commands:{fault}", "client.unmap_data_3", "client.finish_3")
        assert state["rx.desc_allocated"] == (fault == "attach"), "prepared, and neither submitted nor freed"


def test_the_next_terminate_all_frees_what_was_never_submitted() -> None:
    protocol = build_protocol("v17", "faults", bound=TWO)
    failed = ("client.prep_commands:attach", "client.unmap_data_3", "client.finish_3")
    path = (*failed, *PREPARE, *DONE, "driver.process_tx_irq", "driver.complete_tx", "client.unmap_commands")
    assert after(protocol, *path)["rx.desc_allocated"]
    assert not after(protocol, *path, "client.terminate_rx")["rx.desc_allocated"]
    assert "rx.desc_allocated" not in build_protocol("v16", "faults", bound=ONE).ctx.space.variables


# 3: v20


def test_v20_sets_the_flag_with_the_pair_and_the_interrupt_clears_it() -> None:
    protocol = build_protocol("v20", "default", bound=ONE)
    state = after(protocol, *PREPARE)
    assert hw(state) == ["LOCK", "CONFIGURE", "GO", "DATA", "UNLOCK"] and state["rx.locked"]
    assert after(protocol, *PREPARE, *DONE)["rx.locked"], "executed is not reaped"
    assert not after(protocol, *PREPARE, *DONE, "driver.process_rx_irq")["rx.locked"]


def test_v20_locks_have_no_cookie_and_the_interrupt_frees_them() -> None:
    protocol = build_protocol("v20", "default", bound=ONE)
    state = after(protocol, *PREPARE)
    assert [(record["kind"], record["cookie"]) for record in state["rx.desc_list"]] == [
        ("LOCK", 0),
        ("CMD", 1),
        ("DATA", 2),
        ("UNLOCK", 0),
    ]
    assert (state["rx.alive"], state["rx.mapped"]) == (3, 3)
    state = after(protocol, *PREPARE, *DONE, "driver.process_rx_irq")
    assert (state["rx.alive"], state["rx.mapped"], state["rx.completed_cookie"]) == (0, 0, 2)
    assert not {"driver.complete_rx", "driver.free_rx"} & {action.name for action in protocol.system.actions}


@pytest.mark.parametrize("fault", ["lock-alloc", "unlock-alloc"])
def test_v20_queues_both_or_none(fault: str) -> None:
    protocol = build_protocol("v20", "faults", bound=ONE)
    state = after(protocol, *PREPARE[:-1], f"client.issue_rx:{fault}")
    assert hw(state) == ["CONFIGURE", "GO", "DATA"] and not state["rx.locked"]
    assert not state["rx.alive"] and not state["rx.mapped"] and not state["rx.leaked"]


def test_v20_keeps_the_pair_queued_if_the_bam_cannot_be_resumed() -> None:
    state = after(build_protocol("v20", "faults", bound=ONE), *PREPARE[:-1], "client.issue_rx:runtime-pm")
    assert kinds(state, "desc_issued") == ["LOCK", "CMD", "DATA", "UNLOCK"] and state["rx.locked"] and not hw(state)


def test_terminate_all_of_v20_frees_the_locks_that_wait() -> None:
    protocol = build_protocol("v20", "default", bound=ONE)
    path = (*PREPARE, *LOCKED, "driver.process_tx_irq", "driver.complete_tx", "client.terminate_rx")
    state = after(protocol, *path)
    assert (state["rx.terminated_lock"], state["rx.terminated_unlock"], state["rx.locked"]) == (1, 2, False)
    assert after(protocol, *path, "client.free_rx")["rx.mapped"] == 0


def test_v20_makes_no_pair_while_the_flag_is_set() -> None:
    protocol = build_protocol("v20", "busy-client", bound=TWO)
    state = after(protocol, *PREPARE, *DONE, *PREPARE)
    assert hw(state) == ["CONFIGURE", "GO", "DATA"], "the UNLOCK is consumed and not reaped: nothing locks"
    reaped = after(protocol, *PREPARE, *DONE, "driver.process_rx_irq", *PREPARE)
    assert hw(reaped) == ["LOCK", "CONFIGURE", "GO", "DATA", "UNLOCK"]


# 4: v21


def test_v21_clears_the_flag_when_the_unlock_is_in_the_ring() -> None:
    state = after(build_protocol("v21", "default", bound=ONE), *PREPARE)
    assert hw(state) == ["LOCK", "CONFIGURE", "GO", "DATA", "UNLOCK"] and not state["rx.locked"]
    cut = after(build_protocol("v21", "small-ring", bound=ONE), *PREPARE)
    assert cut["rx.locked"] and kinds(cut, "desc_issued") == ["UNLOCK"]


def test_v21_makes_the_pair_after_runtime_pm() -> None:
    state = after(build_protocol("v21", "faults", bound=ONE), *PREPARE[:-1], "client.issue_rx:runtime-pm")
    assert kinds(state, "desc_issued") == ["CMD", "DATA"] and not state["rx.locked"] and not state["rx.alive"]


@pytest.mark.parametrize("fault", ["lock-alloc", "unlock-alloc"])
def test_v21_tries_again_at_the_next_transaction(fault: str) -> None:
    state = after(build_protocol("v21", "faults", bound=ONE), *PREPARE[:-1], f"client.issue_rx:{fault}")
    assert hw(state) == ["CONFIGURE", "GO", "LOCK", "DATA", "UNLOCK"]
    assert state["rx.alive"] == 3 and not state["rx.locked"]


def test_v21_wraps_what_stands_behind_the_unlock_of_the_bracket_before() -> None:
    protocol = build_protocol("v21", "busy-client", bound={**TWO, "ring": 5, "ring_at": 4})
    path: tuple[str, ...] = (*PREPARE, *SUBMIT, "client.issue_tx", "client.issue_rx")
    state = after(protocol, *path)
    assert hw(state) == ["LOCK", "CONFIGURE", "GO", "DATA"]
    assert kinds(state, "desc_issued") == ["UNLOCK", "CMD", "DATA"] and state["rx.locked"]
    path += ("bam.execute_lock", *WORK, *ENGINE, "bam.end_nwd_wait", "driver.process_rx_irq", "driver.work_rx")
    state = after(protocol, *path)
    assert hw(state) == ["UNLOCK", "LOCK", "CONFIGURE", "GO"]
    assert kinds(state, "desc_issued") == ["DATA", "UNLOCK"] and state["rx.locked"]


# 5: v24


def test_v24_writes_both_straight_into_the_ring() -> None:
    protocol = build_protocol("v24", "default", bound=ONE)
    state = after(protocol, *PREPARE)
    assert hw(state) == ["LOCK", "CONFIGURE", "GO", "DATA", "UNLOCK"] and not state["rx.locked"]
    assert [record["int"] for record in state["rx.ring"]] == [0, 0, 0, 0, 1]
    assert [(record["kind"], record["cookie"]) for record in state["rx.desc_list"]] == [("CMD", 1), ("DATA", 2)]
    made = {"rx.alive", "rx.mapped", "rx.terminated_lock", "rx.desc_completed_lock", "rx.metadata"}
    assert not made & set(protocol.ctx.space.variables), "one element for the channel, no transaction, no metadata"


def test_the_interrupt_of_v24_knows_lock_and_unlock_by_the_slots() -> None:
    protocol = build_protocol("v24", "default", bound=ONE)
    state = after(protocol, *PREPARE)
    assert (state["rx.slots_lock"], state["rx.slots_unlock"]) == (1, 1 << 4)
    state = after(protocol, *PREPARE, *LOCKED, "driver.process_rx_irq")
    assert (state["rx.head"], state["rx.slots_lock"], state["rx.slots_unlock"]) == (4, 0, 1)
    assert state["rx.desc_list"] == [] and state["rx.completed_cookie"] == 2
    state = after(protocol, *PREPARE, *DONE, "driver.process_rx_irq")
    assert (state["rx.head"], state["rx.tail"], state["rx.slots_unlock"]) == (5, 5, 0)


def test_v24_loads_the_rest_of_a_transaction_without_another_lock() -> None:
    protocol = build_protocol("v24", "default", bound={**ONE, "ring": 3, "ring_at": 2})
    assert hw(after(protocol, *PREPARE)) == ["LOCK", "CONFIGURE"]
    path = (*PREPARE, "bam.execute_lock", "bam.execute_configure", "driver.process_rx_irq")
    state = after(protocol, *path)
    assert kinds(state, "desc_issued") == ["CMD", "DATA"] and state["rx.head"] == 1 and state["rx.locked"]
    assert hw(after(protocol, *path, "driver.work_rx")) == ["GO", "DATA"]


def test_v24_locks_only_with_two_slots_free() -> None:
    protocol = build_protocol("v24", "busy-client", bound={**TWO, "ring": 7, "ring_at": 6})
    path: tuple[str, ...] = (*PREPARE, *PREPARE)
    state = after(protocol, *path)
    assert hw(state) == ["LOCK", "CONFIGURE", "GO", "DATA", "UNLOCK"] and not state["rx.locked"]
    assert kinds(state, "desc_issued") == ["CMD", "DATA"] and state["work.pending"], "one slot is free"
    again = after(protocol, *path, "driver.work_rx")
    assert again["work.pending"] and hw(again) == hw(state), "it queues itself again"
    path += (*LOCKED, "driver.process_rx_irq", "driver.work_rx")
    assert hw(after(protocol, *path)) == ["UNLOCK", "LOCK", "CONFIGURE", "GO", "DATA", "UNLOCK"]


def test_v24_writes_the_unlock_later_if_the_ring_is_full() -> None:
    bound = {**ONE, "ring": 5, "ring_at": 4}
    protocol = build_protocol("v24", "default", bound=bound)
    state = after(protocol, *PREPARE)
    assert hw(state) == ["LOCK", "CONFIGURE", "GO", "DATA"] and kinds(state, "desc_issued") == []
    assert state["rx.locked"]
    state = after(protocol, *PREPARE, *LOCKED, "driver.process_rx_irq", "driver.work_rx")
    assert hw(state) == ["UNLOCK"] and not state["rx.locked"], "the work item starts what is only locked"


def test_terminate_all_of_v24_leaves_the_unlock_if_desc_list_is_empty() -> None:
    protocol = build_protocol("v24", "default", bound=ONE)
    path = (*PREPARE, *LOCKED, "driver.process_rx_irq", "driver.process_tx_irq", "driver.work_rx", "driver.complete_tx")
    state = after(protocol, *path, "client.terminate_rx")
    assert hw(state) == ["UNLOCK"] and state["lock.linux"] and state["rx.head"] == 4, "no reset"
    assert not after(protocol, *path, "client.terminate_rx", "bam.execute_unlock")["lock.linux"]


def test_terminate_all_of_v24_clears_the_flag_without_an_unlock() -> None:
    bound = {**ONE, "ring": 5, "ring_at": 4}
    path = (*PREPARE, *LOCKED, "driver.process_tx_irq", "driver.complete_tx", "client.terminate_rx")
    state = after(build_protocol("v24", "default", bound=bound), *path)
    assert state["lock.linux"] and not state["rx.locked"] and not hw(state)


def test_v24_makes_nothing_if_the_bam_cannot_be_resumed() -> None:
    state = after(build_protocol("v24", "faults", bound=ONE), *PREPARE[:-1], "client.issue_rx:runtime-pm")
    assert kinds(state, "desc_issued") == ["CMD", "DATA"] and not state["rx.locked"] and not hw(state)


def test_v24_allocates_nothing_at_start() -> None:
    faults = {action.fault for action in build_protocol("v24", "faults", bound=ONE).system.actions}
    assert faults == {None, "qce-start", "prep-data", "runtime-pm"}


def test_v24_on_a_bam_without_the_lock_runs_without() -> None:
    state = after(build_protocol("v24", "no-lock-hardware", bound=ONE), *PREPARE)
    assert hw(state) == ["CONFIGURE", "GO", "DATA"]


def test_nothing_locks_before_slave_config(tmp_path: Path) -> None:
    early = versions.load(write_version(tmp_path, "v24", {"probe": "algorithms-first"}))
    protocol = assemble(Subject.of(early, "probe-window", {}, ONE))
    assert hw(after(protocol, *PREPARE)) == ["CONFIGURE", "GO", "DATA"]
    assert hw(after(protocol, "client.set_base", *PREPARE)) == ["CONFIGURE", "GO", "DATA"]
    assert hw(after(protocol, "client.set_base", "client.slave_config", *PREPARE))[0] == "LOCK"
    assert not possible(protocol, "client.slave_config"), "it needs the address"
