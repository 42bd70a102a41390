"""What a request costs: each kind counted by hand on paths and graphs that are small enough for that."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from model.protocol import build
from model.subject import Subject
from proofs.checking.verdicts import shortest_path
from proofs.studies.cost import KINDS, cost, longest, on_path, success

SMALL = {"tz_requests": 1}


def figures(values: object) -> tuple[int | None, ...]:
    return tuple(cast(dict[str, int | None], values)[kind] for kind in KINDS)


def test_mainline_pays_for_data_only() -> None:
    found = cost("mainline", SMALL)
    # the input and on the other pipe output and result dump; a doorbell, an interrupt, a mapping and a cookie for each
    assert figures(found.shortest) == (3, 2, 2, 2, 2, 0)
    assert figures(found.most) == (3, 2, 2, 2, 2, 0)
    assert not found.exceeded


def test_a_lock_costs_two_descriptors_two_mappings_and_two_cookies() -> None:
    protocol = build(Subject.of("v16", bound={"requests": 1, **SMALL}))
    path = shortest_path(protocol, success(protocol))
    assert path is not None
    # LOCK, configure, go, data, UNLOCK, output, result dump; the chain has one doorbell
    descriptors, doorbells, _, mappings, cookies, locked = figures(on_path(protocol, path))
    assert (descriptors, doorbells, mappings, cookies) == (7, 2, 5, 5)
    # configure, go and data; a trace of success need not come to the UNLOCK, which is one more
    assert locked == 3
    whole = (*path[: path.index("engine.finish") + 1], "bam.end_nwd_wait", "bam.execute_unlock")
    assert figures(on_path(protocol, whole))[-1] == 4


def test_what_was_not_done_costs_nothing() -> None:
    protocol = build(Subject.of("v16", bound={"requests": 1, **SMALL}))
    assert figures(on_path(protocol, ["client.prep_commands"])) == (0, 0, 0, 1, 1, 0)
    assert set(figures(on_path(protocol, []))) == {0}


def edges(*steps: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    source, destination, spent = np.array(steps).T
    return source, destination, spent[np.newaxis]


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (((0, 1, 1), (1, 3, 1), (0, 2, 5), (2, 3, 0)), 5),  # the dearer of two ways
        (((0, 1, 1), (1, 2, 1), (2, 1, 0), (2, 3, 4)), None),  # a cycle that adds
        (((0, 1, 1), (1, 2, 0), (2, 1, 0), (2, 3, 4)), 5),  # one that does not
        (((0, 1, 2), (0, 1, 7)), 7),  # two steps between the same states
        (((0, 0, 0), (0, 1, 3)), 3),
        (((0, 0, 1), (0, 1, 3)), None),
    ],
)
def test_the_costliest_way(steps: tuple[tuple[int, int, int], ...], wanted: int | None) -> None:
    assert longest(*edges(*steps)) == [wanted]


@pytest.mark.slow
def test_the_worst_run_is_no_cheaper_than_the_shortest() -> None:
    found = cost("v3")
    assert found.shortest is not None
    for kind in KINDS:
        most = found.most[kind]
        assert most is None or most >= found.shortest[kind]
    # each of LOCK, commands, data and UNLOCK is issued on its own
    assert figures(found.shortest)[:2] == (7, 5)
