"""The client of a tree as axes: those of the row that it is, an order that no row has, and what no axes describe."""

from __future__ import annotations

from pathlib import Path

import clients
import commanding
import kernel
import pytest
import three_kinds

from model import versions
from model.source.qce.axes import AXES, OwnClient, own_client
from model.source.tree import SourceError, SourceTree

LOOP = ("\tfor (i = 0; i < base->flags >> 8; i++)\n", "\ti = 0;\n")
"""Register writes as mainline has them: always some."""
ISSUES = ("\tdma_async_issue_pending(qce->rx);\n\tdma_async_issue_pending(qce->tx);\n",
          "\tdma_async_issue_pending(qce->tx);\n\tdma_async_issue_pending(qce->rx);\n")  # fmt: skip


def own(folder: Path, *changes: tuple[str, str]) -> OwnClient:
    """What the client of our own comes to with these changes."""
    return own_client(clients.tree_of(folder, LOOP, *changes))


def test_the_client_of_our_own_is_that_of_mainline(tmp_path: Path) -> None:
    found = own(tmp_path)
    assert found.rows() == ["mainline", "v1"] and not found.told
    assert found.axes == {axis: versions.load("mainline").axes[axis] for axis in AXES}
    assert found.handlers == {"skcipher": clients.line_of("static int handle", LOOP)}


def test_an_order_that_no_row_has_is_the_trees(tmp_path: Path) -> None:
    found = own(tmp_path, ISSUES)
    assert found.axes["request"] == ("rx-data", "tx-data", "issue-tx", "issue-rx", "cpu-configure", "cpu-go")
    assert not found.rows()


def test_commands_with_metadata_are_those_of_v18_to_v21(tmp_path: Path) -> None:
    found = own_client(commanding.tree_of(tmp_path, commanding.changed()))
    assert found.rows() == ["v18", "v19", "v20", "v21"]


def test_a_base_that_comes_late_is_its_value_of_the_axis(tmp_path: Path) -> None:
    late = ("\tqce->base = devm", "\tif (ops.register_algs(qce))\n\t\treturn -EIO;\n\tqce->base = devm")
    assert own(tmp_path, late).axes["probe"] == "algorithms-first"


def test_what_no_axis_says_is_told(tmp_path: Path) -> None:
    (told,) = own(tmp_path, ("\t\tgoto out;\n\tret = qce", "\t\tgoto unmap;\n\tret = qce")).told
    assert (told.algorithm, told.aspect) == ("skcipher", "map-failure") and "which is not mapped" in told.text
    found = own(tmp_path / "2", ("entries < 1)\n\t\treturn -EINVAL;\n", "entries < 1)\n\t\tgoto unmap;\n"))
    assert {told.aspect for told in found.told} == {"early-failure"} and len(found.told) == 2


REFUSED = {
    "a step that is none": (
        ("\tqce->result = readl", "\treadl(qce->base + REG_CONFIG);\n\tqce->result = readl"),
        "completion: skcipher: a register is read by CPU, which is none of",
    ),
    "two orders": (
        ("\tif (ret)\n\t\tgoto unmap;\n\tdma", "\tif (ret)\n\t\tgoto unmap;\n\tif (base->flags & 8)\n"
         "\t\tdma_async_issue_pending(qce->tx);\n\tdma"),
        "request: requests do not all do the same: ",
    ),
    "no success": (("\tif (!ret)\n\t\treturn 0;\n", "\tret = -EIO;\n"), "request: no path of skcipher succeeds"),
    "no failure": (
        ("\tif (type != CRYPTO_ALG_TYPE_SKCIPHER || base->flags & 4)\n\t\treturn -EINVAL;\n", ""),
        "command-failure: qce_start fails in no request; the model has no client where it cannot",
    ),
    "NWD everywhere": (
        ("dir, DMA_PREP_INTERRUPT)", "dir, DMA_PREP_INTERRUPT | DMA_PREP_FENCE)"),
        "nwd: rx-data tx-data, which is none of none, rx-data",
    ),
    "something else late": (
        ("\tqce->async_req_enqueue = enqueue;\n\tqce->base", "\tops.register_algs(qce);\n"
         "\tqce->async_req_enqueue = enqueue;\n\tqce->base"),
        "probe: requests read async_req_enqueue",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_axes_describe_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    change, said = REFUSED[name]
    with pytest.raises(SourceError) as caught:
        own(tmp_path, change)
    message = str(caught.value)
    assert said in message and "\n" not in message
    assert message.startswith("drivers/crypto/qce/core.c:"), message


VOID = (
    ("int qce_start(", "void qce_start("),
    ("\tif (type != CRYPTO_ALG_TYPE_SKCIPHER || base->flags & 4)\n\t\treturn -EINVAL;\n", ""),
    ("\twritel(1, qce->base + REG_GOPROC);\n\treturn 0;\n", "\twritel(1, qce->base + REG_GOPROC);\n"),
    (
        "\tret = qce_start(base, CRYPTO_ALG_TYPE_SKCIPHER);\n\tif (!ret)\n\t\treturn 0;\n\n"
        "\tdmaengine_terminate_all(qce->rx);\n\tdmaengine_terminate_all(qce->tx);\n",
        "\tqce_start(base, CRYPTO_ALG_TYPE_SKCIPHER);\n\treturn 0;\n",
    ),
)


def test_a_start_that_returns_nothing_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        own(tmp_path, *VOID)
    where = clients.line_of("void qce_start(", LOOP, *VOID)
    assert str(caught.value) == (
        f"{where}: command-failure: qce_start fails in no request; the model has no client where it cannot:"
        " it should return an error in some"
    )


def test_a_client_of_three_types_is_that_of_v18_to_v21(tmp_path: Path) -> None:
    found = own_client(three_kinds.tree_of(tmp_path))
    assert found.rows() == ["v18", "v19", "v20", "v21"] and not found.told
    assert set(found.handlers) == {"skcipher", "ahash", "aead"} and len(set(found.handlers.values())) == 3


def test_what_one_type_does_otherwise_is_told_or_refused(tmp_path: Path) -> None:
    once = ("\tdma_unmap_sg(qce->dev, own->out, own->out_entries, DMA_FROM_DEVICE);\n\treturn -EIO;", "\treturn -EIO;")
    (told,) = own_client(three_kinds.tree_of(tmp_path / "told", once)).told
    assert (told.algorithm, told.aspect) == ("aead", "map-failure") and "stays mapped" in told.text
    stop = ("\tif (ret) {\n\t\tstop(qce);\n", "\tif (ret) {\n")
    with pytest.raises(SourceError, match=r"^drivers/crypto/qce/core\.c:\d+: data-failure: requests do not all do the"):
        own_client(three_kinds.tree_of(tmp_path / "refused", stop))


@pytest.mark.slow
def test_mainline_has_the_axes_of_its_row_and_a_defect_of_aead() -> None:
    found = own_client(SourceTree(kernel.source()))
    assert found.rows() == ["mainline", "v1"] and set(found.handlers) == {"skcipher", "ahash", "aead"}
    assert {(told.algorithm, told.aspect) for told in found.told} == {("aead", "data-failure"), ("aead", "map-failure")}
    assert sum("unmaps request.src, which is not mapped" in told.text for told in found.told) == 2
