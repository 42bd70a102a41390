"""`mutate`: wrong models, and who notices."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from counterexamples.documents import is_stdout, write_file
from model import versions
from proofs.audit.mutation import (
    COUNT,
    DEFAULT,
    EQUIVALENT,
    FILE,
    GOAL,
    PROPERTY,
    REDUNDANT,
    SURVIVED,
    Judgement,
    Outcome,
    run,
)
from proofs.checking import outputs
from proofs.checking.request import demand_known_axes, everything
from proofs.commands import options, place


@click.command("mutate")
@click.argument("names", nargs=-1, metavar="[VERSION]...")
@click.option("--sample", type=click.IntRange(1), default=1, metavar="N", help="Only every N-th mutant.")
@click.option("--json", "json_file", type=options.Named(), help="Write the outcomes as JSON.")
@options.workers
@place.on
@place.journal
def command(
    names: tuple[str, ...],
    sample: int,
    json_file: Path | None,
    jobs: int | None,
    on: str | None,
    journal: Path | None,
) -> None:
    """Make the model wrong in one place at a time; say who notices, and list what nobody does.

    Exit code 1 if what nobody notices has no reason in survivors.toml, or a reason there explains something else, or
    less than 95 % is killed.
    """
    outputs.demand_files({"--json": json_file, "--journal": journal})
    place.demand(journal)
    chosen = tuple(dict.fromkeys(versions.load(name).name for name in names)) or DEFAULT
    for name in chosen:
        demand_known_axes(name)
        if name not in everything().versions:
            raise click.UsageError(f"mutants are made of versions whose verdicts are recorded only, not of {name}")
    found = run(chosen, place.workers(jobs, on, journal), sample)
    if json_file is None or not is_stdout(json_file):
        click.echo(to_text(found), nl=False)
    if json_file is not None:
        write_file(json_file, json.dumps(as_json(found), indent=1) + "\n")
    sys.exit(1 if found.unexplained or found.stale or found.rates[0] < GOAL else 0)


def to_text(found: Judgement) -> str:
    """The report: numbers, who kills how many, and everything that nobody notices with its reason."""
    numbers = Counter(item.fate for item in found.outcomes)
    rate, raw = found.rates
    lines = [
        f"{len(found.outcomes)} mutants: {numbers[PROPERTY]} killed by a property, {numbers[COUNT]} by a count only,"
        f" {numbers[EQUIVALENT]} equivalent (z3, all states), {numbers[REDUNDANT]} redundant (exhaustion, all reachable"
        f" states), {numbers[SURVIVED]} survived",
        f"killed: {rate:.1%} of those that are neither equivalent nor redundant, {raw:.1%} of all",
        "not mutated: the second forms of actions, in which a fault strikes, and the steps that follow one",
        *(f"endless {name}: too large, only {count:,} states were looked at" for name, count in found.cut.items()),
        "",
        "noticed by (a mutant may be noticed by several):",
    ]
    names = Counter(name for item in found.outcomes for name in item.noticed_by)
    lines += [f"  {count:5} {name}" for name, count in names.most_common()]
    lines += ["", "killed by a count only:", *(f"  {_shown(item)}" for item in found.of(COUNT))]
    for fate in (SURVIVED, REDUNDANT):
        groups: dict[str, list[Outcome]] = {}
        for item in found.of(fate):
            groups.setdefault(found.reasons.get(item.label, "no reason is recorded"), []).append(item)
        for reason, items in groups.items():
            lines += ["", f"{fate}: {reason}", *(f"  {_shown(item)}" for item in items)]
    lines += ["", "equivalent:", *(f"  {_shown(item)}" for item in found.of(EQUIVALENT))]
    lines += [f"{FILE} explains what is noticed, equivalent or does not exist: {label}" for label in found.stale]
    return "\n".join(lines) + "\n"


def _shown(item: Outcome) -> str:
    place = f"{item.version}, {item.case}" if item.version else ", ".join(item.versions)
    return f"{item.label} ({place})"


def as_json(found: Judgement) -> dict[str, object]:
    """The same as plain data."""
    rate, raw = found.rates
    rows = [asdict(item) | {"reason": found.reasons.get(item.label)} for item in found.outcomes]
    return {"schema": 1, "rate": rate, "raw_rate": raw, "cut": found.cut, "stale": found.stale, "mutants": rows}
