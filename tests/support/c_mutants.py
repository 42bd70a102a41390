"""Mutants of a driver's C, made by rules over its lines: one small change each, as somebody could make by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Edits = Sequence[tuple[str, str]]


def edited(text: str, edits: Edits) -> str:
    """A text after some edits, each of which replaces what occurs once."""
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


REPLACED: Sequence[tuple[str, str, str]] = (
    ("list end", r"\blist_add_tail\(", "list_add("),
    ("list end", r"\blist_add\(", "list_add_tail("),
    ("comparison", r" < ", " <= "),
    ("comparison", r" > ", " >= "),
    ("comparison", r" <= ", " < "),
    ("comparison", r" == ", " != "),
    ("condition", r"\bif \(!", "if ("),
    ("condition", r"\bif \((?!!)", "if (!"),
    ("condition", r"&& !", "&& "),
    ("condition", r" && ", " || "),
    ("condition", r" \|\| ", " && "),
    ("arithmetic", r" \+= ", " -= "),
    ("arithmetic", r" -= ", " += "),
    ("arithmetic", r" - 1\b", ""),
    ("arithmetic", r" \+ 1\b", ""),
    ("flag", r"\bDESC_FLAG_INT\b", "DESC_FLAG_EOT"),
    ("flag", r"\bDESC_FLAG_EOT\b", "DESC_FLAG_INT"),
    ("flag", r" \|= ", " = "),
    ("end", r"\bhead\b", "tail"),
    ("end", r"\btail\b", "head"),
    ("list", r"desc_issued", "desc_submitted"),
    ("list", r"desc_completed", "desc_terminated"),
    ("error path", r"\breturn;", ";"),
    ("error path", r"\bbreak;", "continue;"),
    ("constant", r"= 1;", "= 0;"),
    ("constant", r"= 0;", "= 1;"),
)
"""A name, what is replaced the first time in a line, and by what."""
STATEMENT = re.compile(
    r"^\t+(?!return|break|continue|goto|case|default|if|for|while|do\b|else|u32|int|struct|unsigned)\S.*;$"
)


@dataclass(frozen=True)
class Mutant:
    """A file with one change: the rule, the line, and the text of that line before and after."""

    rule: str
    path: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule} {self.path}:{self.line}: {self.before.strip()} -> {self.after.strip() or 'nothing'}"


def mutants(text: str, path: str, lines: Sequence[int]) -> Iterator[Mutant]:
    """All mutants of some lines of a file, in the order of the lines."""
    rows = text.split("\n")
    for number in lines:
        row = rows[number - 1]
        found: dict[str, str] = {}
        for rule, pattern, by in REPLACED:
            changed = re.sub(pattern, by, row, count=1)
            if changed != row:
                found.setdefault(changed, rule)
        if _alone(rows, number):
            found["\t;"] = "dropped line"
            if _alone(rows, number + 1) and rows[number] != row:
                found[f"{rows[number]}\n{row}"] = "swapped lines"
        for changed, rule in found.items():
            kept = rows[number + 1 :] if "\n" in changed else rows[number:]
            yield Mutant(rule, path, number, row, changed, "\n".join([*rows[: number - 1], changed, *kept]))


def _alone(rows: Sequence[str], number: int) -> bool:
    """Whether a line is one whole statement, and not the body of an `if` without braces."""
    before = next((row.strip() for row in reversed(rows[: number - 1]) if row.strip()), "")
    return bool(STATEMENT.match(rows[number - 1])) and bool(re.search(r"([;{}:]|\*/)$", before))


def tree_of(mutant: Mutant, root: Path, folder: Path, files: Sequence[str]) -> Path:
    """A tree in a folder with these files of another, one of them as the mutant has it."""
    for name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(mutant.text if name == mutant.path else (root / name).read_text(encoding="utf-8"))
    return folder


def spread(found: Sequence[Mutant], by_rule: Mapping[str, int]) -> list[Mutant]:
    """As many of each rule as are asked for, evenly over the file; all if there are no more."""
    chosen: list[Mutant] = []
    for rule, count in by_rule.items():
        own = [mutant for mutant in found if mutant.rule == rule]
        step = max(1, -(-len(own) // count))
        chosen += own[::step]
    return chosen
