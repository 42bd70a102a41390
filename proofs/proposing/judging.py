"""One design: do known counterexamples happen in it, and if none does, is all kept that is asked?

A system is a function of the axes that are read while it is built and judged. These are recorded, so that what is found
out about a design is known of all that agree with it on them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from counterexamples.trace import ReplayError
from model.context import Protocol
from model.language.concrete import fire, holds
from model.parameters import Setting, setting_of
from model.protocol import assemble
from model.subject import Subject
from model.versions import Value
from proofs.checking import verdicts
from proofs.checking.pool import Workers, in_parallel
from proofs.checking.records import DEPTH, Result
from proofs.checking.traces.replay import trace_of
from proofs.checking.words import Word
from proofs.properties import EVENTUALLY, Property, catalogue, scenario_applies
from proofs.proposing.asked import Asked, kept

KILLED, REFUTED, KEPT, ALIVE = "killed", "refuted", "kept", "alive"


@dataclass(frozen=True)
class Refutation:
    """Why a design is none: `claim`, a property's id, in one of the systems asked; its verdict, and a trace if there is
    one."""

    system: int
    claim: str
    word: str
    path: tuple[str, ...] = ()
    loop: int | None = None

    @property
    def has_trace(self) -> bool:
        """Whether other designs can be held against it: what is unreachable or vacuous has no trace to replay."""
        return self.word == Word.VIOLATED


@dataclass(frozen=True)
class Task:
    """A design, what is asked of it, and the traces to hold it against first; whether to explore it if none kills."""

    axes: Mapping[str, Value]
    asked: tuple[Asked, ...]
    traces: tuple[Refutation, ...]
    explore: bool

    def __str__(self) -> str:
        return f"a design of {self.asked[0].subject.version}"


@dataclass(frozen=True)
class Outcome:
    """`word`: KILLED by one of the task's traces, `by` its index; REFUTED by what was explored; KEPT: all is; ALIVE: no
    trace kills, and nothing was explored. `read`: the axes on which that depends."""

    word: str
    read: frozenset[str]
    by: int | None = None
    refutations: tuple[Refutation, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing refutes it but answers that are not known."""
        words = {Word.of(item.word) for item in self.refutations}
        return bool(words) and words <= {Word.UNKNOWN, Word.BOUNDED}


class _Recording(Mapping[str, Value]):
    """Axes that remember which of them were looked at."""

    def __init__(self, axes: Mapping[str, Value], read: set[str]) -> None:
        self._axes, self._read = axes, read

    def __getitem__(self, axis: str) -> Value:
        self._read.add(axis)
        return self._axes[axis]

    def __iter__(self) -> Iterator[str]:
        self._read |= self._axes.keys()
        return iter(self._axes)

    def __len__(self) -> int:
        return len(self._axes)


class _Systems:
    """The systems of a design, each built when it is first asked for."""

    def __init__(self, axes: Mapping[str, Value]) -> None:
        self._read: set[str] = set()
        self._axes = _Recording(axes, self._read)
        self._built: dict[Subject, Protocol] = {}

    @property
    def read(self) -> frozenset[str]:
        """The axes that were looked at so far, in building them or in judging."""
        return frozenset(self._read)

    def of(self, asked: Asked) -> Protocol:
        """The one in which something is asked."""
        if asked.subject not in self._built:
            self._built[asked.subject] = assemble(replace(asked.subject, axes=self._axes))
        return self._built[asked.subject]


def judge(task: Task) -> Outcome:
    """What becomes of one design; raises EngineDisagreementError or ReplayError, which are internal errors."""
    systems = _Systems(task.axes)
    for number, trace in enumerate(task.traces):
        if happens(systems.of(task.asked[trace.system]), trace):
            return Outcome(KILLED, systems.read, by=number)
    if not task.explore:
        return Outcome(ALIVE, systems.read)
    found: list[Refutation] = []
    held: set[str] = set()
    for system, asked in enumerate(task.asked):
        wrong = list(_refutations(systems.of(asked), system, asked.properties))
        held |= set(asked.properties) - {item.claim for item in wrong}
        found += wrong
        # without a trace nothing is learned about other designs: what hangs, say, has one of progress
        if any(item.has_trace for item in found):
            break
    return summed_up(found, held, systems.read)


