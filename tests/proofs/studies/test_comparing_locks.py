"""C that locks against the rows that do: what is the same is proved, what is not is found, no fit is refused."""

from __future__ import annotations

from pathlib import Path

import bracketing
import kernel
import locking
import pytest
import z3

from model.protocol import build
from model.source.bam.wellformed import by_design, well_formed
from model.subject import Subject
from proofs.engines import Target
from proofs.engines.exhaustive import Explorer
from proofs.studies.comparing import bounds_for, graphs

CHEAP = ("client.terminate_rx", "client.terminate_tx", "driver.process_tx_irq")


def test_the_cheap_sections_with_locks_in_the_ring_are_those_of_the_row(tmp_path: Path) -> None:
    assert kernel.unlike(locking.slots(tmp_path), *CHEAP, version="v24") == []


IN_THE_RING = {
    "a flag that stays": (
        ("\tbchan->is_locked = false;\n\tvchan_get", "\tvchan_get"),
        "client.terminate_rx",
        "rx.locked",
    ),
    "a second flag": (
        ("\tbchan->is_locked = false;\n\tvchan_get", "\tbchan->lockable = bchan->is_locked = false;\n\tvchan_get"),
        "client.terminate_rx",
        "refused: drivers/dma/qcom/bam_dma.c: rx.locked should be the one member stored and read by sections, which",
    ),
    "another register": (
        ("lock->dummy_register, BAM_WRITE_COMMAND, 0)", "lock->dummy_register + 4, BAM_WRITE_COMMAND, 0)"),
        "client.terminate_rx",
        "refused: drivers/dma/qcom/bam_dma.c:",
    ),
    "another value": (
        ("lock->dummy_register, BAM_WRITE_COMMAND, 0)", "lock->dummy_register, BAM_WRITE_COMMAND, 1)"),
        "client.terminate_rx",
        "refused: drivers/dma/qcom/bam_dma.c:",
    ),
    "a configuration that is refused": (
        ("size != sizeof(*lock) ||", "size == sizeof(*lock) ||"),
        "client.terminate_rx",
        "refused: drivers/dma/qcom/bam_dma.c:",
    ),
    "a pointer as state": (
        ("\tbchan->is_locked = false;\n\tvchan_get", "\tbchan->dummy = NULL;\n\tvchan_get"),
        "client.terminate_rx",
        "refused: drivers/dma/qcom/bam_dma.c:",
    ),
}


@pytest.mark.parametrize("name", IN_THE_RING)
def test_a_change_of_the_locks_in_the_ring_is_found(tmp_path: Path, name: str) -> None:
    edit, action, said = IN_THE_RING[name]
    words = kernel.unlike(locking.slots(tmp_path, edit), action, version="v24")
    assert words and words[0].startswith(said), words


def test_a_flag_is_no_state_of_a_row_without_one(tmp_path: Path) -> None:
    words = kernel.unlike(locking.slots(tmp_path), "client.terminate_tx")
    assert words and "is_locked is state, and the row has no variable for it" in words[0]


def test_a_row_with_a_flag_asks_for_one(tmp_path: Path) -> None:
    assert (
        "rx.locked should be the one member" in kernel.unlike(kernel.source(), "client.terminate_tx", version="v24")[0]
    )


TRANSACTIONS = ("client.terminate_rx", "client.free_rx", "driver.free_rx", "driver.complete_rx")


def test_the_cheap_sections_with_transactions_are_those_of_the_row(tmp_path: Path) -> None:
    assert kernel.unlike(locking.pairs(tmp_path), *TRANSACTIONS, version="v16") == []


UNMAP = "\t\tdma_unmap_sg(vd->tx.chan->device->dev, &async_desc->dummy_sg, 1, DMA_TO_DEVICE);\n"
FREED = {
    "a mapping that stays": (UNMAP, "\t\t;\n", "client.free_rx", "rx.leaked"),
    "a mapping that is undone twice": (UNMAP, UNMAP + UNMAP, "client.free_rx", "unmaps what is not mapped"),
    "a transaction that is freed twice": (
        "\tkfree(async_desc);\n}",
        "\tkfree(async_desc);\n\tkfree(async_desc);\n}",
        "client.free_rx",
        "frees what is freed already",
    ),
    "one that nobody frees": ("\tkfree(async_desc);\n}", "\t;\n}", "driver.free_rx", "rx.alive"),
}


