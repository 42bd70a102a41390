"""Whom a held lock stalls, for each value of `lock_scope`: by group, by execution environment, commands or data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import build_protocol

from counterexamples.trace import Blocked, run
from model import parameters
from model.hardware.pipes import lock_group, shuts_out
from model.subject import Subject

PREPARE = ("prep_commands", "prep_rx_data", "prep_tx_data", "issue_tx", "issue_rx")
LOCKED = (*(f"client.{name}" for name in PREPARE), "bam.execute_lock")
SMALL = {"requests": 1, "tz_requests": 1}


def subject(scope: str, other: str = "locks", groups: str = "zero") -> Subject:
    """v24 with another layout of groups, or another user of the engine."""
    plain = Subject.of("v24", assume={"lock_scope": scope, "other_ee": other})
    return plain.changed({"lock-groups": groups})


@pytest.mark.parametrize(
    ("scope", "other", "groups", "stalled"),
    [
        ("other-ee", "locks", "zero", "tz tz/data tz_tx/data"),
        ("other-ee", "same-ee", "pair", ""),
        ("other-group", "locks", "zero", "tz tz/data tz_tx/data"),
        ("other-group", "same-ee", "zero", ""),
        ("other-group", "same-ee", "pair", "tz tz/data tz_tx/data"),
        ("other-group", "locks", "data-zero", "tx/data tz tz/data tz_tx/data"),
        ("other-group-commands", "locks", "data-zero", "tz"),
        ("other-group-commands", "same-ee", "zero", ""),
        ("group0-exempt", "locks", "data-zero", "tz tz/data tz_tx/data"),
        ("group0-exempt", "same-ee", "data-zero", "tz tz/data"),
        ("whole-bam", "same-ee", "zero", "tx/data tz tz/data tz_tx/data"),
        ("whole-bam", "register-mode", "zero", "tx/data"),
        ("none", "locks", "pair", ""),
    ],
)
def test_what_a_lock_of_linux_stalls(scope: str, other: str, groups: str, stalled: str) -> None:
    asked = subject(scope, other, groups)
    fetches = [("rx", False), ("rx", True), ("tx", True), ("tz", False), ("tz", True), ("tz_tx", True)]
    found = [f"{pipe}/data" if data else pipe for pipe, data in fetches if shuts_out(asked, "rx", pipe, data)]
    assert " ".join(found) == stalled


def test_pipes_of_group_0_are_not_stalled_where_that_is_exempt() -> None:
    assert not shuts_out(subject("group0-exempt"), "tz", "rx")
    assert shuts_out(subject("group0-exempt", groups="pair"), "tz", "rx")
    assert lock_group(subject("none", "same-ee", "pair"), "tz") != lock_group(subject("none", groups="pair"), "rx")


def test_every_scope_has_a_meaning() -> None:
    plain = subject("none")
    for scope in parameters.ASSUMPTIONS["lock_scope"].values:
        shuts_out(replace(plain, assumptions={**plain.assumptions, "lock_scope": scope}), "rx", "tz")


@pytest.mark.parametrize(("scope", "stalled"), [("other-ee", True), ("other-group-commands", False)])
def test_data_of_the_other_ee_under_a_lock_of_linux(scope: str, stalled: bool) -> None:
    """Linux can lock behind TZ's GO only if TZ took no lock: its data is then stalled, or only its next command."""
    assume = {"lock_scope": scope, "other_ee": "ignores-lock"}
    system = build_protocol("v24", assume=assume, bound=SMALL).system
    path = ("tz.write_config", "tz.write_go", *LOCKED, "tz.publish_data")
    assert isinstance(run(system, path), Blocked) == stalled
    assert isinstance(run(system, (*LOCKED, "tz.write_config")), Blocked)
