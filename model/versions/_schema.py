"""What `schema.json` says: which axes exist, what their values mean, and one sentence for each way to break it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NotRequired, TypedDict

from jsonschema import Draft202012Validator, ValidationError

UNKNOWN = "unknown"
"""The value of an axis about which nothing is known; every axis has it, and it is in no axis's own values."""


Value = str | tuple[str, ...]
"""What a version does on one axis: a value, the steps in their order, or `UNKNOWN`."""


class Stated(TypedDict):
    """What a file says about one axis."""

    value: str | list[str]
    source: str


class Content(TypedDict):
    """What a file may hold that satisfies the schema."""

    title: str
    source: str
    base: NotRequired[str]
    axes: NotRequired[dict[str, Stated]]
    subject: NotRequired[str]
    posted: NotRequired[str]
    link: NotRequired[str]
    draft: NotRequired[bool]


class VersionError(Exception):
    """A version that does not exist, or a version file that is wrong. The message is one line, ready to print."""


@cache
def _schema() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(files(__package__).joinpath("schema.json").read_text(encoding="utf-8"))
    return content


def schema() -> Mapping[str, object]:
    """The JSON Schema of the version files."""
    return _schema()


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(_schema())


def axes() -> Mapping[str, str]:
    """Every axis and what it is about, in the schema's order."""
    return {name: axis["description"] for name, axis in _axis_schemas().items()}


def defaults() -> dict[str, Value]:
    """For each axis that may be left out, what that means: the `default` that the schema states."""
    stated = {name: axis["default"] for name, axis in _axis_schemas().items() if "default" in axis}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stated.items()}


def axis_values(axis: str) -> tuple[str, ...]:
    """The values of an axis, or, if its value is an array, the steps that this may hold; without `UNKNOWN`.

    Raises VersionError if there is no such axis.
    """
    return tuple(meanings(axis))


def meanings(axis: str) -> Mapping[str, str]:
    """The values, or steps, of an axis and what each one means; without `UNKNOWN`.

    Raises VersionError if there is no such axis.
    """
    known = _axis_schemas()
    if axis not in known:
        raise VersionError(f"axis {axis!r} does not exist; {hint(axis, known)}")
    value = known[axis]["properties"]["value"]["else"]
    return _choices(value.get("items", value))


def is_ordered(axis: str) -> bool:
    """Whether the value of an axis is an order of steps; raises KeyError if there is no such axis."""
    return "items" in _axis_schemas()[axis]["properties"]["value"]["else"]


def breaches(content: Mapping[str, object]) -> list[tuple[tuple[str | int, ...], str]]:
    """Where a version file's content breaks the schema, as paths of keys and positions, and how, in words."""
    return [(_culprit(error), _explain(error)) for error in _validator().iter_errors(content)]


def hint(wrong: object, valid: Iterable[str]) -> str:
    """What would be right instead of something wrong: the nearest valid name, if one is near, and all of them."""
    names = list(valid)
    near = difflib.get_close_matches(str(wrong), names, n=1)
    return "; ".join([*(f"nearest: {name}" for name in near), f"valid: {', '.join(names)}"])


def shown(value: object) -> str:
    """A value from a file for a message: on one line, and not longer than helps."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _axis_schemas() -> Mapping[str, Any]:
    known: Mapping[str, Any] = _schema()["properties"]["axes"]["properties"]
    return known


def _choices(one_of: Mapping[str, Any]) -> dict[str, str]:
    return {choice["const"]: choice["description"] for choice in one_of["oneOf"]}


def _culprit(error: ValidationError) -> tuple[str | int, ...]:
    """The path of what is wrong. jsonschema gives that of the table around a key that does not exist."""
    extra = [_extra_key(error)] if error.validator == "additionalProperties" else []
    return (*error.absolute_path, *extra)


def _extra_key(error: ValidationError) -> str:
    extra: str = next(key for key in error.instance if key not in error.schema["properties"])
    return extra


def _explain(error: ValidationError) -> str:
    return f"{_where(list(error.absolute_path))}: {_COMPLAINTS[error.validator](error)}"


def _where(path: list[str | int]) -> str:
    match path:
        case []:
            return "the file"
        case ["axes", axis, "source"]:
            return f"source of axis {axis!r}"
        case ["axes", axis, *_]:
            return f"axis {axis!r}"
        case _:
            return str(path[0])


def _wrong_type(error: ValidationError) -> str:
    expected, rule = _KINDS[error.validator_value], error.schema
    if "items" in rule:
        expected += f" of steps, or {UNKNOWN!r}; valid steps: {', '.join(_choices(rule['items']))}"
    elif "oneOf" in rule:
        expected += f"; valid: {', '.join([*_choices(rule), UNKNOWN])}"
    elif "properties" in rule:
        expected += f" of: {', '.join(rule['properties'])}"
    return f"not {shown(error.instance)} but {expected}"


def _no_such_key(error: ValidationError) -> str:
    valid, key = error.schema["properties"], _extra_key(error)
    kind = "axis" if list(error.absolute_path) == ["axes"] else "key"
    return f"{kind} {shown(key)} does not exist; {hint(key, valid)}"


def _no_such_value(error: ValidationError) -> str:
    valid = list(_choices(error.schema))
    if error.absolute_path[-1] == "value":
        return f"value {shown(error.instance)} does not exist; {hint(error.instance, [*valid, UNKNOWN])}"
    return f"step {shown(error.instance)} does not exist; {hint(error.instance, valid)}"


def _missing_keys(error: ValidationError) -> str:
    rules = error.schema["properties"]
    missing = [key for key in error.validator_value if key not in error.instance]
    return "missing: " + ", ".join(f"{key} ({rules[key]['description']})" for key in missing)


def _missing_step(error: ValidationError) -> str:
    return f"step {shown(error.validator_value['const'])} is missing; valid: an array that holds it"


def _not_one_line(error: ValidationError) -> str:
    return f"not {shown(error.instance)} but {error.schema['description']}"


_KINDS = {"string": "a string", "array": "an array", "object": "a table", "boolean": "true or false"}

# Every keyword that schema.json uses to say no. A keyword added there needs its sentence here.
_COMPLAINTS: dict[str, Callable[[ValidationError], str]] = {
    "type": _wrong_type,
    "additionalProperties": _no_such_key,
    "oneOf": _no_such_value,
    "required": _missing_keys,
    "contains": _missing_step,
    "pattern": _not_one_line,
}
