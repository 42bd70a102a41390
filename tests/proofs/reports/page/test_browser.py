"""The report's page in a real browser: every control does what it says, every shown state is the replayed one."""

# ruff: noqa: F811 (a test's parameter is an imported fixture)
from __future__ import annotations

from typing import Any

import pytest
from onpage import LASSO, LENGTH, MIDDLE, RACE, WITNESS, Report, choose, quiet, report, window  # noqa: F401
from reading import read_back, unlike
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from proofs.properties import catalogue

pytestmark = pytest.mark.slow


def address(window: Any) -> str:
    return str(window.run("return location.hash"))


def step(window: Any) -> int:
    """The step that the page shows, everywhere the same."""
    number = int(window.run("return document.getElementById('slider').value"))
    assert address(window).endswith(f"/{number}")
    total = window.run("return document.querySelectorAll('#steps li').length") - 1
    position = window.find("#position").text
    assert position.startswith(f"step {number} of {total}: ")
    assert window.find("#slider").get_attribute("aria-valuetext") == position
    assert window.run("return document.getElementById('live').textContent").startswith(position)
    title = window.run("return document.getElementById('state-title').textContent")
    assert title == (f"State after step {number}" if number else "Initial state")
    marked = window.run(
        "return [...document.querySelectorAll('#steps [aria-current]')].map((item) => item.children[0].textContent)"
    )
    assert marked == [str(number)]
    for picture in ("lanes", "cause"):
        assert_in_sync(window, picture, number)
    return number


def assert_in_sync(window: Any, picture: str, number: int) -> None:
    """A picture highlights the step and fades those after it, if it has shapes for steps."""
    shapes = window.run(
        "return [...document.querySelectorAll(`#${arguments[0]} .step`)].map((shape) => [stepOfShape(shape),"
        " shape.classList.contains('current'), shape.classList.contains('later')])",
        picture,
    )
    assert shapes
    assert all(current == (at == number) and later == (at > number) for at, current, later in shapes)


def test_buttons(window: Any, report: Report) -> None:
    window.open(report.path, f"{RACE}/{MIDDLE}")
    for name, expected in (("back", MIDDLE - 1), ("forward", MIDDLE), ("first", 0), ("forward", 1), ("last", LENGTH)):
        window.find(f"#{name}").click()
        assert step(window) == expected
    assert window.find("#forward").get_attribute("aria-disabled") == "true"
    window.find("#forward").click()
    assert step(window) == LENGTH
    window.find("#first").click()
    assert window.find("#back").get_attribute("aria-disabled") == "true"
    window.find("#back").click()
    assert step(window) == 0


def test_keys(window: Any, report: Report) -> None:
    window.open(report.path, f"{RACE}/{MIDDLE}")
    presses = ((Keys.ARROW_RIGHT, MIDDLE + 1), (Keys.ARROW_LEFT, MIDDLE), (Keys.HOME, 0), (Keys.END, LENGTH))
    choose(window, "every")
    for target in ("#slider", "#forward", "#steps li:nth-child(3) button"):
        window.run("document.querySelector(arguments[0]).focus()", target)
        window.run("goTo(arguments[0])", MIDDLE)
        for key, expected in presses:
            ActionChains(window.driver).send_keys(key).perform()
            assert step(window) == expected


