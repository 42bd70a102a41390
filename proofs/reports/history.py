"""Which versions violate a property, from the recorded verdicts: the first, the last, and where between them none does.

A version violates a property if its worst verdict in all scenarios says so. Versions that are not recorded make no gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from proofs.checking.expectations import Recorded
from proofs.checking.judged import worst
from proofs.checking.words import Word
from proofs.reports.matrix import title


def violating(rows: Sequence[Recorded], property_id: str) -> list[str]:
    """The versions that violate a property, in the order of the rows."""
    return [row.version for row in worst(rows).values() if row.property == property_id and row.verdict.is_wrong]


def history(rows: Sequence[Recorded]) -> str:
    """A Markdown table: for each property the first and the last version that violates it, and all of them."""
    order = list(dict.fromkeys(row.version for row in rows))
    lines = ["| property | first | last | violated in |", "|---" * 4 + "|"]
    for name in dict.fromkeys(row.property for row in rows):
        found = violating(rows, name)
        first, last = (found[0], found[-1]) if found else ("", "")
        if found and last == order[-1]:
            last = f"{last}, the newest"
        lines.append(f"| `{name}` | {first} | {last} | {title(found, order) if found else 'no version'} |")
    return "\n".join(lines)


def since(rows: Sequence[Recorded], property_id: str, version: str) -> str:
    """From when on a version violates a property, as a clause, and which versions do; it is taken to be one of them."""
    order = list(dict.fromkeys([*(row.version for row in rows), version]))
    found = [name for name in order if name in {*violating(rows, property_id), version}]
    if not any(row.version == version for row in rows):
        return f"recorded of {title(found[:-1], order)}" if found[:-1] else "recorded of no version"
    asked = [row.version for row in worst(rows).values() if row.property == property_id and _asked(row)]
    if len(asked) > 1 and set(asked) <= set(found):
        return "in every version that can be asked"
    start = order.index(version)
    while start and order[start - 1] in found:
        start -= 1
    if order.index(found[0]) == order.index(version):
        return f"new in {version}{_later(found, order)}"
    if order[start] == version:
        return f"again in {version} ({title(found, order)})"
    return f"since {order[start]} ({title(found, order)})"


def _asked(row: Recorded) -> bool:
    return row.verdict is not Word.NOT_APPLICABLE


def _later(found: Sequence[str], order: Sequence[str]) -> str:
    return f" ({title(found, order)})" if len(found) > 1 else ""
