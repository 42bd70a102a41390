"""What each kind of step does, in words: a verb phrase made from the states around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from counterexamples.story.moment import (
    LOCKS,
    Moment,
    Record,
    about_cookies,
    has_lock_hardware,
    kind_of,
    kinds,
    listed,
    owner,
)
from model.language.system import Action
from model.lock import LOCK_ROOM
from model.parameters import FAULTS
from model.vocabulary import actor, wording

NUMBERS = ("no", "one", "two", "three")


def doing(moment: Moment) -> str:
    """What the step does, in the present tense, without a subject; a fault is part of it."""
    told = _PHRASES.get(moment.action)
    phrase = wording(moment.action).does if told is None else told(moment)
    return f"{phrase}, in which {FAULTS.get(moment.fault, f'{moment.fault} fails')}" if moment.fault else phrase


def brief(moment: Moment) -> str:
    """The same in a word or two, for a summary of steps that only had to happen."""
    return wording(moment.action).brief


def step_name(step: Action) -> str:
    """The one name that a step has for readers: the descriptor that it executes, or the C function that it stands for
    with its channel; and what fails in it."""
    name, fault = wording(step.name).label, step.name.partition(":")[2]
    return f"{name} ({fault} fails)" if fault else name


def label(step: Action) -> str:
    """A step's name where no lane says who acts: the engine and TZ are named too."""
    who = actor(step.actor)
    return step_name(step) if who.software or step.actor == "bam" else f"{who.name}: {step_name(step)}"


def under_vc_lock(step: Action) -> bool:
    """Whether a step is a section of the driver under a channel's `vc.lock`."""
    return wording(step.name).locked


def _into(m: Moment, channel: str, start: str) -> str:
    """A start call: what it put in front of and behind what was issued, and what fitted into the ring."""
    loaded, rest = _loaded(m, channel), kinds(m.after[f"{channel}.desc_issued"])
    if not loaded and not rest:
        return f"{start}, which has nothing to load"
    pipe = "consumer" if channel == "rx" else "producer"
    text = (
        f"{start}: {listed(_with_nwd(m, loaded))} {_go(loaded)} into the ring of the {pipe} pipe" if loaded else start
    )
    if about_cookies(m.trace) and channel == "rx" and loaded:
        text += f", which are {listed(_with_cookies(m, m.put('rx.desc_list')))}"
    if channel == "rx" and "LOCK" in loaded and m.trace.property_id == "mapping-own":
        text += f", lock_sg of the channel being mapping {m.after['rx.lock_sg']} now"
    if not rest:
        return text
    return f"{text}{',' if loaded else ':'} {listed(rest)} {_stay(rest)} in desc_issued{_why_left(m, channel)}"


def _loaded(m: Moment, channel: str) -> list[str]:
    """What went into the ring, also where tail came round to the read offset and the hardware sees nothing of it."""
    return kinds(m.put(f"{channel}.desc_list" if m.happens("ring_lapped") else f"{channel}.ring"))


def _why_left(m: Moment, channel: str) -> str:
    """Why something stays in desc_issued: no slot counts as free, or it is kept for something else."""
    head, tail, slots = m.after[f"{channel}.head"], m.after[f"{channel}.tail"], m.trace.subject.bounds["ring"]
    if tail is None:
        return ""
    axes = m.trace.subject.axes
    if axes.get("behind-partial") == "waits" and any(txn["left"] for txn in m.before[f"{channel}.desc_list"] or ()):
        return ", a part of a transaction being in the ring"
    free = (head - tail - 1) % (slots + 1) - (axes.get("ring-space") == "spare" and tail >= head)
    if channel == "rx" and free == 1 and axes.get("lock-room") == "kept" and m.after["rx.locked"]:
        return ", the last free slot being kept for UNLOCK"
    needed = LOCK_ROOM[str(axes.get("lock-room", "one"))]
    if channel == "rx" and 0 < free < needed and not m.before["rx.locked"]:
        slots_free = "one slot" if free == 1 else f"{NUMBERS[free]} slots"
        return f", {slots_free} being free where LOCK needs {NUMBERS[needed]}, and the work item is queued"
    return "" if free else ", the ring being full"


def _go(words: Sequence[str]) -> str:
    return "goes" if len(words) == 1 else "go"


def _stay(words: Sequence[str]) -> str:
    return "stays" if len(words) == 1 else "stay"


def _with_nwd(m: Moment, names: Sequence[str]) -> list[str]:
    marked = {kind_of(record) for record in m.put("rx.ring") if record.get("nwd")}
    return [f"{name} with NWD" if name in marked else name for name in names]


def _with_cookies(m: Moment, records: Sequence[Record]) -> list[str]:
    """What transactions are, with their cookies where the property is about them and the channel has any."""
    shown = about_cookies(m.trace)
    return [
        f"{kind_of(record)} (cookie {record['cookie']})" if shown and record.get("cookie") else kind_of(record)
        for record in records
    ]


