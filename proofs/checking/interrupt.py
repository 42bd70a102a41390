"""Ctrl-C ends the program at once. Neither z3 nor a worker process answers to KeyboardInterrupt while it works, so a
thread of its own waits for the signal.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import z3

from counterexamples.documents import unfinished
from model.language.files import SCRATCH

EXIT = 130
MESSAGE = b"error: interrupted\n"
TIDY = b"\r\x1b[2K\x1b[?25h"  # a terminal's line is emptied, and its cursor, which the progress hides, shown
_ending = threading.Event()
_folders: list[tuple[Path, str]] = []


def install() -> None:
    """From now on SIGINT stops the workers, removes what they were writing, and exits with 130."""
    z3.set_param("ctrl_c", False)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), daemon=True).start()


def clean_on_interrupt(folder: Path, below: str = "**/") -> None:
    """If the program is interrupted, remove what this run has half written in a folder and `below` it."""
    _folders.append((folder, below))


def wait_if_ending() -> None:
    """Never return once the program is being interrupted: a worker that is gone now was not lost, but stopped."""
    while _ending.is_set():
        time.sleep(1)


def leave_to_parent() -> None:
    """In a worker process: SIGINT is the parent's business, which stops this one."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _watch(reader: int) -> None:
    while signal.SIGINT not in os.read(reader, 64):
        pass
    _ending.set()
    # the main thread may now fail for want of its workers: that is nobody's business
    complaints = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for worker in multiprocessing.active_children():
        worker.kill()
        worker.join()
    for folder, below in _folders:
        for path in folder.glob(f"{below}{unfinished()}"):
            path.unlink(missing_ok=True)
    for folder in SCRATCH:
        shutil.rmtree(folder, ignore_errors=True)
    os.write(complaints, TIDY + MESSAGE if os.isatty(complaints) else MESSAGE)
    os._exit(EXIT)
