"""The terms of a transition system as generated code: NumPy over many states, plain Python over one.

Both readings come from one walk over the term graph; each shared term is computed once. They are generated from the
same terms that z3 reads, so there is no second description of the protocol. `Walk` serves other languages too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, Protocol, TypeVar

import numpy as np
import z3
from z3 import z3core

from model.language.system import Action, Term, Variable


class Columns(Protocol):
    """Values by variable name: a dict, or columns computed when asked for."""

    def __getitem__(self, name: str, /) -> Any:
        """The value or column of one variable."""


def _unchecked(name: str) -> Callable[..., Any]:
    # the wrappers ask for an error after each call, which triples the cost of a walk over terms known to be sound
    wrapper = getattr(z3core, name)
    bound = wrapper.__defaults__
    found: Callable[..., Any] = bound[0].f if bound and hasattr(bound[0], "f") else wrapper
    return found


_ast_id = _unchecked("Z3_get_ast_id")
_ast_kind = _unchecked("Z3_get_ast_kind")
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
WRAPS = {z3.Z3_OP_BADD, z3.Z3_OP_BSUB, z3.Z3_OP_BMUL}
DTYPES = (np.uint8, np.uint16, np.uint32, np.uint64)


class UnsupportedTermError(Exception):
    """The walk met a z3 operator that no reading is written for."""


def dtype_of(width: int) -> type:
    """The NumPy type that holds a value of `width` bits, bool for a Boolean (width 0)."""
    if width == 0:
        return np.bool_
    for dtype in DTYPES:
        if width <= np.dtype(dtype).itemsize * 8:
            return dtype
    raise UnsupportedTermError(f"no machine word holds {width} bits; split the variable")


class Walk:
    """Visits each distinct term once, children first; a subclass says what is written for it, and under which name.

    `kind` is z3's number for an operator, `width` in bits, 0 for a Boolean. Raises UnsupportedTermError.
    """

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.widths: dict[int, int] = {}
        self.context = z3.main_ctx().ref()
        self._visited: list[Term] = []  # kept alive: z3 gives the number of a term that is gone to another one

    def variable(self, name: str) -> str:
        """The name of a variable's value."""
        raise NotImplementedError

    def constant(self, width: int, value: int) -> str:
        """The name of a constant."""
        raise NotImplementedError

    def operation(self, kind: int, width: int, args: list[str], widths: list[int], parameters: list[int]) -> str:
        """The name of an operator's result; `parameters` are those of an extraction or extension."""
        raise NotImplementedError

    def visit(self, root: Term) -> str:
        """The name under which the value of `root` is found after what was written so far."""
        self._visited.append(root)
        stack = [root.as_ast()]
        context, names = self.context, self.names
        while stack:
            ast = stack[-1]
            key = _ast_id(context, ast)
            if key in names:
                stack.pop()
                continue
            app = _to_app(context, ast)
            children = [_arg(context, app, i) for i in range(_num_args(context, app))]
            keys = [_ast_id(context, child) for child in children]
            missing = [child for child, child_key in zip(children, keys, strict=True) if child_key not in names]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            self._emit(key, ast, app, keys)
        return names[_ast_id(context, root.as_ast())]

    def _emit(self, key: int, ast: Any, app: Any, keys: list[int]) -> None:
        context = self.context
        declaration = _decl(context, app)
        kind = _decl_kind(context, declaration)
        sort = _sort(context, ast)
        width = _sort_size(context, sort) if _sort_kind(context, sort) == z3.Z3_BV_SORT else 0
        self.widths[key] = width
        if kind == z3.Z3_OP_UNINTERPRETED:
            symbol = z3core.Z3_get_decl_name(context, declaration)
            self.names[key] = self.variable(z3core.Z3_get_symbol_string(context, symbol))
        elif kind in (z3.Z3_OP_TRUE, z3.Z3_OP_FALSE):
            self.names[key] = self.constant(0, int(kind == z3.Z3_OP_TRUE))
        elif kind == z3.Z3_OP_BNUM:
            self.names[key] = self.constant(width, int(z3core.Z3_get_numeral_string(context, ast)))
        else:
            parameters = [_parameter(context, declaration, i) for i in range(_num_parameters(context, declaration))]
            self.names[key] = self.operation(
                kind, width, [self.names[k] for k in keys], [self.widths[k] for k in keys], parameters
            )


