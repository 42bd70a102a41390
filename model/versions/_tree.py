"""A version that is a source tree: how it is named, wherever a version is named by a string.

Its bam_dma is the tree's C, and so is the client, unless it is taken from a shipped version or a version file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_NAME = re.compile(r"(?P<tree>.+) \((?:own client|client (?P<client>[^()]+))\)")


def of_tree(tree: str | Path, client: str = "") -> str:
    """The name of the version that has its bam_dma from a tree, and the client of another version if one is named."""
    text = str(tree)
    own = f"client {client}" if client else "own client"
    return f"{text if os.sep in text else os.path.join(os.curdir, text)} ({own})"


def tree_of(name: str) -> tuple[Path, str] | None:
    """The tree and the client's version, "" for its own client, that a name stands for; None for another version."""
    found = _NAME.fullmatch(name)
    return (Path(found["tree"]), found["client"] or "") if found else None
