"""The client's program: which step of which axis each of its steps is."""

from __future__ import annotations

import pytest

from model.client import Program
from model.protocol import build
from model.subject import Subject


@pytest.mark.parametrize("version", ["mainline", "v16", "v18", "v21"])
def test_each_step_of_the_program_knows_its_axis_and_place(version: str) -> None:
    ctx = build(Subject.of(version, "faults")).ctx
    program, found = Program.of(ctx), dict[str, list[str]]()
    for position, step in enumerate(program.steps):
        if (place := program.place(position)) is not None:
            axis, number = place
            assert ctx.axes[axis][number] == step
            found.setdefault(axis, []).append(step)
        else:
            assert step in ("wait", "free-rx")
    assert {axis: tuple(steps) for axis, steps in found.items()} == {
        axis: ctx.axes[axis] for axis in ("request", "completion", "data-failure", "command-failure")
    }
