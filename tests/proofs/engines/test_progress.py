"""Fair lassos: on systems small enough to be read, against a search through all sets of states, and on the protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import chain, combinations
from pathlib import Path
from typing import Any, cast

import networkx as nx
import pytest
import z3
from conftest import build_protocol, run_cli
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import Steps, as_protocol, bounded_buffer, built
from traces import changed

from counterexamples.documents import DocumentError
from counterexamples.formats.itf import read_itf, to_itf
from counterexamples.trace import ReplayError
from model.language.concrete import fire
from model.language.system import StateSpace, Step, TransitionSystem
from model.subject import Subject
from proofs.checking.job import run_job
from proofs.checking.records import Job
from proofs.checking.traces import story_of
from proofs.checking.verdicts import decide
from proofs.engines import Answer, Lasso, Lasting, Question, Target, Unknown, Unreachable, fair
from proofs.engines.cone import behaviour_cone, observe
from proofs.engines.recheck import recheck_lasso
from proofs.properties import EVENTUALLY, Property, catalogue

pytestmark = pytest.mark.slow

Moves = Sequence[tuple[str, dict[int, int]]]


def graph(moves: Moves, actors: str = "abcdefgh") -> TransitionSystem:
    """Actions over one variable `at` from 0 to 7: name, and where it leads from each state in which it is enabled."""
    space = StateSpace()
    space.add("at", 3)
    steps = cast("Steps", [])
    for (name, table), actor in zip(moves, actors, strict=False):

        def body(s: Step, table: dict[int, int] = table) -> None:
            term = s["at"]
            for source, destination in table.items():
                term = z3.If(s["at"] == source, z3.BitVecVal(destination, 3), term)
            s["at"] = term

        def may(s: Step, table: dict[int, int] = table) -> Any:
            return z3.Or(*(s["at"] == source for source in table), z3.And(s["at"] == 0, s["at"] == 1))

        steps.append((name, actor, may, body))
    return built(space, steps)


def among(system: TransitionSystem, states: Sequence[int]) -> Any:
    """Whether `at` is one of some numbers."""
    return z3.Or(*(system.space.term("at") == number for number in states))


def answer(system: TransitionSystem, pending: Any, names: Sequence[str]) -> Answer:
    """The engine's answer; a lasso is replayed."""
    found = fair.answer(Question(system, {"it": Lasting(pending, frozenset(names))}))["it"].answer
    if isinstance(found, Lasso):
        path = (*found.prefix, *found.cycle)
        recheck_lasso(system, Target(state=pending), names, path, len(found.prefix))
    return found


def test_rests_where_no_fair_action_is_enabled() -> None:
    system = graph([("go", {0: 1, 1: 2}), ("help", {2: 3})])
    assert answer(system, among(system, [1, 2]), ["go"]) == Lasso(("go", "go"))
    assert answer(system, among(system, [1, 2]), ["go", "help"]) == Unreachable(4)
    assert answer(system, among(system, [1, 2]), []) == Lasso(("go",)), "nobody has to go on"
    assert answer(system, among(system, [0]), []) == Lasso(())


def test_a_cycle_counts_only_if_no_fair_action_is_left_waiting() -> None:
    system = graph([("start", {0: 1}), ("spin", {1: 2, 2: 1}), ("leave", {1: 3, 2: 3})])
    assert answer(system, among(system, [1, 2]), ["start", "spin"]) == Lasso(("start",), ("spin", "spin"))
    assert answer(system, among(system, [1, 2]), ["start", "spin", "leave"]) == Unreachable(4)


def test_a_fair_action_that_is_disabled_now_and_then_may_wait_for_ever() -> None:
    system = graph([("start", {0: 1}), ("spin", {1: 2, 2: 1}), ("leave", {2: 3})])
    assert answer(system, among(system, [1, 2]), ["start", "spin", "leave"]) == Lasso(("start",), ("spin", "spin"))


def test_an_action_that_changes_nothing_is_a_cycle() -> None:
    system = graph([("start", {0: 1}), ("wait", {1: 1})])
    assert answer(system, among(system, [1]), ["start", "wait"]) == Lasso(("start",), ("wait",))


def test_the_cycle_takes_every_fair_action_that_is_always_enabled() -> None:
    system = graph([("a", {0: 1, 1: 0, 2: 0}), ("b", {0: 2, 1: 0, 2: 0})])
    found = answer(system, z3.BoolVal(True), ["a", "b"])
    assert isinstance(found, Lasso) and found.prefix == () and set(found.cycle) == {"a", "b"} and len(found.cycle) <= 4


