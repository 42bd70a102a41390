"""Which program it is that answers: every file of it, and what it rests on."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import counterexamples
import model
import proofs

READ = {".py", ".toml", ".json", ".h", ".ll", ".html", ".css", ".js"}
RESTS_ON = ("z3-solver", "numpy", "llvmlite", "networkx", "pcpp", "pycparser", "pygraphviz", "graphviz")
"""The packages on which an answer can depend, or a trace that is written with it."""
MADE = ("gallery", "proposals")  # what the program has made, not what it is made of


@cache
def program() -> str:
    """A digest of this program's files and of the versions of what it rests on: equal answers where it is equal."""
    return _digest()


def unchanged() -> bool:
    """Whether the files are still those that `program` has read: what is imported late may be another one."""
    return _digest() == program()


def _digest() -> str:
    digest = sha256()
    for package in (model, proofs, counterexamples):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in READ and path.is_file() and path.relative_to(root).parts[0] not in MADE:
                digest.update(f"{package.__name__}/{path.relative_to(root).as_posix()}\n".encode())
                digest.update(sha256(path.read_bytes()).digest())
    digest.update(repr([platform.python_version_tuple()[:2], [(name, _version(name)) for name in RESTS_ON]]).encode())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
