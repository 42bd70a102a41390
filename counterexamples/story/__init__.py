"""What a trace shows: its steps, what is odd about them, which of them matter, and the words for that.

Whoever writes a trace down reads it from one `Story`, so that all formats tell the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import networkx as nx

from counterexamples.story.account import Sentence, sentences, verdict
from counterexamples.story.moment import Execution
from counterexamples.story.notation import step_notes, value_note
from counterexamples.story.oddities import Oddity, oddities_of
from counterexamples.story.relevance import Conflict, Relevance
from counterexamples.trace import Trace


@dataclass(frozen=True)
class Story(Execution):
    """A trace on its system with all that is said of it, each part worked out once, when a format first asks for it.

    `find_needs` finds the assumptions without which the trace's steps would not show it, each in a few words;
    `find_code`: of each step what of a source tree's C it executes, as `code` says.
    """

    find_needs: Callable[[Trace], Sequence[str]] = field(repr=False)
    find_code: Callable[[Trace], Sequence[str]] | None = field(default=None, repr=False)

    @cached_property
    def oddities(self) -> tuple[tuple[Oddity, ...], ...]:
        """What is odd about each step."""
        return tuple(map(oddities_of, self.moments))

    @cached_property
    def notes(self) -> tuple[tuple[str, ...], ...]:
        """What each step changed, in short."""
        return step_notes(self)

    @cached_property
    def relevance(self) -> Relevance:
        """What of it the violation is about."""
        return Relevance(self, self.oddities)

    @property
    def past(self) -> nx.DiGraph:
        """The steps that had to come before the last one, and their order."""
        return self.relevance.past

    @property
    def matters(self) -> frozenset[int]:
        """The steps that the violation is about; the others of its past only had to happen."""
        return self.relevance.matters

    @property
    def conflict(self) -> Conflict | None:
        """The two steps that meet, if there are two."""
        return self.relevance.conflict

    @cached_property
    def met(self) -> str:
        """What the second of the two that meet finds, as `engine.op=linux-1`; empty if there are none."""
        pair = self.conflict
        return value_note(self.states[pair.last - 1], pair.variable) if pair else ""

    @cached_property
    def verdict(self) -> str:
        """One sentence: what happened at the end, and what that means for the property."""
        return verdict(self.relevance)

    @cached_property
    def account(self) -> tuple[Sentence, ...]:
        """The trace in plain words."""
        return sentences(self.relevance)

    @cached_property
    def code(self) -> tuple[str, ...]:
        """Of each step the statements that it executes in C, as file:line, or why they cannot be given; empty for a
        step that is no section of the driver, and where no tree is at hand. Takes a second for each other step."""
        return ("",) * len(self.steps) if self.find_code is None else tuple(self.find_code(self.trace))

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The assumptions that it needs. Takes seconds: builds the system once for each of their values."""
        return tuple(self.find_needs(self.trace))
