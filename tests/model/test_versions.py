"""The version files: what ships is right, what is wrong is refused with one line that says where and what would do."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from model import versions
from model.versions import UNKNOWN, Change, Version, VersionError, load, names

HEAD = 'title = "a change"\nsource = "a posting"\nbase = "v12"\n'


def complete_file() -> str:
    """A file that needs no base: every axis as in v16."""
    lines = ['title = "a version"', 'source = "a posting, a date"']
    for axis, value in load("v16").axes.items():
        lines += [f"[axes.{axis}]", f"value = {json.dumps(value)}", 'source = "a patch"']
    return "\n".join(lines)


COMPLETE = complete_file()


def written(folder: Path, content: str | bytes, name: str = "mine.toml") -> Path:
    """A file with this content, its missing folders made."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(reference: str | Path) -> str:
    """The message with which a version is refused; always one line that a terminal can print."""
    with pytest.raises(VersionError) as caught:
        load(reference)
    message = str(caught.value)
    assert message.isprintable(), "more than one line, or control characters"
    return message


# What ships


def test_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(versions.schema())


@pytest.mark.parametrize("axis", versions.axes())
def test_schema_documents_each_axis_and_value(axis: str) -> None:
    assert versions.axes()[axis].strip()
    assert versions.axis_values(axis) == tuple(versions.meanings(axis))
    assert len(versions.axis_values(axis)) > 1
    assert all(meaning.strip() for meaning in versions.meanings(axis).values())
    assert UNKNOWN not in versions.axis_values(axis)


def test_every_shipped_keyword_of_the_schema_has_a_sentence() -> None:
    from model.versions import _schema

    silent = {"$ref", "if", "else", "allOf", "properties", "items", "const", "description", "$schema", "title"}
    silent |= {"$comment", "$defs", "default"}
    assert _keywords(versions.schema()) - silent == set(_schema._COMPLAINTS)


def _keywords(schema: object) -> set[str]:
    """The keywords of a schema and of all schemas in it."""
    if not isinstance(schema, dict):
        return set()
    found = set(schema)
    for keyword, inner in schema.items():
        if keyword in ("properties", "$defs"):
            children = list(inner.values())
        else:
            children = inner if isinstance(inner, list) else [inner]
        found |= {word for child in children for word in _keywords(child)}
    return found


