"""Promela, for Spin: the system as one process whose every step is one `d_step` around generated C.

The whole state is one C structure of bit-fields inside Spin's state vector, and the process is always at the head of
its loop between two steps: Spin stores exactly the reachable states, and its number of transitions is one more than
ours, as it counts the way to the initial state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import z3

from model.language.concrete import holds
from model.language.operators import WRAPS, UnsupportedTermError
from model.language.system import Action, Term, Variable
from model.language.terms import Walk
from model.parameters import ParameterError
from proofs.exports import Question

WORD = 64  # bits of `unsigned long long`, in which everything is computed
SHORT = 60  # characters up to which an expression is written where it is used, without a name of its own
LONGEST = 65_000  # characters of one `c_code`: Spin's buffer holds 65,536
BLOCK = 58_000  # characters at which a function is divided
INFIX = {
    z3.Z3_OP_BADD: "+",
    z3.Z3_OP_BSUB: "-",
    z3.Z3_OP_BMUL: "*",
    z3.Z3_OP_BAND: "&",
    z3.Z3_OP_BOR: "|",
    z3.Z3_OP_BXOR: "^",
    z3.Z3_OP_AND: "&",
    z3.Z3_OP_OR: "|",
    z3.Z3_OP_EQ: "==",
    z3.Z3_OP_IFF: "==",
    z3.Z3_OP_XOR: "!=",
    z3.Z3_OP_DISTINCT: "!=",
    z3.Z3_OP_ULEQ: "<=",
    z3.Z3_OP_UGEQ: ">=",
    z3.Z3_OP_ULT: "<",
    z3.Z3_OP_UGT: ">",
}


class _Function(Walk[str]):
    """The body of a C function that reads the state `s`: Booleans are 0 or 1, everything is masked to its width."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__()
        self.fields = fields
        self.lines: list[str] = []

    def variable(self, name: str) -> str:
        return f"s->{self.fields[name]}"

    def constant(self, width: int, value: int) -> str:
        return f"{value}ull"

    def operation(self, kind: int, width: int, args: list[str], widths: list[int], parameters: tuple[int, ...]) -> str:
        if max(width, *widths) > WORD:
            raise UnsupportedTermError(f"no C for {max(width, *widths)} bits; split the variable")
        text = self._operator(kind, width, args, widths, parameters)
        if len(text) <= SHORT:
            return f"({text})"
        self.lines.append(f"const word t{len(self.lines)} = {text};")
        return f"t{len(self.lines) - 1}"

    def _operator(self, kind: int, width: int, args: list[str], widths: list[int], parameters: tuple[int, ...]) -> str:
        mask = f" & {(1 << width) - 1}ull"
        if kind in INFIX and (len(args) == 2 or kind not in (z3.Z3_OP_DISTINCT, z3.Z3_OP_XOR)):
            text = f" {INFIX[kind]} ".join(args)
            return f"({text}){mask}" if kind in WRAPS else text
        if kind == z3.Z3_OP_NOT:
            return f"!{args[0]}"
        if kind == z3.Z3_OP_IMPLIES:
            return f"!{args[0]} | {args[1]}"
        if kind == z3.Z3_OP_ITE:
            return f"{args[0]} ? {args[1]} : {args[2]}"
        if kind == z3.Z3_OP_BNOT:
            return f"~{args[0]}{mask}"
        if kind == z3.Z3_OP_BNEG:
            return f"(0ull - {args[0]}){mask}"
        if kind == z3.Z3_OP_EXTRACT:
            return f"({args[0]} >> {parameters[1]}){mask}"
        if kind == z3.Z3_OP_ZERO_EXT:
            return args[0]
        if kind == z3.Z3_OP_CONCAT:
            lows = [sum(widths[place + 1 :]) for place in range(len(args))]
            return " | ".join(f"({arg} << {low})" for arg, low in zip(args, lows, strict=True))
        if kind in (z3.Z3_OP_BSHL, z3.Z3_OP_BLSHR):
            sign = "<<" if kind == z3.Z3_OP_BSHL else ">>"
            # C leaves a shift by the width or more undefined
            return f"({args[1]} < {width} ? {args[0]} {sign} {args[1]} : 0ull){mask}"
        raise UnsupportedTermError(f"no C for z3 operator kind {kind}")


def _identifiers(variables: Sequence[Variable]) -> dict[str, str]:
    """A C name for each variable; two that would be the same are told apart by a number."""
    names: dict[str, str] = {}
    for number, variable in enumerate(variables):
        name = re.sub(r"\W", "_", variable.name, flags=re.ASCII)
        names[variable.name] = f"{name}_{number}" if name in names.values() else name
    return names


