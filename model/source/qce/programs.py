"""What the client does with a request: its steps from the queue to the callback, as values of a version's axes.

Declared by hand, as no C says it: that `module_platform_driver`'s probe runs first and succeeds, that a request is
queued by `async_req_enqueue`, and that the callback runs after a request that did not fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pycparser import c_ast

from model.source.ctypes import UNSIGNED, PointerTo, Struct
from model.source.qce.client import PREPARE, REQUEST, START, TEMPLATE, Client, Event, Members, Statement
from model.source.qce.commands import Configured, Metadata
from model.source.qce.inputs import DEVICE
from model.source.qce.kernel import OWN
from model.source.qce.sequences import Order, orders
from model.source.qce.transfers import TO_DEVICE, TRANSFERS
from model.source.symbolic.kernel import KERNEL
from model.source.symbolic.terms import Condition, as_term, both, either, fold, no
from model.source.symbolic.values import Pointer, Value, number
from model.source.tree import SourceError, SourceTree
from model.source.unit import Unit, coordinate

FOLDER = "drivers/crypto/qce"
FILES = tuple(f"{FOLDER}/{name}.c" for name in ("core", "common", "dma", "skcipher", "sha", "aead"))
REGISTERS = f"{FOLDER}/regs-v5.h"
DEFINES: Mapping[str, str] = {
    "CONFIG_CRYPTO_DEV_QCE_SKCIPHER": "1",
    "CONFIG_CRYPTO_DEV_QCE_SHA": "1",
    "CONFIG_CRYPTO_DEV_QCE_AEAD": "1",
    "CONFIG_CRYPTO_DEV_QCE_SW_MAX_LEN": "512",
}
QCE = TRANSFERS.also(OWN)
"""All functions that have a meaning where the client is read."""
OPERATIONS, DRIVER = Struct("qce_algo_ops"), Struct("platform_driver")
REQUESTS: Mapping[str, str] = {"SKCIPHER": "skcipher_request", "AHASH": "ahash_request", "AEAD": "aead_request"}
DUMMIES: Mapping[str, str] = {"REG_VERSION": "write-version", "REG_AUTH_SEG_CFG": "write-auth-seg-cfg"}
"""The values of the axis `dummy` for registers that bam_dma writes 0 to."""
UNDOING = frozenset({"unmap-data", "unmap-commands", "terminate-rx", "terminate-tx", "finish"})
"""The steps that only failing requests and callbacks take."""


@dataclass(frozen=True)
class Driver:
    """The client's files. `algorithms`: by the name of the type its value and the function that handles requests."""

    unit: Unit
    registers: Mapping[int, str]
    algorithms: Mapping[str, tuple[int, str]]
    registering: Mapping[str, str]
    probe: str


@dataclass(frozen=True)
class Wrong:
    """What must not happen but does: `text` at `where`, in requests that end in a `way`, after what had to fail."""

    text: str
    where: str
    way: str
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """What the client does with requests of one type. `handler`, `where`: the function and file:line.

    `orders`: by axis (`request`, `completion`, `data-failure`, `command-failure`) the different orders of steps, also
    of failures while the data are mapped (`map-failure`) and before (`early-failure`). A failure's order is that of the
    steps that undo; `before` has those that were taken until then. `nwd`: the steps whose transactions carry it;
    `values`: by axis (`metadata`, `dummy`, `dummy-address`) what it has in some request, with file:line;
    `late`: members of the device that requests read, which probe stores after algorithms are registered, with
    file:line; `wrongs`: what must not happen but does.
    """

    handler: str
    where: str
    orders: Mapping[str, tuple[Order, ...]]
    before: Mapping[str, tuple[Order, ...]]
    nwd: Mapping[str, bool]
    values: Mapping[str, Mapping[str, str]]
    late: Mapping[str, str]
    wrongs: tuple[Wrong, ...]