@pytest.mark.parametrize("name", FREED)
def test_a_change_of_freeing_is_found(tmp_path: Path, name: str) -> None:
    before, after, action, said = FREED[name]
    assert said in kernel.unlike(locking.pairs(tmp_path, (before, after)), action, version="v16")


def test_metadata_that_attach_does_not_take_are_refused(tmp_path: Path) -> None:
    root = locking.pairs(tmp_path, ("len < sizeof(*where)", "len >= sizeof(*where)"))
    assert "does not take what the client gives it" in kernel.unlike(root, "client.free_rx", version="v16")[0]


def test_mappings_of_the_channel_are_undone_as_in_the_row(tmp_path: Path) -> None:
    assert kernel.unlike(locking.of_channel(tmp_path), *TRANSACTIONS, version="v14") == []


BEFORE = "&to_bam_chan(vd->tx.chan)->before, 1, DMA_TO_DEVICE);\n"
OF_CHANNEL = {
    "the mapping of the other": (BEFORE, BEFORE.replace("before", "behind"), "event unmap_foreign"),
    "a mapping that stays": (
        f"_LOCK)\n\t\tdma_unmap_sg(vd->tx.chan->device->dev, {BEFORE}", "_LOCK)\n\t\t;\n", "rx.leaked",
    ),
    "an element that is not made anew": (
        "\tbam_prep_ce_le32(dummy,", "\tif (!dummy->mask)\n\t\tbam_prep_ce_le32(dummy,",
        "refused: drivers/dma/qcom/bam_dma.c:",
    ),
    "one list for both": (
        "&bchan->before : &bchan->behind;", "&bchan->before : &bchan->before;",
        "refused: drivers/dma/qcom/bam_dma.c: 0 lists of struct bam_chan have",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_CHANNEL)
def test_a_change_of_the_mappings_of_the_channel_is_found(tmp_path: Path, name: str) -> None:
    before, after, said = OF_CHANNEL[name]
    words = kernel.unlike(locking.of_channel(tmp_path, (before, after)), "client.free_rx", version="v14")
    assert any(word.startswith(said) for word in words), words


@pytest.mark.slow
def test_mappings_of_the_channel_are_made_as_in_the_row(tmp_path: Path) -> None:
    kernel.demand_equal("v14", locking.of_channel(tmp_path), "default")


@pytest.mark.slow
def test_what_a_failed_mapping_leaves_in_the_list_of_the_channel_is_not_known(tmp_path: Path) -> None:
    root = locking.of_channel(tmp_path)
    (said,) = kernel.unlike(root, "client.issue_rx:lock-alloc", scenario="faults", version="v14")
    assert "rx.lock_sg depends on what a failed mapping leaves" in said


QUEUED = {
    "LOCK at the end": ("list_add(&txn->vd.node", "list_add_tail(&txn->vd.node"),
    "no cookie": ("\tdma_cookie_assign(&txn->vd.tx);\n", ""),
    "only a LOCK": ("\t\t\tbam_queue_dummy(bchan, DESC_FLAG_UNLOCK);\n\t}", "\t\t\t;\n\t}"),
    "another direction": ("txn->dir = DMA_MEM_TO_DEV;", "txn->dir = DMA_DEV_TO_MEM;"),
    "end of transfer": ("txn->num_desc = 1;", "txn->num_desc = 1;\n\ttxn->flags = DESC_FLAG_EOT;"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", QUEUED)
def test_a_change_of_the_pair_is_found(tmp_path: Path, name: str) -> None:
    assert kernel.unlike(locking.pairs(tmp_path, QUEUED[name]), "client.issue_rx", version="v16")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["if (!txn)\n\t\treturn -ENOMEM;", "kfree(txn);\n\t\treturn -EIO;"])
def test_both_ways_in_which_a_lock_cannot_be_built_are_looked_at(tmp_path: Path, way: str) -> None:
    root = locking.pairs(tmp_path, (way, way.rpartition("return")[0] + "return 0;"))
    assert kernel.unlike(root, "client.issue_rx:lock-alloc", scenario="faults", version="v16")


STARTS = {
    "no room is asked for": ("MAX_DESCRIPTORS + 1) < 2", "MAX_DESCRIPTORS + 1) < 1"),
    "nobody tries again": ("\t\t\ttasklet_schedule(&bdev->task);\n\t\t\treturn;", "\t\t\treturn;"),
    "UNLOCK raises no interrupt": ("DESC_FLAG_UNLOCK | DESC_FLAG_INT)", "DESC_FLAG_UNLOCK)"),
    "UNLOCK into a full ring": ("desc_issued) && !IS_BUSY(bchan))\n\t\tbam_put", "desc_issued))\n\t\tbam_put"),
    "the flag is not set": ("flags & DESC_FLAG_LOCK;\n}", "flags & DESC_FLAG_UNLOCK;\n}"),
}
INTERRUPTS = {
    "LOCK is looked at only": (
        "#define DESC_FLAG_ANY_LOCK (DESC_FLAG_LOCK | DESC_FLAG_UNLOCK)",
        "#define DESC_FLAG_ANY_LOCK DESC_FLAG_LOCK",
    ),
    "what is not consumed is looked at": (
        "\t\twhile (avail && le16_to_cpu(bchan->fifo_virt[bchan->head].flags) & DESC_FLAG_ANY_LOCK) {\n"
        "\t\t\tbchan->head = (bchan->head + 1) % MAX_DESCRIPTORS;\n\t\t\tavail--;\n\t\t}\n\n\t\tspin",
        "\t\tif (le16_to_cpu(bchan->fifo_virt[bchan->head].flags) & DESC_FLAG_ANY_LOCK)\n"
        "\t\t\tbchan->head = (bchan->head + 1) % MAX_DESCRIPTORS;\n\n\t\tspin",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*STARTS, *INTERRUPTS])
def test_a_change_of_start_or_interrupt_is_found(tmp_path: Path, name: str) -> None:
    action = "client.issue_rx" if name in STARTS else "driver.process_rx_irq"
    assert kernel.unlike(locking.slots(tmp_path, {**STARTS, **INTERRUPTS}[name]), action, version="v24")


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "faults"])
def test_locks_in_the_ring_are_those_of_the_row(tmp_path: Path, scenario: str) -> None:
    kernel.demand_equal("v24", locking.slots(tmp_path), scenario)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "faults"])
