"""What a run has found so far, in a file, so that a run that was stopped goes on where it was.

One line for each answer, behind a first one that says which run it belongs to. Answers are found by what was asked, so
that more or fewer workers may go on. A last line that is cut off, as by a full disk or a stop, is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from counterexamples.documents import DocumentError, quoted
from proofs.checking.pool import Lost, Place
from proofs.checking.running.alone import demand_alone
from proofs.checking.running.plain import canonical, sealed, unsealed
from proofs.checking.running.program import program

Item = TypeVar("Item")
Answer = TypeVar("Answer")
NEED = "need what `--journal` wrote, or a new file"
WHAT = "this journal; give another file"
KEY = 64  # hexadecimal digits


@dataclass
class Journal:
    """An open journal. `known`: the lines of earlier answers, and where in the file they are worth, by key."""

    path: Path
    file: BinaryIO
    known: dict[str, str] = field(default_factory=dict)

    def recall(self, key: str) -> object | None:
        """The answer that was noted, None if there is none; raises DocumentError if it is none of this program's."""
        line = self.known.get(key)
        try:
            return None if line is None else unsealed(line)
        except ValueError as error:
            raise DocumentError(f"{quoted(str(self.path))}: a damaged answer ({error}); {NEED}") from None

    def note(self, key: str, answer: object) -> None:
        """Write an answer down; raises OSError, which names the file."""
        if key not in self.known:
            self.known[key] = line = sealed(answer)
            self.write(f"{key} {line}\n")

    def write(self, line: str) -> None:
        """Add a line; raises OSError, which names the file."""
        try:
            self.file.write(line.encode())
            self.file.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None


@contextmanager
def journal_at(path: Path, run: Mapping[str, object]) -> Iterator[Journal]:
    """The journal of a run, begun if there is no such file or an empty one; `run` says which run it is, as JSON does.

    Raises DocumentError if the file is no journal, one of another run, or one in which somebody else writes; OSError.
    """
    head = json.dumps({"journal": 1, "program": program(), "run": run}, sort_keys=True) + "\n"
    with path.open("a+b") as file:
        demand_alone(file, path, WHAT)
        found = Journal(path, file)
        if whole := _read(found, head):
            file.truncate(whole)
        else:
            file.truncate(0)
            found.write(head)
        yield found


def _read(journal: Journal, head: str) -> int:
    """How many bytes of the file are whole lines, 0 if it is to be begun; their answers are put into `known`."""
    journal.file.seek(0)
    first = journal.file.readline()
    if head.encode().startswith(first) and not first.endswith(b"\n"):
        return 0
    if first != head.encode():
        raise DocumentError(f"{quoted(str(journal.path))}: {_other(first, head)}")
    whole = len(first)
    for number, line in enumerate(journal.file, 2):
        if not line.endswith(b"\n"):
            break
        key, _, rest = line[:-1].decode("ascii", errors="replace").partition(" ")
        if len(key) != KEY or sha256(rest[KEY + 1 :].encode()).hexdigest() != rest[:KEY]:
            raise DocumentError(f"{quoted(str(journal.path))}: line {number} is damaged; {NEED}")
        journal.known[key] = rest
        whole += len(line)
    return whole


def _other(first: bytes, head: str) -> str:
    """What is wrong with the first line of a file that is not this run's journal."""
    try:
        there, here = json.loads(first), json.loads(head)
        if there["journal"] == here["journal"] and there["run"] == here["run"] and there["program"]:
            return "a journal of another version of this program; need a new file"
        if there["journal"] == here["journal"]:
            return f"a journal of another run, of {quoted(said(there['run']))}; need a new file, or the same options"
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return f"no journal; {NEED}"


def said(run: Mapping[str, object]) -> str:
    """A run in words, as it is typed."""
    given = (f"{key}={value}" for key, value in run.items() if value not in (None, False, [], ""))
    return " ".join(given)


@dataclass(frozen=True)
class Journaled:
    """A place that works on nothing of which a journal has the answer, and notes all others there."""

    place: Place
    journal: Journal

    @property
    def count(self) -> int:
        """How many items are worked on at the same time."""
        return self.place.count

    def completed(
        self, function: Callable[[Item], Answer], items: Sequence[Item], order: Sequence[int]
    ) -> Iterator[tuple[int, Answer | Lost]]:
        """As `Place` has it, what is known first; raises DocumentError or OSError if the journal fails."""
        keys = [_key(function, item) for item in items]
        fresh = []
        for index in order:
            known = self.journal.recall(keys[index])
            if known is None:
                fresh.append(index)
            else:
                yield index, cast(Answer, known)
        for place, answer in self.place.completed(function, [items[index] for index in fresh], range(len(fresh))):
            if not isinstance(answer, Lost):
                self.journal.note(keys[fresh[place]], answer)
            yield fresh[place], answer


def _key(function: Callable[[Item], Answer], item: Item) -> str:
    name = f"{function.__module__}:{function.__qualname__}"
    return sha256(f"{name} {canonical(item)}".encode()).hexdigest()
