"""Ctrl-C ends the program at once. Neither z3 nor a worker process answers to KeyboardInterrupt while it works, so a
thread of its own waits for the signal.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import z3

EXIT = 130
MESSAGE = b"error: interrupted\n"
_folders: list[Path] = []


def install() -> None:
    """From now on SIGINT stops the workers, removes what they were writing, and exits with 130."""
    z3.set_param("ctrl_c", False)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), daemon=True).start()


def clean_on_interrupt(folder: Path) -> None:
    """Remove half-written files below `folder` if the program is interrupted."""
    _folders.append(folder)


@contextmanager
def left_to_parent() -> Iterator[None]:
    """Processes that are started inside do not get SIGINT: this one stops them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch(reader: int) -> None:
    while signal.SIGINT not in os.read(reader, 64):
        pass
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True, kill_workers=True)
    for folder in _folders:
        for path in folder.rglob(".*.tmp"):
            path.unlink(missing_ok=True)
    os.write(2, MESSAGE)
    os._exit(EXIT)
