"""What functions mean that are not read: a registry, by name, each with the sentence that readers get."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from model.source.symbolic.values import Value

Run = Callable[..., Value | None]


@dataclass(frozen=True)
class Meaning:
    """`run(machine, *arguments)` gives the function's value, None for void; `text` says what it means."""

    run: Run
    text: str

    def takes(self, count: int) -> bool:
        """Whether it can be called with that many arguments."""
        parameters = [*inspect.signature(self.run).parameters.values()][1:]
        if any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters):
            return count >= len(parameters) - 1
        least = sum(each.default is inspect.Parameter.empty for each in parameters)
        return least <= count <= len(parameters)


@dataclass
class Meanings:
    """Functions by name, and names that stand for a value. What has a meaning here is not read, even if it could be."""

    functions: dict[str, Meaning] = field(default_factory=dict)
    names: dict[str, Value] = field(default_factory=dict)

    def mean(self, *names: str, text: str) -> Callable[[Run], Run]:
        """A decorator: the function decorated is what those of C mean."""

        def register(run: Run) -> Run:
            for name in names:
                self.functions[name] = Meaning(run, text)
            return run

        return register

    def also(self, other: Meanings) -> Meanings:
        """Both; where both have a name, the other one's."""
        return Meanings({**self.functions, **other.functions}, {**self.names, **other.names})

    def table(self) -> list[tuple[str, str]]:
        """All functions, those of one meaning together, and what they mean; for readers."""
        grouped: dict[str, list[str]] = {}
        for name, meaning in self.functions.items():
            grouped.setdefault(meaning.text, []).append(name)
        return [(", ".join(names), text) for text, names in grouped.items()]

    def constant(self, name: str, value: Any) -> None:
        """Let a name stand for a Value."""
        self.names[name] = value
