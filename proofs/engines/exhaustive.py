"""Every reachable state, breadth first: exact distances, complete verdicts.

It runs compiled code, which takes a moment to make. For a system that cannot have many states NumPy is as fast: the
choice is made by the size of a state alone, and a `Space` says it. Both number the states alike, so that nothing else
in it depends on the reading. With `until` or `once` it is NumPy: such systems are asked once.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from counterexamples.minimal import minimal_path
from model.language.concrete import Layout
from model.language.system import TransitionSystem
from model.language.terms import digest
from proofs.engines import Answer, Finding, Question, Reached, Target, Unknown, Unreachable
from proofs.engines.breadth import Found, OutOfMemoryError, Search
from proofs.engines.running.checkpoint import Store, is_wanted, store
from proofs.engines.space import CHUNK, Space
from proofs.engines.vector import Sweep, VectorSweep, Watched, watched

SMALL = 16  # bits of a state: beyond, there can be so many that compiling pays


def answer(question: Question[Target]) -> dict[str, Finding]:
    """Reached with the minimal shortest path, Unreachable, or Unknown if a capacity or the memory cuts the search, for
    each target.

    The system is exhausted, or explored until every target is hit.
    """
    system, cut = question.system, ""
    try:
        space = Explorer(system).explore(question.targets, stop_early=True, beside=question.beside, transitions=False)
    except OutOfMemoryError as error:
        space, cut = error.space, str(error)
    return {name: Finding(_answer(system, space, name, cut), space) for name in question.targets}


def _answer(system: TransitionSystem, space: Space, name: str, cut: str) -> Answer:
    if (path := path_to(system, space, name)) is not None:
        return Reached(path)
    if cut:
        return Unknown(cut)
    if space.exceeded:
        return Unknown(f"capacity {', '.join(space.exceeded)}")
    return Unreachable(space.states.shape[1])


def path_to(system: TransitionSystem, space: Space, name: str) -> tuple[str, ...] | None:
    """The minimal shortest path to where a target that was looked for in `space` is hit, None if it is not."""
    if (hit := space.hits.get(name)) is None:
        return None
    last: dict[int, list[int | None]] = {}
    for state, action in hit.last:
        last.setdefault(state, []).append(action)
    actions = system.actions
    return tuple(actions[index].name for index in minimal_path(space.onward(sorted(last)), last, actions))


class Explorer:
    """Explores one system; `explore` answers for all targets in one pass.

    `until`: executions end where they first hit this target, so that each of its hits is an execution's first.
    `most`: no state is expanded any more once there are more than so many, which `cut` then tells. `capacities`:
    whether it is noted which of them are exceeded; they are kept either way. `once`: such a system is not asked again,
    so that compiling it does not pay.
    """

    def __init__(
        self,
        system: TransitionSystem,
        until: Target | None = None,
        most: int | None = None,
        capacities: bool = True,
        once: bool = False,
    ) -> None:
        self.system, self.until, self.most, self.capacities = system, until, most, capacities
        self.once = once or until is not None
        self.layout = Layout(system.variables, system.whole.variables if system.whole else None)
        self.cut = False

    def explore(
        self,
        targets: Mapping[str, Target],
        stop_early: bool = False,
        slack: int = 0,
        beside: Mapping[str, Target] | None = None,
        transitions: bool = True,
    ) -> Space:
        """Exhaust the system, or with `stop_early` only until every target is hit; `complete` tells which.

        `slack`: look for hits that are up to so many steps farther away than the nearest, too. `beside`: further
        targets, under names of their own, that are looked for in whatever is explored. `transitions`: whether all are
        needed afterwards; else they are not kept if they are many. Raises OutOfMemoryError.
        """
        rows = watched(self.system, {**targets, **(beside or {})})
        keys = self.system.capacities() if self.capacities else ()
        found = Found(slack, {name: {} for name in rows}, {})
        search = Search(self._sweep(rows), found, keys, transitions, self.most)
        if is_wanted() and not self.once and self.most is None:  # else it is one of many
            search.store = self._store(rows, (stop_early, slack, transitions))
        try:
            search.run(targets, stop_early)
            return search.space(self.layout)
        except MemoryError:
            search.batches, search.complete = None, False
            raise OutOfMemoryError(search.space(self.layout)) from None
        finally:
            self.cut = search.cut

    def _store(self, rows: Watched, how: tuple[bool, int, bool]) -> Store | None:
        """Where the exploration is kept, if any is: with the content of all that decides what it finds."""
        parts: list[object] = [CHUNK, self.capacities, how, self.layout.words, self.layout.places]
        parts += [(item.name, item.width, item.init) for item in self.system.variables]
        for action in self.system.actions:
            for terms in (action.guard, action.updates, action.overflow):
                parts.append((action.name, [(name, digest(term)) for name, term in terms.items()]))
        parts += [(name, [(index, digest(term)) for index, term in item]) for name, item in rows.items()]
        return store(f"{sorted(rows)} {how} {len(self.system.variables)}", sha256(repr(parts).encode()).hexdigest())

    def _sweep(self, rows: Watched) -> Sweep:
        if self.once or sum(variable.bits for variable in self.system.variables) <= SMALL:
            return VectorSweep(self.system, self.layout, rows, self.until)
        from proofs.engines.compiled.sweep import CompiledSweep

        return CompiledSweep(self.system, self.layout, rows)
