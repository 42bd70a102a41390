"""The table of which versions violate what: first, last and gaps, from constructed rows; and the committed one."""

from __future__ import annotations

from conftest import ROOT

from proofs.checking import expectations
from proofs.checking.expectations import Recorded
from proofs.checking.words import Word
from proofs.reports.gallery import HISTORY, MATRIX
from proofs.reports.history import history, since, violating

V, P, N = Word.VIOLATED, Word.PROVED, Word.NOT_APPLICABLE
ORDER = ("mainline", "v1", "v2", "v3", "v4", "v5", "v7")
VERDICTS = {
    "gap": (P, P, V, P, V, V, V),
    "gone": (P, V, V, V, P, P, P),
    "once": (P, P, P, P, V, P, P),
    "never": (P, P, P, P, P, P, P),
    "always": (N, V, V, V, V, V, V),
    "new": (P, P, P, P, P, P, V),
}
ROWS = [
    Recorded(version, name, scenario, P if word is V and scenario == "default" else word, None, "")
    for place, version in enumerate(ORDER)
    for scenario in ("default", "small-ring")
    for name, word in ((name, words[place]) for name, words in VERDICTS.items())
]


def test_first_last_and_gaps() -> None:
    # v6 is not recorded, and makes no gap
    assert history(ROWS).splitlines()[2:] == [
        "| `gap` | v2 | v7, the newest | v2, v4 to v7 |",
        "| `gone` | v1 | v3 | v1 to v3 |",
        "| `once` | v4 | v4 | v4 |",
        "| `never` |  |  | no version |",
        "| `always` | v1 | v7, the newest | v1 to v7 |",
        "| `new` | v7 | v7, the newest | v7 |",
    ]


def test_since_when_a_version_has_it() -> None:
    told = {name: since(ROWS, name, "v7") for name in ("gap", "always", "new")}
    assert told == {
        "gap": "since v4 (v2, v4 to v7)",
        "always": "in every version that can be asked",
        "new": "new in v7",
    }
    assert since(ROWS, "gap", "v2") == "new in v2 (v2, v4 to v7)"
    assert since([row for row in ROWS if row.version != "v5"], "gap", "v7") == "since v4 (v2, v4, v7)"


def test_what_nobody_recorded_of_a_version() -> None:
    assert since(ROWS, "gone", "mine.toml") == "recorded of v1 to v3"
    assert since(ROWS, "never", "mine.toml") == "recorded of no version"
    # this run has found it, the record does not have it
    assert since(ROWS, "gap", "v3") == "since v2 (v2 to v7)"
    assert since(ROWS, "once", "v7") == "again in v7 (v4, v7)"


def test_the_committed_table_is_that_of_the_recorded_verdicts() -> None:
    rows = expectations.rows()
    _, _, rest = (ROOT / MATRIX).read_text().partition(HISTORY[0])
    assert rest.partition(HISTORY[1])[0].strip() == history(rows)
    assert "v12" in violating(rows, "unlock-after-done")