def _prep(what: str, channel: str, queue: str) -> Callable[[Moment], str]:
    def phrase(m: Moment) -> str:
        if not m.put(queue):
            if m.fault:
                return f"tries to submit {what} of {m.request}"
            return f"cannot submit {what} of {m.request}{_refusal(m)}"
        cookies = [record["cookie"] for record in m.put(queue) if about_cookies(m.trace) and "cookie" in record]
        return f"submits {what} of {m.request} on {channel}{f' with cookie {cookies[0]}' if cookies else ''}"

    return phrase


def _refusal(m: Moment) -> str:
    if m.trace.subject.axes.get("no-lock-hardware") != "commands-fail" or has_lock_hardware(m.trace):
        return ""
    return ": attaching the metadata fails on a BAM without the pipe lock"


def _issue(channel: str) -> Callable[[Moment], str]:
    start = f"issues {channel}chan (bam_issue_pending)"
    return lambda m: _into(m, channel, start)


def _work(channel: str) -> Callable[[Moment], str]:
    def phrase(m: Moment) -> str:
        loaded = _loaded(m, channel)
        added = {*loaded, *kinds(m.put(f"{channel}.desc_issued"))}
        if channel == "rx" and not m.before["rx.desc_issued"] and ("UNLOCK" in added or m.happens("ring_lapped")):
            slot = m.trace.subject.axes.get("lock-descriptor") == "slot"
            put = "writes UNLOCK into the ring" if slot else "queues UNLOCK"
            return f"finds desc_issued empty and `locked` set, and {put}"
        if not loaded and not m.before[f"{channel}.desc_issued"]:
            return f"finds desc_issued of {channel} empty and starts nothing"
        return _into(m, channel, f"starts {channel} again (bam_start_dma)")

    return phrase


def _irq(channel: str) -> Callable[[Moment], str]:
    def phrase(m: Moment) -> str:
        reaped = m.taken(f"{channel}.desc_list")
        done = _with_cookies(m, [record for record in reaped if not record["left"]])
        parts = [record for record in reaped if record["left"]]
        text = f"reaps {listed(done)} of {channel}" if done else f"finds nothing of {channel} complete"
        if channel == "rx":
            text += _lock_slots_passed(m) + _locks_freed(m, reaped)
        if parts:
            text += f", puts what is left of {listed(kinds(parts))} back to the head of desc_issued"
        if _unlocks(m):
            text += f", puts UNLOCK into the ring{'' if channel == 'rx' else ' of rx'}"
        return f"{text} and queues the work item" if m.set_to("work.pending", True) else text

    return phrase


def _unlocks(m: Moment) -> bool:
    return "UNLOCK" in kinds(m.put("rx.ring"))


def _close(m: Moment) -> str:
    """What bam_dma_terminate_all does first, where it is what closes a bracket."""
    does = "puts UNLOCK into the ring of rx" if _unlocks(m) else "has no bracket of rxchan to close"
    return f"{does} (bam_dma_terminate_all)"


def _lock_slots_passed(m: Moment) -> str:
    """The LOCKs and UNLOCKs that are on no list, over which the interrupt has moved head."""
    if m.before["rx.slots_lock"] is None:
        return ""
    moved = (m.after["rx.head"] - m.before["rx.head"]) % m.trace.subject.bounds["ring"]
    over = [mark.upper() for mark in ("lock", "unlock") if m.before[f"rx.slots_{mark}"] % (1 << moved)]
    return f", passes over {listed(over)}" if over else ""


def _locks_freed(m: Moment, reaped: Sequence[Record]) -> str:
    """The LOCKs and UNLOCKs that the interrupt itself has freed, and what that did to the flag."""
    freed = [name for name in kinds(reaped) if name in LOCKS]
    text = f", frees {listed(freed)}" if freed and m.trace.subject.axes.get("lock-freeing") == "irq" else ""
    return f"{text}, clears `locked`" if m.set_to("rx.locked", False) else text


def _terminate(channel: str) -> Callable[[Moment], str]:
    def phrase(m: Moment) -> str:
        text = f"terminates {channel}chan (bam_dma_terminate_all)"
        waiting = kinds(m.before[f"{channel}.ring"])
        if m.before[f"{channel}.desc_list"]:
            text += f", whose pipe is reset with {listed(waiting) or 'nothing'} left in its ring"
        else:
            text += f", whose desc_list is empty{f', which leaves {listed(waiting)} in its ring' if waiting else ''}"
        return f"{text}, and clears `locked`" if channel == "rx" and m.set_to("rx.locked", False) else text

    return phrase


