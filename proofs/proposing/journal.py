"""What a search has found so far, in a file, so that a search that was stopped goes on where it was.

First a line that says what is asked, then one for each design and what became of it. A last line that is cut off, as by
a full disk or a stop, is left out; a journal of another question is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from counterexamples.documents import DocumentError, quoted
from proofs.checking.running.plain import sealed, unsealed
from proofs.checking.running.program import program
from proofs.proposing.asked import Asked
from proofs.proposing.judging import KILLED, Outcome, Refutation
from proofs.proposing.space import Changes, Space


@dataclass
class Journal:
    """`known`: what became of designs in earlier runs; a killed one with the trace that kills it."""

    known: dict[Changes, tuple[Outcome, Refutation | None]] = field(default_factory=dict)
    file: IO[str] | None = None

    @classmethod
    def at(cls, path: Path, space: Space, asked: Sequence[Asked]) -> Journal:
        """The journal of a question, begun if there is no such file.

        Raises DocumentError if the file is no journal, or one of another question; OSError if it cannot be written.
        """
        head = json.dumps({"journal": 1, "question": _digest(space, asked)})
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        if lines and lines[0].strip() != head:
            raise DocumentError(
                f"{quoted(str(path))}: no journal of this question; need a new file, or the same options"
            )
        known = dict(_parse(path, number, line) for number, line in enumerate(lines[1:], 2) if line.endswith("\n"))
        file = path.open("a", encoding="utf-8")
        if lines and not lines[-1].endswith("\n"):
            file.truncate(sum(len(line.encode()) for line in lines[:-1]))
        if not lines:
            file.write(head + "\n")
        return cls(known, file)

    def recall(self, changes: Changes, traces: Sequence[Refutation]) -> Outcome | None:
        """What became of a design before, None if that is not known; `traces`: those it would be held against."""
        outcome, trace = self.known.get(changes, (None, None))
        if outcome is None or outcome.word != KILLED:
            return outcome
        if trace not in traces:
            return None
        return Outcome(KILLED, outcome.read, by=traces.index(trace))

    def note(self, changes: Changes, outcome: Outcome, traces: Sequence[Refutation]) -> None:
        """Write down what became of a design, if that is not written yet; `traces`: what it was held against."""
        if self.file is None or changes in self.known:
            return
        trace = None if outcome.by is None else traces[outcome.by]
        self.file.write(sealed((changes, replace(outcome, by=None), trace)) + "\n")
        self.file.flush()


def _digest(space: Space, asked: Sequence[Asked]) -> str:
    subjects = [
        (item.subject.scenario, dict(item.subject.bounds), dict(item.subject.assumptions), item.properties)
        for item in asked
    ]
    # what changes of the program may change what is found: a journal is of one version of it
    question = [program(), dict(space.base), subjects]
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def _parse(path: Path, number: int, line: str) -> tuple[Changes, tuple[Outcome, Refutation | None]]:
    try:
        match unsealed(line.rstrip("\n")):
            case frozenset() as changes, Outcome() as outcome, Refutation() | None as trace:
                return changes, (outcome, trace)
    except ValueError:
        pass
    message = f"{quoted(str(path))}: line {number} is none of a journal; need what `propose --journal` wrote"
    raise DocumentError(message)
