"""Which system is meant: a version in a scenario, with every axis, assumption and bound given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from model import parameters, versions
from model.versions import Value, Version


@dataclass(frozen=True)
class Subject:
    """A version in a scenario: bounds are counts, assumptions and axes values by name.

    `of` makes one that is complete and valid; one that was read from a file is what the file says.
    """

    version: str
    scenario: str
    bounds: Mapping[str, int]
    assumptions: Mapping[str, str]
    axes: Mapping[str, Value]

    @classmethod
    def of(
        cls,
        version: str | Version,
        scenario: str = "default",
        assume: Mapping[str, str] | None = None,
        bound: Mapping[str, int] | None = None,
    ) -> Subject:
        """A shipped version or a version file in a scenario, with the chosen assumptions and bounds, else the defaults.

        Raises VersionError or ParameterError.
        """
        loaded = versions.load(version) if isinstance(version, str) else version
        bounds = parameters.bounds(scenario, bound or {})
        return cls(loaded.name, scenario, bounds, parameters.assumptions(assume or {}), dict(loaded.axes))

    def __hash__(self) -> int:
        parts = (self.bounds, self.assumptions, self.axes)
        return hash((self.version, self.scenario, *(frozenset(part.items()) for part in parts)))

    def assuming(self, assume: Mapping[str, str]) -> Subject:
        """The same under these assumptions, else the defaults; raises ParameterError."""
        return replace(self, assumptions=parameters.assumptions(assume))

    def changed(self, axes: Mapping[str, Value]) -> Subject:
        """The same with other values of some axes."""
        return replace(self, axes={**self.axes, **axes})

    @property
    def behaviour(self) -> Subject:
        """What the system is made of, without a name: equal for versions that behave alike. A tree is what it is."""
        name = self.version if versions.tree_of(self.version) else ""
        return replace(self, version=name, axes=versions.behaviour(self.axes))
