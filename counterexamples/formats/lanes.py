"""A trace as a picture: time runs downwards, one lane for each actor, bars for what lasts, in red the two that meet."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from counterexamples.formats.canvas import BAD, FAINT, GOOD, GRID, INK, STRIPE, THREAD, Canvas, colours, text_width
from counterexamples.story import Story
from counterexamples.story.notation import wrap_notes
from counterexamples.story.phrases import step_name, under_vc_lock
from counterexamples.story.relevance import Conflict
from counterexamples.trace import REACH, Trace
from model.language.system import Action

NOTE_COLUMNS = 56

_LARGE, _SIZE, _SMALL = 15, 12, 11
_MARGIN, _GAP = 20, 14
_NUMBER_WIDTH = 34
_LINE, _SMALL_LINE = 18, 15
_BOX = 24
_HEAD = 56  # the two lines above the lanes


@dataclass(frozen=True)
class Bar:
    """Something that lasts: the variable that says so, its heading in two lines, its colours."""

    variable: str
    heading: tuple[str, str]
    fill: str
    stroke: str


BARS = (
    Bar("lock.linux", ("lock:", "Linux"), "#b6d7ff", "#0969da"),
    Bar("lock.tz", ("lock:", "TZ"), "#b5e7c1", "#1a7f37"),
    Bar("engine.op", ("engine", "runs"), "#e0ccff", "#8250df"),
    Bar("rx.nwd_wait", ("NWD", "wait"), "#ffe2a8", "#9a6700"),
    Bar("engine.published_rx.len", ("DATA", "in flight"), "#d8dee4", "#59636e"),
)


@dataclass(frozen=True)
class Span:
    """`bar` holds from state `first` to state `last`; `label` is the value's name, if it has one."""

    bar: Bar
    first: int
    last: int
    label: str


def spans(story: Story) -> list[Span]:
    """What lasts in a trace, for each of `BARS` that the version has: its values other than zero, in time order."""
    found: list[Span] = []
    for bar in BARS:
        variable = story.system.space.variables.get(bar.variable)
        values = [state[bar.variable] if variable else 0 for state in story.trace.states]
        # data of two publications is one span: it waits all the time
        values = values if variable and variable.labels else [int(bool(value)) for value in values]
        first = 0
        for index, value in enumerate(values):
            if index + 1 == len(values) or values[index + 1] != value:
                if value:
                    label = variable.labels[value] if variable and variable.labels else ""
                    found.append(Span(bar, first, index, label))
                first = index + 1
    return found


@dataclass(frozen=True)
class _Layout:
    """Where everything is: left edge and width of lanes and bars, top and height of rows."""

    lanes: Mapping[str, tuple[float, float]]
    bars: Mapping[str, tuple[float, float]]
    gutter: float
    notes_x: float
    notes: list[list[str]]
    heading: list[str]
    title_lines: int
    foot: list[str]
    top: float
    rows: list[tuple[float, float]]
    width: float

    @property
    def bottom(self) -> float:
        """Where the lanes end."""
        return (sum(self.rows[-1]) if self.rows else self.top + _GAP) + _GAP

    @property
    def height(self) -> float:
        """The picture's height."""
        return self.bottom + 2 * _GAP + _LINE * len(self.foot) + _MARGIN

    def middle(self, index: int) -> float:
        """The y at which step `index` (from 0) happens."""
        top, height = self.rows[index]
        return top + height / 2

    def begin(self, state: int) -> float:
        """The y at which a state begins."""
        return self.middle(state - 1) if state else self.top

    def end(self, state: int) -> float:
        """The y at which a state ends."""
        return self.middle(state) if state < len(self.rows) else self.bottom


def _lane_columns(story: Story, x: float) -> tuple[dict[str, tuple[float, float]], float]:
    lanes = {}
    for actor in story.actors:
        names = [step_name(step) for step in story.steps if step.actor == actor]
        width = max(text_width(name, _SIZE) for name in [actor, *names]) + 20
        lanes[actor] = (x, width)
        x += width + _GAP
    return lanes, x


