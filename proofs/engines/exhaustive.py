"""Every reachable state, breadth first: exact distances, complete verdicts.

It runs compiled code, which takes a moment to make. For a system that cannot have many states NumPy is as fast: the
choice is made by the size of a state alone, and a `Space` says it. Both number the states alike, so that nothing else
in it depends on the reading. With `until` or `most` it is NumPy: such systems are asked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from counterexamples.minimal import minimal_path
from model.language.concrete import Layout
from model.language.system import TransitionSystem
from proofs.engines import Answer, Finding, Question, Reached, Target, Unknown, Unreachable
from proofs.engines.space import Edges, Hit, Space
from proofs.engines.vector import CHUNK, Batch, Sweep, VectorSweep, Watched, watched

SMALL = 16  # bits of a state: beyond, there can be so many that compiling pays


def answer(question: Question[Target]) -> dict[str, Finding]:
    """Reached with the minimal shortest path, Unreachable, or Unknown if a capacity cuts the search, for each target.

    The system is exhausted, or explored until every target is hit.
    """
    system = question.system
    space = Explorer(system).explore(question.targets, stop_early=True, beside=question.beside)
    return {name: Finding(_answer(system, space, name), space) for name in question.targets}


def _answer(system: TransitionSystem, space: Space, name: str) -> Answer:
    if (path := path_to(system, space, name)) is not None:
        return Reached(path)
    if space.exceeded:
        return Unknown(f"capacity {', '.join(space.exceeded)}")
    return Unreachable(space.states.shape[1])


def path_to(system: TransitionSystem, space: Space, name: str) -> tuple[str, ...] | None:
    """The minimal shortest path to where a target that was looked for in `space` is hit, None if it is not."""
    if (hit := space.hits.get(name)) is None:
        return None
    last: dict[int, list[int | None]] = {}
    for state, action in hit.last:
        last.setdefault(state, []).append(action)
    actions = system.actions
    return tuple(actions[index].name for index in minimal_path(space.onward(sorted(last)), last, actions))


class Explorer:
    """Explores one system; `explore` answers for all targets in one pass.

    `until`: executions end where they first hit this target, so that each of its hits is an execution's first.
    `most`: no state is expanded any more once there are more than so many, which `cut` then tells. `capacities`:
    whether it is noted which of them are exceeded; they are kept either way.
    """

    def __init__(
        self, system: TransitionSystem, until: Target | None = None, most: int | None = None, capacities: bool = True
    ) -> None:
        self.system, self.until, self.most, self.capacities = system, until, most, capacities
        self.layout = Layout(system.variables, system.whole.variables if system.whole else None)
        self.cut = False

    def explore(
        self,
        targets: Mapping[str, Target],
        stop_early: bool = False,
        slack: int = 0,
        beside: Mapping[str, Target] | None = None,
    ) -> Space:
        """Exhaust the system, or with `stop_early` only until every target is hit; `complete` tells which.

        `slack`: look for hits that are up to so many steps farther away than the nearest, too. `beside`: further
        targets, under names of their own, that are looked for in whatever is explored.
        """
        rows = watched(self.system, {**targets, **(beside or {})})
        keys = self.system.capacities() if self.capacities else ()
        sweep = self._sweep(rows)
        levels, edges = [0], [Batch(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int64))]
        found = _Found(slack, {name: {} for name in rows}, {})
        complete = True
        while levels[-1] < sweep.count:
            level = range(levels[-1], sweep.count)
            levels.append(level.stop)
            depth = len(levels) - 2
            found.look(sweep, level, depth, keys)
            if stop_early and found.settled(targets, depth):
                complete = False
                break
            edges += self._expand(sweep, level)
        source, action, destination = (np.concatenate(column) for column in zip(*edges, strict=True))
        farther = found.farther()
        nearest = {name: hits[0] for name, hits in farther.items()}
        explored = (self.layout, sweep.states, tuple(levels), Edges(source, action, destination))
        return Space(*explored, nearest, tuple(found.exceeded), complete, farther, frozenset(rows), sweep.reading)

    def _sweep(self, rows: Watched) -> Sweep:
        once = self.until is not None or self.most is not None
        if once or sum(variable.bits for variable in self.system.variables) <= SMALL:
            return VectorSweep(self.system, self.layout, rows, self.until)
        from proofs.engines.compiled.sweep import CompiledSweep

        return CompiledSweep(self.system, self.layout, rows)

    def _expand(self, sweep: Sweep, level: range) -> Iterator[Batch]:
        for low in range(level.start, level.stop, CHUNK):
            self.cut = self.cut or (self.most is not None and sweep.count > self.most)
            if not self.cut:
                yield sweep.expand(low, min(low + CHUNK, level.stop))


@dataclass
class _Found:
    """What was found so far: for each target by cost the hits, and the capacities that are exceeded, in order."""

    slack: int
    hits: dict[str, dict[int, list[tuple[int, int | None]]]]
    exceeded: dict[str, None]

    def look(self, sweep: Sweep, level: range, depth: int, keys: Sequence[str]) -> None:
        """Take in what is seen in a level; hits that are farther than wanted are dropped."""
        names = [name for name, item in self.hits.items() if not item or min(item) + self.slack >= depth]
        last: dict[str, dict[int, list[tuple[int, int | None]]]] = {name: {} for name in names}
        for seen in sweep.look(level, names, [key for key in keys if key not in self.exceeded]):
            for name, action, where in seen.hits:
                if len(where):
                    cost = depth + (0 if action is None else 1)
                    last[name].setdefault(cost, []).extend((state, action) for state in where.tolist())
            self.exceeded |= dict.fromkeys(seen.exceeded)
        for name, costs in last.items():
            for cost in sorted(costs):
                if cost <= min(self.hits[name] or costs) + self.slack:
                    self.hits[name].setdefault(cost, []).extend(costs[cost])

    def settled(self, names: Iterable[str], depth: int) -> bool:
        """Whether nothing that is asked of these targets can still be found farther than `depth`."""
        return all(self.hits[name] and (not self.slack or min(self.hits[name]) + self.slack <= depth) for name in names)

    def farther(self) -> dict[str, tuple[Hit, ...]]:
        """All hits by depth, the nearest first."""
        return {
            name: tuple(Hit(cost, tuple(item[cost])) for cost in sorted(item))
            for name, item in self.hits.items()
            if item
        }
