"""What a search has found so far, in a file, so that a search that was stopped goes on where it was.

One JSON object a line: first what is asked, then each design and what became of it. A last line that is cut off, as by
a full disk or a stop, is left out; a journal of another question is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from counterexamples.documents import DocumentError, quoted
from proofs.proposing.asked import Asked
from proofs.proposing.judging import KILLED, Outcome, Refutation
from proofs.proposing.space import Changes, Space
from proofs.reports.terminal import tool_version


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
        row = {
            "changes": sorted((axis, value) for axis, value in changes),
            "word": outcome.word,
            "read": sorted(outcome.read),
            "trace": None if outcome.by is None else asdict(traces[outcome.by]),
            "refutations": [asdict(item) for item in outcome.refutations],
        }
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()


def _digest(space: Space, asked: Sequence[Asked]) -> str:
    subjects = [
        (item.subject.scenario, dict(item.subject.bounds), dict(item.subject.assumptions), item.properties)
        for item in asked
    ]
    # what changes of the program may change what is found: a journal is of one version of it
    question = [tool_version(), dict(space.base), subjects]
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def _parse(path: Path, number: int, line: str) -> tuple[Changes, tuple[Outcome, Refutation | None]]:
    try:
        row = json.loads(line)
        changes = frozenset(
            (axis, tuple(value) if isinstance(value, list) else value) for axis, value in row["changes"]
        )
        trace = None if row["trace"] is None else _refutation(row["trace"])
        refutations = tuple(_refutation(item) for item in row["refutations"])
        return changes, (Outcome(row["word"], frozenset(row["read"]), None, refutations), trace)
    except (ValueError, KeyError, TypeError):
        message = f"{quoted(str(path))}: line {number} is none of a journal; need what `propose --journal` wrote"
        raise DocumentError(message) from None


def _refutation(row: dict[str, object]) -> Refutation:
    return Refutation(**{**row, "path": tuple(row["path"])})  # type: ignore[arg-type]
