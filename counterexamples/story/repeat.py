"""How to find a trace again: under which settings it was found, and the command."""

from __future__ import annotations

from counterexamples.trace import Trace
from model import parameters


def settings(trace: Trace) -> str:
    """The bounds, and the assumptions in so far as they are not the default."""
    default = parameters.assumptions({})
    chosen = [f"{key}={value}" for key, value in sorted(trace.subject.assumptions.items()) if default.get(key) != value]
    bounds = ", ".join(f"{key}={value}" for key, value in sorted(trace.subject.bounds.items()))
    return f"{', '.join(chosen) or 'the defaults (list assumptions)'}. Bounds: {bounds}."


def command(trace: Trace) -> list[str]:
    """The arguments of the command that finds the trace again."""
    words = ["python", "-m", "proofs", "check", trace.subject.version, "--property", trace.property_id]
    if trace.subject.scenario != "default":
        words += ["--scenario", trace.subject.scenario]
    default, bounds = parameters.assumptions({}), parameters.bounds(trace.subject.scenario, {})
    for key, value in sorted(trace.subject.assumptions.items()):
        words += ["--assume", f"{key}={value}"] if default.get(key) != value else []
    for key, number in sorted(trace.subject.bounds.items()):
        words += ["--bound", f"{key}={number}"] if bounds.get(key) != number else []
    return words
