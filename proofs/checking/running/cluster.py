"""Work on a Dask cluster: one of this machine, started for the run, or one that is there.

A cluster's worker has to run the same program, files and all. A worker that dies costs only its job, which is tried
again when nothing else is under way, and then lost. Nothing of Dask is imported before it is asked for.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from counterexamples import documents
from model.language.files import scratch_folder
from proofs.checking.interrupt import wait_if_ending
from proofs.checking.pool import Lost, LostError
from proofs.checking.running.program import program

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

Item = TypeVar("Item")
Answer = TypeVar("Answer")
LOCAL = "dask"
LOOPBACK = "127.0.0.1:0"  # what Dask serves over HTTP, whether asked or not, is for nobody else
ADDRESS = re.compile(r"tcp://(\[[0-9a-fA-F:]+\]|[^\s:/@\[\]]+):[0-9]{1,5}")
PATIENCE = 5  # seconds until a scheduler has to answer, and to have a worker
LOOK = 5  # seconds without an answer after which it is looked whether somebody still works
ABSENT = 12  # such looks without any worker until the run is given up
_one_at_a_time = threading.Lock()  # z3's context is one for a process, also where a worker has several threads


class ClusterError(Exception):
    """A cluster that cannot be used: one line, what is wrong and what would be right."""


class _OtherProgramError(Exception):
    """Raised in a worker that has not the program that sent it work."""


def demand_place(on: str) -> None:
    """Raise ClusterError if `--on` is neither `dask` nor tcp://HOST:PORT, or Dask is not installed."""
    if on != LOCAL and not ADDRESS.fullmatch(on):
        raise ClusterError(f"--on takes dask or tcp://HOST:PORT, not {documents.quoted(on)}")
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError:
        raise ClusterError("--on needs Dask, which is not installed; pip install '.[cluster]'") from None


@contextmanager
def cluster(on: str, count: int) -> Iterator[Cluster]:
    """The cluster that `--on` names; one of this machine has `count` worker processes. Raises ClusterError."""
    demand_place(on)
    import dask

    _silence()
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(dask.config.set({"distributed.comm.timeouts.connect": PATIENCE}))
        address = stack.enter_context(_local(count)) if on == LOCAL else on
        client = stack.enter_context(_client(address))
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ClusterError(f"the scheduler at {on} has no workers; start some, as by `dask worker {on}`") from None
        yield Cluster(client, on)


def _silence() -> None:
    """What Dask would say on standard error is said by this program, in a line."""
    for name in logging.root.manager.loggerDict:
        if name.split(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _client(address: str) -> Client:
    """A client of the scheduler at an address; raises ClusterError if none answers in time.

    Dask's own patience ends with the connection: what then says nothing would be waited for without end.
    """
    from distributed import Client

    made: queue.SimpleQueue[Client | Exception] = queue.SimpleQueue()

    def make() -> None:
        try:
            made.put(Client(address, timeout=PATIENCE, set_as_default=False))
        except Exception as error:
            made.put(error)

    threading.Thread(target=make, daemon=True).start()
    try:
        found = made.get(timeout=2 * PATIENCE)
    except queue.Empty:
        found = TimeoutError(f"connected, and nothing in {2 * PATIENCE} s")
    if isinstance(found, Exception):
        raise ClusterError(
            f"{address} does not answer as a Dask scheduler does ({_reason(found)}); give the address of one"
        )
    return found


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


@contextmanager
def _local(count: int) -> Iterator[str]:
    """The address of a cluster of this machine's processes, each for one job at a time, without limits of its own.

    Raises ClusterError if Dask does not get it to run, as on a machine that has too much to do.
    """
    with scratch_folder() as folder, _begun(count, folder) as made:
        yield str(made.scheduler_address)


def _begun(count: int, folder: Path) -> LocalCluster:
    import dask
    from distributed import LocalCluster

    # the scheduler asks for no folder of its own otherwise
    with _sigint_is_ours(), dask.config.set({"temporary-directory": str(folder)}):
        try:
            return LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=LOOPBACK,
                worker_dashboard_address=LOOPBACK,
                silence_logs=logging.CRITICAL,
                memory_limit=None,
                local_directory=str(folder),
                scheduler_kwargs={"allowed_failures": 0},
            )
        except Exception as error:  # some of its limits of time are assertions
            reason = _reason(error) or type(error).__name__
            raise ClusterError(f"Dask starts no cluster here ({reason}); try fewer --jobs, or without --on") from None


