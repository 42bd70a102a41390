"""Folders and revisions as source trees: what is read, and that a repository is left as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from model.source.bam.facts import DRIVER
from model.source.parse import preprocess
from model.source.tree import SourceError, SourceTree, is_tree


def git(folder: Path, *arguments: str) -> str:
    """What a command of git prints, with a name for its commits."""
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, check=True, text=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits of the driver, and a third state that is not committed."""
    root = tmp_path / "linux"
    (root / DRIVER).parent.mkdir(parents=True)
    git(tmp_path, "init", "-q", str(root))
    for text in ("int one;\n", "int two;\n"):
        (root / DRIVER).write_text(text)
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", text)
    (root / DRIVER).write_text("int three;\n")
    return root


def test_a_revision_is_read_and_the_repository_left_as_it_is(repository: Path) -> None:
    before = sorted(str(path) for path in repository.rglob("*"))
    status = git(repository, "status", "--porcelain")
    assert SourceTree.named(repository).read(DRIVER) == "int three;\n"
    assert SourceTree.named(f"{repository}@HEAD").read(DRIVER) == "int two;\n"
    old = SourceTree.named(f"{repository}@HEAD~1")
    assert old.read(repository / DRIVER) == "int one;\n"
    assert old.has(DRIVER) and not old.has("drivers/none.c")
    assert str(old) == f"{repository}@{git(repository, 'rev-parse', 'HEAD~1')[:12]}"
    assert sorted(str(path) for path in repository.rglob("*")) == before
    assert git(repository, "status", "--porcelain") == status


def test_a_repository_that_the_environment_names_is_not_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / "none"))
    assert SourceTree.named(f"{repository}@HEAD~1").read(DRIVER) == "int one;\n"


def test_a_bare_repository_and_a_folder_inside_one_have_revisions(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(tmp_path / "bare"))
    assert SourceTree.named(f"{tmp_path / 'bare'}@HEAD").read(DRIVER) == "int two;\n"
    inside = SourceTree.named(f"{repository / 'drivers'}@HEAD~1")
    assert inside.read(DRIVER.removeprefix("drivers/")) == "int one;\n"


def test_headers_of_a_revision_are_its_own(repository: Path) -> None:
    (repository / "drivers/dma/own.h").write_text("int own;\n")
    (repository / DRIVER).write_text('#include "../own.h"\nint four;\n')
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "four")
    (repository / "drivers/dma/own.h").write_text("int other;\n")
    text = preprocess(SourceTree.named(f"{repository}@HEAD"), DRIVER, {})
    assert "int own" in text and "int other" not in text


@pytest.mark.parametrize("revision", ["none", "--all", "", "HEAD^{tree}"])
def test_what_is_no_revision_is_one_line(repository: Path, revision: str) -> None:
    with pytest.raises(SourceError, match="has no git revision"):
        SourceTree.named(f"{repository}@{revision}")


def test_what_is_not_in_a_revision_or_outside_is_one_line(repository: Path) -> None:
    tree = SourceTree.named(f"{repository}@HEAD")
    with pytest.raises(SourceError, match="no such file in revision"):
        tree.read("drivers/none.c")
    with pytest.raises(SourceError, match="leads out of"):
        tree.read("../linux2/x.c")


def test_a_folder_without_git_has_no_revision(tmp_path: Path) -> None:
    assert is_tree(f"{tmp_path}@HEAD") and not is_tree(tmp_path / "none")
    with pytest.raises(SourceError, match="has no git revision HEAD"):
        SourceTree.named(f"{tmp_path}@HEAD")


def test_a_folder_with_that_name_comes_first(tmp_path: Path) -> None:
    (tmp_path / "linux@6.1").mkdir()
    (tmp_path / "linux").mkdir()
    assert SourceTree.named(tmp_path / "linux@6.1").revision is None