def test_outside_of_pending_nothing_counts() -> None:
    system = graph([("spin", {0: 1, 1: 2, 2: 0})])
    assert answer(system, among(system, [0, 1]), ["spin"]) == Unreachable(3)
    assert answer(system, among(system, [0, 1, 2]), ["spin"]) == Lasso((), ("spin",) * 3)


def test_a_capacity_disables_nothing() -> None:
    system = bounded_buffer(3)
    full = system.space.term("cells") == 3
    assert answer(system, full, ["b.push"]) == Unknown("capacity cells")
    assert answer(system, full, []) == Lasso(("b.push",) * 3), "what is found is there whatever the capacity"


def test_what_no_guard_reads_keeps_no_states_apart() -> None:
    space = StateSpace()
    space.add("at")
    space.add("count", 3)

    def spin(s: Step) -> None:
        s.exceed("count", s["count"] == 7)
        s["count"] = s["count"] + 1

    system = built(space, [("spin", "a", lambda s: z3.Not(s["at"]), spin)])
    target = Target(state=z3.Not(space.term("at")))
    cone = behaviour_cone(system, target)
    assert cone == {"at"} and answer(observe(system, cone), target.state, ["spin"]) == Lasso((), ("spin",))
    assert isinstance(answer(system, target.state, ["spin"]), Unknown)


tables = st.dictionaries(st.integers(0, 7), st.integers(0, 7), min_size=1)


@settings(max_examples=60, deadline=None)
@given(st.lists(tables, min_size=1, max_size=4), st.sets(st.integers(0, 7), min_size=1), st.sets(st.integers(0, 3)))
def test_a_lasso_is_found_if_some_set_of_states_allows_one(
    chosen: list[dict[int, int]], pending: set[int], fair_ones: set[int]
) -> None:
    system = graph([(f"a{number}", table) for number, table in enumerate(chosen)])
    names = [f"a{number}" for number in sorted(fair_ones) if number < len(chosen)]
    reached = {0} | set(nx.descendants(nx.DiGraph([(0, 0)] + [e for t in chosen for e in t.items()]), 0))
    exists = any(_allows(system, states, names) for states in _subsets(sorted(reached & pending)))
    assert isinstance(answer(system, among(system, sorted(pending)), names), Lasso) == exists


def _subsets(states: list[int]) -> Any:
    return chain.from_iterable(combinations(states, size) for size in range(1, len(states) + 1))


def _allows(system: TransitionSystem, states: tuple[int, ...], names: list[str]) -> bool:
    inside = nx.MultiDiGraph()
    inside.add_nodes_from(states)
    after = {(a.name, n): fire(a, {"at": n}) for a in system.actions for n in states}
    for (name, number), following in after.items():
        if following is not None and following["at"] in states:
            inside.add_edge(number, following["at"], key=name)
    taken = {name for _, _, name in inside.edges(keys=True)}
    kept = all(name in taken or any(after[name, number] is None for number in states) for name in names)
    return kept and nx.is_strongly_connected(inside)


def test_recheck_refuses_what_is_no_fair_lasso() -> None:
    system = graph([("start", {0: 1}), ("spin", {1: 2, 2: 1}), ("leave", {1: 3, 2: 3})])
    protocol, target = as_protocol(system), Target(state=among(system, [1, 2]))
    path = ("start", "spin", "spin")
    assert len(recheck_lasso(protocol.system, target, ["spin"], path, 1)) == 4
    for wrong, names, loop, complaint in (
        (path, ["spin", "leave"], 1, "leave is always possible"),
        (path, ["spin"], 0, "does not lead back"),
        (path, ["spin"], None, "does not lead back"),
        (path, ["spin"], 9, "does not lead back"),
        (path[:2], ["spin"], 2, "spin is always possible"),
        (("spin",), ["spin"], 1, "not possible"),
        (("start", "leave"), [], 2, "does end"),
    ):
        with pytest.raises(ReplayError, match=complaint):
            recheck_lasso(protocol.system, target, names, wrong, loop)


def verdict_of(system: TransitionSystem, pending: Any, names: Sequence[str], engine: str = "both") -> Any:
    """The verdict on a toy."""
    allowed: Callable[[Any], frozenset[str]] = lambda _: frozenset(names)  # noqa: E731
    item = Property("it", "toy", EVENTUALLY, "s", "s", lambda _: Target(state=pending), fair=allowed)
    return decide(as_protocol(system), [item], engine, 6)["it"]


