"""All formats, and one story in all those that are stored, side by side in a folder.

A format is a module beside this one and an entry here: `show` offers it by its name, and with a suffix `check --out`
and the gallery write it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from counterexamples.documents import write_file
from counterexamples.formats.cause import cause_svg
from counterexamples.formats.dot import to_dot
from counterexamples.formats.itf import to_itf
from counterexamples.formats.lanes import to_svg
from counterexamples.formats.mail import to_mail
from counterexamples.formats.markdown import to_markdown
from counterexamples.formats.text import with_account
from counterexamples.story import Story


@dataclass(frozen=True)
class Format:
    """How a story is written down. `about`: what one gets, in a few words.

    `suffix`: of the file in which it is stored beside the others; empty for what is only shown, to be pasted.
    """

    render: Callable[[Story], str]
    about: str
    suffix: str = ""


FORMATS: Mapping[str, Format] = {
    "text": Format(with_account, "the steps in lanes, then the account", ".txt"),
    "itf": Format(to_itf, "ITF JSON, which show, replay and report read", ".itf.json"),
    "dot": Format(to_dot, "the steps as a graph for Graphviz", ".dot"),
    "lanes": Format(to_svg, "a picture, time running downwards", ".svg"),
    "cause": Format(cause_svg, "a picture of what had to happen before the last step", ".cause.svg"),
    "mail": Format(to_mail, "for a reply on a mailing list"),
    "markdown": Format(to_markdown, "for a merge request"),
}
"""All formats by name."""

STORED: Mapping[str, Format] = {item.suffix: item for item in FORMATS.values() if item.suffix}
"""Those that are stored, by the suffix of the file."""


def write_all(story: Story, folder: Path, stem: str) -> list[Path]:
    """Write `stem` in all `STORED` formats into the folder, which is made if need be; return the paths.

    A file is either the old one or the whole new one, whatever happens. Raises OSError, which names the path.
    """
    try:
        contents = {suffix: item.render(story) for suffix, item in STORED.items()}
    except OSError as error:  # the library that lays out pictures needs files of its own, and names none
        raise OSError(error.errno, error.strerror, error.filename or str(folder / stem)) from None
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, content in contents.items():
        path = folder / f"{stem}{suffix}"
        write_file(path, content)
        paths.append(path)
    return paths
