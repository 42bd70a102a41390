"""A person's prices: what they come to, and files that are none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from counterexamples.documents import DocumentError
from model.versions import load as version
from proofs.proposing.pricing import Prices, load, parse
from proofs.proposing.proposal import Proposal, Reason, cheapest_first
from proofs.studies.cost import KINDS, Cost

ORDER = version("v24").axes["completion"]
TEXT = f"""
[weights]
doorbells = 5
"descriptors under the lock" = 0.5
[changes]
nwd = 2
"nwd=none" = 7
"completion={" ".join(ORDER)}" = 1
"""


def test_prices_add_up() -> None:
    prices = parse(TEXT)
    spent = dict.fromkeys(KINDS, 2)
    assert prices.of((), spent) == 11
    assert prices.of([("nwd", "rx-data")], spent) == 13, "any change of that axis"
    assert prices.of([("nwd", "none"), ("completion", ORDER), ("lock", "start")], spent) == 19
    assert prices.of((), None) == math.inf and Prices().of([("nwd", "none")], spent) == 0


def test_the_cheapest_comes_first() -> None:
    def made(changes: int, doorbells: int) -> Proposal:
        reasons = tuple(Reason(("nwd", "none"), "", "", None, ()) for _ in range(changes))
        spent = {**dict.fromkeys(KINDS, 1), "doorbells": doorbells}
        return Proposal(tuple(item.change for item in reasons), reasons, Cost(spent, {}), ())

    few, cheap, failing = made(1, 9), made(2, 1), Proposal((), (), Cost(None, {}), ())
    assert cheapest_first([cheap, few], Prices()) == [few, cheap]
    assert cheapest_first([few, failing, cheap], parse("[weights]\ndoorbells = 1")) == [cheap, few, failing]
    assert cheapest_first([few, cheap], parse("[weights]\ndoorbells = 1\n[changes]\nnwd = 9")) == [few, cheap]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weights = 3", "need a table [weights] of numbers"),
        ("[weight]", "did you mean weights?"),
        ("[weights]\ndoorbel = 1", "did you mean doorbells?"),
        ("[weights]\ndoorbells = -1", "need a number, 0 or more"),
        ("[weights]\ndoorbells = nan", "need a number, 0 or more"),
        ("[weights]\ndoorbells = true", "need a number, 0 or more"),
        ("[weights]\ndoorbells = '1'", "need a number, 0 or more"),
        ("[changes]\nnwdd = 1", "did you mean nwd?"),
        ("[changes]\n'nwd=non' = 1", "nearest: none"),
        ("[changes]\n'completion=finsh' = 1", "nearest: finish"),
        ("[changes", "not TOML"),
        ("[weights]\ndoorbells = " + "9" * 5000, "too long"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load(file)
    message = str(caught.value)
    assert said in message and "need" in message and "\n" not in message and str(file) in message
