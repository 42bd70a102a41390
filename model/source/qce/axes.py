"""What the axes of a version say of its client, aspect by aspect: what a tree's does otherwise, and a tree's own axes.

The same is: every path of the C takes the steps that the axes say, in their order, and does nothing that it must not do
in requests that end so. No axis says what fails before the data are prepared: then all must be as before.

The axes of a tree are what every path of every type of request comes to; where two types do otherwise, a path takes
steps that the model has not, or no path succeeds, the tree is refused. An order of steps may be one that no row has.
Told and not refused is what no axis can say: what C must not do (a list unmapped that was not mapped), and failures
while the data are mapped or before, which the model has not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model import versions
from model.source import beside
from model.source.qce.client import PREPARE, START
from model.source.qce.programs import Program, execute, read_client
from model.source.qce.sequences import Order
from model.source.tree import SourceError, SourceTree
from model.source.unit import coordinate
from model.versions import Value

FAILURES = ("data-failure", "command-failure")
UNDONE = {"map-failure": ("unmap-data", "finish"), "early-failure": ("finish",)}
"""What the steps can be at most where no axis says it: what was mapped is unmapped, the request is finished."""
VALUES = ("metadata", "dummy", "dummy-address")
AXES = ("request", "completion", *FAILURES, "nwd", *VALUES, "probe")
ASPECTS = ("request", "completion", *FAILURES, *UNDONE, "nwd", *VALUES, "probe")
EARLY, LATE = "base-first", "algorithms-first"
_FAIL: Mapping[str, str] = {"data-failure": PREPARE, "command-failure": START}
"""By axis the function whose failure it is about."""
_ORDERS = ("request", "completion", *FAILURES)


def judge(axes: Mapping[str, Value], program: Program, aspect: str) -> Iterator[tuple[str, str]]:
    """What is different in an aspect: file:line and what it is."""
    yield from unlike(axes, program, aspect)
    yield from wrong(program, aspect)


def unlike(axes: Mapping[str, Value], program: Program, aspect: str) -> Iterator[tuple[str, str]]:
    """In which steps or values the C is not what the axes say: file:line and how."""
    if aspect == "nwd":
        yield from _nwd(axes, program)
    elif aspect in VALUES:
        for value, where in program.values[aspect].items():
            if value != axes[aspect]:
                yield where or program.where, f"the row {axes[aspect]}, C {value}"
    elif aspect == "probe":
        yield from _probe(axes, program)
    else:
        yield from _orders(axes, program, aspect)


def wrong(program: Program, aspect: str) -> Iterator[tuple[str, str]]:
    """What must not happen and does in requests that end so: file:line and what it is."""
    way = "success" if aspect == "completion" else aspect
    for each in program.wrongs:
        if each.way == way:
            yield each.where, each.text + (f", after {' and '.join(each.failed)} failed" if each.failed else "")


def carriers(program: Program) -> str:
    """The steps whose transactions carry NWD, as the axis has it where it is one."""
    return " ".join(step for step, nwd in program.nwd.items() if nwd) or "none"


def _orders(axes: Mapping[str, Value], program: Program, aspect: str) -> Iterator[tuple[str, str]]:
    if aspect in ("request", "completion") and not program.orders[aspect]:
        yield program.where, "no path of the C succeeds"
    for order in program.orders[aspect]:
        allowed = [tuple(axes[aspect])] if aspect not in UNDONE else [UNDONE[aspect], ("finish",)]
        if order.steps not in allowed:
            yield _otherwise(order, allowed[0], program.where)
    for order in program.before.get(aspect, ()):
        begun = tuple(axes["request"])
        if order.steps != begun[: len(order.steps)]:
            yield _otherwise(order, begun, program.where)


def _otherwise(order: Order, row: Sequence[str], handler: str) -> tuple[str, str]:
    """The line of the first step that the row does not have there."""
    place = next((at for at, step in enumerate(order.steps) if at >= len(row) or row[at] != step), None)
    where = order.where[place] if place is not None else order.where[-1] if order.where else handler
    return where, f"the row {' '.join(row) or 'nothing'}, C {' '.join(order.steps) or 'nothing'}"


def _nwd(axes: Mapping[str, Value], program: Program) -> Iterator[tuple[str, str]]:
    if carriers(program) != axes["nwd"]:
        yield program.where, f"the row {axes['nwd']}, C {carriers(program)}"


def strange(program: Program) -> list[tuple[str, str]]:
    """What comes late in probe and is no base address, which is none of the values of the axis."""
    return [
        (where, f"requests read {name}, which is stored after algorithms are registered")
        for name, where in program.late.items()
        if not name.startswith("base")
    ]


def _probe(axes: Mapping[str, Value], program: Program) -> Iterator[tuple[str, str]]:
    value, others = LATE if program.late else EARLY, strange(program)
    yield from others
    if not others and value != axes["probe"]:
        where = next(iter(program.late.values()), program.where)
        yield where, f"the row {axes['probe']}, C {value}"


@dataclass(frozen=True)
class Told:
    """What the client does that no axis says: the aspect, file:line, and what it is; `algorithm`: of which requests."""

    algorithm: str
    aspect: str
    where: str
    text: str


@dataclass(frozen=True)
class OwnClient:
    """The client of a tree: its axes, file:line of what handles each type of request, and what no axis says.

    `wrongs`: those of `told` that C must not do.
    """

    axes: Mapping[str, Value]
    handlers: Mapping[str, str]
    told: tuple[Told, ...]
    wrongs: tuple[Told, ...]

    @property
    def wrong_ends(self) -> dict[str, str]:
        """By the axis that says how a request ends what C does wrong in some such request, with file:line."""
        found: dict[str, list[str]] = {}
        for each in self.wrongs:
            found.setdefault(each.aspect, []).append(f"{each.where}: {each.algorithm} {each.text}")
        return {aspect: "; ".join(lines) for aspect, lines in found.items()}

    def rows(self) -> list[str]:
        """The shipped versions whose client has the same values."""
        return [name for name in versions.names() if self.axes.items() <= versions.load(name).axes.items()]


def own_client(tree: SourceTree) -> OwnClient:
    """The client that a tree has; raises SourceError, with file:line and the axis, for one that no axes describe."""
    driver = read_client(tree)
    names = sorted(driver.algorithms)  # AEAD first, which takes longest
    made = dict(zip(names, beside.each(len(names), lambda number: execute(driver, names[number])), strict=True))
    programs = {name.lower(): made[name] for name in driver.algorithms}
    for axis, function in _FAIL.items():
        if not any(program.orders[axis] for program in programs.values()):
            raise SourceError(
                f"{coordinate(driver.unit.functions[function])}: {axis}: {function} fails in no request; the model has"
                " no client where it cannot: it should return an error in some"
            )
    axes: dict[str, Value] = {axis: _order(programs, axis) for axis in _ORDERS}
    axes |= {axis: _one(programs, axis) for axis in ("nwd", *VALUES, "probe")}
    told, wrongs = [], []
    for name, program in programs.items():
        for aspect in (*AXES, *UNDONE):
            for where, text in dict.fromkeys(unlike(axes, program, aspect)):
                if aspect not in UNDONE:
                    raise _refused(where, aspect, f"{name}: {text.replace('the row', 'before', 1)}")
                said = text.replace("the row", "the model knows", 1)
                told.append(Told(name, aspect, where, said))
            found = [Told(name, aspect, *each) for each in dict.fromkeys(wrong(program, aspect))]
            told += found
            wrongs += found
    handlers = {name: program.where for name, program in programs.items()}
    return OwnClient({axis: axes[axis] for axis in AXES}, handlers, tuple(told), tuple(wrongs))


def _found(program: Program, axis: str) -> Mapping[str, str]:
    """The values of an axis that some request has, each with file:line."""
    if axis == "nwd":
        return {carriers(program): program.where}
    if axis != "probe":
        return program.values[axis]
    for where, text in strange(program):
        raise _refused(where, axis, text)
    return {LATE: next(iter(program.late.values()))} if program.late else {EARLY: ""}


def _order(programs: Mapping[str, Program], axis: str) -> Value:
    """The one order of steps that all types of request have in which there is one."""
    found: dict[Value, str] = {}
    known = versions.axis_values(axis)
    for name, program in programs.items():
        if axis in ("request", "completion") and not program.orders[axis]:
            raise _refused(program.where, axis, f"no path of {name} succeeds")
        for order in program.orders[axis]:
            for step, where in zip(order.steps, order.where, strict=True):
                if step not in known:
                    raise _refused(where, axis, f"{name}: {step}, which is none of {', '.join(known)}")
            found.setdefault(order.steps, order.where[0] if order.where else program.where)
    return _only(found, axis)


def _one(programs: Mapping[str, Program], axis: str) -> str:
    found: dict[Value, str] = {}
    for program in programs.values():
        for value, where in _found(program, axis).items():
            found.setdefault(value, where or program.where)
    value = str(_only(found, axis))
    if value not in versions.axis_values(axis):
        raise _refused(found[value], axis, f"{value}, which is none of {', '.join(versions.axis_values(axis))}")
    return value


def _only(found: Mapping[Value, str], axis: str) -> Value:
    (value, first), *others = found.items()
    if others:
        ways = f"{_shown(value)} ({first}), or {_shown(others[0][0])}"
        raise _refused(others[0][1], axis, f"requests do not all do the same: {ways}")
    return value


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else " ".join(value) or "nothing"


def _refused(where: str, axis: str, text: str) -> SourceError:
    return SourceError(f"{where}: {axis}: {text}; the model has one value of it for all requests")
