"""`--series FILE.mbox --onto PATH`: what is asked, what is as before, bad input, and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import kernel
import pytest
from conftest import ENVIRONMENT, ROOT, Outcome, run_here
from mails import diff, folder, mail, mbox, patch

from model.source.bam.facts import DRIVER
from model.source.tree import SourceTree
from proofs.commands.onto import table

OTHER = "drivers/dma/ti/k3.c"
FILES = {DRIVER: "int x;\n", "drivers/dma/virt-dma.c": ""}
SERIES = (
    mail("[PATCH v2 0/3] dma: all", "Hello.\n"),
    patch("[PATCH v2 1/3] dma: other", diff(OTHER, "int k;\n", "int l;\n")),
    patch("[PATCH v2 2/3] dma: one", diff(DRIVER, "int x;\n", "int x;\nint y;\n")),
    patch("[PATCH v2 3/3] dma: two", diff(DRIVER, "int x;\nint y;\n", "int f(\n")),
)


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`here(*arguments)`: the command in this process."""
    return lambda *arguments: run_here(capsys, *arguments)


def onto(root: Path, *mails: bytes) -> tuple[str, ...]:
    """The options for these mails onto a small tree."""
    file, tree = mbox(root / "s.mbox", mails or SERIES), folder(root / "linux", FILES)
    return "--series", str(file), "--onto", str(tree), "--scenario", "default"


