"""Sets of changes that suffice under every combination of answers that is left, of which few are asked one by one.

A search asks under some settings. What comes out is held against all that are left; settings under which it fails are
asked, too, and the search goes on. What comes out in the end suffices under all of them, and is minimal, for each part
of it fails under one that was asked. If nothing comes out, nothing does under all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from model.parameters import Setting
from model.versions import Value
from proofs.checking.verdicts import EngineDisagreementError
from proofs.checking.words import Word
from proofs.evidence.remaining import ASKED, Judge, Left, Task
from proofs.evidence.systems import WORDS
from proofs.proposing.asked import Asked, kept
from proofs.proposing.search import Search

Searching = Callable[[tuple[Asked, ...], Search | None], Search]
"""A search, done: what is asked of every design; the one before it, that asked less."""

WRONG = [number for number, word in enumerate(WORDS) if not kept(word) and word is not Word.VACUOUS]
"""What refutes under one setting; what holds under the reference may come to nothing under another one."""


def refined(asked: tuple[Asked, ...], left: Left, searching: Searching, judge: Judge) -> Search:
    """The last of the searches, whose solutions keep `asked` under all that is left.

    `asked`: under the reference of what is left; `judge`: of combinations. Raises EngineDisagreementError if a search
    finds right what then is wrong under a setting that it has asked.
    """
    search, settings = searching(asked, None), {left.reference}
    while fresh := _failing(search, asked, left, judge):
        if not settings.isdisjoint(fresh):
            raise EngineDisagreementError(f"right and wrong under {' and '.join(map(str, settings & fresh.keys()))}")
        settings |= fresh.keys()
        under = [item for setting in fresh for item in _under(setting, asked)]
        search = searching((*search.asked, *under), search)
    return search


def _failing(search: Search, asked: Sequence[Asked], left: Left, judge: Judge) -> dict[Setting, None]:
    """Settings that are left of which each solution that is wrong under any is wrong under one."""
    found: dict[Setting, None] = {}
    for changes in search.solutions:
        axes = search.space.applied(changes)
        # mostly it is one setting, and it is far faster to look at that alone
        if any(_wrong_under(axes, asked, _only(setting), judge) is not None for setting in found):
            continue
        if (setting := _wrong_under(axes, asked, left, judge)) is not None:
            found[setting] = None
    return found


def _only(setting: Setting) -> Left:
    return Left(tuple((key, (value,)) for key, value in setting), np.ones(1, dtype=bool), {}, 0)


def _wrong_under(axes: Mapping[str, Value], asked: Sequence[Asked], left: Left, judge: Judge) -> Setting | None:
    tasks = [Task(item.of(axes), tuple((ASKED, name) for name in item.properties), left.values) for item in asked]
    wrong = np.zeros(len(left.kept), dtype=bool)
    for covered in judge(tasks):
        for words in covered.words.values():
            wrong |= np.isin(words, WRONG)
    wrong &= left.kept
    if not wrong.any():
        return None
    far = left.points.distance(int(np.argmax(left.kept)))
    return left.points.setting(int(np.flatnonzero(wrong)[np.argmin(far[wrong])]))


def _under(setting: Setting, asked: Iterable[Asked]) -> list[Asked]:
    return [Asked(item.subject.assuming(dict(setting)), item.properties) for item in asked]
