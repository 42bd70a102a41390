"""The model against the driver's code, fact by fact: INT, the ring, softirqs, STATUS, the command buffer, failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pytest
from conftest import build_protocol
from hypothesis import given, settings
from hypothesis import strategies as st

from counterexamples.trace import Blocked, replay, run
from model import parameters, versions
from model.hardware.ring import Ring, declare_positions
from model.language.concrete import Code
from model.language.system import Builder, Field, StateSpace, Step
from model.subject import Subject
from model.vocabulary import EVENTS
from proofs.checking.job import run_job
from proofs.checking.records import Job, Result

PREPARE = ("client.prep_commands", "client.prep_rx_data", "client.prep_tx_data", "client.issue_tx", "client.issue_rx")


@cache
def _row(subject: Subject, item: str) -> Result:
    return run_job(Job(subject, (item,), engine="exhaustive"))[0]


def verdict(
    version: str, item: str, scenario: str = "default", bound: Mapping[str, int] | None = None, **assume: str
) -> str:
    """The verdict word on one property, by the exhaustive engine."""
    return _row(Subject.of(version, scenario, assume, bound), item).verdict


def loaded(version: str, scenario: str, bound: Mapping[str, int], path: Sequence[str]) -> list[tuple[int, ...]]:
    """INT, EOT and NWD of each descriptor in the consumer ring after a path."""
    protocol = build_protocol(version, scenario, bound=bound)
    state = replay(protocol.system, path)[-1]
    return [
        tuple(state[f"rx.ring.{flag}"] >> position & 1 for flag in ("int", "eot", "nwd"))
        for position in range(state["rx.ring.len"])
    ]


def test_the_interrupt_flag_follows_the_transactions_eot_and_not_the_loads() -> None:
    whole = loaded("v16", "default", {"data": 2, "ring": 8}, PREPARE)
    assert whole == [(0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 1, 1), (1, 0, 0)]
    cut = loaded("v16", "small-ring", {}, PREPARE)
    assert cut == [(0, 0, 0)] * 4, "the last descriptor of a DATA transaction that was cut has neither INT nor EOT"


@pytest.mark.parametrize("item", ["linux-progress", "lock-released", "other-progress"])
def test_the_rest_of_a_data_transaction_that_was_cut_is_never_loaded(item: str) -> None:
    row = _row(Subject.of("v16", "small-ring"), item)
    assert (row.verdict, row.depth) == ("violated", 10)


@pytest.mark.parametrize("version", ["mainline", "v12"])
def test_a_data_transaction_as_large_as_the_ring_never_ends(version: str) -> None:
    bound = {"data": 3, "ring": 3, "ring_at": 2, "requests": 1}
    assert verdict(version, "linux-progress", bound=bound, other_ee="absent") == "violated"


# --- the ring ---------------------------------------------------------------------------------------------------


class RealRing:
    """The driver's arithmetic on a ring in memory, as bam_start_dma and process_channel_irqs have it."""

    def __init__(self, slots: int, at: int) -> None:
        self.slots, self.head, self.tail, self.offset = slots, at, at, at
        self.memory: list[int] = [0] * slots

    @property
    def free(self) -> int:
        return (self.head - self.tail - 1) % (self.slots + 1)

    @property
    def consumed(self) -> int:
        count = (self.offset - self.head) % (self.slots + 1)
        return count - 1 if self.offset < self.head else count

    def write(self, values: Sequence[int]) -> None:
        for value in values:
            self.memory[self.tail] = value
            self.tail = (self.tail + 1) % self.slots

    @property
    def pending(self) -> list[int]:
        count = (self.tail - self.offset) % self.slots
        return [self.memory[(self.offset + place) % self.slots] for place in range(count)]


@dataclass(frozen=True)
class _Model:
    """The ring of the model, ready to be computed: what it counts, and what each move makes of a state."""

    space: StateSpace
    counts: Code
    moves: Mapping[str, tuple[tuple[str, ...], Code]]


