"""The picture of a cause: every step of it, drawn alike everywhere, nothing cut off, nothing that collides."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import graphviz
import pytest
from conftest import ENVIRONMENT, ROOT
from stored import STORED, stored_story
from test_rendering import SVG, overlap, rectangles, texts_of
from traces import PATH, protocol_of, story_of

from counterexamples.formats.cause import WIDEST, cause_dot, cause_svg
from counterexamples.story import Story

PICTURED = [
    "v12/quiet-engine.itf.json",
    "v12/unlock-after-done.itf.json",
    "v12/under-lock.small-ring.itf.json",
    "v11/quiet-dummy.itf.json",
    "v13/flag-truth.itf.json",
    "v14/mapping-own.busy-client.itf.json",
    "v16/linux-progress.small-ring.itf.json",
    "v16/lock-released.itf.json",
    "v16/no-abort.itf.json",
    "mainline/config-integrity.itf.json",
]


@pytest.fixture(params=[name for name in PICTURED if name in STORED])
def pictured(request: pytest.FixtureRequest) -> Story:
    return stored_story(request.param)


def groups(svg: str) -> dict[int, tuple[ET.Element, set[str]]]:
    found = {}
    for element in ET.fromstring(svg).iter(f"{SVG}g"):
        classes = set((element.get("class") or "").split())
        number = next(int(name[5:]) for name in classes if re.fullmatch(r"step-\d+", name))
        found[number] = element, classes
    return found


def test_each_step_of_the_cause_is_one_element(pictured: Story) -> None:
    drawn, graph, marked = groups(cause_svg(pictured)), pictured.past, pictured.matters
    assert drawn.keys() == set(graph)
    for number, (element, classes) in drawn.items():
        assert {"step", "matters" if number in marked else "dimmed"} < classes and len(classes) == 3
        assert (next(element.iter(f"{SVG}text")).text or "").startswith(f"{number}  ")
    assert len(pictured.steps) in drawn and "matters" in drawn[len(pictured.steps)][1]


def test_no_text_is_cut_off_or_written_over(pictured: Story) -> None:
    svg = cause_svg(pictured)
    _, _, width, height = rectangles(svg)[0]
    assert width <= WIDEST
    boxes = texts_of(svg)
    for text, (left, top, right, bottom) in boxes:
        assert min(left, top) >= 0 and right <= width and bottom <= height, text
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not overlap(a, b), (one, other)
    for element, _ in groups(svg).values():
        inside = ET.tostring(element, encoding="unicode")
        (rect,) = rectangles(inside)
        for text, box in texts_of(inside):
            assert rect[0] <= box[0] and rect[1] <= box[1] and box[2] <= rect[2] and box[3] <= rect[3], text


def test_boxes_do_not_overlap(pictured: Story) -> None:
    boxes = [
        rectangles(ET.tostring(element, encoding="unicode"))[0] for element, _ in groups(cause_svg(pictured)).values()
    ]
    assert not [pair for pair in combinations(boxes, 2) if overlap(*pair)]


def test_several_pictures_fit_into_one_page(pictured: Story) -> None:
    root = ET.fromstring(cause_svg(pictured))
    assert not [element for element in root.iter() if element.get("id") or element.get("style")]
    assert not [key for element in root.iter() for key in element.attrib if "href" in key]


def test_the_two_that_meet_are_joined(pictured: Story) -> None:
    svg, pair = cause_svg(pictured), pictured.conflict
    assert pair is None or f">{pictured.met}<" in svg


def test_the_same_bytes_without_fonts_and_without_dot(tmp_path: Path) -> None:
    (tmp_path / "fonts.conf").write_text('<?xml version="1.0"?><fontconfig></fontconfig>')
    code = (
        "from stored import stored_story; from counterexamples.formats.cause import cause_svg;"
        f"import sys; sys.stdout.write(cause_svg(stored_story({PICTURED[0]!r})))"
    )
    bare = {**ENVIRONMENT, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "PATH": "", "LC_ALL": "C"}
    bare["PYTHONPATH"] = os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "tests" / "support")))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=bare, encoding="utf-8")
    assert done.stderr == "" and done.stdout == cause_svg(stored_story(PICTURED[0]))


def test_dot_names_what_is_drawn(pictured: Story) -> None:
    dot = cause_dot(pictured)
    for number in pictured.past:
        assert f'{number} [label="{number}  ' in dot
    assert dot.count(" -> ") >= len(pictured.past) - 1
    assert graphviz.Source(dot).source.startswith("digraph cause {")


def test_nothing_happened() -> None:
    story = story_of(protocol_of("v12"), [])
    assert not groups(cause_svg(story)) and " -> " not in cause_dot(story)


def test_a_step_outside_the_cause_is_not_drawn() -> None:
    path = [*PATH[:10], "engine.take_input", *PATH[10:]]
    story = story_of(protocol_of("v12"), path)
    assert 11 not in groups(cause_svg(story)) and 14 in groups(cause_svg(story))
