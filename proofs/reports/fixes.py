"""What would mend a violation, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from proofs.checking.records import in_brief
from proofs.studies.fixes import Fixes


def print_fixes(console: Console, found: Sequence[Fixes]) -> None:
    """For each violation the changes that remove it, and what else they do."""
    for item in found:
        row = item.violation
        head = f"{row.version} {row.property} ({row.scenario}), {in_brief(row)}"
        count = f"{len(item.fixes)} of {item.tried} single changes remove it"
        console.print(f"{head}: {count}; {item.unfit} more describe no driver", soft_wrap=True)
        for fix in item.fixes:
            value = fix.value if isinstance(fix.value, str) else " ".join(fix.value)
            breaks = f"breaks {', '.join(fix.breaks)}" if fix.breaks else "breaks no other property"
            silences = f"; says nothing any more of {', '.join(fix.silences)}" if fix.silences else ""
            mends = f"; also mends {', '.join(fix.mends)}" if fix.mends else ""
            console.print(f"  {fix.axis} = {value}: {breaks}{silences}{mends}", soft_wrap=True)
