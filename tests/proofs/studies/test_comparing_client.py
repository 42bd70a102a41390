"""The client's C against a row's axes: what is the same, what is not with its line, and what mutants come to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import clients
import kernel
import pytest
from c_mutants import Mutant, tree_of

from model import versions
from model.source.qce.axes import ASPECTS, judge
from model.source.qce.programs import FILES, FOLDER, REGISTERS, execute, read_client
from model.source.tree import SourceError, SourceTree
from proofs.checking.pool import in_parallel
from proofs.studies.comparing import Outcome
from proofs.studies.comparing_client import ComparedClient, compare_client

MAINLINE = versions.load("mainline").axes
LOOP = ("\tfor (i = 0; i < base->flags >> 8; i++)\n", "\ti = 0;\n")
"""Register writes as mainline has them: always some."""
HEADERS = tuple(f"{FOLDER}/{name}.h" for name in ("aead", "cipher", "common", "core", "dma", "sha"))


def compared(folder: Path, *changes: tuple[str, str]) -> dict[str, ComparedClient]:
    """By aspect how the client of our own compares with mainline."""
    rows = compare_client(MAINLINE, clients.tree_of(folder, LOOP, *changes))
    return {row.aspect: row for row in rows}


def test_the_client_of_our_own_is_mainline(tmp_path: Path) -> None:
    found = compared(tmp_path)
    assert set(found) == set(ASPECTS)
    assert {row.outcome for row in found.values()} == {Outcome.EQUIVALENT}, found


UNLIKE = {
    "request": ("\tdma_async_issue_pending(qce->rx);\n", "", "issue-tx cpu-configure cpu-go"),
    "completion": ("\ttasklet_schedule(&qce->done);\n}\n\nstatic int submit", "}\n\nstatic int submit", "status"),
    "data-failure": ("\tif (ret)\n\t\tgoto unmap;\n\tdma", "\tif (ret)\n\t\tgoto stop;\n\tdma", "terminate-rx"),
    "command-failure": ("\tif (!ret)\n\t\treturn 0;\n", "\tif (!ret)\n\t\treturn 0;\n\tgoto unmap;\n", "C unmap-data"),
    "map-failure": ("\t\tgoto out;\n\tret = qce", "\t\tgoto unmap;\n\tret = qce", "which is not mapped"),
    "early-failure": ("entries < 1)\n\t\treturn -EINVAL;\n", "entries < 1)\n\t\tgoto stop;\n", "terminate-tx"),
    "nwd": ("dir, DMA_PREP_INTERRUPT)", "dir, DMA_PREP_INTERRUPT | DMA_PREP_FENCE)", "the row none, C rx-data tx-data"),
    "probe": ("\tqce->async_req_enqueue = enqueue;\n\tqce->base", "\tops.register_algs(qce);\n"
              "\tqce->async_req_enqueue = enqueue;\n\tqce->base", "requests read async_req_enqueue"),
}  # fmt: skip
STOP = ("\tdmaengine_terminate_all(qce->rx);\n\tdmaengine_terminate_all(qce->tx);\nunmap:", "stop:\n\tdmaengine_"
        "terminate_all(qce->rx);\n\tdmaengine_terminate_all(qce->tx);\nunmap:")  # fmt: skip


@pytest.mark.parametrize("aspect", UNLIKE)
def test_each_aspect_is_found_unlike_with_a_line(tmp_path: Path, aspect: str) -> None:
    before, after, said = UNLIKE[aspect]
    found = compared(tmp_path, STOP, (before, after))[aspect]
    assert found.outcome is Outcome.DIFFERS and any(said in what for _, what in found.differences), found
    assert all(re.fullmatch(rf"{FOLDER}/core\.c:\d+", where) for where, _ in found.differences)


def test_a_base_that_comes_late_is_the_other_value_of_the_axis(tmp_path: Path) -> None:
    late = ("\tqce->base = devm", "\tif (ops.register_algs(qce))\n\t\treturn -EIO;\n\tqce->base = devm")
    (difference,) = compared(tmp_path, late)["probe"].differences
    assert difference[1] == "the row base-first, C algorithms-first"


def test_a_handler_that_never_succeeds_is_not_the_row(tmp_path: Path) -> None:
    found = compared(tmp_path, ("\tif (!ret)\n\t\treturn 0;\n", "\tret = -EIO;\n"))
    assert any("no path of the C succeeds" in what for _, what in found["completion"].differences)


def test_what_is_refused_is_not_compared_and_says_where(tmp_path: Path) -> None:
    found = compared(tmp_path, ("dir, DMA_PREP_INTERRUPT)", "dir, 4097)"))["all"]
    assert found.outcome is Outcome.NOT_COMPARED and found.open and re.match(rf"{FOLDER}/core\.c:\d+: ", found.reason)


def test_another_row_is_another_client(tmp_path: Path) -> None:
    axes = versions.load("v16").axes
    found = {row.aspect: row.outcome for row in compare_client(axes, clients.tree_of(tmp_path, LOOP))}
    unlike = {aspect for aspect, outcome in found.items() if outcome is Outcome.DIFFERS}
    assert unlike >= {"request", "command-failure", "nwd"}


@pytest.mark.slow
def test_mainline_is_its_row_but_for_one_unmapping_of_aead() -> None:
    rows = list(compare_client(MAINLINE, SourceTree(kernel.source())))
    unlike = [(row.algorithm, row.aspect) for row in rows if row.outcome is Outcome.DIFFERS]
    assert unlike == [("aead", "data-failure"), ("aead", "map-failure")]
    assert [(row.algorithm, row.aspect) for row in rows if row.outcome is Outcome.NOT_COMPARED] == [
        ("aead", "command-failure")
    ]
    said = [what for row in rows for _, what in row.differences]
    assert sum("unmaps request.src, which is not mapped" in what for what in said) == 2
    assert not [row for row in rows if row.open]


RULES: Sequence[tuple[str, str, str]] = (
    ("condition", r"\bif \(!", "if ("),
    ("condition", r"\bif \((?=ret|src_nents|dst_nents|diff_dst|error)", "if (!"),
    ("dropped line", r"^\t+(dma_|dmaengine_|qce_dma_|qce->async_req_done|desc->|goto|tasklet_schedule).*;$", "\t;"),
    ("dropped line", r"^\t+return (ret|-EINVAL);$", "\t;"),
    ("flag", r"DMA_PREP_INTERRUPT \| DMA_CTRL_ACK", "DMA_CTRL_ACK"),
    ("flag", r"DMA_PREP_INTERRUPT \| DMA_CTRL_ACK", "DMA_PREP_INTERRUPT | DMA_PREP_FENCE"),
    ("channel", r"\brxchan\b(?!;)", "txchan"),
    ("channel", r"\btxchan\b(?!;)", "rxchan"),
    ("direction", r"DMA_MEM_TO_DEV", "DMA_DEV_TO_MEM"),
    ("direction", r", DMA_TO_DEVICE\)", ", DMA_FROM_DEVICE)"),
    ("label", r"goto error_unmap_dst", "goto error_free"),
    ("label", r"goto error_unmap_src", "goto error_terminate"),
    ("label", r"goto error_terminate", "goto error_unmap_src"),
    ("list", r"rctx->src_sg, rctx->src_nents", "rctx->dst_sg, rctx->src_nents"),
    ("number", r"rctx->dst_nents, dir_dst", "rctx->src_nents, dir_dst"),
    ("register", r"qce_write\(qce, REG_GOPROC", "qce_write(qce, REG_CONFIG"),
)
PLACES = {"dma.c": (73, 999), "skcipher.c": (27, 167), "common.c": (88, 96)}
"""The lines that are changed, before those whose order no row has; AEAD's and ahash's handlers say the same again."""


def client_mutants(root: Path) -> Iterator[Mutant]:
    """One change to each line that has one of the rules' texts."""
    for name, (first, last) in PLACES.items():
        path = f"{FOLDER}/{name}"
        rows = (root / path).read_text(encoding="utf-8").split("\n")
        for number in range(first, min(last, len(rows)) + 1):
            for rule, pattern, by in RULES:
                after = re.sub(pattern, by, rows[number - 1], count=1)
                if after != rows[number - 1]:
                    text = "\n".join([*rows[: number - 1], after, *rows[number:]])
                    yield Mutant(rule, path, number, rows[number - 1], after, text)


