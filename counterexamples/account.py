"""A trace in plain words: a few sentences, each backed by the steps that it is about.

What a sentence says comes from the states around its steps: `phrases` has the verb, `oddities` what follows
"although", `conflicts` says which steps deserve a sentence of their own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from counterexamples.conflicts import matters, partners
from counterexamples.moment import Moment, State, kinds, listed, moments, owner
from counterexamples.oddities import oddities
from counterexamples.phrases import SUBJECTS, brief, doing
from counterexamples.text import WIDTH, to_text, verdict
from counterexamples.trace import Trace

LEAST, MOST = 5, 10

_INDENT: Any = {"initial_indent": "  - ", "subsequent_indent": "    ", "break_on_hyphens": False}

_SPELT_OUT = 3  # so many steps one sentence tells in full; of more it only says that they happened


@dataclass(frozen=True)
class Sentence:
    """One sentence of an account, and the numbers of the steps that it is about, counted from 1, in order."""

    text: str
    steps: tuple[int, ...]


@dataclass(frozen=True)
class _Part:
    """Steps that share a sentence. `weight`: 0 if they only had to happen, 1 if they matter, 2 if one is
    a half of a conflict, 3 if one is odd."""

    moments: tuple[Moment, ...]
    weight: int

    def __add__(self, other: _Part) -> _Part:
        return _Part(self.moments + other.moments, max(self.weight, other.weight))


def account(trace: Trace, evidence: Collection[str] = ()) -> tuple[Sentence, ...]:
    """The trace in `LEAST` to `MOST` sentences, in the order of their steps; fewer if the trace has fewer steps.

    The last one says which statement fell, or what was reached. `evidence`: the variables that the property reads at
    the end, for the choice of what matters; without it those by which the last step is odd.
    """
    if not trace.steps:
        return (Sentence(_ending(trace), ()),)
    steps = moments(trace)
    rest = _at_rest(trace)
    root = _root(trace, steps)
    endings = 1 + bool(rest) + (root is not None)
    parts = _parts(trace, steps, evidence, endings)
    sentences: list[Sentence] = []
    for part in parts:
        numbers = tuple(moment.number for moment in part.moments)
        sentences.append(Sentence(_told(part), numbers))
        if root is not None and root[0] in numbers:
            sentences.append(Sentence(f"{root[1]}.", numbers[-1:]))
    last = (len(trace.steps),)
    if rest:
        sentences.append(Sentence(rest, last))
    return (*sentences, Sentence(_ending(trace), last))


def with_account(trace: Trace, evidence: Collection[str] = ()) -> str:
    """The trace as text (`to_text`), and behind it the account, a paragraph for each sentence."""
    lines = [line for item in account(trace, evidence) for line in textwrap.wrap(item.text, WIDTH, **_INDENT)]
    return "\n".join([to_text(trace), "In words:", *lines]) + "\n"


def _parts(trace: Trace, steps: Sequence[Moment], evidence: Collection[str], endings: int) -> list[_Part]:
    marked = matters(trace, evidence)
    halves = partners(trace, evidence)
    parts = [_Part((step,), 3 if _is_odd(step) else _weight(step.number, marked, halves)) for step in steps]
    for limit in (LEAST - endings, MOST - endings):
        # first what only had to happen comes together, then whatever is least
        harmless = limit < MOST - endings
        while len(parts) > limit:
            costs = [(_cost(one, two), index) for index, (one, two) in enumerate(pairwise(parts))]
            allowed = [item for item in costs if not harmless or item[0][0] == 0]
            if not allowed:
                break
            index = min(allowed)[1]
            parts[index : index + 2] = [parts[index] + parts[index + 1]]
    return parts


def _weight(number: int, marked: Collection[int], halves: Collection[int]) -> int:
    return 2 if number in halves and number in marked else int(number in marked)


def _is_odd(step: Moment) -> bool:
    return bool(step.fault or oddities(step)) or step.number == len(step.trace.steps)


def _cost(one: _Part, two: _Part) -> tuple[int, bool, int]:
    """How much is lost if two neighbours share a sentence: what matters in them, then another actor, then length."""
    both, heavy = one + two, (0, 1, 3, 9)
    cut_short = 4 if both.weight and len(both.moments) > _SPELT_OUT else 0
    return (
        heavy[one.weight] + heavy[two.weight] + cut_short,
        one.moments[-1].actor != two.moments[0].actor,
        len(both.moments),
    )


def _told(part: _Part) -> str:
    numbers = [moment.number for moment in part.moments]
    if len(numbers) == 1:
        return f"At step {numbers[0]} {_clause(part.moments[0])}."
    at = f"teps {numbers[0]} {'and' if len(numbers) == 2 else 'to'} {numbers[-1]}"
    if len(numbers) <= _SPELT_OUT or part.weight == 3:
        return f"At s{at} {_joined(part.moments)}."
    only = "only had to happen" if part.weight == 0 else "lead there"
    return f"S{at} {only}: {', '.join(brief(moment) for moment in part.moments)}."


def _joined(steps: Sequence[Moment]) -> str:
    """Several steps in one sentence; who goes on is not named again."""
    clauses: list[str] = []
    for index, step in enumerate(steps):
        again = index > 0 and steps[index - 1].actor == step.actor
        clauses.append(_clause(step, named=not again))
    if any(mark in clause for clause in clauses for mark in (",", ";", ":", " and ")):
        return "; then ".join(clauses)
    return listed(clauses)


def _clause(step: Moment, named: bool = True) -> str:
    name, function = SUBJECTS.get(step.actor, (f"the {step.actor}", ""))
    who = f"{name} ({function})" if function else name
    text = f"{who} {doing(step)}" if named else doing(step)
    found = oddities(step) if step.trace.kind != "reach" else []
    although = [item.clause for item in found if not item.after]
    after = [item.clause for item in found if item.after]
    text += f", although {' and '.join(dict.fromkeys(although))}" if although else ""
    return text + (f"; now {' and '.join(after)}" if after else "")


def _root(trace: Trace, steps: Sequence[Moment]) -> tuple[int, str] | None:
    """The first step that is odd in a way that could have been prevented, and how."""
    if trace.kind == "reach":
        return None
    known = ((step.number, item.remedy) for step in steps for item in oddities(step) if item.remedy)
    return next(known, None)


def _at_rest(trace: Trace) -> str:
    """Of an execution that goes on for ever without what should happen: what is still waiting, and for what."""
    if trace.kind != "eventually":
        return ""
    state = State(trace.readable(len(trace.states) - 1))
    facts = []
    if str(state["client.pc"]).startswith("wait"):
        facts.append("the client waits for its completion")
    issued, ring = kinds(state["rx.desc_issued"]), kinds(state["rx.ring"])
    if issued and not state["rx.irq"] and not state["work.pending"]:
        facts.append(
            f"{listed(issued)} {'are' if issued[1:] else 'is'} in desc_issued with neither an interrupt nor the work"
            " item pending that would start them"
        )
    if ring:
        facts.append(f"{listed(ring)} {'are' if ring[1:] else 'is'} in the ring of the consumer pipe")
    shut = trace.assumptions.get("lock_scope") != "none"
    if state["lock.linux"]:
        none = "" if "UNLOCK" in ring else " with no UNLOCK in its ring"
        facts.append(f"the consumer pipe of Linux holds the lock{none}{', so that TZ is shut out' if shut else ''}")
    if state["lock.tz"]:
        facts.append(f"TZ holds the lock{', so that the consumer pipe of Linux is shut out' if shut else ''}")
    if state["tz.pc"] == "published":
        facts.append("TZ has published its DATA and waits for the engine")
    if state["engine.op"] != "none":
        both = (
            ", its producer pipe being shut out too" if state["lock.tz"] and shut and state["engine.op"] != "tz" else ""
        )
        facts.append(f"the engine has begun the operation of {owner(state['engine.op'])} and cannot end it{both}")
    if state["rx.nwd_wait"]:
        facts.append("the pipe waits because of NWD")
    return f"From then on {'; '.join(facts)}." if facts else ""


def _ending(trace: Trace) -> str:
    text = verdict(trace)
    return f"{text[:1].upper()}{text[1:]}."
