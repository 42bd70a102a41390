"""What one request costs: hardware descriptors, doorbells, interrupts, mappings, cookies, and for how many descriptors
it has the lock, counted from the model.

Counted is what a step changes. The shortest successful run is the trace of `works`: a request between two of the other
EE, so that its lock is taken and given back; where that does not apply, the shortest run in which a request succeeds.
The worst run is a longest path through the explored graph, for each kind one of its own.

Left out: registers written by CPU, of which mainline has some for each request; what a channel maps once for all
requests; descriptors that lap the ring and so never reach the hardware, which `code-safe` is about; that one interrupt
of the BAM may serve both pipes, each of which is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import z3

from counterexamples.trace import replay
from model.context import Protocol
from model.protocol import build
from model.subject import Subject
from model.versions import Version
from proofs.checking.verdicts import shortest_path
from proofs.engines import Target
from proofs.engines.exhaustive import Explorer
from proofs.engines.space import Space
from proofs.properties import catalogue

KINDS = ("hardware descriptors", "doorbells", "interrupts", "mappings", "cookies", "descriptors under the lock")
BOUND = {"requests": 1}
CHANNELS = ("rx", "tx")
MAPPED = ("client.buffer_mapped", "client.lock_mapped", "client.unlock_mapped", "rx.mapped")
"""The mappings that the model tells apart, sets as bits; the data's have one bit for both directions."""

Column = Callable[[str], np.ndarray]


@dataclass(frozen=True)
class Cost:
    """By kind how often: on the shortest successful run, None if no run succeeds; and at the most, None if some cycle
    goes on adding to it. `exceeded`: capacities of the model that cut the worst run short."""

    shortest: Mapping[str, int] | None
    most: Mapping[str, int | None]
    exceeded: tuple[str, ...] = ()


def cost(version: str | Version, bound: Mapping[str, int] | None = None) -> Cost:
    """What one request of a version costs in the scenario `default`, explored with other bounds if some are given."""
    protocol = build(Subject.of(version, bound={**BOUND, **(bound or {})}))
    path, space = shortest_path(protocol, success(protocol)), Explorer(protocol.system).explore({})
    edges = space.edges
    spent = _spent(protocol, edges.action, _columns(space, edges.source), _columns(space, edges.destination))
    most = dict(zip(KINDS, longest(edges.source, edges.destination, spent), strict=True))
    return Cost(None if path is None else on_path(protocol, path), most, space.exceeded)


def success(protocol: Protocol) -> Target:
    """What the shortest successful run comes to."""
    works = catalogue()["works"]
    if works.reason_against(protocol) is None:
        return works.target(protocol)
    return Target(on={"request_succeeded": z3.BoolVal(True)})


def on_path(protocol: Protocol, path: Sequence[str]) -> dict[str, int]:
    """By kind what a path of action names costs; raises ReplayError."""
    states = replay(protocol.system, path)
    numbers = {action.name: index for index, action in enumerate(protocol.system.actions)}
    action = np.array([numbers[name] for name in path], dtype=np.int64)

    def column(first: int) -> Column:
        return lambda name: np.array([state[name] for state in states[first : first + len(path)]], dtype=np.int64)

    return dict(zip(KINDS, map(int, _spent(protocol, action, column(0), column(1)).sum(axis=1)), strict=True))


def _columns(space: Space, numbers: np.ndarray) -> Column:
    return lambda name: space.layout.column(space.states, name).astype(np.int64)[numbers]


def _spent(protocol: Protocol, action: np.ndarray, before: Column, after: Column) -> np.ndarray:
    """What each of n steps costs, shape (kinds, n); `action`: indices into the system's actions."""
    loaded = {name: _grown(f"{name}.ring.len", before, after) for name in CHANNELS}
    raised = [after(f"{name}.irq") > before(f"{name}.irq") for name in CHANNELS]
    kinds = (
        sum(loaded.values()),
        # the end of a section is one doorbell for all that it has put into a ring
        sum((count > 0).astype(np.int64) for count in loaded.values()),
        sum(raise_.astype(np.int64) for raise_ in raised),
        _mappings(protocol, action, before, after),
        _cookies(before, after) + _grown("tx.desc_submitted.len", before, after),
        _under_lock(protocol, action, before),
    )
    return np.array(kinds)


def _grown(name: str, before: Column, after: Column) -> np.ndarray:
    grown: np.ndarray = np.maximum(after(name) - before(name), 0)
    return grown


def _mappings(protocol: Protocol, action: np.ndarray, before: Column, after: Column) -> np.ndarray:
    variables = protocol.ctx.space.variables
    maps_data = np.array(["client.data_mapped" in item.updates for item in protocol.system.actions])
    count: np.ndarray = (maps_data[action] & (after("client.data_mapped") != 0)).astype(np.int64)
    for name in MAPPED:
        if name in variables:
            fresh = after(name) & ~before(name)
            count += sum((fresh >> place) & 1 for place in range(max(variables[name].width, 1)))
    return count


def _under_lock(protocol: Protocol, action: np.ndarray, before: Column) -> np.ndarray:
    """Descriptors that a pipe of Linux executes while Linux has the lock, the UNLOCK among them."""
    own = np.array([item.executes_descriptor and item.actor == "bam" for item in protocol.system.actions])
    count: np.ndarray = (own[action] & (before("lock.linux") != 0)).astype(np.int64)
    return count


def _cookies(before: Column, after: Column) -> np.ndarray:
    """The consumer channel's: the model restarts them at 1 where that is empty, on the next submit or at once."""
    lists = ("desc_submitted", "desc_issued", "desc_list")
    empty = np.all([before(f"rx.{name}.len") == 0 for name in lists], axis=0)
    old, new = before("rx.next_cookie"), after("rx.next_cookie")
    restarted = (new < old) | (empty & (after("rx.desc_submitted.len") > 0))
    return np.where(restarted, new - 1, new - old)


def longest(source: np.ndarray, destination: np.ndarray, spent: np.ndarray) -> list[int | None]:
    """For each row of `spent`, shape (kinds, n), the costliest way along n edges; None if a cycle adds to it.

    Every state lies on a way from the initial one, so that a costliest way may begin there.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from((0,))
    graph.add_edges_from(zip(source.tolist(), destination.tolist(), strict=True))
    dag = nx.condensation(graph)
    part = np.zeros(max(graph) + 1, dtype=np.int64)
    for state, number in dag.graph["mapping"].items():
        part[state] = number
    ends = part[source], part[destination]
    inside = ends[0] == ends[1]
    return [None if np.any(row[inside]) else _costliest(dag, *ends, row) for row in spent]


def _costliest(dag: nx.DiGraph, source: np.ndarray, destination: np.ndarray, spent: np.ndarray) -> int:
    weights: dict[tuple[int, int], int] = {}
    for one, other, count in zip(source.tolist(), destination.tolist(), spent.tolist(), strict=True):
        if one != other:
            weights[one, other] = max(count, weights.get((one, other), 0))
    nx.set_edge_attributes(dag, weights, "spent")
    return int(nx.dag_longest_path_length(dag, "spent"))
