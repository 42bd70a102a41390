"""The names of the model, declared once: events, actors, actions and variables, each with the words that readers get.

An action may emit no event that is not here, and no property may name another one: a misspelt event would never be hit.
`protocol.build` refuses an action or a variable that has no entry, so that whoever adds one is told at the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from model.language.system import Action, ModelError, StateSpace

EVENTS: Mapping[str, str] = {
    "lock_executed": "a LOCK executes on the consumer pipe of Linux",
    "unlock_executed": "an UNLOCK executes on the consumer pipe of Linux",
    "unlock": "an UNLOCK of Linux takes effect",
    "dummy_write": "the dummy write of a LOCK or UNLOCK reaches the engine",
    "config_write": "a configuration register is written",
    "client_descriptor": "a CMD or DATA descriptor of the client executes",
    "cpu_access": "Linux accesses an engine register by CPU",
    "status_read": "a completion reads STATUS",
    "status_taken": "a completion takes STATUS from where a command has read it to",
    "request_succeeded": "a request finishes successfully",
    "buffer_rewritten_under_reader": "the command buffer is rewritten while a descriptor that reads it waits",
    "bracket_with_foreign_metadata": "a LOCK is built with the metadata of another request than the one inside",
    "unmap_foreign": "an unmap releases another mapping than the one that the same descriptor made",
    "cookie_covers_unconsumed": "the completed cookie comes to cover a transaction that is not consumed",
    "cookie_moves_back": "the completed cookie moves back",
    "operation_started": "an operation on the pipe pair of Linux is started",
    "wrong_in_c": "the driver's C does what it must not do, or leaves something otherwise than it has to be",
    "ring_lapped": "what is written to a ring reaches the hardware's read offset",
}
"""Each event's name, and what happens then, as a clause."""


@dataclass(frozen=True)
class Actor:
    """Who takes steps: `subject` in a sentence, `function` the C function that it runs, `software` if it is Linux."""

    subject: str
    function: str = ""
    software: bool = False

    @property
    def name(self) -> str:
        """The subject without its article."""
        return self.subject.removeprefix("the ")


ACTORS: Mapping[str, Actor] = {
    "client": Actor("the client", software=True),
    "irq": Actor("the interrupt handler", "process_channel_irqs", software=True),
    "work": Actor("the work item", "bam_dma_work", software=True),
    "tasklet": Actor("the tasklet", "vchan_complete", software=True),
    "callback": Actor("the callback", software=True),
    "bam": Actor("the consumer pipe"),
    "engine": Actor("the engine"),
    "tz": Actor("TZ"),
}
"""By name, in the order in which they are shown."""


def actor(name: str) -> Actor:
    """The actor of that name; one that is not declared, as a toy's, under its own name."""
    return ACTORS.get(name, Actor(f"the {name}"))


@dataclass(frozen=True)
class Wording:
    """An action in words.

    `label`: the descriptor that it executes, or the C function and its channel; `brief`: what has happened, in a few
    words; `does`: a verb phrase without a subject; `locked`: whether it is a section under vc.lock.
    """

    label: str
    brief: str
    does: str
    locked: bool = False


def _section(label: str, brief: str, does: str) -> Wording:
    return Wording(label, brief, does, locked=True)