class _Model:
    """The C text of one question."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.variables = question.system.variables
        self.fields = _identifiers(self.variables)

    def structure(self) -> Iterator[str]:
        """The state's type."""
        yield "typedef unsigned long long word;"
        yield "typedef struct {"
        for variable in self.variables:
            if variable.bits > WORD:
                raise UnsupportedTermError(f"no C for the {variable.bits} bits of {variable.name}; split the variable")
            yield f"\tword {self.fields[variable.name]} : {variable.bits};"
        yield "} Model;"

    def initial(self) -> str:
        """The initial state as a C expression."""
        values = [f".{self.fields[variable.name]} = {variable.init}" for variable in self.variables]
        return f"(Model){{ {', '.join(values)} }}"

    def predicate(self, name: str, term: Term) -> str:
        """A function that tells whether a term holds in a state."""
        body = _Function(self.fields)
        result = body.visit(term)
        return _code(f"static int {name}(const Model *s)", [*body.lines, f"return {result} != 0;"])

    def firing(self, number: int, action: Action) -> Iterator[str]:
        """The functions that make of the state `s` the state `n` after a step, and notice a hit."""
        parts = list(self._parts(action.updates))
        for place, lines in enumerate(parts):
            yield _code(f"static void part_{number}_{place}(const Model *s, Model *n)", lines)
        yield self.predicate(f"hits_{number}", self.question.target.hit_by(action))
        calls = [f"part_{number}_{place}(s, &n);" for place in range(len(parts))]
        lines = ["Model n = *s;", *calls, f"hit = hits_{number}(s) || target(&n);", "*s = n;"]
        yield _code(f"static void fire_{number}(Model *s)", lines)

    def _parts(self, updates: Mapping[str, Term]) -> Iterator[list[str]]:
        """The assignments, in as few bodies as Spin takes."""
        body, stores = _Function(self.fields), list[str]()
        for name, term in updates.items():
            mark = len(body.lines)
            value = body.visit(term)
            if stores and sum(map(len, [*body.lines, *stores, value])) > BLOCK:
                yield [*body.lines[:mark], *stores]
                body, stores = _Function(self.fields), []
                value = body.visit(term)
            stores.append(f"n->{self.fields[name]} = {value};")
        yield [*body.lines, *stores]

    def functions(self) -> Iterator[str]:
        """All that the process calls."""
        yield "c_code { static int hit; } /* whether the step just taken hits the target */"
        yield self.predicate("target", self.question.goal)
        for number, action in enumerate(self.question.system.actions):
            yield f"/* {action.name}: {_comment(action.source)} */"
            yield self.predicate(f"enabled_{number}", action.enabled)
            yield from self.firing(number, action)


def _code(head: str, lines: Sequence[str]) -> str:
    """A C function in a block of its own. Raises UnsupportedTermError if it is longer than Spin takes."""
    text = "\n".join([head, "{", *(f"\t{line}" for line in lines), "}"])
    if len(text) > LONGEST:
        raise UnsupportedTermError(f"Spin takes no C function of {len(text)} characters ({head}); lower the bounds")
    return f"c_code {{\n{text}\n}}"


def _comment(text: str) -> str:
    return " ".join(text.split()).replace("*/", "* /")


def _options(actions: Sequence[Action]) -> Iterator[str]:
    for number, action in enumerate(actions):
        yield f"\t/* {action.name} */"
        # Spin takes a name with a bracket right behind it for a side effect; the guards have none
        guard, step = f"enabled_{number} (&now.model)", f"fire_{number}(&now.model);"
        yield f"\t:: d_step {{ c_expr {{ {guard} }} -> c_code {{ {step} }}; assert(c_expr {{ !hit }}) }}"


def write(question: Question) -> str:
    """The system as text.

    Raises ParameterError if the initial state is a hit, as Spin looks at steps only, and UnsupportedTermError for an
    operator that is not written or a value wider than 64 bits.
    """
    if holds(question.goal, question.system.initial):
        raise ParameterError("the initial state hits the target, so there is nothing for Spin to search; try smt2")
    model = _Model(question)
    about = (
        *question.about,
        "assertion violated (at depth N): the target is hit, in N + 1 steps; the shortest with -DBFS",
        "no errors: the target is never hit. States stored are the reachable states; -c0 goes on after a hit",
        "spin -a FILE && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m1000000",
    )
    lines = [
        *(f"/* {_comment(line)} */" for line in about),
        "c_decl {",
        *model.structure(),
        "}",
        f'c_state "Model model" "Global" "{model.initial()}"',
        *model.functions(),
        "active proctype system()",
        "{",
        "end:\tdo",
        *_options(question.system.actions),
        "\tod",
        "}",
    ]
    return "\n".join(lines) + "\n"
