"""The axes of the lock, each by itself: what another value changes, and what describes no driver is refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import write_version
from test_pipe_lock_rows import DONE, ENGINE, LOCKED, ONE, PREPARE, TWO, after, hw, kinds

from counterexamples.trace import replay
from model import versions
from model.context import Protocol
from model.language.concrete import holds
from model.protocol import assemble
from model.subject import Subject
from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.checking.words import Word
from proofs.properties import catalogue

Axes = tuple[tuple[str, Any], ...]


@cache
def system(version: str, axes: Axes, scenario: str = "default", bound: Axes = ()) -> Protocol:
    """The transition system of a version with other values of some axes, which fit together."""
    subject = Subject.of(version, scenario, {}, dict(bound)).changed(dict(axes))
    assert versions.misfit(subject.axes) is None
    return assemble(subject)


ONE_REQUEST, TWO_REQUESTS = tuple(ONE.items()), tuple(TWO.items())
CUT = (*ONE_REQUEST, ("ring", 5), ("ring_at", 4))  # a request fits with its LOCK, and the UNLOCK does not


# What another value changes


@pytest.mark.parametrize(("cookie", "back"), [("own", True), ("none", False)])
@pytest.mark.slow
def test_a_cookie_of_the_lock_moves_the_completed_cookie_back(cookie: str, back: bool) -> None:
    protocol = system("v20", (("lock-cookie", cookie),), bound=ONE_REQUEST)
    event = protocol.system.action("driver.process_rx_irq").events["cookie_moves_back"]
    assert holds(event, replay(protocol.system, (*PREPARE, *LOCKED))[-1]) == back


def test_the_tasklet_frees_later_than_the_interrupt() -> None:
    protocol = system("v20", (("lock-freeing", "tasklet"),), bound=ONE_REQUEST)
    path = (*PREPARE, *DONE, "driver.process_rx_irq")
    assert after(protocol, *path)["rx.mapped"] == 3
    assert after(protocol, *path, "driver.work_rx", "driver.complete_rx", "driver.free_rx")["rx.mapped"] == 0


def test_the_interrupt_frees_locks_with_cookies_too() -> None:
    protocol = system("v16", (("lock-freeing", "irq"),), bound=ONE_REQUEST)
    state = after(protocol, *PREPARE, *DONE, "driver.process_rx_irq")
    assert (state["rx.mapped"], state["rx.alive"], state["rx.completed_cookie"]) == (0, 0, 4)


@pytest.mark.parametrize(("stage", "steps"), [("queued", 0), ("loaded", 0), ("consumed", len(DONE) + 1)])
@pytest.mark.slow
def test_the_flag_is_cleared_when_the_axis_says(stage: str, steps: int) -> None:
    protocol = system("v20", (("flag-clear", stage),), bound=ONE_REQUEST)
    path = (*PREPARE, *DONE, "driver.process_rx_irq")
    flags = [after(protocol, *path[: len(PREPARE) + taken])["rx.locked"] for taken in range(len(DONE) + 2)]
    assert flags == [True] * steps + [False] * (len(DONE) + 2 - steps)


def test_a_flag_that_clears_when_queued_or_loaded_differs_in_a_ring_that_is_full() -> None:
    queued, loaded = (system("v20", (("flag-clear", stage),), bound=CUT) for stage in ("queued", "loaded"))
    assert not after(queued, *PREPARE)["rx.locked"] and after(loaded, *PREPARE)["rx.locked"]


@pytest.mark.slow
def test_a_flag_that_terminate_all_keeps_leaves_the_next_request_unlocked() -> None:
    path: tuple[str, ...] = (*PREPARE, *LOCKED, "driver.process_tx_irq", "driver.complete_tx", "client.terminate_rx")
    path += ("client.free_rx",)
    path += ("client.unmap_commands", "client.terminate_tx", "client.unmap_data", "client.read_status")
    path += ("client.finish", *PREPARE)
    assert hw(after(system("v20", (("flag-terminate", "kept"),), bound=TWO_REQUESTS), *path))[0] == "CONFIGURE"
    assert hw(after(system("v20", (), bound=TWO_REQUESTS), *path))[0] == "LOCK"


TIGHT = (*TWO_REQUESTS, ("ring", 7), ("ring_at", 6))  # a request with its LOCK and UNLOCK leaves one slot


@pytest.mark.slow
def test_with_one_slot_free_a_lock_stands_alone() -> None:
    path = (*PREPARE, *PREPARE)
    alone = after(system("v24", (("lock-room", "one"),), "busy-client", TIGHT), *path)
    assert hw(alone)[-1] == "LOCK" and alone["rx.locked"] and not alone["work.pending"]
    state = after(system("v24", (), "busy-client", TIGHT), *path)
    assert hw(state)[-1] == "UNLOCK" and state["work.pending"]


@pytest.mark.slow
def test_two_slots_can_be_asked_of_transactions_too() -> None:
    axes, path = (("flag-clear", "loaded"),), (*PREPARE, *PREPARE)
    assert hw(after(system("v20", axes, "busy-client", TIGHT), *path))[-1] == "LOCK"
    state = after(system("v20", (*axes, ("lock-room", "two")), "busy-client", TIGHT), *path)
    assert hw(state)[-1] == "UNLOCK" and kinds(state, "desc_issued") == ["CMD", "DATA"] and state["work.pending"]


def test_runtime_pm_first_leaves_no_pair_behind() -> None:
    bound = ONE_REQUEST
    path = (*PREPARE[:-1], "client.issue_rx:runtime-pm")
    first = after(system("v20", (("runtime-pm", "before-lock"),), "faults", bound), *path)
    assert kinds(first, "desc_issued") == ["CMD", "DATA"] and not first["rx.alive"]


@pytest.mark.slow
def test_a_work_item_that_starts_only_what_is_issued_forgets_the_unlock() -> None:
    protocol = system("v24", (("work-start", "issued"),), bound=CUT)
    path = (*PREPARE, *LOCKED, "driver.process_rx_irq", "driver.work_rx")
    state = after(protocol, *path)
    assert hw(state) == [] and state["rx.locked"] and state["lock.linux"]
    assert hw(after(system("v24", (), bound=CUT), *path)) == ["UNLOCK"]


@pytest.mark.slow
def test_one_shared_element_is_never_unmapped() -> None:
    axes = (("lock-storage", "shared"), ("lock-release", "never"))
    protocol = system("v20", axes, bound=ONE_REQUEST)
    assert "rx.mapped" not in protocol.ctx.space.variables
    assert after(protocol, *PREPARE)["rx.alive"] == 3
    assert after(protocol, *PREPARE, *DONE, "driver.process_rx_irq")["rx.alive"] == 0
    assert "share one mapping" in str(catalogue()["mapping-own"].reason_against(protocol))


@pytest.mark.slow
def test_an_unlock_behind_the_fill_loop_can_be_a_transaction() -> None:
    protocol = system("v20", (("unlock", "drained"),), bound=ONE_REQUEST)
    state = after(protocol, *PREPARE)
    assert hw(state) == ["LOCK", "CONFIGURE", "GO", "DATA", "UNLOCK"]
    cut = after(system("v20", (("unlock", "drained"), ("flag-clear", "loaded")), bound=CUT), *PREPARE)
    assert kinds(cut, "desc_issued") == [] and cut["rx.locked"], "it is not even made while the ring is full"


CLOSED_BY = {
    "irq": ("driver.process_rx_irq",),
    "producer": ("driver.process_tx_irq",),
    "terminate": ("driver.process_tx_irq", "driver.complete_tx", "client.close_rx"),
}


@pytest.mark.parametrize("unlock", CLOSED_BY)
def test_who_closes_a_bracket_behind_the_fill_loop(unlock: str) -> None:
    protocol = system("v24", (("unlock", unlock),), bound=ONE_REQUEST)
    *before, closes = CLOSED_BY[unlock]
    still = after(protocol, *PREPARE, *LOCKED, *before)
    assert not hw(still) and still["rx.locked"] and still["lock.linux"]
    state = after(protocol, *PREPARE, *LOCKED, *before, closes)
    assert hw(state) == ["UNLOCK"] and not state["rx.locked"]
    assert not after(protocol, *PREPARE, *LOCKED, *before, closes, "bam.execute_unlock")["lock.linux"]


def test_a_bracket_that_terminate_closes_and_drains_needs_no_nwd() -> None:
    drains = {"unlock": "terminate", "terminate": "drains", "nwd": "none"}
    claims = ("unlock-after-done", "released")
    for changes, wrong in ((drains, []), ({**drains, "terminate": "resets"}, ["released"]), ({"nwd": "none"}, claims)):
        subject = Subject.of("v24", "default", bound=dict(ONE_REQUEST)).changed(changes)
        rows = run_job(Job(subject, claims, "exhaustive"))
        assert [row.property for row in rows if row.verdict != Word.PROVED] == [*wrong], changes


# LOCK on the commands themselves, and UNLOCK as a command of the client behind its data; bam_dma makes neither
REAL = {
    **{"lock": "request", "unlock": "list", "lock-storage": "client", "dummy": "config-reset", "metadata": "none"},
    **{"lock-flag": "none", "lock-cookie": "own", "lock-freeing": "tasklet", "lock-descriptor": "transaction"},
    **{"flag-clear": "queued", "flag-terminate": "kept", "work-start": "issued", "lock-room": "one"},
}


def test_real_commands_carry_the_lock_on_bam_dma_too() -> None:
    protocol = system("v24", tuple(REAL.items()), bound=ONE_REQUEST)
    assert hw(after(protocol, *PREPARE)) == ["REQUEST", "DATA", "UNLOCK"]
    path = (*PREPARE, "bam.execute_request", "bam.publish_data", *ENGINE, "bam.end_nwd_wait")
    held, ended = after(protocol, *path), after(protocol, *path, "bam.execute_unlock")
    assert held["lock.linux"] and held["engine.config"] == "linux-1"
    assert not ended["lock.linux"] and ended["engine.config"] != "linux-1"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, ["released"]),
        ({"terminate": "drains"}, []),
        ({"terminate": "drains", "nwd": "none"}, ["unlock-after-done"]),
    ],
)
def test_what_real_commands_with_the_lock_keep(changes: dict[str, str], wrong: list[str]) -> None:
    subject = Subject.of("v24", "default", bound=dict(ONE_REQUEST)).changed({**REAL, **changes})
    rows = run_job(Job(subject, ("under-lock", "unlock-after-done", "released"), "exhaustive"))
    assert [row.property for row in rows if row.verdict != Word.PROVED] == wrong


def test_no_bracket_is_closed_before_what_is_issued() -> None:
    protocol = system("v24", (("unlock", "irq"), ("lock-room", "kept")), bound=CUT)
    commands = ("bam.execute_lock", "bam.execute_configure", "bam.execute_go", "driver.process_rx_irq")
    state = after(protocol, *PREPARE, *commands)
    assert not hw(state) and kinds(state, "desc_issued") == ["DATA"] and state["rx.locked"]


@pytest.mark.slow
def test_a_lock_of_a_round_and_the_unlock_of_the_work_item() -> None:
    protocol = system("v21", (("unlock", "work"), ("flag-clear", "queued")), bound=ONE_REQUEST)
    assert hw(after(protocol, *PREPARE)) == ["LOCK", "CONFIGURE", "GO", "DATA"]
    state = after(protocol, *PREPARE, *LOCKED, "driver.process_rx_irq", "driver.work_rx")
    assert hw(state) == ["UNLOCK"] and not state["rx.locked"]


def test_a_slot_whose_unlock_clears_the_flag_when_it_is_consumed() -> None:
    protocol = system("v24", (("flag-clear", "consumed"),), bound=ONE_REQUEST)
    assert after(protocol, *PREPARE, *DONE)["rx.locked"]
    assert not after(protocol, *PREPARE, *DONE, "driver.process_rx_irq")["rx.locked"]


@pytest.mark.slow
def test_a_lock_that_fails_alone_is_another_thing_than_a_pair() -> None:
    bound = ONE_REQUEST
    path = (*PREPARE[:-1], "client.issue_rx:unlock-alloc")
    alone = after(system("v20", (("lock-failure", "runs-unlocked"),), "faults", bound), *path)
    assert hw(alone)[0] == "LOCK" and alone["rx.locked"]


# What describes no driver

REFUSED: Mapping[str, tuple[str, Mapping[str, str | list[str]], str]] = {
    "a slot and a list": ("v24", {"lock": "round"}, "lock-descriptor = 'slot' needs lock = 'start', not 'round'"),
    "a slot at the tail": ("v24", {"unlock": "start"}, "needs unlock = 'drained' or 'irq' or 'producer' or "),
    "a slot with a mapping": ("v24", {"lock-storage": "channel"}, "needs lock-storage = 'shared', not 'channel'"),
    "a slot with a cookie": ("v24", {"lock-cookie": "own"}, "needs lock-cookie = 'none', not 'own'"),
    "a slot that is freed": ("v24", {"lock-freeing": "irq"}, "needs lock-freeing = 'none', not 'irq'"),
    "a slot that is queued": ("v24", {"flag-clear": "queued"}, "needs flag-clear = 'loaded' or 'consumed'"),
    "a slot without a doorbell": ("v24", {"runtime-pm": "after-lock"}, "needs runtime-pm = 'before-lock'"),
    "a transaction that is not freed": ("v20", {"lock-freeing": "none"}, "needs lock-descriptor = 'slot'"),
    "the client's own": ("v8", {"lock-freeing": "irq"}, "needs lock = 'issue' or 'start' or 'round', not 'client'"),
    "the client's cookie": ("v8", {"lock-cookie": "none"}, "lock-cookie = 'none' needs lock = "),
    "shared and freed": ("v20", {"lock-storage": "shared"}, "needs lock-release = 'never', not 'free'"),
    "room for no lock": ("v21", {"lock-room": "two"}, "lock-room = 'two' needs lock = 'start', not 'round'"),
    "a kept slot for nobody": ("v21", {"lock-room": "kept"}, "lock-room = 'kept' needs lock = 'start', not 'round'"),
    "a kept slot by no flag": ("v16", {"lock-room": "kept"}, "lock-room = 'kept' needs lock-flag = 'locked'"),
    "a round before runtime PM": ("v21", {"runtime-pm": "after-lock"}, "lock = 'round' needs runtime-pm = "),
    "a round for ever": ("v21", {"flag-clear": "queued"}, "unlock = 'round' needs flag-clear = 'loaded' or 'consumed'"),
    "no flag to clear": ("v16", {"flag-clear": "loaded"}, "needs lock-flag = 'locked' or 'written', not 'none'"),
    "no flag to terminate": ("v16", {"flag-terminate": "cleared"}, "needs lock-flag = "),
    "no flag to start by": ("v16", {"work-start": "issued-or-locked"}, "needs lock-flag = 'locked', not 'none'"),
    "an unlock before data": (
        "v24",
        {**REAL, "request": ["rx-data", "tx-data", "commands", "issue-rx", "issue-tx"]},
        "needs step 'commands' before 'rx-data'",
    ),
    "a client that closes": (
        "v24",
        {
            **REAL,
            "unlock": "client",
            "completion": ["terminate-rx", "terminate-tx", "unmap-data", "status", "unlock", "finish"],
        },
        "unlock = 'client' with lock = 'request' needs layer = 'sps'",
    ),
    "no flag to close by": ("v16", {"unlock": "irq"}, "unlock = 'irq' needs lock-flag = 'locked', not 'none'"),
    "no flag to unlock by": ("v16", {"unlock": "drained"}, "unlock = 'drained' needs lock-flag = 'locked'"),
    "locking for nobody": ("mainline", {"metadata": "peripheral-config"}, "needs lock = 'issue' or 'start' or 'round'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_describes_no_driver_is_refused(tmp_path: Path, what: str) -> None:
    base, axes, says = REFUSED[what]
    with pytest.raises(versions.VersionError) as caught:
        versions.load(write_version(tmp_path, base, axes))
    assert says in str(caught.value) and str(caught.value).isprintable()
