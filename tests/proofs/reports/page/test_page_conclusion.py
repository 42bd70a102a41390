"""What the report's page says first, in which order it says the rest, and how it marks each verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from conftest import ROOT

from model import parameters
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.reports.page import build
from proofs.reports.page.conclusion import conclusion
from proofs.reports.page.data import Block, block

ROW = Result(
    "v16",
    "works",
    "default",
    Word.PROVED,
    "",
    None,
    9,
    {},
    parameters.bounds("default", {}),
    parameters.assumptions({}),
    (),
    None,
    0.0,
)
RACE = replace(ROW, property="quiet-engine", verdict=Word.VIOLATED, depth=2, path=("a", "b"), trace="race")
END = Block(("race",), "", ("At step 2 TZ writes.",))


def rows(**verdicts: str) -> list[Result]:
    return [replace(ROW, property=name.replace("_", "-"), verdict=Word.of(word)) for name, word in verdicts.items()]


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ({"works": "reached"}, "v16 keeps 1 of 1 property."),
        ({"works": "reached", "balanced": "proved", "flag_truth": "not-applicable"}, "v16 keeps 2 of 2 properties."),
        ({"balanced": "violated", "released": "violated"}, "v16 keeps 0 of 2 properties: 2 are violated."),
        (
            {"works": "unreachable", "quiet_engine": "vacuous", "balanced": "unknown", "released": "unknown"},
            "v16 keeps 0 of 4 properties: 1 is unreachable, 2 are unknown (released, balanced),"
            " 1 is vacuous (quiet-engine).",
        ),
        ({"flag_truth": "not-applicable"}, "v16 keeps 0 of 0 properties."),
    ],
)
def test_sentence_counts_each_property_and_names_what_is_undecided(verdicts: dict[str, str], says: str) -> None:
    assert conclusion("v16", rows(**verdicts)).sentence == says


def test_gravest_is_a_violation_before_what_is_unreachable_and_then_in_the_order_of_the_catalogue() -> None:
    found = conclusion("v16", rows(released="violated", quiet_engine="violated", config_integrity="unreachable"))
    assert found.gravest is not None and found.gravest.property == "quiet-engine"
    assert conclusion("v16", rows(works="reached")).gravest is None


def text_of(html: str, identity: str) -> str:
    """The text of the element with an id, in one line."""
    found = re.search(rf'<(\w+)[^>]* id="{identity}"[^>]*>(.*?)</\1>', html, re.DOTALL)
    assert found
    return unescape(" ".join(re.sub(r"<[^>]+>", "", found[2]).split()))


def test_page_begins_with_the_newest_version_and_what_goes_wrong_in_it() -> None:
    html = build.page([replace(ROW, version="v12"), RACE, replace(ROW, version="mainline")], [END])
    assert text_of(html, "overview-title") == "v16 keeps 0 of 1 property: 1 is violated."
    assert text_of(html, "gravest") == "The gravest, quiet-engine: at step 2 TZ writes. See how it happens"
    assert 'href="#v16/quiet-engine.default/2"' in html.split('id="gravest"')[1].split("</p>")[0]
    heads = re.findall(r'<th scope="col"><span>(.*?)</span>', html)
    assert heads == ["v16", "v12", "mainline"]
    assert re.findall(r"<dt>(v16|v12|mainline)</dt>", html) == heads


def test_page_without_a_violation_names_none() -> None:
    html = build.page([ROW], [])
    assert "v16 keeps 1 of 1 property." in html and 'id="gravest"' not in html


def test_what_happens_instead_is_told_and_shown_from_its_end() -> None:
    row = replace(RACE, property="works", verdict=Word.UNREACHABLE, path=())
    html = build.page([row], [END])
    says = "The gravest, works: no execution comes to it. What happens instead: at step 2 TZ writes."
    assert text_of(html, "gravest") == f"{says} See how it happens"
    assert 'href="#v16/works.default"' in html


def test_what_holds_here_and_is_recorded_as_violated_elsewhere_is_said() -> None:
    """A reader must not take `keeps 1 of 1` for more than was asked; of changed settings nothing is recorded."""
    held = replace(ROW, property="under-lock")
    told = " ".join(unescape(build.page([held], [])).split())
    assert (
        "In the scenario busy-small-ring, which was not asked, is recorded as violated: <code>under-lock</code>" in told
    )
    changed = replace(held, bounds={**held.bounds, "ring": held.bounds["ring"] + 1})
    assert "is recorded as violated" not in build.page([changed], [])


def test_every_verdict_word_has_a_mark_a_meaning_and_a_colour() -> None:
    style = build._resource("page.css")
    for word in Word:
        cell = build._cell(replace(ROW, verdict=word, depth=3))
        assert cell.sign and cell.words and cell.verdict == word
        assert re.search(rf"^[^{{]*\.{word}\b[^{{]*{{ color: ", style, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("quiet-engine", "At step 13 TZ writes its configuration registers, although"),
        ("linux-progress", "From then on the client waits for its completion; "),
    ],
)
def test_block_says_what_goes_wrong_at_the_end_of_a_trace(name: str, says: str) -> None:
    made = block([str(ROOT / "counterexamples" / "gallery" / "v12" / f"{name}.itf.json")])
    assert made.ends[0].startswith(says)
