"""Verdicts on many systems of one family by few explorations: as exploring each of them would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import z3

from model.language.system import Action
from proofs.checking import verdicts
from proofs.checking.records import DEPTH
from proofs.checking.words import Word
from proofs.engines import Target, Unreachable
from proofs.evidence.family import Family
from proofs.evidence.lasting import Endless
from proofs.evidence.reaching import NO, UNDECIDED, YES, Reaching
from proofs.evidence.sights import reason_against
from proofs.evidence.systems import OPEN, WORDS, Meaning, Meanings, Rows, Systems
from proofs.properties import EVENTUALLY, REACH, Property
from proofs.properties.subjects import unmet


@dataclass(frozen=True)
class Covered:
    """A word for each property and point, as numbers into `WORDS`; how many `systems` differ, and how many explorations
    that took."""

    words: Mapping[str, np.ndarray]
    explored: int
    systems: int


def cover(family: Family, items: Sequence[Property]) -> Covered:
    """A verdict's word on each property at each point of a family, as exploring them all would give."""
    meanings = {item.id: Meanings.over(family, item) for item in items}
    covering = _Covering(Systems(family, [one.of for one in meanings.values()]), items, meanings)
    covering.go()
    systems = covering.systems
    return Covered({name: row[systems.of] for name, row in covering.words.items()}, covering.explored, len(systems))


class _Covering:
    def __init__(self, systems: Systems, items: Sequence[Property], meanings: Mapping[str, Meanings]) -> None:
        self.systems, self.items = systems, {item.id: item for item in items}
        self.words = {item.id: np.full(len(systems), OPEN, dtype=np.int8) for item in items}
        self.explored = 0
        self._meanings = {name: one.within(systems.first) for name, one in meanings.items()}
        self._reaching = Reaching(systems)
        for item in items:
            self._leave_out(item)

    def _leave_out(self, item: Property) -> None:
        """Mark the systems in which a property cannot be asked."""
        meanings = self._meanings[item.id]
        for number, meaning in enumerate(meanings.different):
            rows = np.flatnonzero(meanings.of == number)
            if meaning.target is None:
                self._say(item.id, rows, Word.NOT_APPLICABLE)
                continue
            # the reason can depend on which of these some action hits, but on nothing else of the actions
            targets = (meaning.target, *meaning.subjects.values())

            def told(_: str, form: Action | None, targets: Sequence[Target] = targets) -> int:
                hits = [form is not None and not z3.is_false(target.hit_by(form)) for target in targets]
                return sum(hit << place for place, hit in enumerate(hits))

            groups, inverse = np.unique(self.systems.joined(rows, told), return_inverse=True)
            for group in range(len(groups)):
                mine = rows[inverse.reshape(-1) == group]
                if reason_against(item, self.systems.protocol(int(mine[0]))):
                    self._say(item.id, mine, Word.NOT_APPLICABLE)

    def go(self) -> None:
        """Decide the properties: what can be reached, and what must not last for ever."""
        lasting = {name: item for name, item in self.items.items() if item.kind == EVENTUALLY}
        for name, item in self.items.items():
            if name not in lasting:
                self._decide(item)
        endless = Endless(self.systems, lasting, self._meanings, {name: self.words[name] for name in lasting})
        endless.go()
        self.explored = self._reaching.explored + endless.explored

    def _decide(self, item: Property) -> None:
        """The word on a property about what can be reached."""
        meanings, word = self._meanings[item.id], Word.REACHED if item.kind == REACH else Word.VIOLATED
        for number, meaning in enumerate(meanings.different):
            rows = np.flatnonzero((meanings.of == number) & (self.words[item.id] == OPEN))
            if not len(rows):
                continue
            assert meaning.target is not None
            found = self._reaching.reaching(meaning.target, rows, partial(self._hit_alone, item))
            self._say(item.id, rows[found == YES], word)
            self._say(item.id, rows[found == UNDECIDED], Word.UNKNOWN)
            self._absent(item, meaning, rows[found == NO])

    def _absent(self, item: Property, meaning: Meaning, rows: Rows) -> None:
        """What is not reachable: proved, or vacuous where something of which it speaks never happens."""
        self._say(item.id, rows, Word.UNREACHABLE if item.kind == REACH else Word.PROVED)
        for name, subject in meaning.subjects.items():
            found = self._reaching.reaching(subject, rows, partial(self._met_alone, item, name))
            self._say(item.id, rows[found == UNDECIDED], Word.UNKNOWN)
            self._say(item.id, rows[found == NO], Word.VACUOUS)
            rows = rows[found != NO]

    def _hit_alone(self, item: Property, number: int) -> int:
        word = verdicts.decide(self.systems.protocol(number), [item], "exhaustive", DEPTH)[item.id].word
        return {Word.UNKNOWN: UNDECIDED, Word.REACHED: YES, Word.VIOLATED: YES}.get(word, NO)

    def _met_alone(self, item: Property, name: str, number: int) -> int:
        answer = unmet(self.systems.protocol(number), item).get(name)
        return YES if answer is None else NO if isinstance(answer, Unreachable) else UNDECIDED

    def _say(self, name: str, rows: Rows | int, word: Word) -> None:
        self.words[name][rows] = WORDS.index(word)
