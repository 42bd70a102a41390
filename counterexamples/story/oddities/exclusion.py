"""Two worlds at one engine: who writes, reads or unlocks while an operation runs."""

from __future__ import annotations

from collections.abc import Mapping

from counterexamples.story.moment import LOCKS, Moment, has_lock_hardware, kind_of, kinds, listed, owner
from counterexamples.story.oddities.oddity import Lead, Oddity, Test, busy, running, wait_for_engine
from model.hardware.pipes import shuts_out

GROUP = ("config-integrity", "quiet-engine", "quiet-dummy", "under-lock", "unlock-after-done", "balanced")
"""Properties each of whose violations can lead to one of another."""


def _foreign_registers(m: Moment) -> Oddity | None:
    op, config = m.after["engine.op"], m.after["engine.config"]
    if op in ("none", config):
        return None
    if m.before["engine.config"] == op == m.before["engine.op"]:
        return _write_on_busy(m)
    verb = "runs" if op == m.before["engine.op"] else "starts"
    wrote = "nobody has written" if config == "none" else f"{owner(config)} wrote last"
    clause = f"the operation of {owner(op)} {verb} with registers that {wrote}"
    return Oddity(clause, ("engine.config", "engine.op"), after=True)


def _write_on_busy(m: Moment) -> Oddity | None:
    if not m.happens("config_write") or not busy(m.before):
        return None
    clause = running(m.before)
    if m.before["engine.config"] == m.before["engine.op"] != m.after["engine.config"]:
        clause += " with the registers that it overwrites"
    return Oddity(clause, ("engine.op",), _unguarded(m))


def _unguarded(m: Moment) -> str:
    """Why no lock kept two users of the engine apart; empty if one was given away too early."""
    assumed = m.trace.subject.assumptions
    if not has_lock_hardware(m.trace):
        return "Registers written by CPU wait for no lock; a LOCK would have held TZ"
    if assumed["lock_scope"] == "none":
        return "Under lock_scope=none a held lock shuts nobody out: no order of LOCK and UNLOCK would have helped"
    if assumed["other_ee"] == "ignores-lock":
        return "Under other_ee=ignores-lock TZ takes no lock of its own, and Linux cannot see that TZ is at work"
    if assumed["other_ee"] == "register-mode":
        return "Under other_ee=register-mode TZ writes registers by CPU, which no pipe lock holds back"
    if not (shuts_out(m.trace.subject, "rx", "tz") and shuts_out(m.trace.subject, "tz", "rx")):
        values = " and ".join(f"{key}={assumed[key]}" for key in ("lock_scope", "other_ee"))
        return f"Under {values} a lock of one user of the engine does not shut the other out"
    return ""


def _dummy_on_busy(m: Moment) -> Oddity | None:
    if not m.happens("dummy_write") or not busy(m.before):
        return None
    clause = f"the dummy write of the descriptor reaches the engine at work for {owner(m.before['engine.op'])}"
    return Oddity(clause, ("engine.op",), _dummy_within_lock(m))


def _dummy_within_lock(m: Moment) -> str:
    if str(m.before["engine.op"]).startswith("linux"):
        return wait_for_engine(m.execution)
    if m.action == "bam.write_lock_dummy":
        return (
            "Under lock_effect=after-own-write the dummy write of LOCK comes before the lock, whoever uses the engine;"
            " a LOCK that writes nothing would have reached nobody"
        )
    if m.action == "bam.write_unlock_dummy":
        return (
            "Under unlock_effect=before-own-write UNLOCK gives the lock away before its own dummy write, and no waiting"
            " for the engine helps; an UNLOCK that writes nothing would have reached nobody"
        )
    return _unguarded(m)


def _unlocked(m: Moment) -> Oddity | None:
    if not m.happens("client_descriptor") or m.before["lock.linux"]:
        return None
    return Oddity("the consumer pipe does not hold the lock", ("lock.linux",))


def _early_unlock(m: Moment) -> Oddity | None:
    if not m.happens("unlock") or not str(m.before["engine.op"]).startswith("linux"):
        return None
    clause = running(m.before)
    if m.before["engine.published_rx"]:
        clause += ", which has not even taken its DATA"
    return Oddity(clause, ("engine.op",), wait_for_engine(m.execution))


