"""C of our own, executed: what a function gives for some numbers, and what it must not do but does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import z3

from model.source.ctypes import Integer
from model.source.symbolic.kernel import KERNEL
from model.source.symbolic.statements import Interpreter
from model.source.symbolic.terms import as_term
from model.source.symbolic.values import Value, convert
from model.source.tree import SourceTree
from model.source.unit import Unit

FILE = "snippet.c"


@dataclass(frozen=True)
class Executed:
    """A function executed for all arguments at once: `parameters` are their terms, `value` what it returns."""

    machine: Interpreter
    parameters: tuple[z3.BitVecRef, ...]
    value: Value

    def _at(self, term: object, arguments: tuple[int, ...]) -> z3.ExprRef:
        pairs = [(p, z3.BitVecVal(a, p.size())) for p, a in zip(self.parameters, arguments, strict=True)]
        return z3.simplify(z3.substitute(term, *pairs))

    def gives(self, *arguments: int) -> int:
        """What it returns for these arguments, as its type has it."""
        kind = self.value.kind
        assert isinstance(kind, Integer)
        whole = convert(self.value, Integer(max(kind.width, 8), kind.signed))
        assert whole is not None
        term = whole.term if not isinstance(whole.term, int) else z3.BitVecVal(whole.term, whole.width)
        if whole.is_truth:
            term = z3.If(as_term(whole.term), z3.BitVecVal(1, 32), z3.BitVecVal(0, 32))
        return kind.wrap(self._at(term, arguments).as_long())

    def wrongs(self, *arguments: int) -> list[str]:
        """What must not happen and does for these arguments: line and text, in the order of the execution."""
        hit = [each for each in self.machine.obligations if z3.is_true(self._at(as_term(each.condition), arguments))]
        return [f"{each.where.rpartition(':')[2]}: {each.text}" for each in hit]


def unit_of(folder: Path, code: str) -> Unit:
    """What a file with this C declares."""
    (folder / FILE).write_text(code, encoding="utf-8")
    return Unit.read(SourceTree(folder), [FILE])


def execute(folder: Path, code: str, function: str = "f") -> Executed:
    """Execute a function whose parameters are numbers."""
    unit = unit_of(folder, code)
    machine = Interpreter(unit, KERNEL)
    values, terms = [], []
    declared = unit.functions[function].decl.type.args
    for parameter in declared.params if declared else []:
        kind = unit.type_of(parameter.type)
        if isinstance(kind, Integer):
            terms.append(z3.BitVec(parameter.name, kind.width))
            values.append(Value(kind, terms[-1]))
    return Executed(machine, tuple(terms), machine.call(function, values))
