"""Traces as ITF JSON (Informal Trace Format), and reading them back without trusting what is in the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from counterexamples.documents import (
    LARGEST_NUMBER,
    NATURAL,
    ORIGIN,
    TEXT,
    DocumentError,
    origin,
    parsed,
    quoted,
    read_document,
    subject_of,
)
from counterexamples.story import Story
from counterexamples.trace import Trace
from model.language.system import Variable

SCHEMA = 1
TOOL = "bam-lock-check"

_NEED = "ITF JSON"
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
        "statement": TEXT,
        "kind": TEXT,
        "actions": {"type": "array", "items": TEXT},
        **ORIGIN,
    },
    "required": ["format", "schema", *ORIGIN, "actions"],
}
_STATE = {
    "type": "object",
    "properties": {
        "#meta": {
            "type": "object",
            "properties": {"index": NATURAL, "action": {"type": ["string", "null"]}},
            "required": ["index", "action"],
        }
    },
    "required": ["#meta"],
    "additionalProperties": {
        "if": {"type": "object"},
        "then": _BIG,
        "else": {"type": ["integer", "boolean"], "minimum": 0, "maximum": LARGEST_NUMBER},
    },
}
_FILE = {
    "type": "object",
    "properties": {
        "#meta": _META,
        "vars": {"type": "array", "items": {"type": "string", "pattern": "^[^#]"}, "uniqueItems": True},
        "states": {"type": "array", "items": _STATE, "minItems": 1},
        "loop": NATURAL,
    },
    "required": ["#meta", "vars", "states"],
}


_VALIDATOR = Draft202012Validator(_FILE)


def to_itf(story: Story) -> str:
    """The trace as ITF JSON; equal traces give equal text."""
    trace = story.trace
    meta = {
        "format": "ITF",
        "schema": SCHEMA,
        "tool": TOOL,
        "statement": trace.statement,
        "kind": trace.kind,
        "actions": trace.path,
    }
    variables = list(story.system.space.variables.values())
    states = [
        {"#meta": {"index": index, "action": action}}
        | {variable.name: _stored(variable, state[variable.name]) for variable in variables}
        for index, (action, state) in enumerate(zip([None, *trace.path], trace.states, strict=True))
    ]
    document: dict[str, Any] = {
        "#meta": meta | origin(trace.subject, trace.property_id),
        "vars": [variable.name for variable in variables],
        "states": states,
    }
    if trace.loop is not None:
        document["loop"] = trace.loop
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _stored(variable: Variable, value: int) -> Any:
    if variable.width == 0:
        return bool(value)
    return int(value) if value <= LARGEST_NUMBER else {"#bigint": str(value)}


def read_file(path: Path) -> Trace:
    """Read a stored trace, not yet replayed; raises DocumentError if the file cannot be read or is not one."""
    return read_document(path, read_itf, _NEED)


def read_itf(text: str) -> Trace:
    """Parse what `to_itf` wrote; raises DocumentError for anything else.

    What the file leaves out of its subject is not completed; its statement and kind may be missing.
    """
    document = parsed(text, _VALIDATOR, _NEED)
    _check_counts(document)
    meta = document["#meta"]
    return Trace(
        subject=subject_of(meta),
        property_id=meta["property"],
        statement=meta.get("statement", ""),
        kind=meta.get("kind", ""),
        path=tuple(meta["actions"]),
        states=tuple({name: _loaded(state[name]) for name in document["vars"]} for state in document["states"]),
        loop=document.get("loop"),
    )


def _loaded(value: Any) -> int:
    return int(value["#bigint"]) if isinstance(value, dict) else int(value)


def _check_counts(document: Mapping[str, Any]) -> None:
    names, actions, states = document["vars"], document["#meta"]["actions"], document["states"]
    if len(states) != len(actions) + 1:
        raise DocumentError(f"{len(actions)} actions and {len(states)} states; need one state more than actions")
    if document.get("loop", 0) >= len(states):
        raise DocumentError(f"loop: is {document['loop']}, need the index of one of {len(states)} states")
    for index, (action, state) in enumerate(zip([None, *actions], states, strict=True)):
        meta, place = state["#meta"], f"states/{index}"
        if meta["index"] != index:
            raise DocumentError(f"{place}/#meta/index: is {meta['index']}, need {index}")
        if meta["action"] != action:
            raise DocumentError(f"{place}/#meta/action: is {quoted(meta['action'])}, need {quoted(action)}")
        have, need = set(state) - {"#meta"}, set(names)
        for name in sorted(need - have):
            raise DocumentError(f"{place}: the variable {quoted(name)} is missing")
        for name in sorted(have - need):
            raise DocumentError(f"{place}: the variable {quoted(name)} is not in vars")
