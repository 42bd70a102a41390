"""A trace in plain words: a few sentences, each backed by the steps that it is about.

What a sentence says comes from the states around its steps: `phrases` has the verb, `oddities` what follows
"although", `conflicts` says which steps deserve a sentence of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from counterexamples.story.clauses import clause
from counterexamples.story.moment import Moment, listed, moments
from counterexamples.story.oddities import oddities, waiting
from counterexamples.story.phrases import brief
from counterexamples.story.relevance import matters, partners
from counterexamples.trace import EVENTUALLY, INSTEAD, REACH, Trace, once

LEAST, MOST = 5, 10

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


@once
def account(trace: Trace) -> tuple[Sentence, ...]:
    """The trace in `LEAST` to `MOST` sentences, in the order of their steps; fewer if the trace has fewer steps.

    The last one says which statement fell, or what was reached.
    """
    if not trace.steps:
        return (Sentence(_ending(trace), ()),)
    steps = moments(trace)
    rest = _at_rest(trace)
    root = _root(trace, steps)
    endings = 1 + bool(rest) + (root is not None)
    parts = _parts(trace, steps, endings)
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


def verdict(trace: Trace) -> str:
    """One sentence: what happened at the end of the trace, and what that means for its property."""
    end = f"step {len(trace.steps)}" if trace.steps else "the initial state"
    if trace.kind == REACH:
        return f"{end} reaches {trace.property_id}: {trace.statement}"
    if trace.kind == INSTEAD:
        return f"{end} is what happens instead: no execution reaches {trace.property_id}: {trace.statement}"
    if trace.kind == EVENTUALLY:
        lasts = "; ".join(waiting(trace)) or trace.statement
        return f"{_for_ever(trace, end)}{trace.property_id} is not fulfilled: {lasts}"
    happened = clause(moments(trace)[-1]) if trace.steps else trace.statement
    return f"{end} violates {trace.property_id}: {happened}"


def _for_ever(trace: Trace, end: str) -> str:
    if trace.loop is None:
        return f"from the state after {end} on, "
    if trace.loop == len(trace.steps):
        return f"after {end} nothing more has to happen, the system may rest for ever: "
    return (
        f"{end} leads back to the state after step {trace.loop}, the steps from {trace.loop + 1} on repeat for ever: "
    )


def _parts(trace: Trace, steps: Sequence[Moment], endings: int) -> list[_Part]:
    marked = matters(trace)
    halves = partners(trace)
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
        return f"At step {numbers[0]} {clause(part.moments[0])}."
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
        clauses.append(clause(step, named=not again))
    if any(mark in text for text in clauses for mark in (",", ";", ":", " and ")):
        return "; then ".join(clauses)
    return listed(clauses)


def _root(trace: Trace, steps: Sequence[Moment]) -> tuple[int, str] | None:
    """The first step that is odd in a way that could have been prevented, and how."""
    if trace.kind == REACH:
        return None
    known = ((step.number, item.remedy) for step in steps for item in oddities(step) if item.remedy)
    return next(known, None)


def _at_rest(trace: Trace) -> str:
    """Of an execution that goes on for ever without what should happen: what is still waiting, and for what."""
    facts = waiting(trace)
    return f"From then on {'; '.join(facts)}." if facts else ""


def _ending(trace: Trace) -> str:
    """Which property that violates or reaches; what happened has been told by then."""
    if trace.kind == INSTEAD:
        return f"This happens instead: no execution reaches {trace.property_id}: {trace.statement}."
    meaning = {REACH: "reaches", EVENTUALLY: "does not fulfil"}.get(trace.kind, "violates")
    return f"{'This' if trace.steps else 'The initial state'} {meaning} {trace.property_id}: {trace.statement}."