def test_there_are_versions_to_check() -> None:
    assert {"v12", "v16"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_shipped_file_is_valid_and_complete(name: str) -> None:
    version = load(name)
    assert version.name == name
    assert list(version.axes) == list(versions.axes())
    for axis, value in version.axes.items():
        steps = value if isinstance(value, tuple) else (value,)
        assert set(steps) <= {*versions.axis_values(axis), UNKNOWN}
    assert version.base is None or version.base in names()


@pytest.mark.parametrize("name", names())
def test_shipped_file_sets_nothing_that_its_base_has_already(name: str) -> None:
    version = load(name)
    if version.base is not None:
        base = load(version.base)
        assert {axis for axis, own in version.changes.items() if own.value == base.axes[axis]} == set()


def test_v12_and_v16_are_what_the_patches_say() -> None:
    v12 = {
        "lock": "issue",
        "unlock": "work",
        "lock-storage": "channel",
        "lock-flag": "locked",
        "nwd": "none",
        "request": ("rx-data", "tx-data", "commands", "issue-rx", "issue-tx"),
        "completion": ("terminate-rx", "terminate-tx", "unmap-data", "status", "finish"),
    }
    v16 = {
        "lock": "start",
        "unlock": "start",
        "lock-storage": "descriptor",
        "lock-flag": "none",
        "nwd": "rx-data",
        "request": ("commands", "rx-data", "tx-data", "issue-tx", "issue-rx"),
        "completion": ("terminate-rx", "terminate-tx", "unmap-data", "status", "finish"),
    }
    assert load("v12").axes.items() >= v12.items()
    assert load("v16").axes.items() >= v16.items()


def test_names_are_in_natural_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("v10.toml", "v2.toml", "mainline.toml", "alternative.toml", "v1.toml", "schema.json", "notes.txt"):
        written(tmp_path, "", name)
    monkeypatch.setattr("model.versions._document.files", lambda _package: tmp_path)
    assert names() == ("mainline", "v1", "v2", "v10", "alternative")


# Files of the user's own


def test_complete_file(tmp_path: Path) -> None:
    path = written(tmp_path, COMPLETE)
    version = load(path)
    assert (version.name, version.title, version.source) == (str(path), "a version", "a posting, a date")
    assert version.base is None
    assert version.changes["nwd"] == Change("rx-data", "a patch")
    assert {axis: change.value for axis, change in version.changes.items()} == version.axes
    assert load(str(path)) == version


def test_file_takes_what_it_leaves_out_from_its_bases(tmp_path: Path) -> None:
    written(tmp_path, HEAD + '[axes.nwd]\nvalue = "rx-data"\nsource = "a mail"\n', "first.toml")
    text = (
        'title = "t"\nsource = "s"\nbase = "../first.toml"\n[axes.lock-release]\nvalue = "never"\nsource = "a mail"\n'
    )
    version = load(written(tmp_path, text, "deeper/second.toml"))
    assert version.axes == {**load("v12").axes, "nwd": "rx-data", "lock-release": "never"}
    assert version.changes == {"lock-release": Change("never", "a mail")}
    assert version.base == "../first.toml"


def test_nearest_change_wins(tmp_path: Path) -> None:
    written(tmp_path, HEAD + '[axes.nwd]\nvalue = "rx-data"\nsource = "s"\n', "first.toml")
    text = HEAD.replace("v12", "first.toml") + '[axes.nwd]\nvalue = "none"\nsource = "s"\n'
    assert load(written(tmp_path, text)).axes["nwd"] == "none"


def test_file_may_change_nothing(tmp_path: Path) -> None:
    version = load(written(tmp_path, HEAD))
    assert version.axes == load("v12").axes
    assert version.changes == {}


def test_name_is_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, COMPLETE)
    written(tmp_path, COMPLETE, "no-suffix")
    monkeypatch.chdir(tmp_path)
    assert load("mine.toml").name == "mine.toml"
    assert load("./no-suffix").name == "./no-suffix"
    assert load(Path("no-suffix")).name == "no-suffix"


def test_own_file_cannot_pass_for_a_shipped_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, COMPLETE, "v12.toml")
    monkeypatch.chdir(tmp_path)
    assert load("v12.toml").name not in names()
    assert load("v12").title != "a version"


@pytest.mark.parametrize("axis", versions.axes())
def test_every_axis_may_be_unknown(tmp_path: Path, axis: str) -> None:
    path = written(tmp_path, HEAD + f'[axes.{axis}]\nvalue = "unknown"\nsource = "no posting shows it"\n')
    assert load(path).axes[axis] == UNKNOWN


@pytest.mark.parametrize("spelling", ['axes.nwd = {value = "rx-data", source = "s"}', 'axes."nwd".value = "rx-data"'])
def test_other_spellings_of_toml(tmp_path: Path, spelling: str) -> None:
    text = HEAD + spelling + ("" if "{" in spelling else '\naxes.nwd.source = "s"')
    assert load(written(tmp_path, text.replace("\n", "\r\n"))).axes["nwd"] == "rx-data"


def test_digest_depends_on_the_axes_alone(tmp_path: Path) -> None:
    complete = load(written(tmp_path, COMPLETE))
    renamed = load(written(tmp_path, COMPLETE.replace("a version", "another"), "other.toml"))
    reordered = load(written(tmp_path, COMPLETE.replace('"issue-tx", "issue-rx"', '"issue-rx", "issue-tx"'), "c.toml"))
    assert re.fullmatch("[0-9a-f]{64}", complete.digest)
    assert complete.digest == renamed.digest == load("v16").digest
    assert len({complete.digest, reordered.digest, load("v12").digest}) == 3


