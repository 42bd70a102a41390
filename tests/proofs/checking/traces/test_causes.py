"""The order of a trace's steps, what kind of edge each is, and that a violation has as many causes as it should."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import networkx as nx
import pytest
import toys
import z3
from conftest import build_protocol, run_cli

from counterexamples.formats.registry import STORED
from counterexamples.story.moment import Execution
from counterexamples.story.order import (
    INTERRUPT,
    LOCK,
    PROGRAM,
    QUEUE,
    REGISTER,
    STATE,
    contains,
    happens_before,
    last_request,
    past_of,
    request_starts,
    signature,
)
from counterexamples.trace import Trace, replay
from model.language.queues import Queue
from model.language.system import Field, StateSpace, Step, TransitionSystem
from proofs.checking.traces import story_of
from proofs.checking.traces.causes import SLACK, Cause, distinct
from proofs.checking.verdicts import decide
from proofs.engines import Target
from proofs.engines.exhaustive import Explorer
from proofs.properties import catalogue

pytestmark = pytest.mark.slow


def devices() -> TransitionSystem:
    """A driver that queues jobs for a device, which raises an interrupt; a lock and a register; a lonely counter."""
    space = StateSpace()
    space.add_queue("ring", 3, {"job": Field(2)})
    for name in ("rx.irq", "work.pending", "lock.linux", "lock.tz"):
        space.add(name)
    space.add("engine.op", 2)
    space.add("other.count", 3)

    def push(s: Step) -> None:
        Queue(s, "ring").push_back(job=1)

    def pop(s: Step) -> None:
        Queue(s, "ring").pop_front()
        s["rx.irq"] = True
        s["engine.op"] = 1

    def handle(s: Step) -> None:
        s["rx.irq"] = False
        s["work.pending"] = True

    def assign(name: str, value: int | bool) -> Callable[[Step], None]:
        return lambda s: s.__setitem__(name, value)

    def count(s: Step) -> None:
        s["other.count"] = s["other.count"] + 1

    steps: toys.Steps = [
        ("driver.push", "driver", lambda s: Queue(s, "ring").length != 3, push),
        ("device.pop", "device", lambda s: z3.Not(Queue(s, "ring").empty), pop),
        ("driver.handle", "irq", lambda s: s["rx.irq"], handle),
        ("driver.work", "work", lambda s: s["work.pending"], assign("work.pending", False)),
        ("device.lock", "device", lambda s: z3.Not(s["lock.tz"]), assign("lock.linux", True)),
        ("device.unlock", "device", lambda s: s["lock.linux"], assign("lock.linux", False)),
        ("tz.lock", "tz", lambda s: z3.Not(s["lock.linux"]), assign("lock.tz", True)),
        ("tz.write", "tz", lambda s: s["engine.op"] == 1, assign("engine.op", 2)),
        ("other.count", "other", lambda s: s["other.count"] != 7, count),
    ]
    return toys.built(space, steps, name="devices")


def toy(*path: str) -> Execution:
    system = devices()
    protocol = toys.as_protocol(system)
    trace = Trace(protocol.subject, "p", "a claim", "always", path, tuple(replay(protocol.system, path)))
    return Execution(trace, system)


def cause_of(*path: str, evidence: Sequence[str] = ()) -> nx.DiGraph:
    """The past of the last step."""
    return past_of(happens_before(toy(*path), evidence), {len(path)} if path else set())


def kinds(graph: nx.DiGraph) -> dict[tuple[int, int], str]:
    return {(one, two): data["kind"] for one, two, data in graph.edges(data=True)}


@pytest.mark.parametrize(
    "path, edges",
    [
        (("driver.push", "device.pop"), {(1, 2): QUEUE}),
        (("driver.push", "driver.push", "device.pop", "device.pop"), {(1, 2): PROGRAM, (1, 3): QUEUE, (2, 4): QUEUE}),
        (("driver.push", "device.pop", "driver.handle", "driver.work"), {(1, 2): QUEUE, (2, 3): INTERRUPT}),
        (("device.lock", "device.unlock", "tz.lock"), {(1, 2): LOCK, (2, 3): LOCK}),
        (("driver.push", "device.pop", "tz.write"), {(2, 3): REGISTER}),
        (("driver.push", "other.count", "device.pop"), {(1, 3): QUEUE}),
    ],
)
def test_the_kinds_of_edges(path: tuple[str, ...], edges: dict[tuple[int, int], str]) -> None:
    found = kinds(happens_before(toy(*path), ()))
    assert edges.items() <= found.items()
    assert all("other.count" not in (path[one - 1], path[two - 1]) for one, two in found)


def test_a_push_to_the_tail_does_not_order_a_pop_of_an_older_front() -> None:
    graph = happens_before(toy("driver.push", "driver.push", "device.pop"), ())
    assert kinds(graph)[1, 3] == QUEUE and not nx.has_path(graph, 2, 3)


def test_an_edge_names_its_variables() -> None:
    graph = happens_before(toy("driver.push", "device.pop", "driver.handle"), ())
    assert graph.edges[1, 2]["variables"] == ("ring",)
    assert graph.edges[2, 3]["variables"] == ("rx.irq",)
    assert graph.nodes[3] == {"action": "driver.handle", "actor": "irq"}


def test_a_cause_leaves_out_what_the_last_step_does_not_need() -> None:
    cause = cause_of("other.count", "driver.push", "device.lock", "device.pop", "other.count", "tz.write")
    assert [cause.nodes[step]["action"] for step in sorted(cause)] == ["driver.push", "device.pop", "tz.write"]


def test_what_the_property_reads_belongs_to_the_cause() -> None:
    path = ("other.count", "driver.push", "device.pop")
    assert sorted(cause_of(*path)) == [2, 3]
    cause = cause_of(*path, evidence=["other.count"])
    assert sorted(cause) == [1, 2, 3] and kinds(cause)[1, 3] == STATE


def test_the_signature_of_a_cause_does_not_depend_on_the_interleaving() -> None:
    one = cause_of("driver.push", "driver.push", "device.pop", "device.lock", "device.pop", "tz.write")
    two = cause_of("other.count", "driver.push", "device.pop", "driver.push", "device.pop", "tz.write")
    less = cause_of("driver.push", "device.pop", "tz.write")
    assert signature(one) == signature(two) != signature(less)
    assert contains(one, less) and not contains(less, one) and not contains(one, two)


def test_an_empty_trace_has_an_empty_cause() -> None:
    assert not cause_of() and signature(cause_of()) == ""


def test_earlier_requests_are_cut_off_but_for_their_faults() -> None:
    states = [{"client.pc": value} for value in (0, 1, 2, 0, 1, 2)]
    assert request_starts(states) == [1, 4] and request_starts([{"x": 0}, {"x": 1}]) == []
    graph = nx.DiGraph([(1, 2), (2, 3), (3, 4), (4, 6), (1, 5), (5, 6), (7, 6)])
    names = {1: "start", 2: "step:fault", 3: "end", 4: "start", 5: "late", 6: "bad", 7: "elsewhere"}
    nx.set_node_attributes(graph, names, "action")
    assert set(last_request(graph, [1, 4])) == {2, 4, 6, 7}
    assert last_request(graph, []) is graph


def test_hits_beyond_the_nearest_are_the_first_of_their_executions() -> None:
    system = toys.counters(5)
    target = Target(state=Step(system.space)["a"] == 3)
    plain = Explorer(system).explore({"t": target}, stop_early=True)
    assert [hit.depth for hit in plain.farther["t"]] == [3] and plain.hits["t"] == plain.farther["t"][0]
    space = Explorer(system, until=target).explore({"t": target}, stop_early=True, slack=2)
    assert [(hit.depth, len(hit.last)) for hit in space.farther["t"]] == [(3, 1), (4, 1), (5, 1)]
    assert not space.complete


@cache
def found(version: str, name: str, *assumed: tuple[str, str]) -> tuple[Cause, ...]:
    protocol, item = build_protocol(version, assume=dict(assumed)), catalogue()[name]
    verdict = decide(protocol, [item], "exhaustive", 1)[name]
    causes = tuple(distinct(protocol, item.target(protocol), verdict.path))
    assert causes[0].path == verdict.path, "the counterexample that is shown without --all-causes comes first"
    for cause in causes:
        assert len(story_of(protocol, item, cause.path).steps) <= len(verdict.path) + SLACK
    return causes


def at_work(version: str, name: str, cause: Cause) -> tuple[list[str], str, bool]:
    """What the work item finds when it queues the UNLOCK: the ring's descriptors, the running operation, its list."""
    protocol, item = build_protocol(version), catalogue()[name]
    state = story_of(protocol, item, cause.path).states[cause.path.index("driver.work_rx")]
    assert state["rx.desc_issued"] == [] and state["rx.locked"]
    return [entry["hw"] for entry in state["rx.ring"]], state["engine.op"], state["rx.desc_list"] == []


