"""What is asked of a design: which properties have to hold in which systems.

A property counts as kept where it holds, and where it does not apply to the design, as nothing in that could break it.
`unknown` is not kept: it says nothing; nor is `vacuous`, unless the property holds in another of the systems; nor is
anything where the scenario cannot be asked of a design. Where the version itself is `vacuous`, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from model import parameters
from model.parameters import Setting
from model.subject import Subject
from model.versions import Value
from proofs.checking.records import Job, Result
from proofs.checking.words import Word
from proofs.properties import EVENTUALLY, catalogue


@dataclass(frozen=True)
class Asked:
    """Properties that are asked of one system: a scenario and assumptions; the axes are the version's own."""

    subject: Subject
    properties: tuple[str, ...]

    def of(self, axes: Mapping[str, Value]) -> Subject:
        """The same system of another design."""
        return replace(self.subject, axes=dict(axes))

    @property
    def where(self) -> str:
        """The scenario, and the assumptions that are not the defaults."""
        other = [f"{key}={value}" for key, value in parameters.setting_of(self.subject.assumptions)]
        return ", ".join([self.subject.scenario, *other])


def settings_named(settings: Iterable[Setting]) -> str:
    """Settings on a line."""
    return ", ".join("+".join(f"{key}={value}" for key, value in setting) or "the defaults" for setting in settings)


def kept(word: Word) -> bool:
    """Whether a verdict is what is asked of a design."""
    return word.holds or word is Word.NOT_APPLICABLE


def required(rows: Sequence[Result], jobs: Sequence[Job], settings: Sequence[Mapping[str, str]]) -> tuple[Asked, ...]:
    """What is asked of every design, from the verdicts on the version itself, which are the results of `jobs`.

    `settings`: the assumptions under each of which all has to be kept. Progress stands apart from the rest, and after
    it: it takes more time.
    """
    return tuple(_asked(rows, jobs, settings))


def _asked(rows: Sequence[Result], jobs: Sequence[Job], settings: Sequence[Mapping[str, str]]) -> Iterator[Asked]:
    meant = {(row.scenario, row.property) for row in rows if row.verdict not in (Word.VACUOUS, Word.NOT_APPLICABLE)}
    for lasting in (False, True):
        for setting in settings:
            for job in jobs:
                scenario = job.subject.scenario
                names = [name for name in job.properties if (catalogue()[name].kind == EVENTUALLY) is lasting]
                if left := tuple(name for name in names if (scenario, name) in meant):
                    yield Asked(job.subject.assuming(setting), left)
