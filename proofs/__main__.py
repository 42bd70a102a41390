"""`python -m proofs`."""

import os

try:
    from proofs import interrupt, streams
    from proofs.cli import main

    interrupt.install()
    streams.install()
except KeyboardInterrupt:
    os.write(2, b"error: interrupted\n")
    os._exit(130)

if __name__ == "__main__":
    main()
