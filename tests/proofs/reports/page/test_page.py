"""The report's page without a browser: its data, its text, and the command that writes it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import ROOT
from reading import read_back, unlike
from traces import PATH, protocol_of, story_of, walk

from counterexamples.documents import DocumentError
from counterexamples.story import Story
from counterexamples.story.phrases import step_name
from model.parameters import ParameterError
from model.versions import VersionError
from model.vocabulary import GROUPS
from proofs.checking.outputs import OutputError
from proofs.checking.records import Result as Row
from proofs.checking.request import Request, everything
from proofs.checking.words import Word
from proofs.commands import options
from proofs.commands import report as command
from proofs.commands.report import command as report_command
from proofs.commands.report import write_report
from proofs.properties import catalogue
from proofs.reports.page import build
from proofs.reports.page.data import Block, block, plain
from proofs.reports.page.state import groups, shown_state

GALLERY = ROOT / "counterexamples" / "gallery"
INJECTION = "</title><script>alert('x')</script><img src=x onerror=alert(1)>&\""


def unpack(item: Block) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = json.loads(gzip.decompress(base64.b64decode(item.text)))
    return traces


def states_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    states = [data["initial"]]
    for changed in data["changes"]:
        states.append(states[-1] | changed)
    return states


@pytest.fixture(scope="module")
def walked() -> list[Story]:
    """Long random executions of versions that lock in different ways."""
    stories = []
    for seed, version in enumerate(("mainline", "v2", "v3", "v9", "v11", "v12", "v16")):
        protocol = protocol_of(version)
        stories.append(story_of(protocol, walk(protocol, 60, seed)))
    return stories


@pytest.mark.slow
def test_what_is_shown_is_the_whole_state(walked: list[Story]) -> None:
    for story in walked:
        for state in story.states:
            different = unlike(read_back(story.system.space, shown_state(state)), state)
            assert different == []


def test_differences_make_up_the_states() -> None:
    protocol = protocol_of("v12")
    story = story_of(protocol, PATH)
    data = json.loads(json.dumps(plain(story)))
    states = states_of(data)
    compared = zip(states, story.states, strict=True)
    assert [unlike(state, shown_state(wanted)) for state, wanted in compared] == [[]] * len(states)
    assert [step["name"] for step in data["steps"]] == [step_name(step) for step in story.steps]
    assert all(1 <= number <= len(PATH) for item in data["sentences"] for number in item["steps"])


@pytest.mark.slow
def test_each_variable_is_in_one_group(walked: list[Story]) -> None:
    for story in walked:
        state = shown_state(story.states[0])
        found = groups(state)
        names = [name for group in found for name in group["names"]]
        assert sorted(names) == sorted(state)
        assert {group["title"] for group in found} <= set(GROUPS.values())


def test_a_field_that_nothing_is_known_of_is_shown_by_its_name() -> None:
    """A variable that no group has is refused before there is a trace: `model.vocabulary.demand_declared`."""
    values = {"lock.linux": True, "lock.queue": [{"page": 2, "old": 0}]}
    state = shown_state(values)
    assert state["lock.linux"] == "yes"
    assert state["lock.queue"] == [{"name": "DATA", "flags": [], "detail": "page 2"}]
    assert [group["title"] for group in groups(state)] == ["Pipe lock"]


@pytest.mark.slow
def test_values_are_written_as_in_the_notes(walked: list[Story]) -> None:
    compared = 0
    for story in walked:
        data = plain(story)
        for step, changed in zip(data["steps"], data["changes"], strict=True):
            for name, text in changed.items():
                if isinstance(text, str) and text.startswith("{"):
                    assert f"{name}={text}" in step["notes"]
                    compared += 1
    assert compared > 10


def test_block_has_the_replayed_traces_and_is_the_same_each_time() -> None:
    files = [str(GALLERY / "v12" / f"{name}.itf.json") for name in ("quiet-engine", "linux-progress")]
    made = block(files)
    first, second = unpack(made)
    assert (first["property"], second["property"]) == ("quiet-engine", "linux-progress")
    assert first["loop"] is None and second["loop"] is not None
    assert not first["partial"] and second["partial"]
    assert made == block(files)


def test_page_shows_what_the_gallery_has() -> None:
    files = [str(path) for path in (GALLERY / "v12").glob("[qu]*.itf.json") if path.name.count(".") == 2]
    assert len(files) > 2
    for file, shown in zip(files, unpack(block(files)), strict=True):
        stored = {
            suffix: Path(file.replace(".itf.json", suffix)).read_text() for suffix in (".txt", ".svg", ".cause.svg")
        }
        assert (shown["lanes"], shown["cause"]) == (stored[".svg"], stored[".cause.svg"])
        text = " ".join(stored[".txt"].split())
        assert shown["verdict"] in text and all(sentence["text"] in text for sentence in shown["sentences"])


def test_block_refuses_a_trace_that_is_not_what_the_model_comes_to(tmp_path: Path) -> None:
    stored = json.loads((GALLERY / "v12" / "quiet-engine.itf.json").read_text())
    stored["states"][5]["lock.linux"] = False
    path = tmp_path / "quiet-engine.itf.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(DocumentError, match="state 5 is not what the model comes to"):
        block([str(path)])


@pytest.fixture(scope="module")
def request_for_v12() -> Request:
    return Request(("v12",), ("quiet-engine", "buffer-stable"), ("default",))


@pytest.fixture(scope="module")
def written(request_for_v12: Request, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of v12 and of a version whose texts are HTML."""
    folder = tmp_path_factory.mktemp("page")
    mine = folder / "<i>mine</i>.toml"
    text = json.dumps(INJECTION)
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text(f'title = {text}\nsource = {text}\nbase = "v12"\n')
    request = replace(request_for_v12, versions=("v12", str(mine)), out=folder)
    return write_report(request, 1, quiet=True).read_text(encoding="utf-8")


