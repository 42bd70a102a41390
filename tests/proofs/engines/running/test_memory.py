"""What memory there is, by what Linux says of it."""

from __future__ import annotations

import numpy as np
import pytest

from proofs.engines.running import memory

LIMIT = memory.SPARE + 1000
MACHINE = f"MemTotal: 9999999 kB\nMemAvailable: {LIMIT // 1024} kB\n"
V2, V1 = memory._GROUPS


def says(monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    """Linux has these files only."""

    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    monkeypatch.setattr(memory, "_read", read)


def test_what_a_process_may_have() -> None:
    memory.demand()
    with memory.limited(1 << 50):
        memory.demand(1)
        with memory.limited(1 << 20), pytest.raises(memory.NoMemoryError):
            memory.demand()
        memory.demand(1)
    with pytest.raises(memory.NoMemoryError):
        memory.demand(1 << 60)


@pytest.mark.parametrize(
    "files",
    [
        {"/proc/meminfo": MACHINE},
        dict(zip(V2, (str(LIMIT + 500), "700", "active_file 9\ninactive_file 200"), strict=True)),
        dict(zip(V1, (str(LIMIT + 500), "700", "inactive_file 200\ncache 7"), strict=True)),
    ],
    ids=["machine", "version 2", "version 1"],
)
def test_the_machine_and_the_control_group(monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    says(monkeypatch, files)
    memory.demand()
    with pytest.raises(memory.NoMemoryError):
        memory.demand(1025)


def test_no_limit_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, dict(zip(V2, ("max", "700", ""), strict=True)))
    memory.demand(1 << 60)
    with memory.limited(LIMIT), pytest.raises(memory.NoMemoryError):
        memory.demand(LIMIT)


@pytest.mark.parametrize("unlimited", [True, False])
def test_rows_can_all_be_used(monkeypatch: pytest.MonkeyPatch, unlimited: bool) -> None:
    monkeypatch.setattr(memory, "_unlimited", lambda: unlimited)
    made = memory.rows(1000, 3)
    assert made.shape[1] == 3 and len(made) >= 1000 and made.dtype == np.uint64 and made.flags.c_contiguous
    made[0], made[-1] = 7, 2**64 - 1
    assert made[0].tolist() == [7] * 3 and made[-1].tolist() == [2**64 - 1] * 3