def read_client(tree: SourceTree) -> Driver:
    """drivers/crypto/qce of a tree; what a file that is not there would have is refused where it is used.

    Raises SourceError.
    """
    unit = Unit.read(tree, [FILES[0], *(name for name in FILES[1:] if tree.has(name))], DEFINES)
    found = {
        int(offset, 0): name
        for name, offset in re.findall(r"^#define\s+(REG_\w+)\s+(0x[0-9a-fA-F]+)\b", tree.read(REGISTERS), re.M)
    }
    for name in ("REG_GOPROC", "REG_STATUS"):
        if name not in found.values():
            raise SourceError(f"{REGISTERS}: no #define of {name}, by which a request is started and its outcome read")
    for name in (PREPARE, START):
        if name not in unit.functions:
            raise SourceError(f"{FOLDER}: no function {name}, by which failures of the data and of the start differ")
    tables = [_members(node) for node in unit.globals.values() if unit.type_of(node.type) == OPERATIONS]
    drivers = [_members(node) for node in unit.globals.values() if unit.type_of(node.type) == DRIVER]
    if len(drivers) != 1 or drivers[0].get("probe") not in unit.functions:
        raise SourceError(f"{FOLDER}: not one struct platform_driver whose probe is read")
    algorithms = {
        table["type"].removeprefix("CRYPTO_ALG_TYPE_"): (unit.constants[table["type"]], table["async_req_handle"])
        for table in tables
        if table.get("type") in unit.constants and table.get("async_req_handle") in unit.functions
    }
    if not algorithms or not set(algorithms) <= set(REQUESTS):
        raise SourceError(f"{FOLDER}: no struct qce_algo_ops with a type and an async_req_handle that are known")
    registering = {
        table[member]: step
        for table in tables
        for member, step in (("register_algs", "register"), ("unregister_algs", "unregister"))
        if member in table
    }
    return Driver(unit, found, algorithms, registering, drivers[0]["probe"])


def _members(node: c_ast.Decl) -> dict[str, str]:
    """The members of a global that are initialized with a name."""
    return {
        item.name[0].name: item.expr.name
        for item in (node.init.exprs if isinstance(node.init, c_ast.InitList) else ())
        if isinstance(item, c_ast.NamedInitializer) and isinstance(item.expr, c_ast.ID)
    }


def execute(driver: Driver, algorithm: str, lines: bool = False) -> Program:
    """What the client does with a request of a type, such as "AEAD"; with `lines` also the statements of each step.

    Raises SourceError for what has no meaning.
    """
    kind, handler = driver.algorithms[algorithm]
    client = Client(driver.unit, KERNEL.also(QCE), driver.registers, driver.registering, kind)
    late = _probe(client, driver)
    client.statements.clear()
    _queue(client, algorithm)
    events, client.events = client.events, []
    statements, client.statements = client.statements if lines else [], []
    finished = fold(either(*(event.condition for event in events if event.step == "finish")))
    client.demand_unmapped(finished)
    _complete(client, no(finished))
    client.demand_unmapped(True)
    if carried := sorted(client.members.numbers & client.members.loaded):
        client.refuse(f"{carried[0]} of the device is read and stored by requests, which has no meaning")
    found = {
        "request": _orders(client, events, no(finished), statements),
        "completion": _orders(client, client.events, no(finished), client.statements if lines else []),
    }
    ways = _failures(client, finished)
    failures = {
        name: [order.split(UNDOING) for order in _orders(client, events, condition, statements)]
        for name, condition in ways.items()
    }
    return Program(
        handler,
        coordinate(driver.unit.functions[handler]),
        found | {name: tuple(undone for _, undone in pairs) for name, pairs in failures.items()},
        {name: tuple(done for done, _ in pairs) for name, pairs in failures.items()},
        {each.step: each.nwd for _, each in client.submitted},
        _values(client),
        {name: where for name, where in late.items() if name in client.members.loaded},
        tuple(_wrongs(client, {"success": no(finished)} | ways)),
    )


def _told(client: Client, value: Callable[[Metadata | None], str]) -> dict[str, str]:
    """A value of each metadata, or none, that commands are submitted with; if there are no commands, of none."""
    found: dict[str, str] = {}
    for condition, metadata, where in client.sent or [(True, None, "")]:
        if condition is True or client.happens(condition):
            found.setdefault(value(metadata), where if metadata is None else metadata.where)
    return found


