"""Traces as ITF JSON (Informal Trace Format), and reading them back without trusting what is in the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from counterexamples.trace import Trace
from model.system import Variable

SCHEMA = 1
TOOL = "bam-lock-check"
LARGEST_FILE = 64 << 20

_LARGEST_NUMBER = (1 << 53) - 1  # beyond it, not every JSON reader keeps an integer exact
_TEXT = {"type": "string"}
_NATURAL = {"type": "integer", "minimum": 0, "maximum": _LARGEST_NUMBER}
_BIG = {
    "type": "object",
    "properties": {"#bigint": {"type": "string", "pattern": r"^[0-9]{1,1000}\Z"}},
    "required": ["#bigint"],
    "additionalProperties": False,
}
_META = {
    "type": "object",
    "properties": {
        "schema": {"type": "integer", "const": SCHEMA},
        "format": {"const": "ITF"},
        "version": _TEXT,
        "property": _TEXT,
        "statement": _TEXT,
        "kind": _TEXT,
        "scenario": _TEXT,
        "bounds": {"type": "object", "additionalProperties": _NATURAL},
        "assumptions": {"type": "object", "additionalProperties": _TEXT},
        "axes": {"type": "object", "additionalProperties": {"type": ["string", "boolean", "array"], "items": _TEXT}},
        "actions": {"type": "array", "items": _TEXT},
    },
    "required": ["format", "schema", "version", "property", "scenario", "bounds", "assumptions", "axes", "actions"],
}
_STATE = {
    "type": "object",
    "properties": {
        "#meta": {
            "type": "object",
            "properties": {"index": _NATURAL, "action": {"type": ["string", "null"]}},
            "required": ["index", "action"],
        }
    },
    "required": ["#meta"],
    "additionalProperties": {
        "if": {"type": "object"},
        "then": _BIG,
        "else": {"type": ["integer", "boolean"], "minimum": 0, "maximum": _LARGEST_NUMBER},
    },
}
_FILE = {
    "type": "object",
    "properties": {
        "#meta": _META,
        "vars": {"type": "array", "items": {"type": "string", "pattern": "^[^#]"}, "uniqueItems": True},
        "states": {"type": "array", "items": _STATE, "minItems": 1},
        "loop": _NATURAL,
    },
    "required": ["#meta", "vars", "states"],
}


class TraceFileError(Exception):
    """A file that is not a stored trace: one line, what is wrong and what would be right."""


@dataclass(frozen=True)
class StoredTrace:
    """What a trace file says, well formed but not yet replayed: `path` has the action names, `states` one more."""

    version: str
    property_id: str
    scenario: str
    bounds: Mapping[str, int]
    assumptions: Mapping[str, str]
    axes: Mapping[str, Any]
    path: tuple[str, ...]
    states: tuple[Mapping[str, int], ...]
    loop: int | None = None


def to_itf(trace: Trace) -> str:
    """The trace as ITF JSON; equal traces give equal text."""
    names = [step.name for step in trace.steps]
    meta = {
        "format": "ITF",
        "schema": SCHEMA,
        "tool": TOOL,
        "version": trace.version,
        "property": trace.property_id,
        "statement": trace.statement,
        "kind": trace.kind,
        "scenario": trace.scenario,
        "bounds": dict(trace.bounds),
        "assumptions": dict(trace.assumptions),
        "axes": dict(trace.axes),
        "actions": names,
    }
    variables = list(trace.space.variables.values())
    states = [
        {"#meta": {"index": index, "action": action}}
        | {variable.name: _stored(variable, state[variable.name]) for variable in variables}
        for index, (action, state) in enumerate(zip([None, *names], trace.states, strict=True))
    ]
    document: dict[str, Any] = {"#meta": meta, "vars": [variable.name for variable in variables], "states": states}
    if trace.loop is not None:
        document["loop"] = trace.loop
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _stored(variable: Variable, value: int) -> Any:
    if variable.width == 0:
        return bool(value)
    return int(value) if value <= _LARGEST_NUMBER else {"#bigint": str(value)}


def read_file(path: Path) -> StoredTrace:
    """Read a stored trace; raises TraceFileError if the file cannot be read or is not one."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise TraceFileError(f"{_quoted(str(path))} cannot be read: {reason}") from None
    if len(content) > LARGEST_FILE:
        raise TraceFileError(f"{_quoted(str(path))} is larger than {LARGEST_FILE >> 20} MiB: no stored trace is")
    try:
        return read_itf(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise TraceFileError(f"{_quoted(str(path))}: not UTF-8 at byte {error.start}; need ITF JSON") from None
    except TraceFileError as error:
        raise TraceFileError(f"{_quoted(str(path))}: {error}") from None


def read_itf(text: str) -> StoredTrace:
    """Parse what `to_itf` wrote; raises TraceFileError for anything else."""
    document = _parsed(text)
    try:
        error = next(Draft202012Validator(_FILE).iter_errors(document), None)
        # a lone surrogate is legal JSON, but nothing that can be printed
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (RecursionError, UnicodeEncodeError):
        raise TraceFileError("nested too deeply, or text that is not Unicode; need a stored trace") from None
    if error is not None:
        raise TraceFileError(_explained(error))
    _check_counts(document)
    meta = document["#meta"]
    return StoredTrace(
        version=meta["version"],
        property_id=meta["property"],
        scenario=meta["scenario"],
        bounds=meta["bounds"],
        assumptions=meta["assumptions"],
        axes=meta["axes"],
        path=tuple(meta["actions"]),
        states=tuple({name: _loaded(state[name]) for name in document["vars"]} for state in document["states"]),
        loop=document.get("loop"),
    )


def _parsed(text: str) -> Any:
    def refuse(literal: str) -> Any:
        raise ValueError(f"{literal[:20]} is not a whole number")

    try:
        return json.loads(text, parse_float=refuse, parse_constant=refuse)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise TraceFileError(f"not JSON, or cut off, at {where} ({error.msg}); need ITF JSON") from None
    except ValueError as error:
        reason = str(error).split(";", 1)[0]
        raise TraceFileError(f"a number that cannot be right: {reason}; need whole numbers below 2**53") from None
    except RecursionError:
        raise TraceFileError("nested too deeply; need a stored trace") from None


def _loaded(value: Any) -> int:
    return int(value["#bigint"]) if isinstance(value, dict) else int(value)


def _explained(error: ValidationError) -> str:
    path = "/".join(_bare(part) for part in error.absolute_path)
    place = path or "the file"
    value, wanted = error.instance, error.validator_value
    if error.validator == "required":
        missing = next(key for key in wanted if key not in value)
        return f"{place}: the key {missing} is missing"
    if error.validator == "type":
        names = " or ".join([wanted] if isinstance(wanted, str) else wanted)
        return f"{place}: is {_type_name(value)}, need {names}"
    if error.validator == "const":
        return f"{place}: is {_quoted(value)}, need {_quoted(wanted)}"
    needs = {
        "minimum": "need a number that is not negative",
        "maximum": 'need a number below 2**53, or {"#bigint": "..."}',
        "minItems": "need at least one state",
        "uniqueItems": "names a variable twice, need each one once",
        "additionalProperties": 'has other keys, need just {"#bigint": "..."}',
        "pattern": "need decimal digits" if path.endswith("#bigint") else "need a name that does not start with #",
    }
    return f"{place}: {needs.get(str(error.validator), 'is not what a stored trace has there')}"


def _type_name(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", type(None): "null"}
    return names[type(value)]


def _quoted(value: Any) -> str:
    text = ascii(value) if not isinstance(value, (dict, list)) else _type_name(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _bare(part: str | int) -> str:
    # a key of the file may hold anything, also line ends
    return str(part) if isinstance(part, int) else _quoted(part)[1:-1] if len(part) < 100 else _quoted(part)


def _check_counts(document: Mapping[str, Any]) -> None:
    names, actions, states = document["vars"], document["#meta"]["actions"], document["states"]
    if len(states) != len(actions) + 1:
        raise TraceFileError(f"{len(actions)} actions and {len(states)} states; need one state more than actions")
    if document.get("loop", 0) >= len(states):
        raise TraceFileError(f"loop: is {document['loop']}, need the index of one of {len(states)} states")
    for index, (action, state) in enumerate(zip([None, *actions], states, strict=True)):
        meta, place = state["#meta"], f"states/{index}"
        if meta["index"] != index:
            raise TraceFileError(f"{place}/#meta/index: is {meta['index']}, need {index}")
        if meta["action"] != action:
            raise TraceFileError(f"{place}/#meta/action: is {_quoted(meta['action'])}, need {_quoted(action)}")
        have, need = set(state) - {"#meta"}, set(names)
        for name in sorted(need - have):
            raise TraceFileError(f"{place}: the variable {_quoted(name)} is missing")
        for name in sorted(have - need):
            raise TraceFileError(f"{place}: the variable {_quoted(name)} is not in vars")
