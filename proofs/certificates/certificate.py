"""Certificates: inductive invariants as files, and their proof, again and by two solvers.

A certificate is believed for what it says, not for who wrote it: the system is built from the version's file, the
clauses are read from the certificate, and each obligation of `proofs.invariants` is one query to z3 and, as SMT-LIB
text, one to bitwuzla, which shares no code with z3.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import z3
from jsonschema import Draft202012Validator

from counterexamples.documents import (
    NATURAL,
    ORIGIN,
    TEXT,
    DocumentError,
    origin,
    parsed,
    read_document,
    subject_of,
)
from model.context import Protocol
from model.language.system import Term, Variable
from model.subject import Subject
from proofs.engines import Target
from proofs.engines.clauses import Clause, Place, obligations, places
from proofs.exports.smt2 import assertion
from proofs.properties import ALWAYS, catalogue
from proofs.properties.subjects import unmet

SCHEMA = 1
SECOND = "bitwuzla"
SOLVERS = ("z3", SECOND)
_NEED = "a certificate of an inductive invariant"
_VALIDATOR = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "schema": {"const": SCHEMA},
            "certificate": {"const": "inductive invariant"},
            "statement": TEXT,
            **ORIGIN,
            "clauses": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "over": {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
                        "allowed": {"type": "array", "items": {"type": "array", "items": NATURAL}, "minItems": 1},
                    },
                    "required": ["over", "allowed"],
                },
            },
        },
        "required": ["schema", "certificate", *ORIGIN, "clauses"],
    }
)


@dataclass(frozen=True)
class Certificate:
    """The clauses of an inductive invariant, and of which property of which system."""

    subject: Subject
    property_id: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Proof:
    """One obligation put to one solver: its answer is to be `unsat`. `seconds`: how long it took."""

    obligation: str
    solver: str
    answer: str
    seconds: float


def to_json(certificate: Certificate) -> str:
    """The certificate as text, one line for each combination of values that a clause allows."""
    statement = catalogue()[certificate.property_id].statement
    head = {"schema": SCHEMA, "certificate": "inductive invariant", "statement": statement}
    head |= origin(certificate.subject, certificate.property_id)
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    clauses = [
        f'    {{"over": {json.dumps(clause.over)},\n     "allowed": {json.dumps(clause.allowed)}}}'
        for clause in certificate.clauses
    ]
    inner = ",\n".join(clauses)
    return "\n".join(["{", *lines, '  "clauses": [', *([inner] if inner else []), "  ]", "}"]) + "\n"


def read_certificate(path: Path) -> Certificate:
    """Read a certificate; raises DocumentError if the file cannot be read or is not one."""
    return read_document(path, _from_json, _NEED)


def _from_json(text: str) -> Certificate:
    document = parsed(text, _VALIDATOR, _NEED)
    clauses = []
    for number, item in enumerate(document["clauses"]):
        if any(len(values) != len(item["over"]) for values in item["allowed"]):
            raise DocumentError(f"clauses/{number}/allowed: need a value for each of {', '.join(item['over'])}")
        clauses.append(Clause(tuple(item["over"]), tuple(tuple(values) for values in item["allowed"])))
    return Certificate(subject_of(document), document["property"], tuple(clauses))


def checked(certificate: Certificate, protocol: Protocol) -> Target:
    """The target that the certificate claims to exclude.

    Raises DocumentError if its clauses are not about the system, or its property says nothing about it.
    """
    item = catalogue()[certificate.property_id]
    reason, version = item.reason_against(protocol), protocol.subject.version
    if item.kind != ALWAYS:
        raise DocumentError(f"{item.id} is an `{item.kind}` property; a certificate is for an `{ALWAYS}` one")
    if reason is not None:
        raise DocumentError(f"{item.id} does not apply to {version}: {reason}")
    if missing := unmet(protocol, item):
        raise DocumentError(f"{item.id} is vacuous for {version}; not seen to happen: {'; '.join(missing)}")
    known = places(protocol.system.space)
    for number, clause in enumerate(certificate.clauses):
        _check_clause(number, clause, known)
    return item.target(protocol)


def _check_clause(number: int, clause: Clause, known: Mapping[str, Place]) -> None:
    for index, name in enumerate(clause.over):
        if name not in known:
            raise DocumentError(f"clauses/{number}/over: this version has no {name}")
        most = (1 << (known[name].width or 1)) - 1
        if any(values[index] > most for values in clause.allowed):
            raise DocumentError(f"clauses/{number}/allowed: {name} holds at most {most}")


def second_solver_missing() -> str | None:
    """Why there is no second solver, or None."""
    if importlib.util.find_spec(SECOND) is None:
        return f"{SECOND} is not installed (pip install '.[solvers]')"
    return None


def prove(protocol: Protocol, target: Target, clauses: Sequence[Clause], solver: str) -> Iterator[Proof]:
    """Each obligation put to `solver`, one of `SOLVERS`, as it is answered."""
    variables = {variable.name: variable for variable in protocol.system.variables}
    for name, formula in obligations(protocol, target, clauses).items():
        started = time.perf_counter()
        answer = _ask_second(variables, formula) if solver == SECOND else _ask_z3(formula)
        yield Proof(name, solver, answer, time.perf_counter() - started)


def _ask_z3(formula: Term) -> str:
    solver = z3.SolverFor("QF_BV")
    solver.add(formula)
    return str(solver.check())


def _ask_second(variables: Mapping[str, Variable], formula: Term) -> str:
    import bitwuzla

    parser = bitwuzla.Parser(bitwuzla.TermManager(), bitwuzla.Options())
    parser.parse(assertion(formula, variables), True, False)
    return str(parser.bitwuzla().check_sat())


def offending(protocol: Protocol, target: Target, clauses: Sequence[Clause], obligation: str) -> str:
    """In words, a state that violates an obligation: what leads where, for a reader who has to find out why."""
    system, known = protocol.system, places(protocol.system.space)
    solver = z3.SolverFor("QF_BV")
    solver.add(obligations(protocol, target, clauses)[obligation])
    if solver.check() != z3.sat:
        return f"z3 does not decide {obligation}"
    model = solver.model()

    def true(term: Term) -> bool:
        return bool(z3.is_true(model.eval(term, model_completion=True)))

    if obligation == "initial":
        outside = [clause.name for clause in clauses if not true(clause.term(known))]
        return f"the initial state is outside {', '.join(outside[:1]) or 'the invariant'}"
    possible = [action for action in system.actions if all(true(term) for term in action.guard.values())]
    for action in possible if obligation == "consecution" else ():
        after = [(system.space.term(name), value) for name, value in action.updates.items()]
        for clause in clauses:
            if not true(z3.substitute(clause.term(known), *after)):
                return f"{action.name} leads out of the clause on {clause.name}"
    return "a state inside the invariant hits the target, or exceeds a capacity"


def described(certificate: Certificate, protocol: Protocol) -> list[str]:
    """The invariant for a reader: each clause's name, and what it says."""
    known = places(protocol.system.space)
    lines = []
    for clause in certificate.clauses:
        said = clause.sentences(known)
        lines += [f"  {said[0]}"] if len(clause.over) == 1 else [f"  {clause.name}:", *(f"    {line}" for line in said)]
    return lines
