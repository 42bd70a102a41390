"""The shortest programs of a free writer that tell two answers to an open question about the hardware apart.

Both kinds of hardware execute the same program; each is followed as the set of states that it may be in, after each
thing that may have been read. A program tells them apart *for certain* if whatever it reads, in any order in which the
hardware may do things, the other kind of hardware could not have let it read. It tells *with luck* if something can be
read on the one kind that cannot on the other: whoever reads that knows, else nothing. Breadth first over programs, so
that those found are shortest. Programs are straight: what comes next does not depend on what was read.
Where no program of a length tells even with luck, the two are alike to all programs up to that length; of longer ones
nothing is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from model import parameters
from model.subject import Subject
from proofs.experiments.machine import READING, CapacityError, Machine

ROW = "v24"  # nothing of a row matters to the hardware but that its LOCK is a descriptor of its own, with a dummy write
SOFTWARE: Mapping[str, str] = {
    "softirq": "is about Linux alone",
    "autosuspend": "is about when Linux lets a clock go",
    "other_ee": "is about what the other user does",
}
"""Which open questions no program asks, and why."""
USERS: Mapping[str, str] = {
    "absent": "one EE, one pipe pair",
    "same-ee": "one EE, two pipe pairs",
    "locks": "two EEs",
}
GROUPS: Mapping[str, str] = {
    "zero": "all pipes in lock group 0",
    "pair": "a lock group for each pair",
    "data-zero": "producers in lock group 0, consumers in one for each pair",
}


@dataclass(frozen=True)
class Task:
    """Two values of `key` on one set-up: who else uses the engine, which lock groups. Plain data."""

    subject: Subject
    key: str
    one: str
    two: str
    length: int

    @property
    def users(self) -> str:
        """Who uses the engine, in words."""
        return USERS[self.subject.assumptions["other_ee"]]

    @property
    def setup(self) -> str:
        """The set-up in words."""
        return f"{self.users}; {GROUPS[str(self.subject.axes['lock-groups'])]}"

    def __str__(self) -> str:
        return f"{self.key}: {self.one} against {self.two} on {self.setup}"


@dataclass(frozen=True)
class Program:
    """Instructions, and what all of them can read, one after the other, on hardware with `one` and with `two`."""

    instructions: tuple[str, ...]
    one: frozenset[tuple[int, ...]]
    two: frozenset[tuple[int, ...]]


@dataclass(frozen=True)
class Told:
    """What tells two values apart on a set-up: a program that does for certain, else those that refute `two` or `one`
    with luck, if there are.

    `programs`: so many were looked at, those that come to the same as one. `same`: the two are one system, so that
    they are alike to programs of any length. `reason`: why nothing is known.
    """

    task: Task
    certain: Program | None = None
    against_two: Program | None = None
    against_one: Program | None = None
    programs: int = 0
    same: bool = False
    reason: str = ""

    @property
    def strength(self) -> int:
        """2 if they are told apart for certain, 1 with luck, 0 not."""
        return 2 if self.certain else int(bool(self.against_one or self.against_two))


def pairs(key: str) -> list[tuple[str, str]]:
    """Each two values of an open question, in declared order."""
    return list(combinations(parameters.ASSUMPTIONS[key].values, 2))


def tasks(
    key: str, users: str, known: Mapping[str, str], length: int, asked: Collection[tuple[str, str]]
) -> list[Task]:
    """Some pairs of values with one kind of users; lock groups other than 0 only where the question is about them."""
    subject = Subject.of(ROW, "endless", {**known, "other_ee": users})
    groups = GROUPS if key == "lock_scope" else ("zero",)
    return [Task(subject.changed({"lock-groups": group}), key, *pair, length) for pair in asked for group in groups]


def tell(task: Task) -> Told:
    """What tells the two values apart."""
    own = task.subject.assumptions
    try:
        mine, theirs = (
            Machine(replace(task.subject, assumptions={**own, task.key: value}), task.length)
            for value in (task.one, task.two)
        )
    except CapacityError as error:
        return Told(task, reason=str(error))
    return Told(task, same=True) if mine.content == theirs.content else _Search(mine, theirs).told(task)


_Node = frozenset[tuple[int, int]]
"""For each thing that may have been read on both, the sets of states that the two kinds of hardware may be in."""


class _Search:
    def __init__(self, one: Machine, two: Machine) -> None:
        self.one, self.two = one, two
        self.luck: dict[str, tuple[str, ...]] = {}
        self.origin: dict[_Node, tuple[_Node, str] | None] = {}

    def told(self, task: Task) -> Told:
        """What was found."""
        certain = self._certain(task.length)
        programs = len(self.origin)
        if certain:
            return Told(task, self._program(certain), programs=programs)
        luck = {name: self._program(way) for name, way in self.luck.items()}
        return Told(task, None, luck.get("two"), luck.get("one"), programs)

    def _certain(self, length: int) -> tuple[str, ...] | None:
        start: _Node = frozenset({(self.one.start, self.two.start)})
        self.origin[start] = None
        level = [start]
        for depth in range(length):
            following = []
            for node in level:
                last = depth == length - 1
                for name in READING if last else self.one.instructions:
                    if (after := self._read(node, name) if last else self._after(node, name)) is None:
                        continue
                    if not after:
                        return (*self._way(node), name)
                    if not last and after not in self.origin:
                        self.origin[after] = (node, name)
                        following.append(after)
            level = following
        return None

    def _after(self, node: _Node, name: str) -> _Node | None:
        """Where an instruction leads to; None if it cannot be executed."""
        found = set()
        for one, two in node:
            mine, theirs = self.one.after(one, name), self.two.after(two, name)
            if not mine and not theirs:
                return None
            self._note(node, name, mine.keys() - theirs.keys(), theirs.keys() - mine.keys())
            found |= {(mine[read], theirs[read]) for read in mine.keys() & theirs.keys()}
        return frozenset(found)

    def _read(self, node: _Node, name: str) -> _Node | None:
        """As `_after` for a last instruction: nothing if it tells for certain, else some node."""
        alike = False
        for one, two in node:
            mine, theirs = self.one.reads(one, name), self.two.reads(two, name)
            if not mine and not theirs:
                return None
            self._note(node, name, mine - theirs, theirs - mine)
            alike = alike or bool(mine & theirs)
        return node if alike else frozenset()

    def _note(self, node: _Node, name: str, only_one: Collection[int], only_two: Collection[int]) -> None:
        if only_one:
            self.luck.setdefault("two", (*self._way(node), name))
        if only_two:
            self.luck.setdefault("one", (*self._way(node), name))

    def _way(self, node: _Node) -> tuple[str, ...]:
        return tuple(reversed(list(self._back(node))))

    def _back(self, node: _Node) -> Iterator[str]:
        step = self.origin[node]
        while step is not None:
            yield step[1]
            step = self.origin[step[0]]

    def _program(self, instructions: tuple[str, ...]) -> Program:
        return Program(instructions, self.one.histories(instructions), self.two.histories(instructions))
