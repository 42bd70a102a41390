"""What a command that takes a source tree is asked about: the tree, or its states after patches of a series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from model.protocol import build
from model.source.patched import after, named, series_onto
from model.source.series import Series
from model.source.tree import SourceError, SourceTree
from model.subject import Subject
from model.versions import of_tree
from proofs.checking.judged import Judged, worst
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.commands import options

asked_series = click.option(
    "--series", type=options.Named(), metavar="FILE.mbox", help="Patches as they were mailed; needs --onto."
)
asked_base = click.option(
    "--onto",
    type=options.Named(),
    metavar="PATH[@REVISION]",
    help="The source tree to copies of whose files the series is applied.",
)
asked_every = click.option(
    "--every-patch", is_flag=True, help="Ask about the tree before the series and after each patch, not the last only."
)
AS_BEFORE = '"'
WIDTH = 80


@dataclass(frozen=True)
class State:
    """A source tree as it is named, and what the last patch was: its number, 0 for none, and words for it."""

    name: str
    number: int
    heading: str


@dataclass(frozen=True)
class OntoTree:
    """The options about a series."""

    series: Path | None
    onto: Path | None
    every: bool

    def states(self) -> list[State]:
        """The states that are asked about, none without a series.

        Raises UsageError for an option without its other, SourceError for a series that does not apply.
        """
        if not self.demanded() or self.series is None or self.onto is None:
            return []
        series, _ = self._applied()
        last = series.patches[-1]
        patches = series.patches if self.every else (last,)
        before = [State(str(self.onto), 0, f"before the series: {self.onto}")] if self.every else []
        return before + [
            State(after(self.onto, self.series, patch.number), patch.number, str(patch)) for patch in patches
        ]

    def demanded(self) -> bool:
        """Whether there is a series; raises UsageError for an option without its other."""
        if self.series is not None and self.onto is not None:
            return True
        given = {"--series": self.series, "--onto": self.onto, "--every-patch": self.every}
        if one := next((name for name, value in given.items() if value), None):
            raise click.UsageError(f"{one} needs both --series FILE.mbox and --onto PATH[@REVISION]")
        return False

    def told(self) -> str:
        """What was applied to what, and which mails of the file were not, in one line."""
        series, _ = self._applied()
        count = len(series.patches)
        left = f"; left out: {series.skipped}" if series.skipped else ""
        return f"{self.series}: {count} patch{'es' if count > 1 else ''} onto {self.onto}{left}"

    def _applied(self) -> tuple[Series, object]:
        return series_onto(str(self.onto), str(self.series))


class Way:
    """The states that `check` is asked about, each with its own client or that of a version, under some bounds."""

    def __init__(self, given: OntoTree, client: str, bound: Mapping[str, int]) -> None:
        self.given, self.client, self.bound = given, client, bound
        self._steps: list[_Step] = []

    def names(self) -> list[str]:
        """The versions to be checked: of states in which all that is read is the same, the first.

        A state on the way that cannot be read is left out and told; a state that is asked about alone is read later.
        Raises UsageError, or SourceError if no state can be read or the series does not apply.
        """
        for state in self.given.states():
            tree, last = named(state.name), self._steps[-1] if self._steps else None
            if last is not None and last.tree.same_for(tree):
                self._steps.append(replace(last, state=state, same=True))
                continue
            version = of_tree(state.name, self.client)
            reason = self._unread(tree, version) if self.given.every else ""
            self._steps.append(_Step(state, tree, version, reason))
        if self.unread and all(step.reason for step in self._steps):
            raise SourceError(self.unread[0])
        return [step.version for step in self._steps if not step.reason and not step.same]

    @property
    def unread(self) -> list[str]:
        """Which states could not be read, and why."""
        return [f"{step.state.heading}: {step.reason}" for step in self._steps if step.reason and not step.same]

    def lines(self, rows: Sequence[Judged]) -> Iterator[str]:
        """What there is to say of the series: the table of the patches, the worst verdict of a property in each."""
        if not self._steps:
            return
        yield self.given.told()
        if not self.given.every:
            return
        found = worst([row.result for row in rows])
        properties = dict.fromkeys(row.result.property for row in rows)
        cells = {name: [step.sign(found, name) for step in self._steps] for name in properties}
        numbers = [step.state.number for step in self._steps]
        yield from table("the tree after each patch, 0 before the first", numbers, cells)
        words = {row.result.verdict for row in rows} | ({Word.UNKNOWN} if self.unread else set())
        signs = [f"{word.sign} {word}" for word in sorted(words, key=lambda word: word.rank)]
        yield f"{', '.join(signs)}, {AS_BEFORE} as before: no file that is read is changed"
        for reason in self.unread:
            yield f"not read: {reason}"

    def _unread(self, tree: SourceTree, version: str) -> str:
        """Why no system can be made of a state, if so; what is built here is built for the check, too."""
        # the reader of C is loaded only for those who have a tree
        from model.source.bam.sections import read_driver
        from model.source.qce.programs import read_client

        try:
            if not self.client:
                # noted as looked at, also where another state's client is remembered
                read_client(tree)
            subject = Subject.of(version, bound=self.bound)
            read_driver(tree, subject.bounds["ring"])
            build(subject)
        except SourceError as error:
            return str(error).removeprefix(f"{tree.title}: ")
        return ""


@dataclass(frozen=True)
class _Step:
    """One state: `same`: as the one before; `reason`: why it could not be read."""

    state: State
    tree: SourceTree
    version: str
    reason: str
    same: bool = False

    def sign(self, found: Mapping[tuple[str, str], Result], name: str) -> str:
        """How the table shows a property."""
        if self.same:
            return AS_BEFORE
        result = found.get((self.version, name))
        return Word.UNKNOWN.sign if result is None else result.verdict.sign


def table(title: str, numbers: Sequence[int], rows: Mapping[str, Sequence[str]]) -> list[str]:
    """Lines of a table: what was asked down, the patches across by their numbers, in parts where it is too wide."""
    first = max(len(name) for name in rows) + 6
    most = max(1, (WIDTH - first) // 3)
    lines = [f"  {title}"]
    for start in range(0, len(numbers), most):
        part = slice(start, start + most)
        lines.append(" " * first + "".join(f"{number:>3}" for number in numbers[part]))
        lines += [
            f"    {name:<{first - 4}}" + "".join(f"{cell:>3}" for cell in cells[part]) for name, cells in rows.items()
        ]
    return lines
