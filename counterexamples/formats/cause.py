"""The cause of a violation as a picture: its steps as boxes, what made one come before the other as arrows.

The `graphviz` package builds the DOT source; the layout library that pygraphviz's wheel carries places the boxes, so
that a picture is the same on every machine. No text takes part in the layout: each box and label has a fixed size,
computed here, and an installed font changes nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import graphviz
import networkx as nx
import pygraphviz

from counterexamples.formats.canvas import BAD, FAINT, GOOD, INK, THREAD, Canvas, colours, text_width
from counterexamples.story import Story
from counterexamples.story.notation import wrap_notes
from counterexamples.story.order import INTERRUPT, LOCK, MAPPING, PROGRAM, QUEUE, REGISTER, STATE
from counterexamples.story.phrases import label
from counterexamples.trace import REACH, Trace

WIDEST = 900  # what fits on a page

_CONFLICT = "conflict"
_STYLES: Mapping[str, tuple[str, str, float]] = {
    PROGRAM: ("#59636e", "", 1.2),
    QUEUE: ("#bc6a00", "", 2),
    LOCK: ("#0969da", "8 3", 2),
    INTERRUPT: ("#8250df", "2 3", 2),
    REGISTER: ("#1a7f37", "8 3 2 3", 2),
    MAPPING: ("#9a3412", "5 5", 2),
    STATE: ("#59636e", "4 3", 1.2),
    _CONFLICT: (BAD[1], "", 3),
}
_MEANINGS: Mapping[str, str] = {
    PROGRAM: "order in one context",
    QUEUE: "queued, then taken",
    LOCK: "who holds it",
    INTERRUPT: "makes the handler run",
    REGISTER: "engine and registers",
    MAPPING: "mapping to use",
    STATE: "other state",
    _CONFLICT: "the two that meet",
}
_PALE, _PALE_TEXT = ("#f6f8fa", "#afb8c1"), "#6e7781"
_TITLE, _SIZE, _SMALL = 15.0, 12.0, 10.0
_LINE, _SMALL_LINE, _MARGIN = 18.0, 13.0, 20.0
_COLUMNS, _LINES = 34, 3
_UNTOLD = ("next_cookie", "head", "tail", "alive", "pc", "irq", "pending", "input", "output", "desc_list", "status")


@dataclass(frozen=True)
class _Box:
    """A step's box: its first line, and for a step that matters what it changed."""

    title: str
    notes: tuple[str, ...]
    actor: str
    matters: bool

    @property
    def width(self) -> float:
        size = _SIZE if self.matters else _SMALL
        longest = [text_width(self.title, size), *(text_width(note, _SMALL) for note in self.notes)]
        return round(max(longest) + 16)

    @property
    def height(self) -> float:
        return 24 + _SMALL_LINE * len(self.notes) + (3 if self.notes else 0) if self.matters else 19


@dataclass(frozen=True)
class _Drawing:
    """What is drawn: boxes by step; by the steps that they join the kinds of arrows, and what is written at them."""

    boxes: Mapping[int, _Box]
    arrows: Mapping[tuple[int, int], str]
    labels: Mapping[tuple[int, int], str]


def cause_dot(story: Story) -> str:
    """The cause as DOT, for a layout of one's own."""
    return str(_digraph(story, _drawing(story), words=True).source)