def test_version_can_be_hashed_and_sent_to_a_worker() -> None:
    version = load("v16")
    copy: Version = pickle.loads(pickle.dumps(version))
    assert copy == version
    assert len({copy, version}) == 1


# Versions that do not exist


@pytest.mark.parametrize(("name", "nearest"), [("v-12", "v12"), ("V16", "v16"), ("12", "v12"), ("v 16", "v16")])
def test_unknown_version_names_the_nearest(name: str, nearest: str) -> None:
    message = refusal(name)
    assert f"unknown version {name!r}; nearest: {nearest}; " in message
    assert f"valid: {', '.join(names())}" in message


@pytest.mark.parametrize("name", ["", "schema", "nonsense", "v12\n", "__init__"])
def test_unknown_version_near_to_none(name: str) -> None:
    assert f"unknown version {name!r}; " in refusal(name)


def test_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"
    assert refusal(path) == f"{path}: there is no such file"
    assert "there is no such file" in refusal("absent.toml")


@pytest.mark.parametrize("name", ["two\nlines.toml", "\x1b[31m.toml", "\u202elmot.toml", "\udcff.toml", "\0.toml"])
def test_file_name_that_cannot_be_printed(tmp_path: Path, name: str) -> None:
    assert "has characters that cannot be printed; rename" in refusal(tmp_path / name)


def test_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: is a folder; valid: the path of a .toml file"


def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "round.toml"
    path.symlink_to(path)
    assert refusal(path) == f"{path}: cannot be read: {os.strerror(errno.ELOOP)}; valid: a .toml file"


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.toml"
    os.mkfifo(fifo)
    for path in (fifo, Path("/dev/zero")):
        assert refusal(path) == f"{path}: cannot be read: not a regular file; valid: a .toml file"
        mine = written(tmp_path, HEAD.replace('"v12"', f'"{path}"'))
        assert refusal(mine) == f"{mine}: line 3: base: {refusal(path)}"


def test_file_that_is_too_large(tmp_path: Path) -> None:
    path = written(tmp_path, COMPLETE)
    os.truncate(path, 1 << 40)
    assert "cannot be read: larger than 1 MiB" in refusal(path)


def test_file_below_a_file(tmp_path: Path) -> None:
    assert "cannot be read: Not a directory" in refusal(written(tmp_path, COMPLETE) / "v12.toml")


# Malformed files


@dataclass(frozen=True)
class Wrong:
    """A malformed file, the line to be named, and what else the message has to say."""

    about: str
    content: str | bytes
    line: int
    says: tuple[str, ...]


def change(name: str, value: str, source: str = '"s"') -> str:
    """A file that changes one axis of v12; the axis is on line 4, the value on line 5, the source on line 6."""
    return f"{HEAD}[axes.{name}]\nvalue = {value}\nsource = {source}\n"


def valid(axis: str) -> str:
    """What a message has to list as the values of an axis."""
    return f"valid: {', '.join(versions.axis_values(axis))}, {UNKNOWN}"


