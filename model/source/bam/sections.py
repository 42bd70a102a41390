"""Which function of the driver an action of the model is, and the action that follows from executing it.

Declared by hand, as no C says it: which contexts there are, when each can run (an action's guard), the client's
progress and the faults' count (`DECLARED`). Left out, and why no property can see it:
- Each execution has one channel with work and one that is idle; the work item's turn at a channel that has nothing
  issued does nothing, which is executed too, as the other channel's turn.
- Cookies restart when terminate_all has emptied a channel: they are compared among transactions that are alive.
- What a function does after its section only frees what it took inside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import z3

from model.channel import Channel
from model.context import Protocol
from model.driver import covered, restart_cookies
from model.language.system import Action, Step, Term
from model.language.terms import variables_of
from model.lock import LABELS, TERMINATED
from model.source import beside
from model.source.bam import facts
from model.source.bam.hardware import NAMES, Trouble, meanings
from model.source.bam.kept import Kept, Own, work_item
from model.source.bam.left import Left
from model.source.bam.made import ALLOCATIONS, Made
from model.source.bam.memory import HIDDEN, Memory, Template
from model.source.bam.outcome import Outcome
from model.source.bam.template import mapped_in_channel, template
from model.source.bam.watch import Watch
from model.source.bam.wellformed import well_formed
from model.source.breaches import with_wrongs
from model.source.ctypes import BOOL, VOID_POINTER
from model.source.own import declare, declared, own_state
from model.source.symbolic.dependence import dependent, without
from model.source.symbolic.kernel import KERNEL
from model.source.symbolic.machine import Obligation
from model.source.symbolic.statements import Interpreter
from model.source.symbolic.terms import as_term, both, either, no, reread, written
from model.source.symbolic.values import VOID, Place, Pointer, Value, number
from model.source.tree import SourceError, SourceTree
from model.source.unit import Unit, coordinate

DECLARED = re.compile(r"(client|fault)\..*|work\.at_tx")
"""The variables that an action changes by hand, whatever the C does."""


FREE = ("bam_dma_free_desc",)
TERMS = ("guard", "updates", "events", "overflow")  # what an action has of them


@dataclass(frozen=True)
class Section:
    """A function of the driver on a channel: its name in one of the versions, and what it is given.

    `given`: "chan", "irq", "work" or "task", or "free" for a function that frees one; `model`: module and function of
    the model that say the same; `taken`: whether the work item is off its queue when it begins; `bounded`: whether its
    lists are those of the model at any time; `callbacks`: how often the client's callback runs; `context`: where what
    it takes in order to free it waits, or, of "free", what it frees.
    """

    channel: str
    functions: tuple[str, ...]
    given: str
    model: str
    taken: bool = False
    bounded: bool = True
    callbacks: int = 0
    context: str = TERMINATED


def _sections() -> dict[str, Section]:
    found, driver = {}, "model/driver.py: "
    for name in NAMES:
        found[f"client.issue_{name}"] = Section(name, ("bam_issue_pending",), "chan", f"{driver}bam_issue_pending")
        found[f"client.terminate_{name}"] = Section(
            name, ("bam_dma_terminate_all",), "chan", f"{driver}bam_dma_terminate_all", bounded=False
        )
        found[f"driver.process_{name}_irq"] = Section(name, ("bam_dma_irq",), "irq", f"{driver}process_channel_irqs")
        work = ("bam_dma_work", "dma_tasklet")
        found[f"driver.work_{name}"] = Section(name, work, "work", f"{driver}bam_start_dma", taken=name == "rx")
    free, freeing = (FREE, "free", "model/lock.py: free_lock_txns"), "freeing"
    return found | {
        "driver.complete_tx": Section("tx", ("vchan_complete",), "task", "model/client.py: actions", callbacks=1),
        "driver.complete_rx": Section("rx", ("vchan_complete",), "task", "model/driver.py: actions", context=freeing),
        "driver.free_rx": Section("rx", *free, context=freeing),
        "client.free_rx": Section("rx", *free),
    }


SECTIONS: Mapping[str, Section] = _sections()
"""By the name of the action, without what tells a second one of its name apart."""
ROOTS = tuple(dict.fromkeys(name for section in SECTIONS.values() for name in section.functions))


@dataclass(frozen=True)
class Read:
    """An action from C. `wrongs`: what may not happen, or may not be left, with the condition under which it is.

    `where`: file:line of the function; `lines`: by file:line the condition under which a statement there is executed;
    `builds`: the faults of building what it builds.
    """

    action: Action
    wrongs: tuple[Obligation, ...]
    where: str
    lines: Mapping[str, Term]
    builds: frozenset[str]


def section_of(action: Action) -> Section | None:
    """The section that an action of the model is, None if it is nothing of bam_dma."""
    return SECTIONS.get(re.sub(r"_\d+$", "", action.name.partition(":")[0]))


def read_driver(tree: SourceTree, ring: int) -> Unit:
    """bam_dma and virt-dma of a tree, with a ring of so many slots instead of 4095. Raises SourceError."""
    return Unit.read(tree, facts.FILES, {"SZ_32K": f"(({ring} + 1) * {facts.DESCRIPTOR_BYTES})"})


def unbound(protocol: Protocol) -> str | None:
    """Why the state of a version cannot be read from C yet, if so."""
    ctx = protocol.ctx
    if ctx.client_locks:
        return "LOCK and UNLOCK that the client queues are not bound to C yet"
    if ctx.reads_back:
        return "a client that waits for its last command is not bound to C yet"
    return None


class Driver:
    """The driver of a tree, bound to a row: what its C keeps for LOCK and UNLOCK is found out once for all sections."""

    def __init__(self, protocol: Protocol, unit: Unit) -> None:
        self.protocol, self.unit, self._ctx = protocol, unit, protocol.ctx

    def execute(self, action: Action) -> Read:
        """The action that the C is, for every well-formed state in which the model's can be taken.

        `action` has to be one that `section_of` knows. Raises SourceError for what has no meaning.
        """
        section = section_of(action)
        assert section is not None
        if reason := unbound(self.protocol):
            raise SourceError(reason)
        function, trouble = _function(self.unit, section), _trouble(action)
        memory = self._loaded(section, action, trouble)
        machine = memory.machine
        if action.fault in ALLOCATIONS:
            memory.made.fault, memory.made.turns = action.fault, self._turns(section, action)
        before, watch = machine.state.copy(), Watch(memory)
        # what made the memory as the section finds it is nothing that the section executes
        machine.lines.clear()
        value = _run(memory, section, function)
        memory.made.demand_numbers(machine)
        outcome = Outcome(memory, before)
        where = coordinate(self.unit.functions[function])
        made = _independent(machine, where, _action(self.protocol, action, section, outcome, watch))
        wrongs = [
            *machine.obligations,
            *Left(outcome, where, section.callbacks, value if section.given == "irq" else None).all(),
        ]
        if action.fault is not None:
            tried = f"{action.fault} is tried"
            met = memory.made.met if action.fault in ALLOCATIONS else trouble.met
            fits = z3.Not(z3.Or(*made.overflow.values()))
            _demand_free(where, {tried: as_term(met)}, [*machine.facts.premises, fits])
            # a later turn is on paths that look at how the first one failed, and in vain
            made = replace(made, guard={**action.guard, **_plain({tried: z3.simplify(as_term(met))})})
        lines = {at: as_term(either(*(both(*path) for path in paths))) for at, paths in machine.lines.items()}
        return Read(made, tuple(wrongs), where, lines, frozenset(kind for kinds in _kinds(memory) for kind in kinds))

    def prepare(self) -> None:
        """Find out at once what would be found out with the first section."""
        _ = self._kept

    @cached_property
    def _kept(self) -> tuple[Own, str | None, Template, Mapping[int, str]]:
        """State that no row has, the member that is the row's flag, what every LOCK and UNLOCK holds, the lists that
        have their mappings."""
        kept, own = Kept(self.unit, ROOTS), declared(self._ctx, self.unit, ROOTS)
        kept.demand_plain_prep()
        flag = kept.flag(self._ctx, own.channel)
        return own, flag, *template(self._ctx, self.unit, flag, own)

    def _loaded(self, section: Section, action: Action, trouble: Trouble) -> Memory:
        """The memory that the section finds, for every well-formed state in which the model's action can be taken."""
        own, flag, template_of, storage = self._kept
        count, of_channel = self._ctx.bounds["mappings"] if self._ctx.lock_txns else 0, mapped_in_channel(self._ctx)
        made = Made(count, of_channel=of_channel, storage=storage)
        known = KERNEL.also(meanings(self._ctx.bounds["ring"], trouble, made))
        guard = [term for key, term in action.guard.items() if not key.endswith(" is tried")]
        machine = Interpreter(self.unit, known, [*well_formed(self._ctx).values(), *guard])
        memory = Memory(self._ctx, machine, section.channel, flag, made, template_of, own)
        memory.load()
        if not section.bounded:
            machine.limits.clear()
        if section.taken:
            machine.state.cells["hw", ("work",)] = Value(BOOL, False)
        return memory

    def _turns(self, section: Section, action: Action) -> tuple[str, ...]:
        """In which order the section makes LOCKs and UNLOCKs, as an execution without a failure shows."""
        memory, found = self._loaded(section, action, Trouble()), []
        function = _function(self.unit, section)
        _run(memory, section, function)
        for fit in _kinds(memory):
            found += fit if len(fit) == 1 else ["either"]
        turns = tuple(dict.fromkeys(found))
        in_turn = found == [turns[at % len(turns)] for at in range(len(found))]
        if "either" in turns or action.fault not in turns or not in_turn:
            what = " ".join(found) or "nothing"
            raise SourceError(f"{facts.DRIVER}: {function} builds {what}: which of them fails is not known")
        return turns