ACTIONS: Mapping[str, Wording] = {
    "client.set_base": Wording("qce_crypto_probe", "base set", "sets base_phys, the rest of probe being done"),
    "client.slave_config": _section("bam_slave_config rx", "locking enabled", "enables locking (bam_slave_config)"),
    "client.begin_unlocked_aead": Wording(
        "qce_aead_async_req_handle", "an AEAD request begun", "begins an AEAD request for which it takes no lock"
    ),
    "client.prep_lock": _section("qce_bam_lock", "LOCK submitted", "submits LOCK on rxchan"),
    "client.prep_unlock": _section("qce_bam_unlock", "UNLOCK submitted", "submits UNLOCK on rxchan"),
    "client.prep_commands": _section("qce_submit_cmd_desc", "CMD submitted", "submits CMD on rxchan"),
    "client.prep_status": _section("qcom_read_reg_dma", "status reads submitted", "submits the status reads on rxchan"),
    "client.prep_rx_data": _section("qce_dma_prep_sgs rx", "DATA submitted on rxchan", "submits DATA on rxchan"),
    "client.prep_tx_data": _section("qce_dma_prep_sgs tx", "DATA submitted on txchan", "submits DATA on txchan"),
    "client.issue_rx": _section("bam_issue_pending rx", "rxchan issued", "issues rxchan (bam_issue_pending)"),
    "client.issue_tx": _section("bam_issue_pending tx", "txchan issued", "issues txchan (bam_issue_pending)"),
    "client.cpu_configure": Wording(
        "qce_setup_regs", "registers written by CPU", "writes the configuration registers by CPU"
    ),
    "client.cpu_go": Wording("qce_crypto_go", "GOPROC written by CPU", "writes GOPROC by CPU"),
    "client.unmap_commands": Wording(
        "dma_unmap_sg", "command buffer unmapped", "unmaps the command buffer (dma_unmap_sg)"
    ),
    "client.unmap_data": Wording("dma_unmap_sg", "data unmapped", "unmaps the data (dma_unmap_sg)"),
    "client.close_rx": _section("bam_dma_terminate_all rx", "UNLOCK put behind", "closes the bracket of rxchan"),
    "client.terminate_rx": _section(
        "bam_dma_terminate_all rx", "rxchan terminated", "terminates rxchan (bam_dma_terminate_all)"
    ),
    "client.terminate_tx": _section(
        "bam_dma_terminate_all tx", "txchan terminated", "terminates txchan (bam_dma_terminate_all)"
    ),
    "client.free_rx": Wording(
        "vchan_dma_desc_free_list rx", "descriptors of rxchan freed", "frees the descriptors of rxchan"
    ),
    "client.read_status": Wording("qce_check_status", "STATUS read", "reads STATUS by CPU (qce_check_status)"),
    "client.finish": Wording("qce_req_done_work", "request finished", "finishes the request"),
    "client.build_lists": Wording("qce_dma_map_sg", "data mapped, lists built", "maps its data and builds its lists"),
    "client.transfer_rx": _section("sps_transfer consumer", "consumer list in the ring", "puts its consumer list in"),
    "client.transfer_tx": _section("sps_transfer producer", "producer list in the ring", "puts its producer list in"),
    "client.transfer_lock": _section("LOCK, consumer", "LOCK in the ring", "puts LOCK in"),
    "client.transfer_unlock": _section("sps_transfer_one consumer", "UNLOCK in the ring", "puts UNLOCK in"),
    "client.recover": Wording(
        "qce_manage_timeout",
        "both pipes reset",
        "gives up a request that hangs: resets both pipes (qce_manage_timeout)",
    ),
    "client.give_up": Wording(
        "qcom_submit_descs", "time-out", "gives up its request after 2 s and leaves all that is queued"
    ),
    "client.take_status": Wording("reg_read_buf", "STATUS taken", "takes STATUS from where a command has read it to"),
    "client.read_dump": Wording("result dump", "dump's STATUS read", "reads STATUS in the result dump"),
    "driver.sps_isr": _section(
        "sps_isr", "interrupt of tx served", "calls back for what the producer pipe is done with"
    ),
    "driver.process_rx_irq": _section("process_channel_irqs rx", "interrupt of rx served", "reaps rx"),
    "driver.process_tx_irq": _section("process_channel_irqs tx", "interrupt of tx served", "reaps tx"),
    "driver.work_rx": _section("bam_dma_work rx", "work item at rx", "starts rx again (bam_start_dma)"),
    "driver.work_tx": _section("bam_dma_work tx", "work item at tx", "starts tx again (bam_start_dma)"),
    "driver.runtime_suspend": Wording(
        "bam_dma_runtime_suspend",
        "BAM suspended",
        "lets the BAM's clock go, 100 ms after the doorbell (bam_dma_runtime_suspend)",
    ),
    "driver.complete_tx": _section(
        "vchan_complete tx", "callback begun", "begins, the output being complete (vchan_complete of txchan)"
    ),
    "driver.complete_command": _section(
        "vchan_complete rx", "client woken", "wakes the client, the last command being completed (vchan_complete)"
    ),
    "driver.complete_command_late": _section(
        "vchan_complete rx", "nobody woken", "completes a request that was given up (vchan_complete)"
    ),
    "driver.complete_rx": _section(
        "vchan_complete rx",
        "desc_completed taken by the tasklet",
        "takes the completed LOCK and UNLOCK descriptors off desc_completed in order to free them",
    ),
    "driver.free_rx": Wording("bam_dma_free_desc rx", "LOCK and UNLOCK freed", "frees LOCK and UNLOCK"),
    "bam.execute_lock": Wording("LOCK", "LOCK executed", "executes LOCK"),
    "bam.write_lock_dummy": Wording("LOCK, dummy write", "dummy write of LOCK", "does the dummy write of LOCK"),
    "bam.execute_request": Wording(
        "LOCK with CONFIGURE and GO", "LOCK, CONFIGURE and GO executed", "executes LOCK with CONFIGURE and GO"
    ),
    "bam.write_request": Wording(
        "LOCK with CONFIGURE and GO, writes", "CONFIGURE and GO of LOCK done", "does CONFIGURE and GO of its LOCK"
    ),
    "bam.write_lock_config": Wording("LOCK, write of CONFIG", "CONFIG of LOCK written", "writes CONFIG for its LOCK"),
    "bam.write_unlock_register": Wording("UNLOCK, access", "access of UNLOCK", "does the register access of UNLOCK"),
    "bam.execute_unlock": Wording("UNLOCK", "UNLOCK executed", "executes UNLOCK"),
    "bam.write_unlock_dummy": Wording("UNLOCK, dummy write", "dummy write of UNLOCK", "does the dummy write of UNLOCK"),
    "bam.execute_configure": Wording("CONFIGURE", "CONFIGURE executed", "executes CONFIGURE"),
    "bam.execute_go": Wording("GO", "GO executed", "executes GO"),
    "bam.execute_status": Wording("STATUS", "STATUS read into memory", "reads STATUS into memory"),
    "bam.publish_data": Wording("DATA", "DATA published", "publishes DATA to the engine"),
    "bam.end_nwd_wait": Wording("NWD wait ends", "NWD wait ended", "ends the NWD wait"),
    "engine.take_input": Wording("take input", "input taken", "takes the input"),
    "engine.put_output": Wording("put output", "output put out", "puts out the output"),
    "engine.put_dump": Wording("put dump", "result dump put out", "puts out the result dump"),
    "engine.finish": Wording("finish", "operation done", "is done with the operation"),
    "engine.finish_failed": Wording("finish failed", "operation ended in error", "ends in error the operation"),
    "tz.queue_request": Wording("queue request", "request of TZ queued", "queues a request"),
    "tz.execute_lock": Wording("LOCK", "LOCK of TZ executed", "executes its LOCK"),
    "tz.write_config": Wording("CONFIGURE", "CONFIGURE of TZ executed", "writes its configuration registers"),
    "tz.write_go": Wording("GO", "GO of TZ executed", "executes its GO"),
    "tz.publish_data": Wording("DATA", "DATA of TZ published", "publishes its DATA"),
    "tz.execute_unlock": Wording("UNLOCK", "UNLOCK of TZ executed", "executes its UNLOCK"),
    "tz.abort": Wording("external abort", "external abort of TZ", "gets an external abort at an access by CPU"),
    "tz.complete": Wording("complete", "request of TZ done", "is done with its request"),
}
"""Each action by its name, without the number of a repeated one and without a fault."""


