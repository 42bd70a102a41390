"""The kernel's intrusive lists as sequences of pointers to list_heads, with the operations of linux/list.h.

A list is known by where its head is. Putting on what is on a list already, and taking off what is on none, are
obligations, as both corrupt a list.
"""

from __future__ import annotations

from model.source.symbolic.machine import Machine
from model.source.symbolic.state import Items
from model.source.symbolic.terms import Condition, Number, above, both, choose, either, equal, fold, no, wide
from model.source.symbolic.values import INDEX, Key, Place, Pointer, merge_pointers


def head_of(machine: Machine, head: Pointer) -> Key:
    """The list whose head a pointer points to; refuses one that may be several, or is none."""
    key = machine.only_key(head, "a list's head")
    if key not in machine.state.lists:
        machine.refuse(f"{Place(*key)} is a list of which nothing is known")
    machine.touch(key)
    return key


def is_empty(machine: Machine, head: Pointer) -> Condition:
    """list_empty."""
    return equal(machine.state.lists[head_of(machine, head)].length, 0)


def first(machine: Machine, head: Pointer) -> Pointer:
    """The first entry's list_head; where the list is empty, anything."""
    return machine.state.lists[head_of(machine, head)].at(0)


def last(machine: Machine, head: Pointer) -> Pointer:
    """The last entry's list_head; where the list is empty, anything."""
    items = machine.state.lists[head_of(machine, head)]
    found = items.at(0)
    for position in range(1, len(items.entries)):
        found = merge_pointers(equal(items.length, position + 1), items.at(position), found)
    return found


def containing(machine: Machine, entry: Pointer, member: str) -> Pointer:
    """container_of: what has the list_head, or another member, at that path inside."""
    steps = tuple(member.replace("->", ".").split("."))
    alternatives: list[tuple[Condition, Place | None]] = []
    for condition, place in entry.alternatives:
        if place is not None and place.path[-len(steps) :] != steps:
            machine.oblige(condition, f"takes {place} for the member {member} of something")
            continue
        alternatives.append((condition, place and Place(place.object, place.path[: -len(steps)])))
    if not alternatives:
        machine.refuse(f"takes what is no member {member} for one")
    return Pointer(tuple(alternatives))


def push(machine: Machine, entry: Pointer, head: Pointer, front: bool) -> None:
    """list_add, or list_add_tail."""
    key = head_of(machine, head)
    # it is written to, so that what it cannot be here is not on the list
    entry = Pointer(tuple(machine.accessible(entry)))
    machine.oblige(_on_some_list(machine, entry), "puts onto a list what is on one already")
    for notice in machine.on_push:
        notice(key, entry)
    items = machine.state.lists[key]
    if not front and any(key == walk.key for walk in machine.walks):
        machine.refuse("puts an entry at the end of the list that a loop walks along, which has no meaning here")
    length = _more(machine, key, items.length, 1)
    if front:
        entries = [entry, *items.entries]
    else:
        entries = [*items.entries, entry]
        for position in range(len(items.entries)):
            entries[position] = merge_pointers(equal(items.length, position), entry, entries[position])
    machine.state.lists[key] = Items(tuple(entries[: _capacity(machine, key)]), length)


def _capacity(machine: Machine, key: Key) -> int | None:
    return machine.limits[key][1] if key in machine.limits else None


def _more(machine: Machine, key: Key, length: Number, by: Number) -> Number:
    """The length and so many more; where that is beyond what the model has, the capacity is exceeded."""
    both_known = isinstance(length, int) and isinstance(by, int)
    total = length + by if both_known else fold(wide(length, INDEX) + wide(by, INDEX))
    if key in machine.limits:
        name, capacity = machine.limits[key]
        machine.exceed(name, above(total, capacity))
    return total


def _demand_alive(machine: Machine, entry: Pointer) -> None:
    for under, place in entry.places:
        machine.oblige(both(under, machine.state.gone.get(place.object, False)), "uses what is freed")


def _hits(items: Items, entry: Pointer) -> list[Condition]:
    """For each position whether the entry is there."""
    return [fold(both(above(items.length, place), each.same(entry))) for place, each in enumerate(items.entries)]


def _on_some_list(machine: Machine, entry: Pointer) -> Condition:
    return either(*(hit for items in machine.state.lists.values() for hit in _hits(items, entry)))


def remove(machine: Machine, entry: Pointer) -> None:
    """list_del."""
    _demand_alive(machine, entry)
    found: list[Condition] = []
    everywhere = {key: _hits(items, entry) for key, items in machine.state.lists.items()}
    can = iter(machine.possible_each([hit for hits in everywhere.values() for hit in hits]))
    for key, items in list(machine.state.lists.items()):
        hits = [hit if next(can) else False for hit in everywhere[key]]
        if any(hit is not False for hit in hits):
            machine.touch(key)
            found += hits
            _demand_no_step_lost(machine, key, entry, either(*hits))
            machine.state.lists[key] = _without(machine, items, hits)
    machine.oblige(no(either(*found)), "takes off a list what is on none")


def _demand_no_step_lost(machine: Machine, key: Key, entry: Pointer, hit: Condition) -> None:
    """A loop over the list goes on from its present entry, or, if it is a safe one, from the one after that."""
    for walk in machine.walks:
        if walk.key == key:
            wrong = no(entry.same(walk.entry)) if walk.safe else True
            machine.oblige(both(hit, wrong), "takes off the list the entry from which a loop over it goes on")


def _without(machine: Machine, items: Items, hits: list[Condition]) -> Items:
    otherwise = machine.possible_each([no(hit) for hit in hits])
    hits = [hit if hit is False or other else True for hit, other in zip(hits, otherwise, strict=True)]
    entries, passed = [], False
    for position, entry in enumerate(items.entries):
        passed = either(passed, hits[position])
        more = position + 1 < len(items.entries)
        entries.append(merge_pointers(passed, items.at(position + 1), entry) if more else entry)
    gone = choose(fold(passed), 1, 0, INDEX)
    both_known = isinstance(items.length, int) and isinstance(gone, int)
    length = items.length - gone if both_known else fold(wide(items.length, INDEX) - wide(gone, INDEX))
    if hits and hits[-1] is False and passed is True:
        entries.pop()
    return Items(tuple(entries), length)


def splice(machine: Machine, source: Pointer, target: Pointer, tail: bool) -> None:
    """list_splice_init, or list_splice_tail_init: all entries of one list to the front or the end of another."""
    one, two = head_of(machine, source), head_of(machine, target)
    if any(walk.key in (one, two) for walk in machine.walks):
        machine.refuse("moves the entries of a list that a loop walks along, which has no meaning here")
    moved, kept = machine.state.lists[one], machine.state.lists[two]
    total = _more(machine, two, kept.length, moved.length)
    before, after = (kept, moved) if tail else (moved, kept)
    entries = []
    for position in range(len(kept.entries) + len(moved.entries))[: _capacity(machine, two)]:
        here = before.at(position)
        for place, entry in enumerate(after.entries):
            if 0 <= position - place <= len(before.entries):
                here = merge_pointers(equal(before.length, position - place), entry, here)
        entries.append(here)
    machine.state.lists[two] = Items(tuple(entries), total)
    machine.state.lists[one] = Items()


def initialize(machine: Machine, head: Pointer) -> None:
    """INIT_LIST_HEAD: an empty list; what was on it is on none."""
    for _, place in machine.accessible(head):
        for _, key in machine.keys(place):
            machine.state.lists[key] = Items()
