"""JUnit XML: what fails, what is skipped, the counts, and text that XML cannot hold."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import run_cli
from rows import judged

from proofs.checking.judged import Judged
from proofs.reports.junit import to_junit, write_junit


def parsed(*rows: Judged, strict: bool = False) -> ET.Element:
    """What a parser makes of the XML of some rows."""
    return ET.fromstring(to_junit(rows, strict).encode())


def outcome(row: Judged, strict: bool = False) -> str | None:
    """The tag of the element that says how a row's case ended, None if it passed."""
    (case,) = parsed(row, strict=strict).iter("testcase")
    tags = [child.tag for child in case if child.tag != "system-out"]
    assert len(tags) <= 1
    return tags[0] if tags else None


@pytest.mark.parametrize(
    "verdict, expected, as_expected, wanted",
    [
        ("proved", "proved", True, None),
        ("proved", None, None, None),
        ("vacuous", None, None, "failure"),
        ("vacuous", "proved", False, "failure"),
        ("vacuous", "vacuous", True, "skipped"),
        ("proved", "violated at depth 3", False, "failure"),
        ("violated", "violated at depth 13", True, None),
        ("violated", None, None, "failure"),
        ("violated", "proved", False, "failure"),
        ("reached", None, None, None),
        ("unreachable", None, None, "failure"),
        ("bounded", None, None, None),
        ("unknown", None, None, "error"),
        ("unknown", "unknown: somehow", True, "skipped"),
        ("unknown", "proved", False, "failure"),
        ("not-applicable", None, None, "skipped"),
        ("not-applicable", "not-applicable", True, "skipped"),
        ("not-applicable", "proved", False, "failure"),
    ],
)
def test_outcome(verdict: str, expected: str | None, as_expected: bool | None, wanted: str | None) -> None:
    assert outcome(judged(verdict, expected, as_expected)) == wanted


def test_strict_fails_what_was_expected() -> None:
    assert outcome(judged("violated", "violated at depth 13", True), strict=True) == "failure"
    assert outcome(judged("proved", "proved", True), strict=True) is None


def test_one_suite_for_each_version_and_scenario() -> None:
    rows = [
        judged("proved"),
        judged("violated", property="works"),
        judged("unknown", scenario="endless", seconds=1.5),
        judged("not-applicable", scenario="endless", property="works", seconds=1.5),
        judged("proved", version="v16", seconds=0.5),
    ]
    root = parsed(*rows)
    assert [suite.get("name") for suite in root] == ["v12.default", "v12.endless", "v16.default"]
    assert [suite.get("time") for suite in root] == ["3.000", "1.500", "0.500"]
    assert root.attrib == {
        "name": "bam-lock-check",
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "5.000",
    }
    assert {**root[1].attrib} == {
        "name": "v12.endless",
        "tests": "2",
        "failures": "0",
        "errors": "1",
        "skipped": "1",
        "time": "1.500",
    }
    cases = list(root[0].iter("testcase"))
    assert [case.get("name") for case in cases] == ["quiet-engine", "works"]
    assert {case.get("classname") for case in cases} == {"v12.default"}
    assert [case.get("time") for case in cases] == ["1.500", "1.500"]


def test_a_case_says_why_and_where() -> None:
    row = judged("violated", "proved", False, trace="v12/quiet-engine.itf.json")
    (case,) = parsed(row).iter("testcase")
    failure, output = case.find("failure"), case.find("system-out")
    assert failure is not None and output is not None
    assert failure.attrib == {"message": "violated at depth 13: somehow; recorded: proved", "type": "violated"}
    assert output.text == "violated at depth 13: somehow\ntrace: v12/quiet-engine.itf.json"
    settings = {item.get("name"): item.get("value") for item in parsed(row).iter("property")}
    assert settings == {"bound.requests": "2", "assume.relock": "blocks"}


def test_text_that_xml_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "it.xml"
    write_junit([judged("unknown", version="a\x00b\x1b<&\"'\udcff\ufffe.toml", how="]]> \x07")], path)
    root = ET.parse(path).getroot()
    assert root[0].get("name") == "a\\x00b\\x1b<&\"'\\xdcff\\xfffe.toml.default"
    assert "]]> \\x07" in (root.findtext(".//system-out") or "")


def test_nothing_checked_is_an_empty_report() -> None:
    root = parsed()
    assert len(root) == 0 and root.get("tests") == "0" and root.get("time") == "0.000"


@pytest.mark.slow
def test_the_command_writes_both_reports(tmp_path: Path) -> None:
    arguments = (
        "--scenario",
        "default",
        "--property",
        "bracketed",
        "--property",
        "flag-truth",
        "--engine",
        "exhaustive",
    )
    files = (tmp_path / "it.json", tmp_path / "it.xml")
    run_cli("check", "v16", *arguments, "--json", files[0], "--junit", files[1], "-q")
    rows = json.loads(files[0].read_text())["results"]
    cases = list(ET.parse(files[1]).getroot().iter("testcase"))
    assert [case.get("name") for case in cases] == [row["property"] for row in rows] == ["bracketed", "flag-truth"]
    assert cases[1].find("skipped") is not None


@pytest.mark.parametrize(
    "arguments, hint",
    [
        (["check", "v12", "--junit", "/"], "is a folder"),
        (["check", "v12", "--junit", "/dev/null/it.xml"], "/dev/null"),
        (["check", "v12", "--junit", "/tmp/it", "--json", "/tmp/it"], "two files"),
        (["gate", "--junit", "/"], "is a folder"),
        (["gate", "--json", "/"], "is a folder"),
        (["gate", "--record", "--junit", "/tmp/it.xml"], "--record"),
    ],
)
def test_bad_places_are_found_before_any_work(arguments: list[str], hint: str) -> None:
    outcome = run_cli(*arguments)
    assert outcome.code == 2 and hint in outcome.complaint
