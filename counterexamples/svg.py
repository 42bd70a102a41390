"""A canvas for standalone SVG: rectangles, lines, and text whose width is known without a font."""

from __future__ import annotations

import xml.etree.ElementTree as ET

ADVANCE = 0.64  # em for each character: common monospace fonts take 0.6, or up to that when rounded to whole pixels


def text_width(text: str, size: float) -> float:
    """The most that a line of text takes in a monospace font of that size."""
    return len(text) * size * ADVANCE


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
        self.rect(0, 0, width, height, "#ffffff")

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, stroke: str = "", rx: float = 0
    ) -> ET.Element:
        """A rectangle, with an outline if `stroke` names a colour, and with corners of radius `rx`."""
        place = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height), "fill": fill}
        element = ET.SubElement(self._root, "rect", place)
        if stroke:
            element.set("stroke", stroke)
        if rx:
            element.set("rx", _number(rx))
        return element

    def line(self, start: tuple[float, float], end: tuple[float, float], stroke: str, dashes: str = "") -> None:
        """A straight line."""
        ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
        element = ET.SubElement(self._root, "line", {key: _number(value) for key, value in ends.items()})
        element.set("stroke", stroke)
        if dashes:
            element.set("stroke-dasharray", dashes)

    def text(
        self, x: float, y: float, text: str, size: float, fill: str, anchor: str = "start", bold: bool = False
    ) -> None:
        """One line of text with its baseline at `y`."""
        place = {"x": _number(x), "y": _number(y), "font-size": _number(size), "fill": fill}
        element = ET.SubElement(self._root, "text", place)
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