def test_slider(window: Any, report: Report) -> None:
    window.open(report.path, f"{RACE}/{MIDDLE}")
    slider = window.find("#slider")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("0", str(LENGTH))
    ActionChains(window.driver).move_to_element_with_offset(slider, -slider.size["width"] // 2 + 2, 0).click().perform()
    assert step(window) == 0
    slider.send_keys(Keys.ARROW_UP)
    assert step(window) == 1


def test_step_list_and_sentences(window: Any, report: Report) -> None:
    window.open(report.path, f"{RACE}/{MIDDLE}")
    choose(window, "every")
    names = [item.text for item in window.all("#steps .name")]
    assert names == ["initial state", *(item.name for item in report.stories[RACE].steps)]
    for number in (2, 0, LENGTH):
        window.all("#steps button")[number].click()
        assert step(window) == number
    choose(window, "account")
    for sentence in window.all("#account li"):
        numbers = [int(text) for text in sentence.get_attribute("data-steps").split()]
        sentence.find_element("css selector", "button").click()
        assert step(window) == numbers[-1]
        assert sentence.find_element("css selector", "button").get_attribute("aria-current") == "step"


@pytest.mark.parametrize("picture", ["lanes", "cause"])
def test_a_click_in_a_picture_goes_to_the_step(window: Any, report: Report, picture: str) -> None:
    window.open(report.path, f"{RACE}/{MIDDLE}")
    for number in (5, 11):
        click = "document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))"
        window.run(click, f"#{picture} .step-{number} *")
        assert step(window) == number


def test_matrix_links_and_the_way_back(window: Any, report: Report) -> None:
    window.open(report.path)
    links = window.all("#matrix a")
    assert {link.get_attribute("href").split("index.html")[1].rsplit("/", 1)[0] for link in links} == set(
        report.stories
    )
    for number in range(len(links)):
        link = window.all("#matrix a")[number]
        wanted = link.get_attribute("href").split("index.html")[1]
        link.click()
        window.settle()
        assert address(window) == wanted
        assert step(window) == len(report.stories[wanted.rsplit("/", 1)[0]].steps)
        assert not window.find("#overview").is_displayed()
        window.find("#back").click()
        window.driver.back()
        window.wait(lambda: window.find("#overview").is_displayed(), "the matrix is back")
        focused = "return document.activeElement === document.querySelectorAll('#matrix a')[arguments[0]]"
        assert window.run(focused, number)
    window.driver.forward()
    window.wait(lambda: window.find("#player").is_displayed(), "the trace is back")
    window.find(".back a").click()
    window.wait(lambda: window.find("#overview").is_displayed(), "the matrix is back")


def test_link_points_at_one_step_of_one_trace(window: Any, report: Report) -> None:
    window.open(report.path, f"{RACE}/8")
    assert step(window) == 8
    assert window.find("#player-title").text == "v12: quiet-engine, scenario default"
    window.run("location.hash = arguments[0]", f"{WITNESS}/2")
    window.settle()
    assert step(window) == 2
    window.run("location.hash = arguments[0]", f"{WITNESS}/4")
    window.wait(lambda: step(window) == 4, "another step of the same trace")
    window.open(report.path, f"{RACE}/999")
    assert step(window) == LENGTH
    window.open(report.path, RACE)
    assert step(window) == LENGTH


def test_version_that_behaves_alike_says_whose_trace_it_shows(window: Any, report: Report) -> None:
    mine = next(name for name in report.stories if "mine.toml/quiet-engine" in name)
    window.open(report.path, f"{mine}/3")
    assert step(window) == 3
    assert window.find("#player-title").text.endswith("as it is/mine.toml: quiet-engine, scenario default")
    assert "behaves as v12 does" in window.find("#alike").text
    window.open(report.path, RACE)
    assert not window.find("#alike").is_displayed()


@pytest.mark.parametrize(
    "wrong", ["#v99/quiet-engine.default/3", "#v12/quiet-engine.default/x", "#__proto__/1", "#<b>"]
)
def test_link_to_nothing_says_so(window: Any, report: Report, wrong: str) -> None:
    window.open(report.path, wrong)
    assert window.find("#overview").is_displayed() and not window.find("#player").is_displayed()
    assert "not on this page" in window.find("#message").text
    assert window.all("#message *") == []


def test_lasso_goes_round(window: Any, report: Report) -> None:
    window.open(report.path, LASSO)
    trace = report.stories[LASSO].trace
    length = len(trace.path)
    assert step(window) == length
    choose(window, "every")
    choose(window, "now")
    window.find("#forward").click()
    assert trace.loop is not None
    if trace.loop == length:
        assert "rest for ever" in window.find("#cycle").text and step(window) == length
    else:
        assert f"Repeats from step {trace.loop + 1}" in window.find("#cycle").text and step(window) == trace.loop + 1
    assert window.find("#partial").is_displayed()
    window.open(report.path, RACE)
    choose(window, "every")
    choose(window, "now")
    assert not window.find("#cycle").is_displayed() and not window.find("#partial").is_displayed()


def test_cycle_leads_back_to_its_first_step(window: Any, report: Report) -> None:
    """The shipped lassos rest: a cycle is put into the page's data."""
    window.open(report.path, RACE)
    window.run("player.trace.loop = 9; goTo(13)")
    assert window.find("#forward").get_attribute("aria-disabled") == "false"
    window.find("#forward").click()
    assert step(window) == 10
    window.run("byId('cycle').hidden = false; byId('cycle').textContent = cycleNote(player.trace)")
    assert "step 10 on" in window.find("#cycle").text


SHOWN = """
const text = (element) => element.textContent;
const chip = (item) => ({
  name: text(item.querySelector("b")),
  flags: [...item.querySelectorAll(".flag")].map(text),
  detail: item.querySelector("small") ? text(item.querySelector("small")) : "",
});
const valueOf = (element) => element.querySelector(".chips")
  ? [...element.querySelectorAll(".chips li")].map(chip)
  : text(element) === "empty" ? [] : text(element);
const rows = [...document.querySelectorAll("#state dl > div")];
return {
  now: Object.fromEntries(rows.map((row) => [text(row.querySelector("code")), valueOf(row.querySelector(".value"))])),
  was: Object.fromEntries(rows.filter((row) => row.querySelector(".tag")).map((row) => {
    const was = row.querySelector(".was").cloneNode(true);
    was.firstChild.remove();
    return [text(row.querySelector("code")), valueOf(was)];
  })),
};
"""


@pytest.mark.parametrize("where", [RACE, LASSO, WITNESS])
def test_shown_state_is_the_replayed_state(window: Any, report: Report, where: str) -> None:
    story = report.stories[where]
    window.open(report.path, f"{where}/0")
    choose(window, "now")
    for index in range(len(story.states)):
        shown = window.run(SHOWN)
        state = read_back(story.system.space, shown["now"])
        different = unlike(state, story.states[index])
        assert different == []
        changes = story.changes(index - 1) if index else {}
        was = read_back(story.system.space, shown["was"])
        assert {name: old for name, old in was.items() if old != state[name]} == {
            name: old for name, (old, _) in changes.items()
        }
        if index:
            expected = story.steps[index - 1]
            assert expected.name in window.find("#position").text
            assert window.find("#source").text == f"{expected.actor}: {expected.source}"
        window.find("#forward").click()


def test_colours_follow_the_system_and_the_button(window: Any, report: Report) -> None:
    paper = "return getComputedStyle(document.body).backgroundColor"
    window.open(report.path, scheme="light")
    light = window.run(paper)
    window.prefer("dark")
    dark = window.run(paper)
    assert light != dark
    button = window.find("#theme")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert window.run(paper) == light and button.get_attribute("aria-pressed") == "false"
    button.click()
    assert window.run(paper) == dark and button.get_attribute("aria-pressed") == "true"


def test_conclusion_and_statements_are_read_without_a_click(window: Any, report: Report) -> None:
    window.open(report.path)
    assert window.find("h2").text.endswith("mine.toml keeps 2 of 5 properties: 3 are violated.")
    assert window.find("#gravest").text.startswith("The gravest, quiet-engine: at step 13 TZ writes")
    window.find("#gravest a").click()
    window.settle()
    assert step(window) == LENGTH
    window.find(".back a").click()
    statements = [item.text for item in window.all("#matrix .statement")]
    assert catalogue()["quiet-engine"].statement in statements and len(statements) == 5


def test_panes_show_what_is_chosen(window: Any, report: Report) -> None:
    window.open(report.path, f"{RACE}/{MIDDLE}")
    for parts in (("account", "every"), ("cause", "lanes", "now")):
        for part in (*parts, parts[0]):
            choose(window, part)
            assert [window.find(f"#{other}").is_displayed() for other in parts] == [other == part for other in parts]
            pressed = window.all(f".choice button[value='{part}'][aria-pressed='true']")
            assert len(pressed) == 1 and len(window.all(".choice [aria-pressed='true']")) == 2


SEEN = """
const inside = (part, box) => {
  const [inner, outer] = [part.getBoundingClientRect(), box.getBoundingClientRect()];
  return inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1
    && inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
};
const told = document.querySelector("#account [aria-current]");
const shape = document.querySelector(`#${arguments[0]} .current rect`);
return [told === null || inside(told, byId("account")), shape === null || inside(shape, byId(arguments[0]))];
"""


@pytest.mark.parametrize("where", [RACE, LASSO])
@pytest.mark.parametrize("picture", ["cause", "lanes"])
def test_words_and_picture_keep_step_with_the_player(window: Any, report: Report, where: str, picture: str) -> None:
    window.open(report.path, f"{where}/0", 1280, 800)
    choose(window, picture)
    for number in range(1, len(report.stories[where].steps) + 1):
        window.find("#forward").click()
        assert step(window) == number
        assert window.all("#account [aria-current]")
        assert window.run(SEEN, picture) == [True, True], number
