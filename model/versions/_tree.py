"""A version that is a source tree: how it is named, wherever a version is named by a string.

Its bam_dma is the tree's C; the client, which is not read, is that of a shipped version or a version file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_NAME = re.compile(r"(?P<tree>.+) \(client (?P<client>[^()]+)\)")


def of_tree(tree: str | Path, client: str) -> str:
    """The name of the version that has its bam_dma from a tree and the client of another version."""
    text = str(tree)
    return f"{text if os.sep in text else os.path.join(os.curdir, text)} (client {client})"


def tree_of(name: str) -> tuple[Path, str] | None:
    """The tree and the client's version that a name stands for; None for the name of another version."""
    found = _NAME.fullmatch(name)
    return (Path(found["tree"]), found["client"]) if found else None
