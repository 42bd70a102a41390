"""A tree after patches: what it holds, what is named where they do not fit, and that nothing else is touched."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from mails import diff, folder, mbox, patch

from model.source.bam.facts import DRIVER
from model.source.patched import after, named, series_onto
from model.source.tree import SourceError, SourceTree

CODE = "".join(f"int x{number};\n" for number in range(40))
ONE, TWO = CODE.replace("x5;", "y5;"), CODE.replace("x5;", "y5;").replace("x30;", "y30;")
OTHER, HEADER, GONE = "drivers/dma/ti/k3.c", "include/linux/dma/new.h", "drivers/dma/qcom/old.c"
FILES = {DRIVER: CODE, GONE: "int old;\n", "drivers/dma/virt-dma.c": "int v;\n"}
SERIES = (
    patch("[PATCH 1/3] dma: one", diff(OTHER, "int k;\n", "int l;\n"), diff(DRIVER, CODE, ONE)),
    patch("[PATCH 2/3] dma: two", diff(HEADER, None, "int h;\n"), diff(GONE, "int old;\n", None)),
    patch("[PATCH 3/3] dma: three", diff(DRIVER, ONE, TWO), diff(HEADER, "int h;\n", "int i;\n")),
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree; what is made for the time being is made beside it."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return folder(tmp_path / "linux", FILES)


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_each_state_holds_what_its_patches_made_and_nothing_is_left(tree: Path) -> None:
    file = str(mbox(tree.parent / "s.mbox", SERIES))
    states = [named(after(tree, file, number)) for number in range(4)]
    assert [state.read(DRIVER) for state in states] == [CODE, ONE, ONE, TWO]
    assert [state.has(HEADER) for state in states] == [False, False, True, True]
    assert [state.has(GONE) for state in states] == [True, True, False, False]
    assert states[3].read(HEADER) == "int i;\n" and states[3].read("drivers/dma/virt-dma.c") == "int v;\n"
    assert str(states[2]) == f"{tree} + {file}#2"
    assert contents(tree) == FILES and not list((tree.parent / "scratch").iterdir())


def test_what_was_not_applied_cannot_be_read_nor_what_is_gone(tree: Path) -> None:
    state = named(after(tree, mbox(tree.parent / "s.mbox", SERIES), 3))
    with pytest.raises(SourceError, match=r'k3\.c: patch 1/3 \("dma: one"\) changes it, and is applied to files of'):
        state.has(OTHER)
    with pytest.raises(SourceError, match="no such file in "):
        state.read(GONE)
    with pytest.raises(SourceError, match="has no patch 4; it has 0, 1, 2, 3"):
        named(after(tree, tree.parent / "s.mbox", 4))


def test_a_state_is_the_same_for_whoever_reads_none_of_the_files_that_differ(tree: Path) -> None:
    file = mbox(tree.parent / "s.mbox", SERIES)
    first, second, third = (named(after(tree, file, number)).unwatched() for number in (1, 2, 3))
    assert first.same_for(third)
    first.read(DRIVER)
    assert first.same_for(second) and not first.same_for(third)
    first.has(HEADER)
    assert not first.same_for(second)


def test_a_series_goes_onto_a_revision_whatever_is_checked_out(tree: Path) -> None:
    for command in (("init", "-q"), ("add", "-A"), ("-c", "user.name=n", "-c", "user.email=n@n", "commit", "-qm", "x")):
        subprocess.run(["git", "-C", str(tree), *command], check=True)
    (tree / DRIVER).write_text("int z;\n")
    state = named(after(f"{tree}@HEAD", mbox(tree.parent / "s.mbox", SERIES), 3))
    assert state.read(DRIVER) == TWO and (tree / DRIVER).read_text() == "int z;\n"
    done = subprocess.run(["git", "-C", str(tree), "status", "--porcelain"], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["M", DRIVER]


def test_no_setting_and_no_repository_around_has_a_say(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tree.parent)], check=True)
    (tree.parent / "config").write_text("[apply]\n\twhitespace = error-all\n\tignoreWhitespace = change\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tree.parent / "config"))
    monkeypatch.setenv("GIT_DIR", str(tree / "none"))
    trailing = patch("[PATCH] dma: one", diff(DRIVER, CODE, CODE.replace("x5;", "y5;  ")))
    state = named(after(tree, mbox(tree.parent / "s.mbox", [trailing]), 1))
    assert "y5;  \n" in state.read(DRIVER)


def refused(tree: Path, *mails: bytes) -> str:
    """The one line about a series that cannot be applied."""
    file = mbox(tree.parent / "s.mbox", mails)
    with pytest.raises(SourceError) as error:
        series_onto(str(tree), str(file))
    assert "\n" not in str(error.value) and contents(tree) == FILES and not list((tree.parent / "scratch").iterdir())
    return str(error.value).removeprefix(f"{file}: ")


def test_what_does_not_apply_is_named_by_mail_file_and_hunk(tree: Path) -> None:
    wrong = diff(DRIVER, CODE.replace("x30", "z30"), TWO.replace("y30", "q30"))
    said = refused(tree, SERIES[0], SERIES[1], patch("[PATCH 3/3] dma: three", wrong.replace("y5", "x5")))
    assert said == f'patch 3/3 ("dma: three"): it does not apply: {DRIVER}, hunks 1, 2 (line 3, 28)'
    second = patch("[PATCH] dma: x", diff(DRIVER, CODE.replace("x30", "z30"), TWO))
    assert refused(tree, second) == f'patch 1/1 ("dma: x"): it does not apply: {DRIVER}, hunk 2 (line 28)'
    assert "already exists" in refused(tree, patch("[PATCH] dma: x", diff(DRIVER, None, "int y;\n")))
    cut = diff(DRIVER, CODE, ONE).splitlines(True)[:-2]
    assert "corrupt patch" in refused(tree, patch("[PATCH] dma: x", "".join(cut)))


@pytest.mark.parametrize("path", ["../x.c", "drivers/dma/../../../x.c", "/etc/x.c"])
def test_a_patch_of_what_is_outside_is_refused(tree: Path, path: str) -> None:
    said = refused(tree, patch("[PATCH] dma: x", diff(path, None, "int x;\n").replace("b//", "/")))
    assert "is outside of a source tree" in said


def test_a_symbolic_link_is_refused(tree: Path) -> None:
    link = diff(HEADER, None, "/etc/passwd").replace("100644", "120000")
    assert "makes a symbolic link" in refused(tree, patch("[PATCH] dma: x", link))


def test_a_tree_without_the_files_and_no_git_are_one_line(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = patch("[PATCH] dma: x", diff("drivers/crypto/qce/core.c", "a\n", "b\n"))
    assert refused(tree, absent) == f"no patch changes a file of these drivers that {tree} has; give the tree it is for"
    monkeypatch.setenv("PATH", str(tree.parent / "scratch"))
    assert "git, which applies it, cannot be run: No such file" in refused(tree, SERIES[0].replace(b"1/3", b"1/1"))


def test_a_file_that_the_tree_lacks_is_not_read_as_if_it_were_unchanged(tree: Path) -> None:
    both = patch("[PATCH] dma: x", diff(DRIVER, CODE, ONE), diff("drivers/crypto/qce/core.c", "a\n", "b\n"))
    state = named(after(tree, mbox(tree.parent / "s.mbox", [both]), 1))
    with pytest.raises(SourceError, match="changes it, and the tree has no such file"):
        state.read("drivers/crypto/qce/core.c")


def test_a_renamed_file_is_under_its_new_name_and_a_plain_diff_is_a_patch(tree: Path) -> None:
    new = "drivers/dma/qcom/new.c"
    moved = f"diff --git a/{GONE} b/{new}\nsimilarity index 100%\nrename from {GONE}\nrename to {new}\n"
    plain = "".join(diff(DRIVER, CODE, ONE).splitlines(True)[1:])
    mails = [patch("[PATCH 1/2] dma: x", moved), patch("[PATCH 2/2] dma: y", plain)]
    state = named(after(tree, mbox(tree.parent / "s.mbox", mails), 2))
    assert state.read(new) == "int old;\n" and not state.has(GONE) and state.read(DRIVER) == ONE


def test_a_name_without_a_series_is_a_tree(tree: Path) -> None:
    assert named(tree) == SourceTree(tree)
