"""Items and answers as JSON and back: data classes, enumerations, collections and arrays, exactly as they were.

Reading makes nothing but those, and of this program's classes only such as are data: no file can have code executed.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256

import numpy as np

OURS = ("model.", "proofs.", "counterexamples.")


def to_plain(value: object) -> object:
    """What `json` can write; raises TypeError for what is no data."""
    if isinstance(value, Enum):
        return {"enum": _name(type(value)), "member": value.name}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [to_plain(item) for item in value]}
    if isinstance(value, frozenset | set):
        return {"set": sorted((to_plain(item) for item in value), key=json.dumps)}
    if isinstance(value, Mapping):
        return {"map": [[to_plain(key), to_plain(item)] for key, item in value.items()]}
    if isinstance(value, np.ndarray):
        content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"array": value.dtype.str, "shape": list(value.shape), "content": content}
    if is_dataclass(value) and not isinstance(value, type):
        parts = {item.name: to_plain(getattr(value, item.name)) for item in fields(value) if item.init}
        return {"data": _name(type(value)), "fields": parts}
    raise TypeError(f"{type(value).__name__} is no plain data")


def from_plain(value: object) -> object:
    """What `to_plain` was given; raises ValueError for what it does not write."""
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    try:
        return _made(value)
    except (KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ValueError(f"no plain data: {error}") from None


def _made(value: dict[str, object]) -> object:
    kind, content = next(iter(value.items()))
    if kind == "enum":
        return _class(content)[str(value["member"])]  # type: ignore[index]
    if kind == "data":
        parts = value["fields"]
        if not isinstance(parts, dict):
            raise TypeError("fields are no object")
        return _class(content)(**{key: from_plain(item) for key, item in parts.items()})
    if kind == "array":
        raw = base64.b64decode(str(value["content"]), validate=True)
        shape: list[int] = value["shape"]  # type: ignore[assignment]
        return np.frombuffer(raw, dtype=np.dtype(str(content))).reshape(shape).copy()
    if not isinstance(content, list):
        raise TypeError(f"{kind} is no list")
    if kind == "map":
        return {from_plain(key): from_plain(item) for key, item in content}
    return {"tuple": tuple, "set": frozenset}[kind](from_plain(item) for item in content)


def canonical(value: object) -> str:
    """A text that is equal for equal values, whatever the order in which their mappings were made."""
    return json.dumps(_sorted(to_plain(value)), sort_keys=True)


def _sorted(value: object) -> object:
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    if isinstance(value, dict):
        parts = {key: _sorted(item) for key, item in value.items()}
        pairs = parts.get("map")
        return {"map": sorted(pairs, key=json.dumps)} if isinstance(pairs, list) else parts
    return value


def sealed(value: object) -> str:
    """A value as one line of JSON behind its digest."""
    text = json.dumps(to_plain(value))
    return f"{sha256(text.encode()).hexdigest()} {text}"


def unsealed(line: str) -> object:
    """The value in a line of `sealed`; raises ValueError for any other line."""
    digest, _, text = line.partition(" ")
    if sha256(text.encode()).hexdigest() != digest:
        raise ValueError("the digest is another one")
    return from_plain(json.loads(text))


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: object) -> type:
    module, _, inside = str(name).partition(":")
    found = getattr(sys.modules[module], inside) if module.startswith(OURS) else None
    if not isinstance(found, type) or not (is_dataclass(found) or issubclass(found, Enum)):
        raise KeyError(f"no data class {name}")
    return found
