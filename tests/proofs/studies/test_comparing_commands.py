"""A client that writes registers by commands against rows: which row it is, and that no mutant of it passes for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import commanding
import pytest
from c_mutants import Mutant, mutants

from model import versions
from model.source.qce.axes import ASPECTS, judge
from model.source.qce.programs import FILES, execute, read_client
from model.source.tree import SourceError
from proofs.checking.pool import in_parallel
from proofs.studies.comparing import Outcome
from proofs.studies.comparing_client import compare_client

ROW = "v21"
OTHERS: Mapping[str, set[str]] = {
    "v11": {"request", "completion", "data-failure", "command-failure", "nwd", "metadata"},
    "v14": {"request", "completion", "data-failure", "command-failure", "metadata", "probe"},
    "v16": {"completion", "data-failure", "command-failure", "probe"},
    "v17": {"completion", "data-failure"},
    "v18": set(),
    "v24": {"metadata"},
    "mainline": {"request", "completion", "data-failure", "command-failure", "nwd", "metadata", "dummy",
                 "dummy-address"},
}  # fmt: skip


def test_the_client_of_our_own_is_that_of_v18_to_v21(tmp_path: Path) -> None:
    rows = list(compare_client(versions.load(ROW).axes, commanding.tree_of(tmp_path, commanding.changed())))
    assert {row.aspect for row in rows} == set(ASPECTS)
    assert {row.outcome for row in rows} == {Outcome.EQUIVALENT}, rows


def test_other_rows_are_other_clients(tmp_path: Path) -> None:
    program = commanding.program_of(tmp_path)
    for version, unlike in OTHERS.items():
        axes = versions.load(version).axes
        assert {aspect for aspect in ASPECTS if any(judge(axes, program, aspect))} == unlike, version


RULES: Sequence[tuple[str, str, str]] = (
    ("flag", r"DMA_PREP_INTERRUPT \| DMA_PREP_FENCE", "DMA_PREP_INTERRUPT"),
    ("flag", r"DMA_PREP_INTERRUPT,", "DMA_PREP_INTERRUPT | DMA_PREP_FENCE,"),
    ("flag", r", DMA_PREP_CMD\)", ", DMA_PREP_INTERRUPT)"),
    ("flag", r", DMA_PREP_CMD\)", ", DMA_PREP_CMD | DMA_PREP_FENCE)"),
    ("channel", r"\bqce->rx\b", "qce->tx"),
    ("channel", r"\bqce->tx\b", "qce->rx"),
    ("direction", r"DMA_MEM_TO_DEV", "DMA_DEV_TO_MEM"),
    ("direction", r"DMA_DEV_TO_MEM", "DMA_MEM_TO_DEV"),
    ("direction", r"DMA_TO_DEVICE", "DMA_FROM_DEVICE"),
    ("direction", r"DMA_BIDIRECTIONAL\)", "DMA_TO_DEVICE)"),
    ("number", r"batch->next\b", "batch->listed"),
    ("number", r"batch->listed\b", "batch->first"),
    ("number", r"batch->first\b", "batch->next"),
    ("number", r", mapped,", ", 1,"),
    ("number", r"own->entries,", "1,"),
    ("register", r"REG_GOPROC", "REG_CONFIG"),
    ("register", r"REG_VERSION", "REG_STATUS"),
    ("register", r"qce->start \+", "qce->seen +"),
    ("register", r"BAM_WRITE_COMMAND,", "BAM_READ_COMMAND,"),
    ("label", r"goto unmap", "goto terminate"),
    ("label", r"goto terminate", "goto unmap"),
)
FIRST, BEHIND = "static void put(", "static int register_all("
"""Where what is changed begins and ends."""
ALIKE = "each entry has one command: all three numbers are the same there"
DATA = "how many entries data have is any number"
APART = "neither line depends on the other"
SWAPPED, DROPPED, NUMBER = "swapped lines", "dropped line", "number"
UNSEEN: Mapping[tuple[str, str], str] = {
    (SWAPPED, "batch->listed++;"): APART,
    (SWAPPED, "ret = -EINVAL;"): APART,
    (SWAPPED, "qce->batch->next = 0;"): APART,
    (SWAPPED, "qce->batch->first = 0;"): APART,
    (SWAPPED, "desc->callback = callback;"): APART,
    (SWAPPED, "own->list = req->src;"): APART,
    ("comparison", "for (i = 0; i < base->flags >> 8; i++)"): "how many registers are written data decide",
    ("constant", "for (i = 0; i < base->flags >> 8; i++)"): "how many registers are written data decide",
    (NUMBER, "bam_prep_ce_le32(&batch->made[batch->next], (u32)qce->start + offset, BAM_WRITE_COMMAND, value);"): ALIKE,
    (NUMBER, "sg_set_buf(&batch->list[batch->listed], &batch->made[batch->first],"): ALIKE,
    (NUMBER, "batch->first = batch->next;"): ALIKE,
    (NUMBER, "mapped = dma_map_sg(qce->dev, batch->list, batch->listed, DMA_TO_DEVICE);"): ALIKE,
    (NUMBER, "dma_unmap_sg(qce->dev, batch->list, batch->listed, DMA_TO_DEVICE);"): ALIKE,
    (NUMBER, "dma_unmap_sg(qce->dev, qce->batch->list, qce->batch->listed, DMA_TO_DEVICE);"): ALIKE,
    (DROPPED, "own->list = req->src;"): "which list the data are is no step's business",
    (DROPPED, "own->entries = sg_nents_for_len(req->src, req->cryptlen);"): DATA,
    ("comparison", "if (own->entries < 1)"): DATA,
    (NUMBER, "desc = dmaengine_prep_slave_sg(chan, own->list, own->entries, dir, flags);"): DATA,
}
"""Rules and lines of the mutants that take the same steps, and why."""


def command_mutants() -> Iterator[Mutant]:
    """Those of lines in general, and those of clients that send commands."""
    text = commanding.changed()
    rows = text.split("\n")
    places = [next(at for at, row in enumerate(rows, 1) if row.startswith(begin)) for begin in (FIRST, BEHIND)]
    yield from mutants(text, FILES[0], range(*places))
    for number in range(*places):
        for rule, pattern, by in RULES:
            after = re.sub(pattern, by, rows[number - 1], count=1)
            if after != rows[number - 1]:
                changed = "\n".join([*rows[: number - 1], after, *rows[number:]])
                yield Mutant(rule, FILES[0], number, rows[number - 1], after, changed)


def judged(work: tuple[Mutant, Path]) -> tuple[Mutant, str]:
    """A mutant and what it comes to: `different`, `refused` or `equivalent`."""
    mutant, folder = work
    try:
        program = execute(read_client(commanding.tree_of(folder, mutant.text)), "SKCIPHER")
    except SourceError:
        return mutant, "refused"
    axes = versions.load(ROW).axes
    return mutant, "different" if any(any(judge(axes, program, each)) for each in ASPECTS) else "equivalent"


@pytest.mark.slow
def test_no_mutant_of_a_client_with_commands_passes(tmp_path: Path) -> None:
    work = [(mutant, tmp_path / str(number)) for number, mutant in enumerate(command_mutants())]
    results = list(in_parallel(judged, work, 2))
    passed = Counter((mutant.rule, mutant.before.strip()) for mutant, outcome in results if outcome == "equivalent")
    assert passed == Counter(UNSEEN.keys())
    counts = Counter(outcome for _, outcome in results)
    assert counts["different"] >= 80 and counts["refused"] >= 10, counts
