"""A report on one version for a reader with five minutes: what is proved, what is violated and since when.

All of it comes from one run, from what is recorded of other versions, and from what a person judged; nothing else is
said. It is for two pages: the gravest violations have their accounts as far as the room goes, the others say where to
read them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import z3

from model import parameters
from model.versions import meanings
from proofs.audit.judgements import Judgement
from proofs.checking.expectations import Recorded
from proofs.checking.records import ANY_REQUESTS, CERTIFIED, STRENGTHS, WITHIN_BOUNDS, Result
from proofs.checking.stored import stored_story
from proofs.checking.words import Word
from proofs.reports.brief_forms import Brief, Entry
from proofs.reports.history import since
from proofs.reports.summary import Account, consequence, headline
from proofs.reports.terminal import tool_version
from proofs.studies.cost import KINDS, Cost
from proofs.studies.fixes import Fix, Fixes
from proofs.studies.sensitivity import Sensitivity

WORDS = 1450
"""What two pages hold."""


@dataclass(frozen=True)
class Told:
    """A trace in words: its steps, its account, and the assumptions that it needs."""

    path: tuple[str, ...]
    account: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    """What a brief is made of beside the verdicts.

    `recorded`: of all versions. `certified`: properties whose recorded certificates were proved again. `told`: by a
    result's `trace`. `judged`, `links` (names to paths) and `fixes`: by property. `costs`: by version, its own first.
    `depends`: what verdicts of one scenario depend on, by single answers about the hardware.
    """

    recorded: Sequence[Recorded] = ()
    certified: Collection[str] = ()
    told: Mapping[str, Told] = field(default_factory=dict)
    judged: Mapping[str, Judgement] = field(default_factory=dict)
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fixes: Mapping[str, Fixes] = field(default_factory=dict)
    costs: Mapping[str, Cost] = field(default_factory=dict)
    depends: Sequence[Sensitivity] = ()


VIOLATED = "What is violated, the worst first"


def told(path: Path) -> Told:
    """What there is to say of a stored trace; takes seconds. Raises DocumentError."""
    story = stored_story(path)
    return Told(story.trace.path, tuple(sentence.text for sentence in story.account), story.needs)


def brief(account: Account, material: Material) -> Brief:
    """The brief of one version: within `WORDS` as many accounts as there is room for, the gravest first."""
    sections = {
        "What is proved": list(_proved(account, material)),
        VIOLATED: [_finding(account, result, material) for result in account.wrong],
        "What another answer about the hardware changes": list(_answers(material.depends)),
        "What is open, and what does not apply": list(_aside(account)),
        "What one request costs": list(_costs(material.costs)),
        "Bounds and assumptions": list(_settings(account)),
    }
    short = Brief(
        f"{account.version}: what is proved, what is violated",
        (_asked(account), headline(account).plain),
        {title: entries for title, entries in sections.items() if entries},
    )
    return _with_accounts(short, account, material) if account.wrong else short


def _asked(account: Account) -> str:
    results = [row.result for row in account.rows]
    properties, scenarios = {row.property for row in results}, dict.fromkeys(row.scenario for row in results)
    engines = f"bam-lock-check {tool_version()} with z3 {z3.get_version_string()}"
    asked = f"properties: {len(properties)}; scenarios: {', '.join(scenarios)}; verdicts: {len(results)}"
    return f"Asked: {asked}. By {engines}"


def _strength(account: Account, property_id: str, certified: Collection[str]) -> str | None:
    """The strongest proof of a property in any scenario, None if it is proved in none."""
    found = {row.result.strength for row in account.rows if row.result.property == property_id} - {None}
    if ANY_REQUESTS in found and property_id in certified:
        found.add(CERTIFIED)
    return next((strength for strength in reversed(STRENGTHS) if strength in found), None)


def _proved(account: Account, material: Material) -> Iterator[Entry]:
    strengths = {result.property: _strength(account, result.property, material.certified) for result in account.good}
    for strength in reversed(STRENGTHS):
        names = [name for name, own in strengths.items() if own == strength]
        if names:
            yield Entry(strength, (f"{', '.join(names)} ({STRENGTHS[strength]})",))
    if names := [result.property for result in account.having(Word.REACHED)]:
        yield Entry(Word.REACHED, (", ".join(names),))


def _finding(account: Account, result: Result, material: Material) -> Entry:
    """A violation without its account."""
    name, scenarios = result.property, account.scenarios(result)
    only = f", {result.verdict} only in {', '.join(scenarios)}" if scenarios else ""
    steps = result.verdict if result.depth is None else f"{result.depth} steps"
    proof = _strength(account, name, material.certified)
    elsewhere = () if proof in (None, WITHIN_BOUNDS) else (f"In endless it is proved ({proof})",)
    story = material.told.get(result.trace or "")
    needs = () if story is None else (f"Needs {', '.join(story.needs) or 'no answer in particular'}",)
    judgement = material.judged.get(name)
    sentences = (
        _begun(consequence(result)),
        f"{_begun(steps)} in {result.scenario}{only}",
        _begun(since(material.recorded, name, result.version)),
        *elsewhere,
        *needs,
        f"Judged by a person: {judgement}" if judgement else "Not judged yet",
        *((_fixes(material.fixes[name]),) if name in material.fixes else ()),
    )
    return Entry(name, sentences, material.links.get(name, {}))


def _begun(text: str) -> str:
    """A clause as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _fixes(found: Fixes) -> str:
    """The changes that remove a violation and break the least."""
    if not found.fixes:
        return f"None of {found.tried} single changes removes it"
    least = min(_harm(fix) for fix in found.fixes)
    best = [fix for fix in found.fixes if _harm(fix) == least]
    return f"{len(found.fixes)} of {found.tried} single changes remove it; " + "; ".join(map(_fix, best))


