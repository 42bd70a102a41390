"""An execution, each of its steps with the states around it, and what readers ask about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from counterexamples.trace import Trace, readable
from model.language.concrete import holds
from model.language.system import Action, TransitionSystem
from model.parameters import SCENARIOS
from model.vocabulary import ACTORS
from model.vocabulary import kind_of as kind_of_action

Record = Mapping[str, Any]
"""A descriptor or a transaction, an entry of a queue."""

LOCKS = ("LOCK", "UNLOCK")
"""The kinds of records that the bracket consists of."""

_LISTS = ("desc_submitted", "desc_issued", "desc_list", "ring")
_TO_FREE = tuple(
    f"rx.{place}_{kind}" for place in ("desc_completed", "freeing", "terminated") for kind in ("lock", "unlock")
)


class State(dict[str, Any]):
    """A readable state; None for a variable that the trace does not have.

    A version has only what it needs, and the trace of an `eventually` property only what that depends on.
    """

    def __missing__(self, name: str) -> None:
        return None


@dataclass(frozen=True)
class Execution:
    """A trace on the system that it is of: its steps as actions, and its states as readers see them.

    `system` has the trace's variables and no others. Each part is worked out once; nobody may change it.
    """

    trace: Trace
    system: TransitionSystem = field(repr=False)

    @cached_property
    def steps(self) -> tuple[Action, ...]:
        """The actions taken."""
        by_name = {action.name: action for action in self.system.actions}
        return tuple(by_name[name] for name in self.trace.path)

    @cached_property
    def states(self) -> tuple[State, ...]:
        """All states, one more than steps, with value names: Booleans, named values, queues as lists of records."""
        return tuple(State(readable(self.system.space, state)) for state in self.trace.states)

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """All steps in order."""
        around = zip(self.steps, pairwise(self.states), strict=True)
        return tuple(Moment(self, number, step, *states) for number, (step, states) in enumerate(around, start=1))

    @cached_property
    def actors(self) -> tuple[str, ...]:
        """Who takes a step, in the order of their lanes."""
        actors = dict.fromkeys(step.actor for step in self.steps)
        return (*(actor for actor in ACTORS if actor in actors), *(actor for actor in actors if actor not in ACTORS))

    def changes(self, index: int) -> dict[str, tuple[Any, Any]]:
        """What step `index` (from 0) changed: readable variable name to (before, after)."""
        before, after = self.states[index], self.states[index + 1]
        return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


@dataclass(frozen=True)
class Moment:
    """Step `number` (from 1) of an execution; `before` and `after` are the readable states around it."""

    execution: Execution = field(repr=False)
    number: int
    step: Action
    before: State
    after: State

    @property
    def trace(self) -> Trace:
        """The trace that it is a step of."""
        return self.execution.trace

    @property
    def is_last(self) -> bool:
        """Whether the trace ends with it."""
        return self.number == len(self.trace.path)

    @property
    def actor(self) -> str:
        """Who takes the step."""
        return self.step.actor

    @property
    def action(self) -> str:
        """The action's name without the number of a repeated one and without a fault."""
        return kind_of_action(self.step.name)

    @property
    def fault(self) -> str:
        """What fails in this step, or an empty string."""
        return self.step.fault or ""

    def put(self, queue: str) -> list[Record]:
        """What the step put into a queue, front first."""
        before, after = self.before.get(queue, []), self.after.get(queue, [])
        _, front, back = moved(before, after)
        return [*after[:front], *after[len(after) - back :]]

    def taken(self, queue: str) -> list[Record]:
        """What the step took off a queue."""
        before: list[Record] = self.before.get(queue, [])
        return before[: moved(before, self.after.get(queue, []))[0]]

    def set_to(self, name: str, value: Any) -> bool:
        """Whether the step gave a variable this value, which it did not have before."""
        return bool(self.after[name] == value != self.before[name])

    def happens(self, event: str) -> bool:
        """Whether the step amounts to an event that the model declares."""
        term = self.step.events.get(event)
        return term is not None and holds(term, self.trace.states[self.number - 1])

    @property
    def number_of_request(self) -> int:
        """The request that the client works on, from 0."""
        return int(self.before["client.request"] or 0) % int(self.trace.subject.bounds["requests"])

    @property
    def request(self) -> str:
        """The same as `request 1`."""
        return f"request {self.number_of_request + 1}"


def moved(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, int, int]:
    """How many entries went off the front, and how many came to the front and to the back, or from nothing."""
    if before and len(after) > len(before) and after[-len(before) :] == before and after[: len(before)] != before:
        return 0, len(after) - len(before), 0
    for gone in range(len(before) + 1):
        if before[gone:] == after[: len(before) - gone]:
            return gone, 0, len(after) - (len(before) - gone)
    raise AssertionError("an empty rest is a prefix of everything")


def kind_of(record: Record) -> str:
    """What a descriptor or a transaction is; the producer channel has data only."""
    return str(record.get("hw") or record.get("kind") or "DATA")


def kinds(records: Iterable[Record]) -> list[str]:
    """What several are."""
    return [kind_of(record) for record in records]


def listed(words: Sequence[str]) -> str:
    """`A, B and C`; several equal ones are counted, `2 DATA`."""
    counted = [word if words.count(word) == 1 else f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    return " and ".join([", ".join(counted[:-1]), counted[-1]]) if len(counted) > 1 else "".join(counted)


def owner(label: str) -> str:
    """Whose an operation or a register is: `linux-2` is request 2."""
    return label.replace("linux-", "request ") if label.startswith("linux-") else {"tz": "TZ"}.get(label, label)


def about_cookies(trace: Trace) -> bool:
    """Whether the trace's property compares cookies, so that readers need their numbers."""
    return trace.property_id in ("completion-order", "cookie-monotonic")


def has_lock_hardware(trace: Trace) -> bool:
    """Whether the version queues LOCKs and the BAM of the scenario has the lock."""
    return trace.subject.axes.get("lock") != "none" and SCENARIOS[trace.subject.scenario].lock_hardware


def quiescent(moment: Moment) -> bool:
    """Whether after a step nothing is submitted, issued, in a ring, to be completed or freed, and no handler of Linux
    outstanding."""
    state, counter = moment.after, moment.execution.system.space.variables["client.pc"]
    first = (counter.labels or ())[counter.init]
    busy = ("work.pending", "work.at_tx", "tx.desc_completed", "rx.irq", "tx.irq", "client.panicked")
    empty = not any(state[f"{channel}.{name}"] for channel in ("rx", "tx") for name in _LISTS)
    free = not any(state[name] for name in (*busy, *_TO_FREE))
    return state["client.pc"] == first and empty and free
