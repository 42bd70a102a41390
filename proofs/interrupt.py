"""Ctrl-C ends the program at once. Neither z3 nor a worker process answers to KeyboardInterrupt while it works, so a
thread of its own waits for the signal.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
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


def leave_to_parent() -> None:
    """In a worker process: SIGINT is the parent's business, which stops this one."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _watch(reader: int) -> None:
    while signal.SIGINT not in os.read(reader, 64):
        pass
    # the main thread may now fail for want of its workers: that is nobody's business
    complaints = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for worker in multiprocessing.active_children():
        worker.kill()
        worker.join()
    for folder in _folders:
        for path in folder.rglob(".*.tmp"):
            path.unlink(missing_ok=True)
    os.write(complaints, MESSAGE)
    os._exit(EXIT)
