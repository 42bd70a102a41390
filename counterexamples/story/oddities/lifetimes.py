"""Lifetimes and bookkeeping of the driver: mappings, cookies, the one command buffer, what is left behind."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from counterexamples.story.moment import LOCKS, Moment, Record, State, kind_of, kinds, listed, quiescent
from counterexamples.story.oddities.oddity import Lead, Oddity, Test

_MAPPINGS: Mapping[str, str] = {
    "client.data_mapped": "the mapping of a request's data",
    "client.buffer_mapped": "the mapping of the command buffer (wr_sgl)",
    "client.lock_mapped": "the mapping of the buffer of LOCK",
    "client.unlock_mapped": "the mapping of the buffer of UNLOCK",
    "rx.mapped": "the mapping of a command element of LOCK or UNLOCK",
    "rx.alive": "a LOCK or UNLOCK transaction",
    "rx.leaked": "a mapping that nobody knows any more",
    "rx.desc_allocated": "a transaction of the commands that was never submitted",
}


def _left_over(m: Moment) -> Oddity | None:
    left = [name for name in _MAPPINGS if m.after[name]]
    if not left or not quiescent(m):
        return None
    verb = "are" if left[1:] else "is"
    clause = f"Linux is at rest and {listed([_MAPPINGS[name] for name in left])} {verb} left over"
    remedy = "The completion would have to undo each mapping that the request made"
    return Oddity(clause, tuple(left), remedy, after=True)


def _dead_mapping(m: Moment) -> Oddity | None:
    dead = [record for record in m.after["rx.ring"] if not _mapped(m.after, record)]
    if not dead:
        return None
    verb, whose = ("are", "their") if dead[1:] else ("is", "its")
    clause = f"{listed(kinds(dead))} {verb} still in the ring and {whose} mapping is gone"
    name = "client.lock_mapped" if "client.lock_mapped" in m.after else "rx.mapped"
    remedy = "A mapping may be undone only after the pipe has consumed what reads it"
    return Oddity(clause, (name, "client.buffer_mapped"), remedy, after=True)


def _mapped(state: State, record: Record) -> bool:
    kind = kind_of(record)
    if kind in ("CONFIGURE", "GO"):
        return bool(state["client.buffer_mapped"] >> record["req"] & 1)
    if kind not in LOCKS:
        return True
    if "rx.mapped" in state:
        return bool(state["rx.mapped"] >> record["map"] & 1)
    return bool(state.get(f"client.{kind.lower()}_mapped", True))


def _foreign_unmap(m: Moment) -> Oddity | None:
    if not m.happens("unmap_foreign"):
        return None
    for kind in ("lock", "unlock"):
        made, slot = _being_freed(m, kind), m.before[f"rx.{kind}_sg"]
        if made and made != 1 << slot:
            mine = listed([str(number) for number in range(made.bit_length()) if made >> number & 1])
            clause = (
                f"{kind}_sg of the channel is mapping {slot} by now, and the {kind.upper()} being freed made {mine}"
            )
            remedy = "With the mapping kept in the descriptor instead of the channel, each would have unmapped its own"
            return Oddity(clause, (f"rx.{kind}_sg", *_freed_from(m, kind)), remedy)
    return None


_FREES: Mapping[str, tuple[str, ...]] = {"irq": (), "tasklet": ("freeing",)}


def _freed_from(m: Moment, kind: str) -> tuple[str, ...]:
    """The set that the step frees LOCKs or UNLOCKs from; none in the interrupt, which takes them off desc_list."""
    return tuple(f"rx.{place}_{kind}" for place in _FREES.get(m.actor, ("terminated",)))


def _being_freed(m: Moment, kind: str) -> int:
    """The mappings of the LOCKs or UNLOCKs that the step frees, as a set."""
    if waiting := _freed_from(m, kind):
        return sum(int(m.before[name] or 0) for name in waiting)
    reaped = [record["map"] for record in m.taken("rx.desc_list") if kind_of(record) == kind.upper()]
    return sum(1 << number for number in reaped)


def _covers_unconsumed(m: Moment) -> Oddity | None:
    if not m.happens("cookie_covers_unconsumed"):
        return None
    done = m.after["rx.completed_cookie"]
    waiting = [*m.after["rx.desc_submitted"], *m.after["rx.desc_issued"], *m.after["rx.desc_list"]]
    covered = [item for item in waiting if kind_of(item) not in LOCKS and item["cookie"] <= done]
    named = listed([f"{kind_of(item)} (cookie {item['cookie']})" for item in covered])
    verb = "have" if covered[1:] else "has"
    clause = f"the completed cookie is {done} and covers {named}, which {verb} not been consumed"
    return Oddity(clause, ("rx.completed_cookie",), _NO_COOKIE, after=True)


def _goes_back(m: Moment) -> Oddity | None:
    if not m.happens("cookie_moves_back"):
        return None
    without = LOCKS if m.trace.subject.axes.get("lock-cookie") == "none" else ()
    done = [record for record in m.taken("rx.desc_list") if not record["left"] and kind_of(record) not in without]
    reaped = [record["cookie"] for record in done]
    order = [m.before["rx.completed_cookie"], *reaped]
    back = next((one, two) for one, two in pairwise(order) if two < one)
    clause = f"the completed cookie has gone from {back[0]} back to {back[1]}"
    return Oddity(clause, ("rx.completed_cookie",), _NO_COOKIE, after=True)


_NO_COOKIE = "LOCK takes the next cookie and goes to the front: with no cookie of its own it would disturb no order"


def _data_unmapped(m: Moment) -> Oddity | None:
    # DATA that only waits behind its NWD, all of it being taken, reads nothing any more
    waits = m.trace.subject.axes["nwd"] == "rx-data" and m.after["rx.nwd_wait"] and not m.after["engine.published_rx"]
    unread = m.after["rx.ring"][1 if waits else 0 :]
    rings = {"rx": [item for item in unread if kind_of(item) == "DATA"], "tx": m.after["tx.ring"]}
    for name, pipe in (("rx", "consumer"), ("tx", "producer")):
        dead = [item for item in rings[name] if not m.after["client.data_mapped"] >> item["req"] & 1]
        if dead:
            whose = f"request {dead[0]['req'] + 1}"
            clause = f"the {pipe} ring holds {listed(kinds(dead))} of {whose}, whose pages are no longer mapped"
            remedy = "An error path that terminates the channel before it unmaps would have taken them off"
            return Oddity(clause, ("client.data_mapped", f"{name}.ring.len"), remedy, after=True)
    return None


def _ring_lapped(m: Moment) -> Oddity | None:
    if not m.happens("ring_lapped"):
        return None
    name = next(name for name in ("rx", "tx") if m.put(f"{name}.desc_list"))
    left = m.after[f"{name}.ring"]
    if left:
        clause = f"what was written before is overwritten unread, and the doorbell announces only {listed(kinds(left))}"
    else:
        clause = "the doorbell equals the read offset, so that the hardware is told nothing of what is in the ring"
    remedy = "With one slot always kept free, tail would never have reached the read offset"
    return Oddity(clause, (f"{name}.tail", f"{name}.ring.len"), remedy, after=True)


def _wrong_in_c(m: Moment) -> Oddity | None:
    if not m.happens("wrong_in_c"):
        return None
    if m.action == "client.finish":
        told, _, _ = m.step.source.rpartition("; ")
        clause = f"in some request that ends so the client's C does what it must not do: {told}"
        return Oddity(clause, (), "Without that the same failure would leave nothing", after=True)
    clause = "the C of this section does what it must not do, or leaves something otherwise than it has to be"
    return Oddity(clause, (), "`compare` with the row says what, and in which line", after=True)


def _buffer_rewritten(m: Moment) -> Oddity | None:
    if not m.happens("buffer_rewritten_under_reader"):
        return None
    own = ("CMD", "CONFIGURE", "GO", *(LOCKS if m.trace.subject.axes["lock"] == "client" else ()))
    places = {"rx.ring": "the ring", "rx.desc_issued": "desc_issued", "rx.desc_submitted": "desc_submitted"}
    found = [(name, [kind for kind in kinds(m.before[name]) if kind in own]) for name in places]
    readers = [f"{listed(names)} in {places[name]}" for name, names in found if names]
    verb = "has" if sum(len(names) for _, names in found) == 1 else "have"
    variables = tuple(f"{name}.len" for name, names in found if names)
    remedy = "The buffer may be rewritten only when all that reads it is consumed or terminated"
    return Oddity(f"{listed(readers)} {verb} not read the command buffer yet", variables, remedy)


def _stale(m: Moment) -> Oddity | None:
    present = m.after["client.request"] % m.trace.subject.bounds["requests"]
    places = {"rx.desc_submitted": "desc_submitted", "rx.desc_issued": "desc_issued"}
    for name, place in places.items():
        stale = [item for item in m.after[name] if kind_of(item) not in LOCKS and item["req"] != present]
        if stale:
            what = f"{listed(kinds(stale))} of request {stale[0]['req'] + 1}"
            clause = f"{what} {'are' if stale[1:] else 'is'} left in {place} while request {present + 1} has its turn"
            remedy = "An error path that terminates the channel would have taken them off"
            return Oddity(clause, (f"{name}.len",), remedy, after=True)
    return None


def _foreign_metadata(m: Moment) -> Oddity | None:
    if not m.happens("bracket_with_foreign_metadata"):
        return None
    inside = {
        item["req"]
        for name in ("rx.desc_submitted", "rx.desc_issued")
        for item in m.before[name]
        if kind_of(item) == "CMD" and item["req"] != m.before["rx.metadata"]
    }
    clause = f"the bracket has the metadata of request {m.before['rx.metadata'] + 1} and also wraps CMD of request "
    clause += listed([str(number + 1) for number in sorted(inside)])
    remedy = "Metadata kept with the transaction instead of the channel would have been its own"
    return Oddity(clause, ("rx.metadata", "rx.desc_submitted.len"), remedy, after=True)


BREACHES: Mapping[str, Test] = {
    "mapping-live": _dead_mapping,
    "mapping-own": _foreign_unmap,
    "mapping-freed": _left_over,
    "completion-order": _covers_unconsumed,
    "cookie-monotonic": _goes_back,
    "data-mapped": _data_unmapped,
    "code-safe": lambda m: _wrong_in_c(m) or _ring_lapped(m),
    "buffer-stable": _buffer_rewritten,
    "nothing-stale": _stale,
    "metadata-own": _foreign_metadata,
}

LEADS = (
    Lead(_foreign_unmap, ("mapping-live",)),
    Lead(_buffer_rewritten, ("metadata-own",)),
)