def test_pairs_of_transactions_are_those_of_the_row(tmp_path: Path, scenario: str) -> None:
    kernel.demand_equal("v16", locking.pairs(tmp_path), scenario)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "faults"])
def test_brackets_in_the_fill_loop_are_those_of_the_row(tmp_path: Path, scenario: str) -> None:
    kernel.demand_equal("v21", bracketing.rounds(tmp_path), scenario)


ROUNDS = {
    "no second try": (
        "if (IS_ERR(first))\n\t\treturn PTR_ERR(first);",
        "if (IS_ERR(first)) {\n\t\tbchan->is_locked = true;\n\t\treturn PTR_ERR(first);\n\t}",
    ),
    "LOCK is kept alone": ("\t\tbam_drop_dummy(bchan, first);\n\t\treturn PTR_ERR(last);", "\t\treturn PTR_ERR(last);"),
    "LOCK is freed twice": (
        "\t\tbam_drop_dummy(bchan, first);\n",
        "\t\tbam_drop_dummy(bchan, first);\n\t\tbam_drop_dummy(bchan, first);\n",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ROUNDS)
def test_a_change_of_what_a_failed_bracket_leaves_is_found(tmp_path: Path, name: str) -> None:
    action = "driver.work_rx:lock-alloc" if name == "no second try" else "driver.work_rx:unlock-alloc"
    root = bracketing.rounds(tmp_path, ROUNDS[name])
    assert kernel.unlike(root, action, version="v21", scenario="faults")


CHEAP_ROUNDS = ("client.terminate_rx", "client.free_rx", "driver.process_rx_irq")


def test_the_cheap_sections_with_brackets_in_the_fill_loop_are_those_of_the_row(tmp_path: Path) -> None:
    assert kernel.unlike(bracketing.rounds(tmp_path), *CHEAP_ROUNDS, version="v21") == []


def test_what_only_a_design_keeps_to_is_looked_at_in_every_reachable_state() -> None:
    """With the flag clear as soon as UNLOCK is queued an UNLOCK waits for a slot while not locked."""
    changed = Subject.of("v21", "small-ring", bound=bounds_for("v21")).changed({"flag-clear": "queued"})
    protocol = build(changed)
    (said,) = graphs(protocol, protocol.system.actions).ill_formed
    assert said in by_design(protocol.ctx)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v12", "v14", "v16", "v20", "v21", "v24"])
def test_what_is_reachable_under_the_default_bounds_is_well_formed(version: str) -> None:
    protocol = build(Subject.of(version, "faults"))
    forms = {**well_formed(protocol.ctx), **by_design(protocol.ctx)}
    assert (
        not Explorer(protocol.system).explore({name: Target(state=z3.Not(term)) for name, term in forms.items()}).hits
    )
