"""JUnit XML of judged results, for the test reports of CI systems: one suite per version and scenario.

A test case fails where `check` and `gate` would exit with 1 or 4; an answer that is missing is an error. What was
recorded as missing, or as vacuous, is skipped, with a message that says so: it is no proof.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from counterexamples.documents import write_file
from proofs.checking.judged import Judged
from proofs.checking.words import Word

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(rows: Sequence[Judged], strict: bool = False) -> str:
    """All results as JUnit XML; with `strict` any violation is a failure, expected or not."""
    suites: dict[tuple[str, str], list[Judged]] = {}
    for row in rows:
        suites.setdefault((row.result.version, row.result.scenario), []).append(row)
    root = ET.Element("testsuites", {"name": "bam-lock-check"})
    for members in suites.values():
        root.append(_suite(members, strict))
    seconds = sum(members[0].result.seconds for members in suites.values())
    root.attrib |= _counts(root) | {"time": f"{seconds:.3f}"}
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def write_junit(rows: Sequence[Judged], path: Path, strict: bool = False) -> None:
    """Write `to_junit`; raises OSError."""
    write_file(path, to_junit(rows, strict))


def _suite(rows: Sequence[Judged], strict: bool) -> ET.Element:
    first = rows[0].result
    suite = ET.Element("testsuite", {"name": _text(f"{first.version}.{first.scenario}")})
    settings = ET.SubElement(suite, "properties")
    for kind, values in (("bound", first.bounds), ("assume", first.assumptions)):
        for key, value in values.items():
            ET.SubElement(settings, "property", {"name": f"{kind}.{key}", "value": _text(str(value))})
    for row in rows:
        # one exploration answers for a whole suite: each case gets its share of the time
        suite.append(_case(row, first.seconds / len(rows), strict))
    suite.attrib |= _counts(suite) | {"time": f"{first.seconds:.3f}"}
    return suite


def _case(row: Judged, seconds: float, strict: bool) -> ET.Element:
    item = row.result
    names = {"name": _text(item.property), "classname": _text(f"{item.version}.{item.scenario}")}
    case = ET.Element("testcase", names | {"time": f"{seconds:.3f}"})
    outcome = _outcome(row, strict)
    if outcome is not None:
        kind, message = outcome
        attributes = {"message": _text(message)}
        ET.SubElement(case, kind, attributes if kind == "skipped" else {**attributes, "type": item.verdict})
    lines = [f"{_verdict(row)}: {item.how}"]
    if item.trace is not None:
        lines.append(f"trace: {item.trace}")
    if item.cached:
        lines.append("cached")
    ET.SubElement(case, "system-out").text = _text("\n".join(lines))
    return case


def _outcome(row: Judged, strict: bool) -> tuple[str, str] | None:
    """The element that says that a case did not pass, and its message; None if it passed."""
    item = row.result
    found = f"{_verdict(row)}: {item.how}"
    if row.as_expected is False:
        return "failure", f"{found}; recorded: {row.expected}"
    if strict and item.verdict is Word.VIOLATED:
        return "failure", found
    if item.verdict is Word.NOT_APPLICABLE:
        return "skipped", item.how
    if item.verdict is Word.VACUOUS:
        return ("skipped" if row.as_expected else "failure"), found
    if item.verdict is Word.UNKNOWN:
        return ("skipped" if row.as_expected else "error"), found
    if row.expected is None and item.verdict.is_wrong:
        return "failure", found
    return None


def _verdict(row: Judged) -> str:
    item = row.result
    if item.strength is not None:
        return f"{item.verdict} ({item.strength})"
    return f"{item.verdict} at depth {item.depth}" if item.verdict in (Word.VIOLATED, Word.REACHED) else item.verdict


def _counts(element: ET.Element) -> dict[str, str]:
    counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    return {name: str(sum(1 for _ in element.iter(tag))) for name, tag in counted.items()}


def _text(text: str) -> str:
    """The text without what XML 1.0 cannot hold; a file's name may have anything in it."""
    return _NOT_XML.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
