"""What is asked: versions, properties and scenarios under some assumptions and bounds, judged before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model import parameters, versions
from model.protocol import build
from model.subject import Subject
from proofs.checking import expectations, outputs
from proofs.checking.interrupt import clean_on_interrupt
from proofs.checking.records import DEPTH, Job
from proofs.properties import catalogue, scenario_applies


@dataclass(frozen=True)
class Request:
    """What a `check` was asked for; `versions`, `properties` and `scenarios` are known names.

    No scenarios: those in which each property is asked first of all. `memory`: the bytes that all workers together
    may have; None: what there is. `checkpoint`: the folder where explorations are kept until the run is complete.
    `source`: the source tree of whose C the traces tell the lines.
    """

    versions: tuple[str, ...]
    properties: tuple[str, ...]
    scenarios: tuple[str, ...]
    assume: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, int] = field(default_factory=dict)
    engine: str = "both"
    depth: int = DEPTH
    out: Path | None = None
    all_causes: bool = False
    memory: int | None = None
    checkpoint: Path | None = None
    source: str | None = None

    def covers(self, row: expectations.Recorded) -> bool:
        """Whether a recorded verdict is one that is asked for."""
        return row.version in self.versions and row.property in self.properties and row.scenario in self.scenarios

    def jobs(self) -> list[Job]:
        """One job for each version and scenario in which some of the properties is asked.

        Raises VersionError or ParameterError.
        """
        out = str(self.out) if self.out else None
        result = []
        for version in map(versions.load, self.versions):
            for scenario in self.scenarios or parameters.SCENARIOS:
                if asked := self._asked_in(scenario, versions.tree_of(version.name) is not None):
                    subject = Subject.of(version, scenario, self.assume, self.bound)
                    job = Job(subject, asked, self.engine, self.depth, out, self.all_causes, source=self.source)
                    result.append(job)
        return result

    def _asked_in(self, scenario: str, of_tree: bool) -> tuple[str, ...]:
        known = [catalogue()[name] for name in self.properties]
        if not self.scenarios:
            return tuple(item.id for item in known if scenario in item.first_scenarios)
        more = [item.id for item in known if of_tree and scenario in item.of_trees]
        return tuple(item.id for item in known if scenario in item.scenarios or item.id in more)


def validate(request: Request, named: Mapping[str, Path | None]) -> None:
    """Raise ParameterError, VersionError or OutputError for whatever could only fail later.

    `named`: the files to be written, by the option that names them.
    """
    parameters.assumptions(request.assume)
    for scenario in request.scenarios or parameters.SCENARIOS:
        parameters.bounds(scenario, request.bound)
    for name in request.versions:
        demand_known_axes(name)
    if request.checkpoint is not None:
        outputs.demand_folder(request.checkpoint)
        clean_on_interrupt(request.checkpoint)
    if request.out is not None:
        outputs.demand_folder(request.out)
        clean_on_interrupt(request.out)
    outputs.demand_files(named, (file for name in request.versions for file in versions.load(name).files))


def demand_known_axes(name: str) -> None:
    """Raise ParameterError if a version leaves an axis open, VersionError if there is no such version."""
    unknown = [axis for axis, value in versions.load(name).axes.items() if value == versions.UNKNOWN]
    if unknown:
        valid = "; ".join(f"{axis}: {', '.join(versions.axis_values(axis))}" for axis in unknown)
        raise parameters.ParameterError(
            f"{name} leaves {', '.join(unknown)} open for lack of evidence; check a version file of your own that"
            f" is based on it and sets it ({valid})"
        )


def demand_bam_dma(name: str) -> None:
    """Raise ParameterError if a version stands on the vendor's layer, VersionError if there is none of that name."""
    if versions.load(name).axes["layer"] != "bam-dma":
        raise parameters.ParameterError(f"{name} has no bam_dma, of which a source tree has the C; need a row with it")


def asked_subject(
    version: versions.Version, scenario: str, assume: Mapping[str, str], bound: Mapping[str, int]
) -> Subject:
    """A version in one scenario, for a question that is not about a property.

    Raises ParameterError for what is unknown, for an axis that is open, and if the version cannot be asked there.
    """
    demand_known_axes(version.name)
    subject = Subject.of(version, scenario, assume, bound)
    if reason := scenario_applies(build(subject)):
        raise parameters.ParameterError(f"{version.name} cannot be asked in {scenario}: {reason}")
    return subject


def drafts() -> list[str]:
    """The shipped versions of which nothing is recorded yet, as their files say."""
    return [name for name in versions.names() if versions.load(name).draft]


def everything(names: Sequence[str] = (), properties: Sequence[str] = ()) -> Request:
    """Every shipped version that is no draft, its axes all known, every property, every scenario, nothing changed.

    Of the versions and properties only those that are named, if any are, also drafts; raises ParameterError for one
    that is none of these.
    """
    loaded = [
        version for version in map(versions.load, versions.names()) if versions.UNKNOWN not in version.axes.values()
    ]
    shipped = [version.name for version in loaded if names or not version.draft]
    asked = parameters.select("property", properties, list(catalogue()))
    return Request(tuple(parameters.select("version", names, shipped)), tuple(asked), tuple(parameters.SCENARIOS))
