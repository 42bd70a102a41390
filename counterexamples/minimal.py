"""The minimal interleaving: of all shortest paths the one with the fewest switches between actors, then the fewest
descriptors executed, then first in declared action order, so that two runs give the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from model.language.system import Action

Edge = tuple[int, int]  # action index, destination state
Cost = tuple[int, int]
Transitions = Callable[[int], Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]]


def shortest_path_edges(transitions: Transitions, level: Sequence[int], goals: Sequence[int]) -> dict[int, list[Edge]]:
    """All edges that lie on a shortest path from state 0 to one of `goals`, which are at one distance.

    `transitions`: those from the states at a distance, as arrays of their states before, actions and states after.
    `level[i]`: the first state at distance i.
    """
    edges: dict[int, list[Edge]] = defaultdict(list)
    wanted = np.unique(np.asarray(goals))
    distance = int(np.searchsorted(level, wanted[0], side="right")) - 1
    for depth in range(distance - 1, -1, -1):
        sources = []
        for source, action, destination in transitions(depth):
            kept = np.flatnonzero(np.isin(destination, wanted))
            for index in kept:
                edges[int(source[index])].append((int(action[index]), int(destination[index])))
            sources.append(source[kept])
        wanted = np.unique(np.concatenate(sources))
    return edges


def minimal_path(
    edges: dict[int, list[Edge]], last: dict[int, list[int | None]], actions: Sequence[Action]
) -> list[int]:
    """The action indices of the minimal interleaving from state 0.

    `last`: each goal state to the indices of the actions that may end the path there, None for the state itself.
    """
    best: dict[tuple[int, str], Cost] = {}
    actors = ("", *dict.fromkeys(action.actor for action in actions))

    def options(state: int) -> list[tuple[int, int | None]]:
        if state in last:
            return [(index, None) for index in last[state] if index is not None]
        return list(edges[state])

    def through(index: int, following: int | None, before: str) -> Cost:
        action = actions[index]
        rest = (0, 0) if following is None else best[following, action.actor]
        return (int(before not in ("", action.actor)) + rest[0], int(action.executes_descriptor) + rest[1])

    for known in (*last, *edges):  # the edges are in the order of decreasing distance, so what follows is known
        for before in actors:
            done = None in last.get(known, [])
            costs = [] if done else [through(index, following, before) for index, following in options(known)]
            best[known, before] = min(costs, default=(0, 0))
    path: list[int] = []
    state: int | None = 0
    actor = ""
    while state is not None and None not in last.get(state, []):
        ranked = [(through(index, following, actor), index, following) for index, following in options(state)]
        _, index, state = min(ranked, key=lambda option: option[:2])
        path.append(index)
        actor = actions[index].actor
    return path