def outcome_of(mutant: Mutant, folder: Path) -> str:
    """`different`, `refused` or `equivalent`: what the skcipher of a mutant comes to."""
    root = kernel.source()
    folder.mkdir()
    tree = SourceTree(tree_of(mutant, root, folder, (*FILES, REGISTERS, *HEADERS)))
    try:
        program = execute(read_client(tree), "SKCIPHER")
    except SourceError:
        return "refused"
    return "different" if any(any(judge(MAINLINE, program, aspect)) for aspect in ASPECTS) else "equivalent"


UNSEEN = {
    ("error = qce_dma_terminate_all(&qce->dma);", "if (error)"): "a message only",
    ("error = qce_check_status(qce, &status);", "if (error < 0)"): "a message only",
    (
        "rctx->src_nents = sg_nents_for_len(req->src, req->cryptlen);",
        "if (diff_dst)",
    ): "a number of entries, any anyway",
    ("if (ret)", "return ret;"): "without its table a list cannot be filled, which fails as well",
    ("ret = PTR_ERR(sg);", "goto error_free;"): "what is in a list no step depends on",
    ("else", "qce_write(qce, REG_GOPROC, BIT(GO_SHIFT));"): "only AEAD starts without a dump of the results",
}
"""Lines, each with the one before, without which skcipher takes the same steps; and why."""


def judged(work: tuple[Mutant, Path]) -> tuple[Mutant, str]:
    """A mutant and what it comes to, in a folder of its own."""
    return work[0], outcome_of(*work)


@pytest.mark.slow
def test_no_mutant_of_the_client_passes(tmp_path: Path) -> None:
    work = [(mutant, tmp_path / str(number)) for number, mutant in enumerate(client_mutants(kernel.source()))]
    results = list(in_parallel(judged, work, 2))
    passed = [mutant for mutant, outcome in results if outcome == "equivalent"]
    unseen = {mutant: mutant.text.split("\n")[mutant.line - 2].strip() for mutant in passed}
    assert not [str(mutant) for mutant, before in unseen.items() if (before, mutant.before.strip()) not in UNSEEN]
    counts = Counter(outcome for _, outcome in results)
    assert len(results) >= 25 and counts["different"] >= 25 and counts["equivalent"] <= len(UNSEEN), counts
