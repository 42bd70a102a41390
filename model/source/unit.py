"""What the files of a driver declare: functions, structs, enumerations, globals; and the types of their declarators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pycparser import c_ast

from model.source import ctypes
from model.source.ctypes import INT, UNSIGNED, Array, CType, Function, Integer, PointerTo, Struct, Void
from model.source.parse import parse
from model.source.tree import SourceError, SourceTree

_Node: TypeAlias = c_ast.Node  # to mypy anything: pycparser ships no type information
_BINARY: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "|": lambda a, b: a | b,
    "&": lambda a, b: a & b,
}
_SUFFIXES = "uUlL"


def coordinate(node: _Node) -> str:
    """file:line of a node."""
    return f"{node.coord.file}:{node.coord.line}" if node.coord else "?"


@dataclass
class Unit:
    """The declarations of several files. `structs`: by tag the members' types in order; `unions`: the tags of unions.

    `enums`: by tag the names of the values; `constants`: all their values; `globals`: what has an initializer.
    """

    functions: dict[str, c_ast.FuncDef] = field(default_factory=dict)
    structs: dict[str, dict[str, CType]] = field(default_factory=dict)
    unions: set[str] = field(default_factory=set)
    enums: dict[str, dict[str, int]] = field(default_factory=dict)
    constants: dict[str, int] = field(default_factory=dict)
    typedefs: dict[str, CType] = field(default_factory=dict)
    globals: dict[str, c_ast.Decl] = field(default_factory=dict)

    @staticmethod
    def read(tree: SourceTree, paths: Iterable[str], defines: Mapping[str, str] | None = None) -> Unit:
        """All of some files of a tree; `defines`: macros, names to values. Raises SourceError."""
        unit = Unit()
        for path in paths:
            for node in parse(tree, path, defines or {}).ext:
                unit._add(node)
        return unit

    def _add(self, node: _Node) -> None:
        if isinstance(node, c_ast.FuncDef):
            self._add_function(node)
        elif isinstance(node, c_ast.Typedef):
            self.typedefs[node.name] = self.type_of(node.type)
        elif isinstance(node, c_ast.Decl):
            kind = self.type_of(node.type)
            if node.name and not isinstance(kind, Function) and "extern" not in node.storage:
                known = self.globals.setdefault(node.name, node)
                # arrays of numbers are tables: which of two is read no one asks
                if known.coord.file != node.coord.file and not isinstance(kind, Array):
                    raise SourceError(f"{coordinate(node)}: {node.name} is defined again; see {coordinate(known)}")
        elif not isinstance(node, c_ast.Pragma):
            raise SourceError(f"{coordinate(node)}: {type(node).__name__} outside of a function has no meaning here")

    def _add_function(self, node: c_ast.FuncDef) -> None:
        name = node.decl.name
        known = self.functions.setdefault(name, node)
        if known.coord.file != node.coord.file:
            raise SourceError(f"{coordinate(node)}: {name} is defined again; the first is {coordinate(known)}")

    def type_of(self, node: _Node) -> CType:
        """The type of a declarator or type name. Raises SourceError for one that has no meaning here."""
        if isinstance(node, c_ast.TypeDecl | c_ast.Typename | c_ast.Decl):
            return self.type_of(node.type)
        if isinstance(node, c_ast.PtrDecl):
            return PointerTo(self.type_of(node.type))
        if isinstance(node, c_ast.ArrayDecl):
            return Array(self.type_of(node.type), None if node.dim is None else self.constant(node.dim))
        if isinstance(node, c_ast.FuncDecl):
            return Function(self.type_of(node.type))
        if isinstance(node, c_ast.Struct | c_ast.Union):
            return self._struct(node)
        if isinstance(node, c_ast.Enum):
            return self._enum(node)
        if isinstance(node, c_ast.IdentifierType):
            return self._named(node)
        raise SourceError(f"{coordinate(node)}: the type {type(node).__name__} has no meaning here")

    def _named(self, node: c_ast.IdentifierType) -> CType:
        if len(node.names) == 1 and node.names[0] in self.typedefs:
            return self.typedefs[node.names[0]]
        found = ctypes.named(tuple(node.names))
        if found is None:
            raise SourceError(f"{coordinate(node)}: the type {' '.join(node.names)} has no meaning here")
        return found

    def _struct(self, node: c_ast.Struct | c_ast.Union) -> Struct:
        tag = node.name or f"unnamed at {coordinate(node)}"
        if node.decls is None:
            return Struct(tag)
        members: dict[str, CType] = {}
        for member in node.decls:
            if member.bitsize is not None:
                raise SourceError(f"{coordinate(member)}: a bit-field has no meaning here")
            kind = self.type_of(member.type)
            if member.name is None and isinstance(kind, Struct):
                # the members of an unnamed struct are members of the struct that has it
                members |= self.structs[kind.tag]
                self.unions |= {tag} if kind.tag in self.unions else set()
            elif member.name is not None:
                members[member.name] = kind
        self.structs[tag] = members
        if isinstance(node, c_ast.Union):
            self.unions.add(tag)
        return Struct(tag)

    def _enum(self, node: c_ast.Enum) -> Integer:
        value, names = 0, {}
        for item in node.values.enumerators if node.values else ():
            value = self.constant(item.value) if item.value is not None else value
            names[item.name] = self.constants[item.name] = value
            value += 1
        if node.name and names:
            self.enums[node.name] = names
        # GCC takes unsigned int unless a value is negative
        return INT if any(number < 0 for number in names.values()) else UNSIGNED

    def constant(self, node: _Node) -> int:
        """The value of a constant expression, as of an array's length. Raises SourceError for what is none."""
        if isinstance(node, c_ast.Constant) and "int" in node.type:
            return integer(node)
        if isinstance(node, c_ast.ArrayDesignator):
            return self.constant(node.expr)
        if isinstance(node, c_ast.ID) and node.name in self.constants:
            return self.constants[node.name]
        if isinstance(node, c_ast.BinaryOp) and node.op in _BINARY:
            return _BINARY[node.op](self.constant(node.left), self.constant(node.right))
        if isinstance(node, c_ast.BinaryOp) and node.op == "/" and self.constant(node.right) > 0:
            return self.constant(node.left) // self.constant(node.right)
        if isinstance(node, c_ast.UnaryOp) and node.op == "-":
            return -self.constant(node.expr)
        if isinstance(node, c_ast.UnaryOp) and node.op == "sizeof" and isinstance(node.expr, c_ast.Typename):
            return self.size(self.type_of(node.expr), coordinate(node))
        if isinstance(node, c_ast.Cast):
            return self.constant(node.expr)
        raise SourceError(f"{coordinate(node)}: a constant expression that has no meaning here")

    def members(self, kind: CType, where: str) -> dict[str, CType]:
        """The members of a struct. Raises SourceError for a union, an unknown struct, and what is none."""
        if not isinstance(kind, Struct) or kind.tag not in self.structs:
            known = (
                f"the members of struct {kind.tag} are not known" if isinstance(kind, Struct) else "this is no struct"
            )
            raise SourceError(f"{where}: {known}")
        if kind.tag in self.unions:
            raise SourceError(
                f"{where}: union {kind.tag}: what one member stores and another reads has no meaning here"
            )
        return self.structs[kind.tag]

    def size(self, kind: CType, where: str) -> int:
        """sizeof in bytes, padding included. Raises SourceError for what has none, such as an unknown struct."""
        return self._layout(kind, where)[0]

    def _layout(self, kind: CType, where: str) -> tuple[int, int]:
        """Size and alignment."""
        if isinstance(kind, Integer):
            return max(1, kind.width // 8), max(1, kind.width // 8)
        if isinstance(kind, PointerTo):
            return 8, 8
        if isinstance(kind, Array):
            size, alignment = self._layout(kind.element, where)
            return size * (kind.length or 0), alignment
        if isinstance(kind, Struct):
            end, widest = 0, 1
            for member in self.members(kind, where).values():
                size, alignment = self._layout(member, where)
                end = -(-end // alignment) * alignment + size
                widest = max(widest, alignment)
            return -(-end // widest) * widest, widest
        kind_name = "void" if isinstance(kind, Void) else "a function"
        raise SourceError(f"{where}: sizeof {kind_name} has no meaning here")


def integer(node: c_ast.Constant) -> int:
    """The value of an integer constant, octal too; raises SourceError."""
    digits = node.value.rstrip(_SUFFIXES)
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] not in "xXbB"
    try:
        return int(digits, 8 if octal else 0)
    except ValueError:
        raise SourceError(f"{coordinate(node)}: the constant {node.value} has no meaning here") from None
