"""Bounded model checking with z3: the system unrolled step by step, one named selector for each action and step.

What is constant after so many steps is propagated before anything reaches the solver, and an action that cannot fire
yet has no selector. Of two adjacent independent actions only the declared order is explored: swapping them leads to
the same state, so no shortest path is lost. The last step is exempt, because it may be the one that hits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import z3

from model.language.system import Action, Term, TransitionSystem
from model.language.terms import ordered, variables_of
from proofs.engines import Answer, Budget, Finding, NotWithin, Question, Reached, Target, Unknown
from proofs.engines.cone import dependencies, grouped

CONFIRMED_DEPTH = 15  # up to this depth z3 itself is to refute everything shorter, as far as its budget reaches


@dataclass
class _Prepared:
    """An action's terms in the order in which they are substituted: enabled, updates, firings of the targets."""

    action: Action
    names: tuple[str, ...]
    terms: tuple[Term, ...]


class Unrolling:
    """One unrolling of a system for several targets; `extend` adds a step, `hits` are conditions at the present depth.

    `ordered`: explore one order only of adjacent independent actions. It lives in a context of z3's of its own: what z3
    needs for an answer, and so what a budget lasts for, would else depend on all that the process has asked before.
    """

    def __init__(self, system: TransitionSystem, targets: Mapping[str, Target], ordered: bool = True) -> None:
        self.system = system
        self.targets = dict(targets)
        self.depth = 0
        self._context = z3.Context()
        self.solver = z3.SolverFor("QF_FD", ctx=self._context)
        self.selectors: list[dict[str, Term]] = []
        self._before = {v.name: v.term.translate(self._context) for v in system.variables}
        self._state: dict[str, Term] = {v.name: v.constant(v.init).translate(self._context) for v in system.variables}
        self._prepared: dict[str, _Prepared] = {}
        self._goals = [target.state for target in targets.values()]
        self._free = _independent(system) if ordered else {}
        self._firing: dict[str, list[Term]] = {name: [] for name in targets}
        self._bundles: dict[tuple[int, ...], tuple[Term, Term, list[str], list[Term]]] = {}

    def _prepare(self, action: Action) -> _Prepared:
        if action.name not in self._prepared:
            firings = tuple(target.hit_by(action) for target in self.targets.values())
            terms = (action.enabled, *action.updates.values(), *firings)
            self._prepared[action.name] = _Prepared(action, tuple(action.updates), terms)
        return self._prepared[action.name]

    def _now(self, terms: Sequence[Term]) -> list[Term]:
        """The terms over the present step's state, simplified; one substitution for all of them."""
        if not terms:
            return []
        key = tuple(term.get_id() for term in terms)
        if key not in self._bundles:
            used = frozenset().union(*map(variables_of, terms))
            names = [name for name in self._before if name in used]
            bundle = _bundle(terms)
            own = ordered(bundle).translate(self._context)
            self._bundles[key] = bundle, own, names, [self._before[name] for name in names]
        _, bundle, names, before = self._bundles[key]
        pairs = list(zip(before, (self._state[name] for name in names), strict=True))
        return list(z3.simplify(z3.substitute(bundle, *pairs)).children())

    def extend(self, only: str | None = None) -> bool:
        """Add one step, `only` by the action of that name if given; false if nothing can fire any more."""
        prepared = [self._prepare(action) for action in self.system.actions if only in (None, action.name)]
        now = iter(self._now([term for item in prepared for term in item.terms]))
        fired: list[tuple[Term, dict[str, Term]]] = []
        firing: dict[str, list[Term]] = {name: [] for name in self.targets}
        selectors: dict[str, Term] = {}
        for item in prepared:
            values = [next(now) for _ in item.terms]
            if z3.is_false(values[0]):
                continue
            selector = z3.Bool(f"fire {item.action.name}@{self.depth}", self._context)
            selectors[item.action.name] = selector
            if not z3.is_true(values[0]):
                self.solver.add(z3.Implies(selector, values[0]))
            count = len(item.names)
            fired.append((selector, dict(zip(item.names, values[1 : count + 1], strict=True))))
            for name, term in zip(self.targets, values[count + 1 :], strict=True):
                if not z3.is_false(term):
                    firing[name].append(z3.And(selector, term))
        self.solver.add(z3.Or(*selectors.values(), self._context))
        if len(selectors) > 1:
            self.solver.add(z3.AtMost(*selectors.values(), 1))
        self._order_last_two()
        self._advance(fired)
        self.selectors.append(selectors)
        self._firing = firing
        self.depth += 1
        return bool(fired)

    def _order_last_two(self) -> None:
        # neither of the two is the last step any more
        if len(self.selectors) < 2:
            return
        earlier, later = self.selectors[-2], self.selectors[-1]
        negated = {name: z3.Not(selector) for name, selector in earlier.items()}
        for first, seconds in self._free.items():
            barred = [negated[second] for second in seconds if second in negated]
            if first in later and barred:
                self.solver.add(z3.Implies(later[first], z3.And(*barred)))

    def _advance(self, fired: list[tuple[Term, dict[str, Term]]]) -> None:
        changes: dict[str, list[tuple[Term, Term]]] = {}
        for selector, updates in fired:
            for name, value in updates.items():
                changes.setdefault(name, []).append((selector, value))
        for name, chosen in changes.items():
            old = self._state[name]
            values = {value.get_id() for _, value in chosen}
            if len(values) == 1 and (len(chosen) == len(fired) or old.get_id() in values):
                self._state[name] = chosen[0][1]
                continue
            label = f"{name}@{self.depth + 1}"
            width = self.system.space.variables[name].width
            fresh = z3.BitVec(label, width, self._context) if width else z3.Bool(label, self._context)
            self.solver.add(*(z3.Implies(selector, fresh == value) for selector, value in chosen))
            if len(chosen) < len(fired):
                self.solver.add(z3.Or(fresh == old, *(selector for selector, _ in chosen)))
            self._state[name] = fresh

    def hits(self) -> dict[str, Term]:
        """For each target, whether the present depth is a hit: by the state reached or by the step just taken."""
        goals = self._now(self._goals)
        return {
            name: z3.simplify(z3.Or(goal, *self._firing[name])) for name, goal in zip(self.targets, goals, strict=True)
        }

    def path(self, model: z3.ModelRef) -> tuple[str, ...]:
        """The actions that a model selects, one for each step."""
        return tuple(
            next(name for name, selector in step.items() if z3.is_true(model.eval(selector))) for step in self.selectors
        )


