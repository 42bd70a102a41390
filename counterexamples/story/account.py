"""A trace in plain words: a few sentences, each backed by the steps that it is about.

What a sentence says comes from the states around its steps: `phrases` has the verb, `oddities` what follows
"although", `relevance` says which steps deserve a sentence of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from counterexamples.story.clauses import clause
from counterexamples.story.moment import Execution, Moment, listed
from counterexamples.story.oddities.oddity import Oddity
from counterexamples.story.oddities.progress import waiting
from counterexamples.story.phrases import brief
from counterexamples.story.relevance import Relevance
from counterexamples.trace import EVENTUALLY, INSTEAD, REACH, Trace

LEAST, MOST = 5, 10

Odd = Sequence[Sequence[Oddity]]  # what is odd about each step of a trace

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


def sentences(about: Relevance) -> tuple[Sentence, ...]:
    """A trace in `LEAST` to `MOST` sentences, in the order of their steps; fewer if the trace has fewer steps.

    The last one says which statement fell, or what was reached.
    """
    trace, steps = about.execution.trace, about.execution.moments
    if not steps:
        return (Sentence(_ending(trace), ()),)
    rest = _at_rest(about.execution)
    root = None if trace.kind == REACH else _root(about.oddities)
    endings = 1 + bool(rest) + (root is not None)
    told: list[Sentence] = []
    for part in _parts(about, steps, endings):
        numbers = tuple(moment.number for moment in part.moments)
        told.append(Sentence(_told(part, about.oddities), numbers))
        if root is not None and root[0] in numbers:
            told.append(Sentence(f"{root[1]}.", numbers[-1:]))
    last = (len(steps),)
    if rest:
        told.append(Sentence(rest, last))
    return (*told, Sentence(_ending(trace), last))


def verdict(about: Relevance) -> str:
    """One sentence: what happened at the end of a trace, and what that means for its property."""
    trace, steps = about.execution.trace, about.execution.moments
    end = f"step {len(steps)}" if steps else "the initial state"
    if trace.kind == REACH:
        return f"{end} reaches {trace.property_id}: {trace.statement}"
    if trace.kind == INSTEAD:
        return f"{end} is what happens instead: no execution reaches {trace.property_id}: {trace.statement}"
    if trace.kind == EVENTUALLY:
        lasts = "; ".join(waiting(about.execution)) or trace.statement
        return f"{_for_ever(trace, end)}{trace.property_id} is not fulfilled: {lasts}"
    happened = clause(steps[-1], about.oddities[-1]) if steps else trace.statement
    return f"{end} violates {trace.property_id}: {happened}"


def _for_ever(trace: Trace, end: str) -> str:
    if trace.loop is None:
        return f"from the state after {end} on, "
    if trace.loop == len(trace.path):
        return f"after {end} nothing more has to happen, the system may rest for ever: "
    return (
        f"{end} leads back to the state after step {trace.loop}, the steps from {trace.loop + 1} on repeat for ever: "
    )


def _parts(about: Relevance, steps: Sequence[Moment], endings: int) -> list[_Part]:
    parts = [_Part((step,), _weight(about, step)) for step in steps]
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


def _weight(about: Relevance, step: Moment) -> int:
    if step.fault or about.oddities[step.number - 1] or step.is_last:
        return 3
    return int(step.number in about.matters) * (2 if step.number in about.partners else 1)


def _cost(one: _Part, two: _Part) -> tuple[int, bool, int]:
    """How much is lost if two neighbours share a sentence: what matters in them, then another actor, then length."""
    both, heavy = one + two, (0, 1, 3, 9)
    cut_short = 4 if both.weight and len(both.moments) > _SPELT_OUT else 0
    return (
        heavy[one.weight] + heavy[two.weight] + cut_short,
        one.moments[-1].actor != two.moments[0].actor,
        len(both.moments),
    )


def _told(part: _Part, odd: Odd) -> str:
    numbers = [moment.number for moment in part.moments]
    if len(numbers) == 1:
        return f"At step {numbers[0]} {clause(part.moments[0], odd[numbers[0] - 1])}."
    at = f"teps {numbers[0]} {'and' if len(numbers) == 2 else 'to'} {numbers[-1]}"
    if len(numbers) <= _SPELT_OUT or part.weight == 3:
        return f"At s{at} {_joined(part.moments, odd)}."
    only = "only had to happen" if part.weight == 0 else "lead there"
    return f"S{at} {only}: {', '.join(brief(moment) for moment in part.moments)}."


def _joined(steps: Sequence[Moment], odd: Odd) -> str:
    """Several steps in one sentence; who goes on is not named again."""
    clauses: list[str] = []
    for index, step in enumerate(steps):
        again = index > 0 and steps[index - 1].actor == step.actor
        clauses.append(clause(step, odd[step.number - 1], named=not again))
    if any(mark in text for text in clauses for mark in (",", ";", ":", " and ")):
        return "; then ".join(clauses)
    return listed(clauses)


def _root(odd: Odd) -> tuple[int, str] | None:
    """The first step that is odd in a way that could have been prevented, and how."""
    known = ((number, item.remedy) for number, found in enumerate(odd, start=1) for item in found if item.remedy)
    return next(known, None)


def _at_rest(execution: Execution) -> str:
    """Of an execution that goes on for ever without what should happen: what is still waiting, and for what."""
    facts = waiting(execution)
    return f"From then on {'; '.join(facts)}." if facts else ""


def _ending(trace: Trace) -> str:
    """Which property that violates or reaches; what happened has been told by then."""
    if trace.kind == INSTEAD:
        return f"This happens instead: no execution reaches {trace.property_id}: {trace.statement}."
    meaning = {REACH: "reaches", EVENTUALLY: "does not fulfil"}.get(trace.kind, "violates")
    return f"{'This' if trace.path else 'The initial state'} {meaning} {trace.property_id}: {trace.statement}."