def _harm(fix: Fix) -> tuple[int, int]:
    """How much a change breaks, then how much it silences."""
    return len(fix.breaks), len(fix.silences)


def _fix(fix: Fix) -> str:
    value = " ".join(fix.value) if isinstance(fix.value, tuple) else f"{fix.value} ({meanings(fix.axis)[fix.value]})"
    silences = f" and says nothing any more of {', '.join(fix.silences)}" if fix.silences else ""
    return f"{fix.axis} = {value} breaks {', '.join(fix.breaks) or 'no other property'}{silences}"


def _with_accounts(short: Brief, account: Account, material: Material) -> Brief:
    """The same with accounts, one for violations that the same steps show."""
    room = WORDS - short.words
    entries, before = [], dict[tuple[str, ...], str]()
    for entry, result in zip(short.sections[VIOLATED], account.wrong, strict=True):
        story = material.told.get(result.trace or "")
        if story is not None and story.path in before:
            entry = replace(entry, sentences=(*entry.sentences, f"The steps are those of {before[story.path]}"))
        elif story is not None and room > 0:
            before[story.path] = entry.name
            longer = replace(entry, sentences=(*entry.sentences, *story.account))
            # once one does not fit, none of those that are less grave does
            room -= longer.words - entry.words
            entry = longer if room >= 0 else entry
        entries.append(entry)
    return replace(short, sections={**short.sections, VIOLATED: entries})


def _answers(depends: Sequence[Sensitivity]) -> Iterator[Entry]:
    """For each answer the properties that fall with it, and those that only hold with it."""
    falls: dict[str, list[str]] = {}
    holds: dict[str, list[str]] = {}
    for item in depends:
        for setting, result in item.changes:
            name = ", ".join(f"{key}={value}" for key, value in setting)
            if item.default.verdict.holds and result.verdict.is_wrong:
                falls.setdefault(name, []).append(result.property)
            elif item.default.verdict.is_wrong and result.verdict.holds:
                holds.setdefault(name, []).append(result.property)
    for name in dict.fromkeys((*falls, *holds)):
        told = ((falls, "violated then"), (holds, "not violated then"))
        yield Entry(name, tuple(f"{_begun(what)}: {', '.join(found[name])}" for found, what in told if name in found))
    if depends:
        scenario = depends[0].default.scenario
        nothing = f"Nothing falls with it and nothing holds only then, in {scenario}, the one scenario asked for this"
        both = all(item.pairs is not None for item in depends)
        yield Entry("any other single answer, or two" if both else "any other single answer", (nothing,))


def _aside(account: Account) -> Iterator[Entry]:
    for word in (Word.VACUOUS, Word.UNKNOWN, Word.BOUNDED, Word.NOT_APPLICABLE):
        by_reason: dict[str, list[str]] = {}
        for result in account.having(word):
            by_reason.setdefault(result.reason, []).append(result.property)
        if by_reason:
            told = (f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())
            yield Entry(word, ("; ".join(told),))
    yield from _untested(account)


def _untested(account: Account) -> Iterator[Entry]:
    """Scenarios in which what holds or fails elsewhere is about nothing: their silence is no proof."""
    vacuous = {result.property for result in account.having(Word.VACUOUS)}
    by_scenario: dict[str, list[str]] = {}
    for row in account.rows:
        if row.result.verdict is Word.VACUOUS and row.result.property not in vacuous:
            by_scenario.setdefault(row.result.scenario, []).append(row.result.property)
    for scenario, names in by_scenario.items():
        yield Entry(f"nothing said in {scenario}", (f"{', '.join(names)}; nothing that these are about happens there",))


def _costs(costs: Mapping[str, Cost]) -> Iterator[Entry]:
    """The first one's cost, by kind, beside those of the others."""
    for kind in KINDS if costs else ():
        own, *others = (f"{name} {_cost(item, kind)}" for name, item in costs.items())
        yield Entry(kind, ("; ".join([own, *others]),))


def _cost(item: Cost, kind: str) -> str:
    shortest = "no successful run" if item.shortest is None else str(item.shortest[kind])
    most = item.most[kind]
    limit = f" or more (capacity {', '.join(item.exceeded)})" if item.exceeded else ""
    return f"{shortest}, at the worst {'unbounded' if most is None else f'{most}{limit}'}"


def _settings(account: Account) -> Iterator[Entry]:
    """The bounds of the first scenario, what differs in the others, and the assumptions."""
    by_scenario = {row.result.scenario: row.result.bounds for row in account.rows}
    first: Mapping[str, int] = {}
    for scenario, bounds in by_scenario.items():
        differing = {key: value for key, value in bounds.items() if first.get(key) != value}
        first = first or bounds
        yield Entry(scenario, (_pairs(differing) if differing else "the same bounds",))
    assumed = account.rows[0].result.assumptions if account.rows else {}
    usual = dict(assumed) == parameters.assumptions({})
    yield Entry("assumptions", ("the defaults, see `list assumptions`" if usual else _pairs(assumed),))


def _pairs(values: Mapping[str, int] | Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())
