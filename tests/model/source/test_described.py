"""A tree as a version: its client and what its bam_dma keeps, read once for all trees of the same files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import clients
import kernel
import pytest

from model import versions
from model.protocol import build
from model.source import described as module
from model.source.bam.facts import FILES
from model.source.breaches import WRONG
from model.source.described import described
from model.source.qce.axes import OwnClient, own_client
from model.source.qce.programs import FILES as QCE
from model.source.tree import SourceTree
from model.subject import Subject

LOOP = ("\tfor (i = 0; i < base->flags >> 8; i++)\n", "\ti = 0;\n")


def whole(folder: Path, *changes: tuple[str, str]) -> SourceTree:
    """The client of our own beside the kernel's bam_dma."""
    tree = clients.tree_of(folder, LOOP, *changes)
    for name in (*FILES, "drivers/dma/virt-dma.h", "drivers/dma/dmaengine.h"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(SourceTree(kernel.source()).read(name))
    return tree


def test_a_tree_has_the_axes_of_the_row_that_it_does_as(tmp_path: Path) -> None:
    tree = whole(tmp_path)
    found = described(str(tree.root))
    assert found.axes == versions.load("mainline").axes and found.kept == "v1"
    loaded = versions.load(versions.of_tree(tree.root))
    assert loaded.axes == found.axes and loaded.base is None and loaded.title == f"bam_dma and qce of {tmp_path}"


def test_another_order_is_another_system(tmp_path: Path) -> None:
    rx, tx = "\tdma_async_issue_pending(qce->rx);\n", "\tdma_async_issue_pending(qce->tx);\n"
    tree = whole(tmp_path, (rx + tx, tx + rx))
    axes = described(str(tree.root)).axes
    assert axes["request"][2:4] == ("issue-tx", "issue-rx")
    assert {axis for axis, value in axes.items() if value != versions.load("mainline").axes[axis]} == {"request"}


@pytest.mark.slow
def test_what_the_client_does_wrong_where_preparing_fails_is_an_event_of_the_tree(tmp_path: Path) -> None:
    unmap = "dma_unmap_sg(NULL, own->list, own->entries, DMA_BIDIRECTIONAL);\nout:"
    tree = whole(tmp_path, (unmap, unmap.replace("own->entries", "own->entries - 1")))
    name, bounds = versions.load(versions.of_tree(tree.root)).name, {"ring": 4, "txns": 2}
    actions = build(Subject.of(name, "faults", bound=bounds)).system.actions
    wrong = [action for action in actions if action.name.startswith("client.finish") and WRONG in action.events]
    assert [action.name for action in wrong] == ["client.finish_2", "client.finish_3"]
    assert all("with another number of entries than it was mapped; qce" in action.source for action in wrong)


def test_a_client_is_read_again_only_if_a_file_of_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, read = whole(tmp_path), list[SourceTree]()

    def noted(tree: SourceTree) -> OwnClient:
        read.append(tree)
        return own_client(tree)

    monkeypatch.setattr(module, "_known", [])
    monkeypatch.setattr(module, "own_client", noted)
    first = module._client(tree)
    assert module._client(replace(tree, changed={FILES[0]: b"other"})) is first and len(read) == 1
    text = tree.read(QCE[0]).replace("int ret = -EIO;", "int ret = -ENOMEM;").encode()
    assert module._client(replace(tree, changed={QCE[0]: text})) is not first and len(read) == 2