@cache
def _ring(slots: int) -> _Model:
    space = StateSpace(events=EVENTS)
    space.add_queue("rx.ring", slots, {"tag": Field(4)})
    declare_positions(space, "rx", slots, 0)
    for name in ("count", "first"):
        space.add(name, 4)
    builder = Builder(space)

    def write(step: Step) -> None:
        entries = [{"tag": step["first"] + place} for place in range(3)]
        Ring(step, "rx", slots).write(entries, step["count"])

    def consume(step: Step) -> None:
        Ring(step, "rx", slots).pending.pop_front()

    def reap(step: Step) -> None:
        Ring(step, "rx", slots).reap(step["count"])

    for body in (write, consume, reap):
        builder.action(body.__name__, "driver", {}, body, "test")
    probe = Ring(Step(space), "rx", slots)
    moves = {
        action.name: (tuple(action.updates), Code(list(action.updates.values()), vector=False))
        for action in builder.actions
    }
    return _Model(space, Code([probe.free, probe.consumed], vector=False), moves)


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 6), st.data())
def test_the_ring_counts_as_the_driver_does(slots: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, slots - 1))
    model, real, tag = _ring(slots), RealRing(slots, at), 1
    state = {name: variable.init for name, variable in model.space.variables.items()} | {"rx.head": at, "rx.tail": at}
    for _ in range(12):
        assert [int(value) for value in model.counts(state)] == [real.free, real.consumed]
        move = data.draw(st.sampled_from(["write", "consume", "reap"]))
        count = 0
        if move == "write":
            count = data.draw(st.integers(0, min(3, real.free)))
            real.write([(tag + place) % 16 for place in range(count)])
        elif move == "reap":
            count = data.draw(st.integers(0, real.consumed))
            real.head = (real.head + count) % slots
        elif real.pending:
            real.offset = (real.offset + 1) % slots
        else:
            continue
        names, code = model.moves[move]
        state |= {"count": count, "first": tag % 16}
        state |= dict(zip(names, map(int, code(state)), strict=True))
        tag = (tag + 3) % 16
        assert [state["rx.ring.tag"] >> 4 * place & 15 for place in range(state["rx.ring.len"])] == real.pending


@pytest.mark.slow
def test_a_ring_filled_from_a_reset_tells_the_hardware_nothing() -> None:
    bound = {"data": 3, "ring": 3, "requests": 1}
    path = ("client.prep_rx_data", "client.prep_tx_data", "client.issue_rx")
    state = replay(build_protocol("mainline", "fresh-ring", bound=bound).system, path)[-1]
    assert (state["rx.ring.len"], state["rx.tail"], state["rx.head"]) == (0, 0, 0)
    assert state["rx.desc_list.len"] == 1, "the driver waits for three descriptors that the doorbell did not announce"
    assert verdict("mainline", "code-safe", "fresh-ring", bound) == "violated"
    assert verdict("mainline", "linux-progress", "fresh-ring", bound) == "violated"
    assert verdict("mainline", "code-safe", "fresh-ring", bound | {"ring": 4}) == "proved"


def test_a_ring_whose_tail_has_wrapped_below_head_keeps_one_slot_free() -> None:
    state = replay(build_protocol("v16", "small-ring").system, PREPARE)[-1]
    assert (state["rx.ring.len"], state["rx.tail"] + 1, state["rx.desc_issued.len"]) == (4, state["rx.head"], 1)


def test_a_position_outside_the_ring_is_refused() -> None:
    with pytest.raises(parameters.ParameterError, match="ring_at=7 is no slot of a ring of 7; valid: 0 to 6"):
        parameters.bounds("default", {"ring_at": 7})


# --- where things run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", ["mapping-own", "mapping-live"])
def test_whether_softirqs_interleave_decides_over_the_channels_one_mapping(item: str) -> None:
    assert verdict("v13", item) == "proved"
    assert verdict("v13", item, softirq="any-cpu") == "violated"


# --- STATUS, the buffers, the pipes -----------------------------------------------------------------------------


