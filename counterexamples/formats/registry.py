"""One trace in all its forms, side by side in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from counterexamples.documents import write_file
from counterexamples.formats.cause import cause_svg
from counterexamples.formats.dot import to_dot, to_graph
from counterexamples.formats.itf import to_itf
from counterexamples.formats.lanes import to_svg
from counterexamples.formats.text import with_account
from counterexamples.trace import Trace

FORMS: Mapping[str, Callable[[Trace], str]] = {
    ".txt": with_account,
    ".itf.json": to_itf,
    ".dot": lambda trace: to_dot(to_graph(trace)),
    ".svg": to_svg,
    ".cause.svg": cause_svg,
}
"""How a trace is written down, by the suffix of the file."""


def write_all(trace: Trace, folder: Path, stem: str) -> list[Path]:
    """Write `stem` in all `FORMS` into the folder, which is made if need be; return the paths.

    A file is either the old one or the whole new one, whatever happens. Raises OSError if one cannot be written.
    """
    contents = {suffix: form(trace) for suffix, form in FORMS.items()}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, content in contents.items():
        path = folder / f"{stem}{suffix}"
        write_file(path, content)
        paths.append(path)
    return paths
