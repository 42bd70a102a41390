"""The axes of what bam_start_dma loads and terminate_all waits for, each by itself: what another value changes."""

from __future__ import annotations

import pytest
from test_lock_axes import CUT, ONE_REQUEST, system
from test_pipe_lock_rows import ENGINE, LOCKED, ONE, PREPARE, WORK, after, hw, kinds, possible

from model.protocol import assemble
from model.subject import Subject

FRESH = (("data", 3), ("ring", 3), ("requests", 1))
FILLS = ("client.prep_rx_data", "client.prep_tx_data", "client.issue_rx")


def test_a_spare_slot_keeps_tail_from_the_read_offset() -> None:
    state = after(system("mainline", (("ring-space", "spare"),), "fresh-ring", FRESH), *FILLS)
    assert (len(state["rx.ring"]), state["rx.tail"]) == (2, 2)
    lapped = after(system("mainline", (), "fresh-ring", FRESH), *FILLS)
    assert (len(lapped["rx.ring"]), lapped["rx.tail"]) == (0, 0)


def test_a_spare_slot_changes_nothing_where_tail_has_wrapped_below_head() -> None:
    plain, spare = (after(system("v16", axes, "small-ring"), *PREPARE) for axes in ((), (("ring-space", "spare"),)))
    assert plain["rx.tail"] + 1 == plain["rx.head"] and plain == spare


@pytest.mark.parametrize(("value", "raises"), [("prepared-flags", 0), ("loaded-flags", 1)])
def test_a_part_of_data_raises_an_interrupt_if_the_loaded_flags_decide(value: str, raises: int) -> None:
    axes = (("load-interrupt", value), ("ring-space", "spare"))
    ring = after(system("mainline", axes, "fresh-ring", FRESH), *FILLS)["rx.ring"]
    assert [entry["int"] for entry in ring] == [0, raises] and not any(entry["eot"] for entry in ring)


# the first request's DATA comes in two parts, the second one's CMD: of that GO is left over when slots become free
SECOND_PART = ("driver.process_rx_irq", "driver.work_rx", "bam.publish_data", "engine.take_input", *ENGINE)
COMPLETION = ("client.unmap_commands", "client.unmap_data", "client.read_dump", "client.finish")
NO_TERMINATE = ("unmap-commands", "unmap-data", "dump", "finish")
_FIRST = (*PREPARE, "bam.execute_lock", *WORK, *SECOND_PART, "driver.process_tx_irq", "driver.complete_tx", *COMPLETION)
PART = (*_FIRST, *PREPARE, "bam.end_nwd_wait", "bam.execute_unlock", "driver.process_rx_irq")


@pytest.mark.parametrize(("value", "listed"), [("loads", ["CMD", "DATA"]), ("waits", ["CMD"])])
def test_what_is_loaded_behind_a_part(value: str, listed: list[str]) -> None:
    axes = (("behind-partial", value), ("load-interrupt", "loaded-flags"))
    protocol = system("v24", (*axes, ("completion", NO_TERMINATE)), "small-ring")
    before, state = after(protocol, *PART), after(protocol, *PART, "driver.work_rx")
    assert kinds(before, "desc_list") == ["CMD"] and before["rx.desc_list"][0]["left"] == 1
    assert kinds(state, "desc_list") == listed


def test_no_part_is_loaded_beside_others() -> None:
    # four slots: LOCK, two register writes, and one of two of data
    whole, loads = (
        after(system("v24", (("behind-partial", value),), "small-ring", (("ring", 5),)), *PREPARE)
        for value in ("whole", "loads")
    )
    assert hw(whole) == ["LOCK", "CONFIGURE", "GO"] and kinds(whole, "desc_issued") == ["DATA"]
    assert whole["rx.ring"][-1]["int"] == 1, "or nobody would look again"
    assert hw(loads) == ["LOCK", "CONFIGURE", "GO", "DATA"] and loads["rx.desc_list"][-1]["left"] == 1


def test_what_never_fits_is_loaded_in_parts() -> None:
    for value in ("loads", "whole"):
        axes = (("behind-partial", value), ("ring-space", "spare"))
        state = after(system("mainline", axes, "fresh-ring", FRESH), *FILLS)
        assert len(state["rx.ring"]) == 2 and state["rx.desc_list"][0]["left"] == 1, value


def test_no_unlock_is_made_behind_a_part() -> None:
    kept = (("lock-room", "kept"), ("load-interrupt", "loaded-flags"))
    for value, last in (("loads", "UNLOCK"), ("waits", "DATA")):
        state = after(system("v24", (*kept, ("behind-partial", value)), "small-ring", (("ring", 6),)), *PREPARE)
        assert state["rx.desc_list"][-1]["left"] == 1 and hw(state)[-1] == last


@pytest.mark.parametrize(
    ("value", "ring", "left"),
    [("two", ["LOCK", "CONFIGURE", "GO", "DATA"], []), ("kept", ["LOCK", "CONFIGURE", "GO"], ["DATA"])],
)
def test_the_last_free_slot_is_kept_for_the_unlock(value: str, ring: list[str], left: list[str]) -> None:
    state = after(system("v24", (("lock-room", value),), bound=CUT), *PREPARE)
    assert (hw(state), kinds(state, "desc_issued")) == (ring, left)


def test_runtime_pm_that_is_held_cannot_fail() -> None:
    faulty = "client.issue_rx:runtime-pm"
    held = system("v24", (("runtime-pm", "held"),), "faults", ONE_REQUEST)
    assert faulty not in {action.name for action in held.system.actions}
    assert faulty in {action.name for action in system("v24", (), "faults", ONE_REQUEST).system.actions}


def test_a_bam_whose_runtime_pm_is_held_is_not_suspended() -> None:
    for axes, suspends in (((), True), ((("runtime-pm", "held"),), False)):
        subject = Subject.of("v24", "default", {"autosuspend": "pipes-stop"}, ONE).changed(dict(axes))
        names = {action.name for action in assemble(subject).system.actions}
        assert ("driver.runtime_suspend" in names) is suspends


def test_a_terminate_that_drains_waits_for_the_pipe() -> None:
    path = (*PREPARE, *LOCKED, "driver.process_tx_irq", "driver.complete_tx")
    for value, waits in (("resets", False), ("drains", True)):
        protocol = system("v24", (("terminate", value),), bound=ONE_REQUEST)
        state = after(protocol, *path)
        assert hw(state) == ["UNLOCK"]
        assert possible(protocol, *path, "client.terminate_rx") is not waits
        assert possible(protocol, *path, "bam.execute_unlock", "client.terminate_rx")
