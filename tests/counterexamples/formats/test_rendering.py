"""A trace as text, DOT and SVG: complete, deterministic, legible; and all its files."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import networkx as nx
import pytest
from conftest import ROOT
from traces import PATH, STATEMENT, changed, cut, protocol_of, story_of, walk

from counterexamples import story as stories
from counterexamples.formats.dot import to_dot, to_graph
from counterexamples.formats.itf import read_file, to_itf
from counterexamples.formats.lanes import BARS, spans, to_svg
from counterexamples.formats.registry import write_all
from counterexamples.formats.text import WIDTH, to_text
from counterexamples.story import Story
from counterexamples.story.clauses import clause
from counterexamples.story.moment import Moment
from counterexamples.story.notation import wrap_notes
from counterexamples.story.oddities import Oddity, oddities_of
from counterexamples.story.phrases import step_name
from model.context import Protocol
from model.parameters import SCENARIOS, Scenario
from proofs.checking.stored import stored_story

SVG = "{http://www.w3.org/2000/svg}"
LONG = "x" * 70


@pytest.fixture(scope="module")
def v12() -> Protocol:
    return protocol_of("v12")


@pytest.fixture(scope="module")
def story(v12: Protocol) -> Story:
    return story_of(v12, PATH)


@pytest.fixture(scope="module")
def empty(v12: Protocol) -> Story:
    return story_of(v12, [])


@pytest.fixture(scope="module")
def long() -> Story:
    protocol = protocol_of("v16")
    return story_of(protocol, walk(protocol, 60, 3))


@pytest.fixture(params=["story", "long", "empty"])
def each(request: pytest.FixtureRequest) -> Story:
    found: Story = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("render", [to_text, to_itf, to_svg, to_dot])
def test_equal_traces_give_equal_bytes(render: Any, each: Story) -> None:
    subject = each.trace.subject
    assumptions, bounds = dict(reversed([*subject.assumptions.items()])), dict(reversed([*subject.bounds.items()]))
    again = changed(each, subject=replace(subject, assumptions=assumptions, bounds=bounds))
    assert render(each) == render(again)


# --- the notation and the text


def test_notes_name_exactly_what_changed(each: Story) -> None:
    for index, notes in enumerate(each.notes):
        named = [note.split("=")[0].split(":")[0] for note in notes]
        assert sorted(named) == sorted(each.changes(index))


def test_notation(story: Story) -> None:
    notes = story.notes
    assert "rx.ring: +LOCK +DATA(EOT) +CONFIGURE +GO(INT)" in notes[3]
    assert "rx.desc_submitted: -DATA -CMD (empty)" in notes[3]
    assert notes[4] == ("lock.linux=1", "rx.ring: -LOCK", "monitor.bracket=1")
    assert "rx.mapped={0,1}" in notes[7]
    assert notes[12] == ("engine.config=tz (was linux-1)", "tz.pc=configured")


def test_requests_are_numbered_where_there_are_two() -> None:
    story = stored_story(ROOT / "counterexamples" / "gallery" / "v16" / "completion-order.itf.json")
    notes = [note for lines in story.notes for note in lines]
    assert any("+CMD#1" in note for note in notes) and any("+CMD#2" in note for note in notes)
    assert not any("LOCK#" in note for note in notes)


def with_queue(story: Story, before: list[dict[str, int]], after: list[dict[str, int]], name: str) -> tuple[str, ...]:
    schema = story.system.space.queues[name]

    def state(records: list[dict[str, int]]) -> dict[str, int]:
        packed = {f"{name}.len": len(records)}
        for key, item in schema.fields.items():
            parts = (record.get(key, 0) << position * item.width for position, record in enumerate(records))
            packed[f"{name}.{key}"] = sum(parts)
        return {**story.trace.states[0], **packed}

    return changed(cut(story, 1), states=(state(before), state(after))).notes[0]


def test_notation_of_queues_that_change_at_both_ends(story: Story) -> None:
    lock, unlock, cmd, data = ({"kind": kind, "left": 1, "cookie": kind + 1} for kind in range(4))
    issued, listed = "rx.desc_issued", "rx.desc_list"
    assert with_queue(story, [cmd], [data, cmd], issued) == (f"{issued}: +DATA(1-left) (to the front)",)
    assert with_queue(story, [cmd, data], [data, unlock], issued) == (f"{issued}: -CMD +UNLOCK",)
    assert with_queue(story, [cmd], [data], issued) == (f"{issued}: -CMD +DATA",)
    assert with_queue(story, [lock, cmd], [], issued) == (f"{issued}: -LOCK -CMD (empty)",)
    assert with_queue(story, [], [cmd | {"xfer": 1}], listed) == (f"{listed}: +CMD(1-left)",)


def test_wrapped_notes_lose_nothing(each: Story) -> None:
    for width in (10, 30, 64):
        for notes in each.notes:
            lines = wrap_notes(notes, width)
            assert " ".join(" ".join(lines).split()) == "; ".join(notes)
            assert all(len(line) <= width or len(line.split()) == 1 for line in lines)


def test_text_has_every_step_in_its_lane(each: Story) -> None:
    lines = to_text(each).splitlines()
    heading = next((line for line in lines if line.endswith("changes")), "")
    for number, step in enumerate(each.steps, start=1):
        row = next(line for line in lines if line.startswith(f"{number:>3}  "))
        assert row[heading.index(f" {step.actor} ") + 1 :].startswith(f"{step_name(step)} ")
    assert all(len(line) <= WIDTH and line == line.rstrip() for line in lines)


def test_text_lists_only_the_acting_lanes_and_ends_with_the_violation(story: Story) -> None:
    text = to_text(story)
    heading = next(line for line in text.splitlines() if line.endswith("changes"))
    assert heading.split()[:-1] == list(story.actors) == ["client", "irq", "work", "bam", "tz"]
    assert " ".join(text.split()).endswith(
        f"step 13 violates unlock-after-done: {clause(story.moments[-1], story.oddities[-1])}"
    )
    for key, value in {**story.trace.subject.bounds, **story.trace.subject.assumptions}.items():
        assert f"{key}={value}" in text


def test_changes_start_in_one_column(long: Story) -> None:
    lines = to_text(long).splitlines()
    start = next(index for index, line in enumerate(lines) if line.endswith("changes"))
    column = lines[start].index("changes")
    rows = lines[start + 2 : lines.index("", start)]
    assert len(rows) >= len(long.steps)
    assert all(row[column - 1] == " " and row[column : column + 3].strip() for row in rows)


@pytest.mark.parametrize(("kind", "word"), [("always", "violates"), ("reach", "reaches"), ("eventually", "fulfilled")])
def test_verdict_says_what_the_end_means(story: Story, empty: Story, kind: str, word: str) -> None:
    assert word in changed(story, kind=kind).verdict and "step 13" in changed(story, kind=kind).verdict
    assert "the initial state" in changed(empty, kind=kind).verdict


# --- the graph and DOT


def test_graph_is_the_path_with_its_states(each: Story) -> None:
    graph = to_graph(each)
    assert nx.is_directed_acyclic_graph(graph) and list(graph) == list(range(len(each.states)))
    for index, step in enumerate(each.steps):
        edge = graph.edges[index, index + 1]
        assert (edge["action"], edge["actor"], edge["source"]) == (step.name, step.actor, step.source)
        assert edge["changes"] == each.changes(index)
        assert graph.nodes[index]["state"] == each.states[index]


def test_dot_has_every_step_and_every_actor(each: Story) -> None:
    dot = to_dot(each)
    for number, step in enumerate(each.steps, start=1):
        assert f'{number} [label="{number}. {step_name(step)}\\l' in dot
    for actor in each.actors:
        assert f"subgraph cluster_{actor} {{" in dot
    assert dot.count(" -> ") == max(0, len(each.steps) - 1)
    assert dot.count("color=red") == 2 * bool(each.steps)
    assert dot.count("subgraph ") == len(each.actors)


def test_dot_quotes_what_it_is_given(story: Story) -> None:
    dot = to_dot(changed(story, statement='says "no\\n"'))
    assert 'says \\"no\\\\n\\"\\l' in dot


# --- the picture


def texts_of(svg: str) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Each text with its box: left, top, right, bottom, in a font as wide as monospace fonts get."""
    found = []
    for element in ET.fromstring(svg).iter(f"{SVG}text"):
        content, size = element.text or "", float(element.get("font-size", "0"))
        width = 0.62 * size * len(content)
        shift = {"start": 0.0, "middle": width / 2, "end": width}[element.get("text-anchor", "start")]
        left, base = float(element.get("x", "nan")) - shift, float(element.get("y", "nan"))
        found.append((content, (left, base - 0.8 * size, left + width, base + 0.2 * size)))
    return found


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def rectangles(svg: str) -> list[tuple[float, ...]]:
    boxes: list[tuple[float, ...]] = []
    for element in ET.fromstring(svg).iter(f"{SVG}rect"):
        x, y, width, height = (float(element.get(key, "nan")) for key in ("x", "y", "width", "height"))
        boxes.append((x, y, x + width, y + height))
    return boxes


