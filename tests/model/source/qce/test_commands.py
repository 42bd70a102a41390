"""Register writes that are sent as commands: what a client of our own does with them, and what must not happen."""

from __future__ import annotations

from pathlib import Path

import commanding
import pytest

from model.source.qce.programs import execute, read_client
from model.source.tree import SourceError

SENT = ("commands", "rx-data", "tx-data", "issue-tx", "issue-rx")
COMPLETED = ("terminate-rx", "unmap-commands", "terminate-tx", "unmap-data", "status", "finish")


def test_what_a_request_with_commands_does_and_undoes(tmp_path: Path) -> None:
    found = commanding.program_of(tmp_path)
    assert [order.steps for order in found.orders["request"]] == [SENT]
    assert [order.steps for order in found.orders["completion"]] == [COMPLETED]
    stopped = ("terminate-rx", "unmap-commands", "terminate-tx", "unmap-data", "finish")
    assert {order.steps for order in found.orders["data-failure"]} == {stopped}
    assert {order.steps for order in found.before["data-failure"]} == {("commands",), ("commands", "rx-data")}
    # what the step that failed has mapped, it unmaps itself
    assert {order.steps for order in found.orders["command-failure"]} == {("unmap-data", "finish")}
    assert found.nwd == {"commands": False, "rx-data": True, "tx-data": False}
    assert (found.late, found.wrongs) == ({}, ())


def test_what_the_metadata_says_is_told_as_the_axes_have_it(tmp_path: Path) -> None:
    found = commanding.program_of(tmp_path)
    assert {axis: tuple(values) for axis, values in found.values.items()} == {
        "metadata": ("channel-direction",),
        "dummy": ("write-version",),
        "dummy-address": ("base-phys",),
    }
    assert found.values["metadata"]["channel-direction"] == commanding.line_of("ret = dmaengine_desc_attach_metadata")


