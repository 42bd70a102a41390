"""What commands have in common: the options that say what to check, with what a shell completes; pairs, numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from model import parameters, versions
from proofs.properties import catalogue

UNITS = {"M": 1 << 20, "G": 1 << 30}


class Named(click.Path):
    """The path of a file or folder, as an option's value; an empty one, as from an unset variable, is refused."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value as a Path; raises UsageError."""
        return (
            self.fail("it is empty; give the path of a file or folder", param, ctx)
            if value == ""
            else super().convert(value, param, ctx)
        )


Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completes(names: Callable[[], Iterable[str]], files: bool = False) -> Completion:
    """What a shell completes to: the names that begin with what is typed, or if none does to a file if `files`."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
        return found or ([CompletionItem(incomplete, type="file")] if files else [])

    return complete


def assumed() -> list[str]:
    """Every KEY=VALUE of `--assume`."""
    return [f"{key}={value}" for key, item in parameters.ASSUMPTIONS.items() for value in item.values]


def choices() -> list[str]:
    """Every AXIS=VALUE, but for the orders of steps."""
    return [
        f"{axis}={value}"
        for axis in versions.axes()
        if not versions.is_ordered(axis)
        for value in versions.axis_values(axis)
    ]


axis_values = _completes(choices)
version_names = _completes(versions.names, files=True)
assumed_values = _completes(assumed)
assumed_values_to_keep_under = _completes(lambda: ["all", "evidence", *assumed()])
assumed_values_or_words = _completes(lambda: ["all", "evidence", "every", *assumed()])

shipped = click.argument("names", nargs=-1, metavar="[VERSION]...", shell_complete=_completes(versions.names))
asked_properties = click.option(
    "--property",
    "properties",
    multiple=True,
    metavar="ID",
    shell_complete=_completes(catalogue),
    help="Only this property (repeatable).",
)
asked_scenarios = click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    shell_complete=_completes(lambda: [*parameters.SCENARIOS, "all"]),
    help="Only this scenario, or `all` (repeatable).",
)
assumed_pairs = click.option(
    "--assume",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=assumed_values,
    help="An assumption about the hardware (repeatable).",
)
changed_bounds = click.option(
    "--bound",
    multiple=True,
    metavar="KEY=N",
    shell_complete=_completes(lambda: [f"{key}=" for key in parameters.BOUNDS]),
    help="A bound of the workload or the model (repeatable).",
)
traced_source = click.option(
    "--source",
    callback=lambda ctx, param, value: None if value is None else _with_driver(str(value)),
    type=Named(),
    metavar="TREE[@REVISION]",
    help="Tell of each step which lines of this source tree's bam_dma it executes.",
)
workers = click.option("--jobs", type=click.IntRange(1, 256), help="Worker processes; default: one for each core.")


class Size(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic only in newer click
    """Bytes, as an option's value: a whole number with M or G."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes; raises UsageError."""
        number, unit = str(value)[:-1], str(value)[-1:]
        if unit not in UNITS or not (number.isascii() and number.isdigit() and len(number) < 10 and int(number)):
            self.fail(f"{str(value)!r} is no size; give one as 500M or 4G", param, ctx)
        return int(number) * UNITS[unit]


def alone(values: Sequence[str], word: str) -> bool:
    """Whether `--assume` is that word, which tries values itself; raises UsageError if something stands beside it."""
    if word in values and len(values) > 1:
        raise click.UsageError(f"--assume {word} cannot be combined with another --assume: it tries every value itself")
    return word in values


def pairs(values: Sequence[str], option: str) -> dict[str, str]:
    """KEY=VALUE of a repeatable option as a mapping; raises UsageError."""
    found = {}
    for value in values:
        key, equals, rest = value.partition("=")
        if not (key and equals and rest):
            raise click.UsageError(f"{option} takes KEY=VALUE, not {value!r}")
        if key in found:
            raise click.UsageError(f"{option} {key} is given twice")
        found[key] = rest
    return found


def numbers(values: Sequence[str]) -> dict[str, int]:
    """KEY=N of `--bound` as a mapping; raises UsageError."""
    found = {}
    for key, text in pairs(values, "--bound").items():
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise click.UsageError(f"--bound {key} takes a whole number, not {text!r}")
        found[key] = int(text)
    return found


def chosen_properties(chosen: Sequence[str], scenarios: Sequence[str], of_tree: bool = False) -> tuple[str, ...]:
    """The properties to ask: those named, all in scenarios that are named, else those that a plain check asks.

    `of_tree`: whether a source tree is among what they are asked of.

    Raises ParameterError for an unknown name, UsageError for a property that is asked in none of the scenarios.
    """
    known = catalogue()
    if chosen or scenarios:
        names = parameters.select("property", chosen, list(known))
        asked_in = set(chosen_scenarios(scenarios)) or set(parameters.SCENARIOS)
        for name in chosen:
            where = known[name].scenarios + (known[name].of_trees if of_tree else ())
            if asked_in.isdisjoint(where):
                nowhere = f"{name} is not asked in {', '.join(dict.fromkeys(scenarios))}"
                raise click.UsageError(f"{nowhere}; it is asked in: {', '.join(where)}")
        return tuple(names)
    return tuple(name for name, item in known.items() if item.asked_plainly)


def chosen_scenarios(chosen: Sequence[str]) -> tuple[str, ...]:
    """The scenarios that are named, or none."""
    if not chosen:
        return ()
    valid = list(parameters.SCENARIOS)
    return tuple(valid if "all" in chosen else parameters.select("scenario", chosen, valid))


def _with_driver(tree: str) -> str:
    """The name of a source tree; raises SourceError if it has no driver that can be read, before any work is done."""
    # the reader of C is loaded only for those who have a tree
    from model.source.bam.sections import read_driver
    from model.source.patched import named

    read_driver(named(tree), parameters.bounds("default", {})["ring"])
    return tree