def cause_svg(story: Story) -> str:
    """The cause as a standalone SVG file, equal for equal traces.

    Each step is an element of the classes `step`, `step-N` and `matters` or `dimmed`.
    """
    drawing, title = _drawing(story), _heading(story.trace)
    places, curves, labels, (wide, high) = _placed(story, drawing)
    scale = min(1.0, (WIDEST - 2 * _MARGIN) / wide)
    width = max(wide * scale + 2 * _MARGIN, 560.0)
    large = textwrap.wrap(title, int((width - 2 * _MARGIN) / text_width("m", _TITLE)))
    heading = large + textwrap.wrap(story.trace.statement, int((width - 2 * _MARGIN) / text_width("m", _SIZE)))
    used = [kind for kind in _STYLES if kind in drawing.arrows.values()]
    columns = max(1, int((width - 2 * _MARGIN) // 250))
    legend = -(-(len(used) + 1) // columns) * _LINE
    top = _MARGIN + _LINE * len(heading) + 10
    canvas = Canvas(width, top + high * scale + legend + 2 * _MARGIN, title, _description(story.trace, drawing))
    for number, line in enumerate(heading):
        bold = number < len(large)
        place = _MARGIN + _LINE * number + 9
        canvas.text(_MARGIN, place, line, _TITLE if bold else _SIZE, INK if bold else FAINT, bold=bold)
    view = _View(canvas, _MARGIN + (width - 2 * _MARGIN - wide * scale) / 2, top, high, scale)
    _draw_arrows(view, drawing, curves, labels)
    for step, box in sorted(drawing.boxes.items()):
        _draw_box(view, step, box, places[step], _fill(story, step, box), step == len(story.steps))
    _draw_legend(canvas, used, top + high * scale + _MARGIN + 4, columns)
    return canvas.source()


def _heading(trace: Trace) -> str:
    about = f"{trace.subject.version}: {trace.property_id}, scenario {trace.subject.scenario}"
    return f"{about}: why step {len(trace.path)} came"


def _description(trace: Trace, drawing: _Drawing) -> str:
    told = [f"{number}. {trace.path[number - 1]}" for number, box in drawing.boxes.items() if box.matters]
    return f"Steps that matter: {', '.join(told)}."


def _drawing(story: Story) -> _Drawing:
    graph, marked, pair = story.past, story.matters, story.conflict
    boxes = {}
    for step in sorted(graph):
        action = story.steps[step - 1]
        told = _short(story.notes[step - 1], story.relevance.telling) if step in marked else ()
        boxes[step] = _Box(f"{step}  {label(action)}", told, action.actor, step in marked)
    arrows = {(one, two): graph.edges[one, two]["kind"] for one, two in _shown(graph, marked)}
    labels = {
        edge: _named(kind, graph.edges[edge]["variables"])
        for edge, kind in arrows.items()
        if kind != PROGRAM and marked.issuperset(edge)
    }
    if pair is not None:
        arrows[pair.first, pair.last] = _CONFLICT
        labels[pair.first, pair.last] = story.met
    return _Drawing(boxes, dict(sorted(arrows.items())), labels)


def _named(kind: str, variables: Sequence[str]) -> str:
    """What two steps share, as it is written at their arrow."""
    return kind if kind in (QUEUE, INTERRUPT) or not variables else variables[0]


def _shown(graph: nx.DiGraph, marked: Collection[int]) -> set[tuple[int, int]]:
    """The edges without which the order would not be seen, and those between steps that matter by what they share."""
    direct = {
        (one, two)
        for one, two, kind in graph.edges(data="kind")
        if one in marked and two in marked and kind in (QUEUE, LOCK, INTERRUPT)
    }
    return set(nx.transitive_reduction(graph).edges) | direct


def _short(notes: Sequence[str], telling: Collection[str]) -> tuple[str, ...]:
    """The notes of a step that say what others meet, in a few short lines, first those of `telling` variables."""
    named = [(note.split("=")[0].split(":")[0], note) for note in notes]
    first = [note for name, note in named if name in telling]
    told = first + [note for name, note in named if name not in telling and not name.endswith(_UNTOLD)]
    lines = wrap_notes(told, _COLUMNS) if told else []
    cut = [line if len(line) <= _COLUMNS + 2 else f"{line[: _COLUMNS + 1]}…" for line in lines]
    return tuple(cut) if len(cut) <= _LINES else (*cut[: _LINES - 1], f"{cut[_LINES - 1].rstrip('; ')} …")


def _digraph(story: Story, drawing: _Drawing, words: bool) -> graphviz.Digraph:
    """The graph in DOT, with what the boxes say, or with nothing but their sizes."""
    dot = graphviz.Digraph("cause")
    dot.attr("graph", rankdir="TB", nodesep="0.22", ranksep="0.3", splines="spline")
    dot.attr("node", shape="box", style="rounded,filled", fixedsize="true", label="")
    for step, box in drawing.boxes.items():
        size = {"width": f"{box.width / 72:.4f}", "height": f"{box.height / 72:.4f}"}
        if words:
            fill, stroke = _fill(story, step, box)
            text = "\\n".join(graphviz.escape(line) for line in (box.title, *box.notes))
            size |= {"label": text, "fillcolor": fill, "color": stroke, "fontname": "monospace", "fontsize": "10"}
        dot.node(str(step), **size)
    for (one, two), kind in drawing.arrows.items():
        told = drawing.labels.get((one, two), "")
        style: dict[str, str] = {"weight": "3" if kind == PROGRAM else "1"}
        if words:
            style |= {"color": _STYLES[kind][0], "fontsize": "9"} | ({"label": told} if told else {})
        elif told:
            wide = round(text_width(told, _SMALL)) + 4
            style["label"] = (
                f'<<TABLE BORDER="0" FIXEDSIZE="TRUE" WIDTH="{wide}" HEIGHT="12"><TR><TD></TD></TR></TABLE>>'
            )
        dot.edge(str(one), str(two), **style)
    return dot


Point = tuple[float, float]
Edge = tuple[int, int]


def _placed(
    story: Story, drawing: _Drawing
) -> tuple[dict[int, Point], dict[Edge, list[Point]], dict[Edge, Point], Point]:
    """Where the boxes' middles, the arrows and their labels are, and the whole size, in points, y upwards."""
    if not drawing.boxes:
        return {}, {}, {}, (1.0, 0.0)
    laid_out = pygraphviz.AGraph(string=_digraph(story, drawing, words=False).source)
    laid_out.layout("dot")
    places = {step: _point(laid_out.get_node(str(step)).attr["pos"]) for step in drawing.boxes}
    curves, labels = {}, {}
    for one, two in drawing.arrows:
        edge = laid_out.get_edge(str(one), str(two))
        parts = edge.attr["pos"].split()
        curves[one, two] = [_point(part) for part in parts if not part.startswith("e,")]
        if edge.attr["lp"]:
            labels[one, two] = _point(edge.attr["lp"])
    right, upper = _point(",".join(laid_out.graph_attr["bb"].split(",")[2:]))
    return places, curves, labels, (right, upper)


def _point(text: str) -> Point:
    # whole points: what the last bits of a float are may depend on the machine
    x, y = text.split(",")
    return float(round(float(x))), float(round(float(y)))


@dataclass(frozen=True)
class _View:
    """The canvas, and where on it the laid-out graph is; the layout's y runs upwards."""

    canvas: Canvas
    left: float
    top: float
    high: float
    scale: float

    def at(self, point: Point) -> Point:
        return self.left + point[0] * self.scale, self.top + (self.high - point[1]) * self.scale


def _draw_arrows(
    view: _View, drawing: _Drawing, curves: Mapping[Edge, list[Point]], labels: Mapping[Edge, Point]
) -> None:
    order = sorted(drawing.arrows, key=lambda edge: (drawing.arrows[edge] == _CONFLICT, edge))
    for edge in order:
        kind = drawing.arrows[edge]
        colour, dashes, width = _STYLES[kind]
        if not all(drawing.boxes[step].matters for step in edge):
            colour, width = THREAD, 1.0
        points = [view.at(point) for point in curves[edge]]
        view.canvas.arrow(points, colour, dashes, width * view.scale, 10 * view.scale)
    for edge, place in labels.items():
        kind = drawing.arrows[edge]
        x, y = view.at(place)
        size = _SMALL * view.scale
        told = drawing.labels[edge]
        wide = text_width(told, size) + 2
        view.canvas.rect(x - wide / 2, y - size * 0.6, wide, size * 1.2, "#ffffff", rx=2)
        view.canvas.text(x, y + size * 0.35, told, size, _STYLES[kind][0], "middle", bold=kind == _CONFLICT)


def _fill(story: Story, step: int, box: _Box) -> tuple[str, str]:
    if step == len(story.steps):
        return GOOD if story.trace.kind == REACH else BAD
    return colours(box.actor) if box.matters else _PALE


def _draw_box(view: _View, step: int, box: _Box, place: Point, colour: tuple[str, str], last: bool) -> None:
    (x, y), scale = view.at(place), view.scale
    wide, high = box.width * scale, box.height * scale
    fill, stroke = colour
    with view.canvas.group(f"step step-{step} {'matters' if box.matters else 'dimmed'}"):
        view.canvas.rect(x - wide / 2, y - high / 2, wide, high, fill, stroke, 6 * scale)
        if not box.matters:
            view.canvas.text(x, y + 3.5 * scale, box.title, _SMALL * scale, _PALE_TEXT, "middle")
            return
        base = y - high / 2 + 16 * scale
        view.canvas.text(x, base, box.title, _SIZE * scale, stroke if last else INK, "middle", bold=True)
        for number, note in enumerate(box.notes, start=1):
            size = _SMALL * scale
            view.canvas.text(x, base + (_SMALL_LINE * number + 1) * scale, note.strip(), size, INK, "middle")


def _draw_legend(canvas: Canvas, used: list[str], top: float, columns: int) -> None:
    entries = [(kind, f"{kind}: {_MEANINGS[kind]}") for kind in used] + [("", "grey: only had to happen")]
    for number, (kind, text) in enumerate(entries):
        x, y = _MARGIN + 250 * (number % columns), top + _LINE * (number // columns)
        if kind:
            colour, dashes, width = _STYLES[kind]
            canvas.line((x, y), (x + 28, y), colour, dashes, width)
        else:
            canvas.rect(x, y - 6, 28, 12, *_PALE, rx=3)
        canvas.text(x + 34, y + 3.5, text, _SMALL, FAINT)
