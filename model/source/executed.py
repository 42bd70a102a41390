"""Which statements of a tree's C a step of a trace executes, in the state in which it is taken.

The step's section is executed symbolically under the assumption that the state is this one, and what comes of it is
held against the step: only where both are the same do the lines belong to it. A step of the client has those of qce
(`qce/lines.py`), before those of the section that it calls. Steps of the hardware have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import z3

from model.context import Protocol
from model.language.concrete import fire, holds
from model.language.system import Action, Term
from model.language.terms import variables_of
from model.source.bam.sections import Driver, Read, read_driver, section_of
from model.source.qce.lines import ClientLines
from model.source.symbolic.terms import as_term
from model.source.tree import SourceError, SourceTree

MOST_NAMES = 3  # of what comes out otherwise in C: the others mostly follow from these


class Executed:
    """The lines of C behind the steps of a protocol's traces. Raises SourceError for a tree without the driver."""

    def __init__(self, protocol: Protocol, tree: SourceTree) -> None:
        self._space = protocol.system.space
        self._driver = Driver(protocol, read_driver(tree, protocol.ctx.bounds["ring"]))
        self._client = ClientLines(protocol.ctx, tree)
        self._actions = {action.name: action for action in protocol.system.actions}

    def at(self, name: str, before: Mapping[str, int], after: Mapping[str, int]) -> str:
        """file:line of all statements that an action executes between two states, or why there are none.

        Empty for an action of the hardware.
        """
        action, called = self._actions[name], list[str]()
        try:
            called = self._client.at(name)
        except SourceError as error:
            if section_of(action) is None:
                return f"no lines: {error}"
        if section_of(action) is None:
            return listed(called)
        if not before.keys() >= self._space.variables.keys():
            return "no lines: the trace leaves variables out"
        here = {f"{key} is as it is": self._is(key, before[key]) for key in self._space.variables}
        try:
            read = self._driver.execute(replace(action, guard={**action.guard, **here}))
        except SourceError as error:
            return f"no lines: {error}"
        if other := _otherwise(action, read, before, after):
            return f"no lines: {read.where}: {other}"
        return listed([*called, *(at for at, condition in read.lines.items() if _true(condition, before))])

    def _is(self, name: str, value: int) -> Term:
        term = self._space.term(name)
        return term == (z3.BoolVal(bool(value)) if z3.is_bool(term) else z3.BitVecVal(value, term.size()))


def _otherwise(action: Action, read: Read, before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """What the C does otherwise than the step, if so."""
    found = fire(read.action, before)
    if found is None:
        return "in C this step is not possible here"
    names = [name for name in after if found[name] != after[name]]
    for event in dict.fromkeys([*action.events, *read.action.events]):
        pair = [event in each.events and holds(each.events[event], before) for each in (action, read.action)]
        names += [f"event {event}"] if pair[0] != pair[1] else []
    names += [wrong.text for wrong in read.wrongs if _true(as_term(wrong.condition), before)]
    more = " and more" if len(names) > MOST_NAMES else ""
    return f"in C something else comes of this step: {', '.join(names[:MOST_NAMES])}{more}" if names else ""


def _true(term: Term, state: Mapping[str, int]) -> bool:
    """Whether a term holds in a state; one that depends on what is hidden from the model is not known to."""
    return set(variables_of(term)) <= state.keys() and holds(term, state)


def listed(places: list[str]) -> str:
    """file:line of several statements, as `a.c:3-5,9 b.c:2`: a file once, lines that follow each other as a range."""
    lines: dict[str, set[int]] = {}
    for place in places:
        file, _, line = place.rpartition(":")
        lines.setdefault(file, set()).add(int(line))
    return " ".join(f"{file}:{_ranges(sorted(numbers))}" for file, numbers in lines.items())


def _ranges(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
