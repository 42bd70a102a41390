"""The execution of another version that is nearest to a trace."""

from __future__ import annotations

import heapq

import pytest
from conftest import ROOT, build_protocol
from traces import PATH, walk

from counterexamples.formats.itf import read_file
from counterexamples.trace import replay
from model.context import Protocol
from model.language.concrete import fire
from proofs.studies.alignment import COST_LEFT_OUT, LEFT_OUT, PUT_IN, TAKEN, Aligned, align
from proofs.studies.replaying import replay_on, to_text

RACE = ROOT / "counterexamples" / "gallery" / "v12" / "quiet-engine.itf.json"
SMALL = {"requests": 1, "tz_requests": 1}


def cost(lines: list[Aligned]) -> int:
    return sum({TAKEN: 0, PUT_IN: 1, LEFT_OUT: COST_LEFT_OUT}[line.how] for line in lines)


def least_cost(protocol: Protocol, path: list[str]) -> int:
    """Dijkstra over single states, by the plain reading."""
    system = protocol.system
    queue: list[tuple[int, int, int, dict[str, int]]] = [(0, 0, 0, system.initial)]
    known: set[tuple[int, tuple[int, ...]]] = set()
    pushed = 0
    while queue:
        so_far, behind, _, state = heapq.heappop(queue)
        behind = -behind
        if behind == len(path):
            return so_far
        key = behind, tuple(state.values())
        if key in known:
            continue
        known.add(key)
        ways = [(so_far + COST_LEFT_OUT, behind + 1, state)]
        for action in system.actions:
            if (after := fire(action, state)) is not None:
                ways.append((so_far + 1, behind, after))
                if action.name == path[behind]:
                    ways.append((so_far, behind + 1, after))
        for price, place, after in ways:
            pushed += 1
            heapq.heappush(queue, (price, -place, pushed, after))
    raise AssertionError("leaving everything out is always possible")


def test_an_execution_of_the_version_itself_is_taken_as_it_is() -> None:
    protocol = build_protocol("v12", bound=SMALL)
    path = walk(protocol, 20, 7)
    assert [(line.action, line.how) for line in align(protocol, path)] == [(name, TAKEN) for name in path]


@pytest.mark.slow
@pytest.mark.parametrize("length", [6, 9, 11])
def test_nothing_is_nearer(length: int) -> None:
    protocol = build_protocol("v16", bound=SMALL)
    path = PATH[:length]
    lines = align(protocol, path)
    assert cost(lines) == least_cost(protocol, path)
    assert [line.action for line in lines if line.number is not None] == path
    replay(protocol.system, [line.action for line in lines if line.how != LEFT_OUT])


@pytest.mark.slow
def test_v16_finishes_the_operation_before_the_unlock_that_raced_in_v12() -> None:
    replayed = replay_on(RACE, "v16")
    taken = [line.action for line in replayed.nearest if line.how != LEFT_OUT]
    assert taken.index("engine.finish") < taken.index("bam.end_nwd_wait") < taken.index("bam.execute_unlock")
    assert taken[-1] == "tz.write_config" and replayed.nearest_hit is None and not replayed.violated
    text = to_text(replayed)
    assert "     +engine.finish\n" in text and "-bam.execute_go                in another place\n" in text


def test_what_a_version_does_not_have_is_left_out() -> None:
    *lines, last = align(build_protocol("v12", bound=SMALL), [*read_file(RACE).path[:5], "bam.rest"])
    assert {line.how for line in lines} == {TAKEN}
    assert last == Aligned("bam.rest", LEFT_OUT, 6, ("this version has no such step",))
