"""What each step changed, in short, and how values are written, the same in every format.

`rx.irq=1` and `engine.op=tz (was linux-1)` for variables, `rx.mapped={0,2}` for sets, and for queues
`rx.ring: -LOCK +DATA(NWD,EOT)`: taken off the front, put to the back. Sets hold the numbers of mappings; `#2` is the
second request.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from counterexamples.story.moment import LOCKS, Execution, Record, State, about_cookies, kind_of, moved
from model.vocabulary import VARIABLES, Members

_ORDER = ("lock", "engine", "tz", "rx", "tx", "work", "client", "monitor")
FLAGS = ("nwd", "int", "eot")
"""The flags of a descriptor that are written, in the order in which they are."""

Recorded = Callable[..., str]  # how an entry of a queue is written


def step_notes(execution: Execution) -> tuple[tuple[str, ...], ...]:
    """For each step what it changed, in short: the lock, the engine and the rings first."""
    states = execution.states
    numbered = any(
        record.get("req") for state in states for value in state.values() if isinstance(value, list) for record in value
    )
    record = partial(_record, numbered=numbered, cookies=about_cookies(execution.trace))
    notes = []
    for before, after in pairwise(states):
        changed = sorted((name for name in after if after[name] != before[name]), key=_rank)
        notes.append(tuple(_note(name, before[name], after[name], record) for name in changed))
    return tuple(notes)


def value_note(state: State, variable: str) -> str:
    """What a variable, or a queue of which it is the length, is in a state, as `engine.op=linux-1`."""
    queue = variable.removesuffix(".len")
    if variable in state:
        return _note(variable, None, state[variable], _record).removesuffix(" (was None)")
    return f"{queue}: {' '.join(_record(record) for record in state[queue]) or '(empty)'}"


def broken(code: str, width: int) -> list[str]:
    """The C of a step in lines of that many columns, a new one for each file, also broken between two numbers."""
    parts = re.split(r"(?<=\d) (?=\S+\.[ch]:\d)", code) if code else []
    spaced = [re.sub(r"(?<=\d),(?=\d)", ", ", part) for part in parts]
    kept: Any = {"subsequent_indent": "  ", "break_long_words": False, "break_on_hyphens": False}
    return [line for part in spaced for line in textwrap.wrap(part, width, **kept)]


def wrap_notes(notes: Sequence[str], width: int) -> list[str]:
    """One step's notes in lines of that many columns, broken between two notes where that is possible.

    Only a single word that is longer makes a longer line.
    """
    lines = [""]
    for number, note in enumerate(notes):
        item = note if number == len(notes) - 1 else f"{note};"
        joined = f"{lines[-1]} {item}" if lines[-1] else item
        if len(joined) <= width:
            lines[-1] = joined
        else:
            more = textwrap.wrap(item, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
            lines = [*lines, *more] if lines[-1] else more
    return lines


def _rank(name: str) -> tuple[bool, bool, int]:
    # a program counter says nothing that the action's name does not say; the rings are what the hardware sees
    prefix = name.split(".", 1)[0]
    ring = name.endswith(".ring") or prefix in _ORDER[:3]
    return (name.endswith(".pc"), not ring, _ORDER.index(prefix) if prefix in _ORDER else len(_ORDER))


def _note(name: str, before: Any, after: Any, record: Recorded) -> str:
    if isinstance(after, list):
        return f"{name}: {_queue_note(name, before, after, record)}"
    if isinstance(after, bool):
        return f"{name}={int(after)}"
    if isinstance(after, int):
        return f"{name}={value_of(name, after)}"
    was = "" if name.endswith(".pc") or before == "none" else f" (was {before})"
    return f"{name}={after}{was}"


def value_of(name: str, value: int) -> str:
    """A number, or what is in the set that it stands for: mappings as `{0,2}`, requests as `{#1}`."""
    members = VARIABLES[name].members if name in VARIABLES else None
    if members is None:
        return str(value)
    numbers = [number for number in range(value.bit_length()) if value >> number & 1]
    texts = [f"#{number + 1}" if members is Members.REQUESTS else str(number) for number in numbers]
    return "{" + ",".join(texts) + "}"


def _queue_note(name: str, before: list[Record], after: list[Record], record: Recorded) -> str:
    issued = name.endswith(".desc_issued")
    gone, front, back = moved(before, after)
    if front:
        return f"{' '.join('+' + record(item, cut=issued) for item in after[:front])} (to the front)"
    taken = [record(item) for item in before[:gone]]
    added = [record(item, cut=issued and not before) for item in after[len(after) - back :]]
    parts = [f"-{text}" for text in taken] + [f"+{text}" for text in added]
    return " ".join([*parts, *([] if after else ["(empty)"])])


def _record(record: Record, cut: bool = False, numbered: bool = False, cookies: bool = False) -> str:
    kind = kind_of(record)
    number = f"#{record['req'] + 1}" if numbered and "req" in record and kind not in LOCKS else ""
    marks = [flag.upper() for flag in FLAGS if record.get(flag)]
    if cookies and "cookie" in record:
        marks.append(f"cookie {record['cookie']}")
    if record.get("left") and kind not in LOCKS and (cut or "xfer" in record):
        marks.append(f"{record['left']}-left")
    return f"{kind}{number}({','.join(marks)})" if marks else f"{kind}{number}"