STEPS = ", ".join(versions.axis_values("request"))
WRONG = [
    Wrong("not UTF-8", HEAD.encode() + b"# \xff\n", 4, ("not UTF-8", "0xff")),
    Wrong("UTF-16", HEAD.encode("utf-16"), 1, ("not UTF-8",)),
    Wrong("not TOML", HEAD + "[axes.lock]\nvalue start\n", 5, ("not TOML", "Expected '=' after a key")),
    Wrong("cut off", HEAD + "[axes.request]\nvalue = [", 5, ("not TOML",)),
    Wrong("cut off in a string", HEAD + 'axes.lock.value = """', 4, ("not TOML",)),
    Wrong("axis twice", change("nwd", '"none"') + "[axes.nwd]\n", 7, ("not TOML", "'axes', 'nwd'")),
    Wrong("key twice", HEAD + 'title = "t"\n', 4, ("not TOML", "overwrite")),
    Wrong("empty", "", 1, ("missing: title", "source")),
    Wrong("no title", 'source = "s"\nbase = "v12"\n', 1, ("missing: title (",)),
    Wrong("no source", 'title = "t"\nbase = "v12"\n', 1, ("missing: source (",)),
    Wrong("title a number", HEAD.replace('"a change"', "3"), 1, ("title: not 3 but a string",)),
    Wrong("title blank", HEAD.replace("a change", " "), 1, ("title: not ' ' but one line",)),
    Wrong("title of two lines", HEAD.replace("a change", r"a\nb"), 1, ("title", r"'a\nb'", "one line")),
    Wrong("title a line and its end", HEAD.replace("a change", r"a\n"), 1, ("title", "one line")),
    Wrong("source a date", HEAD.replace('"a posting"', "2026-03-10"), 2, ("source: not datetime.date", "a string")),
    Wrong("base a number", HEAD.replace('"v12"', "12"), 3, ("base: not 12 but a string",)),
    Wrong("base blank", HEAD.replace("v12", ""), 3, ("base: not ''",)),
    Wrong("base unknown", HEAD.replace("v12", "v-12"), 3, ("base: unknown version 'v-12'", "nearest: v12", "valid: ")),
    Wrong("base missing", HEAD.replace("v12", "./no.toml"), 3, ("base: ", "no.toml: there is no such file")),
    Wrong("base a folder", HEAD.replace("v12", "./"), 3, ("base: ", "is a folder")),
    Wrong("base no file name", HEAD.replace("v12", r"./\u0000"), 3, ("base: ", "control characters")),
    Wrong(
        "title with an escape", HEAD.replace("a change", r"a\u001b[31m"), 1, ("title", r"\x1b", "control characters")
    ),
    Wrong("title turned round", HEAD.replace("a change", r"a\u202eb"), 1, ("title", "control characters")),
    Wrong("unknown key", HEAD + "titel = 1\n", 4, ("key 'titel' does not exist", "nearest: title", "valid: title,")),
    Wrong("odd key", HEAD + r'"a\nb" = 1', 1, (r"key 'a\nb' does not exist",)),
    Wrong("axes a string", HEAD + 'axes = "lock"\n', 4, ("axes: not 'lock' but a table", "lock-storage")),
    Wrong("axes an array of tables", HEAD + "[[axes]]\n", 4, ("axes: not [{}] but a table",)),
    Wrong("axis unknown", change("lokc", '"none"'), 4, ("axis 'lokc' does not exist", "nearest: lock;", "lock-flag")),
    Wrong("axis a string", HEAD + '[axes]\nlock = "start"\n', 5, ("axis 'lock': ", "a table of: value, source")),
    Wrong("no value", HEAD + '[axes.nwd]\nsource = "s"\n', 4, ("axis 'nwd': missing: value (",)),
    Wrong("axis without source", HEAD + '[axes.nwd]\nvalue = "none"\n', 4, ("axis 'nwd': missing: source (",)),
    Wrong("axis with unknown key", change("nwd", '"none"') + "sauce = 1\n", 7, ("'nwd'", "'sauce'", "nearest: source")),
    Wrong("source of axis blank", change("nwd", '"none"', '""'), 6, ("source of axis 'nwd': not ''",)),
    Wrong("source of axis wrong", change("nwd", '"none"', "7"), 6, ("source of axis 'nwd': not 7 but a string",)),
    Wrong("value unknown", change("lock", '"strat"'), 5, ("'lock': value 'strat'", "nearest: start", valid("lock"))),
    Wrong("value of another axis", change("lock", '"rx-data"'), 5, ("value 'rx-data' does not exist", valid("lock"))),
    Wrong("value in capitals", change("lock-flag", '"None"'), 5, ("'lock-flag'", "nearest: none", valid("lock-flag"))),
    Wrong("value Boolean", change("lock-flag", "true"), 5, ("'lock-flag': not True but a string", valid("lock-flag"))),
    Wrong("value an array", change("lock", '["start"]'), 5, ("axis 'lock': not ['start'] but a string", valid("lock"))),
    Wrong("inline table", HEAD + 'axes.nwd = {value = "x", source = "s"}', 4, ("'nwd'", valid("nwd"))),
    Wrong("steps a string", change("request", '"issue-rx"'), 5, ("'request': not 'issue-rx' but an array", STEPS)),
    Wrong("step unknown", change("request", '["issue-xr"]'), 5, ("'request': step 'issue-xr'", f"valid: {STEPS}")),
    Wrong("step may not be unknown", change("request", '["unknown"]'), 5, ("step 'unknown' does not exist", STEPS)),
    Wrong("step a number", change("request", '["issue-rx", "issue-tx", 1]'), 5, ("step 1 does not exist", STEPS)),
    Wrong("no issue-rx", change("request", '["issue-tx"]'), 5, ("'request': step 'issue-rx' is missing",)),
    Wrong("no issue-tx", change("request", '["issue-rx"]'), 5, ("'request': step 'issue-tx' is missing",)),
    Wrong("no finish", change("completion", '["status"]'), 5, ("'completion': step 'finish' is missing",)),
    Wrong("no steps", change("completion", "[]"), 5, ("'completion': step 'finish' is missing",)),
    Wrong("two mistakes", change("nwd", '"x"') + "[axes.lock]\nvalue = 1\n", 5, ("axis 'nwd'",)),
    Wrong("no base, no axes", HEAD.replace("base", "# "), 1, ("axes: missing: ", "lock-storage, ", "valid: a base")),
    Wrong("no base, one axis", change("nwd", '"none"').replace("base", "# "), 4, ("axes: missing: ", "lock-storage, ")),
    Wrong("long value", change("lock", f'"{"x" * 999}"'), 5, ("xxx... does not exist", valid("lock"))),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.about)
