"""Terms as z3 holds them: each distinct term once, its operator and its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import z3
from z3 import z3core

Name = TypeVar("Name")
Result = TypeVar("Result")
MANY = 2_000_000  # distinct terms that are remembered: some hundred bytes each


def _unchecked(name: str) -> Callable[..., Any]:
    # the wrappers ask for an error after each call, which triples the cost of a walk over terms known to be sound
    wrapper = getattr(z3core, name)
    bound = wrapper.__defaults__
    found: Callable[..., Any] = bound[0].f if bound and hasattr(bound[0], "f") else wrapper
    return found


_ast_id = _unchecked("Z3_get_ast_id")
_to_app = _unchecked("Z3_to_app")
_num_args = _unchecked("Z3_get_app_num_args")
_arg = _unchecked("Z3_get_app_arg")
_decl = _unchecked("Z3_get_app_decl")
_decl_kind = _unchecked("Z3_get_decl_kind")
_sort = _unchecked("Z3_get_sort")
_sort_kind = _unchecked("Z3_get_sort_kind")
_sort_size = _unchecked("Z3_get_bv_sort_size")
_num_parameters = _unchecked("Z3_get_decl_num_parameters")
_parameter = _unchecked("Z3_get_decl_int_parameter")
_update = _unchecked("Z3_update_term")


class Node(NamedTuple):
    """One term: z3's number for its operator, its width in bits (0: a Boolean), the numbers of its arguments and what
    an extraction has besides; a variable's name, a constant's value."""

    kind: int
    width: int
    children: tuple[int, ...]
    parameters: tuple[int, ...]
    variable: str | None = None
    value: int | None = None


COMMUTATIVE = frozenset(
    (
        *(z3.Z3_OP_AND, z3.Z3_OP_OR, z3.Z3_OP_XOR, z3.Z3_OP_EQ, z3.Z3_OP_IFF, z3.Z3_OP_DISTINCT),
        *(z3.Z3_OP_BADD, z3.Z3_OP_BMUL, z3.Z3_OP_BAND, z3.Z3_OP_BOR, z3.Z3_OP_BXOR),
    )
)
"""The operators whose arguments z3 puts in an order that depends on which terms it has met before."""

_known: dict[int, Node] = {}
_digests: dict[int, bytes] = {}
_ordered: dict[int, z3.AstRef] = {}
_variables: dict[int, int] = {}
_places: dict[str, int] = {}
_alive: list[object] = []  # z3 gives the number of a term that is gone to another one


def number_of(root: z3.ExprRef) -> int:
    """z3's own number for a term; under it, and those of all that the term consists of, `_known` has the nodes."""
    if len(_known) > MANY:
        _known.clear()
        _digests.clear()
        _ordered.clear()
        _variables.clear()
        _alive.clear()
    context, top = z3.main_ctx().ref(), root.as_ast()
    number: int = _ast_id(context, top)
    if number in _known:
        return number
    _alive.append(root)
    stack = [top]
    while stack:
        ast = stack.pop()
        key = _ast_id(context, ast)
        if key not in _known:
            app = _to_app(context, ast)
            children = [_arg(context, app, place) for place in range(_num_args(context, app))]
            _known[key] = _read(context, ast, app, tuple(_ast_id(context, child) for child in children))
            stack.extend(children)
    return number


def _read(context: Any, ast: Any, app: Any, children: tuple[int, ...]) -> Node:
    declaration, sort = _decl(context, app), _sort(context, ast)
    kind = _decl_kind(context, declaration)
    width = _sort_size(context, sort) if _sort_kind(context, sort) == z3.Z3_BV_SORT else 0
    if kind == z3.Z3_OP_UNINTERPRETED:
        symbol = z3core.Z3_get_decl_name(context, declaration)
        return Node(kind, width, children, (), variable=z3core.Z3_get_symbol_string(context, symbol))
    if kind in (z3.Z3_OP_TRUE, z3.Z3_OP_FALSE):
        return Node(kind, width, children, (), value=int(kind == z3.Z3_OP_TRUE))
    if kind == z3.Z3_OP_BNUM:
        return Node(kind, width, children, (), value=int(z3core.Z3_get_numeral_string(context, ast)))
    parameters = (_parameter(context, declaration, place) for place in range(_num_parameters(context, declaration)))
    return Node(kind, width, children, tuple(parameters))


def digest(root: z3.ExprRef) -> bytes:
    """What identifies a term in any run: equal for terms that differ at most in the order of commuting arguments."""
    return _digest(number_of(root))


def in_order(node: Node) -> tuple[int, ...]:
    """The arguments of a term, those of a commutative operator in an order that depends on nothing but themselves."""
    return tuple(sorted(node.children, key=_digest)) if node.kind in COMMUTATIVE else node.children