def _bundle(terms: Sequence[Term]) -> Term:
    """One term that has all of these for arguments; it keeps them alive, so that their numbers stay theirs."""
    return z3.Function("bundle", *(term.sort() for term in terms), z3.BoolSort())(*terms)


@dataclass
class _Search:
    """Looks for hits at each depth in turn; what was refuted stays asserted."""

    unrolling: Unrolling
    open: set[str]
    budget: Budget | None = None
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def look(self) -> str | None:
        """Settle the present depth; the reason if the solver gives up."""
        hits = {name: term for name, term in self.unrolling.hits().items() if name in self.open}
        solver = self.unrolling.solver
        while True:
            waiting = [hits[name] for name in sorted(self.open) if not z3.is_false(hits[name])]
            if not waiting:
                return None
            question = z3.FreshBool("hit", solver.ctx)
            solver.add(z3.Implies(question, z3.Or(*waiting)))
            result = self._ask(question)
            if result == z3.unknown:
                return "gives up, its budget being used up" if self.budget is not None else str(solver.reason_unknown())
            if result == z3.unsat:
                solver.add(z3.Not(z3.Or(*waiting)))
                return None
            model = solver.model()
            for name in sorted(self.open):
                if z3.is_true(model.eval(hits[name], model_completion=True)):
                    self.found[name] = self.unrolling.path(model)
                    self.open.discard(name)

    def _ask(self, question: Term) -> z3.CheckSatResult:
        solver = self.unrolling.solver
        if self.budget is None:
            return solver.check(question)
        before = _work(solver)
        solver.set("rlimit", max(self.budget.left, 1))
        result = solver.check(question)
        self.budget.left -= _work(solver) - before
        return result