ATTACHING = (
    "\tret = dmaengine_desc_attach_metadata(desc, &lock, sizeof(lock));\n\tif (ret)\n\t\tgoto unmap;\n"
    "\tdmaengine_submit(desc);\n"
)
LOCK = "\t\t.direction = DMA_MEM_TO_DEV,\n"
CONFIGURED = (
    "\tqce->async_req_enqueue = enqueue;\n",
    "\tqce->async_req_enqueue = enqueue;\n\tstruct dma_slave_config config = { .direction = DMA_MEM_TO_DEV };\n"
    "\tif (dmaengine_slave_config(qce->rx, &config))\n\t\treturn -EIO;\n",
)
TOLD = {
    "none is attached": ([(ATTACHING, "\tdmaengine_submit(desc);\n")], "metadata", "none"),
    "another direction": ([(LOCK, LOCK.replace("MEM_TO_DEV", "DEV_TO_MEM"))], "metadata", "channel, the direction 2"),
    "no direction": ([(LOCK, "")], "metadata", "channel, the direction 0"),
    "another register": ([("start + REG_VERSION", "start + REG_STATUS")], "dummy", "REG_STATUS"),
    "no register": ([("start + REG_VERSION", "start + 8")], "dummy", "0x8"),
    "the mapped address": (
        [("start + REG_VERSION", "seen + REG_VERSION"), ("(u32)qce->start + offset", "(u32)qce->seen + offset")],
        "dummy-address", "base-dma",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_other_metadata_is_another_value(tmp_path: Path, name: str) -> None:
    changes, axis, value = TOLD[name]
    assert list(commanding.program_of(tmp_path, *changes).values[axis]) == [value]


@pytest.mark.parametrize("configured", [True, False])
def test_metadata_without_a_direction_need_one_of_the_channel(tmp_path: Path, configured: bool) -> None:
    text = commanding.changed((LOCK, ""), *([CONFIGURED] if configured else []))
    elements = commanding.ELEMENTS.replace(" enum dma_transfer_direction direction;", "")
    tree = commanding.tree_of(tmp_path, text, elements)
    values = execute(read_client(tree), "SKCIPHER").values["metadata"]
    assert list(values) == ["channel" if configured else "channel, without a direction"]


PRIVATE = (
    CONFIGURED[0],
    CONFIGURED[1].replace(
        "\tstruct dma_slave_config config = { .direction = DMA_MEM_TO_DEV };\n",
        "\tstruct lock_config { phys_addr_t start; } more = { .start = place->start };\n"
        "\tstruct dma_slave_config config = { .peripheral_config = &more, .peripheral_size = sizeof(more) };\n",
    ),
)


@pytest.mark.parametrize("way", ["peripheral-config", "slave-config"])
def test_where_dummy_writes_go_may_be_said_once_in_probe(tmp_path: Path, way: str) -> None:
    own = CONFIGURED[1].replace("{ .dir", "{ .dst_addr = place->start, .dir")
    early = (CONFIGURED[0], PRIVATE[1] if way == "peripheral-config" else own)
    found = commanding.program_of(tmp_path, (ATTACHING, "\tdmaengine_submit(desc);\n"), early)
    assert {axis: list(values) for axis, values in found.values.items()} == {
        "metadata": [way], "dummy": ["write-version"], "dummy-address": ["base-phys"],
    }  # fmt: skip


PREPARED = "desc = dmaengine_prep_slave_sg(qce->rx, batch->list, mapped"
GO = "\tput(qce, REG_GOPROC, 1);\n"
WRONG = {
    "not behind the others": (("\tbatch->next++;\n", ""), "puts a command elsewhere", "bam_prep_ce_le32(&"),
    "behind those of another request": (
        ("\tqce->batch->next = 0;\n", ""), "puts a command elsewhere", "bam_prep_ce_le32(&",
    ),
    "listed over others": (("\tbatch->listed++;\n", ""), "lists commands elsewhere", "sg_set_buf("),
    "listed again": (("\tbatch->first = batch->next;\n", ""), "lists other commands", "sg_set_buf("),
    "half of one": ((" * sizeof(struct bam_cmd_element)", " * 8"), "lists more or fewer bytes", "sg_set_buf("),
    "fewer mapped": (
        ("mapped = dma_map_sg(qce->dev, batch->list, batch->listed", "mapped = dma_map_sg(qce->dev, batch->list, 1"),
        "maps more or fewer entries", "mapped = dma_map_sg(",
    ),
    "mapped for reading": (
        ("mapped = dma_map_sg(qce->dev, batch->list, batch->listed, DMA_TO_DEVICE)",
         "mapped = dma_map_sg(qce->dev, batch->list, batch->listed, DMA_FROM_DEVICE)"),
        "maps commands in another direction", "mapped = dma_map_sg(",
    ),
    "fewer prepared": ((PREPARED, PREPARED.replace("mapped", "1")), "prepares more or fewer entries", PREPARED[:20]),
    "not mapped": (
        ("mapped = dma_map_sg(qce->dev, batch->list, batch->listed, DMA_TO_DEVICE);", "mapped = batch->listed;"),
        "of a list that is not mapped", PREPARED[:20],
    ),
    "as data": (("DMA_PREP_CMD)", "DMA_PREP_INTERRUPT)"), "prepares commands as data", PREPARED[:20]),
    "never started": ((GO, ""), "of which none starts the engine", PREPARED[:20]),
    "only started": (
        ("\tput(qce, REG_STATUS, 0);\n\tfor (i = 0; i < base->flags >> 8; i++)\n"
         "\t\tput(qce, REG_CONFIG + 4 * i, 0);\n", ""),
        "that only start the engine", PREPARED[:20],
    ),
    "started too early": ((GO, GO + "\tput(qce, REG_CONFIG, 0);\n"), "behind the one that starts", PREPARED[:20]),
    "changed afterwards": (
        ("\tdmaengine_submit(desc);\n", "\tdmaengine_submit(desc);\n\tput(qce, REG_CONFIG, 0);\n"),
        "changes commands that are prepared", "bam_prep_ce_le32(&",
    ),
    "not listed": (
        (GO, GO + "\tbam_prep_ce_le32(&qce->batch->made[qce->batch->next], (u32)qce->start + REG_GOPROC, 0, 1);\n"),
        "prepares without the last commands", PREPARED[:20],
    ),
    "attached too late": (
        (ATTACHING, "\tdmaengine_submit(desc);\n" + ATTACHING.replace("\tdmaengine_submit(desc);\n", "")),
        "attaches metadata to what is submitted", "ret = dmaengine_desc_attach",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_commands_that_are_not_sent_as_they_were_made_are_found(tmp_path: Path, name: str) -> None:
    change, text, at = WRONG[name]
    found = [wrong for wrong in commanding.program_of(tmp_path, change).wrongs if text in wrong.text]
    assert commanding.line_of(at, change) in {wrong.where for wrong in found}
    assert "success" in {wrong.way for wrong in found}


def test_what_was_not_submitted_has_to_be_unmapped_by_the_step_that_failed(tmp_path: Path) -> None:
    change = ("unmap:\n\tdma_unmap_sg(qce->dev, batch->list, batch->listed, DMA_TO_DEVICE);\n", "unmap:\n")
    (wrong,) = commanding.program_of(tmp_path, change).wrongs
    assert (wrong.way, wrong.where) == ("command-failure", commanding.line_of("mapped = dma_map_sg"))
    assert "batch.list[0] stays mapped" in wrong.text.replace("allocated", "batch")


def test_submitted_commands_that_stay_mapped_are_a_step_that_is_missing(tmp_path: Path) -> None:
    change = ("\tdma_unmap_sg(qce->dev, qce->batch->list, qce->batch->listed, DMA_TO_DEVICE);\n", "")
    found = commanding.program_of(tmp_path, change)
    assert found.wrongs == () and "unmap-commands" not in found.orders["completion"][0].steps


LOOP = "\tfor (i = 0; i < base->flags >> 8; i++)\n\t\tput(qce, REG_CONFIG + 4 * i, 0);\n"


def test_a_loop_adds_as_much_in_each_round_to_all_that_it_counts(tmp_path: Path) -> None:
    skipped = LOOP.replace("0);\n", "0), qce->batch->next++;\n")
    found = commanding.program_of(tmp_path, (LOOP, skipped))
    assert any("puts a command elsewhere" in wrong.text for wrong in found.wrongs)


REFUSED = {
    "a read": (("BAM_WRITE_COMMAND, value", "BAM_READ_COMMAND, value"), "a command that is not BAM_WRITE_COMMAND"),
    "an address": (("(u32)qce->start + offset", "offset"), "an address that is no constant offset"),
    "the other channel": (("qce->rx, batch->list", "qce->tx, batch->list"), "commands in direction 1 on the channel t"),
    "an interrupt": (("DMA_PREP_CMD)", "DMA_PREP_CMD | DMA_PREP_INTERRUPT)"), "a transaction with the flags 129"),
    "data as commands": (("own->list, own->entries, dir, flags)", "own->list, own->entries, dir, DMA_PREP_CMD)"),
                         "a transaction of commands of what is no list of commands"),
    "attributes": (("batch->listed, DMA_TO_DEVICE);\n\tif (!mapped)", "batch->listed, DMA_TO_DEVICE, 32);\n"
                    "\tif (!mapped)"), "a mapping with the attributes 32"),
    "other metadata": (("attach_metadata(desc, &lock", "attach_metadata(desc, batch"), "metadata that is no struct"),
    "metadata of nothing": (("attach_metadata(desc,", "attach_metadata(NULL,"), "dereferences NULL"),
    "part of the registers": (("dma_map_resource(qce->dev, place->start,", "dma_map_resource(qce->dev, 4096,"),
                              "maps what does not begin with the registers"),
    "configured by a request": (("\tqce->batch->first = 0;\n", "\tqce->batch->first = 0;\n\tstruct dma_slave_config "
                                 "c = { };\n\tdmaengine_slave_config(qce->rx, &c);\n"),
                                "dmaengine_slave_config has a meaning in probe only"),
    "configured with both": ((PRIVATE[0], PRIVATE[1].replace("{ .per", "{ .dst_addr = place->start, .per")),
                             "dmaengine_slave_config with a dst_addr and"),
    "configured with another size": ((PRIVATE[0], PRIVATE[1].replace("sizeof(more)", "4")), "a peripheral_size that"),
    "configured with more": ((PRIVATE[0], PRIVATE[1].replace("start; }", "start; int i; }")), "a peripheral_config"),
    "a number that stays": (("\tput(qce, REG_STATUS, 0);\n", "\tput(qce, REG_STATUS, qce->result++);\n"),
                            "result of the device is read and stored"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    change, text = REFUSED[name]
    with pytest.raises(SourceError, match=rf"^drivers/crypto/qce/\w+\.c:\d+: {text}"):
        commanding.program_of(tmp_path, change)