def test_svg_is_standalone(each: Story) -> None:
    root = ET.fromstring(to_svg(each))
    assert root.tag == f"{SVG}svg" and root.find(f"{SVG}title") is not None and root.find(f"{SVG}desc") is not None
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "g", "rect", "line", "path", "polygon", "text"}
    assert not [key for element in root.iter() for key in element.attrib if "href" in key or key == "style"]
    background = next(root.iter(f"{SVG}rect"))
    assert (background.get("width"), background.get("fill")) == (root.get("width"), "#ffffff")


def crowded(each: Story) -> list[Story]:
    words = changed(named(each, "a-version-of-its-own" * 12, LONG), statement=STATEMENT * 9)
    return [each, words, changed(named(each, "v"), statement="s", kind="reach")]


def named(story: Story, version: str, scenario: str = "default") -> Story:
    return changed(story, subject=replace(story.trace.subject, version=version, scenario=scenario))


@pytest.fixture
def long_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario whose name is as long as no name is."""
    monkeypatch.setitem(cast("dict[str, Scenario]", SCENARIOS), LONG, SCENARIOS["default"])


@pytest.mark.usefixtures("long_name")
def test_no_text_of_the_svg_overlaps_another_or_is_cut(each: Story) -> None:
    for variant in crowded(each):
        svg = to_svg(variant)
        _, _, width, height = rectangles(svg)[0]
        boxes = texts_of(svg)
        for (one, a), (other, b) in combinations(boxes, 2):
            assert not overlap(a, b), (one, other)
        for text, (left, top, right, bottom) in boxes:
            assert min(left, top) >= 0 and right <= width and bottom <= height, text


@pytest.mark.usefixtures("long_name")
def test_no_text_of_the_svg_crosses_the_edge_of_a_box(each: Story) -> None:
    for variant in crowded(each):
        svg = to_svg(variant)
        for text, box in texts_of(svg):
            for rect in rectangles(svg):
                inside = rect[0] <= box[0] and rect[1] <= box[1] and box[2] <= rect[2] and box[3] <= rect[3]
                assert inside or not overlap(box, rect), (text, rect)


def test_svg_has_every_step_and_all_that_changed(each: Story) -> None:
    svg = to_svg(each)
    contents = [text for text, _ in texts_of(svg)]
    for number, (step, notes) in enumerate(zip(each.steps, each.notes, strict=True), start=1):
        assert str(number) in contents and step_name(step) in contents
        assert "; ".join(notes) in " ".join(contents)
    assert each.verdict in " ".join(contents)


def test_svg_marks_the_last_step_only(story: Story) -> None:
    root = ET.fromstring(to_svg(story))
    bold = [element for element in root.iter(f"{SVG}text") if element.get("fill") == "#cf222e"]
    assert [element.text for element in bold[:3]] == ["engine.op=linux-1", "13", "CONFIGURE"]
    assert all("violates" in (element.text or "") or element.get("font-weight") for element in bold[3:])


def test_svg_joins_the_two_that_meet(story: Story) -> None:
    pair = story.conflict
    assert pair is not None and (pair.first, pair.last) == (10, 13)
    svg = to_svg(story)
    assert svg.count("<polygon") == 1 and "<polygon" not in to_svg(cut(story, 0))


def test_svg_groups_what_belongs_to_a_step(each: Story) -> None:
    root = ET.fromstring(to_svg(each))
    classes = [element.get("class") for element in root.iter(f"{SVG}g")]
    assert classes == [f"step step-{number}" for number in range(1, len(each.steps) + 1)]
    assert not [element for element in root.iter() if element.get("id")]


def test_spans_are_what_the_states_say(each: Story) -> None:
    for bar in BARS:
        present = [span for span in spans(each) if span.bar == bar]
        covered = [index for span in present for index in range(span.first, span.last + 1)]
        assert covered == [index for index, state in enumerate(each.trace.states) if state[bar.variable]]
        for one, other in combinations(present, 2):
            assert one.last + 1 < other.first or one.label != other.label


def test_the_engine_bar_names_its_owner(story: Story) -> None:
    assert [(span.first, span.last, span.label) for span in spans(story) if span.bar.variable == "engine.op"] == [
        (10, 13, "linux-1")
    ]
    assert [(span.first, span.last) for span in spans(story) if span.bar.variable == "lock.linux"] == [(5, 10)]


def test_a_version_without_a_variable_has_no_bar_for_it(story: Story) -> None:
    space = story.system.space
    space = replace(space, variables={name: item for name, item in space.variables.items() if name != "lock.tz"})
    states = tuple({name: value for name, value in state.items() if name != "lock.tz"} for state in story.trace.states)
    without = replace(changed(story, states=states), system=replace(story.system, space=space))
    assert "lock.tz" not in {span.bar.variable for span in spans(without)}


def test_control_characters_do_not_break_the_svg(story: Story) -> None:
    ET.fromstring(to_svg(changed(named(story, "v\x00\x1b<&>"), statement="a\x08\ud800 b")).encode())


# --- the files


def test_write_all(story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "v12"
    paths = write_all(story, folder, "unlock-after-done")
    names = [f"unlock-after-done{suffix}" for suffix in (".txt", ".itf.json", ".dot", ".svg", ".cause.svg")]
    assert [path.name for path in paths] == names and sorted(os.listdir(folder)) == sorted(names)
    before = [path.read_bytes() for path in paths]
    assert write_all(story, folder, "unlock-after-done") == paths
    assert [path.read_bytes() for path in paths] == before
    assert read_file(paths[1]).path == tuple(PATH)


def test_what_is_odd_about_a_step_is_looked_for_once(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def look(moment: Moment) -> tuple[Oddity, ...]:
        asked.append(moment.number)
        return oddities_of(moment)

    monkeypatch.setattr(stories, "oddities_of", look)
    write_all(replace(story), tmp_path, "t")
    assert asked == list(range(1, len(PATH) + 1))


def test_a_failing_write_leaves_the_old_file_and_nothing_else(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_all(story, tmp_path, "t")
    before = [path.read_bytes() for path in paths]

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_all(named(story, "other"), tmp_path, "t")
    assert [path.read_bytes() for path in paths] == before and len(os.listdir(tmp_path)) == len(paths)


def test_a_folder_that_is_a_file(story: Story, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        write_all(story, tmp_path / "file", "t")
