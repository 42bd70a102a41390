"""`compare` and `check TREE`: what is no tree, or none that is understood, is one line and exit code 2."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import kernel
import pytest
from conftest import Outcome, run_here

from model import versions
from model.source.bam.facts import DRIVER
from model.source.qce.programs import FOLDER
from proofs.commands import clients


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`here(*arguments)`: the command in this process."""
    return lambda *arguments: run_here(capsys, *arguments)


def tree(folder: Path, code: str) -> Path:
    """A tree that has just these two files."""
    for name, text in ((DRIVER, code), ("drivers/dma/virt-dma.c", "")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_what_is_no_tree_is_one_line(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    (tmp_path / "file").write_text("")
    for path, said in (
        (tmp_path / "none", "is not a folder; give the root of a Linux source tree"),
        (tmp_path / "file", "is not a folder"),
        (Path("/dev/zero"), "is not a folder"),
        (tmp_path, f"{DRIVER}: No such file or directory; a Linux source tree has a C file there"),
    ):
        done = here("compare", "mainline", path)
        assert done.code == 2 and said in done.complaint


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("int f(\n{", f"{DRIVER}:2:"),
        ("#include <linux/io.h>\n#include \"../dmaengine.h\"\n", f"{DRIVER}:2: the header ../dmaengine.h is not in"),
        ("#if\n#endif\n", f"{DRIVER}:1:"),
        ("#define A(x) B(x)\n#define B(x) A(x)\nint a = A(1);\nint f(void) { typeof(a) b; }\n", f"{DRIVER}:4: a type"),
    ],
)  # fmt: skip
def test_c_that_is_not_understood_is_one_line_with_its_place(
    tmp_path: Path, here: Callable[..., Outcome], code: str, said: str
) -> None:
    done = here("compare", "mainline", tree(tmp_path, code))
    assert done.code == 2 and said in done.complaint


def test_a_driver_without_its_functions_is_not_compared(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    done = here("compare", "mainline", tree(tmp_path, "int x;\n"), "--scenario", "default")
    assert done.code == 3 and f"{DRIVER} has no bam_issue_pending" in done.out
    assert "drivers/crypto/qce/core.c: No such file" in done.out


def test_a_row_that_is_not_bound_says_so(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    done = here("compare", "v10", tree(tmp_path, "int x;\n"))
    assert done.code == 3 and "not compared  LOCK and UNLOCK that the client queues are not bound to C" in done.out


def test_a_tree_has_its_own_client_and_a_client_needs_a_tree(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    assert "--client is for a source tree" in here("check", "mainline", "--client", "v1").complaint
    assert "unknown version" in here("check", tmp_path, "--client", "v99").complaint
    for words in (("check", tmp_path, "--client", "lk"), ("compare", "lk", tmp_path)):
        assert "lk has no bam_dma" in (done := here(*words)).complaint and done.code == 2
    done = here("check", tree(tmp_path, "int x;\n"), "--scenario", "default", "--jobs", "1")
    assert done.code == 2 and "qce/core.c: No such file" in done.complaint
    assert done.complaint.rstrip().endswith("--client VERSION takes the client of a row instead")
    done = here("check", tmp_path, "--client", "mainline", "--scenario", "default", "--jobs", "1")
    assert done.code == 2 and f"{DRIVER} has no bam_issue_pending" in done.complaint


def test_a_tree_has_a_name_that_says_which_client(tmp_path: Path) -> None:
    name = versions.of_tree(tmp_path, "v1")
    assert versions.tree_of(name) == (tmp_path, "v1") and versions.tree_of("v1") is None
    assert versions.load(name).axes == versions.load("v1").axes and versions.load(name).name == name
    assert versions.tree_of(versions.of_tree("linux", "v1")) == (Path("linux"), "v1")
    assert versions.tree_of(versions.of_tree("linux")) == (Path("linux"), "")


def test_whose_client_a_tree_has_is_told(tmp_path: Path) -> None:
    (told,) = clients.lines([versions.of_tree(tmp_path, "v1"), "v12"])
    assert told == f"{tmp_path}: the client is that of the row v1 (--client), not the tree's own"


@pytest.mark.slow
def test_what_the_client_of_mainline_does_beside_its_axes_is_told_at_eighty_columns() -> None:
    first, *rest = clients.lines([versions.of_tree(kernel.source())])
    assert first == f"{kernel.source()}: its client, read from {FOLDER}, does what that of mainline, v1 does"
    assert rest[0].strip() == clients.WITHOUT and sum("unmaps request.src" in line for line in rest) == 2
    assert all(len(line) <= 80 for line in rest)


@pytest.mark.slow
def test_mainline_as_a_tree_has_the_verdicts_of_the_row(here: Callable[..., Outcome], tmp_path: Path) -> None:
    bounds = ("--scenario", "default", "--bound", "ring=4", "--bound", "txns=2", "--quiet")
    found = []
    for place, asked in enumerate(((kernel.source(),), ("mainline",))):
        file = tmp_path / f"{place}.json"
        here("check", *asked, *bounds, "--json", file)
        rows = json.loads(file.read_text(encoding="utf-8"))["results"]
        found.append([(row["property"], row["verdict"], row["depth"], row["states"]) for row in rows])
    assert found[0] == found[1] and len(found[0]) > 20


@pytest.mark.slow
def test_compare_says_that_mainline_is_the_row_but_for_an_unmapping_of_aead(here: Callable[..., Outcome]) -> None:
    done = here("compare", "mainline", kernel.source(), "--scenario", "default")
    client, _, driver = done.out.partition("scenario default")
    assert done.code == 1 and (client.count(" equivalent "), client.count(" differs ")) == (30, 2)
    assert (driver.count(" equivalent "), driver.count(" differs ")) == (9, 0)
    assert "every one of these states is well-formed" in done.out


def test_a_revision_is_a_tree(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    tree(tmp_path, "int x;\n")
    for command in (("init", "-q"), ("add", "-A"), ("-c", "user.name=n", "-c", "user.email=n@n", "commit", "-qm", "x")):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    (tmp_path / DRIVER).unlink()
    done = here("compare", "mainline", f"{tmp_path}@HEAD", "--scenario", "default")
    assert done.code == 3 and f"{DRIVER} has no bam_issue_pending" in done.out
    assert "no git revision none" in here("compare", "mainline", f"{tmp_path}@none").complaint
    done = here("check", f"{tmp_path}@HEAD", "--client", "mainline", "--scenario", "default", "--jobs", "1")
    assert done.code == 2 and f"{DRIVER} has no bam_issue_pending" in done.complaint
