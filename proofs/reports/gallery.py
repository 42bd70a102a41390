"""The committed gallery of counterexamples and the tables in the READMEs: made by one run, and kept current."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from counterexamples.documents import write_file
from counterexamples.formats.registry import STORED
from model import versions
from model.subject import Subject
from proofs.certificates import FOLDER as CERTIFICATES
from proofs.certificates.certificate import checked, prove, read_certificate
from proofs.checking import expectations
from proofs.checking.expectations import Recorded
from proofs.checking.judged import worst
from proofs.checking.outputs import OutputError
from proofs.checking.records import Result
from proofs.checking.request import Request
from proofs.checking.stored import stored_protocol
from proofs.properties import catalogue
from proofs.reports.history import history
from proofs.reports.matrix import alike, matrix, overview, proved_for_ever

BEGIN, END = "<!-- table: made by `python -m proofs gallery` -->", "<!-- end of table -->"
HISTORY = "<!-- history: made by `python -m proofs gallery` -->", "<!-- end of history -->"
"""What stands before and after a table, and before and after that of `history`."""
FOLDER = "counterexamples/gallery"
OVERVIEW, MATRIX = "README.md", "counterexamples/README.md"
"""The files that have a table; the second one has the history too."""


class GalleryError(OutputError):
    """The folder is not a checkout of this project."""


def _wanted(request: Request, results: Sequence[Result]) -> dict[str, bytes]:
    made, files = Path(str(request.out)), {}
    for result in worst(results).values():
        if result.verdict.is_wrong and result.trace is not None:
            for suffix in STORED:
                name = result.trace.removesuffix(".itf.json") + suffix
                files[name] = (made / name).read_bytes()
    return files


def _asked(request: Request, name: str) -> bool:
    """Whether a file of the gallery is about something that was asked; one that is about nothing is."""
    version, _, file = name.partition("/")
    is_known = version in versions.names() and file.split(".")[0] in catalogue()
    return not is_known or (version in request.versions and file.split(".")[0] in request.properties)


def certified(rows: Sequence[Recorded] | Sequence[Result]) -> set[tuple[str, str]]:
    """Of what is proved for any number of requests that with a recorded certificate, each proved again by z3.

    One for other bounds or assumptions than the usual ones is about another system, and does not count.
    """
    found, proved = set(), proved_for_ever(rows)
    for path in sorted(CERTIFICATES.rglob("*.cert.json")):
        certificate = read_certificate(path)
        key = certificate.subject.version, certificate.property_id
        if key not in proved:
            continue
        protocol = stored_protocol(certificate.subject, certificate.property_id)
        usual, own = Subject.of(certificate.subject.version, "endless"), protocol.subject
        if (own.scenario, own.bounds, own.assumptions) != (usual.scenario, usual.bounds, usual.assumptions):
            continue
        proofs = prove(protocol, checked(certificate, protocol), certificate.clauses, "z3")
        if all(proof.answer == "unsat" for proof in proofs):
            found.add(key)
    return found


def demand_checkout(root: Path) -> None:
    """Raise GalleryError if a folder is not one with both READMEs."""
    if not all((root / name).is_file() for name in (OVERVIEW, MATRIX)):
        raise GalleryError(f"{root} is not a checkout of this project; run it where {OVERVIEW} and {MATRIX} are")


def with_traces(request: Request, made: Path) -> Request:
    """The same question with traces in the folder `made`; of versions that behave alike the first has the traces, so
    that it is asked too."""
    asked = {name for names in alike(versions.names()) if set(names) & set(request.versions) for name in names[:1]}
    wanted = asked.union(request.versions)
    return replace(request, versions=tuple(name for name in versions.names() if name in wanted), out=made)


def update(root: Path, check: bool, request: Request, results: Sequence[Result]) -> list[str]:
    """The same with the results of a run that wrote its traces; the tables are made from what is recorded."""
    folder, wanted = root / FOLDER, _wanted(request, results)
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    present = {name: path.read_bytes() for name, path in files.items() if _asked(request, name)}
    rows = expectations.rows()
    texts = {name: (root / name).read_text(encoding="utf-8") for name in (OVERVIEW, MATRIX)}
    fresh = {
        OVERVIEW: _with_table(OVERVIEW, texts[OVERVIEW], overview(rows, FOLDER)),
        MATRIX: _with_table(MATRIX, texts[MATRIX], matrix(rows, certified(rows))),
    }
    fresh[MATRIX] = _with_table(MATRIX, fresh[MATRIX], history(rows), HISTORY)
    changed = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    if not check:
        _store(folder, wanted, present)
        for name, text in fresh.items():
            write_file(root / name, text)
    return [f"{FOLDER}/{name}" for name in changed] + [f"{n} (table)" for n, text in fresh.items() if text != texts[n]]


def _with_table(name: str, text: str, table: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    before, begin, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise GalleryError(f"{name} has no place for its table; it needs the lines {marks[0]} and {marks[1]}")
    return f"{before}{begin}\n{table}\n{end}{after}"


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
