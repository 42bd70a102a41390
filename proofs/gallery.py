"""The committed gallery of counterexamples and the README's matrix: made by one run, checked for being current."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from counterexamples.documents import write_file
from counterexamples.gallery import FORMS
from proofs import session
from proofs.campaign import Result
from proofs.interrupt import scratch_folder
from proofs.outputs import OutputError

BEGIN, END = "<!-- matrix: made by `python -m proofs gallery` -->", "<!-- end of matrix -->"
SEVERITY = ("violated", "unreachable", "unknown", "bounded", "reached", "proved", "not-applicable")
SHOWN = ("violated", "unreachable")
SIGNS = {"unknown": "?", "bounded": "~", "reached": "✓", "proved": "✓", "not-applicable": "·"}


class GalleryError(OutputError):
    """The folder is not a checkout of this project."""


def worst(results: Sequence[Result]) -> dict[tuple[str, str], Result]:
    """For each version and property the worst verdict of all scenarios, the earlier scenario on a tie."""
    chosen: dict[tuple[str, str], Result] = {}
    for result in results:
        key = (result.version, result.property)
        if key not in chosen or SEVERITY.index(result.verdict) < SEVERITY.index(chosen[key].verdict):
            chosen[key] = result
    return chosen


def matrix(results: Sequence[Result]) -> str:
    """A Markdown table, properties down, versions across; a violation links to its counterexample."""
    cells = worst(results)
    names = list(dict.fromkeys(result.version for result in results))
    rows = ["| property | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for item in dict.fromkeys(result.property for result in results):
        rows.append(f"| `{item}` | " + " | ".join(_cell(cells[name, item]) for name in names) + " |")
    return "\n".join(rows)


def _cell(result: Result) -> str:
    if result.verdict not in SHOWN:
        return SIGNS[result.verdict]
    mark = "" if result.scenario == "default" else "*"
    depth = "" if result.depth is None else f" {result.depth}"
    return f"[✗{depth}{mark}](counterexamples/gallery/{_stem(result)}.svg)"


def _stem(result: Result) -> str:
    return (result.trace or "").removesuffix(".itf.json")


def _wanted(results: Sequence[Result], made: Path) -> dict[str, bytes]:
    files = {}
    for result in worst(results).values():
        if result.verdict in SHOWN:
            for suffix in FORMS:
                name = _stem(result) + suffix
                files[name] = (made / name).read_bytes()
    return files


def regenerate(root: Path, check: bool, workers: int) -> list[str]:
    """What differs in gallery and README, brought up to date unless `check`. Raises GalleryError, OSError."""
    folder, readme = root / "counterexamples" / "gallery", root / "README.md"
    if not (readme.is_file() and folder.parent.is_dir()):
        raise GalleryError(f"{root} is not a checkout of this project; run it where README.md and counterexamples/ are")
    with scratch_folder() as made:
        request = replace(session.everything(), out=made)
        results = session.run_jobs(request.jobs(), workers, quiet=False)
        session.demand_written(results)
        wanted = _wanted(results, made)
    present = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    text = readme.read_text(encoding="utf-8")
    fresh = _with_matrix(text, matrix(results))
    changed = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    if not check:
        _store(folder, wanted, present)
        write_file(readme, fresh)
    return [f"counterexamples/gallery/{name}" for name in changed] + (["README.md (matrix)"] if fresh != text else [])


def _with_matrix(text: str, table: str) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise GalleryError(f"README.md has no place for the matrix; it needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _store(folder: Path, wanted: Mapping[str, bytes], present: Mapping[str, bytes]) -> None:
    for name in present.keys() - wanted.keys():
        (folder / name).unlink()
    for name, content in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content.decode("utf-8"))
    for child in folder.iterdir():
        if child.is_dir() and not any(child.iterdir()):
            shutil.rmtree(child)
