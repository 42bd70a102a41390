"""BTOR2: the system itself, its action chosen by an input, with the target as `bad`.

An action that is chosen but cannot fire, or a number that no action has, changes nothing. The state `hit` remembers
that the step just taken hits the target, so that `bad` first holds in the frame whose number is the shortest distance.
"""

from __future__ import annotations

import z3

from model.language.operators import UnsupportedTermError
from model.language.system import width_of
from model.language.terms import Walk
from proofs.exports import Question

OPERATORS = {
    z3.Z3_OP_BADD: "add",
    z3.Z3_OP_BSUB: "sub",
    z3.Z3_OP_BMUL: "mul",
    z3.Z3_OP_BAND: "and",
    z3.Z3_OP_BOR: "or",
    z3.Z3_OP_BXOR: "xor",
    z3.Z3_OP_BNOT: "not",
    z3.Z3_OP_BNEG: "neg",
    z3.Z3_OP_BSHL: "sll",
    z3.Z3_OP_BLSHR: "srl",
    z3.Z3_OP_CONCAT: "concat",
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_NOT: "not",
    z3.Z3_OP_XOR: "xor",
    z3.Z3_OP_IMPLIES: "implies",
    z3.Z3_OP_EQ: "eq",
    z3.Z3_OP_IFF: "eq",
    z3.Z3_OP_DISTINCT: "neq",
    z3.Z3_OP_ULEQ: "ulte",
    z3.Z3_OP_ULT: "ult",
    z3.Z3_OP_UGEQ: "ugte",
    z3.Z3_OP_UGT: "ugt",
}
UNARY = {z3.Z3_OP_NOT, z3.Z3_OP_BNOT, z3.Z3_OP_BNEG}


class _Nodes(Walk[str]):
    """Numbered lines; a term's name is its line's number. Booleans are vectors of one bit."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.count = 0
        self.sorts: dict[int, str] = {}
        self.constants: dict[tuple[int, int], str] = {}
        self.states: dict[str, str] = {}

    def add(self, text: str) -> str:
        """One more line; its number."""
        self.count += 1
        self.lines.append(f"{self.count} {text}")
        return str(self.count)

    def sort(self, width: int) -> str:
        """The sort of `width` bits; a Boolean's width is 0."""
        bits = width or 1
        if bits not in self.sorts:
            self.sorts[bits] = self.add(f"sort bitvec {bits}")
        return self.sorts[bits]

    def variable(self, name: str) -> str:
        return self.states[name]

    def constant(self, width: int, value: int) -> str:
        key = (width or 1, value)
        if key not in self.constants:
            self.constants[key] = self.add(f"constd {self.sort(width)} {value}")
        return self.constants[key]

    def operation(self, kind: int, width: int, args: list[str], widths: list[int], parameters: tuple[int, ...]) -> str:
        sort = self.sort(width)
        if kind == z3.Z3_OP_EXTRACT:
            return self.add(f"slice {sort} {args[0]} {parameters[0]} {parameters[1]}")
        if kind == z3.Z3_OP_ZERO_EXT:
            return self.add(f"uext {sort} {args[0]} {width - widths[0]}")
        if kind == z3.Z3_OP_ITE:
            return self.add(f"ite {sort} {' '.join(args)}")
        if kind not in OPERATORS or (kind == z3.Z3_OP_DISTINCT and len(args) > 2):
            raise UnsupportedTermError(f"no BTOR2 for z3 operator kind {kind}")
        if kind in UNARY:
            return self.add(f"{OPERATORS[kind]} {sort} {args[0]}")
        if kind == z3.Z3_OP_CONCAT:
            return self._concat(args, widths)
        result = args[0]
        for arg in args[1:]:
            result = self.add(f"{OPERATORS[kind]} {sort} {result} {arg}")
        return result

    def _concat(self, args: list[str], widths: list[int]) -> str:
        result, width = args[0], widths[0]
        for arg, part in zip(args[1:], widths[1:], strict=True):
            width += part
            result = self.add(f"concat {self.sort(width)} {result} {arg}")
        return result

    def choice(self, width: int, condition: str, yes: str, no: str) -> str:
        """One of two values."""
        return self.add(f"ite {self.sort(width)} {condition} {yes} {no}")

    def declare(self, name: str, width: int, init: int) -> None:
        """A state variable; a state's initial value has to come before it."""
        value, sort = self.constant(width, init), self.sort(width)
        self.states[name] = self.add(f"state {sort} {name}")
        self.add(f"init {sort} {self.states[name]} {value}")


def write(question: Question) -> str:
    """The system as text. Raises UnsupportedTermError for an operator that is not written."""
    system, target = question.system, question.target
    nodes = _Nodes()
    for variable in system.variables:
        nodes.declare(variable.name, variable.width, variable.init)
    nodes.declare("hit", 0, 0)
    bits = width_of(len(system.actions))
    chosen = nodes.add(f"input {nodes.sort(bits)} action")
    after = dict(nodes.states)
    after["hit"] = nodes.constant(0, 0)
    boolean = nodes.sort(0)
    for number, action in enumerate(system.actions):
        nodes.lines.append(f"; {action.name}: {' '.join(action.source.split())}")
        selected = nodes.add(f"eq {boolean} {chosen} {nodes.constant(bits, number)}")
        fires = nodes.add(f"and {boolean} {selected} {nodes.visit(action.enabled)} {action.name}")
        for name, term in action.updates.items():
            after[name] = nodes.choice(system.space.variables[name].width, fires, nodes.visit(term), after[name])
        hit = target.hit_by(action)
        if not z3.is_false(hit):
            after["hit"] = nodes.choice(0, fires, nodes.visit(hit), after["hit"])
    nodes.lines.append("; the state after a step, and the target")
    widths = {variable.name: variable.width for variable in system.variables} | {"hit": 0}
    for name, value in after.items():
        nodes.add(f"next {nodes.sort(widths[name])} {nodes.states[name]} {value}")
    bad = nodes.add(f"or {boolean} {nodes.visit(question.goal)} {nodes.states['hit']}")
    nodes.add(f"bad {bad} target")
    about = (
        *question.about,
        "sat: the target is hit; the frame in which bad holds first is the number of steps",
        "unsat: the target is never hit; the input `action` chooses what fires:",
        *(f"  {number} {action.name}" for number, action in enumerate(system.actions)),
    )
    return "\n".join([*(f"; {line}" for line in about), *nodes.lines]) + "\n"