def _bar_columns(story: Story, x: float) -> tuple[dict[str, tuple[float, float]], float]:
    bars = {}
    present = spans(story)
    for bar in BARS:
        labels = [span.label for span in present if span.bar == bar]
        if labels:
            width = max(text_width(text, _SMALL) for text in [*bar.heading, *labels]) + 10
            bars[bar.variable] = (x, width)
            x += width + 8
    return bars, x


def _layout(story: Story) -> _Layout:
    lanes, gutter = _lane_columns(story, _MARGIN + _NUMBER_WIDTH)
    bars, x = _bar_columns(story, gutter + (text_width(story.met, _SMALL) + 20 if story.conflict else 0))
    notes = [wrap_notes(lines, NOTE_COLUMNS) for lines in story.notes]
    longest = max((text_width(line, _SMALL) for lines in notes for line in lines), default=0.0)
    width = max(x + _GAP + longest + _MARGIN, 640.0)
    columns = int((width - 4 * _MARGIN) / text_width("m", _SIZE))
    title = textwrap.wrap(_title(story.trace), int(columns * _SIZE / _LARGE))
    heading = title + textwrap.wrap(story.trace.statement, columns)
    top = _MARGIN + _LINE * len(heading) + _HEAD
    rows: list[tuple[float, float]] = []
    y = float(top)
    for lines in notes:
        height = max(_BOX, _SMALL_LINE * len(lines)) + 12.0
        rows.append((y, height))
        y += height
    foot = textwrap.wrap(story.verdict, columns)
    return _Layout(lanes, bars, gutter, x + _GAP, notes, heading, len(title), foot, top, rows, width)


def _title(trace: Trace) -> str:
    return f"{trace.subject.version}: {trace.property_id} ({trace.kind}), scenario {trace.subject.scenario}"


def to_svg(story: Story) -> str:
    """The trace as a standalone SVG file: no font, style sheet or script from elsewhere; equal traces, equal text.

    What belongs to a step is in an element of the classes `step` and `step-N`.
    """
    trace, layout = story.trace, _layout(story)
    actions = ", ".join(f"{number}. {name}" for number, name in enumerate(trace.path, start=1))
    given = {**trace.subject.bounds, **trace.subject.assumptions}
    settings = " ".join(f"{key}={value}" for key, value in sorted(given.items()))
    description = f"{story.verdict}. Steps: {actions}. Bounds and assumptions: {settings}."
    canvas = Canvas(layout.width, layout.height, _title(trace), description)
    marked = GOOD if trace.kind == REACH else BAD
    _draw_heading(canvas, layout)
    _draw_rows(canvas, layout, marked)
    _draw_columns(canvas, layout)
    _draw_spans(canvas, layout, spans(story))
    if story.conflict is not None:
        _draw_conflict(canvas, layout, story, story.conflict, marked[1])
    _draw_steps(canvas, layout, story.steps, marked)
    _draw_foot(canvas, layout, marked)
    return canvas.source()


def _draw_heading(canvas: Canvas, layout: _Layout) -> None:
    y = _MARGIN + _LINE / 2
    for number, line in enumerate(layout.heading):
        title = number < layout.title_lines
        canvas.text(_MARGIN, y, line, _LARGE if title else _SIZE, INK if title else FAINT, bold=title)
        y += _LINE


def _draw_rows(canvas: Canvas, layout: _Layout, marked: tuple[str, str]) -> None:
    for number, (top, height) in enumerate(layout.rows, start=1):
        last = number == len(layout.rows)
        if last or number % 2 == 0:
            fill = marked[0] if last else STRIPE
            canvas.rect(_MARGIN / 2, top, layout.width - _MARGIN, height, fill, rx=4)


def _draw_columns(canvas: Canvas, layout: _Layout) -> None:
    base = layout.top - 8
    canvas.line((_MARGIN - 6, base - 35), (_MARGIN - 6, base - 21), INK, width=3)
    canvas.text(_MARGIN, base - 24, "section under vc.lock", _SMALL, FAINT)
    canvas.text(_MARGIN + _NUMBER_WIDTH - 12, base, "#", _SMALL, FAINT, "end")
    for actor, (x, width) in layout.lanes.items():
        middle = x + width / 2
        canvas.line((middle, layout.top), (middle, layout.bottom), GRID, "3 3")
        canvas.text(middle, base, actor, _SIZE, colours(actor)[1], "middle", bold=True)
    for bar in BARS:
        if bar.variable in layout.bars:
            x, width = layout.bars[bar.variable]
            for line, text in enumerate(bar.heading):
                canvas.text(x + width / 2, base - _SMALL_LINE * (1 - line), text, _SMALL, bar.stroke, "middle")
    canvas.text(layout.notes_x, base, "what changed", _SMALL, FAINT)
    canvas.line((_MARGIN / 2, layout.top), (layout.width - _MARGIN / 2, layout.top), GRID)


