"""Which lines of C a step executes: those of this state and no others, and none where the C does otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import kernel
import pytest
from c_mutants import edited
from conftest import ROOT

from counterexamples.story import Story
from model.protocol import build
from model.source.bam.facts import DRIVER
from model.source.executed import Executed, listed
from model.source.qce.programs import FOLDER
from model.source.tree import SourceTree
from proofs.checking.stored import stored_story

TRACE = ROOT / "counterexamples/gallery/mainline/config-integrity.itf.json"
STEPS = {"client.issue_rx": 2, "client.issue_tx": 3}  # which steps of the trace these are, from 0


def test_lines_are_listed_by_file_and_those_that_follow_each_other_together() -> None:
    assert listed(["a.c:3", "b.h:7", "a.c:5", "a.c:4", "a.c:9", "a.c:3"]) == "a.c:3-5,9 b.h:7"
    assert listed([]) == ""


def lines_at(tree: SourceTree, name: str) -> str:
    """What is told of the step of the trace that is this action."""
    trace = stored_story(TRACE).trace
    executed = Executed(build(trace.subject), tree)
    place = STEPS.get(name, 0)
    assert trace.path[place] == name or name not in STEPS
    return executed.at(name, trace.states[place], trace.states[place + 1])


def numbers(told: str) -> set[int]:
    """The lines of bam_dma.c."""
    (own,) = (part.removeprefix(f"{DRIVER}:") for part in told.split() if part.startswith(DRIVER))
    runs = [run.split("-") for run in own.split(",")]
    return {number for run in runs for number in range(int(run[0]), int(run[-1]) + 1)}


def changed(old: str, new: str) -> SourceTree:
    """The kernel's tree with another bam_dma.c, nothing of it written anywhere."""
    tree = SourceTree(kernel.source())
    return replace(tree, changed={DRIVER: edited(tree.read(DRIVER), [(old, new)]).encode()})


@pytest.mark.slow
def test_only_the_first_start_of_a_channel_executes_what_makes_it_ready() -> None:
    tree = SourceTree(kernel.source())
    code = tree.read(DRIVER).split("\n")
    *_, call = (number for number, line in enumerate(code, 1) if "bam_chan_init_hw(bchan, async_desc->dir)" in line)
    (issue,) = (number for number, line in enumerate(code, 1) if "static void bam_issue_pending(" in line)
    rx, tx = numbers(lines_at(tree, "client.issue_rx")), numbers(lines_at(tree, "client.issue_tx"))
    assert call in tx and call not in rx
    assert all(any(issue < line < issue + 20 for line in each) for each in (rx, tx))
    # what probe does has made the channels, and is no part of a step
    (probe,) = (number for number, line in enumerate(code, 1) if "static void bam_channel_init(" in line)
    assert not {line for line in rx | tx if probe < line < probe + 10}
    prepared = lines_at(tree, "client.prep_rx_data")
    assert prepared.startswith(FOLDER) and DRIVER not in prepared
    assert f"{FOLDER}/dma.c:" in lines_at(tree, "client.issue_rx")


@pytest.mark.slow
def test_a_tree_that_does_otherwise_gives_no_lines() -> None:
    other = changed("list_add_tail(&async_desc->desc_node, &bchan->desc_list);", ";")
    assert lines_at(other, "client.issue_rx").startswith(f"no lines: {DRIVER}:")
    assert "something else comes of this step" in lines_at(other, "client.issue_rx")
    strange = changed("list_add_tail(&async_desc->desc_node, &bchan->desc_list);", "list_frob(&async_desc->desc_node);")
    assert lines_at(strange, "client.issue_rx").startswith(f"no lines: {DRIVER}:")
    assert "list_frob" in lines_at(strange, "client.issue_rx")


def story_with(code: tuple[str, ...]) -> Story:
    """The stored trace with these texts about its steps."""
    return replace(stored_story(TRACE), find_code=lambda _: code)


def test_every_format_for_readers_tells_the_same_lines(tmp_path: Path) -> None:
    from counterexamples.formats.registry import FORMATS
    from proofs.reports.page.data import plain

    plainly = stored_story(TRACE)
    told = ("", "", "a/long/file.c:1,5-9 b.h:3", *("" for _ in plainly.steps[3:]))
    story = story_with(told)
    for name in ("text", "mail"):
        lines = [line.strip(" |") for line in FORMATS[name].render(story).splitlines()]
        assert "a/long/file.c:1, 5-9" in lines and "b.h:3" in lines
    assert "a/long/file.c:1,5-9 b.h:3" in FORMATS["markdown"].render(story)
    assert [step["source"].endswith("a/long/file.c:1,5-9 b.h:3") for step in plain(story)["steps"]][:4] == [
        False,
        False,
        True,
        False,
    ]
    assert all(".c:" not in FORMATS[name].render(plainly) for name in ("text", "mail", "markdown"))


@pytest.mark.slow
def test_a_trace_of_only_some_variables_has_its_lines_too() -> None:
    story = stored_story(TRACE.with_name("linux-progress.itf.json"), str(kernel.source()))
    assert set(story.trace.states[0]) < set(build(story.trace.subject).system.space.variables)
    told = {step.name: code for step, code in zip(story.steps, story.code, strict=True) if code}
    assert "client.issue_rx" in told and DRIVER in told["client.issue_rx"]
    assert all(("client" in name) == (FOLDER in code) and "no lines" not in code for name, code in told.items())
