"""What a search has found so far, in a file, so that a search that was stopped goes on where it was.

First a line that says what is asked, then one for each design and what became of it. A last line that is cut off, as by
a full disk or a stop, is left out; a journal of another question is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from counterexamples.documents import DocumentError, quoted
from proofs.checking.running.alone import demand_alone
from proofs.checking.running.journal import WHAT
from proofs.checking.running.plain import sealed, unsealed
from proofs.checking.running.program import program
from proofs.proposing.asked import Asked
from proofs.proposing.judging import KEPT, KILLED, Outcome, Refutation
from proofs.proposing.space import Changes, Space


@dataclass
class Journal:
    """`known`: what became of designs in earlier runs; a killed one with the trace that kills it."""

    known: dict[Changes, tuple[Outcome, Refutation | None]] = field(default_factory=dict)
    file: BinaryIO | None = None
    path: Path = Path()

    @classmethod
    @contextmanager
    def at(cls, path: Path, space: Space, asked: Sequence[Asked]) -> Iterator[Journal]:
        """The journal of a question, begun if there is no such file or an empty one.

        Raises DocumentError if the file is no journal, one of another question, or one in which somebody else writes;
        OSError if it cannot be written.
        """
        head = json.dumps({"journal": 1, "question": _digest(space, asked)}).encode() + b"\n"
        with path.open("a+b") as file:
            demand_alone(file, path, WHAT)
            file.seek(0)
            lines = file.read().splitlines(keepends=True)
            if lines and not head.startswith(lines[0]):
                raise DocumentError(
                    f"{quoted(str(path))}: no journal of this question; need a new file, or the same options"
                )
            whole = [line for line in lines if line.endswith(b"\n")]
            found = cls(dict(_parse(path, number, line) for number, line in enumerate(whole[1:], 2)), file, path)
            file.truncate(sum(map(len, whole)))
            if not whole:
                found.write(head)
            yield found

    def recall(self, changes: Changes, traces: Sequence[Refutation]) -> Outcome | None:
        """What became of a design before, None if that is not known; `traces`: those it would be held against."""
        outcome, trace = self.known.get(changes, (None, None))
        if outcome is None or outcome.word != KILLED:
            return outcome
        if trace not in traces:
            return None
        return Outcome(KILLED, outcome.read, by=traces.index(trace))

    def note(self, changes: Changes, outcome: Outcome, traces: Sequence[Refutation]) -> None:
        """Write down what became of a design, if that is not written yet; `traces`: what it was held against.

        Raises OSError, which names the file.
        """
        if changes in self.known:
            return
        trace = None if outcome.by is None else traces[outcome.by]
        if self.file is not None:
            self.write(f"{sealed((changes, replace(outcome, by=None), trace))}\n".encode())
        else:
            self.known[changes] = replace(outcome, by=None), trace

    def refuted(self) -> Journal:
        """What is known still where more is asked: which designs are none."""
        return Journal({changes: item for changes, item in self.known.items() if item[0].word != KEPT})

    def write(self, line: bytes) -> None:
        """Add a line; raises OSError, which names the file."""
        assert self.file is not None
        try:
            self.file.write(line)
            self.file.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None


def _digest(space: Space, asked: Sequence[Asked]) -> str:
    subjects = [
        (item.subject.scenario, dict(item.subject.bounds), dict(item.subject.assumptions), item.properties)
        for item in asked
    ]
    # what changes of the program may change what is found: a journal is of one version of it
    question = [program(), dict(space.base), subjects]
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def _parse(path: Path, number: int, line: bytes) -> tuple[Changes, tuple[Outcome, Refutation | None]]:
    try:
        match unsealed(line[:-1].decode("ascii", errors="replace")):
            case frozenset() as changes, Outcome() as outcome, Refutation() | None as trace:
                return changes, (outcome, trace)
    except ValueError:
        pass
    message = f"{quoted(str(path))}: line {number} is none of a journal; need what `propose --journal` wrote"
    raise DocumentError(message)