def _kinds(memory: Memory) -> list[list[str]]:
    """For each LOCK or UNLOCK that was made, in order, the faults that building it can have: of the one, the other."""
    machine, made = memory.machine, memory.made
    can = iter(machine.possible_each([kind for name in made.order for kind in made.kind(machine, Place(name, (0,)))]))
    return [[what for what in ALLOCATIONS if next(can)] for _ in made.order]


def _run(memory: Memory, section: Section, function: str) -> Value:
    """Execute the section; one that frees does so with each LOCK and UNLOCK of its context."""
    if section.given != "free":
        return memory.machine.call(function, _arguments(memory.machine.unit, section))
    machine = memory.machine
    memory.made.at_once = True
    for kind, label in LABELS.items():
        for number_of in range(memory.made.count):
            base, name = machine.state, f"{section.context} {label} {number_of}"
            there = memory.waiting(name, kind, number_of, section.context)
            if not machine.possible(there):
                continue
            machine.state = base.copy(there)
            machine.call(function, [Value(VOID_POINTER, Pointer.to(name, "vd"))])
            joined = machine.join(machine.state, base.copy(no(there)))
            assert joined is not None
            joined.path = base.path
            machine.state = joined
    return VOID


def with_driver(protocol: Protocol, tree: SourceTree) -> Protocol:
    """The protocol with the driver's actions from the C of a tree, each with the place in C as its source.

    What the C must not do is the event `wrong_in_c`. Raises SourceError for what has no meaning.
    """
    if reason := unbound(protocol):
        raise SourceError(f"{tree} with this client: {reason}")
    unit = read_driver(tree, protocol.ctx.bounds["ring"])
    protocol = _with_own(protocol, unit)
    driver, actions = Driver(protocol, unit), list(protocol.system.actions)
    driver.prepare()
    places = [place for place, action in enumerate(actions) if section_of(action) is not None]
    made = beside.each(len(places), lambda number: _packed(_from_c(driver, actions[places[number]])))
    for place, packed in zip(places, made, strict=True):
        actions[place] = _unpacked(actions[place], *packed)
    return replace(protocol, system=replace(protocol.system, actions=tuple(actions)))


