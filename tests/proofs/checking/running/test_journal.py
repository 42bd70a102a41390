"""A journal: a run that was stopped goes on, and a file that is not its journal is refused and left as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from killing import Kills, double

from counterexamples.documents import DocumentError
from proofs.checking.pool import Here, Lost, Place, answers
from proofs.checking.running import journal as journals
from proofs.checking.running.journal import Journaled, journal_at

RUN = {"command": "gate", "names": ["v12"]}
ITEMS = list(range(7))


class Counting:
    """A place that says what was really worked on."""

    count = 1

    def __init__(self) -> None:
        self.items: list[object] = []

    def completed(
        self, function: Callable[[Any], Any], items: Sequence[Any], order: Sequence[int]
    ) -> Iterator[tuple[int, Any]]:
        """As in this process."""
        for index in order:
            self.items.append(items[index])
            yield index, function(items[index])


def run(path: Path, place: Place, items: Sequence[int] = ITEMS, run: dict[str, Any] | None = None) -> list[int | Lost]:
    with journal_at(path, run or RUN) as journal:
        return list(answers(double, items, Journaled(place, journal), last=lambda index: -index))


def test_what_is_known_is_not_worked_on_again(tmp_path: Path) -> None:
    path, first, second = tmp_path / "j", Counting(), Counting()
    assert run(path, first, ITEMS[:4]) == [0, 2, 4, 6] and first.items == [3, 2, 1, 0]
    assert run(path, second) == [2 * item for item in ITEMS] and second.items == [6, 5, 4]
    text = path.read_bytes()
    assert run(path, Counting()) == [2 * item for item in ITEMS] and path.read_bytes() == text


def test_wherever_it_is_cut_off_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "j"
    run(path, Counting())
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for length in [*range(0, len(lines[0]), 37), *range(len(lines[0]), len(whole), 29), len(whole) - 1]:
        path.write_bytes(whole[:length])
        place = Counting()
        assert run(path, place) == [2 * item for item in ITEMS]
        assert len(place.items) == 8 - max(1, whole[:length].count(b"\n"))
        assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_damage_anywhere_else_is_found(tmp_path: Path) -> None:
    path = tmp_path / "j"
    run(path, Counting())
    whole = path.read_bytes()
    for place in range(whole.index(b"\n") + 70, len(whole) - 1, 13):
        if whole[place : place + 1] == b"\n" or (place - whole.index(b"\n")) % 133 < 66:
            continue
        wrong = whole[:place] + (b"!" if whole[place : place + 1] != b"!" else b"?") + whole[place + 1 :]
        path.write_bytes(wrong)
        with pytest.raises(DocumentError, match=r"line \d is damaged; need what `--journal` wrote, or a new file"):
            run(path, Counting())
        assert path.read_bytes() == wrong


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("# a file\n", "no journal"),
        ("{}\n", "no journal"),
        ("[]\n", "no journal"),
        ("x", "no journal"),
        ('{"journal": 1, "question": "what propose writes"}\n', "no journal"),
        ('{"journal": 1, "program": "x", "run": 3}\n', "no journal"),
    ],
)
def test_what_is_no_journal_stays_as_it_is(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "j"
    path.write_text(content)
    with pytest.raises(DocumentError, match=why):
        run(path, Counting())
    assert path.read_text() == content


def test_a_journal_of_another_run_or_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j"
    run(path, Counting())
    with pytest.raises(DocumentError, match=r"another run, of \"command=gate names=\['v12'\]\"; need a new file"):
        run(path, Counting(), run={"command": "gate", "names": ["v16"]})
    monkeypatch.setattr(journals, "program", lambda: "another")
    with pytest.raises(DocumentError, match="another version of this program"):
        run(path, Counting())


def test_one_run_at_a_time_writes_it(tmp_path: Path) -> None:
    with journal_at(tmp_path / "j", RUN), pytest.raises(DocumentError, match="another run writes this journal"):
        run(tmp_path / "j", Counting())


def test_what_is_lost_is_not_noted(tmp_path: Path) -> None:
    path, kills = tmp_path / "j", Kills(3)
    with journal_at(path, RUN) as journal:
        assert list(answers(kills, ITEMS, Journaled(Here(2), journal)))[3] == Lost("3")
    assert len(path.read_text().splitlines()) == len(ITEMS)
    with journal_at(path, RUN) as journal:
        assert list(answers(Kills(-1), ITEMS, Journaled(Here(2), journal))) == [2 * item for item in ITEMS]


def test_a_full_disk_names_the_journal() -> None:
    with Path("/dev/full").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space") as raised:
        journals.Journal(Path("mine"), file).note("key", 1)
    assert raised.value.filename == "mine"


def test_the_first_line_says_which_run_it_is(tmp_path: Path) -> None:
    run(tmp_path / "j", Counting())
    assert json.loads((tmp_path / "j").read_text().splitlines()[0])["run"] == RUN
