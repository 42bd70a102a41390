"""The order of a client's steps, read from C of our own, against what one sees by reading it."""

from __future__ import annotations

from pathlib import Path

import clients
import pytest
import three_kinds

from model.source.qce.programs import FILES, FOLDER, REGISTERS, read_client
from model.source.tree import SourceError, SourceTree

REQUEST = ("rx-data", "tx-data", "issue-rx", "issue-tx")
UNMAP = "unmap:\n\tdma_unmap_sg(NULL, own->list, own->entries, DMA_BIDIRECTIONAL);\n"


def test_the_orders_of_the_client_as_it_is(tmp_path: Path) -> None:
    found = clients.program_of(tmp_path)
    steps = {axis: {order.steps for order in orders} for axis, orders in found.orders.items()}
    assert steps == {
        "request": {(*REQUEST, "cpu-configure", "cpu-go"), (*REQUEST, "cpu-go")},
        "completion": {("terminate-rx", "terminate-tx", "unmap-data", "status", "finish")},
        "data-failure": {("unmap-data", "finish")},
        "command-failure": {("terminate-rx", "terminate-tx", "unmap-data", "finish")},
        "map-failure": {("finish",)},
        "early-failure": {("finish",)},
    }
    assert {order.steps for order in found.before["data-failure"]} == {(), ("rx-data",)}
    assert {order.steps for order in found.before["command-failure"]} == {REQUEST}
    assert (found.wrongs, found.late, found.nwd) == ((), {}, {"rx-data": False, "tx-data": False})
    (completion,) = found.orders["completion"]
    assert completion.where[0] == clients.line_of("dmaengine_terminate_all(qce->rx);")


def test_nwd_is_the_fence(tmp_path: Path) -> None:
    found = clients.program_of(tmp_path, ("dir, DMA_PREP_INTERRUPT)", "dir, DMA_PREP_INTERRUPT | DMA_PREP_FENCE)"))
    assert found.nwd == {"rx-data": True, "tx-data": True}


def test_a_base_that_is_set_after_registering_is_late(tmp_path: Path) -> None:
    changes = (
        ("\tqce->base = devm_platform_ioremap_resource(pdev, 0);\n\tif (IS_ERR(qce->base))\n"
         "\t\treturn PTR_ERR(qce->base);\n\treturn ops.register_algs(qce);",
         "\tif (ops.register_algs(qce))\n\t\treturn -EINVAL;\n\tqce->base = devm_platform_ioremap_resource(pdev, 0);\n"
         "\treturn IS_ERR(qce->base) ? -EINVAL : 0;"),
    )  # fmt: skip
    found = clients.program_of(tmp_path, *changes)
    assert found.late == {"base": clients.line_of("qce->base = devm", *changes)}


