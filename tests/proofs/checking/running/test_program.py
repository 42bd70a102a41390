"""Which program answers: every file of it counts, and what it has made does not."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest

import counterexamples
import model
import proofs
from proofs.checking.running.program import _digest, program, unchanged


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program's files, of which `program` speaks."""
    for package in (model, proofs, counterexamples):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, tmp_path / package.__name__, ignore=shutil.ignore_patterns("__pycache__"))
        made = ModuleType(package.__name__)
        made.__file__ = str(tmp_path / package.__name__ / "__init__.py")
        monkeypatch.setattr(f"proofs.checking.running.program.{package.__name__}", made)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["model/driver.py", "model/versions/v12.toml", "proofs/checking/verdicts.py", "proofs/engines/compiled/states.ll"],
)
def test_every_file_counts(copy: Path, name: str) -> None:
    before = _digest()
    assert before == program() and unchanged()  # wherever it is
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content + b"\n")
    assert _digest() != before and not unchanged()
    (copy / name).write_bytes(content)
    assert _digest() == before
    (copy / name).rename(copy / f"{name}.py")
    assert _digest() != before


def test_what_it_has_made_does_not(copy: Path) -> None:
    before = _digest()
    (copy / "counterexamples" / "gallery" / "new.toml").write_text("")
    (copy / "model" / "notes.txt").write_text("")
    assert _digest() == before


def test_so_does_what_it_rests_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _digest()
    monkeypatch.setattr("proofs.checking.running.program.metadata.version", lambda name: f"{name} 0")
    assert _digest() != before
