"""`convert`: what ftrace recorded as a log that `conform` reads, and the kprobes to record it with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from counterexamples.documents import STDOUT, read_document, write_file
from proofs.checking import outputs
from proofs.checking.judged import EXIT_INCONCLUSIVE
from proofs.commands import options
from proofs.recordings import probes, tracing
from proofs.recordings.log import CHANNELS

CHANNEL = "The pipe of rx, and that of tx: dmas and dma-names in the device tree have them."
DEVICE = "The address of the BAM, if several have such pipes: `device=` of its lines."
MOST_PIPES = 31


@click.command("convert")
@click.argument("trace", required=False, type=options.Named())
@click.option("--channel", multiple=True, metavar="rx=N|tx=N", help=CHANNEL)
@click.option("--device", metavar="ADDRESS", help=DEVICE)
@click.option("--probes", "definitions", is_flag=True, help="Print the kprobes and how to record with them.")
@click.option("--out", type=options.Named(), help="The log to write; default: standard output.")
def command(
    trace: Path | None, channel: tuple[str, ...], device: str | None, definitions: bool, out: Path | None
) -> None:
    """Make of TRACE, what the kprobes of `--probes` wrote to trace_pipe, a log for `conform`.

    Lines of other events are skipped, and counted on standard error. Exit code 3 if events were lost, or the recording
    does not end as it should: then the log ends before what is not known, and `conform` says that it was cut off.
    """
    if (trace is None) != definitions:
        raise click.UsageError("give either TRACE or --probes")
    outputs.demand_files({"--out": out}, [str(trace)] if trace else [])
    if trace is None:
        if channel or device is not None:
            raise click.UsageError("--channel and --device are for TRACE")
        write_file(out or STDOUT, "".join(f"{line}\n" for line in probes.text()))
        return
    pipes, address = _pipes(channel), None if device is None else _address(device)
    found = read_document(trace, lambda text: tracing.parse(text, pipes, address), tracing.NEED)
    write_file(out or STDOUT, found.text)
    click.echo(f"{found.events} events; lines of other events, skipped: {found.skipped}", err=True)
    if found.cut:
        click.echo(f"inconclusive: {found.cut}: the log ends before that", err=True)
        sys.exit(EXIT_INCONCLUSIVE)


def _pipes(channel: tuple[str, ...]) -> dict[str, int]:
    """The pipe of each channel; raises UsageError."""
    found = options.pairs(channel, "--channel")
    numbers = {name: int(text) for name, text in found.items() if text.isascii() and text.isdigit() and len(text) < 3}
    known = numbers.keys() == found.keys() == set(CHANNELS) and max(numbers.values()) < MOST_PIPES
    if not known or len(set(numbers.values())) < len(CHANNELS):
        raise click.UsageError(f"need --channel rx=N --channel tx=N, two pipes from 0 to {MOST_PIPES - 1}")
    return numbers


def _address(text: str) -> int:
    """An address as the kernel prints it; raises UsageError."""
    try:
        return int(text, 16)
    except ValueError:
        raise click.UsageError(f"--device takes an address as 0xffff000012345678, not {text!r}") from None
