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
from proofs.engines.running import checkpoint

EXIT = 130
MESSAGE = b"error: interrupted\n"
TIDY = b"\r\x1b[2K\x1b[?25h"  # a terminal's line is emptied, and its cursor, which the progress hides, shown
KEPT = b"error: interrupted; the same command goes on from what was kept\n"
UNKEPT = b"error: interrupted, and not all is kept (%b); the same command goes on from what was kept before\n"
_keeping = _terminable = False
_told: tuple[int, int] | None = None  # a pipe, through which a worker that is ended says what it could not keep
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


def keep_first() -> None:
    """From now on what is being explored is kept before SIGINT ends the program; a second one ends it at once."""
    global _keeping, _told  # there is one program to end
    if not _keeping:
        _keeping, _told = True, os.pipe()
        os.set_blocking(_told[0], False)


def keep_when_terminated() -> None:
    """In a worker process: from now on SIGTERM ends it once what it explores is kept."""
    global _terminable  # a process has one way to take a signal
    if multiprocessing.parent_process() is None or _terminable:
        return
    _terminable = True
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_keep_and_end, args=(reader,), daemon=True).start()


def _keep_and_end(reader: int) -> None:
    _await(signal.SIGTERM, reader)
    if (failure := checkpoint.stop()) is not None and _told is not None:
        os.write(_told[1], _line(failure) + b"\n")
    os._exit(EXIT)


def _await(number: signal.Signals, reader: int) -> None:
    while number not in os.read(reader, 64):
        pass


def clean_on_interrupt(folder: Path, below: str = "**/") -> None:
    """If the program is interrupted, remove what this run has half written in a folder and `below` it."""
    _folders.append((folder, below))


def wait_if_ending() -> None:
    """Never return once the program is being interrupted: a worker that is gone now was not lost, but stopped."""
    while _ending.is_set():
        time.sleep(1)


def _watch(reader: int) -> None:
    _await(signal.SIGINT, reader)
    _ending.set()
    # the main thread may now fail for want of its workers: that is nobody's business
    complaints = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    message = MESSAGE
    if _keeping:
        threading.Thread(target=_end_at_once, args=(reader, complaints), daemon=True).start()
        workers = multiprocessing.active_children()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()
        failure = checkpoint.stop()
        failures = [*_failures(), *([] if failure is None else [_line(failure)])]
        message = UNKEPT % failures[0] if failures else KEPT
    _end(complaints, message)


def _line(text: str) -> bytes:
    return " ".join(text.split()).encode(errors="backslashreplace")


def _failures() -> list[bytes]:
    """Why workers that have ended could not keep what they had."""
    try:
        return [] if _told is None else os.read(_told[0], 1 << 16).splitlines()
    except BlockingIOError:
        return []


def _end_at_once(reader: int, complaints: int) -> None:
    _await(signal.SIGINT, reader)
    _end(complaints, MESSAGE)


def _end(complaints: int, message: bytes) -> None:
    for worker in multiprocessing.active_children():
        worker.kill()
        worker.join()
    for folder, below in _folders:
        for path in folder.glob(f"{below}{unfinished()}"):
            path.unlink(missing_ok=True)
    for folder in SCRATCH:
        shutil.rmtree(folder, ignore_errors=True)
    os.write(complaints, TIDY + message if os.isatty(complaints) else message)
    os._exit(EXIT)