@pytest.mark.parametrize("name", ["unlock-after-done", "quiet-dummy", "quiet-engine", "config-integrity"])
def test_the_review_of_v12_has_two_causes(name: str) -> None:
    causes = found("v12", name)
    assert len(causes) == 2
    seen = sorted(at_work("v12", name, cause) for cause in causes)
    # R6: everything is consumed and reaped, and the engine is not done; R5: GO is loaded and not consumed
    assert seen == [([], "linux-1", True), (["CONFIGURE", "GO"], "none", False)]
    assert causes[0].unlike_first == ""
    assert "driver.process_rx_irq" in causes[1].unlike_first and "bam.execute_go" in causes[1].unlike_first


@pytest.mark.parametrize(
    "version, name, count",
    [
        ("v11", "unlock-after-done", 1),
        ("v12", "completion-order", 2),
        ("v12", "released", 1),
        ("v16", "completion-order", 1),
        ("v16", "no-abort", 1),
        ("v16", "released", 1),
        ("v16", "balanced", 1),
    ],
)
def test_one_cause_is_one(version: str, name: str, count: int) -> None:
    assert len(found(version, name)) == count


def test_who_is_hit_by_whom_is_another_cause() -> None:
    causes = found("v16", "quiet-engine", ("nwd_ack", "input-consumed"))
    assert {cause.path[-1] for cause in causes} == {"tz.write_config", "bam.execute_configure"}