class Page(HTMLParser):
    """The tags of a page, and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.slow
def test_texts_of_a_version_cannot_become_html(written: str) -> None:
    found = Page(written)
    assert not [tag for tag, _ in found.tags if tag in ("img", "i", "iframe", "object")]
    assert sum(1 for tag, attributes in found.tags if tag == "script" and "type" not in attributes) == 1
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
    assert any(INJECTION in text for text in found.texts)


@pytest.mark.slow
def test_page_is_one_file_that_fetches_nothing(written: str) -> None:
    outside = [
        value
        for _, attributes in Page(written).tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset", "data", "poster")
        and not (value or "").startswith(("#", "data:"))
    ]
    assert outside == []
    assert "@import" not in written and "url(" not in written and "http:" not in written and "https:" not in written


@pytest.mark.slow
def test_policy_allows_just_the_style_and_the_script_of_the_page(written: str) -> None:
    policy = next(str(attributes["content"]) for _, attributes in Page(written).tags if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", written, re.DOTALL)
        assert content
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.slow
def test_matrix_says_the_verdicts_in_signs_and_in_words(written: str) -> None:
    table = written[written.index('<table id="matrix">') :].split("</table>")[0]
    cells = re.findall(r'<td class="([a-z-]+)">(.*?)</td>', table, re.DOTALL)
    assert [verdict for verdict, _ in cells] == ["sum", "sum", "violated", "violated", "proved", "proved"]
    cells = cells[2:]
    assert 'href="#v12/quiet-engine.default/13"' in cells[1][1]
    assert "✗ 13" in cells[0][1] and "violated at step 13" in cells[0][1]
    assert all("✓" in text and "proved" in text and "href" not in text for _, text in cells[2:])
    assert table.count('scope="col"') == 3 and table.count('scope="row"') == 3
    for name in ("quiet-engine", "buffer-stable"):
        assert catalogue()[name].statement in table


def test_cell_shows_the_worst_scenario() -> None:
    row = Row("v12", "works", "default", Word.REACHED, "", 5, 9, {}, {}, {}, ("a",) * 5, "t", 0.0)
    assert build._cell(row).href == "#v12/works.default/5"
    elsewhere = replace(row, verdict=Word.VIOLATED, scenario="small-ring", depth=7, trace=None)
    assert build._cell(elsewhere) == build.Cell("violated", "✗ 7*", "violated at step 7 in scenario small-ring", "")
    assert build._cell(None).words == "not asked"


@pytest.mark.slow
def test_versions_of_one_name_in_two_folders_keep_their_traces(tmp_path: Path) -> None:
    paths = []
    for base in ("v12", "v8"):
        folder = tmp_path / base
        folder.mkdir()
        (folder / "mine.toml").write_text(f'title = "a test"\nsource = "a test"\nbase = "{base}"\n')
        paths.append(str(folder / "mine.toml"))
    request = Request(tuple(paths), ("quiet-engine",), ("default",), out=tmp_path)
    results = command.check(request, tmp_path / "made", 1, quiet=True)
    traces = [unpack(item)[0] for item in command.blocks(results, 1)]
    assert [(len(item["steps"]), item["version"]) for item in traces] == [(13, paths[0]), (12, paths[1])]


@pytest.mark.slow
def test_versions_that_behave_alike_share_their_traces(tmp_path: Path) -> None:
    request = Request(("v9", "v10"), ("quiet-engine",), ("default",), out=tmp_path)
    results = command.check(request, tmp_path / "made", 1, quiet=True)
    text = build.page(results, command.blocks(results, 1))
    assert '"v10/quiet-engine.default": [0, 0]' in text and '"v9/quiet-engine.default": [0, 0]' in text


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(report_command, [str(item) for item in arguments])


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["v99"], VersionError, "v99"),
        (["v12", "--property", "quiet-engin"], ParameterError, "did you mean quiet-engine"),
        (["v12", "--scenario", "smal-ring"], ParameterError, "did you mean small-ring"),
        (["v1.toml"], VersionError, "v1.toml"),
    ],
)
def test_unknown_names_are_refused_before_any_work(
    tmp_path: Path, arguments: list[str], error: type[Exception], says: str
) -> None:
    done = run(*arguments, "--out", tmp_path / "new")
    assert isinstance(done.exception, error) and says in str(done.exception)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "arguments",
    [["v12", "all"], ["v12", "--jobs", "0"], ["v12", "--property", "nothing-stale", "--scenario", "default"]],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    done = run(*arguments, "--out", tmp_path / "new")
    assert done.exit_code == 2 and "Error: " in done.output
    assert not (tmp_path / "new").exists()


def test_folder_is_needed() -> None:
    done = run("v12")
    assert done.exit_code == 2 and "--out" in done.output


def test_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        done = run("v12", "--out", place)
        assert isinstance(done.exception, OutputError) and "\n" not in str(done.exception)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.slow
def test_page_is_the_old_or_the_whole_new_one(
    tmp_path: Path, request_for_v12: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "index.html").write_text("old")
    monkeypatch.setattr("counterexamples.documents.os.replace", stuck)
    request = replace(request_for_v12, properties=("buffer-stable",), out=tmp_path)
    with pytest.raises(OSError, match="No space left"):
        write_report(request, 1, quiet=True)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "old"


def test_command_writes_the_page(tmp_path: Path) -> None:
    done = run("v12", "--property", "buffer-stable", "--scenario", "default", "--jobs", "1", "--out", tmp_path / "new")
    assert done.exit_code == 0 and done.output == f"{tmp_path / 'new' / 'index.html'}\n"
    assert "buffer-stable" in (tmp_path / "new" / "index.html").read_text(encoding="utf-8")
    shutil.rmtree(tmp_path / "new")


def test_no_name_means_every_version() -> None:
    assert command._versions(()) == command._versions(("all",)) == everything().versions
    plainly = {name for name, item in catalogue().items() if item.asked_plainly}
    assert set(options.chosen_properties((), ())) == plainly
    assert set(options.chosen_properties((), ("faults",))) == set(catalogue())
