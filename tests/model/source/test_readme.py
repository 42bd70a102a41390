"""The README's table of what the kernel's functions mean is the one that the reader has."""

from __future__ import annotations

from conftest import ROOT

from model.source.bam.hardware import known_meanings
from model.source.qce.programs import QCE

BEGIN, END = "<!-- meanings: as `list meanings` prints them -->\n", "<!-- end of meanings -->"


def test_the_table_of_meanings_is_that_of_the_code() -> None:
    text = (ROOT / "model" / "README.md").read_text(encoding="utf-8")
    rows = [
        f"| {' '.join(f'`{name}`' for name in names.split(', '))} | {what} |"
        for names, what in [*known_meanings().table(), *QCE.table()]
    ]
    expected = "\n".join(["| functions | meaning |", "|---|---|", *rows]) + "\n"
    assert text.partition(BEGIN)[2].partition(END)[0] == expected, expected
