"""A canvas for standalone SVG: rectangles, lines, curves, and text whose width is known without a font.

Nothing has an id, so that several pictures can stand in one page; what belongs to a step is in a group with a class.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

INK, FAINT, GRID, STRIPE, THREAD = "#1f2328", "#59636e", "#d1d9e0", "#f6f8fa", "#8c959f"
BAD, GOOD = ("#ffe5e5", "#cf222e"), ("#dcf5e3", "#1a7f37")

_ACTORS = {"bam": ("#fff1e0", "#bc6a00"), "engine": ("#f3e8ff", "#8250df"), "tz": ("#e6f6ea", "#1a7f37")}
_SOFTWARE = ("#e7f1ff", "#0969da")

ADVANCE = 0.64  # em for each character: common monospace fonts take 0.6, or up to that when rounded to whole pixels


def text_width(text: str, size: float) -> float:
    """The most that a line of text takes in a monospace font of that size."""
    return len(text) * size * ADVANCE


def colours(actor: str) -> tuple[str, str]:
    """The fill and the stroke of an actor's boxes; all contexts of Linux have the same."""
    return _ACTORS.get(actor, _SOFTWARE)


class Canvas:
    """Collects shapes in drawing order; equal calls give equal text."""

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        size = {"width": _number(width), "height": _number(height)}
        self._root = ET.Element(
            "svg",
            {"xmlns": "http://www.w3.org/2000/svg", **size, "viewBox": f"0 0 {size['width']} {size['height']}"}
            | {"role": "img", "font-family": "DejaVu Sans Mono, Menlo, Consolas, monospace"},
        )
        ET.SubElement(self._root, "title").text = _printable(title)
        ET.SubElement(self._root, "desc").text = _printable(description)
        self._parent = self._root
        self.rect(0, 0, width, height, "#ffffff")

    @contextmanager
    def group(self, classes: str) -> Iterator[None]:
        """What is drawn inside belongs to one element with these classes."""
        outside, self._parent = self._parent, ET.SubElement(self._parent, "g", {"class": classes})
        try:
            yield
        finally:
            self._parent = outside

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, stroke: str = "", rx: float = 0
    ) -> ET.Element:
        """A rectangle, with an outline if `stroke` names a colour, and with corners of radius `rx`."""
        place = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height), "fill": fill}
        element = ET.SubElement(self._parent, "rect", place)
        if stroke:
            element.set("stroke", stroke)
        if rx:
            element.set("rx", _number(rx))
        return element

    def line(
        self, start: tuple[float, float], end: tuple[float, float], stroke: str, dashes: str = "", width: float = 1
    ) -> None:
        """A straight line."""
        ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
        element = ET.SubElement(self._parent, "line", {key: _number(value) for key, value in ends.items()})
        element.set("stroke", stroke)
        if width != 1:
            element.set("stroke-width", _number(width))
        if dashes:
            element.set("stroke-dasharray", dashes)

    def arrow(
        self, points: Sequence[tuple[float, float]], stroke: str, dashes: str = "", width: float = 1, head: float = 10
    ) -> None:
        """A Bezier curve (start, then three points for each piece) with an arrow head of that length at its end."""
        start, *rest = [f"{_number(x)},{_number(y)}" for x, y in points]
        shape = {"d": f"M{start} C{' '.join(rest)}", "fill": "none", "stroke": stroke, "stroke-width": _number(width)}
        if dashes:
            shape["stroke-dasharray"] = dashes
        ET.SubElement(self._parent, "path", shape)
        (x, y), (from_x, from_y) = points[-1], points[-2]
        length = max(((x - from_x) ** 2 + (y - from_y) ** 2) ** 0.5, 0.01)
        dx, dy = (x - from_x) / length, (y - from_y) / length
        tip = (x + dx * head, y + dy * head)
        wide = head * 0.38
        corners = [tip, (x - dy * wide, y + dx * wide), (x + dy * wide, y - dx * wide)]
        place = " ".join(f"{_number(one)},{_number(other)}" for one, other in corners)
        ET.SubElement(self._parent, "polygon", {"points": place, "fill": stroke})

    def text(
        self, x: float, y: float, text: str, size: float, fill: str, anchor: str = "start", bold: bool = False
    ) -> None:
        """One line of text with its baseline at `y`."""
        place = {"x": _number(x), "y": _number(y), "font-size": _number(size), "fill": fill}
        element = ET.SubElement(self._parent, "text", place)
        if anchor != "start":
            element.set("text-anchor", anchor)
        if bold:
            element.set("font-weight", "bold")
        element.text = _printable(text)

    def source(self) -> str:
        """The picture as a file's content."""
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode") + "\n"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _printable(text: str) -> str:
    # XML has no way to say a control character
    return "".join(character if character.isprintable() else "?" for character in text)