@contextmanager
def _sigint_is_ours() -> Iterator[None]:
    """Threads and processes that begin in the body leave SIGINT to this one, which stops them."""
    # begun later it would unblock the signal again; and what it clears away after a kill is nobody's business
    before = os.environ.get("PYTHONWARNINGS", "")
    os.environ["PYTHONWARNINGS"] = "ignore"
    resource_tracker.ensure_running()
    os.environ["PYTHONWARNINGS"] = before
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@dataclass(frozen=True)
class Cluster:
    """A place to work: a Dask cluster, through its client. `name`: how it was asked for."""

    client: Client
    name: str

    @property
    def count(self) -> int:
        """How many workers it has now, at least 1."""
        return max(1, self._present())

    def _present(self) -> int:
        try:
            return len(self.client.nthreads())
        except (OSError, TimeoutError):
            return 0

    def completed(
        self, function: Callable[[Item], Answer], items: Sequence[Item], order: Sequence[int]
    ) -> Iterator[tuple[int, Answer | Lost]]:
        """As `Place` has it. Never more is given away than there are workers, so that what dies with one is its own."""
        waiting, again = deque(order), deque[int]()
        done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        running: dict[Future, int] = {}

        def give(index: int) -> None:
            work = (function, items[index], documents.RUN, program())
            future = self.client.submit(_work, *work, pure=False)
            running[future] = index
            future.add_done_callback(done.put)

        while waiting or running or again:
            for _ in range(min(len(waiting), self.count - len(running))):
                give(waiting.popleft())
            alone = not running
            if alone:
                give(again.popleft())
            future = self._next(done, [str(items[index]) for index in running.values()])
            index = running.pop(future)
            answer = self._answer(future, items[index])
            if isinstance(answer, Lost) and not alone:
                again.append(index)
            else:
                yield index, answer

    def _next(self, done: queue.SimpleQueue[Future], missing: Sequence[str]) -> Future:
        """The next that has ended; raises LostError, with what is `missing`, once nobody works any more."""
        absent = 0
        while absent < ABSENT:
            try:
                return done.get(timeout=LOOK)
            except queue.Empty:
                absent = 0 if self._present() else absent + 1
        raise self._gone(missing)

    def _gone(self, missing: Sequence[str]) -> LostError:
        wait_if_ending()
        return LostError(f"no answer for {', '.join(missing)}: nobody at {self.name} works any more")

    def _answer(self, future: Future, item: object) -> Any:
        from distributed import CancelledError, KilledWorker

        try:
            return future.result()
        except (KilledWorker, MemoryError):
            wait_if_ending()
            return Lost(str(item))
        except CancelledError:
            raise self._gone([str(item)]) from None
        except _OtherProgramError as error:
            raise ClusterError(f"a worker of {self.name} {error}; install the same on all machines") from None
        except ModuleNotFoundError as error:
            raise ClusterError(f"a worker of {self.name} lacks {error.name}; install this program there") from None
        except Exception as error:
            error.add_note(str(item))
            raise


def _work(function: Callable[[Item], Answer], item: Item, run: str, sender: str) -> Answer:
    """In a worker: what `function` makes of an item, in the name of the run that asks."""
    if program() != sender:
        raise _OtherProgramError("has another version of this program, or of what it rests on")
    with _one_at_a_time:
        documents.RUN = run
        return function(item)