def _free(place: str) -> Callable[[Moment], str]:
    def phrase(m: Moment) -> str:
        made = [kind.upper() for kind in ("lock", "unlock") if m.before[f"rx.{place}_{kind}"]]
        return f"frees {listed(made)} (bam_dma_free_desc) without vc.lock" if made else "frees the descriptors"

    return phrase


def _executes(kind: str) -> Callable[[Moment], str]:
    def phrase(m: Moment) -> str:
        text = f"executes {kind}"
        if m.set_to("lock.linux", True):
            return f"{text} and takes the lock"
        if m.before["lock.linux"] and not m.after["lock.linux"]:
            return f"{text} and gives the lock away"
        return text

    return phrase


def _configure(m: Moment) -> str:
    if m.before["client.astray"]:
        return "executes CONFIGURE, whose addresses lack the base: nothing reaches the engine"
    whose = m.after["engine.config"]
    told = "" if whose is None else f": the configuration registers are those of {owner(whose)}"
    return f"executes CONFIGURE{told}"


def _go_phrase(text: str) -> Callable[[Moment], str]:
    def phrase(m: Moment) -> str:
        started = m.before["engine.op"] == "none" and m.after["engine.op"] != "none"
        return f"{text}, which starts the operation of {owner(m.after['engine.op'])}" if started else text

    return phrase


def _publish(m: Moment) -> str:
    raised = " (its EOT raises the interrupt)" if m.set_to("rx.irq", True) else ""
    text = f"publishes DATA{raised} to the engine"
    if m.before["engine.op"] == "none":
        text += ", which runs no operation yet"
    return f"{text}, and waits because of NWD" if m.set_to("rx.nwd_wait", True) else text


def _end_wait(m: Moment) -> str:
    text = "ends the NWD wait"
    return f"{text}; EOT raises the interrupt" if m.set_to("rx.irq", True) else text


def _finish(m: Moment) -> str:
    end = "is done with" if m.action == "engine.finish" else "ends in error"
    text = f"{end} the operation of {owner(m.before['engine.op'])}"
    return f"{text}; the producer pipe raises its interrupt" if m.set_to("tx.irq", True) else text


def _cpu(what: str) -> Callable[[Moment], str]:
    return lambda m: f"{what} by CPU for {m.request}"


def _cpu_go(m: Moment) -> str:
    return _go_phrase(f"writes GOPROC by CPU for {m.request}")(m)


def _read_status(m: Moment) -> str:
    return "reads STATUS by CPU (qce_check_status)" + (
        ", which ends in an external abort" if m.set_to("client.panicked", True) else ""
    )


def _finish_request(m: Moment) -> str:
    ends = {None: "", True: " with success", False: " with an error"}
    return f"finishes {m.request}{ends[m.before['client.ok']]}"


def _tz_unlock(m: Moment) -> str:
    return f"executes its UNLOCK{' and its request is done' if m.after['tz.pc'] == 'idle' else ''}"


_PHRASES: Mapping[str, Callable[[Moment], str]] = {
    "client.prep_rx_data": _prep("DATA", "rxchan", "rx.desc_submitted"),
    "client.prep_tx_data": _prep("DATA", "txchan", "tx.desc_submitted"),
    "client.prep_commands": _prep("CMD", "rxchan", "rx.desc_submitted"),
    "client.prep_lock": _prep("LOCK", "rxchan", "rx.desc_submitted"),
    "client.prep_unlock": _prep("UNLOCK", "rxchan", "rx.desc_submitted"),
    "client.issue_rx": _issue("rx"),
    "client.issue_tx": _issue("tx"),
    "client.cpu_configure": _cpu("writes the configuration registers"),
    "client.cpu_go": _cpu_go,
    "client.close_rx": _close,
    "client.terminate_rx": _terminate("rx"),
    "client.terminate_tx": _terminate("tx"),
    "client.free_rx": _free("terminated"),
    "client.read_status": _read_status,
    "client.finish": _finish_request,
    "driver.process_rx_irq": _irq("rx"),
    "driver.process_tx_irq": _irq("tx"),
    "driver.work_rx": _work("rx"),
    "driver.work_tx": _work("tx"),
    "driver.free_rx": _free("freeing"),
    "bam.execute_lock": _executes("LOCK"),
    "bam.execute_unlock": _executes("UNLOCK"),
    "bam.execute_configure": _configure,
    "bam.execute_go": _go_phrase("executes GO"),
    "bam.publish_data": _publish,
    "bam.end_nwd_wait": _end_wait,
    "engine.finish": _finish,
    "engine.finish_failed": _finish,
    "tz.execute_lock": lambda m: "executes its LOCK" + (" and takes the lock" if m.after["lock.tz"] else ""),
    "tz.write_go": _go_phrase("executes its GO"),
    "tz.execute_unlock": _tz_unlock,
}