def kind_of(action: str) -> str:
    """An action's name without the number of a repeated one and without a fault."""
    return re.sub(r"_\d+$", "", action.partition(":")[0])


def wording(action: str) -> Wording:
    """How an action of that name is told; one that is not declared, as a toy's, by its name."""
    words = kind_of(action).split(".", 1)[-1].replace("_", " ")
    return ACTIONS.get(kind_of(action), Wording(words, words, f"takes {words}"))


class Members(Enum):
    """What a bit-vector that is a set has in it."""

    MAPPINGS = auto()
    SLOTS = auto()
    REQUESTS = auto()


@dataclass(frozen=True)
class Meaning:
    """What a variable says, in a few words; `members`: what is in it if it is a set."""

    text: str
    members: Members | None = None


def _mappings(text: str) -> Meaning:
    return Meaning(text, Members.MAPPINGS)


def _requests(text: str) -> Meaning:
    return Meaning(text, Members.REQUESTS)


GROUPS: Mapping[str, str] = {
    "lock": "Pipe lock",
    "rx": "Channel rx: commands and input",
    "engine": "Crypto engine",
    "tx": "Channel tx: output",
    "client": "Client",
    "work": "Work item",
    "bam": "BAM",
    "tz": "TrustZone",
    "fault": "Faults",
    "monitor": "What the properties remember",
}
"""What a variable's name begins with, and the title of those that do, in the order in which they are shown."""

