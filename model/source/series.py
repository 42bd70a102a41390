"""A series of patches as it was mailed: an mbox, of which the mails with a patch are taken, in their numbers' order.

What a mail is, its subject says: `[PATCH v2 3/12] ...`. The number decides, as a thread's mails are stored in any
order; 0/12 is the cover letter. Replies and what else is in a thread are left out. A mail that came twice counts once.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from io import BytesIO
from pathlib import Path

from model.language.files import read_bytes
from model.source.tree import SourceError

LARGEST = 16 << 20  # bytes: a series of drivers' patches has a tenth of one MiB
WRITTEN = "give a series as one mbox, as `git format-patch --stdout` and `b4 am` write it and lore's t.mbox.gz is"
# as git does: other lines that begin so are text
_FROM = re.compile(rb"^From \S.*\d\d:\d\d(?::\d\d)? .*\d{4}.*\n", re.MULTILINE)
_DIFF = re.compile(rb"^(?:diff --git .+|--- .+\n\+\+\+ .+)$", re.MULTILINE)
_TAGS = re.compile(r"\s*((?:\[[^\]]*\]\s*)+)(.*)")
_REPLY = re.compile(r"\s*(?:re|aw|fwd)\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Patch:
    """One mail's patch: its number, 1 the first, of how many; `content`: what `git apply` reads."""

    number: int
    total: int
    subject: str
    content: bytes

    def __str__(self) -> str:
        return f'patch {self.number}/{self.total} ("{self.subject}")'


@dataclass(frozen=True)
class Series:
    """The patches of a file, in order; `skipped`: which mails of it are none, in words."""

    patches: tuple[Patch, ...]
    skipped: str


@dataclass(frozen=True)
class _Mail:
    """`tags`: what stands in brackets before the subject; `place`: the how manieth of the file, from 1."""

    place: int
    tags: str
    subject: str
    content: bytes
    identity: str

    @property
    def tagged(self) -> bool:
        """Whether the subject says that this is a patch."""
        return "patch" in self.tags.lower() or self.number is not None

    @property
    def number(self) -> tuple[int, int] | None:
        """Which patch of how many."""
        found = re.search(r"\b(\d{1,4})/(\d{1,4})\b", self.tags)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def version(self) -> int:
        """Which version of the series."""
        found = re.search(r"\bv(\d{1,4})\b", self.tags, re.IGNORECASE)
        return int(found[1]) if found else 1

    def __str__(self) -> str:
        return f'mail {self.place} ("{self.tags} {self.subject}")' if self.tags else f"mail {self.place}"


def read_series(path: Path) -> Series:
    """The series that a file has; raises SourceError for what is no mbox, and for one without one whole series."""
    mails = list(_mails(path, _read(path)))
    patches = [mail for mail in mails if mail.tagged]
    if not patches:
        patches = [mail for mail in mails if mail.content]
    known: dict[str, _Mail] = {}
    for mail in patches:
        known.setdefault(mail.identity, mail)
    covers = [mail for mail in known.values() if mail.number is not None and mail.number[0] == 0]
    chosen = [mail for mail in known.values() if mail not in covers]
    if not chosen:
        raise SourceError(f"{path}: none of its mails is a patch; {WRITTEN}")
    _demand_one_series(path, chosen)
    _demand_all_numbers(path, chosen)
    ordered = sorted(chosen, key=lambda mail: mail.number or (1, 1))
    found = tuple(Patch(*(mail.number or (1, 1)), mail.subject, mail.content) for mail in ordered)
    return Series(found, _skipped(len(covers), len(mails) - len(covers) - len(chosen)))


def _skipped(covers: int, others: int) -> str:
    parts = ["the cover letter"] * bool(covers)
    parts += [f"{others} other mail{'s' if others > 1 else ''}, such as replies"] * bool(others)
    return " and ".join(parts)


