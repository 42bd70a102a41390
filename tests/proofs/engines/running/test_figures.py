"""What explorations tell while they last reaches whoever listens, from worker processes too."""

from __future__ import annotations

import pytest
import toys

from proofs.checking.pool import in_parallel
from proofs.engines import breadth
from proofs.engines import space as spaces
from proofs.engines.running import figures as figures_module
from proofs.engines.running.figures import Figures, Teller, listening, named


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is told, and there is much to tell."""
    monkeypatch.setattr(figures_module, "EVERY", 0.0)
    monkeypatch.setattr(breadth, "OFTEN", 1)
    for module in (breadth, spaces):
        monkeypatch.setattr(module, "CHUNK", 16)


def explore(name: str) -> int:
    with named(name):
        return int(toys.explored(toys.counters(9, ("a", "b"))).states.shape[1])


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exploration_tells_how_far_it_is(workers: int) -> None:
    heard: list[Figures] = []
    with listening(heard.append):
        assert list(in_parallel(explore, ["one", "two"], workers)) == [100, 100]
    for name in ("one", "two"):
        mine = [figures for figures in heard if figures.name == name]
        assert mine[-1] == Figures(name) and mine[-2].states == 100 and mine[-2].depth == 18
        assert mine[-2].frontier == 1 and mine[-2].widest == 10
        assert [figures.depth for figures in mine[:-1]] == sorted(figures.depth for figures in mine[:-1])


def test_nobody_listens_and_nobody_reads() -> None:
    explore("one")
    teller = Teller()
    teller.tell(5, [0, 1, 5])
    teller.end()
    heard: list[Figures] = []
    with listening(heard.append):
        for _ in range(3):
            teller.tell(5, [0, 1, 5])
    assert [figures.frontier for figures in heard] == [4] * 3


def test_what_is_short_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_module, "EVERY", 1000.0)
    heard: list[Figures] = []
    with listening(heard.append):
        explore("one")
    assert heard == []
