"""A source tree after patches of a series, which `git apply` applies to copies of its files, and never in the tree.

Only the files that a patch changes are copied, into a folder for the time being, and of these only those where these
drivers have theirs: what other drivers become is no part of any verdict, and a tree may lack them. Were such a file
read after all, the tree refuses (`SourceTree.unknown`). A hunk may have moved, as for `git am`; its context has to be
the same.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from model.language.files import scratch_folder
from model.source.series import Patch, Series, read_series
from model.source.tree import SourceError, SourceTree

READABLE = re.compile(r"drivers/dma/(?:qcom/)?[^/]+|drivers/crypto/qce/[^/]+|include/linux/dma/[^/]+")
_NAME = re.compile(r"(?P<tree>.+) \+ (?P<file>.+)#(?P<number>\d+)")
_SECTION = re.compile(rb"^diff .*$", re.MULTILINE)
_PLAIN_SECTION = re.compile(rb"^--- .*\n\+\+\+ .*\n@@ -", re.MULTILINE)
_PATH = re.compile(r"(?:---|\+\+\+|rename from|rename to|copy from|copy to) (?P<path>[^\t\n]+)")
_BOTH = re.compile(r"diff --git a/(?P<one>\S+) b/(?P<two>\S+)$")
_LINK = re.compile(rb"^new (?:file )?mode 120000$", re.MULTILINE)
_AT = re.compile(rb"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", re.MULTILINE)
_NEW = re.compile(rb"^(?:new file mode .*|--- /dev/null)$", re.MULTILINE)
_AT_LINE = re.compile(r"error: patch failed: (?P<file>.*):(?P<line>\d+)")
_REJECTED = re.compile(r"Rejected hunk #(\d+)\.")
_ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
"""Neither the user's settings nor the repository in which a command may be typed has a say in what a patch does."""


def after(tree: str | Path, file: str | Path, number: int) -> str:
    """The name of a tree, PATH or PATH@REVISION, after a series in a file up to the patch with that number."""
    return f"{tree} + {file}#{number}"


def named(name: str | Path) -> SourceTree:
    """The tree that is meant by PATH, PATH@REVISION, or what `after` makes of them; raises SourceError."""
    found = _NAME.fullmatch(str(name))
    if found is None or Path(name).exists():
        return SourceTree.named(name)
    _, trees = series_onto(found["tree"], found["file"])
    if int(found["number"]) not in trees:
        raise SourceError(f"{found['file']} has no patch {found['number']}; it has {', '.join(map(str, trees))}")
    return trees[int(found["number"])]


@cache
def series_onto(tree: str, file: str) -> tuple[Series, Mapping[int, SourceTree]]:
    """The series in a file, and by its number the tree after each patch, and the tree itself by the number 0.

    Applied once for the whole run, and for the processes that it starts. Raises SourceError for what does not apply.
    """
    series, base = read_series(Path(file)), SourceTree.named(tree)
    found = {0: base}
    with scratch_folder() as folder:
        for patch in series.patches:
            last = found[max(found)].unwatched()
            try:
                found[patch.number] = _apply(folder, last, patch, after(tree, file, patch.number))
            except SourceError as error:
                raise SourceError(f"{file}: {patch}: {error}") from None
    if not any(state.changed for state in found.values()):
        raise SourceError(f"{file}: no patch changes a file of these drivers that {tree} has; give the tree it is for")
    return series, {number: state.unwatched() for number, state in found.items()}


def _apply(folder: Path, tree: SourceTree, patch: Patch, title: str) -> SourceTree:
    """The tree after one more patch; `folder`: the files so far that a patch of the series changes."""
    sections, unknown = [], dict(tree.unknown)
    for paths, section in _sections(patch.content):
        if not any(READABLE.fullmatch(path) for path in paths):
            unknown |= dict.fromkeys(paths, f"{patch} changes it, and is applied to files of these drivers only")
        elif _LINK.search(section):
            raise SourceError(f"it makes a symbolic link of {paths[-1]}, which no C file is")
        elif paths[0] not in [path for path in paths if _copied(folder, tree, path)] and not _NEW.search(section):
            unknown |= dict.fromkeys(paths, f"{patch} changes it, and the tree has no such file")
        else:
            sections.append(section)
    before = _files(folder)
    if sections:
        _git_apply(folder, b"".join(sections))
    changed = {path: _content(folder / path) for path in {*tree.changed, *before, *_files(folder)}}
    return replace(tree, title=title, changed=changed, unknown=unknown)


def _copied(folder: Path, tree: SourceTree, path: str) -> bool:
    """Whether the tree has a file, which then is in the folder too."""
    place = folder / path
    if path in tree.unknown or not (place.is_file() or tree.has(path)):
        return False
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(tree.read(path).encode())
    return True


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _git_apply(folder: Path, diff: bytes) -> None:
    """Apply a diff to the files of a folder; raises SourceError that names the file and the hunks that do not fit."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = kept | _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(folder.resolve().parent)}
    command = ["git", "apply", "--reject", "--verbose", "-"]
    try:
        done = subprocess.run(command, input=diff, capture_output=True, cwd=folder, env=environment, check=False)
    except OSError as error:
        raise SourceError(f"git, which applies it, cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise SourceError(f"it does not apply: {_failure(done.stderr.decode('utf-8', 'replace').splitlines())}")


def _failure(said: Sequence[str]) -> str:
    """What git says, in one line: the first file that does not fit, with the hunks."""
    lines = [found for line in said if (found := _AT_LINE.fullmatch(line))]
    if not lines:
        errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
        return (errors or ["git gives no reason"])[0]
    file = lines[0]["file"]
    at = next((place for place, line in enumerate(said) if line.startswith(f"Applying patch {file} with")), len(said))
    hunks = []
    for line in said[at + 1 :]:
        if line.startswith("Applying patch "):
            break
        hunks += [found[1]] if (found := _REJECTED.fullmatch(line)) else []
    places = ", ".join(found["line"] for found in lines if found["file"] == file)
    others = len({found["file"] for found in lines} - {file})
    more = f", and {others} more file{'s' * (others > 1)}" if others else ""
    return f"{file}, hunk{'s' * (len(hunks) > 1)} {', '.join(hunks)} (line {places}){more}"


def _sections(content: bytes) -> Iterator[tuple[list[str], bytes]]:
    """What a patch does to each file: its paths before and after, and the text. Raises SourceError for one outside."""
    begins = [found.start() for found in (_SECTION.finditer(content))] or [
        found.start() for found in _PLAIN_SECTION.finditer(content)
    ]
    for start, end in zip(begins, [*begins[1:], len(content)], strict=True):
        section = content[start:end]
        at = _AT.search(section)
        head = section[: at.start() if at else len(section)].decode("utf-8", "replace")
        yield _paths(head), section


def _paths(head: str) -> list[str]:
    """The paths of a file before and after, without the first component that a diff puts before them."""
    found: dict[str, None] = {}
    for line in head.splitlines():
        if both := _BOTH.fullmatch(line):
            names = [f"a/{both['one']}", f"b/{both['two']}"]
        elif one := _PATH.fullmatch(line):
            bare = line.startswith(("rename", "copy"))
            names = [f"a/{one['path']}" if bare else one["path"]]
        else:
            continue
        for name in names:
            if name == os.devnull:
                continue
            if name.startswith("/") or ".." in name.strip('"').split("/"):
                raise SourceError(f"it changes {name}, which is outside of a source tree")
            found[name.partition("/")[2]] = None
    return list(found)
