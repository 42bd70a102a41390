"""What `propose` found, printed, as JSON, and as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.padding import Padding

from counterexamples.documents import write_file
from model.parameters import setting_of
from proofs.checking.records import Result
from proofs.checking.request import Request
from proofs.proposing.asked import Asked, settings_named
from proofs.proposing.pricing import Prices
from proofs.proposing.proposal import Proposal, account
from proofs.proposing.search import Search
from proofs.proposing.space import shown
from proofs.proposing.writing import named, page, version_file, without
from proofs.reports.brief_forms import to_mail, to_markdown
from proofs.reports.terminal import console
from proofs.studies.cost import cost

if TYPE_CHECKING:
    from proofs.proposing.unrealizable import Core, Remedy


@dataclass(frozen=True)
class Found:
    """What a search came to, what it was about, and the prices that a person gave, if there are any.

    `combinations`: under how many that evidence leaves all had to hold, if it was asked so.
    `cores` and `remedies`: if no design is right, under which settings that is so, and what would have to be known.
    """

    request: Request
    rows: Sequence[Result]
    search: Search
    proposals: Sequence[Proposal]
    prices: Prices | None = None
    combinations: int = 0
    cores: Sequence[Core] = ()
    remedies: Sequence[Remedy] = ()

    @property
    def is_open(self) -> bool:
        """Whether there may be proposals that were not found."""
        return bool(self.search.counts.open) or self.search.may_miss

    @property
    def version(self) -> str:
        """The version that the changes are of."""
        return self.request.versions[0]


def counted(search: Search) -> str:
    """How many designs there were, and what became of them."""
    counts = search.counts
    return (
        f"{counts.designs} designs, {counts.explored} explored ({counts.share:.1%}), {counts.killed} ruled out by a"
        f" known trace, {counts.same} the same as another, {counts.above} beyond a proposal"
    )


def print_asked(asked: Sequence[Asked], wanted: Sequence[str]) -> None:
    """What was asked of every design, and what of `wanted` was not."""
    for item in asked:
        click.echo(f"asked in {item.where}: {' '.join(item.properties)}")
    names = {name for item in asked for name in item.properties}
    if left := [name for name in wanted if name not in names]:
        click.echo(f"not asked, the version says nothing of: {' '.join(left)}")


def print_found(found: Found, most: int, wanted: Sequence[str]) -> None:
    """The proposals, or what rules all designs out."""
    search = found.search
    click.echo(f"{found.version}, at most {most} changes: {counted(search)}")
    print_asked(search.asked, wanted)
    if found.combinations:
        settings = len({setting_of(item.subject.assumptions) for item in search.asked})
        click.echo(f"and under all {found.combinations} combinations that evidence leaves; one by one under {settings}")
    for number, proposal in enumerate(found.proposals, start=1):
        _print_proposal(number, proposal, found)
    if count := search.counts.open:
        click.echo(
            f"\nof {count} designs it is not known whether they keep all that is asked; a proposal may be missing"
        )
    if not found.proposals:
        click.echo(f"\n{_none(found)}; what rules designs out:")
        _print_kills(search)
    for core in found.cores:
        _print_core(core, found)
    for remedy in found.remedies:
        changes = named(search.space.ordered(remedy.changes))
        if set(remedy.unless) < {setting_of(item.subject.assumptions) for item in search.asked}:
            # what evidence leaves beside the settings asked was not looked at for these
            others = " (under the others that were asked one by one)" if found.combinations else ""
            click.echo(f"\nif it is known not to be {settings_named(remedy.unless)}: {changes}{others}")


def _print_core(core: Core, found: Found) -> None:
    search = found.search
    total = sum(1 for size in range(search.size + 1) for _ in search.space.designs(size))
    click.echo(f"\nno design is right under {settings_named(core.settings)}; what rules them all out:")
    for item, changes, count in core.refutations:
        steps = f" in {len(item.path)} steps" if item.path else ""
        head = f"{item.claim} is {item.word}{steps} ({search.asked[item.system].where})"
        click.echo(f"  {head}, in {'every design' if count == total else f'{count} designs'}")
        told = f"with {named(search.space.ordered(changes))}: " if changes else ""
        for sentence in account(search.asked, search.space.applied(changes), item):
            console().print(Padding(f"{told}{sentence}", (0, 0, 0, 4), expand=False))
            told = ""


def _print_proposal(number: int, proposal: Proposal, found: Found) -> None:
    click.echo(f"\n{number}. {named(proposal.changes)}")
    for reason in proposal.reasons:
        what = reason.part or f"{reason.change[0]} = {shown(reason.change[1])}"
        click.echo(f"   {what}: without it {without(reason, found.search.asked)}")
    spent = proposal.cost.shortest
    click.echo(f"   cost: {', '.join(f'{kind} {count}' for kind, count in spent.items()) if spent else 'no run'}")
    if found.prices is not None:
        click.echo(f"   price: {found.prices.of(*proposal.spent):g}")


def _none(found: Found) -> str:
    if found.is_open:
        return "none found: of the designs that were looked at none keeps all that is asked"
    return "unrealizable: no set of changes in this space keeps all that is asked"


def _print_kills(search: Search) -> None:
    for number, count in search.kills.most_common():
        trace = search.traces[number]
        where = search.asked[trace.system].where
        click.echo(f"  {count:>6}  {trace.claim} ({where}), {len(trace.path)} steps")
    silent: dict[tuple[int, str, str], list[int]] = {}
    for (system, name, word), count in search.silent.most_common():
        silent.setdefault((count, name, word), []).append(system)
    for (count, name, word), systems in silent.items():
        where = search.asked[systems[0]].where if len(systems) == 1 else f"in {len(systems)} of {len(search.asked)}"
        click.echo(f"  {count:>6}  {name} ({where}): {word}")


def as_json(found: Found) -> dict[str, object]:
    """What was found as plain data."""
    search = found.search
    return {
        "version": found.version,
        "asked": [{"where": item.where, "properties": list(item.properties)} for item in search.asked],
        "counts": vars(search.counts),
        **({"combinations": found.combinations} if found.combinations else {}),
        "proposals": [_proposal_as_json(item, found) for item in found.proposals],
        "traces": [
            {**vars(trace), "where": search.asked[trace.system].where, "rules_out": search.kills[number]}
            for number, trace in enumerate(search.traces)
        ],
        "cores": [
            {
                "under": [dict(setting) for setting in core.settings],
                "refutations": [
                    {
                        **vars(item),
                        "where": search.asked[item.system].where,
                        "changes": dict(changes),
                        "rules_out": count,
                    }
                    for item, changes, count in core.refutations
                ],
            }
            for core in found.cores
        ],
        "remedies": [
            {"unless": [dict(setting) for setting in item.unless], "changes": dict(item.changes)}
            for item in found.remedies
        ],
    }


def _proposal_as_json(item: Proposal, found: Found) -> dict[str, object]:
    priced = {} if found.prices is None else {"price": found.prices.of(*item.spent)}
    return {
        "changes": dict(item.changes),
        "without": {reason.part or reason.change[0]: without(reason, found.search.asked) for reason in item.reasons},
        "cost": item.cost.shortest,
        **priced,
    }


def write(found: Found, out: Path) -> None:
    """For each proposal a version file, a page and a mail; raises OSError."""
    before = cost(found.version) if found.proposals else None
    for number, proposal in enumerate(found.proposals, start=1):
        assert before is not None
        left = found.combinations
        made = page(found.version, number, proposal, found.search.asked, found.rows, before, left)
        stem = out / f"proposal-{number}"
        write_file(stem.with_suffix(".toml"), version_file(found.version, proposal.changes, out))
        write_file(stem.with_suffix(".md"), to_markdown(made))
        write_file(stem.with_suffix(".txt"), to_mail(made))
