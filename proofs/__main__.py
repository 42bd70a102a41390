"""`python -m proofs`, and the entry point of the console command."""

import os
import sys


def _leave_current_folder() -> None:
    """Import nothing from the folder in which `python -m` was called, unless the packages are in it."""
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    if not sys.flags.safe_path and os.path.realpath(sys.path[0]) != home:
        del sys.path[0]


if __name__ == "__main__":
    _leave_current_folder()

try:
    from proofs.checking import interrupt
    from proofs.commands import streams
    from proofs.commands.cli import main

    interrupt.install()
    streams.install()
except KeyboardInterrupt:
    os.write(2, b"error: interrupted\n")
    os._exit(130)

if __name__ == "__main__":
    main()
