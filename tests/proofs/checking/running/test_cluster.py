"""Work on a Dask cluster: the same answers in the same order, also if workers die; what is no cluster is refused."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ENVIRONMENT, ROOT, Outcome, run_cli, run_here
from killing import Kills, double, exhausted, wrong

from model import parameters
from model.subject import Subject
from proofs.checking.job import run_all
from proofs.checking.pool import Lost, answers
from proofs.checking.records import Job
from proofs.checking.running import cluster as clusters
from proofs.checking.running.cluster import Cluster, ClusterError, cluster, demand_place
from proofs.evidence import observations

Capture = pytest.CaptureFixture[str]
ITEMS = list(range(7))
ONE = ("--property", "quiet-engine", "--scenario", "default", "--engine", "exhaustive")
SCENARIOS = ("--scenario", "default", "--scenario", "small-ring", "--scenario", "faults")
SMALLEST = ("--scenario", "default", "--bound", "requests=1", "--bound", "tz_requests=2")
MANY = ("check", "mainline", "v11", "v12", "v16", "v24", "--property", "quiet-engine", *SCENARIOS, *ONE[-2:])


@pytest.fixture(scope="module")
def place() -> Iterator[Cluster]:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    with cluster("dask", 2) as found:
        yield found


def test_answers_come_in_the_order_of_the_items(place: Cluster) -> None:
    assert list(answers(double, ITEMS, place, last=lambda index: -index)) == [2 * item for item in ITEMS]
    assert list(answers(double, [], place)) == [] and place.count == 2


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with cluster("dask", 1) as found:
        assert list(answers(double, [1], found)) == [2] and any(tmp_path.iterdir())
    assert not any(tmp_path.iterdir())


def test_what_kills_its_worker_is_lost_alone(place: Cluster) -> None:
    assert list(answers(Kills(3), ITEMS, place)) == [Lost("3") if item == 3 else 2 * item for item in ITEMS]


def test_a_worker_that_is_killed_once_costs_nothing(place: Cluster, tmp_path: Path) -> None:
    assert list(answers(Kills(3, tmp_path / "killed"), ITEMS, place)) == [2 * item for item in ITEMS]
    assert (tmp_path / "killed").exists()


def test_so_is_what_runs_out_of_memory(place: Cluster) -> None:
    assert list(answers(exhausted, ITEMS, place))[2:5] == [4, Lost("3"), 8]


def test_an_exception_says_at_which_item(place: Cluster) -> None:
    with pytest.raises(KeyError) as raised:
        list(answers(wrong, ITEMS, place))
    assert raised.value.__notes__ == ["3"]


def test_a_worker_with_another_program_is_refused(place: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "program", lambda: "another")
    with pytest.raises(ClusterError, match="a worker of dask has another version of this program"):
        list(answers(double, ITEMS, place))


def test_traces_come_from_a_worker_byte_for_byte(place: Cluster, tmp_path: Path) -> None:
    small = {"requests": 1, "tz_requests": 1}
    written: list[object] = []
    for workers in (1, place):
        out = tmp_path / str(len(written))
        job = Job(Subject.of("mainline", bound=small), ("quiet-engine", "works"), "exhaustive", out=str(out))
        rows = [row for found in run_all([job], workers) for row in (found if isinstance(found, list) else [])]
        assert [row.property for row in rows] == ["quiet-engine", "works"]
        files = {path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")}
        assert len(files) >= 5
        written.append(([{**row.as_json(), "seconds": 0} for row in rows], files))
    assert written[0] == written[1]


# A cluster that cannot be used


@pytest.mark.parametrize("on", ["", "tcp://host", "http://a:1", "tcp://a b:1", "tcp://:1", "Dask", "tcp://u@h:1"])
def test_what_is_no_place(on: str) -> None:
    with pytest.raises(ClusterError, match=r"--on takes dask or tcp://HOST:PORT, not "):
        demand_place(on)


def test_without_dask_it_says_what_to_type(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    outcome = run_here(capsys, "check", "v12", *ONE, "--on", "dask")
    assert outcome.code == 2
    assert outcome.complaint == "error: --on needs Dask, which is not installed; pip install '.[cluster]'"


def test_dask_is_imported_only_when_it_is_asked_for() -> None:
    code = "import sys, proofs.commands.check, proofs.commands.gate; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT).returncode == 0


@pytest.mark.parametrize("greeting", [None, b"", b"HTTP/1.0 400 no\r\n\r\n" * 10], ids=["nobody", "silent", "another"])
def test_a_scheduler_that_does_not_answer(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, greeting: bytes | None
) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    monkeypatch.setattr(clusters, "PATIENCE", 1)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if greeting is not None:
            server.listen()
            threading.Thread(target=_greet, args=(server, greeting), daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        outcome = run_here(capsys, "check", "v12", *ONE, "--on", address)
    assert outcome.code == 2 and f"{address} does not answer as a Dask scheduler does" in outcome.complaint


def _greet(server: socket.socket, greeting: bytes) -> None:
    kept = []
    try:
        while True:
            kept.append(server.accept()[0])
            kept[-1].sendall(greeting)
    except OSError:
        return


@pytest.mark.parametrize("error, why", [(AssertionError(), "AssertionError"), (RuntimeError("no\nport"), "no port")])
def test_a_cluster_that_does_not_start(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(distributed, "LocalCluster", fail)
    outcome = run_here(capsys, "check", "v12", *ONE, "--on", "dask")
    assert outcome.code == 2 and outcome.out == ""
    assert outcome.complaint == f"error: Dask starts no cluster here ({why}); try fewer --jobs, or without --on"


def test_a_scheduler_without_workers(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    monkeypatch.setattr(clusters, "PATIENCE", 2)
    with distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=clusters.LOOPBACK) as empty:
        outcome = run_here(capsys, "check", "v12", *ONE, "--on", empty.scheduler_address)
    assert outcome.code == 2 and "has no workers; start some, as by `dask worker tcp://" in outcome.complaint


# The whole command


def started(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "proofs", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=pipe, stderr=pipe, start_new_session=True)


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that Dask has started for a command."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    found = [int(number) for path in children for number in path.read_text().split()]
    return [number for number in found if b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes()]


def alive(number: int) -> bool:
    """Whether there is such a process, and not only what nobody has waited for."""
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return False


def without_seconds(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if '"seconds"' not in line]


@pytest.mark.slow
def test_one_of_four_workers_is_killed_in_the_middle(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    plain = run_cli(*MANY, "--jobs", "2", "--json", tmp_path / "plain.json")
    there = ("--jobs", "4", "--journal", tmp_path / "j", "--json", tmp_path / "there.json")
    process = started(*MANY, "--on", "dask", *there)
    while process.poll() is None and (not (tmp_path / "j").exists() or len((tmp_path / "j").read_bytes()) < 5000):
        time.sleep(0.05)
    victims = workers_of(process)
    assert len(victims) == 4
    os.kill(victims[0], signal.SIGKILL)
    out, err = process.communicate(timeout=900)
    assert Outcome(process.returncode, out.decode(), err.decode()) == plain
    assert without_seconds(tmp_path / "there.json") == without_seconds(tmp_path / "plain.json")
    assert len(json.loads((tmp_path / "there.json").read_text())["results"]) == 15
    again = run_cli(*MANY, "--journal", tmp_path / "j", "--json", tmp_path / "again.json")
    assert again == plain and (tmp_path / "again.json").read_bytes() == (tmp_path / "there.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_command(ending: signal.Signals) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    process = started(
        "check", "v12", "--bound", "requests=3", "--bound", "tz_requests=3", "--on", "dask", "--jobs", "2"
    )
    while process.poll() is None and len(workers := workers_of(process)) < 2:
        time.sleep(0.05)
    time.sleep(3)
    if ending == signal.SIGINT:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    else:
        process.kill()
    # the pipes stay open as long as a worker holds them
    out, err = process.communicate(timeout=200)
    if ending == signal.SIGINT:
        assert (process.returncode, out, err.decode()) == (130, b"", "error: interrupted\n")
    assert not [number for number in workers if alive(number)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        ("check", "mainline", "--property", "quiet-engine", "--scenario", "default", "--assume", "all"),
        ("mutate", "mainline", "--sample", "60"),
    ],
    ids=lambda asked: asked[0],
)
def test_a_sweep_is_the_same_wherever_it_runs(asked: tuple[str, ...], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    runs = [(), ("--on", "dask", "--journal", tmp_path / "j"), ("--journal", tmp_path / "j")]
    files = [tmp_path / f"{number}.json" for number in range(len(runs))]
    outcomes = [run_cli(*asked, "--jobs", "2", *run, "--json", file) for run, file in zip(runs, files, strict=True)]
    assert outcomes[0] == outcomes[1] == outcomes[2] and outcomes[0].err == ""
    assert len({file.read_bytes() for file in files}) == 1 and (tmp_path / "j").read_text().count("\n") > 4


@pytest.mark.slow
def test_what_evidence_leaves_is_the_same_wherever_it_runs(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From one observation and two values to the verdicts: all that is judged, inferred and covered on the way."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    kept = [item for item in observations.load() if item.row == "lk"]
    monkeypatch.setattr(observations, "load", lambda: kept)
    monkeypatch.setattr(parameters, "others", lambda values: [("other_ee", "absent"), ("pipe_reset", "releases-lock")])
    asked = ("check", "v24", "--property", "released", "--property", "bracketed", "--assume", "evidence", *SMALLEST)
    runs = [(), ("--on", "dask", "--journal", tmp_path / "j"), ("--journal", tmp_path / "j")]
    files = [tmp_path / f"{number}.json" for number in range(len(runs))]
    outcomes = [
        run_here(capsys, *asked, "--jobs", "2", *run, "--json", file) for run, file in zip(runs, files, strict=True)
    ]
    assert outcomes[0] == outcomes[1] == outcomes[2] and (outcomes[0].code, outcomes[0].err) == (0, "")
    found = json.loads(files[0].read_text())
    assert found["left"] > 1 and len(found["evidence"]) == 2
    assert len({file.read_bytes() for file in files}) == 1 and (tmp_path / "j").read_text().count("\n") > 3


@pytest.mark.slow
def test_a_search_for_proposals_is_the_same_wherever_it_runs(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    asked = ("propose", "--from", "v12", "--require", "quiet-engine", "--changes", "1", *SMALLEST, "--jobs", "2")
    files, outcomes = [], []
    for name, where in (("here", ()), ("there", ("--on", "dask", "--journal", tmp_path / "j"))):
        out = tmp_path / name
        outcomes.append(run_cli(*asked, *where, "--out", out, "--json", tmp_path / f"{name}.json"))
        files.append({path.relative_to(out): path.read_bytes() for path in sorted(out.iterdir())})
    here, there = ((outcome.code, outcome.out) for outcome in outcomes)  # how far it is, is said from time to time
    assert here == there and here[0] == 0 and "\n1. " in here[1]
    assert files[0] == files[1] and len(files[0]) >= 3
    assert (tmp_path / "here.json").read_bytes() == (tmp_path / "there.json").read_bytes()


@pytest.mark.slow
def test_a_scheduler_that_goes_is_one_line_and_the_journal_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: pip install '.[cluster]'")
    code = (
        "import sys, time; from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    made = LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address='127.0.0.1:0')\n"
        "    print(made.scheduler_address, flush=True); time.sleep(600)\n"
    )
    script = tmp_path / "cluster.py"
    script.write_text(code)
    there = subprocess.Popen(
        [sys.executable, script],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert there.stdout is not None
    address = there.stdout.readline().strip()
    process = started(*MANY, "--on", address, "--journal", tmp_path / "j")
    while process.poll() is None and (not (tmp_path / "j").exists() or len((tmp_path / "j").read_bytes()) < 5000):
        time.sleep(0.05)
    there.kill()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 5 and out == b"" and err.count(b"\n") == 1, err.decode()
    assert err.startswith(b"error: no answer for ") and f"nobody at {address} works any more".encode() in err
    plain, again = run_cli(*MANY), run_cli(*MANY, "--journal", tmp_path / "j")
    assert plain == again
