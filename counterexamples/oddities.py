"""What is odd about a step, looked up in the states around it, what it should not have met.

Each oddity is a predicate on the states and a clause that is true whenever the predicate holds. That is what an account
says after "although", and where its variables were last set is where the other half of a conflict is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from counterexamples.moment import (
    Moment,
    Record,
    State,
    has_lock_hardware,
    kind_of,
    kinds,
    listed,
    moments,
    owner,
    quiescent,
)
from counterexamples.trace import Trace

_WRITES = ("bam.execute_configure", "bam.execute_go", "client.cpu_configure", "client.cpu_go", "tz.write_config")
_REGISTER_WRITES = (*_WRITES, "tz.write_go")
_CLIENT_DESCRIPTORS = ("bam.execute_configure", "bam.execute_go", "bam.publish_data")
_CPU = ("client.cpu_configure", "client.cpu_go", "client.read_status")
_DUMMY = ("bam.execute_lock", "bam.execute_unlock", "bam.write_lock_dummy", "bam.write_unlock_dummy")
_LOCKS = ("LOCK", "UNLOCK")
_EXCLUSION = ("config-integrity", "quiet-engine", "quiet-dummy", "under-lock", "unlock-after-done", "balanced")


@dataclass(frozen=True)
class Oddity:
    """What is wrong with a step. `clause` follows "although" or, if `after`, says what the step leaves behind.

    `properties`: whose violation it can be. `variables`: what the clause is about, the most telling one first.
    `remedy`: what would have kept it from happening; empty if that lies with an earlier step.
    """

    clause: str
    properties: tuple[str, ...]
    variables: tuple[str, ...]
    remedy: str = ""
    after: bool = False


def _running(state: State) -> str:
    return f"the engine still runs the operation of {owner(state['engine.op'])}"


def _early_unlock_queued(m: Moment) -> Oddity | None:
    queued = kinds([*m.put("rx.ring"), *m.put("rx.desc_issued")])
    if m.actor != "work" or "UNLOCK" not in queued or m.trace.axes.get("unlock") != "work":
        return None
    waiting = [kind for kind in kinds(m.before["rx.ring"]) if kind not in _LOCKS]
    clauses, variables = [], []
    if waiting:
        clauses.append(f"{listed(waiting)} {'are' if len(waiting) > 1 else 'is'} still in the ring")
    if m.before["engine.published_rx"]:
        clauses.append("the engine has not taken the DATA that was published")
        variables.append("engine.published_rx")
    if m.before["engine.op"] != "none":
        clauses.append(_running(m.before))
        variables.append("engine.op")
    if not clauses:
        return None
    return Oddity(", and ".join(clauses), (), tuple(variables), _instead_of_early_unlock(m, bool(waiting)))


def _instead_of_early_unlock(m: Moment, waiting: bool) -> str:
    parts = [kind_of(record) for record in m.before["rx.desc_list"] if record["left"]]
    if parts:
        return (
            f"An empty desc_issued does not even mean that all is in the ring: the rest of {listed(parts)} comes back"
            " from desc_list; an UNLOCK queued only behind the whole chain would have prevented what follows"
        )
    means = "is in the ring" if waiting else "is consumed, and consumed is not done"
    return (
        f"An empty desc_issued only means that all {means}; an UNLOCK that waits behind a descriptor with NWD until the"
        " engine is done would have prevented what follows"
    )


def _early_unlock(m: Moment) -> Oddity | None:
    if m.action != "bam.execute_unlock" or not str(m.before["engine.op"]).startswith("linux") or not _frees(m):
        return None
    clause = _running(m.before)
    if m.before["engine.published_rx"]:
        clause += ", which has not even taken its DATA"
    return Oddity(clause, ("unlock-after-done",), ("engine.op",), _wait_for_engine(m.trace))


def _wait_for_engine(trace: Trace) -> str:
    if any(record.get("nwd") for step in moments(trace) for record in step.before["rx.ring"]):
        return "An NWD acknowledge that comes only when the operation is done would have held UNLOCK back"
    return (
        "No descriptor had NWD, so the pipe did not wait, and consumed is not done; NWD on the last DATA, with the"
        " commands before it, would have held UNLOCK back"
    )


def _frees(m: Moment) -> bool:
    return bool(m.before["lock.linux"]) and not m.after["lock.linux"]


def _dummy_on_busy(m: Moment) -> Oddity | None:
    if m.trace.property_id != "quiet-dummy" or m.action not in _DUMMY or m.before["engine.op"] == "none":
        return None
    clause = f"{_running(m.before)} and the dummy write of the descriptor reaches it"
    return Oddity(clause, ("quiet-dummy",), ("engine.op",), _wait_for_engine(m.trace))


def _write_on_busy(m: Moment) -> Oddity | None:
    if m.action not in _REGISTER_WRITES or m.before["engine.op"] == "none":
        return None
    clause = _running(m.before)
    if m.before["engine.config"] == m.before["engine.op"] != m.after["engine.config"]:
        clause += " with the registers that it overwrites"
    remedy = (
        "" if has_lock_hardware(m.trace) else "Registers written by CPU wait for no lock; a LOCK would have held TZ"
    )
    return Oddity(clause, ("quiet-engine", "config-integrity"), ("engine.op",), remedy)


def _foreign_registers(m: Moment) -> Oddity | None:
    op, config = m.after["engine.op"], m.after["engine.config"]
    if op in ("none", config) or m.after["engine.op"] == m.before["engine.op"]:
        return None
    clause = f"the operation of {owner(op)} starts with registers that {owner(config)} wrote last"
    return Oddity(clause, ("config-integrity",), ("engine.config", "engine.op"), after=True)


def _unlocked(m: Moment) -> Oddity | None:
    if m.action not in _CLIENT_DESCRIPTORS or m.before["lock.linux"] or not has_lock_hardware(m.trace):
        return None
    properties = ("under-lock", "fault-contained")
    return Oddity("the consumer pipe does not hold the lock", properties, ("lock.linux", "fault.struck"))


def _foreign_status(m: Moment) -> Oddity | None:
    if m.trace.property_id != "own-status" or m.action != "client.read_status":
        return None
    mine, found = m.request, owner(m.before["engine.status"])
    if found == mine or (m.before["lock.tz"] and m.trace.assumptions["locked_cpu_access"] == "aborts"):
        return None
    clause = f"STATUS is that of {found}, not of {mine}" if found != "none" else "STATUS is that of no operation"
    remedy = "STATUS is safe to read only before the UNLOCK executes, or by a descriptor within the bracket"
    return Oddity(clause, ("own-status",), ("engine.status",), remedy)


def _cpu_access(m: Moment) -> Oddity | None:
    if m.action not in _CPU or not m.before["lock.tz"]:
        return None
    remedy = "Accesses by CPU do not wait for the lock; one made by a descriptor within the bracket would have"
    return Oddity("TZ holds the lock", ("no-abort",), ("lock.tz",), remedy)


def _unbalanced(m: Moment) -> Oddity | None:
    held = m.before["lock.linux"]
    if not has_lock_hardware(m.trace) or m.action != f"bam.execute_{'lock' if held else 'unlock'}":
        return None
    clause = f"the pipe {'already holds' if held else 'does not hold'} the lock"
    return Oddity(clause, ("balanced",), ("lock.linux",))


def _unlock_dropped(m: Moment) -> Oddity | None:
    dropped = kinds(m.before["rx.ring"]) if m.action == "client.terminate_rx" and not m.after["rx.ring"] else []
    if "UNLOCK" not in dropped:
        return None
    held = " and the pipe holds the lock" if m.before["lock.linux"] and m.after["lock.linux"] else ""
    remedy = (
        "The callback runs when the producer pipe is done: had it waited until the consumer pipe had executed UNLOCK,"
        " or not reset the pipe, UNLOCK would not have been lost"
    )
    own = ("released", "balanced", "flag-truth", "lock-released", "other-progress")
    return Oddity(f"UNLOCK has not executed{held}", own, ("lock.linux",), remedy)


def _cut_off(m: Moment) -> Oddity | None:
    if "LOCK" not in kinds(m.put("rx.ring")) or "UNLOCK" not in kinds(m.put("rx.desc_issued")):
        return None
    clause = "LOCK goes into the ring without its UNLOCK"
    return Oddity(clause, ("under-lock", "balanced", "bracketed"), ("rx.desc_issued.len",))


def _wrapped_again(m: Moment) -> Oddity | None:
    added = kinds([*m.put("rx.ring"), *m.put("rx.desc_issued")])
    if "LOCK" not in added or "UNLOCK" not in kinds(m.before["rx.desc_issued"]):
        return None
    clause = "desc_issued still has the UNLOCK of the bracket before, and LOCK goes in front of it"
    remedy = (
        "A LOCK put behind the UNLOCK that is left over, or a chain loaded only with its UNLOCK, would have kept the"
        " brackets apart"
    )
    return Oddity(clause, ("under-lock", "balanced", "bracketed"), ("rx.desc_issued.len",), remedy)


def _unlock_missing_at_rest(m: Moment) -> Oddity | None:
    if not m.after["lock.linux"] or not quiescent(m.trace, m.after):
        return None
    clause = "Linux is at rest and its consumer pipe still holds the lock"
    return Oddity(clause, ("released", "fault-contained"), ("lock.linux",), after=True)


def _left_mapped(m: Moment) -> Oddity | None:
    if m.trace.property_id != "mapping-freed" or not quiescent(m.trace, m.after):
        return None
    names = {
        "client.buffer_mapped": "the command buffer (wr_sgl)",
        "client.lock_mapped": "the buffer of LOCK",
        "client.unlock_mapped": "the buffer of UNLOCK",
        "rx.mapped": "a command element of LOCK or UNLOCK",
        "rx.leaked": "a mapping that nobody knows any more",
    }
    left = [name for name in names if m.after[name]]
    if not left:
        return None
    clause = f"Linux is at rest and {listed([names[name] for name in left])} {'are' if left[1:] else 'is'} still mapped"
    remedy = "The completion would have to undo each mapping that the request made"
    return Oddity(clause, ("mapping-freed",), tuple(left), remedy, after=True)


def _dead_mapping(m: Moment) -> Oddity | None:
    if m.trace.property_id != "mapping-live":
        return None
    dead = [record for record in m.after["rx.ring"] if not _mapped(m.after, record)]
    if not dead:
        return None
    clause = (
        f"{listed(kinds(dead))} {'are' if dead[1:] else 'is'} still in the ring and {'their' if dead[1:] else 'its'}"
    )
    name = "client.lock_mapped" if "client.lock_mapped" in m.after else "rx.mapped"
    remedy = "A mapping may be undone only after the pipe has consumed what reads it"
    return Oddity(f"{clause} mapping is gone", ("mapping-live",), (name, "client.buffer_mapped"), remedy, after=True)


def _mapped(state: State, record: Record) -> bool:
    kind = kind_of(record)
    if kind in ("CONFIGURE", "GO"):
        return bool(state["client.buffer_mapped"] >> record["req"] & 1)
    if kind not in _LOCKS:
        return True
    if "rx.mapped" in state:
        return bool(state["rx.mapped"] >> record["map"] & 1)
    return bool(state.get(f"client.{kind.lower()}_mapped", True))


def _foreign_unmap(m: Moment) -> Oddity | None:
    places = {"driver.free_rx": "freeing", "client.free_rx": "terminated"}
    own = ("mapping-own", "mapping-live")
    if m.trace.property_id not in own or m.action not in places or "rx.lock_sg" not in m.before:
        return None
    for kind in ("lock", "unlock"):
        made, slot = m.before[f"rx.{places[m.action]}_{kind}"], m.before[f"rx.{kind}_sg"]
        if made and made != 1 << slot:
            mine = listed([str(number) for number in range(made.bit_length()) if made >> number & 1])
            clause = (
                f"{kind}_sg of the channel is mapping {slot} by now, and the {kind.upper()} being freed made {mine}"
            )
            remedy = "With the mapping kept in the descriptor instead of the channel, each would have unmapped its own"
            variables = (f"rx.{kind}_sg", f"rx.{places[m.action]}_{kind}")
            return Oddity(clause, own, variables, remedy)
    return None


def _cookies(m: Moment) -> Oddity | None:
    done, was = m.after["rx.completed_cookie"], m.before["rx.completed_cookie"]
    if m.trace.property_id != "completion-order" or m.action != "driver.process_rx_irq":
        return None
    reaped = [record for record in m.taken("rx.desc_list") if not record["left"]]
    order = [was, *(record["cookie"] for record in reaped)]
    back = next(((one, two) for one, two in pairwise(order) if two < one), None)
    waiting = [*m.after["rx.desc_submitted"], *m.after["rx.desc_issued"], *m.after["rx.desc_list"]]
    covered = [item for item in waiting if kind_of(item) not in _LOCKS and item["cookie"] <= done]
    remedy = "LOCK takes the next cookie and goes to the front: with no cookie of its own it would disturb no order"
    if covered:
        clause = f"the completed cookie is {done} and covers {listed(kinds(covered))}, which has not been consumed"
        return Oddity(clause, ("completion-order",), ("rx.completed_cookie",), remedy, after=True)
    if back is None:
        return None
    clause = f"the completed cookie has gone from {back[0]} back to {back[1]}"
    return Oddity(clause, ("completion-order",), ("rx.completed_cookie",), remedy, after=True)


def _buffer_rewritten(m: Moment) -> Oddity | None:
    writers = ("client.prep_commands", "client.prep_lock", "client.prep_unlock")
    if m.trace.property_id not in ("buffer-stable", "metadata-own") or m.action not in writers:
        return None
    own = ("CMD", "CONFIGURE", "GO", *(_LOCKS if m.trace.axes["lock"] == "client" else ()))
    places = {"rx.ring": "the ring", "rx.desc_issued": "desc_issued", "rx.desc_submitted": "desc_submitted"}
    found = [(name, [kind for kind in kinds(m.before[name]) if kind in own]) for name in places]
    readers = [f"{listed(names)} in {places[name]}" for name, names in found if names]
    if not readers:
        return None
    verb = "has" if sum(len(names) for _, names in found) == 1 else "have"
    variables = tuple(f"{name}.len" for name, names in found if names)
    remedy = "The buffer may be rewritten only when all that reads it is consumed or terminated"
    return Oddity(f"{listed(readers)} {verb} not read the command buffer yet", ("buffer-stable",), variables, remedy)


def _stale(m: Moment) -> Oddity | None:
    if m.trace.property_id != "nothing-stale":
        return None
    present = m.after["client.request"]
    places = {"rx.desc_submitted": "desc_submitted", "rx.desc_issued": "desc_issued"}
    for name, place in places.items():
        stale = [item for item in m.after[name] if kind_of(item) not in _LOCKS and item["req"] != present]
        if stale:
            what = f"{listed(kinds(stale))} of request {stale[0]['req'] + 1}"
            clause = f"{what} {'are' if stale[1:] else 'is'} left in {place} while request {present + 1} has its turn"
            remedy = "An error path that terminates the channel would have taken them off"
            return Oddity(clause, ("nothing-stale",), (f"{name}.len",), remedy, after=True)
    return None


def _foreign_metadata(m: Moment) -> Oddity | None:
    if m.trace.property_id != "metadata-own" or "rx.metadata" not in m.before:
        return None
    if "LOCK" not in kinds([*m.put("rx.ring"), *m.put("rx.desc_issued")]):
        return None
    inside = {
        item["req"]
        for name in ("rx.desc_submitted", "rx.desc_issued")
        for item in m.before[name]
        if kind_of(item) == "CMD" and item["req"] != m.before["rx.metadata"]
    }
    if not inside:
        return None
    clause = f"the bracket has the metadata of request {m.before['rx.metadata'] + 1} and also wraps CMD of request "
    clause += listed([str(number + 1) for number in sorted(inside)])
    remedy = "Metadata kept with the transaction instead of the channel would have been its own"
    return Oddity(clause, ("metadata-own",), ("rx.metadata", "rx.desc_submitted.len"), remedy, after=True)


def _flag_lies(m: Moment) -> Oddity | None:
    if m.trace.property_id != "flag-truth" or "rx.locked" not in m.after:
        return None
    flag, held = m.after["rx.locked"], m.after["lock.linux"]
    queued = kinds([*m.after["rx.desc_submitted"], *m.after["rx.desc_issued"], *m.after["rx.ring"]])
    if flag and not held and "LOCK" not in queued:
        clause = "`locked` is set, although no LOCK is queued or held"
    elif held and not flag and "UNLOCK" not in queued:
        clause = "`locked` is clear, although the pipe holds the lock and no UNLOCK is queued"
    else:
        return None
    remedy = "A flag that follows what is queued says nothing about what has executed"
    return Oddity(clause, ("flag-truth",), ("rx.locked", "lock.linux"), remedy, after=True)


def _outside_bracket(m: Moment) -> Oddity | None:
    if m.trace.property_id != "bracketed":
        return None
    ring, open_, bad = kinds(m.after["rx.ring"]), m.after["lock.linux"], []
    for place, kind in enumerate(ring):
        behind = next((other for other in ring[place + 1 :] if other in _LOCKS), "")
        if kind not in _LOCKS and not (open_ and behind == "UNLOCK"):
            bad.append(kind)
        open_ = kind == "LOCK" or (open_ and kind != "UNLOCK")
    if not bad:
        return None
    clause = f"the ring holds {listed(ring)}: {listed(bad)} {'are' if bad[1:] else 'is'} not between LOCK and UNLOCK"
    remedy = "A chain that is loaded only as a whole, with its LOCK and UNLOCK, would have been bracketed"
    return Oddity(clause, ("bracketed",), ("rx.ring.len",), remedy, after=True)


_ODDITIES: tuple[Callable[[Moment], Oddity | None], ...] = (
    *(_early_unlock_queued, _early_unlock, _dummy_on_busy, _write_on_busy, _foreign_registers, _unlocked),
    *(
        _foreign_status,
        _cpu_access,
        _unbalanced,
        _unlock_dropped,
        _cut_off,
        _wrapped_again,
        _unlock_missing_at_rest,
        _left_mapped,
    ),
    *(_foreign_unmap, _dead_mapping, _cookies, _buffer_rewritten, _stale, _foreign_metadata, _flag_lies),
    _outside_bracket,
)


def oddities(moment: Moment) -> list[Oddity]:
    """What is odd about a step, as far as it has to do with the trace's property.

    Of the last step only what can be the violation, if there is any such thing; of others nothing that only a property
    of states would notice.
    """
    found = [oddity for test in _ODDITIES if (oddity := test(moment)) is not None]
    mine = moment.trace.property_id
    if moment.number == len(moment.trace.steps):
        violated = [oddity for oddity in found if mine in oddity.properties]
        return violated or [oddity for oddity in found if not oddity.properties]
    related = {mine, *(_EXCLUSION if mine in _EXCLUSION or moment.trace.kind == "eventually" else ())}
    return [item for item in found if not item.after and (not item.properties or related & set(item.properties))]