def test_causes_are_the_same_each_time() -> None:
    again = distinct(
        build_protocol("v12"),
        catalogue()["no-abort"].target(build_protocol("v12")),
        found("v12", "no-abort")[0].path,
    )
    assert tuple(again) == found("v12", "no-abort") and len(again) == 3


def test_the_command_writes_one_counterexample_for_each_cause(tmp_path: Path) -> None:
    asked = ("check", "v12", "--property", "unlock-after-done", "--scenario", "default", "--jobs", "1")
    written = ("--out", tmp_path / "out", "--json", tmp_path / "it.json")
    outcome = run_cli(*asked, *written, "--all-causes")
    assert "v12 unlock-after-done (default): 2 causes" in outcome.out and "cause 2, 11 steps: " in outcome.out
    (row,) = json.loads((tmp_path / "it.json").read_text())["results"]
    assert row["causes"] == 2 and len(row["other_causes"]) == 1
    names = {path.name for path in (tmp_path / "out" / "v12").iterdir()}
    stems = ("unlock-after-done", "unlock-after-done.cause2")
    assert names == {stem + form for stem in stems for form in STORED}
    shown = run_cli("show", tmp_path / "out" / "v12" / "unlock-after-done.cause2.itf.json")
    assert shown.code == 0 and "step 11 violates unlock-after-done" in shown.out


def test_no_causes_without_the_flag(tmp_path: Path) -> None:
    outcome = run_cli(
        "check", "v12", "--property", "quiet-dummy", "--scenario", "default", "--json", tmp_path / "it.json"
    )
    (row,) = json.loads((tmp_path / "it.json").read_text())["results"]
    assert "cause" not in outcome.out and not {"causes", "other_causes"} & set(row)
