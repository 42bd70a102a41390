"""SMT-LIB 2.6, logic QF_BV: is the target hit within so many steps?

A plain encoding, and not the one of the bounded engine: each step chooses an action by number, 0 for none, after which
nothing happens any more; each variable after a step is what the chosen action makes of it, or what it was. Every
action's guard, updates and hits are functions, so that the text grows with the depth only by their applications.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import z3

from model.language.operators import UnsupportedTermError
from model.language.system import Action, Term, Variable, width_of
from model.language.terms import Walk
from proofs.exports import Question

OPERATORS = {
    z3.Z3_OP_BADD: "bvadd",
    z3.Z3_OP_BSUB: "bvsub",
    z3.Z3_OP_BMUL: "bvmul",
    z3.Z3_OP_BAND: "bvand",
    z3.Z3_OP_BOR: "bvor",
    z3.Z3_OP_BXOR: "bvxor",
    z3.Z3_OP_BNOT: "bvnot",
    z3.Z3_OP_BNEG: "bvneg",
    z3.Z3_OP_BSHL: "bvshl",
    z3.Z3_OP_BLSHR: "bvlshr",
    z3.Z3_OP_CONCAT: "concat",
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_NOT: "not",
    z3.Z3_OP_XOR: "xor",
    z3.Z3_OP_IMPLIES: "=>",
    z3.Z3_OP_ITE: "ite",
    z3.Z3_OP_EQ: "=",
    z3.Z3_OP_IFF: "=",
    z3.Z3_OP_DISTINCT: "distinct",
    z3.Z3_OP_ULEQ: "bvule",
    z3.Z3_OP_ULT: "bvult",
    z3.Z3_OP_UGEQ: "bvuge",
    z3.Z3_OP_UGT: "bvugt",
}
# the theory of bit-vectors knows these with two arguments only
BINARY = {
    z3.Z3_OP_BADD,
    z3.Z3_OP_BSUB,
    z3.Z3_OP_BMUL,
    z3.Z3_OP_BAND,
    z3.Z3_OP_BOR,
    z3.Z3_OP_BXOR,
    z3.Z3_OP_CONCAT,
}
SHORT = 60  # characters up to which an expression is written where it is used, without a name of its own
SIMPLE = re.compile(r"[A-Za-z~!$%^&*_+=<>?/-][\w~!@$%^&*+=<>.?/-]*", re.ASCII)


def symbol(name: str) -> str:
    """A name as an SMT-LIB symbol."""
    return name if SIMPLE.fullmatch(name) else f"|{name}|"


def sort(width: int) -> str:
    """The sort of `width` bits, Bool for 0."""
    return f"(_ BitVec {width})" if width else "Bool"


def literal(width: int, value: int) -> str:
    """A constant of `width` bits, a Boolean for 0."""
    return f"(_ bv{value} {width})" if width else ("true" if value else "false")


class _Expression(Walk[str]):
    """One term as an S-expression over its variables; long shared parts are named by `let`."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: dict[str, None] = {}
        self.lets: list[str] = []

    def variable(self, name: str) -> str:
        self.inputs[name] = None
        return symbol(name)

    def constant(self, width: int, value: int) -> str:
        return literal(width, value)

    def operation(self, kind: int, width: int, args: list[str], widths: list[int], parameters: tuple[int, ...]) -> str:
        text = self._text(kind, width, args, widths, parameters)
        if len(text) <= SHORT:
            return text
        self.lets.append(text)
        return f"?{len(self.lets) - 1}"

    def _text(self, kind: int, width: int, args: list[str], widths: list[int], parameters: tuple[int, ...]) -> str:
        if kind == z3.Z3_OP_EXTRACT:
            return f"((_ extract {parameters[0]} {parameters[1]}) {args[0]})"
        if kind == z3.Z3_OP_ZERO_EXT:
            return f"((_ zero_extend {width - widths[0]}) {args[0]})"
        if kind not in OPERATORS:
            raise UnsupportedTermError(f"no SMT-LIB for z3 operator kind {kind}")
        if kind not in BINARY:
            return f"({OPERATORS[kind]} {' '.join(args)})"
        text = args[0]
        for arg in args[1:]:
            text = f"({OPERATORS[kind]} {text} {arg})"
        return text


class _Function:
    """A term as a function of the variables that it reads."""

    def __init__(self, name: str, term: Term, variables: dict[str, Variable]) -> None:
        walk = _Expression()
        body = walk.visit(term)
        self.name = symbol(name)
        self.inputs = tuple(walk.inputs)
        parameters = " ".join(f"({symbol(key)} {sort(variables[key].width)})" for key in self.inputs)
        lets = [f"  (let ((?{number} {text}))\n" for number, text in enumerate(walk.lets)]
        width = term.size() if z3.is_bv(term) else 0
        head = f"(define-fun {self.name} ({parameters}) {sort(width)}\n"
        self.definition = f"{head}{''.join(lets)}  {body}{')' * len(lets)})"

    def at(self, step: int) -> str:
        """The function's value in the state after `step` steps."""
        return self.of(f"{name}@{step}" for name in self.inputs)

    def of(self, names: Iterable[str]) -> str:
        """The function's value for variables of these names, in the order of its inputs."""
        return f"({self.name} {' '.join(map(symbol, names))})" if self.inputs else self.name


