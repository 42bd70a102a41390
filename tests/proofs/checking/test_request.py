"""What is asked where nothing is named: every version of which something is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model import versions
from proofs.checking import expectations
from proofs.checking.request import Request, drafts, everything


def test_drafts_are_named_and_left_out_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = {name: versions.load(name) for name in versions.names()}
    v16 = replace(shipped["v16"], draft=True)
    monkeypatch.setattr(versions, "load", lambda name: {**shipped, "v16": v16}[str(name)])
    assert "v16" in drafts() and "v16" not in everything().versions
    assert everything(("v16",)).versions == ("v16",)


def test_a_draft_has_no_recorded_verdict() -> None:
    assert not set(drafts()) & set(expectations.load()), "the key `draft` is to go when verdicts are recorded"


def test_a_draft_is_one_or_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "a test"\nsource = "a test"\nbase = "v16"\ndraft = "yes"\n')
    with pytest.raises(versions.VersionError, match=r"draft: .*true or false"):
        versions.load(str(path))


def test_what_c_does_where_requests_fail_is_asked_of_a_tree_where_faults_are_asked_for(tmp_path: Path) -> None:
    names, asked = (versions.of_tree(tmp_path, "v16"), "v16"), ("code-safe", "serviceable")

    def where(*scenarios: str) -> set[tuple[str, str]]:
        return {(job.subject.version, job.subject.scenario) for job in Request(names, asked, scenarios).jobs()}

    assert where("faults") == {(names[0], "faults")}
    assert where("no-lock-hardware") == {(name, "no-lock-hardware") for name in names}
    assert not any(scenario == "faults" for _, scenario in where())
