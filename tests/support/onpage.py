"""What the tests of the page in a browser share: the page, the traces on it, one browser for all of them."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from counterexamples.story import Story
from proofs.checking.request import Request
from proofs.checking.stored import stored_story
from proofs.commands import report as command
from proofs.reports.page.build import anchor, page

browser = pytest.importorskip("browser", reason="selenium is not installed; pip install '.[test]'")
if browser.missing() is not None:
    pytest.skip(browser.missing(), allow_module_level=True)

RACE, LASSO, WITNESS = "#v12/quiet-engine.default", "#v12/other-progress.default", "#v12/works.default"
LENGTH, MIDDLE = 13, 7


@dataclass(frozen=True)
class Report:
    """The page and the stories of the traces on it, by anchor."""

    path: Path
    stories: dict[str, Story]


def choose(window: Any, part: str) -> None:
    """Show a part of the trace in its pane: account or every, cause, lanes or now."""
    window.find(f".choice button[value='{part}']").click()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The page that all tests look at."""
    return _report(tmp_path_factory.getbasetemp() / "report")


# each test file that imports a fixture has one of its own: the cache makes them one
@cache
def _report(folder: Path) -> Report:
    """v12 with a race, a lasso and what should be reachable, and a version of one's own that behaves alike."""
    mine = folder / "as it is" / "mine.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text('title = "a test"\nsource = "a test"\nbase = "v12"\n')
    properties = ("quiet-engine", "unlock-after-done", "works", "other-progress", "buffer-stable")
    request = Request(("v12", str(mine)), properties, ("default",), out=folder)
    results = command.check(request, folder / "traces", 2, quiet=True)
    path = folder / "index.html"
    path.write_text(page(results, command.blocks(results, 2)), encoding="utf-8")
    stories = {f"#{anchor(row)}": stored_story(Path(row.trace)) for row in results if row.trace is not None}
    return Report(path, stories)


@pytest.fixture(scope="session")
def window() -> Any:
    """One browser for all tests."""
    return _window()


@cache
def _window() -> Any:
    opened = browser.Browser()
    atexit.register(opened.close)
    return opened


@pytest.fixture(autouse=True)
def quiet(window: Any, report: Report) -> Iterator[None]:
    """After each test: nothing has come to the console, and no request has left the page."""
    window.complaints(), window.requests()
    yield
    assert window.complaints() == []
    own = (report.path.as_uri(), "about:", "data:", "blob:")
    assert [address for address in window.requests() if not address.startswith(own)] == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(browser.screenshots(tmp_path_factory.mktemp("screenshots")))
