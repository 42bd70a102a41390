"""Reads a state of the page back: from texts to the values that a readable one has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from model.language.queues import decode
from model.language.system import StateSpace
from proofs.reports.page.state import HOLDER, HOLDERS

COUNTS = {"left": "left", "loaded": "xfer", "cookie": "cookie", "mapping": "map"}


def read_back(space: StateSpace, shown: Mapping[str, Any]) -> dict[str, Any]:
    """The readable state that a shown one stands for; fails the test if a text has something that no value has."""
    result: dict[str, Any] = {}
    for name, value in shown.items():
        if name == HOLDER:
            result |= {variable: who in value.split(" and ") for variable, who in HOLDERS.items()}
            assert any(result[variable] for variable in HOLDERS) or value == "nobody"
        elif name in space.queues:
            result[name] = [_record(space, name, item) for item in value]
        else:
            result[name] = _value(space, name, value)
    return result


def unlike(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    """The names whose values differ: a short thing to compare, where pytest would explain whole traces for minutes."""
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def _value(space: StateSpace, name: str, text: str) -> Any:
    variable = space.variables[name]
    if variable.labels:
        assert text in variable.labels
        return text
    if not variable.width:
        return {"yes": True, "no": False}[text]
    if text.startswith("{"):
        members = [item for item in text.strip("{}").split(",") if item]
        return sum(1 << (int(item[1:]) - 1 if item.startswith("#") else int(item)) for item in members)
    return int(text)


def _record(space: StateSpace, queue: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """What is not written is zero."""
    schema = space.queues[queue]
    empty = {f"{queue}.len": 1} | {f"{queue}.{key}": 0 for key in schema.fields}
    result = dict(decode(schema, empty)[0])
    named = re.fullmatch(r"([A-Z]+)(?: #([0-9]+))?", item["name"])
    assert named
    for key in ("hw", "kind"):
        if key in result:
            result[key] = named[1]
    if named[2]:
        result["req"] = int(named[2]) - 1
    for flag in item["flags"]:
        assert result[flag.lower()] == 0
        result[flag.lower()] = 1
    for part in filter(None, item["detail"].split(", ")):
        word, number = part.split(" ")
        key = COUNTS.get(word, word)
        assert key in result
        result[key] = int(number)
    return result
