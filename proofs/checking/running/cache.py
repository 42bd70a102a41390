"""Answers that earlier runs have left in a folder, each found by all that it depends on.

An entry begins with the digest of what is in it, so that a damaged one is found, told of, and made anew. It is put in
place whole: several processes may make the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path

import z3

from counterexamples.documents import LARGEST_FILE, write_file
from model.language.files import read_bytes
from model.language.system import TransitionSystem
from model.language.terms import digest
from model.protocol import build
from proofs.checking.records import Job
from proofs.checking.running.plain import canonical, sealed, unsealed
from proofs.checking.running.program import program
from proofs.properties import catalogue


def key(job: Job, files: bool) -> str:
    """What identifies the answer to a job, with the `files` about it or without, wherever they are put.

    It has all that the answer depends on: the program, the system that the subject stands for (of a source tree: what
    is in it), the subject's names, the properties and what they come to there, the engine and its depth.
    """
    protocol = build(job.subject)
    asked = {
        name: None if item.reason_against(protocol) is not None else _terms(vars(item.target(protocol)))
        for name, item in ((name, catalogue()[name]) for name in job.properties)
    }
    # how much room a run has, and where it keeps what it has done so far, is nothing of the answer
    plain = replace(job, out=None, memory=None, checkpoint=None)
    whole = (program(), content(protocol.system), plain, asked, files)
    return sha256(canonical(whole).encode()).hexdigest()


def content(system: TransitionSystem) -> str:
    """A digest of a system: equal in any run for one that is equal up to the order of commuting arguments."""
    space = system.space
    declared = [
        [(item.name, item.width, item.init, item.labels) for item in space.variables.values()],
        [(item.name, item.capacity, list(item.fields.items())) for item in space.queues.values()],
        sorted(space.events),
    ]
    # what an action remembers of itself follows from its fields
    actions = [{item.name: _terms(getattr(action, item.name)) for item in fields(action)} for action in system.actions]
    return sha256(canonical([declared, actions]).encode()).hexdigest()


def _terms(value: object) -> object:
    """The same with digests in place of terms."""
    if isinstance(value, z3.ExprRef):
        return digest(value).hex()
    if isinstance(value, Mapping):
        return {name: _terms(item) for name, item in value.items()}
    return value


@dataclass(frozen=True)
class Entry:
    """The place of one answer in a folder."""

    folder: Path
    key: str

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / f"{self.key}.answer"

    def read(self) -> tuple[object | None, str | None]:
        """The answer, None if there is none that can be used; and if there is one that cannot, a line that says so."""
        try:
            found = unsealed(read_bytes(self.path, LARGEST_FILE).decode("ascii"))
            # a whole one may still be another one's, under a wrong name
            if isinstance(found, tuple) and found[:1] == (self.key,):
                return found[1], None
            reason: str | None = "the answer to something else"
        except FileNotFoundError:
            return None, None
        except OSError as error:
            reason = error.strerror
        except ValueError:
            reason = "damaged"
        return None, f"{self.path}: {reason}; worked out again"

    def write(self, answer: object) -> str | None:
        """Put an answer into place; what went wrong, if something did."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_file(self.path, sealed((self.key, answer)))
        except OSError as error:
            return f"{error.filename}: {error.strerror}"
        return None
