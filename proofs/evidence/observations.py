"""Observations as a TOML file: which driver did what on real hardware, what was seen, and what was never seen.

A table `[[observation]]` for each. `seen` names what happened: hardware on which the model of that driver cannot show
it is excluded. `never` names what did not, in all its years: hardware on which the model must show it is excluded. Who
takes that as proved of the real thing should look at `strength`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from counterexamples.documents import DocumentError, quoted, read_document
from model import parameters, versions
from model.parameters import ParameterError
from model.subject import Subject
from model.versions import VersionError
from proofs.evidence.sights import claim

FILE = "observations.toml"
NEED = "a TOML file with tables [[observation]]"
WEAK = "weak"
_LINE = {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"}
_NAMES = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["observation"],
    "additionalProperties": False,
    "properties": {
        "observation": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "what", "source", "strength"],
                "additionalProperties": False,
                "properties": {
                    **dict.fromkeys(("id", "what", "source", "row", "no-row"), _LINE),
                    "strength": {"enum": ["strong", WEAK]},
                    "scenarios": {**_NAMES, "minItems": 1},
                    "seen": _NAMES,
                    "never": _NAMES,
                    "assume": {"type": "object", "additionalProperties": {"type": "string"}},
                    "bound": {"type": "object", "additionalProperties": {"type": "integer"}},
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Observation:
    """What was seen of one driver: `row` is a version, or None and `reason` says why there is none.

    `assume`: what is known of the machine that it was seen on; `bound`: a smaller workload that can show it, too.
    `line`: where it begins in its file.
    """

    id: str
    what: str
    source: str
    strength: str
    row: str | None = None
    reason: str = ""
    scenarios: tuple[str, ...] = ("default",)
    seen: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    assume: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, int] = field(default_factory=dict)
    line: int = 0

    def subject(self, scenario: str, values: Mapping[str, str]) -> Subject:
        """Its row in a scenario on hardware with these values, but for what is known of the machine."""
        return Subject.of(str(self.row), scenario, {**values, **self.assume}, self.bound)


def load(path: Path | None = None) -> list[Observation]:
    """The observations of a file, or the shipped ones; raises DocumentError, with the line that is wrong."""
    if path is None:
        return parse(files("proofs.evidence").joinpath(FILE).read_text(encoding="utf-8"))
    return read_document(path, parse, NEED)


def parse(text: str) -> list[Observation]:
    """The observations in a file's text; raises DocumentError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(f"not TOML: {error}; need {NEED}") from None
    except (ValueError, RecursionError):
        raise DocumentError(f"a value in it is too long or nested too deep; need {NEED}") from None
    lines = [number for number, line in enumerate(text.split("\n"), 1) if re.match(r"\s*\[\[", line)]
    wrong = min(Draft202012Validator(SCHEMA).iter_errors(content), key=_place, default=None)
    if wrong is not None:
        raise DocumentError(f"{_at(lines, _place(wrong))}{_explained(wrong)}")
    found: dict[str, Observation] = {}
    for index, entry in enumerate(content["observation"]):
        try:
            item = _observation(entry, lines[index] if index < len(lines) else 0)
        except (ParameterError, VersionError, ValueError) as error:
            raise DocumentError(f"{_at(lines, index)}{quoted(entry['id'])}: {error}") from None
        if item.id in found:
            raise DocumentError(f"{_at(lines, index)}{quoted(item.id)} is there twice; need each id once")
        found[item.id] = item
    return list(found.values())


def _at(lines: list[int], index: int) -> str:
    return f"line {lines[index]}: " if 0 <= index < len(lines) else ""


def _place(error: ValidationError) -> int:
    """The number of the table in which something is wrong; -1 for what concerns them all."""
    path = list(error.absolute_path)
    return int(path[1]) if len(path) > 1 else -1


def _explained(error: ValidationError) -> str:
    path = [str(part) for part in error.absolute_path][2:]
    place = "/".join(quoted(part)[1:-1] for part in path) or "an observation"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        extra = next(key for key in error.instance if key not in known)
        return f"key {quoted(extra)} does not exist; need {', '.join(known)}"
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{place} lacks {', '.join(missing)}; need {NEED}"
    needs = {"enum": f"one of {error.validator_value}", "pattern": "one line of text", "minItems": "at least one"}
    wanted = needs.get(str(error.validator), f"{error.validator} {error.validator_value}")
    return f"{place} is {quoted(error.instance)}; need {wanted}"


def _observation(entry: Mapping[str, Any], line: int) -> Observation:
    """An observation whose names are all known; raises ParameterError, VersionError or ValueError."""
    own: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    reason = str(own.pop("no-row", ""))
    item = Observation(**own, reason=reason, line=line)
    if (item.row is None) != bool(reason):
        raise ValueError("need either `row`, a version, or `no-row`, why there is none")
    if item.row is None:
        return item
    if not (item.seen or item.never):
        raise ValueError("need something in `seen` or in `never`")
    for names, seen in ((item.seen, True), (item.never, False)):
        for name in names:
            claim(name, seen)
    versions.load(item.row)
    for scenario in item.scenarios:
        item.subject(scenario, {})
    parameters.assumptions(item.assume)
    return item
