"""How `check` ends: what holds and what does not, the worst first, what decides it, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from model import parameters
from model.source.tree import is_tree
from model.versions import tree_of
from proofs.checking import expectations
from proofs.checking.judged import Judged, gravity, violated_elsewhere, worst
from proofs.checking.records import Result
from proofs.checking.words import Word
from proofs.properties import Property, catalogue
from proofs.reports.terminal import causes, written


def _property(result: Result) -> Property:
    return catalogue()[result.property]


def consequence(result: Result) -> str:
    """What goes wrong, and for whom, where a property is violated or unreachable: one clause, made from its trace."""
    who = "TZ" if result.path and result.path[-1].startswith("tz.") else "Linux"
    return _property(result).consequence.format(who=who)


@dataclass(frozen=True)
class Account:
    """All rows of one version, and all that is `recorded` of it."""

    version: str
    rows: tuple[Judged, ...]
    recorded: tuple[expectations.Recorded, ...]

    @cached_property
    def worst(self) -> list[Result]:
        """For each property the worst verdict of all scenarios: what is wrong first, and of that the gravest."""
        chosen = worst([row.result for row in self.rows]).values()
        return sorted(chosen, key=lambda result: (not result.verdict.is_wrong, gravity(result)))

    @property
    def wrong(self) -> list[Result]:
        """What is violated or unreachable, the gravest first."""
        return [result for result in self.worst if result.verdict.is_wrong]

    @property
    def good(self) -> list[Result]:
        """What holds."""
        return [result for result in self.worst if result.verdict.holds]

    def having(self, word: Word) -> list[Result]:
        """Those with this verdict."""
        return [result for result in self.worst if result.verdict is word]

    def elsewhere(self) -> dict[str, list[str]]:
        """By scenario, what holds here and is recorded as violated there, where this run did not ask."""
        return violated_elsewhere([row.result for row in self.rows if row.expected is not None], self.recorded)

    def scenarios(self, result: Result) -> list[str]:
        """In which scenarios the verdict is the same, if another one in which it was asked differs."""
        asked = [row.result for row in self.rows if row.result.property == result.property]
        asked = [other for other in asked if other.verdict is not Word.NOT_APPLICABLE]
        same = [other.scenario for other in asked if other.verdict == result.verdict]
        return same if len(same) < len(asked) else []


def accounts(rows: Sequence[Judged]) -> list[Account]:
    """The rows of each version."""
    names = dict.fromkeys(row.result.version for row in rows)
    recorded = expectations.rows()
    return [
        Account(
            name,
            tuple(row for row in rows if row.result.version == name),
            tuple(row for row in recorded if row.version == name),
        )
        for name in names
    ]


def headline(account: Account) -> Text:
    """The conclusion about one version in a line."""
    told = [word for word in Word if word.is_wrong or word.is_open]
    parts = [f"{len(found)} {word}" for word in told if (found := account.having(word))]
    held = len(account.good)
    hold = "1 holds" if held == 1 else f"{held} hold" if parts else f"all {held} hold"
    text = f"{account.version}: {', '.join([*parts, hold])}"
    if account.wrong:
        text += f"; worst: {_property(account.wrong[0]).severity.value}"
    colour = (account.worst[0].verdict if parts else Word.PROVED).colour
    return Text(text, style=f"bold {colour}")


def findings(account: Account) -> Table:
    """One line for each property that does not hold, saying what goes wrong; then the names of the others."""
    result = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    result.add_column("  violated" if account.wrong else "", no_wrap=True)
    result.add_column("steps" if account.wrong else "", justify="right", no_wrap=True)
    result.add_column("what goes wrong, the worst first" if account.wrong else "")
    for item in account.wrong:
        name = Text("  " + item.property, style=item.verdict.colour)
        result.add_row(name, str(item.depth or ""), consequence(item) + _where(account, item))
    for word in (word for word in Word if word.is_open):
        if found := account.having(word):
            named = ", ".join(f"{item.property} ({item.reason})" for item in found)
            result.add_row(Text(f"  {word}: {len(found)}", style=word.colour), "", named)
    aside = Word.NOT_APPLICABLE
    for label, found, style in (
        ("hold", account.good, Word.PROVED.colour),
        (aside, account.having(aside), aside.colour),
    ):
        if found:
            names = ", ".join(item.property for item in found)
            result.add_row(Text(f"  {label}: {len(found)}", style=style), "", names)
    for scenario, others in account.elsewhere().items():
        told = f"not asked now; recorded as violated: {', '.join(others)}"
        result.add_row(Text(f"  in {scenario}", style=Word.VIOLATED.colour), "", told)
    return result


def _where(account: Account, item: Result) -> str:
    scenarios = account.scenarios(item)
    return f" (only in {', '.join(scenarios)})" if scenarios else ""


def differences(rows: Sequence[Judged]) -> Iterator[Text]:
    """A line for each verdict that is not the recorded one."""
    for row in rows:
        if row.as_expected is False:
            item = row.result
            found = f"{item.verdict} {item.depth}" if item.path else item.verdict
            name = f"{item.version} {item.property} ({item.scenario})"
            yield Text(f"differs from what is recorded: {name}: {found}; recorded: {row.expected}", style="bold red")


@dataclass(frozen=True)
class Typed:
    """How the program was called: its name, the settings that were changed, and where the traces are."""

    program: str
    assume: Mapping[str, str]
    bound: Mapping[str, int]
    out: Path | None

    def check(self, result: Result, *options: str) -> str:
        """The command that asks for one result again."""
        bounds = [word for key, value in self.bound.items() for word in ("--bound", f"{key}={value}")]
        names = ["--property", result.property, "--scenario", result.scenario]
        return f"{self.program} {shlex.join(['check', *_given(result.version), *names, *bounds, *options])}"

    def assumed(self) -> list[str]:
        """The options that set the assumptions of this run."""
        return [word for key, value in self.assume.items() for word in ("--assume", f"{key}={value}")]


def assumptions(typed: Typed) -> str:
    """Under which answers to what is open about the hardware the verdicts were obtained."""
    defaults = {key: item.values[0] for key, item in parameters.ASSUMPTIONS.items()}
    changed = [f"{key}={value} (not {defaults[key]})" for key, value in typed.assume.items() if value != defaults[key]]
    return ", ".join(changed) + ", else the defaults" if changed else "the defaults"


def commands(found: Sequence[Account], typed: Typed) -> Iterator[tuple[str, str]]:
    """What to type next, and what for; about the worst of all verdicts."""
    first = min((account.worst[0] for account in found), key=lambda item: item.verdict.rank)
    wrong = sorted((item for account in found for item in account.wrong), key=gravity)
    shown = next((item for item in wrong if item.path or item.trace), None)
    if shown is not None and shown.trace is not None and typed.out is not None:
        yield "see how it happens", f"{typed.program} {shlex.join(['show', str(typed.out / shown.trace)])}"
    elif shown is not None:
        yield "see how it happens", typed.check(shown, *typed.assumed(), "--out", "traces")
    yield "which assumption decides", typed.check(shown or first, "--assume", "all")


def _given(version: str) -> list[str]:
    """What is typed for a version: of a source tree its path, and whose client it has unless its own."""
    found = tree_of(version)
    if found is None or not is_tree(str(found[0])):
        return [version]
    tree, client = found
    return [str(tree), *(["--client", client] if client else [])]


def print_summary(screen: Console, rows: Sequence[Judged], typed: Typed) -> None:
    """The conclusion first; then what is wrong in each version, one line for each property; then what to type."""
    found = accounts(rows)
    for account in found:
        screen.print(headline(account))
    for difference in differences(rows):
        screen.print(difference)
    for account in found:
        screen.print()
        screen.print(Text(account.version, style="bold"))
        screen.print(findings(account))
    screen.print()
    for line in [*causes(rows), *(written(rows, typed.out) if typed.out else [])]:
        screen.print(line, soft_wrap=True)
    if cached := sum(row.result.cached for row in rows):
        screen.print(f"cached: {cached} of {len(rows)} verdicts, worked out by an earlier run")
    screen.print(f"assumptions: {assumptions(typed)}")
    for purpose, command in commands(found, typed):
        screen.print(f"{purpose}:")
        screen.print(f"  {command}", soft_wrap=True)