def _draw_spans(canvas: Canvas, layout: _Layout, present: Sequence[Span]) -> None:
    for span in present:
        x, width = layout.bars[span.bar.variable]
        top, bottom = layout.begin(span.first), layout.end(span.last)
        canvas.rect(x, top, width, bottom - top, span.bar.fill, span.bar.stroke, 3)
        if span.label:
            canvas.text(x + width / 2, top + _SMALL_LINE, span.label, _SMALL, INK, "middle")


def _draw_steps(canvas: Canvas, layout: _Layout, steps: Sequence[Action], marked: tuple[str, str]) -> None:
    centres = [sum(layout.lanes[step.actor]) - layout.lanes[step.actor][1] / 2 for step in steps]
    for index in range(1, len(centres)):
        start = (centres[index - 1], layout.middle(index - 1) + _BOX / 2)
        canvas.line(start, (centres[index], layout.middle(index) - _BOX / 2), THREAD)
    for index, step in enumerate(steps):
        last = index + 1 == len(steps)
        with canvas.group(f"step step-{index + 1}"):
            _draw_step(canvas, layout, index, step, marked if last else colours(step.actor), last)


def _draw_step(canvas: Canvas, layout: _Layout, index: int, step: Action, colour: tuple[str, str], last: bool) -> None:
    fill, stroke = colour
    x, width = layout.lanes[step.actor]
    y = layout.middle(index)
    canvas.text(_MARGIN + _NUMBER_WIDTH - 12, y + 4, str(index + 1), _SMALL, stroke if last else FAINT, "end")
    canvas.rect(x, y - _BOX / 2, width, _BOX, fill, stroke, 6)
    if under_vc_lock(step):
        canvas.line((x + 4, y - _BOX / 2 + 4), (x + 4, y + _BOX / 2 - 4), stroke, width=3)
    canvas.text(x + width / 2, y + 4, step_name(step), _SIZE, stroke if last else INK, "middle", bold=last)
    lines = layout.notes[index]
    first = y - _SMALL_LINE * (len(lines) - 1) / 2 + 4
    for number, line in enumerate(lines):
        indent = text_width(" " * (len(line) - len(line.lstrip())), _SMALL)
        canvas.text(layout.notes_x + indent, first + _SMALL_LINE * number, line.strip(), _SMALL, INK)


def _draw_conflict(canvas: Canvas, layout: _Layout, story: Story, pair: Conflict, stroke: str) -> None:
    """From the first of the two to the right, down beside the lanes, and back to the last."""
    ends = [(sum(layout.lanes[story.steps[number - 1].actor]), layout.middle(number - 1)) for number in pair[:2]]
    (first_x, first_y), (last_x, last_y) = ends
    x = layout.gutter
    canvas.line((first_x, first_y), (x, first_y), stroke, width=2)
    canvas.line((x, first_y), (x, last_y), stroke, width=2)
    tip = last_x + 10
    canvas.arrow([(x, last_y), (x, last_y), (tip + 1, last_y), (tip, last_y)], stroke, width=2)
    canvas.text(x + 6, first_y + 4, story.met, _SMALL, stroke, bold=True)


def _draw_foot(canvas: Canvas, layout: _Layout, marked: tuple[str, str]) -> None:
    top = layout.bottom + _GAP
    height = _LINE * len(layout.foot) + _GAP
    canvas.rect(_MARGIN / 2, top, layout.width - _MARGIN, height, marked[0], marked[1], 6)
    for number, line in enumerate(layout.foot):
        canvas.text(_MARGIN, top + _LINE * (number + 1) + 2, line, _SIZE, marked[1], bold=True)
