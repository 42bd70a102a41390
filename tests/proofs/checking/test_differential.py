"""Random versions under random bounds and assumptions: the engines and the readings of the model agree about each.

A version here is any combination of axis values that `model.versions` admits, not only one that was ever posted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import z3
from chance import some_states
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from counterexamples.trace import replay
from model import parameters, versions
from model.context import Protocol
from model.language.concrete import Code, Layout, fire
from model.protocol import build
from model.subject import Subject
from model.versions import axis_values, misfit
from proofs.checking import inductive, verdicts
from proofs.engines import Target, bounded, breadth
from proofs.properties import ALWAYS, catalogue

pytestmark = pytest.mark.slow

FLOWS = ("request", "completion", "data-failure", "command-failure")
SINGLE = tuple(axis for axis in versions.axes() if axis not in FLOWS)
STATE = ("config-integrity", "balanced", "mapping-live", "nothing-stale")
STEP = ("quiet-engine", "under-lock", "unlock-after-done", "no-abort", "completion-order")
Draw = Any


@st.composite
def flows(draw: Draw, base: tuple[str, ...]) -> tuple[str, ...]:
    """A version's steps in their order, or with the commands unmapped somewhere, or with two neighbours swapped."""
    steps = list(base)
    if draw(st.integers(0, 3)) == 0:
        steps.insert(draw(st.integers(0, len(steps) - 1)), "unmap-commands")
    if len(steps) > 2 and draw(st.booleans()):
        place = draw(st.integers(0, len(steps) - 2))
        steps[place], steps[place + 1] = steps[place + 1], steps[place]
    return tuple(steps)


@st.composite
def random_axes(draw: Draw) -> dict[str, Any]:
    """The axes of a shipped version with up to three values changed, so that they still fit together."""
    axes = dict(versions.load(draw(st.sampled_from(versions.names()))).axes)
    for axis in draw(st.lists(st.sampled_from(SINGLE), max_size=3, unique=True)):
        axes[axis] = draw(st.sampled_from(axis_values(axis)))
    for axis in FLOWS:
        axes[axis] = draw(flows(tuple(axes[axis])))
    assume(versions.UNKNOWN not in axes.values() and misfit(axes) is None)
    return axes


@st.composite
def protocols(draw: Draw) -> Protocol:
    """A small protocol: one or two requests, rings from too short to ample, up to two assumptions changed."""
    scenario = draw(st.sampled_from(("default", "faults", "no-lock-hardware", "endless")))
    bounds = {
        "requests": draw(st.integers(1, 2)),
        "tz_requests": 1,
        "data": draw(st.integers(1, 2)),
        "ring": draw(st.integers(4, 6)),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(parameters.ASSUMPTIONS)), max_size=2, unique=True))
    values = {key: draw(st.sampled_from(parameters.ASSUMPTIONS[key].values)) for key in chosen}
    return build(Subject.of("v16", scenario, values, bounds).changed(draw(random_axes())))


