"""The pipe lock itself: taken twice, given away by who has none, kept, lost with a reset pipe."""

from __future__ import annotations

from collections.abc import Mapping

from counterexamples.story.moment import LOCKS, Moment, kinds, listed, quiescent
from counterexamples.story.oddities.oddity import Lead, Oddity, Test
from model.hardware.pipes import shuts_out


def _unbalanced(m: Moment) -> Oddity | None:
    held = m.before["lock.linux"]
    if not m.happens("lock_executed" if held else "unlock_executed"):
        return None
    return Oddity(f"the pipe {'already holds' if held else 'does not hold'} the lock", ("lock.linux",))


def _kept_at_rest(m: Moment) -> Oddity | None:
    if not m.after["lock.linux"] or not quiescent(m):
        return None
    return Oddity("Linux is at rest and its consumer pipe still holds the lock", ("lock.linux",), after=True)


def _flag_lies(m: Moment) -> Oddity | None:
    if "rx.locked" not in m.after:
        return None
    flag, held = m.after["rx.locked"], m.after["lock.linux"]
    queued = kinds([*m.after["rx.desc_submitted"], *m.after["rx.desc_issued"], *m.after["rx.ring"]])
    if flag and not held and "LOCK" not in queued:
        clause = "`locked` is set, although no LOCK is queued or held"
    elif held and not flag and "UNLOCK" not in queued:
        clause = "`locked` is clear, although the pipe holds the lock and no UNLOCK is queued"
    else:
        return None
    late = m.trace.subject.axes.get("flag-clear") == "consumed"
    follows = "is cleared by the interrupt" if late else "follows what is queued"
    remedy = f"A flag that {follows} says nothing about what has executed"
    return Oddity(clause, ("rx.locked", "lock.linux"), remedy, after=True)


def _outside_bracket(m: Moment) -> Oddity | None:
    if not m.happens("client_descriptor") or m.before["monitor.bracket"]:
        return None
    remedy = "A chain that is loaded only as a whole, with its LOCK and UNLOCK, would have been bracketed"
    return Oddity("no LOCK that the pipe has executed is open", ("monitor.bracket",), remedy)


def _own_pipe_stalled(m: Moment) -> Oddity | None:
    waiting = m.after["tx.ring"]
    subject = m.trace.subject
    if not shuts_out(subject, "rx", "tx", data=True) or not m.after["lock.linux"] or not waiting:
        return None
    clause = (
        f"the lock that Linux holds also stalls its own producer pipe, which has {listed(kinds(waiting))} in its ring"
    )
    scope = subject.assumptions["lock_scope"]
    remedy = f"Under lock_scope={scope} no LOCK around an operation lets its own output through"
    return Oddity(clause, ("lock.linux", "tx.ring.len"), remedy, after=True)


BREACHES: Mapping[str, Test] = {
    "balanced": _unbalanced,
    "released": _kept_at_rest,
    "flag-truth": _flag_lies,
    "bracketed": _outside_bracket,
    "own-pipe-free": _own_pipe_stalled,
}


def _unlock_dropped(m: Moment) -> Oddity | None:
    dropped = kinds(m.before["rx.ring"]) if m.action == "client.terminate_rx" and not m.after["rx.ring"] else []
    if "UNLOCK" not in dropped:
        return None
    held = " and the pipe holds the lock" if m.before["lock.linux"] and m.after["lock.linux"] else ""
    early = "The callback runs when the producer pipe is done: had it" if m.actor == "callback" else "Had the client"
    remedy = (
        f"{early} waited until the consumer pipe had executed UNLOCK, or not reset the pipe, UNLOCK would not have been"
        " lost"
    )
    return Oddity(f"UNLOCK has not executed{held}", ("lock.linux",), remedy, leaves=("rx.ring.len",))


def _cut_off(m: Moment) -> Oddity | None:
    written = kinds(m.put("rx.ring"))
    waits = m.after["rx.desc_issued"] and m.trace.subject.axes.get("unlock") == "drained"
    if "LOCK" not in written or not (waits or "UNLOCK" in kinds(m.put("rx.desc_issued"))):
        return None
    clause = "LOCK goes into the ring without its UNLOCK"
    return Oddity(clause, ("rx.desc_issued.len",))


def _wrapped_again(m: Moment) -> Oddity | None:
    added = kinds([*m.put("rx.ring"), *m.put("rx.desc_issued")])
    if "LOCK" not in added or "UNLOCK" not in kinds(m.before["rx.desc_issued"]):
        return None
    clause = "desc_issued still has the UNLOCK of the bracket before, and LOCK goes in front of it"
    remedy = (
        "A LOCK put behind the UNLOCK that is left over, or a chain loaded only with its UNLOCK, would have kept the"
        " brackets apart"
    )
    return Oddity(clause, ("rx.desc_issued.len",), remedy)


def _taken_for_locked(m: Moment) -> Oddity | None:
    loaded = [kind for kind in kinds(m.put("rx.ring")) if kind not in LOCKS]
    if not loaded or not m.before["rx.locked"] or "LOCK" in kinds(m.put("rx.ring")):
        return None
    ahead = kinds([*m.before["rx.desc_issued"], *m.put("rx.desc_issued")])
    if "UNLOCK" in ahead or m.trace.subject.axes.get("flag-clear") != "consumed":
        return None
    where = "is still in the ring" if "UNLOCK" in kinds(m.before["rx.ring"]) else "has executed"
    clause = f"`locked` is still set, so that {listed(loaded)} get no LOCK, and the UNLOCK before them {where}"
    remedy = "A flag cleared as soon as UNLOCK is in the ring would have had the driver make another pair"
    return Oddity(clause, ("rx.locked", "rx.ring.len"), remedy)


LEADS = (
    Lead(_taken_for_locked, ("under-lock", "bracketed", "config-integrity", "quiet-engine", "lock-released")),
    Lead(_unlock_dropped, ("released", "balanced", "flag-truth", "lock-released", "other-progress")),
    Lead(_cut_off, ("under-lock", "balanced", "bracketed")),
    Lead(_wrapped_again, ("under-lock", "balanced", "bracketed")),
)