def test_a_disturbed_operation_that_gets_done_is_reported_as_success() -> None:
    assert verdict("v11", "honest-status", other_ee="absent") == "violated"
    assert verdict("v11", "honest-status", other_ee="absent", busy_write="fails") == "proved"
    assert verdict("v16", "honest-status") == "proved"


def test_a_stale_command_carries_the_writes_of_the_request_that_rewrote_the_buffer() -> None:
    path = (
        *("client.prep_commands", "client.prep_rx_data:prep-data", "client.unmap_data_2", "client.finish_2"),
        *PREPARE,
        *("bam.execute_lock", "bam.execute_configure"),
    )
    protocol = build_protocol("v16", "faults")
    states = replay(protocol.system, path)
    assert states[len(path) - 2]["rx.ring.req"] & 2 == 0, "the command in front is that of the first request"
    assert states[-1]["engine.config"] == protocol.ctx.owner["linux-2"]


def test_the_failure_path_unmaps_data_that_the_hardware_then_reads() -> None:
    assert verdict("v16", "data-mapped", "faults") == "violated"
    assert verdict("v16", "data-mapped") == "proved"


def test_commands_run_before_the_producer_pipe_is_set_up_until_the_order_of_issuing_changes() -> None:
    assert verdict("v15", "pipes-enabled") == "violated"
    assert verdict("v16", "pipes-enabled") == "proved"


def test_a_request_before_base_phys_is_set_runs_unlocked() -> None:
    assert verdict("v16", "under-lock", "probe-window") == "violated"
    assert verdict("v11", "under-lock", "probe-window") != "violated", "v11 sets base_phys early"


@pytest.mark.slow
def test_a_pipe_that_waits_for_the_lock_can_lose_its_clock() -> None:
    assert verdict("v16", "linux-progress") == "proved"
    assert verdict("v16", "linux-progress", autosuspend="pipes-stop") == "violated"


# --- failures ---------------------------------------------------------------------------------------------------


def test_a_fault_strikes_once_and_what_is_tried_again_succeeds() -> None:
    space = StateSpace()
    space.add("fault.left", 2, 1)
    space.add("fault.struck", 2)
    for name in ("one", "two"):
        space.add(name)
    builder = Builder(space, ("alloc",))

    def body(step: Step) -> None:
        for name in ("one", "two"):
            step[name] = not step.fails("alloc")

    builder.action("driver.try", "driver", {}, body, "test")
    done = {
        action.name: [str(action.updates[name]) for name in ("one", "two") if name in action.updates]
        for action in builder.actions
    }
    assert done == {
        "driver.try": ["True", "True"],
        "driver.try:alloc": ["False", "True"],
        "driver.try:alloc-2": ["True", "False"],
    }


def test_v11_builds_both_lock_descriptors_before_it_queues_either() -> None:
    protocol = build_protocol("v11", "faults", {"other_ee": "absent"}, {"requests": 1})
    names = {action.name for action in protocol.system.actions}
    forms = {name for name in names if name.startswith("client.issue_rx:") and "alloc" in name}
    assert forms == {"client.issue_rx:lock-alloc", "client.issue_rx:unlock-alloc"}, "one attempt at each"
    for form in forms:
        states = run(protocol.system, ("client.prep_rx_data", "client.prep_tx_data", "client.prep_commands", form))
        assert not isinstance(states, Blocked) and states[-1]["rx.ring.len"] == 0, "start returns"


def test_the_handlers_failure_path_is_an_axis() -> None:
    protocol = build_protocol("v16", "faults")
    path = ("client.prep_commands", "client.prep_rx_data:prep-data")
    after = [
        action
        for action in ("client.unmap_data_2", "client.terminate_rx_2")
        if not isinstance(run(protocol.system, (*path, action)), Blocked)
    ]
    assert after == ["client.unmap_data_2"], "v16 unmaps and returns, what was submitted stays"
    assert versions.load("v16").axes["data-failure"] == ("unmap-data", "finish")