def test_the_verdict_says_how_it_lasts_and_what_is_fair() -> None:
    system = graph([("start", {0: 1}), ("spin", {1: 2, 2: 1}), ("leave", {1: 3, 2: 3})])
    found = verdict_of(system, among(system, [1, 2]), ["start", "spin"])
    assert (found.word, found.depth, found.loop, found.path) == ("violated", 3, 1, ("start", "spin", "spin"))
    assert found.how == "lasso: 1 step, then a cycle of 2, path confirmed by z3; fair: all but leave"
    assert found.engines["exhaustive"]["prefix"] == 1 and found.engines["exhaustive"]["cycle"] == 2
    assert found.engines["bounded"]["path_confirmed"] is True
    assert verdict_of(system, among(system, [1, 2]), ["start", "spin", "leave"]).word == "proved"
    assert verdict_of(system, among(system, [1, 2]), [], "bounded").word == "unknown"


IDS = ("linux-progress", "lock-released", "other-progress")
HOLDS, NONE = "proved", "not-applicable"


@pytest.mark.parametrize(
    "version, scenario, assume, expected",
    [
        ("mainline", "default", {}, (10, NONE, 10)),
        ("v2", "default", {}, (HOLDS, 27, 27)),
        ("v3", "default", {}, (HOLDS, HOLDS, HOLDS)),
        ("v3", "default", {"early_data": "blocks"}, (13, 13, 13)),
        ("v8", "small-ring", {}, (19, 36, 19)),
        ("v11", "small-ring", {}, (22, 26, 22)),
        ("v12", "default", {}, (21, 22, 21)),
        ("v12", "default", {"early_data": "blocks"}, (6, 6, 6)),
        ("v16", "default", {}, (HOLDS, 21, 21)),
        ("v16", "default", {"pipe_reset": "releases-lock"}, (HOLDS, HOLDS, HOLDS)),
        ("v16", "default", {"lock_scope": "whole-bam"}, (10, 10, 5)),
        ("v16", "default", {"other_ee": "absent"}, (HOLDS, 21, NONE)),
        ("v16", "small-ring", {}, (10, 10, 10)),
        ("v16", "busy-client", {}, (HOLDS, HOLDS, HOLDS)),
    ],
)
def test_versions(version: str, scenario: str, assume: dict[str, str], expected: tuple[Any, ...]) -> None:
    rows = {row.property: row for row in run_job(Job(Subject.of(version, scenario, assume), IDS, engine="exhaustive"))}
    assert tuple(rows[name].depth or rows[name].verdict for name in IDS) == expected


def test_the_unlock_that_terminate_all_drops() -> None:
    (row,) = run_job(Job(Subject.of("v16"), ("lock-released",)))
    protocol = build_protocol("v16")
    story = story_of(protocol, catalogue()["lock-released"], row.path, len(row.path))
    assert "client.terminate_rx" in row.path and "bam.execute_unlock" not in row.path
    last = story.trace.states[-1]
    assert last["lock.linux"] == 1 and last["rx.ring.len"] == 0 == last["client.pc"]
    assert "step 21 nothing more has to happen" in story.verdict
    assert "fair: all but client.prep_commands, tz.execute_lock" in row.how and "confirmed by z3" in row.how
    again = "step 21 leads back to the state after step 18, the steps from 19 on repeat"
    assert again in changed(story, loop=18).verdict


def test_show_rechecks_a_stored_lasso(tmp_path: Path) -> None:
    (row,) = run_job(Job(Subject.of("v12", assume={"early_data": "blocks"}), ("linux-progress",), out=str(tmp_path)))
    stored = tmp_path / str(row.trace)
    assert read_itf(stored.read_text()).loop == row.depth == 6
    shown = run_cli("show", stored)
    assert shown.code == 0 and "may rest for ever" in shown.out
    assert shown.out == stored.with_name(stored.name.replace(".itf.json", ".txt")).read_text()
    document = json.loads(stored.read_text())
    stored.write_text(json.dumps(document | {"loop": 3}))
    assert run_cli("show", stored).code != 0
    del document["loop"]
    stored.write_text(json.dumps(document))
    assert run_cli("show", stored).code != 0


def test_a_loop_outside_of_the_trace_is_refused() -> None:
    protocol = build_protocol("v12", assume={"early_data": "blocks"})
    item = catalogue()["linux-progress"]
    path = decide(protocol, [item], "exhaustive", 1)[item.id].path
    text = to_itf(changed(story_of(protocol, item, path, len(path)), loop=len(path) + 1))
    with pytest.raises(DocumentError, match="loop: is 7, need the index of one of 7 states"):
        read_itf(text)
