"""The command line: which commands there are, and how each way to end becomes an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from counterexamples.documents import DocumentError
from counterexamples.trace import ReplayError
from model import versions
from model.parameters import ParameterError
from proofs import session
from proofs.expectations import ExpectationError
from proofs.report import tool_version
from proofs.verdicts import EngineDisagreementError

USAGE, INTERNAL, INTERRUPTED = 2, 5, 130
SCRIPT = "bam-lock"
COMMANDS = {
    "capacity": ("capacity", "capacity"),
    "certify": ("certify", "certify"),
    "check": ("checking", "check"),
    "counts": ("counts", "counts"),
    "cover": ("coverage", "cover"),
    "diff": ("diff", "diff"),
    "export": ("exports.command", "export"),
    "gallery": ("commands", "gallery"),
    "gate": ("commands", "gate"),
    "list": ("commands", "list_command"),
    "mutate": ("mutation", "mutate"),
    "replay": ("commands", "replay"),
    "report": ("page.command", "report_command"),
    "show": ("commands", "show"),
}
"""Each command's name, and the module of `proofs` and the name in it."""


class Commands(click.Group):
    """The commands, each imported when it is called: a check does not wait for what only a report needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"proofs.{module}"), name)
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
    """Run the command; every foreseeable error is one line on standard error and its exit code."""
    try:
        code = cli.main(prog_name=program(), standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = _complain("interrupted", INTERRUPTED)
    except click.UsageError as error:
        hint = f" (see `{error.ctx.command_path} --help`)" if error.ctx else ""
        code = _complain(error.format_message().replace("\n", " ") + hint, USAGE)
    except (
        click.ClickException,
        ParameterError,
        versions.VersionError,
        DocumentError,
        session.OutputError,
    ) as error:
        code = _complain(str(error), USAGE)
    except OSError as error:
        code = _complain(f"{error.filename or 'output'}: {error.strerror or error}", USAGE)
    except (EngineDisagreementError, ReplayError, ExpectationError) as error:
        code = _complain(f"internal error: {error}", INTERNAL)
    sys.exit(code or 0)


def _complain(message: str, code: int) -> int:
    click.echo(f"error: {message}", err=True)
    return code