def test_the_last_state_is_asked_about_unless_every_one_is(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    done = here("compare", "mainline", *onto(tmp_path, *SERIES[:3], SERIES[3].replace(b"+int f(", b"+int f;")))
    assert done.code == 3 and f"{DRIVER} has no bam_issue_pending" in done.out
    first, second, *_ = done.out.splitlines()
    assert first.endswith("3 patches onto " + str(tmp_path / "linux") + "; left out: the cover letter")
    assert second.endswith(f"{tmp_path / 's.mbox'}#3, the client")


def test_every_state_has_a_column_and_says_what_it_changes(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    done = here("compare", "mainline", *onto(tmp_path), "--every-patch")
    sections = done.out.split("\nmainline and ")
    assert done.code == 3 and len(sections) == 6 and sections[2].startswith('patch 1/3 ("dma: other")')
    assert sections[2].count("as before, no file that is read is changed") == 2
    assert "as before: 10 of 10, the lines in C apart" in sections[3] and "bam_issue_pending" not in sections[3]
    assert f"not compared: {DRIVER}: At end of input" in sections[4]
    rows = {line.split()[0]: line.split()[1:] for line in sections[5].splitlines() if line.startswith("    ")}
    assert rows["client.issue_rx"] == ["?", '"', "?"] and rows["all"] == ["?"]


def test_a_series_of_which_no_state_can_be_checked_is_one_line(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    asked = ("--client", "mainline", "--property", "code-safe", "--jobs", "1")
    done = here("check", "mainline", *onto(tmp_path), "--every-patch", *asked)
    assert done.code == 2 and f"before the series: {tmp_path / 'linux'}: {DRIVER} has no bam_issue" in done.complaint
    done = here("check", *onto(tmp_path), *asked)
    assert done.code == 2 and f"s.mbox#3: {DRIVER}: At end of input" in done.complaint


@pytest.mark.slow
def test_every_state_that_can_be_read_is_checked(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    code = SourceTree(kernel.source()).read(DRIVER)
    other, broken = f"/* other */\n{code}", f"/* other */\n{code}".replace("list_add_tail(", "list_frob(")
    mails = (
        patch("[PATCH 1/3] dma: other", diff(OTHER, "int k;\n", "int l;\n")),
        patch("[PATCH 2/3] dma: words", diff(DRIVER, code, other)),
        patch("[PATCH 3/3] dma: broken", diff(DRIVER, other, broken)),
    )
    assert broken != other
    series = ("--series", mbox(tmp_path / "s.mbox", mails), "--onto", kernel.source(), "--every-patch")
    asked = ("--property", "code-safe", "--scenario", "default", "--bound", "ring=4", "--engine", "exhaustive")
    done = here("check", *series, *asked, "--jobs", "1")
    (cells,) = (line.split() for line in done.out.splitlines() if line.startswith("    code-safe"))
    assert cells == ["code-safe", "✓", '"', "✓", "?"] and done.code == 3
    assert 'not read: patch 3/3 ("dma: broken"): ' in done.out and "list_frob" in done.out
    assert done.out.count("does what that of mainline, v1 does") == done.out.count("its client does as that of") == 1


def test_options_that_lack_their_other_are_one_line(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    series = onto(tmp_path)
    for options, said in (
        (("compare", "mainline"), "give a source tree"),
        (("compare", "mainline", str(tmp_path), *series), "give a source tree"),
        (("compare", "mainline", *series[:2]), "--series needs both"),
        (("check", "mainline", *series[2:]), "--onto needs both"),
        (("check", "mainline", "--every-patch"), "--every-patch needs both"),
        (("compare", "mainline", *series[:2], "--onto", ""), "it is empty"),
        (("check", *series, "--client", ""), "--client names a version"),
        (("check",), "name a VERSION"),
    ):
        done = here(*options)
        assert done.code == 2 and said in done.complaint


def test_a_source_without_the_driver_or_traces_is_one_line(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    trace = ROOT / "counterexamples/gallery/mainline/config-integrity.itf.json"
    for options, said in (
        (("show", trace, "--source", tmp_path), f"{DRIVER}: No such file"),
        (("show", trace, "--source", tmp_path / "none"), "is not a folder"),
        (("check", "mainline", "--source", folder(tmp_path / "linux", FILES)), "say with --out where"),
        (
            (
                "check",
                "mainline",
                "--source",
                tmp_path / "linux",
                "--out",
                tmp_path / "out",
                "--cache",
                tmp_path / "kept",
            ),
            "--source takes no --cache and no --journal",
        ),
        (("report", "mainline", "--source", f"{tmp_path}@none", "--out", tmp_path / "page"), "no git revision none"),
    ):
        done = here(*options)
        assert done.code == 2 and said in done.complaint
    assert not (tmp_path / "page").exists()
    told = here("show", trace, "--source", tmp_path / "linux").out
    assert told.count(f"no lines: {DRIVER} has no") == 2


def test_bad_series_are_one_line_and_the_tree_stays_as_it_is(tmp_path: Path, here: Callable[..., Outcome]) -> None:
    wrong = patch("[PATCH] dma: x", diff(DRIVER, "int z;\n", "int y;\n"))
    for mails, said in (
        ((wrong,), f'patch 1/1 ("dma: x"): it does not apply: {DRIVER}, hunk 1 (line 1)'),
        ((SERIES[1], SERIES[3]), "there is no number 2"),
        ((b"no mail\n",), "none of its mails is a patch"),
        ((patch("[PATCH] dma: x", diff("../x.c", None, "int x;\n")),), "outside of a source tree"),
    ):
        options = onto(tmp_path, *mails)
        for command in (("compare", "mainline"), ("check", "--client", "mainline")):
            done = here(*command, *options)
            assert done.code == 2 and said in done.complaint
    assert sorted(path for path in (tmp_path / "linux").rglob("*") if path.is_file()) == sorted(
        tmp_path / "linux" / name for name in FILES
    )
    large = tmp_path / "large.mbox"
    with large.open("wb") as stream:
        stream.truncate(50 << 20)
    done = here("compare", "mainline", "--series", large, "--onto", tmp_path / "linux")
    assert done.code == 2 and "larger than 16 MiB" in done.complaint


@pytest.mark.parametrize(("numbers", "lines"), [(range(3), 3), (range(40), 7)])
def test_a_table_is_never_wider_than_a_page(numbers: range, lines: int) -> None:
    shown = table("title", list(numbers), {"client.issue_rx": ["="] * len(numbers)})
    assert len(shown) == lines and max(map(len, shown)) <= 80
    assert sum(line.count("=") for line in shown) == len(numbers)


@pytest.mark.slow
def test_nothing_is_left_behind_by_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "scratch").mkdir()
    (tmp_path / "bin" / "git").write_text("#!/bin/sh\nexec sleep 5\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    settings = {
        **ENVIRONMENT,
        "TMPDIR": str(tmp_path / "scratch"),
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "proofs", "compare", "mainline", *onto(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not list((tmp_path / "scratch").glob("*/drivers")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (130, "error: interrupted\n")
    assert not list((tmp_path / "scratch").iterdir())