def test_malformed_file(tmp_path: Path, wrong: Wrong) -> None:
    path = written(tmp_path, wrong.content)
    message = refusal(path)
    assert message.startswith(f"{path}: line {wrong.line}: ")
    for part in wrong.says:
        assert part in message


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 5000])
def test_beyond_the_limits_of_python(tmp_path: Path, value: str) -> None:
    path = written(tmp_path, HEAD + f"axes = {value}")
    assert refusal(path) == f"{path}: a value in it is too long or nested too deep"


def test_mistake_in_a_base_is_reported_there(tmp_path: Path) -> None:
    base = written(tmp_path, change("nwd", '"x"'), "base.toml")
    assert refusal(written(tmp_path, HEAD.replace("v12", "base.toml"))).startswith(f"{base}: line 5: axis 'nwd'")


def test_cycle_of_bases_shows_the_chain(tmp_path: Path) -> None:
    first = written(tmp_path, HEAD.replace("v12", "./b.toml"), "a.toml")
    second = written(tmp_path, HEAD.replace("v12", "./c.toml"), "b.toml")
    third = written(tmp_path, HEAD.replace("v12", "../" + tmp_path.name + "/b.toml"), "c.toml")
    message = refusal(first)
    assert message.startswith(f"{third}: line 3: base: a cycle: {second} -> {third} -> {second}; valid: ")


def test_file_that_is_its_own_base(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("v12", "mine.toml"))
    assert f"{path} -> {path};" in refusal(path)


def test_base_of_a_shipped_file_is_no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written(tmp_path, HEAD.replace("v12", "./v12.toml"), "v13.toml")
    monkeypatch.setattr("model.versions._document.files", lambda _package: tmp_path)
    assert refusal("v13").startswith("model/versions/v13.toml: line 3: base: unknown version './v12.toml'")


def test_axis_that_does_not_exist() -> None:
    with pytest.raises(VersionError, match=r"^axis 'ndw' does not exist; nearest: nwd; valid: .*lock-flag"):
        versions.axis_values("ndw")