def _values(client: Client) -> dict[str, Mapping[str, str]]:
    """How bam_dma learns where dummy writes go, which register, from which base: as the axes have it, or in words."""
    configured = client.configured.get("rx", Configured(0, "", "", ""))

    def way(metadata: Metadata | None) -> str:
        if metadata is None:
            return configured.way or "none"
        if metadata.direction is None:
            return "channel" if configured.direction == TO_DEVICE else "channel, without a direction"
        found = metadata.direction
        return "channel-direction" if found == TO_DEVICE else f"channel, the direction {found}"

    def dummy(metadata: Metadata | None) -> str:
        name = configured.register if metadata is None else metadata.register
        return DUMMIES.get(name, name) or "none"

    return {
        "metadata": _told(client, way),
        "dummy": _told(client, dummy),
        "dummy-address": client.used or {"none": ""},
    }


def _probe(client: Client, driver: Driver) -> dict[str, str]:
    """Probe, successfully; what it stores in the device after the first algorithm is registered, with file:line."""
    device = client.give("platform device", Struct("platform_device"))
    result = client.call(driver.probe, [Value(PointerTo(Struct("platform_device")), device)])
    if client.device is None:
        client.refuse(f"{driver.probe} makes no struct qce_device")
    client.assume(as_term(fold(no(result.truth))))
    registered = [place for place, event in enumerate(client.events) if event.step == "register"]
    if not registered:
        client.refuse(f"{driver.probe} registers no algorithm")
    stored = client.members.stored
    client.settle()
    client.forget_counts(client.device.places[0][1].object)
    client.probed = True
    client.events, client.members = [], Members()
    client.unsuccessful.clear()
    return {name: where for name, (before, where) in stored.items() if before > registered[0]}


def _queue(client: Client, algorithm: str) -> None:
    """A request of a type comes to the device's queue."""
    device, base = client.device, Pointer.to(REQUEST, "base")
    assert device is not None
    client.types[REQUEST] = Struct(REQUESTS[algorithm])
    client.types[TEMPLATE] = Struct("qce_alg_template")
    client.given |= {REQUEST, TEMPLATE}
    client.store(Pointer.to(TEMPLATE, "crypto_alg_type"), number(client.algorithm, UNSIGNED))
    kind = client.member(DEVICE, "async_req_enqueue")
    client.call_pointer(
        client.load(device.inside("async_req_enqueue"), kind),
        [Value(PointerTo(DEVICE), device), Value(PointerTo(Struct("crypto_async_request")), base)],
    )


def _complete(client: Client, under: Condition) -> None:
    """The callback of the request's transactions, in each state where the request did not fail."""
    base = client.state
    client.state = base.copy(under)
    for each in client.callbacks:
        before = client.state
        if each.function.pointer.null is True or not client.possible(each.condition):
            continue
        if each.transaction.channel != "tx":
            client.where = each.transaction.where
            client.refuse(
                f"a callback of {each.transaction.step} has no meaning: the last step is on the other channel"
            )
        client.state = before.copy(each.condition)
        client.call_pointer(each.function, [each.argument])
        joined = client.join(client.state, before.copy(no(each.condition)))
        assert joined is not None
        client.state = joined


def _failures(client: Client, finished: Condition) -> dict[str, Condition]:
    """What tells the ways to fail apart: by what the row's axis is about."""
    started = client.unsuccessful.get(START, False)
    prepared = client.unsuccessful.get(PREPARE, False)
    mapped = client.unmapped
    return {
        "data-failure": both(finished, no(started), no(mapped), prepared),
        "command-failure": both(finished, started),
        "map-failure": both(finished, no(started), mapped),
        "early-failure": both(finished, no(started), no(mapped), no(prepared)),
    }


def _orders(
    client: Client, events: Iterable[Event], under: Condition, statements: Sequence[Statement]
) -> tuple[Order, ...]:
    found = orders(events, under, client.assumed, statements)
    if found is None:
        client.refuse("the steps of a request have more orders than are compared")
    return tuple(found)


def _wrongs(client: Client, ways: Mapping[str, Condition]) -> Iterator[Wrong]:
    """Each obligation that is not met, for each way in which a request ends so."""
    asked = [
        (each, way, both(condition, each.condition)) for each in client.obligations for way, condition in ways.items()
    ]
    happens = client.each_happens([here for _, _, here in asked])
    for (each, way, here), does in zip(asked, happens, strict=True):
        if does:
            without = client.each_happens([both(here, no(term)) for term in client.failing])
            calls = zip(client.failing.values(), without, strict=True)
            failed = tuple(f"{what} at {where}" for (what, where), may_succeed in calls if not may_succeed)
            yield Wrong(each.text, each.where, way, failed)