VARIABLES: Mapping[str, Meaning] = {
    "lock.linux": Meaning("held by Linux"),
    "lock.tz": Meaning("held by TrustZone"),
    "lock.depth": Meaning("how often it is held"),
    "lock.last": Meaning("who had it last"),
    "engine.op": Meaning("whose operation runs"),
    "engine.config": Meaning("who wrote CONFIG last"),
    "engine.status": Meaning("whose STATUS is"),
    "engine.status_done": Meaning("STATUS says done"),
    "engine.pair_tz": Meaning("serves TrustZone's pipes"),
    "engine.input": Meaning("input taken"),
    "engine.output": Meaning("output put"),
    "engine.dumped": Meaning("result dump put"),
    "engine.dump_ok": _requests("OPERATION_DONE in the dump of"),
    "engine.disturbed": Meaning("written to while it ran"),
    "engine.published_rx": Meaning("Linux input that waits"),
    "engine.published_tz": Meaning("TrustZone input that waits"),
    "client.pc": Meaning("next step"),
    "client.request": Meaning("requests begun before"),
    "client.ok": Meaning("result is good"),
    "client.failed": Meaning("request failed"),
    "client.status_of": Meaning("whose STATUS a command has read"),
    "client.panicked": Meaning("external abort"),
    "client.buffer": Meaning("command buffer holds writes of"),
    "client.buffer_mapped": _requests("command buffer mapped for"),
    "client.data_mapped": _requests("data mapped of"),
    "client.base_known": Meaning("base_phys is set"),
    "client.astray": Meaning("register writes lack the base"),
    "client.lock_mapped": Meaning("LOCK mapped"),
    "client.unlock_mapped": Meaning("UNLOCK mapped"),
    "rx.alive": _mappings("transactions with a mapping"),
    "rx.mapped": _mappings("mappings"),
    "rx.leaked": Meaning("a mapping leaked"),
    "rx.locked": Meaning("driver's flag: locked"),
    "rx.lock_sg": Meaning("mapping of the LOCK"),
    "rx.unlock_sg": Meaning("mapping of the UNLOCK"),
    "rx.desc_completed": Meaning("has a request's last command"),
    "rx.desc_completed_lock": _mappings("LOCKs to be freed"),
    "rx.desc_completed_unlock": _mappings("UNLOCKs to be freed"),
    "rx.freeing_lock": _mappings("LOCKs being freed"),
    "rx.freeing_unlock": _mappings("UNLOCKs being freed"),
    "rx.terminated_lock": _mappings("LOCKs that a terminate frees"),
    "rx.terminated_unlock": _mappings("UNLOCKs that a terminate frees"),
    "rx.metadata": Meaning("metadata of request, from 0"),
    "rx.nwd_wait": Meaning("waits for the engine (NWD)"),
    "rx.half_executed": Meaning("dummy write half done"),
    "rx.next_cookie": Meaning("next cookie"),
    "rx.completed_cookie": Meaning("completed cookie"),
    "rx.head": Meaning("slot to be reaped next"),
    "rx.tail": Meaning("slot to be filled next"),
    "rx.irq": Meaning("interrupt pending"),
    "rx.scratchpad": Meaning("scratchpad address known"),
    "rx.locking_enabled": Meaning("slave_config has enabled locking"),
    "rx.desc_allocated": Meaning("has a transaction that nobody submits"),
    "rx.slots_lock": Meaning("slots with a LOCK, counted from head", Members.SLOTS),
    "rx.slots_unlock": Meaning("slots with an UNLOCK, counted from head", Members.SLOTS),
    "tx.head": Meaning("slot to be reaped next"),
    "tx.tail": Meaning("slot to be filled next"),
    "tx.irq": Meaning("interrupt pending"),
    "tx.desc_completed": Meaning("has the transaction"),
    "tx.enabled": Meaning("producer pipe set up"),
    "work.pending": Meaning("scheduled"),
    "work.at_tx": Meaning("at channel tx"),
    "tz.pc": Meaning("next step follows"),
    "tz.queued": Meaning("a request is queued"),
    "tz.done": Meaning("requests done"),
    "bam.suspended": Meaning("clock is off"),
    "fault.struck": Meaning("what failed"),
    "fault.left": Meaning("what may still fail"),
    "monitor.spoilt": _requests("disturbed or foreign"),
    "monitor.bracket": Meaning("a LOCK is open"),
    "monitor.unlock_dropped": Meaning("an UNLOCK was dropped"),
    "monitor.in_turn": Meaning("another turn is due"),
    "monitor.served_between": Meaning("served in between"),
}
"""Each variable that is not part of a queue, and what it says."""


def demand_declared(actions: Iterable[Action], space: StateSpace) -> None:
    """Raise ModelError for an action, an actor or a variable that readers would meet without a word about it."""
    parts = {f"{queue}.{part}" for queue, schema in space.queues.items() for part in ("len", *schema.fields)}
    unknown = {action.name for action in actions if kind_of(action.name) not in ACTIONS or action.actor not in ACTORS}
    unknown |= {name for name in space.variables if name not in VARIABLES and name not in parts}
    unknown |= {name for name in space.variables if name.split(".", 1)[0] not in GROUPS}
    if unknown:
        raise ModelError(f"not declared in model/vocabulary.py: {', '.join(sorted(unknown))}")