class _Assignments(Walk):
    """Turns terms into assignments `t7 = ...`, one for each distinct term."""

    def __init__(self, vector: bool) -> None:
        super().__init__()
        self.vector = vector
        self.lines: list[str] = []
        self.inputs: dict[str, str] = {}
        self.constants: dict[str, Any] = {}
        self.literals: dict[str, int] = {}

    def variable(self, name: str) -> str:
        return self.inputs.setdefault(name, f"v{len(self.inputs)}")

    def operation(self, kind: int, width: int, args: list[str], widths: list[int], parameters: list[int]) -> str:
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {self._operator(kind, width, args, widths, parameters)}")
        return name

    def constant(self, width: int, value: int) -> str:
        if not self.vector:
            return str(value) if width else str(bool(value))
        name = f"c{width}_{value}"
        self.constants[name] = dtype_of(width)(value)
        self.literals[name] = value
        return name

    def _operator(self, kind: int, width: int, args: list[str], widths: list[int], parameters: list[int]) -> str:
        if kind == z3.Z3_OP_DISTINCT and len(args) > 2:
            raise UnsupportedTermError("Distinct of more than two terms; write the pairs")
        if kind in INFIX:
            text = f" {INFIX[kind]} ".join(args)
            return self._masked(f"({text})", width) if kind in WRAPS else text
        if kind == z3.Z3_OP_NOT:
            return f"~{args[0]}" if self.vector else f"not {args[0]}"
        if kind == z3.Z3_OP_IMPLIES:
            return f"(~{args[0]}) | {args[1]}" if self.vector else f"(not {args[0]}) or {args[1]}"
        if kind == z3.Z3_OP_ITE:
            return self._choice(width, args)
        if kind == z3.Z3_OP_BNOT:
            return f"{args[0]} ^ {self.constant(width, (1 << width) - 1)}"
        if kind == z3.Z3_OP_BNEG:
            return self._masked(f"(0 - {args[0]})" if not self.vector else f"(~{args[0]} + 1)", width)
        if kind == z3.Z3_OP_EXTRACT:
            high, low = parameters
            shifted = f"({args[0]} >> {low})" if low else args[0]
            masked = shifted if high == widths[0] - 1 else f"({shifted} & {(1 << (high - low + 1)) - 1})"
            return self._cast(masked, widths[0], width)
        if kind == z3.Z3_OP_ZERO_EXT:
            return self._cast(args[0], widths[0], width)
        if kind == z3.Z3_OP_CONCAT:
            return self._concat(width, args, widths)
        if kind in (z3.Z3_OP_BSHL, z3.Z3_OP_BLSHR):
            return self._shift(kind, width, args)
        raise UnsupportedTermError(f"no reading for z3 operator kind {kind}")

    def _choice(self, width: int, args: list[str]) -> str:
        condition, yes, no = args
        if not self.vector:
            return f"{yes} if {condition} else {no}"
        if width == 0:
            return f"({condition} & {yes}) | (~{condition} & {no})"
        if width <= 8 and self.literals.get(yes) == 1 and self.literals.get(no) == 0:
            return f"{condition}.astype(uint8)"
        return f"where({condition}, {yes}, {no})"

    def _concat(self, width: int, args: list[str], widths: list[int]) -> str:
        parts, low, fixed = [], 0, 0
        for arg, part in zip(reversed(args), reversed(widths), strict=True):
            if arg in self.literals:  # a cast at run time would cost as much as one of a whole column
                fixed |= self.literals[arg] << low
            else:
                cast = self._cast(arg, part, width)
                parts.append(f"({cast} << {low})" if low else cast)
            low += part
        if fixed or not parts:
            parts.append(self.constant(width, fixed))
        return " | ".join(parts)

    def _shift(self, kind: int, width: int, args: list[str]) -> str:
        sign = "<<" if kind == z3.Z3_OP_BSHL else ">>"
        if not self.vector:
            # Python integers are unbounded: an amount beyond the width must give 0 without being built
            return self._masked(f"(({args[0]} {sign} {args[1]}) if {args[1]} < {width} else 0)", width)
        zero = self.constant(width, 0)
        return self._masked(
            f"where({args[1]} < {width}, {args[0]} {sign} ({args[1]} & {_low_mask(width)}), {zero})", width
        )

    def _masked(self, text: str, width: int) -> str:
        if self.vector and np.dtype(dtype_of(width)).itemsize * 8 == width:
            return text
        return f"{text} & {(1 << width) - 1}"

    def _cast(self, text: str, before: int, after: int) -> str:
        if not self.vector or dtype_of(before) is dtype_of(after):
            return text
        return f"{text}.astype({dtype_of(after).__name__})"


def _low_mask(width: int) -> int:
    # an amount of this size or more is replaced by zero; masking keeps the discarded shift defined
    return (1 << (np.dtype(dtype_of(width)).itemsize * 8 - 1).bit_length()) - 1


