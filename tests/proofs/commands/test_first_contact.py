"""What a new user meets: the console command, its version, what a shell completes, the lists, foreign folders."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from conftest import ENVIRONMENT, ROOT, run_cli, run_here, slow
from rich.console import Console

from model import parameters, versions
from proofs.properties import catalogue
from proofs.reports import listing as inspect
from proofs.reports import terminal

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console command, as an installer writes it."""
    path = tmp_path_factory.mktemp("bin") / "bam-lock"
    path.write_text(f"#!{sys.executable}\nimport sys\nfrom proofs.__main__ import main\nsys.exit(main())\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a model.py, a proofs folder and a counterexamples.py that are not ours."""
    for name in ("model.py", "counterexamples.py", "click.py"):
        (tmp_path / name).write_text("raise SystemExit('not the program')\n")
    (tmp_path / "proofs").mkdir()
    return tmp_path


def completions(command: Path, line: str) -> list[str]:
    """What bash is offered after `line`, one word or kind of word for each answer."""
    words = line.split(" ")
    asked = {"_BAM_LOCK_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run([command], capture_output=True, text=True, env={**ENVIRONMENT, **asked}, timeout=120)
    return [answer.partition(",")[2] for answer in done.stdout.splitlines()]


def test_the_console_command_is_where_the_package_says() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts["bam-lock"].partition(":")
    assert module == "proofs.__main__" and callable(getattr(import_module(module), name))


def test_an_installation_has_every_module() -> None:
    """Packages are found by their `__init__.py`; a folder without one would stay behind."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    for root in (pattern.removesuffix("*") for pattern in found["include"]):
        assert {path.parent for path in (ROOT / root).rglob("*.py")} <= {
            path.parent for path in (ROOT / root).rglob("__init__.py")
        }


def test_the_console_command_in_a_foreign_folder(command: Path, hostile: Path) -> None:
    done = subprocess.run([command, "list", "axes"], capture_output=True, text=True, cwd=hostile, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, "") and "unlock" in done.stdout
    wrong = subprocess.run([command, "chekc"], capture_output=True, text=True, cwd=hostile, env=ENVIRONMENT)
    assert wrong.returncode == 2 and "bam-lock --help" in wrong.stderr


def test_python_m_in_a_foreign_folder(hostile: Path) -> None:
    outcome = run_cli("list", "axes", cwd=hostile)
    assert (outcome.code, outcome.err) == (0, "") and "unlock" in outcome.out


@pytest.mark.slow
def test_python_m_runs_the_packages_of_the_current_folder() -> None:
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    called = [sys.executable, "-m", "proofs", "--version"]
    done = subprocess.run(called, capture_output=True, text=True, cwd=ROOT, env=bare, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version(capsys: Capture) -> None:
    outcome = run_here(capsys, "--version")
    assert outcome.code == 0 and outcome.out == f"bam-lock-check, version {terminal.tool_version()}\n"


OTHER_LINES: tuple[tuple[str, set[str]], ...] = (
    ("bam-lock che", {"check"}),
    ("bam-lock diff v12 main", {"mainline"}),
    ("bam-lock check v12 --property quiet", {name for name in catalogue() if name.startswith("quiet")}),
    ("bam-lock check v12 --scenario ", {*parameters.SCENARIOS, "all"}),
    (
        "bam-lock check v12 --assume nwd_a",
        {"nwd_ack=operation-done", "nwd_ack=input-consumed"},
    ),
    ("bam-lock check v12 --assume al", {"all"}),
    ("bam-lock propose --assume al", {"all"}),
    ("bam-lock propose --why lock-d", {"lock-descriptor=slot", "lock-descriptor=transaction"}),
    ("bam-lock check ./mi", {"./mi"}),
)


@pytest.mark.parametrize(
    "line, offered",
    [
        ("bam-lock check v", {name for name in versions.names() if name.startswith("v")}),
        *slow(*OTHER_LINES),
    ],
)
def test_what_a_shell_completes(command: Path, line: str, offered: set[str]) -> None:
    assert set(completions(command, line)) == offered


def test_the_axes_are_listed_with_every_value_and_its_meaning(capsys: Capture) -> None:
    lines = [line.split() for line in run_here(capsys, "list", "axes").out.splitlines()]
    for axis, about in versions.axes().items():
        assert [axis, *about.split()] in lines
        for value, meaning in versions.meanings(axis).items():
            assert [axis, value, *meaning.split()] in lines


@pytest.mark.parametrize("what", [name for name in inspect.LISTS if name != "actions"])
@pytest.mark.parametrize("width", [80, 120])
def test_a_list_breaks_no_name(what: str, width: int) -> None:
    screen = Console(width=width, markup=False, highlight=False, emoji=False)
    with screen.capture() as captured:
        inspect.print_listing(screen, what)
    lines = captured.get().splitlines()
    names = {line.split()[0] for line in lines if line.strip()}
    assert {str(cell) for cell in inspect.listing(what).columns[0].cells} <= names
    assert all(len(line) <= width for line in lines)
