"""`python -m proofs`."""

import os

try:
    from proofs.cli import main
    from proofs.interrupt import install

    install()
except KeyboardInterrupt:
    os.write(2, b"error: interrupted\n")
    os._exit(130)

if __name__ == "__main__":
    main()
