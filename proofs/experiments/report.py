"""What a search has found, in words and as a table for whoever writes the experiment as a kernel module."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterator, Sequence

from model.hardware.bench import INSTRUCTIONS
from proofs.experiments.machine import ABORT, BUSY, CAME, DONE, READING, looked
from proofs.experiments.shortest import Program, Told
from proofs.recordings.table import BITS, COLUMNS, SLOT, Row

MOST_SHOWN = 3  # of the ways in which a program can read something, so many are told
WIDTH = 80
_COMMANDS = {
    "lock": ("a command element: VERSION = 0", ("CMD", "LOCK", "INT")),
    "unlock": ("a command element: VERSION = 0", ("CMD", "UNLOCK", "INT")),
    "configure": ("command elements: the registers but GOPROC", ("CMD", "INT")),
    "go": ("a command element: GOPROC", ("CMD", "INT")),
    "data": ("input", ("EOT",)),
    "data-nwd": ("input", ("EOT", "NWD")),
}
_ACCESSES = {
    "reset": ("P_RST", "write", "1, then 0"),
    "cpu-configure": ("the registers but GOPROC", "write", ""),
    "cpu-go": ("GOPROC", "write", ""),
    "status": ("STATUS", "read", ""),
    "await": ("P_IRQ_STTS", "read", "until it is not 0, or for long enough; write it to P_IRQ_CLR"),
}


def best(found: Sequence[Told]) -> Told:
    """Of what two values come to with several lock groups: for certain before with luck before not, and known last."""
    return max(found, key=lambda item: (item.strength, bool(item.reason), not item.same))


def lines(found: Sequence[Told]) -> Iterator[str]:
    """Of two values what tells them apart, for each kind of users that was tried, at most 80 columns wide."""
    task = found[0].task
    yield f"{task.key}: {task.one} against {task.two}"
    told: list[_Told] = []
    for item in found:
        text = f"{setup(item)}: {_verdict(item)}"
        programs = list(_programs(item))
        again = bool(programs) and programs in told
        text += ", by the same programs" if again else ""
        yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
        told.append(programs)
        for title, program, only in [] if again else programs:
            yield from textwrap.wrap(title, WIDTH, initial_indent="    ", subsequent_indent="      ")
            for number, name in enumerate(program.instructions, 1):
                text = f"{number:>2}  {INSTRUCTIONS[name]}"
                yield from textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="        ")
            for value, histories in only:
                yield from _answers(value, program, histories)


def setup(item: Told) -> str:
    """Where it was found; where nothing was, it was so with all lock groups that were tried."""
    groups = not item.strength and item.task.key == "lock_scope"
    return f"{item.task.users}; any of the lock groups" if groups else item.task.setup


def _verdict(item: Told) -> str:
    length = item.task.length
    if item.reason:
        return f"not known: {item.reason}"
    if item.same:
        return "the same system, so alike to every program of any length"
    if item.certain:
        return f"told apart for certain in {len(item.certain.instructions)} instructions"
    looked_at = f"({item.programs} programs that differ in what they come to)"
    if item.strength:
        return f"for certain by no program of at most {length} instructions {looked_at}; with luck"
    return f"alike to every program of at most {length} instructions {looked_at}"


_Only = list[tuple[str, frozenset[tuple[int, ...]]]]
_Told = list[tuple[str, Program, _Only]]


def _programs(item: Told) -> Iterator[tuple[str, Program, _Only]]:
    """What is told of each program: a title, and by value what is read with that alone."""
    task = item.task
    if item.certain:
        both = [(task.one, item.certain.one), (task.two, item.certain.two)]
        yield "whatever is read is read with one of them only:", item.certain, both
    for program, value, other in (
        (item.against_two, task.one, task.two),
        (item.against_one, task.two, task.one),
    ):
        if program:
            only = program.one - program.two if value == task.one else program.two - program.one
            yield f"what can be read with {value} and not with {other}:", program, [(value, only)]


def _answers(value: str, program: Program, histories: frozenset[tuple[int, ...]]) -> Iterator[str]:
    shown = sorted(histories)[:MOST_SHOWN]
    more = f" (and {len(histories) - len(shown)} other ways)" if len(histories) > len(shown) else ""
    text = f"{value} if " + ", or if ".join(_history(program.instructions, history) for history in shown) + more
    yield from textwrap.wrap(text, WIDTH, initial_indent="    = ", subsequent_indent="      ")


def _history(program: Sequence[str], history: Sequence[int]) -> str:
    """What all reading instructions have read, each with its number."""
    return "; ".join(
        f"{place + 1} reads {_answer(program[: place + 1], read)}"
        for place, read in enumerate(history)
        if program[place] in READING
    )


def _answer(program: Sequence[str], read: int) -> str:
    """What the last instruction of a program has read."""
    match program[-1]:
        case "look":
            return _offsets(program, read)
        case "await":
            return "an interrupt" if read == CAME else "no interrupt"
        case "status":
            return {ABORT: "an external abort", BUSY: "busy", DONE: "done"}.get(read, "neither busy nor done")
    return "an external abort" if read == ABORT else "no abort"


def _offsets(program: Sequence[str], read: int) -> str:
    waiting, output, interrupt, refused = looked(read)
    since = max((place + 1 for place, name in enumerate(program) if name == "reset"), default=0)
    put = sum(name in _COMMANDS for name in program[since:])
    given, rung = 2 * program.count("output"), program.count("other")
    parts = [f"consumer {put - waiting} of {put}"]
    parts += [f"producer {given - output} of {given}"] if given else []
    parts += ["its interrupt"] if interrupt else []
    parts += [f"other user {rung - refused} of {rung}"] if rung else []
    return ", ".join(parts)


def rows(item: Told) -> list[Row]:
    """The rows of the programs: a row for each descriptor, doorbell and register that is written or read."""
    found: list[Row] = []
    for title, program, only in _programs(item):
        put = {"consumer": 0, "producer": 0}
        for number, name in enumerate(program.instructions, 1):
            common = {"step": str(number), "by": "the writer", "does": INSTRUCTIONS[name]}
            found += [common | row for row in _words(name, put)]
        told = [
            f"{value} if " + " | ".join(_history(program.instructions, one) for one in sorted(ways))
            for value, ways in only
        ]
        found[-1]["means"] = f"{title} {'; '.join(told)}"
    return found


def _words(name: str, put: dict[str, int]) -> Iterator[Row]:
    """What is written and read in an instruction; `put` counts the descriptors of each pipe since its reset."""
    if name in _COMMANDS or name == "output":
        pipe = "producer" if name == "output" else "consumer"
        for what, bits in [_COMMANDS[name]] if name in _COMMANDS else [("output", ()), ("the result dump", ("INT",))]:
            named = [bit for bit in BITS if bit in bits]
            size = "16 for each element" if "CMD" in bits else "its bytes"
            flags = {"flags": f"{sum(BITS[bit] for bit in named):#06x}", "bits": " ".join(named)}
            yield {"pipe": pipe, "descriptor": str(put[pipe]), "address": what, "size": size, **flags}
            put[pipe] += 1
        yield {"pipe": pipe, "register": "P_EVNT_REG", "access": "write", "content": f"{SLOT * put[pipe]:#x}"}
    elif name == "look":
        for pipe in put:
            content = f"{SLOT:#x} for each descriptor that is executed"
            yield {"pipe": pipe, "register": "P_SW_OFSTS", "access": "read", "content": content}
        yield {"pipe": "producer", "register": "P_IRQ_STTS", "access": "read"}
    elif name == "other":
        yield {"pipe": "the other user's consumer", "register": "P_EVNT_REG", "access": "write", "content": "8 more"}
    else:
        register, access, content = _ACCESSES[name]
        put["consumer"] = 0 if name == "reset" else put["consumer"]
        yield {"register": register, "access": access, "content": content}


def text(found: Sequence[Told], head: bool) -> str:
    """The rows as CSV, with the names of the columns if `head`; a row that says so where nothing tells."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    if head:
        writer.writeheader()
    for item in found:
        task = item.task
        name = {"version": setup(item), "assumption": task.key, "value": task.one, "other": task.two}
        writer.writerows(name | row for row in (rows(item) or [{"means": _verdict(item)}]))
    return out.getvalue()
