"""What C must not do, as the event `wrong_in_c` of an action: each obligation of a section, and what it leaves.

Every section is executed for well-formed states alone. That each one leaves such a state is proved for all of them, or
else the states after which it does not are among those of the event. The steps of the client and the hardware are the
model's own: `compare` looks at every state that they reach in the row.

What the client's C does wrong in a request, a list unmapped that was not mapped or one that stays mapped, happens in
some request that ends as it says. The event is that of the step that finishes such a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import z3

from model.client import Program
from model.context import Context, Protocol
from model.language.system import Action, Term
from model.language.terms import variables_of
from model.source.bam.memory import HIDDEN
from model.source.bam.wellformed import well_formed
from model.source.symbolic.dependence import without
from model.source.symbolic.machine import Obligation
from model.source.symbolic.terms import as_term, bit_blasting
from model.source.tree import SourceError

WRONG = "wrong_in_c"
EFFORT = 4_000  # conflicts: where they do not suffice for a proof, each reachable state is looked at


def with_wrongs(ctx: Context, action: Action, wrongs: Sequence[Obligation]) -> Action:
    """The action with the event of what it must not do, as far as a well-formed state has it.

    Raises SourceError where that depends on what nothing is known of.
    """
    assumed = [*well_formed(ctx).values(), *action.guard.values(), z3.Not(z3.Or(*action.overflow.values()))]
    possible = [*_obligations(assumed, wrongs), *_ill_formed(ctx, action, assumed)]
    events = {**action.events, WRONG: z3.simplify(z3.Or(*possible))} if possible else action.events
    return replace(action, events=events)


def with_clients(protocol: Protocol, wrongs: Mapping[str, str]) -> Protocol:
    """The protocol in which finishing a request is wrong where the client's C does wrong in some such request.

    `wrongs`: by the axis that says how such a request ends, what is wrong, in words. Of a way to end that the scenario
    does not have nothing is said.
    """
    ends = _ends(Program.of(protocol.ctx), wrongs)
    actions = []
    for action in protocol.system.actions:
        if action.name in ends:
            source = f"{wrongs[ends[action.name]]}; {action.source}"
            action = replace(action, events={**action.events, WRONG: z3.BoolVal(True)}, source=source)
        actions.append(action)
    return replace(protocol, system=replace(protocol.system, actions=tuple(actions)))


def _ends(program: Program, axes: Iterable[str]) -> dict[str, str]:
    """By the name of the action that finishes a request the axis, of those asked for, in which it does."""
    found = {}
    for axis in axes:
        if (begin := program.begins.get(axis)) is not None and "finish" in program.steps[begin:]:
            found["client.finish" + program.suffix(program.steps.index("finish", begin))] = axis
    return found


def _obligations(assumed: Sequence[Term], wrongs: Sequence[Obligation]) -> Iterator[Term]:
    # most of them are never wrong: one question for all
    if not _possible(assumed, z3.Or(*(as_term(wrong.condition) for wrong in wrongs))):
        return
    for wrong in wrongs:
        bad = as_term(wrong.condition)
        if not _possible(assumed, bad):
            continue
        if hidden := sorted(name for name in variables_of(bad) if name.startswith(HIDDEN)):
            (plain,) = without([bad], lambda name: name.startswith(HIDDEN))
            if _possible(assumed, plain != bad):
                raise SourceError(f"{wrong.where}: {wrong.text}, depending on {hidden[0].removeprefix(HIDDEN)}")
            bad = plain
        yield bad


def _ill_formed(ctx: Context, action: Action, assumed: Sequence[Term]) -> Iterator[Term]:
    """Where the state after the action is not well-formed, if such a state there can be."""
    after = [(ctx.space.term(name), term) for name, term in action.updates.items()]
    forms = [term for term in well_formed(ctx).values() if not set(variables_of(term)).isdisjoint(action.updates)]
    left = z3.simplify(z3.Not(z3.substitute(z3.And(*forms), *after)))
    if _possible(assumed, left, EFFORT):
        yield left


def _possible(assumed: Sequence[Term], condition: Term, conflicts: int | None = None) -> bool:
    """Whether a condition can hold, or that is not known after so many conflicts of the solver."""
    solver = bit_blasting()
    if conflicts is not None:
        solver.set(max_conflicts=conflicts)
    solver.add(*assumed, condition)
    return bool(solver.check() != z3.unsat)
