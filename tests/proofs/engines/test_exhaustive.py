"""Which further actions lead nowhere else: held against each action in each state, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import toys
import z3
from chance import Choices, random_system, random_test

from model.language.concrete import fire, holds
from model.language.system import TransitionSystem
from proofs.engines import Target, exhaustive
from proofs.engines.exhaustive import Explorer, staying

NOTHING = Target()


def by_hand(further: TransitionSystem, known: TransitionSystem, target: Target) -> set[str]:
    """The actions that never leave what another system reaches, in plain Python."""
    space = Explorer(known).explore({})
    states = [space.layout.unpack(space.states[:, number]) for number in range(space.states.shape[1])]
    found = set()
    for action in further.actions:
        after = [(state, fire(action, state)) for state in states]
        exceeds = any(holds(action.exceeds(key), state) for key in action.overflow for state in states)
        hits = any(end is not None and holds(target.hit_by(action), state) for state, end in after)
        if not exceeds and not hits and all(end is None or end in states for _, end in after):
            found.add(action.name)
    return found


@random_test(40)
def test_random_systems(choices: Choices) -> None:
    system, target = random_system(choices)
    on_event = Target(on=target.on)
    for cut in range(len(system.actions)):
        known, further = (replace(system, actions=part) for part in (system.actions[cut + 1 :], system.actions))
        space = Explorer(known).explore({"": on_event})
        assert staying(further, space, on_event) == by_hand(further, known, on_event)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_step_out_of_many_states_is_found(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive, "SMALL", 0 if compiled else 64)
    whole = toys.counters(150)
    bound = z3.ULT(whole.space.term("a"), 148)
    count_a, count_b = whole.actions
    known = replace(whole, actions=(replace(count_a, guard={**count_a.guard, "bound": bound}), count_b))
    space = Explorer(known).explore({})
    assert space.states.shape[1] == 149 * 151, "they are looked at in several turns"
    assert staying(whole, space, NOTHING) == {"b.count"}


def test_what_exceeds_a_capacity_does_not_stay() -> None:
    system = toys.bounded_buffer(3)
    space = Explorer(replace(system, actions=system.actions[1:])).explore({})
    assert staying(system, space, NOTHING) == {"o.move"}, "push leads out of it"
    full = Explorer(system).explore({})
    assert full.exceeded and staying(system, full, NOTHING) == {"o.move"}