def random_test(examples: int) -> settings:
    """Always the same examples, however long one takes."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(deadline=None, max_examples=examples, derandomize=True, database=None, suppress_health_check=checks)


@random_test(20)
@given(random_axes(), st.sampled_from(sorted(parameters.SCENARIOS)))
def test_whatever_fits_together_builds(axes: dict[str, Any], scenario: str) -> None:
    build(Subject.of("v16", scenario).changed(axes))


@pytest.mark.parametrize("lock", ["start", "issue", "client"])
def test_unmapping_the_commands_goes_with_every_way_to_lock(lock: str) -> None:
    base = {"start": "v16", "issue": "v12", "client": "v9"}[lock]
    axes = dict(versions.load(base).axes)
    axes["completion"] = ("terminate-rx", "unmap-commands", *axes["completion"][1:])
    assert misfit(axes) is None
    build(Subject.of(base, "faults").changed(axes))


@random_test(8)
@given(protocols(), st.sampled_from(STATE), st.sampled_from(STEP))
def test_engines_agree(protocol: Protocol, state: str, step: str) -> None:
    chosen = [catalogue()[state], catalogue()[step]]
    asked = [
        item for item in chosen if protocol.subject.scenario in item.scenarios and item.reason_against(protocol) is None
    ]
    # raises if z3 finds something shorter than, or nothing at, the exhaustive engine's distance
    found = verdicts.decide(protocol, asked, "both", 4)
    for item in asked:
        verdict = found[item.id]
        assert item.kind == ALWAYS and verdict.word in ("proved", "violated", "vacuous", "unknown")
        if verdict.word in ("unknown", "vacuous") or (verdict.states or 0) > 1500:
            continue  # induction takes its time with many states
        by_induction = inductive.decide(protocol, [item])[item.id]
        assert (by_induction.word == "proved") == (verdict.word == "proved"), by_induction.how


@random_test(6)
@given(protocols(), st.integers(0, 2**32))
def test_walks_of_the_plain_reading_are_accepted_by_z3(protocol: Protocol, seed: int) -> None:
    system, chooser = protocol.system, random.Random(seed)
    state, path = system.initial, []
    for _ in range(14):
        possible = [(action.name, after) for action in system.actions if (after := fire(action, state)) is not None]
        if not possible:
            break
        name, state = chooser.choice(possible)
        path.append(name)
    same = z3.And(*(variable.term == variable.constant(state[variable.name]) for variable in system.variables))
    assert bounded.confirm(system, Target(state=same), path)
    assert not bounded.confirm(system, Target(state=z3.Not(same)), path), "each action is a function"


@random_test(4)
@given(protocols(), st.integers(0, 2**31))
def test_paths_that_z3_chooses_are_accepted_by_the_plain_reading(protocol: Protocol, seed: int) -> None:
    unrolling = bounded.Unrolling(protocol.system, {}, ordered=False)
    unrolling.solver.set("random_seed", seed % 1000)
    while unrolling.depth < 7 and unrolling.extend():
        pass
    assert unrolling.solver.check() == z3.sat
    path = unrolling.path(unrolling.solver.model())
    assert len(replay(protocol.system, path)) == len(path) + 1


@random_test(4)
@given(protocols(), st.integers(0, 2**32))
def test_the_generated_readings_agree(protocol: Protocol, seed: int) -> None:
    system = protocol.system
    states = some_states(system, random.Random(seed), 15, 1)
    layout = Layout(system.variables)
    packed = np.concatenate([layout.pack(state) for state in states], axis=1)
    values = {variable.name: layout.column(packed, variable.name) for variable in system.variables}
    for action in system.actions:
        read = [action.enabled, *action.updates.values(), *action.events.values(), *action.overflow.values()]
        rows = [np.broadcast_to(row, (len(states),)) for row in Code(read, vector=True)(values)]
        plain = Code(read, vector=False)
        for index, state in enumerate(states):
            assert [int(row[index]) for row in rows] == [int(value) for value in plain(state)], action.name


def test_the_random_versions_are_legal_and_differ() -> None:
    seen = set()

    @random_test(40)
    @given(random_axes())
    def collect(axes: dict[str, Any]) -> None:
        assert misfit(axes) is None
        seen.add(tuple(sorted((key, str(value)) for key, value in axes.items())))

    collect()
    shipped = {tuple(sorted((k, str(v)) for k, v in versions.load(name).axes.items())) for name in versions.names()}
    assert len(seen - shipped) > 15, "most of them were never posted"


def test_a_wrong_reading_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(self: Any, sweep: Any, level: range, depth: int, keys: Any) -> Iterator[None]:
        list(sweep.look(level, [], []))
        yield

    monkeypatch.setattr(breadth.Found, "look", blind)
    protocol = build(Subject.of("v12", bound={"requests": 1, "tz_requests": 1}))
    with pytest.raises(verdicts.EngineDisagreementError):
        verdicts.decide(protocol, [catalogue()["quiet-engine"]], "both", 14)
