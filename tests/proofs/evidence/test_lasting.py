"""What an exploration says of other forms of actions: the same only if they do the same in every state it has."""

from __future__ import annotations

from dataclasses import replace

import z3

from model.subject import Subject
from proofs.engines.exhaustive import Explorer
from proofs.evidence.family import Family, Points
from proofs.evidence.lasting import Explored
from proofs.evidence.systems import Systems

POINTS = Points.product({"nwd_ack": ("operation-done", "input-consumed"), "early_data": ("published", "blocks")})


def test_forms_are_equal_if_they_do_the_same() -> None:
    systems = Systems(Family(Subject.of("v24", bound={"requests": 1, "tz_requests": 1}), POINTS))
    assert len(systems) == 4
    part = systems.protocol(0).system
    explored = Explored(part, Explorer(part).explore({}), {})
    assert explored.tells and all(explored.fits(space) for space in systems.family.spaces)
    wait, publish = "bam.end_nwd_wait", "bam.publish_data"
    mine = systems.form(wait, 0)
    assert mine is not None
    same = replace(mine, guard={**mine.guard, "always": z3.Not(z3.And(*mine.guard.values(), z3.BoolVal(False)))})
    assert explored.equal(mine, mine) and explored.equal(mine, same)
    others = {name: {systems.form(name, number) for number in range(4)} for name in (wait, publish)}
    assert {explored.equal(mine, form) for form in others[wait]} == {True, False}
    # v24 queues data behind GO, so that two forms differ that come to the same wherever they are enabled
    assert len(others[publish]) == 2 and all(explored.equal(systems.form(publish, 0), form) for form in others[publish])
    assert not explored.equal(mine, None) and not explored.equal(None, mine) and explored.equal(None, None)


def test_a_form_that_reads_what_is_not_known_is_not_equal() -> None:
    systems = Systems(Family(Subject.of("v24", bound={"requests": 1, "tz_requests": 1}), Points.product({})))
    part = systems.protocol(0).system
    explored = Explored(part, Explorer(part).explore({}), {})
    mine = systems.form("bam.execute_go", 0)
    assert mine is not None
    assert not explored.equal(mine, replace(mine, guard={**mine.guard, "else": z3.Bool("what.is_not_there")}))
