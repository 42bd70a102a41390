"""ITF JSON: what is written is read back, and nothing else is taken for a stored trace."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from traces import PATH, changed, cut, protocol_of, story_of

from counterexamples.documents import DocumentError
from counterexamples.formats.itf import SCHEMA, read_file, read_itf, to_itf
from counterexamples.story import Story
from counterexamples.trace import Trace


@pytest.fixture(scope="module")
def story() -> Story:
    return story_of(protocol_of("v12"), PATH)


@pytest.mark.parametrize("length", [0, 1, len(PATH)])
def test_what_is_stored_is_what_was_replayed(story: Story, length: int) -> None:
    trace = cut(story, length).trace
    axes = json.loads(json.dumps(trace.subject.axes))  # JSON has no tuples
    assert read_itf(to_itf(cut(story, length))) == replace(trace, subject=replace(trace.subject, axes=axes))


def test_a_file_without_statement_and_kind_is_read(story: Story) -> None:
    document = json.loads(to_itf(story))
    del document["#meta"]["statement"], document["#meta"]["kind"]
    assert read_itf(json.dumps(document)).path == tuple(PATH)


def test_itf_is_what_the_format_says(story: Story) -> None:
    document = json.loads(to_itf(story))
    assert document["#meta"]["format"] == "ITF" and document["#meta"]["schema"] == SCHEMA
    assert document["#meta"]["actions"] == PATH
    assert document["vars"] == list(story.system.space.variables)
    assert [state["#meta"] for state in document["states"]] == [
        {"index": index, "action": action} for index, action in enumerate([None, *PATH])
    ]
    assert document["states"][5]["lock.linux"] is True and document["states"][5]["rx.tail"] == 4


def test_large_numbers_keep_their_value(story: Story) -> None:
    space = replace(story.system.space, variables=dict(story.system.space.variables))
    space.add("wide", 80)
    states = tuple({**state, "wide": (1 << 53) - 1 + index} for index, state in enumerate(story.trace.states))
    text = to_itf(replace(changed(story, states=states), system=replace(story.system, space=space)))
    assert json.loads(text)["states"][1]["wide"] == {"#bigint": str(1 << 53)}
    assert read_itf(text).states == states


def altered(story: Story, *path: str | int, value: Any = None, drop: bool = False) -> str:
    document = json.loads(to_itf(story))
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    if drop:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return json.dumps(document)


def refusal(text: str) -> str:
    with pytest.raises(DocumentError) as error:
        read_itf(text)
    message = str(error.value)
    assert message.isprintable() and 10 < len(message) < 400
    return message


def test_a_cut_off_file_is_refused_wherever_it_ends(story: Story) -> None:
    text = to_itf(story).rstrip()
    for end in [0, 1, 2, len(text) - 1, *range(3, len(text), 997)]:
        assert "cut off" in refusal(text[:end])


@pytest.mark.parametrize(
    "key", ["format", "schema", "version", "property", "scenario", "bounds", "assumptions", "axes", "actions"]
)
def test_a_missing_key_is_named(story: Story, key: str) -> None:
    message = refusal(altered(story, "#meta", key, drop=True))
    assert message == f"#meta: the key {key} is missing"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["#meta", "schema"], 2, "#meta/schema: is 2, need 1"),
        (["#meta", "schema"], True, "#meta/schema: is boolean, need integer"),
        (["#meta", "schema"], "1", "#meta/schema: is string, need integer"),
        (["#meta", "format"], "XTF", "#meta/format: is 'XTF', need 'ITF'"),
        (["#meta", "format"], {"a": [1]}, "#meta/format: is object, need 'ITF'"),
        (["#meta", "version"], None, "#meta/version: is null, need string"),
        (["#meta", "bounds"], [], "#meta/bounds: is array, need object"),
        (["#meta", "bounds", "ring"], "6", "#meta/bounds/ring: is string, need integer"),
        (["#meta", "bounds", "ring"], -1, "#meta/bounds/ring: need a number that is not negative"),
        (["#meta", "assumptions", "relock"], 1, "#meta/assumptions/relock: is integer, need string"),
        (["#meta", "axes", "lock"], {"a": {}}, "#meta/axes/lock: is object, need string or boolean or array"),
        (["#meta", "actions"], "tz", "#meta/actions: is string, need array"),
        (["#meta", "actions", 0], 7, "#meta/actions/0: is integer, need string"),
        (["#meta", "actions"], [], "0 actions and 14 states; need one state more than actions"),
        (["#meta", "actions", 1], "tz.x", "states/2/#meta/action: is 'client.prep_tx_data', need 'tz.x'"),
        (["vars"], 3, "vars: is integer, need array"),
        (["vars", 0], "#meta", "vars/0: need a name that does not start with #"),
        (["vars", 0], "client.ok", "vars: names one twice, need each once"),
        (["vars", 0], "other", "states/0: the variable 'other' is missing"),
        (["states"], [], "states: need at least one"),
        (["states", 2], None, "states/2: is null, need object"),
        (["states", 2, "#meta"], {}, "states/2/#meta: the key index is missing"),
        (["states", 2, "#meta", "index"], 1, "states/2/#meta/index: is 1, need 2"),
        (["states", 2, "extra"], 0, "states/2: the variable 'extra' is not in vars"),
        (["states", 2, "client.ok"], "yes", "states/2/client.ok: is string, need integer or boolean"),
        (["states", 2, "client.ok"], -3, "states/2/client.ok: need a number that is not negative"),
        (["states", 2, "client.ok"], 2**53, 'states/2/client.ok: need a number below 2**53, or {"#bigint": "..."}'),
        (["states", 2, "client.ok"], 1.0, "a number that cannot be right: 1.0 is not a whole number"),
        (["states", 2, "client.ok"], float("inf"), "a number that cannot be right: Infinity is not a whole number"),
        (["states", 2, "client.ok"], {"#bigint": "-1"}, "states/2/client.ok/#bigint: need decimal digits"),
        (["states", 2, "client.ok"], {"#bigint": 1}, "states/2/client.ok/#bigint: is integer, need string"),
        (["states", 2, "client.ok"], {"#bigint": "1", "x": 1}, "states/2/client.ok: has other keys"),
        (["states", 2, "client.ok"], {}, "states/2/client.ok: the key #bigint is missing"),
        (["#meta", "version"], "\ud800", "not Unicode"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    story: Story, path: list[str | int], value: Any, said: str
) -> None:
    assert said in refusal(altered(story, *path, value=value))


def test_top_level_garbage() -> None:
    assert refusal("[]") == "the file: is array, need object"
    assert refusal("{}") == "the file: the key #meta is missing"
    assert "not a whole number" in refusal("NaN")
    assert "cannot be right" in refusal("9" * 10_000)
    assert "cannot be right" in refusal("1" + "0" * 10_000 + ".5")
    assert "nested too deeply" in refusal("[" * 200_000)


@pytest.mark.parametrize("depth", [50, 300, 500, 700, 900, 950, 990, 5_000])
def test_deep_nesting_inside_a_known_key(story: Story, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for key in ("axes", "version", "bounds"):
        refusal(altered(story, "#meta", key, value="HERE").replace('"HERE"', nested))
    refusal(altered(story, "states", 1, "client.ok", value="HERE").replace('"HERE"', nested))
    refusal(altered(story, "#meta", "axes", "lock", value=["HERE"]).replace('"HERE"', nested))


def test_hostile_keys_stay_on_one_line(story: Story) -> None:
    for key in ("a\nb", "\x1b[31m", "k" * 5_000, "\ud800"):
        refusal(altered(story, "states", 1, key, value="x"))
        refusal(altered(story, "states", 1, key, value=1))
        refusal(altered(story, "#meta", "version", value={key: 1}))


def test_mutated_bytes_never_crash_the_reader(story: Story, tmp_path: Path) -> None:
    original = to_itf(cut(story, 2)).encode()
    chooser = random.Random(1)
    path = tmp_path / "trace.itf.json"
    for _ in range(150):
        content = bytearray(original)
        for _ in range(chooser.choice([1, 2, 20])):
            at = chooser.randrange(len(content))
            content[at : at + chooser.choice([0, 1, 30])] = chooser.randbytes(chooser.choice([0, 1, 4]))
        path.write_bytes(content)
        try:
            assert isinstance(read_file(path), Trace)
        except DocumentError as error:
            assert str(error).isprintable()


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"\x89PNG\r\n\x1a\n", b"{"])
def test_a_file_that_is_no_trace(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trace.itf.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match="need ITF JSON"):
        read_file(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent", Path("a\0b"), tmp_path / ("n" * 5_000)):
        with pytest.raises(DocumentError, match="cannot be read") as error:
            read_file(path)
        assert str(error.value).isprintable()
    with pytest.raises(DocumentError, match="cannot be read: not a regular file"):
        read_file(Path("/dev/zero"))
