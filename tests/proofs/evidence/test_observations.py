"""Observation files: the shipped one is whole, and whoever writes one is told in one line what is wrong where."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run_here

from counterexamples.documents import DocumentError
from model import versions
from proofs.evidence.observations import load, parse

HEAD = '[[observation]]\nid = "mine"\nwhat = "it ran"\nsource = "a test"\nstrength = "strong"\n'
WHOLE = f'{HEAD}row = "lk"\nseen = ["request-done"]\n'


def test_the_shipped_observations() -> None:
    found = {item.id: item for item in load()}
    assert list(found) == [f"O{number}" for number in range(1, 12)]
    assert {item.row for item in found.values() if item.row} <= set(versions.names())
    assert [item.id for item in found.values() if item.row is None] == ["O9", "O10"]
    assert all(item.reason for item in found.values() if item.row is None)


def test_an_observation_of_ones_own() -> None:
    (item,) = parse(
        f'{WHOLE}never = ["quiet-engine"]\nassume = {{ other_ee = "absent" }}\nbound = {{ requests = 1 }}\n'
    )
    subject = item.subject("default", {"relock": "counted", "other_ee": "same-ee"})
    assert subject.assumptions["other_ee"] == "absent" and subject.assumptions["relock"] == "counted"
    assert subject.bounds["requests"] == 1 and item.line == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks observation"),
        ("[[observation]\n", "not TOML"),
        ("observation = []", "need at least one"),
        (f"colour = 1\n{WHOLE}", "key 'colour' does not exist; need observation"),
        (f"\n{HEAD}", "line 2: 'mine': need either `row`, a version, or `no-row`"),
        (f"{HEAD}colour = 'red'\n", "line 1: key 'colour' does not exist; need id"),
        (f"{WHOLE}\n{WHOLE}", "line 9: 'mine' is there twice"),
        (f"{HEAD}row = 'v16'\n", "need something in `seen` or in `never`"),
        (f"{HEAD}row = 'v99'\nseen = ['request-done']\n", "line 1: 'mine': unknown version 'v99'"),
        (f"{HEAD}row = 'v16'\nseen = ['request-don']\n", "did you mean request-done?"),
        (f"{HEAD}row = 'v16'\nseen = ['quiet-engine']\n", "unknown sight 'quiet-engine'"),
        (f"{HEAD}row = 'v16'\nnever = ['works']\n", "unknown sight or property 'works'"),
        (f"{WHOLE}assume = {{ relock = 'maybe' }}\n", "unknown value of relock"),
        (f"{WHOLE}scenarios = ['rainy']\n", "unknown scenario 'rainy'"),
        (f"{WHOLE}bound = {{ requests = 99 }}\n", "requests=99 is out of range"),
        (f"{WHOLE}no-row = 'none'\n", "need either"),
        (WHOLE.replace("strong", "mighty"), "strength is 'mighty'; need one of ['strong', 'weak']"),
        (WHOLE.replace("it ran", "it\\nran"), "need one line of text"),
        (WHOLE.replace('["request-done"]', "3"), "seen is 3; need type array"),
    ],
)
def test_what_is_wrong_and_where(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as error:
        parse(text)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_what_is_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for path in ("/dev/zero", tmp_path, tmp_path / "none.toml", tmp_path / "latin"):
        outcome = run_here(capsys, "infer", path)
        assert outcome.code == 2 and not outcome.out and "need a TOML file" in outcome.complaint


def test_the_file_that_is_read_is_not_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE)
    outcome = run_here(capsys, "infer", path, "--json", path)
    assert outcome.code == 2 and "is read by this command" in outcome.complaint and path.read_text() == WHOLE