def _from_c(driver: Driver, action: Action) -> Action:
    """An action of the row as the C has it."""
    read = driver.execute(action)
    _demand_forms(driver.protocol, read)
    wrong = with_wrongs(driver.protocol.ctx, read.action, read.wrongs)
    return replace(wrong, source=f"{read.where}; {action.source}")


def _packed(action: Action) -> tuple[str, str, list[list[str]]]:
    """What an action of the row has become, as plain data."""
    parts = [getattr(action, part) for part in TERMS]
    return action.source, written([term for part in parts for term in part.values()]), [list(part) for part in parts]


def _unpacked(action: Action, source: str, text: str, keys: Sequence[Sequence[str]]) -> Action:
    terms = iter(reread(text))
    guard, updates, events, overflow = ({key: next(terms) for key in mine} for mine in keys)
    return replace(action, source=source, guard=guard, updates=updates, events=events, overflow=overflow)


def _with_own(protocol: Protocol, unit: Unit) -> Protocol:
    """The protocol in which what the driver keeps beyond the row is state, as probe leaves it."""
    ctx, initial = protocol.ctx, {}
    own = own_state(unit, ROOTS, "rx.locked" in ctx.space.variables)
    if not own.channel and not own.transaction:
        return protocol
    machine = Interpreter(unit, KERNEL.also(meanings(ctx.bounds["ring"], Trouble(), Made())))
    Memory(ctx, machine, "rx", None, Made(), {}).load()
    for place, name in enumerate(NAMES):
        for member in own.channel:
            value = machine.state.cells["channels", (place, member)].number
            if not isinstance(value, int):
                raise SourceError(f"{facts.DRIVER}: what probe leaves in {member} is not constant")
            initial[name, member] = value
    space = replace(ctx.space, variables=dict(ctx.space.variables), queues=dict(ctx.space.queues))
    ctx = replace(ctx, space=space)
    declare(ctx, own, initial)
    return Protocol(ctx, replace(protocol.system, space=space))


