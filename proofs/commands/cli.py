"""The command line: which commands there are, and how each way to end becomes an exit code."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path

import click

from counterexamples.documents import DocumentError
from counterexamples.trace import ReplayError
from model.parameters import ParameterError
from model.source.tree import SourceError
from model.versions import VersionError
from proofs.checking.expectations import ExpectationError
from proofs.checking.interrupt import wait_if_ending
from proofs.checking.outputs import OutputError
from proofs.checking.pool import LostError
from proofs.checking.running.cluster import ClusterError
from proofs.checking.verdicts import EngineDisagreementError
from proofs.commands.session import IncompleteError
from proofs.reports.terminal import tool_version

USAGE, INTERNAL, INTERRUPTED = 2, 5, 130
USER_ERRORS = (
    *(click.ClickException, ParameterError, VersionError, SourceError, DocumentError, OutputError, ClusterError),
)
SCRIPT = "bam-lock"
COMMANDS = (
    *("brief", "capacity", "certify", "check", "compare", "conform", "convert", "counts", "cover", "diff"),
    *("experiment", "export", "gallery", "gate", "infer", "list", "mutate", "propose", "replay", "report", "show"),
)
"""Their names; each is the object `command` in a module of that name."""


class Commands(click.Group):
    """The commands, each imported when it is called: a check does not wait for what only a report needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"proofs.commands.{cmd_name}").command
        return command


def program() -> str:
    """The program's name as it was called, for messages that say what to type."""
    return SCRIPT if Path(sys.argv[0]).stem == SCRIPT else "python -m proofs"


@click.group(cls=Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tool_version(), prog_name="bam-lock-check")
def cli() -> None:
    """Check what the Linux QCE driver and bam_dma do with the BAM pipe lock, version by version.

    Exit codes: 0 as expected, 1 a verdict differs, 2 usage, 3 inconclusive, 4 vacuous, 5 internal, 130 interrupted.
    """


def main() -> None:
    """Run the command and exit; every error is one line on standard error and its exit code.

    Under `python -X dev` what nobody foresaw keeps its traceback.
    """
    try:
        code = _command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = _complain("interrupted", INTERRUPTED)
    except click.UsageError as error:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        code = _complain(error.format_message() + hint, USAGE)
    except USER_ERRORS as error:
        code = _complain(str(error), USAGE)
    except (LostError, IncompleteError) as error:
        code = _complain(str(error), INTERNAL)
    except (EngineDisagreementError, ReplayError, ExpectationError) as error:
        code = _complain(f"internal error: {error}{_where(error)}", INTERNAL)
    except Exception as error:
        code = _unforeseen(error)
    wait_if_ending()  # what has just failed may have done so for the interrupt, of which one line is said elsewhere
    sys.exit(code)


def _command() -> int:
    try:
        return cli.main(prog_name=program(), standalone_mode=False) or 0
    except SystemExit as done:
        return int(done.code or 0)


def _unforeseen(error: Exception) -> int:
    if isinstance(error, OSError) and error.filename:
        return _complain(f"{error.filename}: {error.strerror}", USAGE)
    if sys.flags.dev_mode:
        raise error
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    said = f"{type(error).__name__}: {error}".removesuffix(": ")
    return _complain(f"internal error: {said}{_where(error)} ({place}; `python -X dev` shows more)", INTERNAL)


def _where(error: Exception) -> str:
    """What was being worked on, as the pool notes it."""
    return "".join(f", in {note}" for note in getattr(error, "__notes__", ()))


def _complain(message: str, code: int) -> int:
    shown = "".join(one if one.isprintable() else " " if one.isspace() else ascii(one)[1:-1] for one in message)
    click.echo(f"error: {shown}", err=True)
    return code