def known_of(rows: Sequence[Result], asked: Sequence[Asked]) -> dict[int, tuple[Refutation, ...]]:
    """What a version does not keep, from verdicts on it, by the index of those systems that these are about."""
    found: dict[tuple[str, Setting], dict[str, Result]] = {}
    for row in rows:
        found.setdefault((row.scenario, setting_of(row.assumptions)), {})[row.property] = row
    known = {}
    for system, item in enumerate(asked):
        here = found.get((item.subject.scenario, setting_of(item.subject.assumptions)), {})
        if here.keys() >= set(item.properties):
            own = [here[name] for name in item.properties]
            wrong = [row for row in own if not kept(row.verdict)]
            known[system] = tuple(
                Refutation(system, row.property, str(row.verdict), row.path, row.loop) for row in wrong
            )
    return known


def everywhere(axes: Mapping[str, Value], asked: Mapping[int, Asked], workers: Workers) -> Outcome:
    """What becomes of a design if it is explored in all systems, whatever is wrong in the first; by their index."""
    tasks = [Task(axes, (item,), (), explore=True) for item in asked.values()]
    outcomes = dict(zip(asked, in_parallel(judge, tasks, workers), strict=True))
    wrong = [replace(item, system=at) for at, outcome in outcomes.items() for item in outcome.refutations]
    all_of_it = {(at, name) for at, item in asked.items() for name in item.properties}
    held = {name for _, name in all_of_it - {(item.system, item.claim) for item in wrong}}
    return summed_up(wrong, held, frozenset[str]().union(*(outcome.read for outcome in outcomes.values())))


def summed_up(found: Sequence[Refutation], held: Collection[str], read: frozenset[str]) -> Outcome:
    """What a design is, by what was found in the systems asked, and which properties hold in one of them.

    What is `vacuous` in one system and holds in another is kept: a design in which it comes to nothing in the one, such
    as a flag that is never seen set, keeps it all the better.
    """
    wrong = tuple(item for item in found if item.word != Word.VACUOUS or item.claim not in held)
    return Outcome(REFUTED if wrong else KEPT, read, refutations=wrong)


def happening(task: Task) -> tuple[bool, ...]:
    """Of each of the task's traces whether it happens in its design."""
    systems = _Systems(task.axes)
    return tuple(happens(systems.of(task.asked[trace.system]), trace) for trace in task.traces)


def happens(protocol: Protocol, trace: Refutation) -> bool:
    """Whether the same steps are possible in this system, and violate the same property."""
    item = catalogue()[trace.claim]
    if item.kind == EVENTUALLY:
        return item.reason_against(protocol) is None and _lasts(protocol, item, trace)
    before, state = None, protocol.system.initial
    by_name = {action.name: action for action in protocol.system.actions}
    for name in trace.path:
        before, following = state, fire(by_name[name], state) if name in by_name else None
        if following is None:
            return False
        state = following
    target = item.target(protocol)
    last = before is not None and holds(target.firing(by_name[trace.path[-1]]), before)
    # whether it applies is asked last: it takes longer than all the steps
    return (last or holds(target.state, state)) and item.reason_against(protocol) is None


def _lasts(protocol: Protocol, item: Property, trace: Refutation) -> bool:
    try:
        trace_of(protocol, item, trace.path, trace.loop)
    except (ReplayError, KeyError):  # KeyError: no action of that name
        return False
    return True


def _refutations(protocol: Protocol, system: int, names: tuple[str, ...]) -> Iterator[Refutation]:
    """What is not kept in one system, by the exhaustive engine; nothing is, where the scenario cannot be asked."""
    items = [catalogue()[name] for name in names]
    if scenario_applies(protocol) is not None:
        yield from (Refutation(system, name, str(Word.NOT_APPLICABLE)) for name in names)
        return
    applicable = [item for item in items if item.reason_against(protocol) is None]
    for name, verdict in verdicts.decide(protocol, applicable, "exhaustive", DEPTH).items():
        if not kept(verdict.word):
            yield Refutation(system, name, str(verdict.word), verdict.path, verdict.loop)
