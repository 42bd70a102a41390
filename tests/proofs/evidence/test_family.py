"""A family: its points, and that what it builds for many of them at once is what is built for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from model import parameters
from model.context import Context, Protocol
from model.language.system import ModelError
from model.parameters import ASSUMPTIONS
from model.protocol import build
from model.subject import Subject
from proofs.evidence.family import Constraints, Family, Points
from proofs.evidence.systems import Systems

SMALL = {"requests": 1, "tz_requests": 1}
RESET, ABSENT = ("pipe_reset", "releases-lock"), ("other_ee", "absent")


def protocols_equal(one: Protocol, other: Protocol) -> bool:
    """Whether two systems have the same variables and the same terms."""
    parts = ("guard", "updates", "events", "overflow")
    actions = list(zip(one.system.actions, other.system.actions, strict=True))
    return one.system.variables == other.system.variables and all(
        mine.name == theirs.name
        and all(
            list(getattr(mine, part)) == list(getattr(theirs, part))
            and all(getattr(mine, part)[key].eq(term) for key, term in getattr(theirs, part).items())
            for part in parts
        )
        for mine, theirs in actions
    )


def test_points_are_numbered_with_the_last_key_changing_fastest() -> None:
    points = Points.product({"pipe_reset": ("keeps-lock", "releases-lock"), "other_ee": ("absent", "locks")})
    assert [points.setting(number) for number in range(len(points))] == [(ABSENT,), (), (RESET, ABSENT), (RESET,)]
    assert points.having(*ABSENT).tolist() == [True, False, True, False]
    assert points.having(*RESET, np.array([3, 0])).tolist() == [True, False]
    assert points.distance(1).tolist() == [1, 0, 2, 1]
    assert [points.fixed(dict([RESET])).setting(number) for number in (0, 3)] == [(RESET, ABSENT), (RESET,)]


def test_points_that_are_named_one_by_one() -> None:
    points = Points.of(parameters.assumptions(dict(one)) for one in ((), (ABSENT,)))
    assert (len(points), points.setting(0), points.setting(1)) == (2, (), (ABSENT,))
    assert points.values(1) == parameters.assumptions(dict([ABSENT]))
    assert len(Points.of([])) == 0


@pytest.mark.parametrize("version", ["v24", "downstream"])
def test_a_family_builds_what_build_builds(version: str) -> None:
    subject = Subject.of(version, bound=SMALL)
    changes = parameters.others(parameters.assumptions({}))
    both = [dict(two) for two in zip(changes[::3], changes[5::3], strict=False)]
    values = [parameters.assumptions(one) for one in [*(dict([change]) for change in changes), *both]]
    systems = Systems(Family(subject, Points.of(values)))
    assert 1 < len(systems) < len(values), "some assumptions have to matter, and some not"
    for number in range(0, len(values), 4):
        found = systems.protocol(int(systems.of[number]))
        assert protocols_equal(found, build(subject.assuming(values[number]))), values[number]


def test_a_computation_is_done_once_for_points_that_it_cannot_tell_apart() -> None:
    points = Points.product({"pipe_reset": ("keeps-lock", "releases-lock"), "other_ee": ("locks", "absent")})
    asked = []

    def compute(ctx: Context) -> str:
        asked.append("reset" if ctx.assume["pipe_reset"] == "releases-lock" else "kept")
        return asked[-1]

    split = Family(Subject.of("v24", bound=SMALL), points).split(compute)
    assert [split.results[number] for number in split.of.tolist()] == ["kept", "kept", "reset", "reset"]
    assert sorted(asked) == ["kept", "reset"]


def test_values_that_are_not_asked_for_are_one() -> None:
    values = ASSUMPTIONS["other_ee"].values
    points = Points.product({"other_ee": values})
    family = Family(Subject.of("v24", bound=SMALL), points)
    by_comparison = family.split(lambda ctx: ctx.assume["other_ee"] in ("same-ee", "absent"))
    assert len(values) > len(by_comparison.results) == 3
    assert [by_comparison.results[one] for one in by_comparison.of.tolist()] == [
        value in ("same-ee", "absent") for value in values
    ]
    by_table = family.split(lambda ctx: {value: value.upper() for value in values}[ctx.assume["other_ee"]])
    assert [by_table.results[one] for one in by_table.of.tolist()] == [value.upper() for value in values]


@pytest.mark.parametrize("use", [str, "{}".format, len, sorted, lambda value: value + "", lambda value: value.upper()])
def test_a_value_is_good_for_comparing_only(use: Callable[[str], object]) -> None:
    family = Family(Subject.of("v24", bound=SMALL), Points.product({}))
    with pytest.raises((ModelError, TypeError, AttributeError)):
        family.split(lambda ctx: use(ctx.assume["other_ee"]))


def test_a_variable_that_is_asked_for_tells_points_apart() -> None:
    points = Points.product({"done_irq": ("after-operation-done", "any-order"), "relock": ("idempotent", "counted")})
    family = Family(Subject.of("v24", bound=SMALL), points)
    (name, *_) = [name for name in family.spaces[-1].variables if name not in family.spaces[0].variables]
    split = family.split(lambda ctx: name in ctx.space.variables)
    for number, found in enumerate(split.of.tolist()):
        assert split.results[found] == (name in family.spaces[family.space_of[number]].variables)
    assert set(split.results) == {True, False}


def test_a_computation_may_not_look_at_everything() -> None:
    family = Family(Subject.of("v24", bound=SMALL), Points.product({}))
    with pytest.raises(ModelError, match="every variable"):
        family.split(lambda ctx: list(ctx.space.variables))
    with pytest.raises(ModelError, match="every value"):
        family.split(lambda ctx: dict(ctx.assume.items()))


def test_what_points_with_a_result_meet_no_others_do() -> None:
    changing = ("other_ee", "pipe_reset", "lock_effect", "relock")
    points = Points.product({key: ASSUMPTIONS[key].values for key in changing})
    family = Family(Subject.of("v24", bound=SMALL), points)

    def met(constraints: Constraints) -> np.ndarray:
        found = np.ones(len(points), dtype=bool)
        for one in constraints:
            if one.kinds is not None:
                found &= np.isin(family.space_of, one.kinds)
            else:
                found &= points.having(one.about, one.value) == one.holds
        return found

    for kind, where in enumerate(family.where):
        assert np.array_equal(np.logical_or.reduce([met(one) for one in where]), family.space_of == kind)
    one, other, *_ = (set(space.variables) for space in family.spaces)
    differing = min(one ^ other)
    by_space = family.split(lambda ctx: differing in ctx.space.variables)
    assert {one.kinds is None for where in by_space.where for one in where} == {False}
    splits = [(by_space.of, by_space.where), *((split.of, split.where) for split in family.parts())]
    for of, wheres in splits:
        for number, constraints in enumerate(wheres):
            assert np.array_equal(met(constraints), of == number)
