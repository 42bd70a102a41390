"""State that no row has: what the driver of a tree keeps of its own in `struct bam_chan` and in a transaction.

By rules that hold for any C, whatever the names are:
- A number or truth of the channel that sections store and read is a variable of each channel, `rx.own_NAME` and
  `tx.own_NAME`, unless it is the row's flag. It begins as probe leaves it.
- A number or truth of a transaction that sections store outside of the functions which allocate one, and read, is a
  field of each entry of the channels' lists. It begins as 0: prep allocates a transaction zeroed.
- Both have C's width: a counter that wraps does so as in C.

Refused is what the model's own steps would have to store, as prep, attach, slave_config and the allocation of a channel
are none of C. Dropped, and why no property can see it: what sections store and none reads; what a transaction has that
is off the lists, which is only ever freed, so that a read of it is refused as one of what nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from model.context import Context
from model.language.system import Field
from model.source.bam import facts
from model.source.bam.kept import ALLOCATES, PREFIX, PREPARE, Kept, Own, called, calls, members_of
from model.source.ctypes import CType, Integer
from model.source.tree import SourceError
from model.source.unit import Unit

LISTS = ("desc_submitted", "desc_issued", "desc_list")
OUTSIDE = ("bam_channel_init", "bam_dma_probe", "bam_dma_remove", "bam_free_chan", "bam_pause", "bam_resume")
"""What runs before and after all requests, or is called by no client here."""


def own_state(unit: Unit, roots: Sequence[str], flagged: bool) -> Own:
    """What a driver keeps of its own; `flagged`: whether the row has a flag, which is the one such member of a channel.

    Raises SourceError for what the model's own steps would have to store.
    """
    kept = Kept(unit, roots)
    state = [] if flagged else [name for name in kept.stored if name in kept.read]
    channel = {name: kind for name, kind in members_of(unit, "bam_chan").items() if name in state}
    makers = [function.decl.name for function in called(unit, roots) if calls(function, ALLOCATES)]
    changed = Kept(unit, roots, "bam_async_desc", makers)
    everywhere = Kept(unit, roots, "bam_async_desc")
    found = [name for name in changed.stored if name in everywhere.read]
    transaction = {name: kind for name, kind in members_of(unit, "bam_async_desc").items() if name in found}
    _demand_untouched(unit, roots, "bam_chan", channel)
    _demand_untouched(unit, roots, "bam_async_desc", transaction)
    for name, kind in [*channel.items(), *transaction.items()]:
        if not isinstance(kind, Integer):
            where = {**kept.stored, **changed.stored}[name]
            raise SourceError(f"{where}: {name} is state, and neither a number nor a truth: it has no meaning here")
    return Own(channel, transaction, _unread(unit))


def _unread(unit: Unit) -> frozenset[str]:
    """The members of a channel or a transaction that functions store, and none of all reads."""
    every = [Kept(unit, list(unit.functions), tag) for tag in ("bam_chan", "bam_async_desc")]
    return frozenset(name for kept in every for name in kept.stored if not any(name in each.read for each in every))


def _demand_untouched(unit: Unit, roots: Sequence[str], tag: str, own: Mapping[str, CType]) -> None:
    """Raise SourceError for a member that is stored, or by prep read, where the model has a step of its own."""
    within = {function.decl.name for function in called(unit, roots)}
    outside = Kept(unit, [name for name in unit.functions if name not in within and name not in OUTSIDE], tag)
    prep = Kept(unit, (PREPARE,), tag)
    for name in own:
        if name in outside.stored:
            raise SourceError(f"{outside.stored[name]}: {name} is state of sections, and is stored outside of them")
        if name in prep.read:
            raise SourceError(f"{facts.DRIVER}: {PREPARE} reads {name}, which sections store, and is a step of no C")


def declare(ctx: Context, own: Own, initial: Mapping[tuple[str, str], int]) -> None:
    """Put what is kept into the space of `ctx`; `initial`: by channel's name and member what probe leaves there."""
    space = ctx.space
    for name, member, kind in _each(own.channel):
        space.add(f"{name}.{PREFIX}{member}", 0 if _width(kind) == 1 else _width(kind), initial[name, member])
    for name, member, kind in _each(own.transaction):
        for queue in LISTS:
            space.extend_queue(f"{name}.{queue}", PREFIX + member, Field(_width(kind)))


def declared(ctx: Context, unit: Unit, roots: Sequence[str]) -> Own:
    """What a driver keeps of its own that the space of `ctx` has."""
    names = {name.partition(PREFIX)[2] for name in ctx.space.variables if PREFIX in name}
    if not names:
        return Own(unread=_unread(unit))
    found = own_state(unit, roots, "rx.locked" in ctx.space.variables)
    channel, transaction = (
        {name: kind for name, kind in each.items() if name in names} for each in (found.channel, found.transaction)
    )
    return Own(channel, transaction, found.unread)


def _each(members: Mapping[str, CType]) -> Iterator[tuple[str, str, CType]]:
    return ((name, member, kind) for name in ("rx", "tx") for member, kind in members.items())


def _width(kind: CType) -> int:
    assert isinstance(kind, Integer)
    return kind.width
