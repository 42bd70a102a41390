"""The minimal interleaving: of all shortest paths the one with the fewest switches between actors, then the fewest
descriptors executed, then first in declared action order, so that two runs give the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from model.system import Action

Edge = tuple[int, int]  # action index, destination state
Cost = tuple[int, int]


def shortest_path_edges(
    source: np.ndarray, action: np.ndarray, destination: np.ndarray, level: Sequence[int], goals: Sequence[int]
) -> dict[int, list[Edge]]:
    """All edges that lie on a shortest path from state 0 to one of `goals`, which are at one distance.

    `source`, `action`, `destination`: arrays of shape (n,), the transitions; `level[i]`: the first state at distance i.
    """
    edges: dict[int, list[Edge]] = defaultdict(list)
    wanted = np.unique(np.asarray(goals))
    distance = int(np.searchsorted(level, wanted[0], side="right")) - 1
    order_free = np.searchsorted(source, [level[i] for i in range(distance + 1)])
    for depth in range(distance - 1, -1, -1):
        low, high = order_free[depth], order_free[depth + 1]
        kept = np.flatnonzero(np.isin(destination[low:high], wanted)) + low
        for index in kept:
            edges[int(source[index])].append((int(action[index]), int(destination[index])))
        wanted = np.unique(source[kept])
    return edges


def minimal_path(
    edges: dict[int, list[Edge]], last: dict[int, list[int | None]], actions: Sequence[Action]
) -> list[int]:
    """The action indices of the minimal interleaving from state 0.

    `last`: each goal state to the indices of the actions that may end the path there, None for the state itself.
    """
    best: dict[tuple[int, str], Cost] = {}

    def step_cost(before: str, index: int) -> Cost:
        action = actions[index]
        return (int(before not in ("", action.actor)), int(action.executes_descriptor))

    def options(state: int) -> list[tuple[int, int | None]]:
        if state in last:
            return [(index, None) for index in last[state] if index is not None]
        return list(edges[state])

    def cost(state: int, actor: str) -> Cost:
        if None in last.get(state, []):
            return (0, 0)
        key = (state, actor)
        if key not in best:
            best[key] = min(_through(index, following, actor) for index, following in options(state))
        return best[key]

    def _through(index: int, following: int | None, actor: str) -> Cost:
        switches, descriptors = step_cost(actor, index)
        rest = (0, 0) if following is None else cost(following, actions[index].actor)
        return (switches + rest[0], descriptors + rest[1])

    path: list[int] = []
    state: int | None = 0
    actor = ""
    while state is not None and None not in last.get(state, []):
        index, state = min(options(state), key=lambda option: (_through(option[0], option[1], actor), option[0]))
        path.append(index)
        actor = actions[index].actor
    return path
