"""Series of patches as they are mailed, made here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from pathlib import Path

FROM = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"


def diff(path: str, before: str | None, after: str | None) -> str:
    """What `git diff` says of a file, None where there is none."""
    names = f"a/{path}" if before is not None else "/dev/null", f"b/{path}" if after is not None else "/dev/null"
    old, new = ((text or "").splitlines(True) for text in (before, after))
    lines = difflib.unified_diff(old, new, names[0], names[1])
    kind = "new" if before is None else "deleted"
    mode = "" if before is not None and after is not None else f"{kind} file mode 100644\n"
    return f"diff --git a/{path} b/{path}\n{mode}{''.join(lines)}"


def mail(subject: str, body: str, identity: str = "", encoding: str = "8bit") -> bytes:
    """A mail; `encoding`: 7bit, 8bit, quoted-printable or base64."""
    message = EmailMessage()
    message["From"], message["Subject"] = "Somebody <somebody@localhost>", subject
    message["Message-ID"] = f"<{identity or subject.encode().hex()}@localhost>"
    message.set_content(body, cte=encoding)
    return bytes(message)


def patch(subject: str, *diffs: str, identity: str = "", encoding: str = "8bit") -> bytes:
    """A mail with a patch, as `git format-patch` writes it."""
    body = f"Why it is.\n\n---\n file | 2 +-\n\n{''.join(diffs)}-- \n2.39.5\n"
    return mail(subject, body, identity, encoding)


def mbox(file: Path, mails: Iterable[bytes]) -> Path:
    """A file with these mails."""
    file.write_bytes(b"".join(FROM + each + b"\n" for each in mails))
    return file


def folder(root: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
