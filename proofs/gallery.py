"""The committed gallery of counterexamples and the README's matrix: made by one run, checked for being current."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from counterexamples.documents import write_file
from counterexamples.gallery import FORMS
from proofs import session
from proofs.campaign import ANY_REQUESTS, CERTIFIED, Result
from proofs.certificates import checked, prove, read_certificate
from proofs.inspect import stored_protocol
from proofs.interrupt import scratch_folder
from proofs.outputs import OutputError
from proofs.report import worst
from proofs.words import Word

BEGIN, END = "<!-- matrix: made by `python -m proofs gallery` -->", "<!-- end of matrix -->"
STRENGTH_SIGNS = {ANY_REQUESTS: "✓∞", CERTIFIED: "✓✓"}


class GalleryError(OutputError):
    """The folder is not a checkout of this project."""


def strongest(results: Sequence[Result], certified: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """For each version and property the sign of its strongest proof. `certified`: those with a certificate."""
    signs: dict[tuple[str, str], str] = {}
    for result in results:
        key = (result.version, result.property)
        if result.strength == ANY_REQUESTS:
            signs[key] = STRENGTH_SIGNS[CERTIFIED if key in certified else ANY_REQUESTS]
    return signs


def matrix(results: Sequence[Result], certified: Collection[tuple[str, str]] = ()) -> str:
    """A Markdown table, properties down, versions across; a violation links to its counterexample.

    `certified`: the versions and properties for any number of requests whose certificates were proved again.
    """
    cells, proofs = worst(results), strongest(results, certified)
    names = list(dict.fromkeys(result.version for result in results))
    rows = ["| property | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for item in dict.fromkeys(result.property for result in results):
        rows.append(f"| `{item}` | " + " | ".join(_cell(cells[name, item], proofs) for name in names) + " |")
    return "\n".join(rows)


def _cell(result: Result, proofs: Mapping[tuple[str, str], str]) -> str:
    if result.verdict is Word.PROVED:
        return proofs.get((result.version, result.property), Word.PROVED.sign)
    if not result.verdict.is_wrong:
        return result.verdict.sign
    mark = "" if result.scenario == "default" else "*"
    depth = "" if result.depth is None else f" {result.depth}"
    return f"[{result.verdict.sign}{depth}{mark}](counterexamples/gallery/{_stem(result)}.svg)"


def _stem(result: Result) -> str:
    return (result.trace or "").removesuffix(".itf.json")


def _wanted(results: Sequence[Result], made: Path) -> dict[str, bytes]:
    files = {}
    for result in worst(results).values():
        if result.verdict.is_wrong:
            for suffix in FORMS:
                name = _stem(result) + suffix
                files[name] = (made / name).read_bytes()
    return files


def certified(results: Sequence[Result]) -> set[tuple[str, str]]:
    """Of what is proved for any number of requests that with a recorded certificate, each proved again by z3."""
    proved = {(result.version, result.property) for result in results if result.strength == ANY_REQUESTS}
    found = set()
    for path in sorted((Path(__file__).parent / "certified").rglob("*.cert.json")):
        certificate = read_certificate(path)
        key = certificate.version, certificate.property_id
        if key not in proved:
            continue
        protocol = stored_protocol(certificate)
        proofs = prove(protocol, checked(certificate, protocol), certificate.clauses, "z3")
        if protocol.ctx.workload.endless and all(proof.answer == "unsat" for proof in proofs):
            found.add(key)
    return found


def demand_checkout(root: Path) -> None:
    """Raise GalleryError if a folder is not one with a gallery and a README."""
    if not ((root / "README.md").is_file() and (root / "counterexamples").is_dir()):
        raise GalleryError(f"{root} is not a checkout of this project; run it where README.md and counterexamples/ are")


def regenerate(root: Path, check: bool, workers: int) -> list[str]:
    """What differs in gallery and README, brought up to date unless `check`. Raises GalleryError, OSError."""
    demand_checkout(root)
    with scratch_folder() as made:
        request = replace(session.everything(), out=made)
        results = session.run_jobs(request.jobs(), workers, quiet=False)
        return update(root, check, results, made)


def update(root: Path, check: bool, results: Sequence[Result], made: Path) -> list[str]:
    """The same with the results of a run over everything, whose traces are in the folder `made`."""
    session.demand_written(results)
    folder, readme = root / "counterexamples" / "gallery", root / "README.md"
    wanted = _wanted(results, made)
    present = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    text = readme.read_text(encoding="utf-8")
    fresh = _with_matrix(text, matrix(results, certified(results)))
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
