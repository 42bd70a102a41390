"""The house rules that a machine can keep: sizes, docstrings, no circle of imports."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest
from conftest import ROOT

PACKAGES = ("model", "proofs", "counterexamples")
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_CHAIN, MOST_MODULES = 400, 40, 15, 12
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Functions and classes that others may use, and the public methods of these classes."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


@pytest.mark.parametrize("path", [*FILES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_and_no_function_is_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines: the design is telling you something"
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(path)}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_says_what_it_means(path: Path) -> None:
    assert path.name == "__init__.py" or ast.get_docstring(tree(path)), "the module has no docstring"
    assert not [node.name for node in public(tree(path).body) if not ast.get_docstring(node)]


def imports() -> nx.DiGraph:
    """Which module imports which when it is imported itself."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in FILES}
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    for path in FILES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in tree(path).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                inside = [f"{node.module}.{alias.name}" for alias in node.names]
                graph.add_edges_from((name, found if found in names else node.module) for found in inside)
    graph.remove_nodes_from([name for name in graph if name not in names])
    return graph


FLOORS = (
    {"model.language"},
    {"model"},
    {"counterexamples"},
    {"counterexamples.story"},
    {"counterexamples.formats"},
    {"proofs.engines"},
    {"proofs.properties"},
    {"proofs.exports"},
    {"proofs.certificates"},
    {"proofs.checking"},
    {"proofs.studies", "proofs.audit", "proofs.reports"},
    {"proofs.evidence", "proofs.proposing", "proofs.recordings", "proofs.experiments"},
    {"proofs.commands", "proofs"},
)
"""Folders and modules, the lowest floor first: nothing imports from a floor above its own."""


def floor(module: str) -> int:
    """The floor of a module: that of the longest name in `FLOORS` that it is or is below of."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next(number for name in names for number, level in enumerate(FLOORS) if name in level)


def test_no_folder_is_crowded() -> None:
    counts = Counter(path.parent for path in FILES if path.name != "__init__.py")
    crowded = {str(folder): count for folder, count in counts.items() if count > MOST_MODULES}
    assert not {name for name in crowded if Path(name).name not in ("commands", "versions")}, crowded


def test_imports_go_one_way() -> None:
    graph = imports()
    assert nx.is_directed_acyclic_graph(graph), nx.find_cycle(graph)
    assert nx.dag_longest_path_length(graph) <= LONGEST_CHAIN, nx.dag_longest_path(graph)
    upwards = [(one, two) for one, two in graph.edges if floor(one) < floor(two)]
    assert not upwards
