"""Graphs of random transitions, held against networkx."""

from __future__ import annotations

import random

import networkx as nx
import numpy as np

from proofs.engines.space import Edges
from proofs.recordings.following import Graph, Sets

STATES = 40


def test_where_transitions_lead_to() -> None:
    for seed in range(30):
        chance = random.Random(seed)
        pairs = [(chance.randrange(STATES), chance.randrange(STATES)) for _ in range(chance.randrange(60))]
        source, destination = (np.array([pair[end] for pair in pairs], dtype=np.int64) for end in (0, 1))
        label = np.array([chance.randrange(3) for _ in pairs], dtype=np.int64)
        graph = Graph(STATES, Edges(source, np.zeros(len(pairs), np.uint8), destination), label)
        chosen = np.array(sorted(chance.sample(range(STATES), 5)), dtype=np.int32)
        after = [two for one, two in pairs if one in chosen]
        assert sorted(graph.after(chosen).tolist()) == sorted(after)
        whole = nx.DiGraph(pairs)
        whole.add_nodes_from(range(STATES))
        reached = set(chosen.tolist()).union(*(nx.descendants(whole, int(one)) for one in chosen))
        for _ in range(2):  # nothing is left of the first
            assert graph.closure(chosen).tolist() == sorted(reached)
        by_label: dict[int, set[int]] = {}
        for (one, two), name in zip(pairs, label.tolist(), strict=True):
            if one in chosen:
                by_label.setdefault(name, set()).add(two)
        found = {name: set(states.tolist()) for name, states in graph.by_label(chosen).items()}
        assert found == by_label and graph.labels(chosen) == by_label.keys()


def test_equal_sets_have_one_number() -> None:
    sets = Sets()
    one, two = np.array([1, 5], dtype=np.int32), np.array([1, 6], dtype=np.int32)
    assert sets.number(one) == sets.number(one.copy()) != sets.number(two)
    assert sets[sets.number(two)].tolist() == [1, 6]
