"""Which assumptions a trace needs, by replaying it under the other values."""

from __future__ import annotations

import pytest
from stored import stored_story

from proofs.checking.traces.reliance import keeps, reliances

pytestmark = pytest.mark.slow


def test_the_race_of_v12_needs_a_lock_and_somebody_else() -> None:
    trace = stored_story("v12/quiet-engine.itf.json").trace
    needed = {item.key: item for item in reliances(trace) if item.blocking}
    assert "absent" in needed["other_ee"].blocking and needed["other_ee"].value == "locks"
    # whether an acknowledge waits for the engine does not matter where no descriptor has NWD
    assert not {"nwd_ack", "relock", "handover", "locked_cpu_access"} & needed.keys()


def test_a_dummy_write_that_is_a_step_of_its_own_keeps_the_trace() -> None:
    trace = stored_story("v12/quiet-engine.itf.json").trace
    assert keeps(trace, {**trace.subject.assumptions, "lock_effect": "after-own-write"})
    assert keeps(trace, trace.subject.assumptions)