def _foreign_status(m: Moment) -> Oddity | None:
    mine, found = m.request, owner(m.before["engine.status"])
    if not m.happens("status_read") or found == mine:
        return None
    clause = f"STATUS is that of {found}, not of {mine}" if found != "none" else "STATUS is that of no operation"
    remedy = "STATUS is safe to read only before the UNLOCK executes, or by a descriptor within the bracket"
    return Oddity(clause, ("engine.status",), remedy)


def _cpu_access(m: Moment) -> Oddity | None:
    if not m.happens("cpu_access") or not m.before["lock.tz"]:
        return None
    remedy = "Accesses by CPU do not wait for the lock; one made by a descriptor within the bracket would have"
    return Oddity("TZ holds the lock", ("lock.tz",), remedy)


def _spoilt_success(m: Moment) -> Oddity | None:
    if not m.happens("request_succeeded") or not m.before["monitor.spoilt"] >> m.number_of_request & 1:
        return None
    clause = f"the operation of {m.request} was disturbed, or ran with what is not its own"
    remedy = "STATUS bit 17 tells of a register write to a running operation, and qce_check_status does not look at it"
    return Oddity(clause, ("monitor.spoilt",), remedy)


def _pipe_not_set_up(m: Moment) -> Oddity | None:
    if not m.happens("operation_started") or m.before["tx.enabled"]:
        return None
    remedy = "With txchan issued before rxchan the pipe would have been set up"
    return Oddity("the producer pipe has not been set up yet", ("tx.enabled",), remedy)


BREACHES: Mapping[str, Test] = {
    "config-integrity": _foreign_registers,
    "quiet-engine": _write_on_busy,
    "quiet-dummy": _dummy_on_busy,
    "under-lock": _unlocked,
    "unlock-after-done": _early_unlock,
    "own-status": _foreign_status,
    "no-abort": _cpu_access,
    "honest-status": _spoilt_success,
    "pipes-enabled": _pipe_not_set_up,
}


def _early_unlock_queued(m: Moment) -> Oddity | None:
    queued = kinds([*m.put("rx.ring"), *m.put("rx.desc_issued")])
    if m.actor != "work" or "UNLOCK" not in queued or m.trace.subject.axes.get("unlock") != "work":
        return None
    waiting = [kind for kind in kinds(m.before["rx.ring"]) if kind not in LOCKS]
    clauses, variables = [], []
    if waiting:
        clauses.append(f"{listed(waiting)} {'are' if len(waiting) > 1 else 'is'} still in the ring")
    if m.before["engine.published_rx"]:
        clauses.append("the engine has not taken the DATA that was published")
        variables.append("engine.published_rx")
    if busy(m.before):
        clauses.append(running(m.before))
        variables.append("engine.op")
    if not clauses:
        return None
    return Oddity(", and ".join(clauses), tuple(variables), _instead_of_early_unlock(m, bool(waiting)))


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


def _early_unlock_of_tz(m: Moment) -> Oddity | None:
    if m.action != "tz.execute_unlock" or m.before["engine.op"] != "tz":
        return None
    remedy = (
        "It is TZ's own lock that is released too early: under nwd_ack=input-consumed what its UNLOCK waits for only"
        " says that the input is taken; what Linux's own UNLOCK does there is asked by unlock-after-done"
    )
    return Oddity(running(m.before), ("engine.op",), remedy)


def _spoils(m: Moment) -> Oddity | None:
    if m.after["monitor.spoilt"] in (None, m.before["monitor.spoilt"]) or m.happens("request_succeeded"):
        return None
    if m.action == "engine.take_input":
        clause = f"the DATA that it takes is that of request {m.before['engine.published_rx'][0]['req'] + 1}"
        return Oddity(clause, ("engine.published_rx.req",))
    if busy(m.before):
        return Oddity(running(m.before), ("engine.op",), _unguarded(m))
    return Oddity(f"{owner(m.before['engine.config'])} wrote the registers last", ("engine.config",))


LEADS = (
    Lead(_early_unlock_queued),
    Lead(_early_unlock_of_tz, GROUP),
    Lead(_spoils, ("honest-status",)),
)
