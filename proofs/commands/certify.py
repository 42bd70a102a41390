"""`certify`: prove a stored certificate again, with z3 and with a second solver."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from counterexamples.documents import DocumentError
from model.context import Protocol
from proofs.certificates.certificate import (
    SOLVERS,
    Certificate,
    Proof,
    checked,
    described,
    offending,
    prove,
    read_certificate,
    second_solver_missing,
)
from proofs.checking.judged import EXIT_INCONCLUSIVE
from proofs.checking.stored import stored_protocol
from proofs.commands.options import Named
from proofs.engines import Target


@click.command("certify")
@click.argument("files", nargs=-1, required=True, type=Named(), metavar="FILE...")
@click.option("--show", is_flag=True, help="Also print the invariant, clause by clause.")
def command(files: tuple[Path, ...], show: bool) -> None:
    """Prove certificates (*.cert.json) again from the model: three queries to z3, and the same to bitwuzla.

    Exit code 2 if one is refused, 3 if a solver gives up.
    """
    missing = second_solver_missing()
    inconclusive = False
    for file in files:
        certificate = read_certificate(file)
        try:
            protocol = stored_protocol(certificate.subject, certificate.property_id)
            target = checked(certificate, protocol)
        except DocumentError as error:
            raise DocumentError(f"{file}: {error}") from None
        click.echo(_heading(certificate))
        if show:
            click.echo("\n".join(described(certificate, protocol)))
        proofs = []
        for item in _proofs(certificate, protocol, target, missing is None):
            click.echo(f"  {item.obligation:<12}{item.solver:<10}{item.answer:<8}{item.seconds:6.2f} s")
            if item.answer == "sat":
                why = offending(protocol, target, certificate.clauses, item.obligation)
                raise DocumentError(f"{file} proves nothing: {item.obligation} fails: {why}")
            proofs.append(item)
        inconclusive |= any(item.answer != "unsat" for item in proofs)
        click.echo(_conclusion(proofs, missing))
    sys.exit(EXIT_INCONCLUSIVE if inconclusive else 0)


def _heading(certificate: Certificate) -> str:
    over = {name for clause in certificate.clauses for name in clause.over}
    about = f"{certificate.subject.version} {certificate.property_id} ({certificate.subject.scenario})"
    return f"{about}: {len(certificate.clauses)} clauses over {len(over)} places"


def _proofs(certificate: Certificate, protocol: Protocol, target: Target, second: bool) -> Iterator[Proof]:
    for solver in SOLVERS if second else SOLVERS[:1]:
        yield from prove(protocol, target, certificate.clauses, solver)


def _conclusion(proofs: list[Proof], missing: str | None) -> str:
    if any(item.answer != "unsat" for item in proofs):
        return "  not certified: a solver gave up"
    return f"  certified by {' and '.join(SOLVERS)}" if missing is None else f"  certified by z3 only: {missing}"
