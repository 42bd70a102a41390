"""Why no design is right: which answers to the open questions make it so, and which traces rule every design out.

Each design fails under some of the settings that are asked. A set of settings is realizable if some design fails under
none of them. Searched are all smallest sets that are not (`cores`), and all largest ones that are: what is left out of
these has to be known not to be so, and then a design exists. Sets are tried as in MARCO (Liffiton et al., 2016): the
largest that nothing is known of, which either grows a design or shrinks to a core.

A setting is asked by itself here: what is `vacuous` in all its systems is not kept, whatever holds under another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import z3

from model.parameters import Setting, setting_of
from proofs.checking.pool import Workers, count_of, in_parallel
from proofs.proposing.judging import Refutation, Task, everywhere, happening
from proofs.proposing.search import CHUNK, Search
from proofs.proposing.space import Changes

Numbers = frozenset[int]


@dataclass(frozen=True)
class Core:
    """Settings under which together no design is right, although one is under all but any of them.

    `refutations`: a smallest set of those that were found that rules every design out; of each a design that it is
    found in, and how many there are.
    """

    settings: tuple[Setting, ...]
    refutations: tuple[tuple[Refutation, Changes, int], ...]


@dataclass(frozen=True)
class Remedy:
    """A design that fails under no setting but `unless`, where no design fails under fewer of them."""

    unless: tuple[Setting, ...]
    changes: Changes


@dataclass
class Reasons:
    """What is known of every design of a search that found none.

    `settings`: those asked. `found`: all refutations; `rows`: by design the indices of those that rule it out. `held`:
    a design has been held against so many of them. `kept`: the settings under which it is known to be right. `open`:
    designs that nothing rules out but answers that are not known.
    """

    search: Search
    most: int
    workers: Workers
    settings: tuple[Setting, ...] = ()
    found: list[Refutation] = field(default_factory=list)
    rows: dict[Changes, set[int]] = field(default_factory=dict)
    held: dict[Changes, int] = field(default_factory=dict)
    kept: dict[Changes, set[int]] = field(default_factory=dict)
    open: set[Changes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._under = [setting_of(asked.subject.assumptions) for asked in self.search.asked]
        self.settings = tuple(dict.fromkeys(self._under))
        self.found = list(self.search.traces)
        for size in range(self.most + 1):
            for changes in self.search.space.designs(size):
                self.rows[changes], self.held[changes], self.kept[changes] = set(), 0, set()

    def run(self) -> tuple[list[Core], list[Remedy]]:
        """All cores, the smallest first, and all remedies, those that need least to be known first."""
        seeds, cores, remedies = _Seeds(len(self.settings)), [], []
        while (seed := seeds.next()) is not None:
            survivor = self._survivor(seed)
            if survivor is None:
                core = self._shrunk(seed)
                seeds.no_superset(core)
                cores.append(core)
            else:
                whole, survivor = self._grown(seed, survivor)
                seeds.no_subset(whole)
                remedies.append(Remedy(self._named(seeds.all - whole), survivor))
        made = [self._core(core) for core in sorted(cores, key=lambda core: (len(core), sorted(core)))]
        return made, sorted(remedies, key=lambda item: len(item.unless))

    def _named(self, numbers: Iterable[int]) -> tuple[Setting, ...]:
        return tuple(self.settings[number] for number in sorted(numbers))

    def _setting(self, refutation: Refutation) -> int:
        return self.settings.index(self._under[refutation.system])

    def _fails(self, changes: Changes) -> Numbers:
        """The settings under which a design is known to fail."""
        return frozenset(self._setting(self.found[number]) for number in self.rows[changes])

    def _survivor(self, seed: Numbers) -> Changes | None:
        """A design that is right under all these settings, if there is one."""
        open_ = [changes for changes in self.rows if not self._fails(changes) & seed]
        length = CHUNK * count_of(self.workers)
        for start in range(0, len(open_), length):
            chunk = open_[start : start + length]
            self._hold(chunk)
            for changes in chunk:
                self._hold([changes])
                if not self._fails(changes) & seed and self._is_right(changes, seed):
                    return changes
        return None

    def _hold(self, designs: Sequence[Changes]) -> None:
        """Hold designs against all traces that they have not been held against."""
        due = [changes for changes in designs if self.held[changes] < len(self.found)]
        space, asked = self.search.space, self.search.asked
        fresh = {changes: self._fresh(changes) for changes in due}
        tasks = [
            Task(space.applied(changes), asked, tuple(self.found[number] for number in fresh[changes]), explore=False)
            for changes in due
        ]
        for changes, does in zip(due, in_parallel(happening, tasks, self.workers), strict=True):
            self.rows[changes] |= {number for number, happens in zip(fresh[changes], does, strict=True) if happens}
            self.held[changes] = len(self.found)

    def _fresh(self, changes: Changes) -> list[int]:
        first = self.held[changes]
        return [number for number in range(first, len(self.found)) if self.found[number].has_trace]

    def _is_right(self, changes: Changes, seed: Numbers) -> bool:
        """Explore a design under these settings, as long as it is right."""
        for setting in sorted(seed - self.kept[changes]):
            systems = {
                at: asked for at, asked in enumerate(self.search.asked) if self._under[at] == self.settings[setting]
            }
            outcome = everywhere(self.search.space.applied(changes), systems, self.workers)
            if outcome.refutations:
                if outcome.is_open:
                    self.open.add(changes)
                for item in outcome.refutations:
                    self.rows[changes].add(self._number(item))
                return False
            self.kept[changes].add(setting)
        return True

    def _number(self, item: Refutation) -> int:
        if item not in self.found:
            self.found.append(item)
        return self.found.index(item)

    def _shrunk(self, seed: Numbers) -> Numbers:
        """A smallest part of a set of settings under which no design is right."""
        for setting in sorted(seed, reverse=True):
            if self._survivor(seed - {setting}) is None:
                seed -= {setting}
        return seed

    def _grown(self, seed: Numbers, survivor: Changes) -> tuple[Numbers, Changes]:
        """A largest set of settings around this one under which some design is right, and that."""
        for setting in range(len(self.settings)):
            if setting not in seed and (other := self._survivor(seed | {setting})) is not None:
                seed, survivor = seed | {setting}, other
        return seed, survivor

    def _core(self, core: Numbers) -> Core:
        self._hold(list(self.rows))
        inside = {number for number, item in enumerate(self.found) if self._setting(item) in core}
        rows = {changes: frozenset(row & inside) for changes, row in self.rows.items()}
        chosen = sorted(least_meeting(set(rows.values())))
        told = []
        for number in chosen:
            where = [changes for changes, row in rows.items() if number in row]
            told.append((self.found[number], where[0], len(where)))
        return Core(self._named(core), tuple(told))


class _Seeds:
    """The sets of numbers below `count` of which nothing is known, the largest first."""

    def __init__(self, count: int) -> None:
        self.all: Numbers = frozenset(range(count))
        self._context = z3.Context()
        self._has = [z3.Bool(str(number), self._context) for number in range(count)]
        self._solver = z3.Optimize(ctx=self._context)
        self._solver.maximize(_count(self._has, self._context))

    def next(self) -> Numbers | None:
        """A largest one, if there is one left."""
        if self._solver.check() != z3.sat:
            return None
        model = self._solver.model()
        return frozenset(at for at, has in enumerate(self._has) if z3.is_true(model.eval(has, True)))

    def no_superset(self, numbers: Collection[int]) -> None:
        """None of those that have all of these."""
        self._solver.add(z3.Or([z3.BoolVal(False, self._context), *(z3.Not(self._has[at]) for at in numbers)]))

    def no_subset(self, numbers: Collection[int]) -> None:
        """None of those that have nothing but these."""
        others = (has for at, has in enumerate(self._has) if at not in numbers)
        self._solver.add(z3.Or([z3.BoolVal(False, self._context), *others]))


def least_meeting(rows: Collection[Numbers]) -> Numbers:
    """A smallest set of numbers that has one of each row; raises ValueError if a row is empty."""
    if not all(rows):
        raise ValueError("a row without numbers: nothing meets it")
    context = z3.Context()
    has = {number: z3.Bool(str(number), context) for row in rows for number in row}
    solver = z3.Optimize(ctx=context)
    for row in _least(rows):
        solver.add(z3.Or([has[number] for number in row]))
    solver.minimize(_count(list(has.values()), context))
    if solver.check() != z3.sat:
        raise AssertionError("all numbers together meet every row")
    model = solver.model()
    return frozenset(number for number, it in has.items() if z3.is_true(model.eval(it, True)))


def _least(rows: Collection[Numbers]) -> Iterator[Numbers]:
    """The rows that have no other one inside; what meets these meets all."""
    found: list[Numbers] = []
    for row in sorted(rows, key=len):
        if not any(other <= row for other in found):
            found.append(row)
    yield from found


def _count(terms: Sequence[z3.BoolRef], context: z3.Context) -> z3.ArithRef:
    ones = [z3.If(term, z3.IntVal(1, context), z3.IntVal(0, context)) for term in terms]
    return z3.Sum([z3.IntVal(0, context), *ones])