class _Query:
    """The functions of a question, and the formula of each step."""

    def __init__(self, question: Question) -> None:
        self.actions = question.system.actions
        self.variables = {variable.name: variable for variable in question.system.variables}
        self.bits = width_of(len(self.actions) + 1)
        self.target = self._function("target", question.goal)
        self.enabled = {a.name: self._function(f"{a.name} can fire", a.enabled) for a in self.actions}
        self.updates = {
            a.name: {key: self._function(f"{a.name} sets {key}", term) for key, term in a.updates.items()}
            for a in self.actions
        }
        hits = {a.name: question.target.hit_by(a) for a in self.actions}
        self.hits = {name: self._function(f"{name} hits", term) for name, term in hits.items() if not z3.is_false(term)}

    def _function(self, name: str, term: Term) -> _Function:
        return _Function(name, term, self.variables)

    def functions(self) -> Iterator[str]:
        """The definitions, each action's together."""
        yield "; the target: a state, or an action that fires"
        yield self.target.definition
        for action in self.actions:
            yield f"; {action.name}: {' '.join(action.source.split())}"
            yield self.enabled[action.name].definition
            yield from (function.definition for function in self.updates[action.name].values())
            if action.name in self.hits:
                yield self.hits[action.name].definition

    def start(self) -> Iterator[str]:
        """The state before the first step."""
        yield "; the initial state"
        for name, variable in self.variables.items():
            yield _declared(f"{name}@0", variable.width)
            yield f"(assert (= {symbol(f'{name}@0')} {literal(variable.width, variable.init)}))"

    def step(self, number: int) -> Iterator[str]:
        """One step: its choice of an action, and the state after it."""
        chosen = f"action@{number}"
        yield f"; step {number}"
        yield _declared(chosen, self.bits)
        yield f"(assert (bvule {chosen} {literal(self.bits, len(self.actions))}))"
        if number > 1:
            nothing = literal(self.bits, 0)
            yield f"(assert (=> (= action@{number - 1} {nothing}) (= {chosen} {nothing})))"
        for index, action in enumerate(self.actions, start=1):
            fires = _fires(action, number)
            yield _declared(f"fire {action.name}@{number}", 0)
            yield f"(assert (= {fires} (= {chosen} {literal(self.bits, index)})))"
            yield f"(assert (=> {fires} {self.enabled[action.name].at(number - 1)}))"
        for name, variable in self.variables.items():
            yield _declared(f"{name}@{number}", variable.width)
            yield f"(assert (= {symbol(f'{name}@{number}')} {self._after(name, number)}))"

    def _after(self, name: str, number: int) -> str:
        value = symbol(f"{name}@{number - 1}")
        for action in reversed(self.actions):
            if name in self.updates[action.name]:
                new = self.updates[action.name][name].at(number - 1)
                value = f"(ite {_fires(action, number)} {new} {value})"
        return value

    def hit(self, number: int) -> Iterator[str]:
        """The ways of hitting the target in exactly so many steps."""
        yield self.target.at(number)
        for action in self.actions:
            if number and action.name in self.hits:
                yield f"(and {_fires(action, number)} {self.hits[action.name].at(number - 1)})"


def _declared(name: str, width: int) -> str:
    return f"(declare-fun {symbol(name)} () {sort(width)})"


def _fires(action: Action, number: int) -> str:
    return symbol(f"fire {action.name}@{number}")


def assertion(term: Term, variables: Mapping[str, Variable]) -> str:
    """One condition as text, satisfiable if and only if the condition is; `variables` by name, those that it reads.

    Raises UnsupportedTermError for an operator that is not written.
    """
    condition = _Function("condition", term, dict(variables))
    declared = [_declared(name, variables[name].width) for name in condition.inputs]
    lines = ["(set-logic QF_BV)", *declared, condition.definition, f"(assert {condition.of(condition.inputs)})"]
    return "\n".join(lines) + "\n"


def write(question: Question, depth: int) -> str:
    """The query as text: satisfiable if and only if the target is hit within `depth` steps.

    Raises UnsupportedTermError for an operator that is not written.
    """
    query = _Query(question)
    about = (
        *question.about,
        f"sat: the target is hit within {depth} steps, and each true `fire ACTION@STEP` is a step of such an execution",
        f"unsat: the target is not hit within {depth} steps",
    )
    hits = [way for number in range(depth + 1) for way in query.hit(number)]
    lines = [
        *(f"; {line}" for line in about),
        "(set-info :smt-lib-version 2.6)",
        "(set-logic QF_BV)",
        *query.functions(),
        *query.start(),
        *(line for number in range(1, depth + 1) for line in query.step(number)),
        "; the target is hit after 0, 1, ... steps",
        "(assert (or false\n  " + "\n  ".join(hits) + "))",
        "(check-sat)",
    ]
    return "\n".join(lines) + "\n"