class Code:
    """Generated code for a list of terms: `code.inputs` are the variables it reads, `code(values)` the results.

    `values` maps at least the inputs to columns (vector) or to numbers (scalar).
    """

    def __init__(self, terms: Sequence[Term], vector: bool) -> None:
        walk = _Assignments(vector)
        results = [walk.visit(term) for term in terms]
        self.inputs = tuple(walk.inputs)
        namespace: dict[str, Any] = {"where": np.where, **walk.constants}
        namespace |= {dtype.__name__: dtype for dtype in DTYPES}
        arguments = ", ".join(walk.inputs.values())
        body = "\n ".join([*walk.lines, f"return ({''.join(name + ', ' for name in results)})"])
        exec(compile(f"def run({arguments}):\n {body}\n", "<generated>", "exec"), namespace)
        self._run: Callable[..., tuple[Any, ...]] = namespace["run"]

    def __call__(self, values: Columns) -> tuple[Any, ...]:
        return self._run(*(values[name] for name in self.inputs))


class Layout:
    """How a state is packed into 64-bit words: no variable crosses a word, each packed state is exact.

    `words` is the number of words; packed states are arrays of shape (words, n), dtype uint64.
    """

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.places: dict[str, tuple[int, int, int]] = {}
        free: list[int] = []
        for variable in sorted(variables, key=lambda item: -item.bits):
            word = next((index for index, room in enumerate(free) if room >= variable.bits), len(free))
            if word == len(free):
                free.append(64)
            self.places[variable.name] = (word, 64 - free[word], variable.bits)
            free[word] -= variable.bits
        self.words = len(free)
        self._types = {variable.name: dtype_of(variable.width) for variable in variables}

    def pack(self, state: Mapping[str, int]) -> np.ndarray:
        """One state as a column of shape (words, 1)."""
        packed = [0] * self.words
        for name, (word, low, _) in self.places.items():
            packed[word] |= int(state[name]) << low
        return np.array(packed, dtype=np.uint64).reshape(self.words, 1)

    def unpack(self, column: np.ndarray) -> dict[str, int]:
        """The state in a column of shape (words,)."""
        words = [int(word) for word in column]
        return {name: (words[word] >> low) & ((1 << bits) - 1) for name, (word, low, bits) in self.places.items()}

    def column(self, packed: np.ndarray, name: str) -> np.ndarray:
        """One variable's values in all packed states."""
        word, low, bits = self.places[name]
        values: np.ndarray = (packed[word] >> np.uint64(low)) & np.uint64((1 << bits) - 1)
        return values.astype(self._types[name])

    def store(self, packed: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Overwrite some variables in all packed states, in place."""
        by_word: dict[int, list[str]] = {}
        for name in values:
            by_word.setdefault(self.places[name][0], []).append(name)
        for word, names in by_word.items():
            mask = 0
            fresh: np.ndarray | np.uint64 = np.uint64(0)
            for name in names:
                _, low, bits = self.places[name]
                mask |= ((1 << bits) - 1) << low
                fresh = fresh | (values[name].astype(np.uint64) << np.uint64(low))
            packed[word] = (packed[word] & np.uint64(~mask & (2**64 - 1))) | fresh


Result = TypeVar("Result")


def by_identity(function: Callable[[Term], Result]) -> Callable[[Term], Result]:
    """Remember a function's results by z3's own number for a term; the terms are kept alive, so that it stays theirs.

    Comparing terms themselves, as a general cache does, fails for terms of different sorts.
    """
    known: dict[int, tuple[Term, Result]] = {}

    @wraps(function)
    def remembered(term: Term) -> Result:
        key = term.get_id()
        if key not in known:
            known[key] = (term, function(term))
        return known[key][1]

    return remembered


@by_identity
def variables_of(term: Term) -> frozenset[str]:
    """The names of the state variables that a term mentions."""
    context, found, seen, stack = z3.main_ctx().ref(), set(), set(), [term.as_ast()]
    while stack:
        ast = stack.pop()
        key = _ast_id(context, ast)
        if key in seen or _ast_kind(context, ast) != z3.Z3_APP_AST:
            continue
        seen.add(key)
        app = _to_app(context, ast)
        count = _num_args(context, app)
        stack.extend(_arg(context, app, i) for i in range(count))
        declaration = _decl(context, app)
        if not count and _decl_kind(context, declaration) == z3.Z3_OP_UNINTERPRETED:
            found.add(z3core.Z3_get_symbol_string(context, z3core.Z3_get_decl_name(context, declaration)))
    return frozenset(found)


@by_identity
def scalar(term: Term) -> Code:
    """The plain-Python reading of one term."""
    return Code([term], vector=False)


def holds(term: Term, state: Mapping[str, int]) -> bool:
    """Whether a Boolean term holds in a concrete state."""
    return bool(scalar(term)(state)[0])


@lru_cache(maxsize=1024)
def _effect(action: Action) -> Code:
    return Code([action.enabled, *action.updates.values()], vector=False)


def fire(action: Action, state: Mapping[str, int]) -> dict[str, int] | None:
    """The state after an action, all updates read from the state before; None if it cannot fire."""
    enabled, *values = _effect(action)(state)
    if not enabled:
        return None
    return {**state, **{name: int(value) for name, value in zip(action.updates, values, strict=True)}}
