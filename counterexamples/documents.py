"""Files: written whole or not at all; read although somebody else may have written, cut off or tampered with them."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from model.language.files import read_bytes
from model.subject import Subject

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

LARGEST_FILE = 64 << 20
STDOUT = Path("-")
RUN = secrets.token_hex(4)
"""What the names of this run's unfinished files hold; its workers share it."""
LARGEST_NUMBER = (1 << 53) - 1  # beyond it, not every JSON reader keeps an integer exact

TEXT = {"type": "string"}
NATURAL = {"type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER}
SUBJECT = {
    "version": TEXT,
    "scenario": TEXT,
    "bounds": {"type": "object", "additionalProperties": NATURAL},
    "assumptions": {"type": "object", "additionalProperties": TEXT},
    "axes": {"type": "object", "additionalProperties": {"type": ["string", "boolean", "array"], "items": TEXT}},
}
"""The schema of what says which system a document is about; the keys are the fields of a `Subject`."""

ORIGIN = {"property": TEXT, **SUBJECT}
"""The schema of what says which property of which system a document is about."""

Read = TypeVar("Read")


class DocumentError(Exception):
    """A file that is not what it should be: one line, what is wrong and what would be right."""


def origin(subject: Subject, property_id: str) -> dict[str, Any]:
    """Which property of which system a document is about, as `ORIGIN` has it."""
    return {"property": property_id, **{key: getattr(subject, key) for key in SUBJECT}}


def subject_of(document: Mapping[str, Any]) -> Subject:
    """The system that a document which fits `ORIGIN` is about; what it leaves out is not completed."""
    return Subject(**{key: document[key] for key in SUBJECT})


def read_document(path: Path, parse: Callable[[str], Read], need: str) -> Read:
    """What `parse` makes of a file's text; raises DocumentError if the file cannot be read or is not one.

    `need`: what would be right, as `ITF JSON`.
    """
    try:
        content = read_bytes(path, LARGEST_FILE)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DocumentError(f"{quoted(str(path))} cannot be read: {reason}; need {need}") from None
    try:
        return parse(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DocumentError(f"{quoted(str(path))}: not UTF-8 at byte {error.start}; need {need}") from None
    except DocumentError as error:
        raise DocumentError(f"{quoted(str(path))}: {error}") from None


def write_file(path: Path, content: str) -> None:
    """Replace a file in one step, so that nobody sees half of it; a symbolic link stays, and leads to the new file.

    What is no regular file, as a FIFO or a device, is written into. Raises OSError, which names the path.
    """
    encoded = content.encode("utf-8", errors="backslashreplace")
    try:
        if is_stdout(path):
            _print(encoded)
        elif is_special(path):
            path.write_bytes(encoded)
        else:
            _replace(Path(os.path.realpath(path)), encoded)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def is_stdout(path: Path) -> bool:
    """Whether a path is `-`, or another name of what standard output is."""
    if path == STDOUT:
        return True
    try:
        return os.path.samestat(path.stat(), os.fstat(1))
    except OSError:
        return False


def is_special(path: Path) -> bool:
    """Whether there is something at a path that is neither a regular file nor a folder."""
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def unfinished(process: int | str = "*") -> str:
    """The name of the file that a process of this run is writing, or a pattern for those of all its processes."""
    return f".bam-lock-{RUN}-{process}.tmp"


def _print(content: bytes) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(unfinished(os.getpid()))
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def parsed(text: str, validator: Draft202012Validator, need: str) -> Any:
    """The document in `text`; raises DocumentError if it is not JSON, or not as the schema has it."""

    def refuse(literal: str) -> Any:
        raise ValueError(f"{literal[:20]} is not a whole number")

    try:
        document = json.loads(text, parse_float=refuse, parse_constant=refuse)
        error = next(validator.iter_errors(document), None)
        # a lone surrogate is legal JSON, but nothing that can be printed
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as wrong:
        where = f"line {wrong.lineno}, column {wrong.colno}"
        raise DocumentError(f"not JSON, or cut off, at {where} ({wrong.msg}); need {need}") from None
    except (RecursionError, UnicodeEncodeError):
        raise DocumentError(f"nested too deeply, or text that is not Unicode; need {need}") from None
    except ValueError as wrong:
        reason = str(wrong).split(";", 1)[0]
        raise DocumentError(f"a number that cannot be right: {reason}; need whole numbers below 2**53") from None
    if error is not None:
        raise DocumentError(_explained(error, need))
    return document


def _explained(error: ValidationError, need: str) -> str:
    path = "/".join(_bare(part) for part in error.absolute_path)
    place = path or "the file"
    value, wanted = error.instance, error.validator_value
    if error.validator == "required":
        missing = next(key for key in wanted if key not in value)
        return f"{place}: the key {missing} is missing"
    if error.validator == "type":
        names = " or ".join([wanted] if isinstance(wanted, str) else wanted)
        return f"{place}: is {type_name(value)}, need {names}"
    if error.validator == "const":
        return f"{place}: is {quoted(value)}, need {quoted(wanted)}"
    needs = {
        "minimum": "need a number that is not negative",
        "maximum": 'need a number below 2**53, or {"#bigint": "..."}',
        "minItems": "need at least one",
        "uniqueItems": "names one twice, need each once",
        "additionalProperties": "has other keys than those it should have",
        "pattern": "need decimal digits" if path.endswith("#bigint") else "need a name that does not start with #",
    }
    return f"{place}: {needs.get(str(error.validator), f'is not what {need} has there')}"


def type_name(value: Any) -> str:
    """JSON's name for the type of a value."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", type(None): "null"}
    return names[type(value)]


def quoted(value: Any) -> str:
    """A value as one short printable line."""
    text = ascii(value) if not isinstance(value, (dict, list)) else type_name(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _bare(part: str | int) -> str:
    # a key of the file may hold anything, also line ends
    return str(part) if isinstance(part, int) else quoted(part)[1:-1] if len(part) < 100 else quoted(part)
