"""`export`: one property of one version in another tool's language."""

from __future__ import annotations

from pathlib import Path

import click

from counterexamples.documents import STDOUT, write_file
from model import parameters, versions
from model.language.operators import UnsupportedTermError
from model.subject import Subject
from proofs import exports
from proofs.checking import outputs
from proofs.checking.request import demand_known_axes
from proofs.commands import options
from proofs.engines.bounded import CONFIRMED_DEPTH
from proofs.exports import btor2, promela, smt2
from proofs.properties import catalogue

FORMATS = ("smt2", "btor2", "promela")
# the depth up to which `check` has z3 refute everything shorter
DEPTH = CONFIRMED_DEPTH


def _written(question: exports.Question, language: str, depth: int) -> str:
    if language == "smt2":
        return smt2.write(question, depth)
    return btor2.write(question) if language == "btor2" else promela.write(question)


@click.command("export")
@click.argument("version", metavar="VERSION|FILE.toml")
@click.option("--property", "property_id", required=True, metavar="ID", help="An `always` or `reach` property.")
@click.option("--format", "language", required=True, type=click.Choice(FORMATS))
@click.option("--scenario", default="default", metavar="NAME", show_default=True)
@options.assumed_pairs
@options.changed_bounds
@click.option("--depth", type=click.IntRange(0, 100), help=f"Steps, for smt2 only.  [default: {DEPTH}]")
@click.option("--whole", is_flag=True, help="The whole system, not only what the property depends on.")
@click.option("--out", type=options.Named(), help="The file to write; default: standard output.")
def command(
    version: str,
    property_id: str,
    language: str,
    scenario: str,
    assume: tuple[str, ...],
    bound: tuple[str, ...],
    depth: int | None,
    whole: bool,
    out: Path | None,
) -> None:
    """Write one property of one version for another tool: an SMT solver, a BTOR2 model checker, or Spin."""
    if depth is not None and language != "smt2":
        raise click.UsageError(f"--depth is for --format smt2; {language} holds the system itself, for any depth")
    if property_id not in catalogue():
        raise parameters.nearest("property", property_id, catalogue())
    loaded = versions.load(version)
    outputs.demand_files({"--out": out}, loaded.files)
    demand_known_axes(loaded.name)
    subject = Subject.of(loaded, scenario, options.pairs(assume, "--assume"), options.numbers(bound))
    question = exports.pose(subject, property_id, whole)
    try:
        text = _written(question, language, DEPTH if depth is None else depth)
    except UnsupportedTermError as error:
        raise click.UsageError(f"{language}: {error}") from None
    write_file(out or STDOUT, text)
