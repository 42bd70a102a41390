"""The driver's C against the row: what is the same is proved, what is not is found, and no mutant passes unseen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import kernel
import pytest
from c_mutants import Mutant, edited, mutants, spread, tree_of

from model.source.bam.facts import DRIVER
from model.source.bam.sections import SECTIONS, Driver, section_of
from proofs.checking.pool import in_parallel

FILES = (DRIVER, "drivers/dma/virt-dma.c", "drivers/dma/virt-dma.h", "drivers/dma/dmaengine.h")
ROOT = Path(__file__).resolve().parents[3]


def changed(folder: Path, before: str, after: str, path: str = DRIVER) -> Path:
    """The kernel's tree with one replacement in one file."""
    root = kernel.source()
    text = edited((root / path).read_text(encoding="utf-8"), [(before, after)])
    return tree_of(Mutant("", path, 0, before, after, text), root, folder, FILES)


def test_the_cheap_sections_of_mainline_are_those_of_the_row() -> None:
    assert kernel.unlike(kernel.source(), "driver.process_tx_irq", "client.terminate_tx", "driver.complete_tx") == []


CHANGES = {
    "a comparison": ("if (avail < async_desc->xfer_len)", "if (avail <= async_desc->xfer_len)", ""),
    "a remainder": ("\t\t\tbchan->head %= MAX_DESCRIPTORS;\n", "", "leaves head beyond the ring"),
    "a correction": ("if (offset < bchan->head)\n\t\t\tavail--;", "", ""),
    "a list": ("\t\t\tlist_del(&async_desc->desc_node);\n\t\t}\n\n\t\tspin", "\t\t}\n\n\t\tspin", ""),
    "a register": ("writel_relaxed(pipe_stts, bam_addr(bdev, i, BAM_P_IRQ_CLR));", ";", "tx.irq"),
    "the result": ("return IRQ_HANDLED;", "return IRQ_NONE;", "does not return IRQ_HANDLED"),
    "an unknown function": (
        "tasklet_schedule(&bdev->task);",
        "unheard_of(bdev);",
        "refused: drivers/dma/qcom/bam_dma.c:",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_interrupt_is_found(tmp_path: Path, name: str) -> None:
    before, after, said = CHANGES[name]
    found = kernel.unlike(changed(tmp_path, before, after), "driver.process_tx_irq")
    assert found and found[0].startswith(said)


def test_the_rest_of_a_transaction_goes_to_the_front(tmp_path: Path) -> None:
    node = "(&async_desc->vd.node,\n\t\t\t\t\t &bchan->vc.desc_issued)"
    root = changed(tmp_path, f"list_add{node}", f"list_add_tail{node}")
    assert any(what.startswith("rx.desc_issued.") for what in kernel.unlike(root, "driver.process_rx_irq"))


def test_what_is_freed_may_not_be_taken_off_a_list(tmp_path: Path) -> None:
    path = "drivers/dma/virt-dma.c"
    text = (kernel.source() / path).read_text(encoding="utf-8")
    freeing = re.compile(r"vchan_dma_desc_free_list\(.*?(list_del\([^;]*;)(\s*)(vchan_vdesc_fini\([^;]*;)", re.DOTALL)
    ((taken, space, freed),) = freeing.findall(text)
    root = changed(tmp_path, f"{taken}{space}{freed}", f"{freed}{space}{taken}", path)
    assert "uses what is freed" in kernel.unlike(root, "client.terminate_tx")


def test_a_section_names_functions_of_the_model_that_exist() -> None:
    for section in SECTIONS.values():
        file, _, function = section.model.partition(": ")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "faults"])
def test_mainline_is_the_row(scenario: str) -> None:
    assert kernel.demand_equal("mainline", kernel.source(), scenario) == (9 if scenario == "default" else 15)


CHEAPEST = (
    "complete",
    "process_tx",
    "process_rx",
    "terminate_tx",
    "terminate_rx",
    "issue_tx",
    "work_tx",
    "work_rx",
    "issue",
)
PER_RULE: Mapping[str, int] = {
    **dict.fromkeys(("list end", "comparison", "condition", "arithmetic", "error path"), 6),
    **dict.fromkeys(("flag", "end", "list", "constant"), 5),
    **{"dropped line": 18, "swapped lines": 8},
}


@cache
def executed() -> Mapping[str, tuple[str, ...]]:
    """By file:line the actions that execute a statement there, the cheapest to compare first."""
    protocol = kernel.row()
    driver = Driver(protocol, kernel.unit_of(kernel.source()))
    found: dict[str, list[str]] = {}
    order: Callable[[str], int] = lambda name: next(n for n, part in enumerate(CHEAPEST) if part in name)  # noqa: E731
    for action in sorted((a for a in protocol.system.actions if section_of(a)), key=lambda a: order(a.name)):
        for line in driver.execute(action).lines:
            found.setdefault(line, []).append(action.name)
    return {line: tuple(names) for line, names in found.items()}


def _judged(task: tuple[Mutant, Path, tuple[str, ...]]) -> tuple[str, str]:
    mutant, folder, names = task
    root = tree_of(mutant, kernel.source(), folder, FILES)
    for name in names:
        if found := kernel.unlike(root, name):
            return str(mutant), "refused" if found[0].startswith("refused") else "differs"
    return str(mutant), "proved equivalent"


@pytest.mark.slow
def test_no_mutant_passes_unseen(tmp_path: Path) -> None:
    """Each is reported, refused, or proved equivalent."""
    root, found = kernel.source(), []
    for path in FILES:
        lines = sorted(int(at.rpartition(":")[2]) for at in executed() if at.startswith(f"{path}:"))
        found += list(mutants((root / path).read_text(encoding="utf-8"), path, lines))
    chosen = spread(found, PER_RULE)
    work = [
        (mutant, tmp_path / str(number), executed()[f"{mutant.path}:{mutant.line}"])
        for number, mutant in enumerate(chosen)
    ]
    results = list(in_parallel(_judged, work, 2))
    counts = Counter(word for _, word in results)
    print(dict(counts), *(name for name, word in results if word == "proved equivalent"), sep="\n")
    assert len(results) >= 60 and counts["differs"] + counts["refused"] >= 0.6 * len(results)
