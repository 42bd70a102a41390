"""A section that leaves what no other was read for has an event; one that is proved not to has none."""

from __future__ import annotations

from dataclasses import replace

import kernel
import pytest
import z3

from model.language.concrete import holds
from model.protocol import build
from model.source import breaches
from model.source.breaches import WRONG, with_clients, with_wrongs
from model.source.symbolic.machine import Obligation
from model.source.tree import SourceError
from model.subject import Subject

ISSUE = "client.issue_rx"


def test_the_rows_own_section_leaves_what_all_are_read_for(monkeypatch: pytest.MonkeyPatch) -> None:
    row = kernel.row()
    action = row.system.action(ISSUE)
    assert WRONG not in with_wrongs(row.ctx, action, ()).events
    # where there is no proof, the states are looked at: the initial one leads to none that is wrong
    monkeypatch.setattr(breaches, "EFFORT", 0)
    term = with_wrongs(row.ctx, action, ()).events.get(WRONG)
    assert term is None or not holds(term, row.system.initial)


@pytest.mark.parametrize(("name", "value"), [("rx.desc_list.len", 3), ("rx.next_cookie", 0)])
def test_a_state_that_is_not_well_formed_is_told(name: str, value: int) -> None:
    row = kernel.row()
    variable = row.system.space.variables[name]
    bad = z3.BitVecVal(value, variable.width)
    action = row.system.action(ISSUE)
    made = with_wrongs(row.ctx, replace(action, updates={**action.updates, name: bad}), ())
    assert holds(made.events[WRONG], row.system.initial)


def test_an_obligation_counts_where_it_can_be_broken_and_not_by_what_is_hidden() -> None:
    row = kernel.row()
    action, hidden = row.system.action(ISSUE), z3.Bool("hidden something")
    queued = row.system.space.term("rx.desc_submitted.len") == 1
    never = Obligation(row.system.space.term("rx.next_cookie") == 0, "never", "a.c:1")
    made = with_wrongs(row.ctx, action, [never, Obligation(queued, "sometimes", "a.c:2")])
    assert not holds(made.events[WRONG], row.system.initial)
    assert holds(made.events[WRONG], {**row.system.initial, "rx.desc_submitted.len": 1})
    either = Obligation(z3.If(hidden, queued, z3.And(queued, queued)), "named only", "a.c:3")
    assert "hidden" not in str(with_wrongs(row.ctx, action, [either]).events[WRONG])
    with pytest.raises(SourceError, match=r"a.c:4: really, depending on something"):
        with_wrongs(row.ctx, action, [Obligation(z3.And(queued, hidden), "really", "a.c:4")])


def test_what_a_client_does_wrong_is_told_where_a_request_that_ends_so_is_finished() -> None:
    wrongs = {"data-failure": "a.c:1: aead list stays mapped", "map-failure": "a.c:2: aead no row fails so"}

    def told(scenario: str) -> dict[str, str]:
        actions = with_clients(build(Subject.of("mainline", scenario)), wrongs).system.actions
        return {action.name: action.source for action in actions if WRONG in action.events}

    assert told("default") == {}
    assert told("faults") == {"client.finish_2": "a.c:1: aead list stays mapped; qce: qce_req_done_work"}