def _digest(number: int) -> bytes:
    stack = [number]
    while stack:
        node = _known[stack[-1]]
        missing = [child for child in node.children if child not in _digests]
        if missing:
            stack += missing
            continue
        top = stack.pop()
        if top not in _digests:
            own = (node.kind, node.width, node.parameters, node.variable, node.value)
            parts = (_digests[child] for child in in_order(node))
            _digests[top] = blake2b(b"".join((repr(own).encode(), *parts)), digest_size=16).digest()
    return _digests[number]


def ordered(root: z3.ExprRef) -> z3.ExprRef:
    """The same term with the arguments of its commutative operators in the order of `in_order`."""
    top = number_of(root)
    context = z3.main_ctx().ref()
    stack = [(top, root.as_ast())]
    while stack:
        number, ast = stack[-1]
        node = _known[number]
        app = _to_app(context, ast)
        missing = [
            (child, _arg(context, app, place)) for place, child in enumerate(node.children) if child not in _ordered
        ]
        if missing:
            stack += missing
            continue
        stack.pop()
        if number not in _ordered:
            _ordered[number] = _with_arguments(context, ast, node, [_ordered[child] for child in in_order(node)])
    return type(root)(_ordered[top].as_ast())


def _with_arguments(context: Any, ast: Any, node: Node, arguments: Sequence[z3.AstRef]) -> z3.AstRef:
    """A term with other arguments, itself if they are its own."""
    given = [argument.ast for argument in arguments]
    if all(_ast_id(context, new) == old for new, old in zip(given, node.children, strict=True)):
        return z3.AstRef(ast)
    return z3.AstRef(_update(context, ast, len(given), (z3.Ast * len(given))(*given)))


class Walk(Generic[Name]):
    """Visits each distinct term once, children first; a subclass says what is made of it, and its name for that.

    `kind` is z3's number for an operator, `width` in bits, 0 for a Boolean. `arguments`: a term's, in which order.
    """

    arguments: Callable[[Node], tuple[int, ...]] = staticmethod(attrgetter("children"))

    def __init__(self) -> None:
        self.names: dict[int, Name] = {}
        self._visited: list[z3.ExprRef] = []  # kept alive, as `_alive` may be emptied between two visits

    def variable(self, name: str) -> Name:
        """The name of a variable's value."""
        raise NotImplementedError

    def constant(self, width: int, value: int) -> Name:
        """The name of a constant."""
        raise NotImplementedError

    def operation(
        self, kind: int, width: int, args: list[Name], widths: list[int], parameters: tuple[int, ...]
    ) -> Name:
        """The name of an operator's result; `parameters` are those of an extraction or extension."""
        raise NotImplementedError

    def visit(self, root: z3.ExprRef) -> Name:
        """The name under which the value of `root` is found after what was made so far."""
        self._visited.append(root)
        number, names = number_of(root), self.names
        stack = [number]
        while stack:
            top = stack[-1]
            node = _known[top]
            missing = [child for child in self.arguments(node) if child not in names] if top not in names else []
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if top not in names:
                names[top] = self._made(node)
        return names[number]

    def _made(self, node: Node) -> Name:
        if node.variable is not None:
            return self.variable(node.variable)
        if node.value is not None:
            return self.constant(node.width, node.value)
        children = self.arguments(node)
        args, widths = [self.names[child] for child in children], [_known[child].width for child in children]
        if len(args) == 1 and node.kind in (z3.Z3_OP_AND, z3.Z3_OP_OR):
            return args[0]  # z3 has them with one argument, other languages have not
        return self.operation(node.kind, node.width, args, widths, node.parameters)


def by_identity(function: Callable[[z3.ExprRef], Result]) -> Callable[[z3.ExprRef], Result]:
    """Remember a function's results by z3's own number for a term; the terms are kept alive, so that it stays theirs.

    Comparing terms themselves, as a general cache does, fails for terms of different sorts.
    """
    known: dict[int, tuple[z3.ExprRef, Result]] = {}

    @wraps(function)
    def remembered(term: z3.ExprRef) -> Result:
        key = term.get_id()
        if key not in known:
            known[key] = (term, function(term))
        return known[key][1]

    return remembered


@by_identity
def variables_of(term: z3.ExprRef) -> frozenset[str]:
    """The names of the state variables that a term mentions."""
    return _names(_mentioned(number_of(term)))


@cache
def _names(places: int) -> frozenset[str]:
    return frozenset(name for name, place in _places.items() if places >> place & 1)


def _mentioned(number: int) -> int:
    """The variables in a term, a bit for each, in the places of `_places`."""
    stack = [number]
    while stack:
        node = _known[stack[-1]]
        if missing := [child for child in node.children if child not in _variables]:
            stack += missing
            continue
        top, found = stack.pop(), 0
        if node.variable is not None:
            found = 1 << _places.setdefault(node.variable, len(_places))
        for child in node.children:
            found |= _variables[child]
        _variables[top] = found
    return _variables[number]
