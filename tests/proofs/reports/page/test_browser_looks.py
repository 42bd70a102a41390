"""The report's page in a real browser: its layout at two widths, its colours, its way with keyboard and screen reader.

Screenshots go to the folder that PAGE_SCREENSHOTS names, otherwise to one of pytest's.
"""

# ruff: noqa: F811 (a test's parameter is an imported fixture)
from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from onpage import LASSO, RACE, Report, browser, choose, pictures, quiet, report, window  # noqa: F401
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from model import parameters
from proofs.checking.records import Result
from proofs.checking.request import everything
from proofs.checking.words import Word
from proofs.reports.page.build import page

pytestmark = pytest.mark.slow

SIZES = ((1280, 900), (390, 844))

CUT = """
const shown = (element) => element.checkVisibility() && !element.closest(".spoken, .skip, svg");
const leaves = [...document.querySelectorAll("body *")].filter((element) =>
  shown(element) && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
const inScroller = (element) => element.closest(".scroll, #steps, #account");
const box = (element) => element.getBoundingClientRect();
const name = (element) => `${element.tagName} ${element.id} ${element.textContent.slice(0, 30)}`;
const wide = leaves.filter((element) => !inScroller(element) && (box(element).right > innerWidth + 1
  || box(element).left < -1 || element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0));
const apart = (one, two) => one.right <= two.left + 1 || two.right <= one.left + 1
  || one.bottom <= two.top + 1 || two.bottom <= one.top + 1;
const overlapping = [];
const pinned = (element) => element.closest(".controls, thead, #matrix th");
leaves.forEach((one, at) => leaves.slice(at + 1).forEach((two) => {
  if (one.contains(two) || two.contains(one) || pinned(one) !== pinned(two)) return;
  if (inScroller(one) !== inScroller(two)) return;
  const lines = (element) => [...element.getClientRects()];
  if (lines(one).some((first) => lines(two).some((second) => !apart(first, second))))
    overlapping.push(`${name(one)} / ${name(two)}`);
}));
return {wide: wide.map(name), overlapping, page: document.documentElement.scrollWidth, width: innerWidth};
"""


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("where", ["", f"{RACE}/8", LASSO])
def test_nothing_overlaps_or_is_cut_off(window: Any, report: Report, where: str, width: int, height: int) -> None:
    window.open(report.path, where, width, height)
    window.run("for (const item of document.querySelectorAll('details')) item.open = true")
    found = window.run(CUT)
    assert found["page"] == found["width"] == width
    assert found["wide"] == [] and found["overlapping"] == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_matrix_keeps_its_heads_in_view(window: Any, report: Report, width: int, height: int) -> None:
    window.open(report.path, "", width, height)
    # a narrower and lower window into the table, as if it were larger
    window.run("Object.assign(document.querySelector('.matrix').style, {width: '160px', height: '90px'})")
    window.run("document.querySelector('.matrix').scrollBy(30, 60)")
    moved, corner, head = window.run(
        "const box = document.querySelector('.matrix'); const at = box.getBoundingClientRect();"
        "const first = document.querySelector('#matrix tbody tr:last-child th').getBoundingClientRect();"
        "const head = document.querySelector('#matrix thead th:last-child').getBoundingClientRect();"
        "return [[box.scrollLeft, box.scrollTop], first.left - at.left, head.top - at.top]"
    )
    assert moved[0] > 0 and moved[1] > 0
    assert 0 <= corner <= 1 and 0 <= head <= 1


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_matrix_of_every_version_is_readable(
    window: Any, report: Report, tmp_path: Path, width: int, height: int
) -> None:
    """As wide and as high as it gets, the longest texts in every cell."""
    request = everything()
    settings: tuple[Any, ...] = ({}, parameters.bounds("small-ring", {}), parameters.assumptions({}), (), None, 0.0)
    rows = [
        Result(version, name, "small-ring", Word.VIOLATED, "a test", 34, 9, *settings)
        for version in request.versions
        for name in request.properties
    ]
    path = report.path.with_name("index.html.all.html")
    path.write_text(page(rows, []), encoding="utf-8")
    window.open(path, "", width, height)
    assert window.run("return document.documentElement.scrollWidth") == width
    sizes = window.run(
        "return [...document.querySelectorAll('#matrix thead span, #matrix tbody th')].map((item) =>"
        "[item.textContent, item.getBoundingClientRect().height, item.scrollWidth <= item.clientWidth])"
    )
    assert len(sizes) == len(request.versions) + len(request.properties) + 1
    assert [text for text, high, whole in sizes if high > (120 if width > 1000 else 200) or not whole] == []
    assert [text for text, high, _ in sizes if text in request.versions and high > 24] == []
    all_columns = window.run("const box = document.querySelector('.matrix'); return box.scrollWidth <= box.clientWidth")
    assert all_columns == (width > 1000)
    window.shoot(f"every-version-{width}", browser.screenshots(tmp_path))


CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function rgb(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}
function behind(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour[3] === 255) return colour;
    if (colour[3] > 0) throw new Error("a translucent background");
  }
  return rgb("white");
}
const channel = (value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
function ratio(one, two) {
  const [high, low] = [light(one), light(two)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}
const leaves = [...document.querySelectorAll("body *")].filter((element) =>
  element.checkVisibility() && !element.closest(".spoken, svg")
  && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
return leaves.map((element) => [ratio(rgb(getComputedStyle(element).color), behind(element)),
  `${element.tagName}.${element.className} ${element.textContent.slice(0, 30)}`]);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where", ["", f"{RACE}/8"])
def test_contrast_is_enough_to_read(window: Any, report: Report, where: str, scheme: str) -> None:
    window.open(report.path, where, scheme=scheme)
    window.run("for (const item of document.querySelectorAll('details')) item.open = true")
    ratios = window.run(CONTRAST)
    assert len(ratios) > 20
    assert [what for ratio, what in ratios if ratio < 4.5] == []


@pytest.mark.parametrize("where", ["", RACE])
def test_a_screen_reader_finds_its_way(window: Any, report: Report, where: str) -> None:
    window.open(report.path, where)
    controls = [item for item in window.all("button, input, a, summary, [tabindex='0']") if item.is_displayed()]
    assert len(controls) > 5
    assert [item.get_attribute("outerHTML") for item in controls if not item.accessible_name] == []
    shown = "return [...document.querySelectorAll('h1, h2, h3, h4')].filter((item) => item.checkVisibility())"
    levels = [int(name[1]) for name in window.run(f"{shown}.map((item) => item.tagName)")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert window.run("return document.documentElement.lang") == "en"
    assert all(item.get_attribute("scope") for item in window.all("th"))
    names = window.run("return [...document.querySelectorAll('[id]')].map((item) => item.id)")
    assert len(set(names)) == len(names)
    assert window.find("#live").get_attribute("aria-live") == "polite"


def test_everything_is_in_reach_of_the_keyboard(window: Any, report: Report) -> None:
    window.open(report.path, RACE)
    reached = set()
    for _ in range(60):
        ActionChains(window.driver).send_keys(Keys.TAB).perform()
        place, outline = window.run(
            "const at = document.activeElement; const style = getComputedStyle(at);"
            "return [at.id || at.closest('[id]')?.id, style.outlineStyle !== 'none' && style.outlineWidth !== '0px']"
        )
        if place not in ("main", None):
            assert outline, place
        reached.add(place)
    wanted = {"first", "back", "forward", "last", "slider", "account", "cause", "settings", "theme"}
    assert wanted <= reached


def test_print_shows_account_steps_and_lanes(window: Any, report: Report, pictures: Path) -> None:
    window.open(report.path, f"{RACE}/8", 760, 1000, "dark")
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    seen = {name: window.find(f"#{name}").is_displayed() for name in ("account", "steps", "lanes", "controls", "state")}
    assert seen == {"account": True, "steps": True, "lanes": True, "controls": False, "state": False}
    assert window.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert window.run("return document.querySelector('#lanes svg').getBoundingClientRect().right <= innerWidth")
    window.shoot("print", pictures)


def test_player_words_and_picture_are_on_one_screen(window: Any, report: Report) -> None:
    for where in report.stories:
        window.open(report.path, where, 1280, 800)
        bottoms = window.run(
            "return ['verdict', 'controls', 'account', 'cause'].map((id) => byId(id).getBoundingClientRect().bottom)"
        )
        assert window.run("return scrollY") == 0
        assert bottoms == sorted(bottoms) and bottoms[-1] <= 800
        assert window.run("return byId('cause').clientHeight") > 400


@pytest.mark.parametrize("where", [RACE, LASSO])
def test_pictures_start_at_their_left_edge_on_a_phone(window: Any, report: Report, where: str) -> None:
    window.open(report.path, where, 390, 844)
    for picture in ("cause", "lanes"):
        choose(window, picture)
        gap, wider = window.run(
            "const box = byId(arguments[0]); const drawn = box.querySelector('svg').getBoundingClientRect();"
            "return [drawn.left - box.getBoundingClientRect().left, box.scrollWidth > box.clientWidth]",
            picture,
        )
        assert 0 <= gap <= 2 and wider


PICTURE_CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
canvas.filter = getComputedStyle(document.querySelector(`#${arguments[0]} svg`)).filter;
const rgb = (colour) => {
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 9, 9);
  return [...canvas.getImageData(4, 4, 1, 1).data];
};
const channel = (value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
const shapes = [...document.querySelectorAll(`#${arguments[0]} rect, #${arguments[0]} text`)];
const contains = (box, x, y) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
const behind = (text) => {
  const box = text.getBBox();
  const below = shapes.slice(0, shapes.indexOf(text)).filter((shape) => shape.tagName === "rect"
    && contains(shape.getBBox(), box.x + box.width / 2, box.y + box.height / 2));
  return below.at(-1).getAttribute("fill");
};
const texts = shapes.filter((shape) => shape.tagName === "text");
return {
  paper: light(rgb(shapes[0].getAttribute("fill"))),
  ratios: texts.map((text) => {
    const [high, low] = [light(rgb(text.getAttribute("fill"))), light(rgb(behind(text)))].sort((a, b) => b - a);
    return [(high + 0.05) / (low + 0.05), text.textContent];
  }),
};
"""


@pytest.mark.parametrize("picture", ["cause", "lanes"])
def test_pictures_are_dark_in_the_dark_and_can_be_read(window: Any, report: Report, picture: str) -> None:
    window.open(report.path, RACE, scheme="light")
    choose(window, picture)
    assert window.run(PICTURE_CONTRAST, picture)["paper"] == 1
    window.prefer("dark")
    window.wait(lambda: window.run("return document.documentElement.classList.contains('dark')"), "the page is dark")
    dark = window.run(PICTURE_CONTRAST, picture)
    assert dark["paper"] < 0.02 and len(dark["ratios"]) > 20
    assert [text for ratio, text in dark["ratios"] if ratio < 4.5] == []
    window.find("#theme").click()
    assert window.run(PICTURE_CONTRAST, picture)["paper"] == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_screenshots(window: Any, report: Report, pictures: Path, width: int, height: int, scheme: str) -> None:
    window.open(report.path, "", width, height, scheme)
    window.shoot(f"matrix-{width}-{scheme}", pictures)
    window.open(report.path, RACE, width, height, scheme)
    parts = ("cause", "lanes", "now")
    for part in parts:
        choose(window, part)
        window.run("byId('controls').scrollIntoView()" if width < 1000 else "scrollTo(0, 0)")
        window.shoot(f"{part}-{width}-{scheme}", pictures)
    taken = {path.stem for path in pictures.iterdir()}
    assert {f"{name}-{width}-{scheme}" for name in ("matrix", *parts)} <= taken
