"""A brief as data, and its two forms: Markdown, and plain text for a mail with every line shorter than 72 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from counterexamples.formats.mail import COLUMNS


@dataclass(frozen=True)
class Entry:
    """A paragraph: what it is about, sentences without their full stops, and paths by what is to be found there."""

    name: str
    sentences: tuple[str, ...]
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentences, each with one full stop."""
        return " ".join(f"{sentence.rstrip('.')}." for sentence in self.sentences)

    @property
    def words(self) -> int:
        """How many there are, the name among them."""
        return len(self.name.split()) + len(self.text.split()) + len(self.links)


@dataclass(frozen=True)
class Brief:
    """The title, what was run and what came out in a sentence each, and the sections by their titles."""

    title: str
    head: tuple[str, ...]
    sections: Mapping[str, Sequence[Entry]]

    @property
    def words(self) -> int:
        """How many there are, without the titles of the sections."""
        return sum(len(line.split()) for line in (self.title, *self.head)) + sum(
            entry.words for entries in self.sections.values() for entry in entries
        )


def to_markdown(made: Brief) -> str:
    """A heading, what was run, a list for each section; paths are links."""
    parts = [f"# {_plain(made.title)}", *(_plain(f"{line}.") for line in made.head)]
    for title, entries in made.sections.items():
        parts += [f"## {title}", "\n".join(_item(entry) for entry in entries)]
    return "\n\n".join(parts) + "\n"


def _item(entry: Entry) -> str:
    links = [f"[{name}]({path})" for name, path in entry.links.items()]
    return f"- **{_plain(entry.name)}**: {_plain(entry.text)}{' ' if links else ''}{', '.join(links)}"


def _plain(text: str) -> str:
    """Text in which Markdown sees no markup of its own."""
    return re.sub(r"([\\*_<>|#`])", r"\\\1", text)


def to_mail(made: Brief) -> str:
    """The same as paragraphs; paths stand after them."""
    lines = [*_wrapped(made.title), "", *(line for text in made.head for line in _wrapped(f"{text}."))]
    for title, entries in made.sections.items():
        lines += ["", f"{title}:"]
        for entry in entries:
            lines += ["", *_wrapped(f"{entry.name}: {entry.text}", "* ")]
            lines += [line for name, path in entry.links.items() for line in _wrapped(f"{name}: {path}", "  ")]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, first: str = "") -> list[str]:
    return textwrap.wrap(
        text, COLUMNS, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    )
