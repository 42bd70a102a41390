"""What the model has, readers have a word for; nothing enters it without one."""

from __future__ import annotations

import pytest
import toys

from model.language.system import ModelError, StateSpace
from model.vocabulary import ACTIONS, ACTORS, GROUPS, VARIABLES, demand_declared, kind_of, wording


def test_a_variable_that_is_not_declared_is_an_error() -> None:
    space = StateSpace()
    space.add("rx.irq")
    demand_declared((), space)
    space.add("rx.irk")
    with pytest.raises(ModelError, match=r"vocabulary\.py: rx\.irk"):
        demand_declared((), space)


def test_an_action_that_is_not_declared_is_an_error() -> None:
    system = toys.counters(1)
    with pytest.raises(ModelError, match=r"a\.count, b\.count"):
        demand_declared(system.actions, StateSpace())
    assert wording("a.count").does == "takes count"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("client.issue_rx_2:lock-alloc-2", "client.issue_rx"), ("client.prep_rx_data", "client.prep_rx_data")],
)
def test_a_repeated_action_and_a_fault_are_told_as_the_action(name: str, kind: str) -> None:
    assert kind_of(name) == kind and wording(name) is ACTIONS[kind]


def test_every_name_has_a_group_or_an_actor_and_every_text_is_there() -> None:
    assert {name.split(".")[0] for name in VARIABLES} <= GROUPS.keys()
    assert all(meaning.text for meaning in VARIABLES.values())
    assert all(item.label and item.brief and item.does for item in ACTIONS.values())
    assert list(ACTORS) == ["client", "irq", "work", "tasklet", "callback", "bam", "engine", "tz"]