def _read(path: Path) -> bytes:
    try:
        content = read_bytes(path, LARGEST)
        if content.startswith(b"\x1f\x8b"):
            with gzip.open(BytesIO(content)) as packed:
                content = packed.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise SourceError(f"{path}: larger than {LARGEST >> 20} MiB unpacked; {WRITTEN}")
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path}: {getattr(error, 'strerror', None) or error}; {WRITTEN}") from None
    return content


def _mails(path: Path, content: bytes) -> Iterator[_Mail]:
    """Every mail that is no reply, replies without content."""
    content = content.replace(b"\r\n", b"\n")
    begins = [found.span() for found in _FROM.finditer(content)]
    if not begins and re.match(rb"[\w-]+:.*\n(?:[\w-]+:.*\n|[ \t].*\n)*\n", content):
        begins = [(0, 0)]  # one mail, as a file
    if not begins or content[: begins[0][0]].strip():
        raise SourceError(f"{path}: no mbox; {WRITTEN}")
    ends = [start for start, _ in begins[1:]] + [len(content)]
    for place, ((_, start), end) in enumerate(zip(begins, ends, strict=True), 1):
        yield _mail(place, message_from_bytes(content[start:end]))


def _mail(place: int, message: Message) -> _Mail:
    subject = _header(message, "Subject")
    found = _TAGS.match(subject)
    tags, rest = (found[1].strip(), found[2]) if found else ("", subject)
    if _REPLY.match(rest):
        # a diff in a reply is somebody's proposal, and no part of the series
        return _Mail(place, "", subject, b"", "")
    identity = _header(message, "Message-ID") or f"mail {place}"
    return _Mail(place, tags, rest, _diff(message), identity)


def _header(message: Message, name: str) -> str:
    """A header in one line; as it was sent if it is not encoded as it says."""
    raw = str(message.get(name, ""))
    with suppress(HeaderParseError, LookupError, UnicodeDecodeError, ValueError):
        raw = str(make_header(decode_header(raw)))
    return " ".join("".join(each if each.isprintable() else " " for each in raw).split())


def _diff(message: Message) -> bytes:
    """All from the first diff on in the mail's texts."""
    texts: list[bytes] = []
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_content_subtype() != "html":
            try:
                payload = part.get_payload(decode=True)
            except (MessageError, ValueError):
                continue
            texts.append(payload if isinstance(payload, bytes) else b"")
    text = b"\n".join(texts).replace(b"\r\n", b"\n")
    found = _DIFF.search(text)
    return text[found.start() :] if found else b""


def _demand_one_series(path: Path, mails: Sequence[_Mail]) -> None:
    empty = next((mail for mail in mails if not mail.content), None)
    if empty is not None:
        raise SourceError(
            f"{path}: {empty} has no diff, so it is no patch; leave it out, or give the mail as it was sent"
        )
    if len(mails) > 1 and (bare := next((mail for mail in mails if mail.number is None), None)):
        raise SourceError(f"{path}: {bare} has no number such as [PATCH 2/3], by which patches are put in order")
    kinds = sorted({(mail.version, mail.number[1] if mail.number else 1) for mail in mails})
    if len(kinds) > 1:
        shown = " and ".join(f"v{version} in {total} patches" for version, total in kinds[:2])
        raise SourceError(f"{path}: mails of two series, {shown}; leave one of them")


def _demand_all_numbers(path: Path, mails: Sequence[_Mail]) -> None:
    by_number: dict[int, _Mail] = {}
    number, total = 1, 1
    for mail in mails:
        number, total = mail.number or (1, 1)
        if other := by_number.get(number):
            raise SourceError(f"{path}: {other} and {mail} have the same number; leave one of them")
        if number > total:
            raise SourceError(f"{path}: {mail} has a number beyond the last")
        by_number[number] = mail
    # a mail alone is asked about alone, whatever came before it is in the tree
    missing = [each for each in range(1, total + 1) if each not in by_number] if len(mails) > 1 else []
    if missing:
        shown = ", ".join(map(str, missing[:5])) + (" and more" if len(missing) > 5 else "")
        raise SourceError(f"{path}: of {total} patches there is no number {shown}; {WRITTEN}")
