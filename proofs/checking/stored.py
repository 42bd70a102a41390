"""Stored documents, held against the model before anything is made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from counterexamples.documents import DocumentError, quoted
from counterexamples.formats.itf import read_file
from counterexamples.story import Story
from counterexamples.trace import ReplayError
from model import parameters, versions
from model.context import Protocol
from model.protocol import build
from model.subject import Subject
from proofs.checking.traces import story_of
from proofs.properties import catalogue


def stored_protocol(about: Subject, property_id: str) -> Protocol:
    """The system that a stored document says that it and its property are about; replaying, or proving again, tells
    whether it is.

    An assumption, bound or axis that it leaves out did not exist when it was made: it has its default, and an axis of a
    shipped version the value that this version has. Raises DocumentError if the document has something that does
    not exist, or if it has axes on which the shipped version that it names behaves otherwise; ParameterError likewise.
    """
    if not about.version.isprintable():
        raise DocumentError(f"version: {quoted(about.version)} cannot be printed, need the name of a version")
    for kind, name, known in (
        ("scenario", about.scenario, parameters.SCENARIOS),
        ("property", property_id, catalogue()),
    ):
        if name not in known:
            raise DocumentError(str(parameters.nearest(kind, name, known)))
    assumptions = parameters.assumptions(about.assumptions)
    bounds = parameters.bounds(about.scenario, about.bounds)
    return build(replace(about, bounds=bounds, assumptions=assumptions, axes=_stored_axes(about)))


def _stored_axes(stored: Subject) -> dict[str, versions.Value]:
    """The axes of the shipped version that a document names, if it agrees, else those that it has itself."""
    present = {} if versions.is_path(stored.version) else dict(versions.load(stored.version).axes)
    try:
        axes = versions.completed(stored.axes, present)
    except versions.VersionError as error:
        raise DocumentError(str(error)) from None
    then, now = versions.behaviour(axes), versions.behaviour(present or axes)
    if changed := sorted(axis for axis in now if then[axis] != now[axis]):
        raise DocumentError(
            f"{stored.version} has changed since the file was made ({', '.join(changed)}); make a new one"
        )
    return present or axes


def stored_story(path: Path, source: str | None = None) -> Story:
    """The story of a stored trace, replayed and compared with what is stored, the subject completed.

    `source`: the source tree of whose C the steps' lines are told.

    Raises DocumentError.
    """
    stored = read_file(path)
    protocol, item = stored_protocol(stored.subject, stored.property_id), catalogue()[stored.property_id]
    try:
        story = story_of(protocol, item, stored.path, stored.loop, source)
    except ReplayError as error:
        raise DocumentError(f"{path} does not replay: {error}; make it again by `check --out`") from None
    for index, (mine, theirs) in enumerate(zip(story.trace.states, stored.states, strict=True)):
        if mine != theirs:
            raise DocumentError(f"{path}: state {index} is not what the model comes to at this step")
    return story
