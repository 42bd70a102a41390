"""Which designs there are."""

from __future__ import annotations

import pytest

from model import versions
from model.parameters import ParameterError
from proofs.proposing.space import Space, shown
from proofs.studies import fixes


def test_single_changes_are_those_of_fixes_that_the_model_tells_apart() -> None:
    space = Space.of("v16")
    singles = [dict(changes) for changes in space.designs(1) if not changes & space.edits.keys()]
    tried, _ = fixes.changes("v16")
    # what an edit also makes counts by its edits
    edited_as_shipped = [change for change in tried if set(change.items()) <= space.edits.keys()]
    assert singles and all(change in tried for change in singles)
    behaviours = [tuple(versions.behaviour({**space.base, **change}).items()) for change in singles]
    assert len(set(behaviours)) == len(behaviours)
    assert {str(versions.behaviour({**space.base, **change})) for change in tried} == {
        str(versions.behaviour({**space.base, **change})) for change in [*singles, *edited_as_shipped]
    }


def test_larger_designs_need_not_grow_from_smaller_ones() -> None:
    space = Space.of("v12")
    assert list(space.designs(0)) == [frozenset()]
    singles = set(space.designs(1))
    # the commands need another order of steps: that change alone describes no driver
    assert any(frozenset({change}) not in singles for pair in space.designs(2) for change in pair)
    assert all(versions.misfit(space.applied(changes)) is None for changes in space.designs(2))


def test_what_is_kept_and_forbidden_is_left_alone() -> None:
    space = Space.of("v24", keep=("completion",), forbid=("nwd=none", "metadata"))
    assert "completion" not in space.choices and "metadata" not in space.choices
    assert "none" not in space.choices.get("nwd", ())
    order = shown(Space.of("v24").choices["completion"][0])
    assert order not in map(shown, Space.of("v24", forbid=(f"completion={order}",)).choices["completion"])


@pytest.mark.parametrize(
    ("keep", "forbid", "said"),
    [
        (("nwdd",), (), "did you mean nwd"),
        ((), ("lokc",), "did you mean lock"),
        ((), ("nwd=rx-dat",), "unknown value of nwd 'rx-dat'"),
    ],
)
def test_what_does_not_exist_is_refused(keep: tuple[str, ...], forbid: tuple[str, ...], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        Space.of("v24", keep, forbid)


def test_edits_of_an_order_count_one_by_one() -> None:
    space = Space.of("v24")
    made = {names: frozenset({change}) for change, names in space.edits.items()}
    rx, tx = "no terminate of rxchan", "no terminate of txchan"
    both, one = made[frozenset({rx, tx})], made[frozenset({rx})]
    assert space.size(both) == 2 and space.size(one) == 1 and both in set(space.designs(2))
    assert space.within(one, both) and not space.within(both, one)
    assert [(part, rest) for _, part, rest in space.without(both)] == [(rx, made[frozenset({tx})]), (tx, one)]
    assert [(part, rest) for _, part, rest in space.without(one)] == [(rx, frozenset())]
