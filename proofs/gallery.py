"""The committed gallery of counterexamples and the tables in the READMEs: made by one run, and kept current."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from counterexamples.documents import write_file
from counterexamples.gallery import FORMS
from proofs import session
from proofs.campaign import ANY_REQUESTS, Result
from proofs.certificates import checked, prove, read_certificate
from proofs.inspect import stored_protocol
from proofs.interrupt import scratch_folder
from proofs.matrix import matrix, overview, stem
from proofs.outputs import OutputError
from proofs.report import worst

BEGIN, END = "<!-- table: made by `python -m proofs gallery` -->", "<!-- end of table -->"
FOLDER = "counterexamples/gallery"
OVERVIEW, MATRIX = "README.md", "counterexamples/README.md"
"""The files that have a table, by what it is."""


class GalleryError(OutputError):
    """The folder is not a checkout of this project."""


def _wanted(results: Sequence[Result], made: Path) -> dict[str, bytes]:
    files = {}
    for result in worst(results).values():
        if result.verdict.is_wrong:
            for suffix in FORMS:
                name = stem(result) + suffix
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
    """Raise GalleryError if a folder is not one with both READMEs."""
    if not all((root / name).is_file() for name in (OVERVIEW, MATRIX)):
        raise GalleryError(f"{root} is not a checkout of this project; run it where {OVERVIEW} and {MATRIX} are")


def regenerate(root: Path, check: bool, workers: int) -> list[str]:
    """What differs in gallery and tables, brought up to date unless `check`. Raises GalleryError, OSError."""
    demand_checkout(root)
    with scratch_folder() as made:
        request = replace(session.everything(), out=made)
        results = session.run_jobs(request.jobs(), workers, quiet=False)
        return update(root, check, results, made)


def update(root: Path, check: bool, results: Sequence[Result], made: Path) -> list[str]:
    """The same with the results of a run over everything, whose traces are in the folder `made`."""
    session.demand_written(results)
    folder = root / FOLDER
    wanted = _wanted(results, made)
    present = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    tables = {OVERVIEW: overview(results, FOLDER), MATRIX: matrix(results, certified(results))}
    texts = {name: (root / name).read_text(encoding="utf-8") for name in tables}
    fresh = {name: _with_table(name, texts[name], table) for name, table in tables.items()}
    changed = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    if not check:
        _store(folder, wanted, present)
        for name, text in fresh.items():
            write_file(root / name, text)
    return [f"{FOLDER}/{name}" for name in changed] + [f"{n} (table)" for n, text in fresh.items() if text != texts[n]]


def _with_table(name: str, text: str, table: str) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise GalleryError(f"{name} has no place for its table; it needs the lines {BEGIN} and {END}")
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
