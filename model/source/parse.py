"""From a file of a source tree to pycparser's tree of it, every node with the line that it has in that file.

Macros are expanded by pcpp. Headers in quotes are read from the tree; of those in angle brackets the ones in `READ`, if
the tree has them. What other headers would declare is in `idioms.h` and `crypto.h`: names of types, and idioms of the
kernel as calls.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pcpp import Action, OutputDirective, Preprocessor
from pycparser import c_ast, c_parser

from model.source.tree import SourceError, SourceTree

READ = ("include/linux/dma/",)
MOST_HEADERS = 100  # one that includes itself would not come to an end
IDIOMS = ("idioms.h", "crypto.h")
ELVIS = "__same"  # `a ?: b` is read as `a ? __same : b`
_STRINGS_OR_ELVIS = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|\?\s*:')


class _Reader(Preprocessor):  # type: ignore[misc]  # pcpp has no types
    def __init__(self, tree: SourceTree) -> None:
        super().__init__()
        self.line_directive = "#line"
        self.tree = tree
        self.opened = 0
        self.add_path(str(tree.root / "include"))

    def on_file_open(self, is_system_include: bool, includepath: str) -> io.StringIO:
        label = self.tree.label(includepath)
        if (is_system_include and not label.startswith(READ)) or not self.tree.has(includepath):
            raise OSError(includepath)
        self.opened += 1
        if self.opened > MOST_HEADERS:
            raise SourceError(f"{label}: more than {MOST_HEADERS} headers are read: is there one that includes itself?")
        return io.StringIO(self.tree.read(includepath))

    def on_include_not_found(self, malformed: bool, is_system_include: bool, folder: str, path: str) -> None:
        if malformed or not is_system_include:
            self.on_error(self.lastdirective.source, self.lastdirective.lineno, f"the header {path} is not in the tree")
        raise OutputDirective(Action.IgnoreAndRemove)

    def on_error(self, file: str, line: int, message: str) -> None:
        raise SourceError(f"{self.tree.label(file)}:{line}: {message}")

    def on_comment(self, token: Any) -> None:
        """A comment stands for a blank, one of several lines too: the tokens' own line numbers tell where they are."""


@cache
def idioms(name: str) -> str:
    """The text of one of `IDIOMS`."""
    return files("model.source").joinpath(name).read_text(encoding="utf-8")


def preprocess(tree: SourceTree, path: str, defines: Mapping[str, str]) -> str:
    """The text of a file with its macros expanded, behind the declarations of `IDIOMS`.

    `defines`: macros that are defined before it, names to values. Raises SourceError.
    """
    reader = _Reader(tree)
    declarations = "\n".join(_written(reader, idioms(name), name) for name in IDIOMS)
    _written(reader, "\n".join(f"#define {name} {value}" for name, value in defines.items()), "defined beforehand")
    text = _written(reader, tree.read(path), str(tree.root / path))
    for name, kind in (("typeof", "a type that is computed"), ("asm", "assembler")):
        if found := re.search(rf"\b{name}\s*\(", text):
            raise SourceError(f"{_where(text, found.start(), path)}: {kind} ({name}) has no meaning here")
    return _STRINGS_OR_ELVIS.sub(_elvis, f"{declarations}\n{text}")


def _elvis(found: re.Match[str]) -> str:
    return f"? {ELVIS} :" if found[0][0] == "?" else found[0]


def _written(reader: _Reader, text: str, name: str) -> str:
    out = io.StringIO()
    try:
        reader.parse(text, name)
        reader.write(out)
    except RecursionError:
        raise SourceError(f"{reader.tree.label(name)}: headers or macros lead to each other without an end") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # what pcpp trips over in a directive that is not C
        line = getattr(getattr(reader, "lastdirective", None), "lineno", 1)
        raise SourceError(f"{reader.tree.label(name)}:{line}: a directive that is not understood") from None
    return re.sub(r'^(#line \d+ ")([^"]*)', lambda row: row[1] + reader.tree.label(row[2]), out.getvalue(), flags=re.M)


def _where(text: str, place: int, label: str) -> str:
    """file:line of a place in what pcpp has written."""
    line = 0
    for row in text[:place].split("\n"):
        found = re.match(r'#line (\d+)(?: "(.*)")?', row)
        line = int(found[1]) - 1 if found else line + 1
    return f"{label}:{line}"


def parse(tree: SourceTree, path: str, defines: Mapping[str, str]) -> c_ast.FileAST:
    """The syntax tree of a file; coordinates name files as they are found. Raises SourceError with file:line."""
    text = preprocess(tree, path, defines)
    try:
        return c_parser.CParser().parse(text, path)
    except c_parser.ParseError as error:
        raise SourceError(f"{error}: no C that is understood here") from None
    except RecursionError:
        raise SourceError(f"{path}: nested more deeply than is read") from None
