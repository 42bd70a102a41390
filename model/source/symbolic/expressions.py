"""C's expressions: what each gives, where what it names is, and what it changes on the way.

Left out, and why no property can see it: the order in which C may evaluate operands, which is from left to right here,
as these drivers have no two side effects on one place in an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import z3
from pycparser import c_ast

from model.source.ctypes import CHAR_POINTER, INT, LONG, UNSIGNED, Array, CType, Function, Integer, PointerTo, Void
from model.source.parse import ELVIS
from model.source.symbolic.arithmetic import as_kind, binary, inverted, negated, size
from model.source.symbolic.machine import ExceededError, Machine
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import Condition, both, fold, no
from model.source.symbolic.values import FUNCTION, VOID, Pointer, Value, merge, number, truth
from model.source.unit import Unit, coordinate, integer

Found = TypeVar("Found")
_Node: TypeAlias = c_ast.Node  # to mypy anything: pycparser ships no type information


class Expressions(Machine):
    """A machine that evaluates expressions. `meanings`: the functions that are not read, and names with values."""

    def __init__(self, unit: Unit, meanings: Meanings, assume: Sequence[z3.BoolRef] = ()) -> None:
        super().__init__(unit, assume)
        self.meanings = meanings
        self.scopes: list[dict[str, tuple[str, CType]]] = []
        self._globals: set[str] = set()
        self._calls: list[str] = []
        self._results: list[tuple[str, CType]] = []

    def attempt(self, run: Callable[[], Found]) -> Found | None:
        """What something comes to; None if it exceeds a capacity in every state, of which nothing is said then."""
        scopes, walks, where = self.scopes, self.walks, self.where
        depth, calls, results = len(scopes), len(self._calls), len(self._results)
        try:
            return run()
        except ExceededError:
            self.scopes, self.walks, self.where = scopes, walks, where
            del self.scopes[depth:], self._calls[calls:], self._results[results:]
            return None

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """Execute a function that is read."""
        raise NotImplementedError

    def initialize(self, place: Pointer, kind: CType, init: _Node) -> None:
        """Store an initializer, a list in braces too."""
        if isinstance(init, c_ast.InitList):
            self._initialize_parts(place, kind, init)
        else:
            self.store(place, self.convert(self.evaluate(init), kind))

    def _initialize_parts(self, place: Pointer, kind: CType, init: c_ast.InitList) -> None:
        for steps, leaf in self.leaves(kind):
            zero = self.zero(leaf)
            if zero is not None:
                self.store(place.inside(*steps), zero)
        names = [] if isinstance(kind, Array) else list(self.unit.members(kind, self.where))
        position = 0
        for item in init.exprs or []:
            value, designators = item, []
            if isinstance(item, c_ast.NamedInitializer):
                value, designators = item.expr, item.name
            step = self._designated(designators, kind, names, position)
            position = (step if isinstance(step, int) else names.index(step)) + 1
            inner = self.member(kind, step) if isinstance(step, str) else self._element(kind)
            self.initialize(place.inside(step), inner, value)

    def _element(self, kind: CType) -> CType:
        if not isinstance(kind, Array):
            self.refuse("an index into what is no array")
        return kind.element

    def _designated(self, designators: list[_Node], kind: CType, names: list[str], position: int) -> str | int:
        if len(designators) > 1:
            self.refuse("a designator of several steps has no meaning here")
        if not designators:
            if not isinstance(kind, Array) and position >= len(names):
                self.refuse("more initializers than members")
            return position if isinstance(kind, Array) else names[position]
        if isinstance(kind, Array):
            return self.unit.constant(designators[0])
        if designators[0].name not in names:
            self.refuse(f"no member {designators[0].name}")
        return str(designators[0].name)

    def convert(self, value: Value, kind: CType) -> Value:
        """The value as one of another type; refuses what has no meaning."""
        return as_kind(self, value, kind)

    # where things are

    def place(self, node: _Node) -> tuple[Pointer, CType]:
        """Where the object is that an expression names, and its type."""
        self.where = coordinate(node) if node.coord else self.where
        if isinstance(node, c_ast.ID):
            return self._named(node)
        if isinstance(node, c_ast.StructRef):
            return self._member(node)
        if isinstance(node, c_ast.ArrayRef):
            base, index = self.evaluate(node.name), self.evaluate(node.subscript)
            if not base.is_pointer:
                self.refuse("an index into what is no array")
            return self._target(Value(base.kind, self.moved(base.pointer, index)))
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self._target(self.evaluate(node.expr))
        if isinstance(node, c_ast.Cast):
            self.refuse("a cast to what is assigned to has no meaning")
        self.refuse(f"{type(node).__name__} names no place")

    def _named(self, node: c_ast.ID) -> tuple[Pointer, CType]:
        for scope in reversed(self.scopes):
            if node.name in scope:
                name, kind = scope[node.name]
                return Pointer.to(name), kind
        if node.name in self.unit.globals:
            return self._global(node.name)
        self.refuse(f"the name {node.name} has no meaning here")

    def _global(self, name: str) -> tuple[Pointer, CType]:
        declaration, place = self.unit.globals[name], f"global {name}"
        kind = self.unit.type_of(declaration.type)
        if isinstance(kind, Array) and kind.length is None and isinstance(declaration.init, c_ast.InitList):
            kind = Array(kind.element, self._count(declaration.init))
        if name not in self._globals:
            self._globals.add(name)
            self.types[place] = kind
            self.zeroed.add(place)
            if declaration.init is not None:
                before, self.state = self.state, self.state.copy()
                self.initialize(Pointer.to(place), kind, declaration.init)
                self.initial |= {key: value for key, value in self.state.cells.items() if key[0] == place}
                self.state = before
        return Pointer.to(place), kind

    def _count(self, init: c_ast.InitList) -> int:
        end = count = 0
        for item in init.exprs or []:
            named = isinstance(item, c_ast.NamedInitializer)
            end = (self.unit.constant(item.name[0]) if named else end) + 1
            count = max(count, end)
        return count

    def _member(self, node: c_ast.StructRef) -> tuple[Pointer, CType]:
        if node.type == "->":
            base, kind = self._target(self.evaluate(node.name))
        else:
            base, kind = self.place(node.name)
        self.where = coordinate(node)
        return base.inside(node.field.name), self.member(kind, node.field.name)

    def _target(self, value: Value) -> tuple[Pointer, CType]:
        if not value.is_pointer or not isinstance(value.kind, PointerTo) or isinstance(value.kind.target, Void):
            self.refuse("dereferences what is no pointer to something of a known type")
        return value.pointer, value.kind.target

    def kind_of_expression(self, node: _Node) -> CType:
        """The type of an expression that is not evaluated, as in sizeof."""
        if isinstance(node, c_ast.ID):
            return self._named(node)[1]
        if isinstance(node, c_ast.StructRef):
            kind = self.kind_of_expression(node.name)
            kind = kind.target if isinstance(kind, PointerTo) and node.type == "->" else kind
            return self.member(kind, node.field.name)
        if isinstance(node, c_ast.ArrayRef) or (isinstance(node, c_ast.UnaryOp) and node.op == "*"):
            kind = self.kind_of_expression(node.name if isinstance(node, c_ast.ArrayRef) else node.expr)
            if isinstance(kind, PointerTo | Array):
                return kind.target if isinstance(kind, PointerTo) else kind.element
        if isinstance(node, c_ast.Typename):
            return self.unit.type_of(node)
        self.refuse("sizeof of this expression has no meaning here")

    # what things are

    def evaluate(self, node: _Node) -> Value:
        """What an expression gives, after its side effects."""
        self.where = coordinate(node) if node.coord else self.where
        rule = _RULES.get(type(node))
        if rule is None:
            self.refuse(f"{type(node).__name__} has no meaning here")
        return rule(self, node)

    def _constant(self, node: c_ast.Constant) -> Value:
        if node.type == "string":
            return Value(CHAR_POINTER, Pointer.to(f"string {node.value}", 0))
        if node.type == "char" and len(node.value) == 3:
            return number(ord(node.value[1]))
        if "int" not in node.type:
            self.refuse(f"the constant {node.value} has no meaning here")
        return number(value := integer(node), _constant_kind(node.value, value))

    def _identifier(self, node: c_ast.ID) -> Value:
        name = node.name
        if any(name in scope for scope in self.scopes):
            return self.load(*self._named(node))
        if name in self.unit.constants:
            value = self.unit.constants[name]
            return number(value, INT if value <= 0x7FFFFFFF else UNSIGNED)
        if name in self.meanings.names:
            return self.meanings.names[name]
        if name in self.unit.functions or name in self.meanings.functions:
            result = self._result(name)
            return Value(PointerTo(Function(result)), Pointer.to(FUNCTION, name))
        return self.load(*self._named(node))

    def _result(self, name: str) -> CType:
        found = self.unit.functions.get(name)
        kind = self.unit.type_of(found.decl.type) if found is not None else Function(INT)
        return kind.result if isinstance(kind, Function) else kind

    def _read(self, node: _Node) -> Value:
        return self.load(*self.place(node))

    def _cast(self, node: c_ast.Cast) -> Value:
        kind, value = self.unit.type_of(node.to_type), self.evaluate(node.expr)
        return VOID if isinstance(kind, Void) else self.convert(value, kind)

    def _unary(self, node: c_ast.UnaryOp) -> Value:
        if node.op == "sizeof":
            return size(self.unit.size(self.kind_of_expression(node.expr), self.where))
        if node.op == "&":
            return self._address(node.expr)
        if node.op in ("++", "--", "p++", "p--"):
            place, kind = self.place(node.expr)
            old = self.load(place, kind)
            new = self.convert(binary(self, node.op[-1], old, number(1)), kind)
            self.store(place, new)
            return old if node.op[0] == "p" else new
        if node.op == "*":
            return self._read(node)
        value = self.evaluate(node.expr)
        if node.op == "!":
            return truth(fold(no(value.truth)))
        return negated(self, value) if node.op == "-" else inverted(self, value) if node.op == "~" else value

    def _address(self, node: _Node) -> Value:
        if isinstance(node, c_ast.ID) and (node.name in self.unit.functions or node.name in self.meanings.functions):
            return self._identifier(node)
        place, kind = self.place(node)
        return Value(PointerTo(kind), place)

    def _assignment(self, node: c_ast.Assignment) -> Value:
        value = self.evaluate(node.rvalue)
        place, kind = self.place(node.lvalue)
        if node.op != "=":
            value = binary(self, node.op[:-1], self.load(place, kind), value)
        value = self.convert(value, kind)
        self.store(place, value)
        return value

    def _binary(self, node: c_ast.BinaryOp) -> Value:
        left = self.evaluate(node.left)
        if node.op not in ("&&", "||"):
            return binary(self, node.op, left, self.evaluate(node.right))

        def right() -> Value:
            return truth(self.evaluate(node.right).truth)

        if node.op == "&&":
            return self.fork(left.truth, right, lambda: truth(False))
        return self.fork(left.truth, lambda: truth(True), right)

    def _ternary(self, node: c_ast.TernaryOp) -> Value:
        condition = self.evaluate(node.cond)
        same = isinstance(node.iftrue, c_ast.ID) and node.iftrue.name == ELVIS
        return self.fork(
            condition.truth,
            lambda: condition if same else self.evaluate(node.iftrue),
            lambda: self.evaluate(node.iffalse),
        )

    def fork(self, condition: Condition, then: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
        """What one of two evaluations gives, and both states where they meet."""
        condition = self.decided(condition)
        if isinstance(condition, bool):
            return then() if condition else otherwise()
        base = self.state
        self.state = base.copy(condition)
        one, first = then(), self.state
        self.state = base.copy(no(condition))
        other, second = otherwise(), self.state
        joined = self.join(first, second)
        assert joined is not None
        self.state = joined
        if isinstance(one.kind, Integer) and isinstance(other.kind, Integer) and one.kind != other.kind:
            one, other = self._alike(one, other)
        return merge(condition, one, other)

    def _alike(self, one: Value, other: Value) -> tuple[Value, Value]:
        kind = binary(self, "+", Value(one.kind, 0), Value(other.kind, 0)).kind
        return self.convert(one, kind), self.convert(other, kind)

    def _list(self, node: c_ast.ExprList) -> Value:
        return [self.evaluate(each) for each in node.exprs][-1]

    def _call(self, node: c_ast.FuncCall) -> Value:
        name = node.name.name if isinstance(node.name, c_ast.ID) else None
        if name is None or any(name in scope for scope in self.scopes):
            function = self.evaluate(node.name)
            return self._call_pointer(function, self._arguments(node))
        arguments = self._arguments(node)
        self.where = coordinate(node)
        return self._call_named(name, arguments)

    def _arguments(self, node: c_ast.FuncCall) -> list[Value]:
        return [self.evaluate(each) for each in node.args.exprs] if node.args else []

    def _call_named(self, name: str, arguments: Sequence[Value]) -> Value:
        meaning = self.meanings.functions.get(name)
        if meaning is not None:
            if not meaning.takes(len(arguments)):
                self.refuse(f"{name} with {len(arguments)} arguments has no meaning")
            found: Value | None = meaning.run(self, *arguments)
            return VOID if found is None else found
        if name not in self.unit.functions:
            self.refuse(f"the function {name} has no meaning here")
        return self.call(name, arguments)

    def _call_pointer(self, function: Value, arguments: Sequence[Value]) -> Value:
        if not function.is_pointer:
            self.refuse("calls what is no function")
        self.oblige(function.pointer.null, "calls NULL")
        places = [(under, place) for under, place in function.pointer.places if self.possible(under)]
        if not places or any(place.object != FUNCTION for _, place in places):
            self.refuse("calls what is no function")
        under, place = places[0]
        if len(places) == 1:
            return self._call_named(place.path[0], arguments)
        rest = Value(function.kind, Pointer(tuple(places[1:])))
        return self.fork(
            both(under), lambda: self._call_named(place.path[0], arguments), lambda: self._call_pointer(rest, arguments)
        )


def _constant_kind(text: str, value: int) -> Integer:
    suffix = text[len(text.rstrip("uUlL")) :].lower()
    unsigned = "u" in suffix or (text[:2].lower() == "0x" and 1 << 31 <= value < 1 << 32)
    width = 64 if "l" in suffix or value >= 1 << (32 if unsigned else 31) else 32
    return Integer(width, not unsigned) if (width, unsigned) != (64, False) else LONG


_RULES: Mapping[type, Callable[[Expressions, _Node], Value]] = {
    c_ast.Constant: Expressions._constant,
    c_ast.ID: Expressions._identifier,
    c_ast.StructRef: Expressions._read,
    c_ast.ArrayRef: Expressions._read,
    c_ast.Cast: Expressions._cast,
    c_ast.UnaryOp: Expressions._unary,
    c_ast.Assignment: Expressions._assignment,
    c_ast.BinaryOp: Expressions._binary,
    c_ast.TernaryOp: Expressions._ternary,
    c_ast.ExprList: Expressions._list,
    c_ast.FuncCall: Expressions._call,
}
