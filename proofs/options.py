"""What options of the command line have in common: KEY=VALUE pairs, numbers, names that have to be known."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from model import parameters


def pairs(values: Sequence[str], option: str) -> dict[str, str]:
    """KEY=VALUE of a repeatable option as a mapping; raises UsageError."""
    found = {}
    for value in values:
        key, equals, rest = value.partition("=")
        if not (key and equals and rest):
            raise click.UsageError(f"{option} takes KEY=VALUE, not {value!r}")
        if key in found:
            raise click.UsageError(f"{option} {key} is given twice")
        found[key] = rest
    return found


def numbers(values: Sequence[str]) -> dict[str, int]:
    """KEY=N of `--bound` as a mapping; raises UsageError."""
    found = {}
    for key, text in pairs(values, "--bound").items():
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise click.UsageError(f"--bound {key} takes a whole number, not {text!r}")
        found[key] = int(text)
    return found


def known(kind: str, chosen: Sequence[str], valid: Sequence[str]) -> list[str]:
    """The chosen names, each once, or all if none is chosen; raises ParameterError for one that is not valid."""
    for name in chosen:
        if name not in valid:
            raise parameters.nearest(kind, name, valid)
    return list(dict.fromkeys(chosen)) or list(valid)


def cores() -> int:
    """How many processes can run at the same time."""
    return os.cpu_count() or 1