WRONG = {
    "unmapped twice": (
        ("goto out;\n\tret = qce", "goto unmap;\n\tret = qce"),
        "map-failure", "unmaps request.src, which is not mapped", UNMAP[8:],
    ),
    "never unmapped": ((UNMAP, "unmap:\n"), "data-failure", "stays mapped", "if (!dma_map_sg"),
    "another direction": (
        (UNMAP, UNMAP.replace("DMA_BIDIRECTIONAL", "DMA_TO_DEVICE")),
        "command-failure", "unmaps request.src with another direction",
        "dma_unmap_sg(NULL, own->list, own->entries, DMA_TO",
    ),
    "fewer entries": (
        (UNMAP, UNMAP.replace("own->entries", "own->entries - 1")),
        "data-failure", "with another number of entries", "dma_unmap_sg(NULL, own->list, own->entries - 1",
    ),
    "another list": (
        (UNMAP, UNMAP.replace("own->list", "req->dst")),
        "data-failure", "unmaps ", "dma_unmap_sg(NULL, req->dst",
    ),
    "prepared before mapped": (
        ("if (!dma_map_sg(NULL, own->list, own->entries, DMA_BIDIRECTIONAL))\n\t\tgoto out;\n", ""),
        "success", "of a list that is not mapped", "desc = dmaengine_prep",
    ),
    "freed and used": (
        ("\tint ret = -EIO;\n", "\tint ret = -EIO;\n\n\tkfree(own);\n"),
        "success", "uses what is freed", "own->list = req->src",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_must_not_happen_is_found_with_its_line(tmp_path: Path, name: str) -> None:
    change, way, text, at = WRONG[name]
    found = clients.program_of(tmp_path, change)
    hits = [wrong for wrong in found.wrongs if wrong.way == way and text in wrong.text]
    place = clients.CORE.replace(*change).rfind(at) if at == UNMAP[8:] else clients.CORE.replace(*change).index(at)
    line = clients.CORE.replace(*change)[:place].count("\n") + 2
    assert f"{FILES[0]}:{line}" in {wrong.where for wrong in hits}, found.wrongs


def test_what_had_to_fail_is_named(tmp_path: Path) -> None:
    change = ("goto out;\n\tret = qce", "goto unmap;\n\tret = qce")
    (wrong,) = clients.program_of(tmp_path, change).wrongs
    assert wrong.failed == (f"dma_map_sg at {clients.line_of('if (!dma_map_sg')}",)


REFUSED = {
    "a flag": (("dir, DMA_PREP_INTERRUPT)", "dir, DMA_PREP_INTERRUPT | 4096)"), "a transaction with the flags 4097"),
    "no interrupt": (("dir, DMA_PREP_INTERRUPT)", "dir, 0)"), "data without DMA_PREP_INTERRUPT"),
    "a direction": (("submit(qce->rx, own, DMA_MEM_TO_DEV", "submit(qce->rx, own, DMA_DEV_TO_MEM"),
                    "data in direction 2"),
    "a callback of rx": (("DMA_MEM_TO_DEV, NULL, NULL", "DMA_MEM_TO_DEV, done, data"), "a callback of rx-data"),
    "a step in a loop": (("\t\twritel(0, qce->base + REG_CONFIG + 4 * i);",
                          "\t\tdma_async_issue_pending(qce->rx);"), "issue-rx in a loop"),
    "an unknown function": (("\tdma_async_issue_pending(qce->rx);", "\tunheard_of(qce->rx);"),
                            "the function unheard_of"),
    "a channel": (('dma_request_chan(&pdev->dev, "tx")', 'dma_request_chan(&pdev->dev, "t")'), "a channel that is"),
    "what was not prepared": (("dmaengine_submit(desc)", "dmaengine_submit(own->list)"),
                              "submits what was not prepared"),
    "a register": (("qce->base + REG_GOPROC", "qce->base + base->flags"), "a register whose address is not constant"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    change, text = REFUSED[name]
    with pytest.raises(SourceError, match=rf"^{FOLDER}/core\.c:\d+: {text}"):
        clients.program_of(tmp_path, change)


def test_a_tree_without_what_the_reader_needs_is_refused(tmp_path: Path) -> None:
    tree = clients.tree_of(tmp_path)
    (tmp_path / REGISTERS).write_text("#define REG_CONFIG 0x400\n#define REG_STATUS 0x100\n")
    with pytest.raises(SourceError, match="no #define of REG_GOPROC"):
        read_client(tree)
    with pytest.raises(SourceError, match=r"core\.c: No such file"):
        read_client(SourceTree(tmp_path / "drivers"))
    text = (tmp_path / FILES[0]).read_text()
    for before, after, said in (
        (".probe = probe,", ".probe = none,", "not one struct platform_driver"),
        (".type = CRYPTO_ALG_TYPE_SKCIPHER", ".type = 5", "no struct qce_algo_ops"),
        ("int qce_start(", "int other_start(", "no function qce_start"),
    ):
        (tmp_path / REGISTERS).write_text(clients.OFFSETS)
        (tmp_path / FILES[0]).write_text(text.replace(before, after))
        with pytest.raises(SourceError, match=said):
            read_client(tree)
    (tmp_path / FILES[0]).write_text(text)
    (tmp_path / FILES[1]).write_text("int qce_start(void) { return 0; }")
    with pytest.raises(SourceError, match="qce_start is defined again"):
        read_client(tree)


SENT = ("commands", "rx-data", "tx-data", "issue-tx", "issue-rx")
STOPPED = ("terminate-rx", "unmap-commands", "terminate-tx", "unmap-data")


@pytest.mark.parametrize("algorithm", ["AHASH", "AEAD"])
def test_an_ahash_and_an_aead_client_of_our_own_take_the_steps_of_its_row(tmp_path: Path, algorithm: str) -> None:
    found = three_kinds.program_of(tmp_path, algorithm)
    assert {axis: {order.steps for order in orders} for axis, orders in found.orders.items()} == {
        "request": {SENT},
        "completion": {(*STOPPED, "status", "finish")},
        "data-failure": {(*STOPPED, "finish")},
        "command-failure": {("unmap-data", "finish")},
        # of two lists the second one can fail
        "map-failure": {("finish",), ("unmap-data", "finish")},
        "early-failure": {("finish",)},
    }
    assert found.nwd == {"commands": False, "rx-data": True, "tx-data": False}
    assert found.handler == {"AHASH": "hash_handle", "AEAD": "aead_handle"}[algorithm]
    assert (found.wrongs, found.late) == ((), {})


OWN_WRONG = {
    "a digest that stays mapped": (
        "AHASH", ("both:\n\tdma_unmap_sg(qce->dev, &own->digest, 1, DMA_FROM_DEVICE);\n", "both:\n"),
        "command-failure", "digest stays mapped",
    ),
    "a digest that is not mapped": (
        "AHASH", ("\t\tret = -EIO;\n\t\tgoto source;", "\t\tret = -EIO;\n\t\tgoto both;"),
        "map-failure", "digest, which is not mapped",
    ),
    "data of no entries": (
        "AHASH", ("req->nbytes);\n\tif (own->entries < 1)", "req->nbytes);\n\tif (own->entries < 0)"),
        "success", "prepares rx-data of no entries",
    ),
    "one list taken for two": (
        "AEAD", ("\tif (own->out == own->list) {", "\tif (own->out_entries == own->entries) {"),
        "success", "with another direction than it was mapped",
    ),
    "the source instead of what was mapped": (
        "AEAD", ("\town->list = req->src;\n\town->out = req->dst;\n\tif (!alone)",
                 "\town->list = req->src;\n\town->out = req->src;\n\tif (!alone)"),
        "success", "maps request.src, which is mapped",
    ),
    "a list that is mapped and given up": (
        "AEAD", ("\tret = qce_start(base, CRYPTO_ALG_TYPE_AEAD);\n\tif (ret)\n\t\tgoto unmap;\n",
                 "\tret = qce_start(base, CRYPTO_ALG_TYPE_AEAD);\n\tif (ret)\n\t\treturn ret;\n"),
        "command-failure", "stays mapped",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN_WRONG)
def test_what_ahash_or_aead_must_not_do_is_found(tmp_path: Path, name: str) -> None:
    algorithm, change, way, text = OWN_WRONG[name]
    found = three_kinds.program_of(tmp_path, algorithm, change).wrongs
    assert any(wrong.way == way and text in wrong.text for wrong in found), found