def _demand_forms(protocol: Protocol, read: Read) -> None:
    """Raise SourceError for a LOCK or UNLOCK that is built where the row builds none: no fault would strike there."""
    name = read.action.name
    forms = {action.name for action in protocol.system.actions}
    for fault in protocol.ctx.workload.faults:
        if ":" not in name and fault in read.builds and f"{name}:{fault}" not in forms:
            raise SourceError(f"{read.where}: {fault} can strike in {name}, where it cannot in the row")


def _independent(machine: Interpreter, where: str, action: Action) -> Action:
    """The action without the constants of what is hidden; refuses one that depends on their values."""
    # where one capacity is exceeded nothing is said, not even which others are
    beyond = {"whether a capacity suffices": z3.Or(*action.overflow.values())}
    _demand_free(where, beyond, machine.facts.premises)
    overflow = _plain(action.overflow)
    assumed = [*machine.facts.premises, z3.Not(z3.Or(*overflow.values()))]
    _demand_free(where, {**action.updates, **action.events}, assumed)
    return replace(action, updates=_plain(action.updates), events=_plain(action.events), overflow=overflow)


def _is_hidden(name: str) -> bool:
    return name.startswith(HIDDEN)


def _plain(terms: Mapping[str, Term]) -> dict[str, Term]:
    return dict(zip(terms, without(list(terms.values()), _is_hidden), strict=True))


def _demand_free(where: str, terms: Mapping[str, Term], assumed: Sequence[Term]) -> None:
    """Raise SourceError if one of the terms, by what they are, depends on what is hidden."""
    if (key := dependent(terms, _is_hidden, assumed)) is not None:
        what = min(filter(_is_hidden, variables_of(terms[key]))).removeprefix(HIDDEN)
        raise SourceError(f"{where}: {key} depends on {what}, of which nothing is known")


def _function(unit: Unit, section: Section) -> str:
    for name in section.functions:
        if name in unit.functions:
            return name
    raise SourceError(f"{facts.DRIVER} has no {' or '.join(section.functions)}; without it there is no such section")


def _trouble(action: Action) -> Trouble:
    number_of = re.search(r"-(\d+)$", action.name)
    return Trouble(action.fault, int(number_of[1]) if number_of and action.fault else 1)


def _arguments(unit: Unit, section: Section) -> list[Value]:
    channel = NAMES.index(section.channel)
    if section.given == "chan":
        return [Value(VOID_POINTER, Pointer.to("channels", channel, "vc", "chan"))]
    if section.given == "irq":
        return [number(0), Value(VOID_POINTER, Pointer.to("bdev"))]
    if section.given == "task":
        return [Value(VOID_POINTER, Pointer.to("channels", channel, "vc", "task"))]
    return [Value(VOID_POINTER, work_item(unit))]


def _action(protocol: Protocol, action: Action, section: Section, outcome: Outcome, watch: Watch) -> Action:
    ctx = protocol.ctx
    step = Step(ctx.space)
    outcome.write(step)
    if ctx.lock_txns and section.channel == "rx":
        outcome.write_made(step, section.context, section.given == "free")
    channel = Channel(ctx, step, section.channel)
    if section.given == "chan" and not section.bounded and channel.commands:
        restart_cookies(channel)
    if section.given == "irq" and channel.commands:
        step.emit("cookie_covers_unconsumed", covered(channel))
    if section.channel == "rx" and ctx.lock_slots:
        outcome.write_marks(step, watch.written)
    for event, condition in watch.events.items():
        step.emit(event, as_term(condition))
    for name, condition in outcome.machine.exceeded.items():
        step.exceed(name, as_term(condition))
    made = step.action(action.name, action.actor, action.guard, action.source, action.executes_descriptor)
    declared: dict[str, Term] = {key: term for key, term in action.updates.items() if DECLARED.fullmatch(key)}
    own = {key: term for key, term in made.updates.items() if key not in declared}
    return replace(made, updates={**declared, **own}, fault=action.fault)