def answer(question: Question[Target]) -> dict[str, Finding]:
    """Reached, or NotWithin the question's depth, or Unknown if z3 gives up, for each target.

    A violation that is known to lie deeper is looked for as deep as that, if it is to be confirmed, on its own cone
    only; what z3 confirms comes first.
    """
    lengths = {name: len(answer.path) for name, answer in question.known.items() if isinstance(answer, Reached)}
    wanted = {name for name, length in lengths.items() if question.depth < length <= CONFIRMED_DEPTH}
    deep = {name: target for name, target in question.targets.items() if name in wanted}
    shallow = {name: target for name, target in question.targets.items() if name not in wanted}
    answers: dict[str, Answer] = {}
    for part, names in grouped(question.system, deep, slack=3):
        mine = {name: deep[name] for name in names}
        answers |= search(part, mine, {name: lengths[name] for name in names}, question.budget)
    if shallow:
        answers |= search(question.system, shallow, dict.fromkeys(shallow, question.depth), question.budget)
    return {name: Finding(answer) for name, answer in answers.items()}


def search(
    system: TransitionSystem, targets: Mapping[str, Target], depths: Mapping[str, int], budget: Budget | None = None
) -> dict[str, Answer]:
    """Reached with a path of the shortest length, or NotWithin its depth, for each target.

    `budget`: what z3's queries may take, and what is taken off for them; Unknown for targets that are open when it is
    used up. None: as much as they need.
    """
    unrolling = Unrolling(system, targets)
    state = _Search(unrolling, set(targets), budget)
    given_up: dict[str, Answer] = {}
    while True:
        reason = state.look()
        for name in sorted(state.open):
            if reason is not None:
                given_up[name] = Unknown(f"z3 at depth {unrolling.depth}: {reason}")
            elif depths[name] <= unrolling.depth:
                given_up[name] = NotWithin(depths[name])
        state.open -= set(given_up)
        if not state.open:
            break
        if not unrolling.extend():
            given_up |= {name: NotWithin(depths[name]) for name in state.open}
            break
    return given_up | {name: Reached(path) for name, path in state.found.items()}


def _work(solver: z3.Solver) -> int:
    """What z3 has worked in this process so far, in its own units; none are counted before the first query."""
    counted = solver.statistics()
    names = counted.keys()  # z3's statistics are no dict: `in` looks among pairs
    return int(counted.get_key_value("rlimit count")) if "rlimit count" in names else 0


def confirm(system: TransitionSystem, target: Target, path: Sequence[str]) -> bool:
    """Whether z3 finds the formula of exactly this path, ending in a hit of `target`, satisfiable."""
    unrolling = Unrolling(system, {"target": target}, ordered=False)
    for name in path:
        if not unrolling.extend(only=name):
            return False
    unrolling.solver.add(unrolling.hits()["target"])
    return bool(unrolling.solver.check() == z3.sat)


def _independent(system: TransitionSystem) -> dict[str, list[str]]:
    """Each action to the later ones in declared order such that neither reads or writes what the other writes."""
    reads = {
        name: item.guard.union(item.overflow, *item.updates.values()) for name, item in dependencies(system).items()
    }
    writes = {action.name: set(action.updates) for action in system.actions}
    names = [action.name for action in system.actions]
    return {
        a: [b for b in names[position + 1 :] if not (writes[a] & (reads[b] | writes[b]) or writes[b] & reads[a])]
        for position, a in enumerate(names)
    }
