"""What a driver keeps for LOCK and UNLOCK, read off C made from the kernel's own, and the row that keeps the same."""

from __future__ import annotations

from pathlib import Path

import kernel
import locking
import pytest

from model import versions
from model.source.bam.facts import DRIVER
from model.source.bam.sections import read_driver
from model.source.structure import NOTHING, Structure, row, structure
from model.source.tree import SourceError, SourceTree


def of(root: Path) -> Structure:
    """What the driver of a tree keeps."""
    return structure(read_driver(SourceTree(root), 4))


def test_the_kernel_keeps_nothing_and_locks_keep_what_their_rows_do(tmp_path: Path) -> None:
    assert of(kernel.source()) == NOTHING and row(NOTHING, {}) == "v1"
    made = {
        "v16": locking.pairs(tmp_path / "pairs"),
        "v14": locking.of_channel(tmp_path / "channel"),
        "v24": locking.slots(tmp_path / "slots"),
    }
    found = {name: of(root) for name, root in made.items()}
    assert found["v24"] == Structure("slot", "shared", "locked", "none", "none", "start")
    assert found["v16"] == Structure("transaction", "descriptor", "none", "own", "tasklet", "start")
    assert found["v14"] == Structure("transaction", "channel", "none", "own", "tasklet", "start")
    for name, kept in found.items():
        axes = versions.load(name).axes
        client = {axis: axes[axis] for axis in ("request", "completion", "data-failure", "metadata", "probe")}
        assert row(kept, client) == name


def small(folder: Path, sections: str, members: str = "", of_desc: str = "") -> Structure:
    """What a driver of our own keeps, whose bam_issue_pending has some statements."""
    code = f"""
struct scatterlist {{ int length; }};
struct bam_async_desc {{ int num_desc; {of_desc} }};
struct bam_chan {{ int id; bool mine; int count; {members} }};
static void own(struct bam_async_desc *desc) {{ dma_cookie_assign(desc); }}
static void bam_start_dma(struct bam_chan *bchan) {{ }}
static void bam_dma_irq(int irq, void *data) {{ }}
static void bam_issue_pending(struct bam_chan *bchan) {{ struct bam_async_desc *desc; {sections} }}
"""
    for name, text in ((DRIVER, code), ("drivers/dma/virt-dma.c", "")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return of(folder)


BUILT = "desc = kzalloc(sizeof(*desc), 0);"


@pytest.mark.parametrize(
    ("sections", "members", "of_desc", "expected"),
    [
        ("", "", "", NOTHING),
        ("bchan->count = 1 << 10;", "", "", Structure("slot", "shared", "written", "none", "none", "start")),
        (BUILT, "", "struct scatterlist sg;",
         Structure("transaction", "descriptor", "none", "none", "tasklet", "issue")),
        (BUILT + "own(desc);", "struct scatterlist sg;", "",
         Structure("transaction", "channel", "none", "own", "tasklet", "issue")),
        (BUILT + "if (!bchan->mine) bchan->mine = true;", "", "",
         Structure("transaction", "channel", "locked", "none", "tasklet", "issue")),
        (BUILT + "if (!bchan->mine) bchan->mine = bchan->count++;", "", "",
         Structure("transaction", "channel", "none", "none", "tasklet", "issue")),
    ],
)  # fmt: skip
def test_each_rule(tmp_path: Path, sections: str, members: str, of_desc: str, expected: Structure) -> None:
    assert small(tmp_path, sections, members, of_desc) == expected


def test_what_no_row_keeps_is_one_line() -> None:
    with pytest.raises(SourceError, match="what it keeps for LOCK and UNLOCK no row does: Structure"):
        row(Structure("slot", "descriptor", "none", "own", "irq", "issue"), {})
