"""A trace as a networkx DiGraph, and that as DOT: one column for each actor, one node for each step."""

from __future__ import annotations

from itertools import pairwise

import graphviz
import networkx as nx

from counterexamples.story import Story
from counterexamples.story.phrases import step_name
from counterexamples.trace import REACH


def to_graph(story: Story) -> nx.DiGraph:
    """Nodes 0 to n are the states, each with its readable `state`; edge (i, i + 1) is step i + 1.

    An edge has `action`, its `name` for readers, `actor`, `source`, `changes` (variable to before and after) and
    `notes`, the same in short.
    The graph has `version`, `property_id`, `statement`, `kind`, `scenario` and `actors`, in lane order.
    """
    trace = story.trace
    graph = nx.DiGraph(
        version=trace.subject.version,
        property_id=trace.property_id,
        statement=trace.statement,
        kind=trace.kind,
        scenario=trace.subject.scenario,
        actors=story.actors,
    )
    for index, state in enumerate(story.states):
        graph.add_node(index, state=state)
    for index, (step, notes) in enumerate(zip(story.steps, story.notes, strict=True)):
        graph.add_edge(
            index,
            index + 1,
            action=step.name,
            name=step_name(step),
            actor=step.actor,
            source=step.source,
            changes=story.changes(index),
            notes=notes,
        )
    return graph


def to_dot(story: Story) -> str:
    """The graph of `to_graph` as DOT: the steps in their actors' columns, in time order, the last one in red."""
    graph = to_graph(story)
    about = graph.graph
    dot = graphviz.Digraph("trace")
    title = f"{about['version']}: {about['property_id']} ({about['kind']}), scenario {about['scenario']}"
    dot.attr(label=_lines([title, about["statement"]]), labelloc="t", labeljust="l", rankdir="TB", newrank="true")
    dot.attr("graph", fontname="monospace")
    dot.attr("node", shape="box", style="rounded,filled", fillcolor="white", fontname="monospace", fontsize="10")
    steps = sorted(graph.edges)
    for actor in about["actors"]:
        with dot.subgraph(name=f"cluster_{actor}") as column:
            column.attr(label=graphviz.escape(actor), style="rounded", color="gray", margin="12")
            for step in steps:
                _add_step(column, graph, actor, step, step == steps[-1])
    for (_, number), (_, following) in pairwise(steps):
        dot.edge(str(number), str(following))
    return str(dot.source)


def _add_step(column: graphviz.Digraph, graph: nx.DiGraph, actor: str, step: tuple[int, int], last: bool) -> None:
    data = graph.edges[step]
    if data["actor"] != actor:
        return
    label = _lines([f"{step[1]}. {data['name']}", *data["notes"]])
    colour = "darkgreen" if graph.graph["kind"] == REACH else "red"
    marked = {"color": colour, "fontcolor": colour, "penwidth": "2"} if last else {}
    column.node(str(step[1]), label, tooltip=graphviz.escape(data["source"]), **marked)


def _lines(lines: list[str]) -> str:
    # DOT's \l ends a left-aligned line
    return "".join(str(graphviz.escape(line)) + "\\l" for line in lines)
