"""One step of a trace with the states around it, and what readers ask about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterexamples.story.order import moved
from counterexamples.trace import Trace, once
from model.language.concrete import holds
from model.parameters import SCENARIOS
from model.vocabulary import kind_of as kind_of_action

Record = Mapping[str, Any]

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
class Moment:
    """Step `number` (from 1) of a trace; `before` and `after` are the readable states around it."""

    trace: Trace
    number: int
    before: State
    after: State

    @property
    def actor(self) -> str:
        """Who takes the step."""
        return self.trace.steps[self.number - 1].actor

    @property
    def action(self) -> str:
        """The action's name without the number of a repeated one and without a fault."""
        return kind_of_action(self.trace.steps[self.number - 1].name)

    @property
    def fault(self) -> str:
        """What fails in this step, or an empty string."""
        return self.trace.steps[self.number - 1].fault or ""

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
        term = self.trace.steps[self.number - 1].events.get(event)
        return term is not None and holds(term, self.trace.states[self.number - 1])

    @property
    def number_of_request(self) -> int:
        """The request that the client works on, from 0."""
        return int(self.before["client.request"] or 0) % int(self.trace.subject.bounds["requests"])

    @property
    def request(self) -> str:
        """The same as `request 1`."""
        return f"request {int(self.before['client.request'] or 0) + 1}"


@once
def moments(trace: Trace) -> tuple[Moment, ...]:
    """All steps of a trace in order."""
    states = [State(trace.readable(index)) for index in range(len(trace.states))]
    return tuple(Moment(trace, number, states[number - 1], states[number]) for number in range(1, len(states)))


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


def quiescent(trace: Trace, state: State) -> bool:
    """Nothing submitted, issued, in a ring, to be completed or freed, and no handler of Linux outstanding."""
    counter = trace.space.variables["client.pc"]
    first = (counter.labels or ())[counter.init]
    busy = ("work.pending", "work.at_tx", "tx.desc_completed", "rx.irq", "tx.irq", "client.panicked")
    empty = not any(state[f"{channel}.{name}"] for channel in ("rx", "tx") for name in _LISTS)
    free = not any(state[name] for name in (*busy, *_TO_FREE))
    return state["client.pc"] == first and empty and free
