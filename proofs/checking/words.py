"""The verdict words of design section 4, and all that is said of a word rather than of one verdict."""

from __future__ import annotations

from enum import Enum, StrEnum, auto


class Sense(Enum):
    """What a verdict word amounts to for somebody who wants the property to hold."""

    WRONG = auto()
    HOLDS = auto()
    OPEN = auto()
    ASIDE = auto()


class Word(StrEnum):
    """What came out, the worst first; a member is its own text.

    `sense`: whether that is wrong, holds, is open (the claim is about nothing, or nobody knows) or was not asked.
    `sign`: how a table shows it in a character. `colour`: rich's style on a terminal. `meaning`: a clause for a legend.
    Of several scenarios the worst word counts; what one never comes to, `VACUOUS`, is known from another one.
    """

    sense: Sense
    sign: str
    colour: str
    meaning: str

    def __new__(cls, text: str, sense: Sense, sign: str, colour: str, meaning: str) -> Word:
        """A member whose value is its text."""
        word = str.__new__(cls, text)
        word._value_ = text
        word.sense, word.sign, word.colour, word.meaning = sense, sign, colour, meaning
        return word

    VIOLATED = "violated", Sense.WRONG, "✗", "bold red", "violated"
    UNREACHABLE = "unreachable", Sense.WRONG, "✗", "red", "what should be reachable is not"
    UNKNOWN = "unknown", Sense.OPEN, "?", "yellow", "unknown: a capacity of the model was exceeded, or memory ended"
    BOUNDED = "bounded", Sense.OPEN, "~", "yellow", "no violation within some steps, which is no proof"
    REACHED = "reached", Sense.HOLDS, "✓", "green", "reached, as it should be"
    PROVED = "proved", Sense.HOLDS, "✓", "green", "proved for the bounds below"
    VACUOUS = "vacuous", Sense.OPEN, "∅", "bold yellow", "vacuous: what the property speaks of never happens"
    NOT_APPLICABLE = "not-applicable", Sense.ASIDE, "·", "dim", "does not apply to this version"

    @classmethod
    def of(cls, text: str) -> Word:
        """The word with that text; raises ValueError if there is none."""
        for word in cls:
            if word.value == text:
                return word
        raise ValueError(f"{text!r} is no verdict")

    @property
    def is_wrong(self) -> bool:
        """Whether a property does not hold."""
        return self.sense is Sense.WRONG

    @property
    def holds(self) -> bool:
        """Whether a property holds."""
        return self.sense is Sense.HOLDS

    @property
    def is_open(self) -> bool:
        """Whether nothing is known, or nothing is claimed."""
        return self.sense is Sense.OPEN

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Word).index(self)
