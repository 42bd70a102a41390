"""Verdicts by induction: an invariant for each property, found on the part of the system that it depends on.

What is proved is proved from the clauses, on the whole system, by z3; how they were found plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from model.context import Protocol
from proofs.certificates.certificate import prove
from proofs.checking.verdicts import EngineDisagreementError, Verdict, unknown, unless_vacuous
from proofs.checking.words import Word
from proofs.engines.breadth import OutOfMemoryError
from proofs.engines.clauses import places
from proofs.engines.cone import own_part
from proofs.engines.exhaustive import Explorer
from proofs.engines.induction import NotInductiveError, find
from proofs.properties import ALWAYS, Property
from proofs.properties.subjects import along


def decide(protocol: Protocol, properties: Sequence[Property]) -> dict[str, Verdict]:
    """`proved` with an invariant, or `unknown`, for each property; raises EngineDisagreementError."""
    return {item.id: _decide(protocol, item) for item in properties}


def _decide(protocol: Protocol, item: Property) -> Verdict:
    if item.kind != ALWAYS:
        return unknown(f"induction does not decide `{item.kind}` properties")
    target = item.target(protocol)
    system = own_part(protocol.system, target)
    try:
        space = Explorer(system).explore({item.id: target}, stop_early=True, beside=along(protocol, system, [item]))
    except OutOfMemoryError as error:
        return unknown(str(error), error.space.states.shape[1])
    states = space.states.shape[1]
    if item.id in space.hits:
        return unknown(f"no invariant: violated at depth {space.hits[item.id].depth}", states)
    if space.exceeded:
        return unknown(f"capacity {', '.join(space.exceeded)}", states)
    verdict = unless_vacuous(protocol, item, Verdict(Word.PROVED, f"all {states} states", None, states), space)
    if verdict.word is not Word.PROVED:
        return verdict
    inside = system.space.variables
    known = {name: place for name, place in places(protocol.system.space).items() if place.variable in inside}
    try:
        clauses = find(system, target, space, known)
    except NotInductiveError as error:
        return unknown(str(error), states)
    failed = [proof.obligation for proof in prove(protocol, target, clauses, "z3") if proof.answer != "unsat"]
    if failed:
        raise EngineDisagreementError(f"{item.id}: the invariant that was found does not prove {', '.join(failed)}")
    row = {"answer": "invariant", "clauses": len(clauses), "states": states}
    how = f"inductive invariant of {len(clauses)} clauses, proved again by z3"
    return replace(verdict, how=how, engines={"induction": row}, invariant=clauses)
