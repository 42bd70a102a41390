"""What follows from observations: each claim on each kind of hardware, and the logic of what is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from conftest import run_here

from model import parameters
from model.parameters import Setting, setting_of
from proofs.evidence import inference, report
from proofs.evidence.inference import Inference, infer
from proofs.evidence.judging import Effect, Judgement, Task, judge
from proofs.evidence.observations import Observation, load

SHIPPED = {item.id: item for item in load()}
BOTH = {"requests": 1, "tz_requests": 1}


def setting(**values: str) -> Setting:
    """A setting by keywords."""
    return setting_of(parameters.assumptions(values))


def claims(name: str, *settings: Setting) -> list[str]:
    """Which claim of a shipped observation excludes each setting; what else it says of it."""
    small = Observation(**{**vars(SHIPPED[name]), "bound": {**BOTH, **SHIPPED[name].bound}})
    return [found.claim or found.effect.value for found in judge(Task(small, settings))]


def test_lk_settles_what_a_second_lock_does() -> None:
    settings = (setting(), setting(relock="counted"), setting(relock="blocks"))
    assert claims("O6", *settings) == ["allows", "lock-released", "request-done"]


def test_two_drivers_of_one_ee_need_a_lock_between_groups() -> None:
    scopes = ("other-ee", "none", "other-group", "other-group-commands", "group0-exempt")
    found = claims("O4", *(setting(lock_scope=scope) for scope in scopes))
    assert found == ["config-change-error", "config-change-error", "allows", "allows", "allows"]


def test_nand_needs_its_data_to_pass_its_own_lock() -> None:
    scopes = ("other-group", "whole-bam", "other-group-commands", "group0-exempt")
    found = claims("O5", *(setting(lock_scope=scope) for scope in scopes))
    assert found == ["request-done", "request-done", "allows", "allows"]


def test_a_recovery_without_unlock_needs_a_reset_that_releases() -> None:
    assert claims("O7", setting(), setting(pipe_reset="releases-lock")) == ["lock-released", "allows"]


def test_a_machine_that_is_known_is_not_asked_about() -> None:
    same = claims("O4", setting(other_ee="absent"), setting())
    assert same[0] == same[1]


def test_what_cannot_be_seen_is_no_evidence() -> None:
    """Where a write to a busy engine does no harm nobody sees it: that is what O1 excludes, and not O3."""
    blind = setting(nwd_ack="input-consumed", busy_write="harmless", other_ee="absent")
    assert claims("O3", blind) == ["allows"]
    assert claims("O3", setting(nwd_ack="input-consumed", other_ee="absent")) == ["config-change-error"]


def test_a_claim_that_no_row_can_be_asked_excludes_nothing() -> None:
    item = Observation("X", "x", "x", "strong", "lk", scenarios=("faults",), seen=("request-done",))
    (found,) = judge(Task(item, ((),)))
    assert found.effect is Effect.SILENT and "bam_dma" in found.reason


def observed(name: str, strength: str = "strong") -> Observation:
    """An observation of which only the name plays a part."""
    return Observation(name, f"what {name} saw", "a test", strength, "lk", seen=("request-done",))


def table(**excluded: Callable[[dict[str, str]], bool]) -> inference.Judge:
    """A judge that asks no model: by observation which values it excludes."""

    def judged(tasks: Sequence[Task]) -> Iterator[list[Judgement]]:
        for task in tasks:
            values = [parameters.assumptions(dict(one)) for one in task.settings]
            wrong = [excluded[task.observation.id](one) for one in values]
            yield [Judgement(Effect.EXCLUDES, "it", "default") if no else Judgement(Effect.ALLOWS) for no in wrong]

    return judged


def concluded(judges: inference.Judge, *names: str, pairs: bool = False, weak: bool = False) -> Inference:
    """What follows, where the name of a weak observation begins with w."""
    items = [observed(name, "weak" if name.startswith("w") else "strong") for name in names]
    return infer(items, judges, 2, pairs, weak)


def test_the_reference_is_the_nearest_that_is_left() -> None:
    found = concluded(table(A=lambda v: v["relock"] == "idempotent", B=lambda v: v["relock"] == "counted"), "A", "B")
    assert found.reference == parameters.assumptions({"relock": "blocks"})
    assert found.left()["relock"] == ["blocks"] and found.left()["nwd_ack"] == ["operation-done", "input-consumed"]
    text = "\n".join(report.lines(found))
    assert "the defaults but relock=blocks" in text and "excludes relock=idempotent: it cannot happen" in text
    assert "relock: blocks  (settled)" in text


def test_an_observation_that_excludes_nothing_says_so() -> None:
    found = concluded(table(A=lambda v: False), "A")
    assert "    excludes nothing" in report.lines(found)
    assert all(len(values) > 1 for values in found.left().values())


def test_observations_that_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "couples", tuple)
    judges = table(A=lambda v: v["relock"] == "idempotent", B=lambda v: v["relock"] != "idempotent", C=lambda v: False)
    found = concluded(judges, "A", "B", "C")
    assert found.reference is None and found.conflicts == (("A", "B"),)
    assert "contradiction: A and B leave none of them" in report.lines(found)
    assert report.as_json(found)["left"] == {}


def test_what_is_weak_excludes_only_if_it_is_asked_to() -> None:
    judges = table(w=lambda v: v["relock"] == "idempotent")
    assert concluded(judges, "w").reference == parameters.assumptions({})
    assert any("would exclude" in line or "weak" in line for line in report.lines(concluded(judges, "w")))
    assert concluded(judges, "w", weak=True).reference == parameters.assumptions({"relock": "counted"})


def test_what_is_weak_and_against_the_reference_is_said_once() -> None:
    judges = table(A=lambda v: False, w=lambda v: v["pipe_reset"] == "keeps-lock" or v["relock"] == "blocks")
    text = list(report.lines(concluded(judges, "A", "w")))
    assert "    would exclude the reference: it cannot happen" in text
    assert "    of single changes it leaves pipe_reset=releases-lock" in text
    assert not any("would exclude relock" in line for line in text)


def test_pairs_are_of_values_that_are_left() -> None:
    bad = {"nwd_ack": "input-consumed", "done_irq": "any-order"}
    judges = table(A=lambda v: v["relock"] == "blocks" or all(v[key] == value for key, value in bad.items()))
    found = concluded(judges, "A", pairs=True)
    assert found.pairs is not None and not any("relock=blocks" in f"{one}" for two in found.pairs for one in two)
    wrong = [two for two, row in found.pairs.items() if found.excluding(row)]
    assert wrong == [(("nwd_ack", "input-consumed"), ("done_irq", "any-order"))]
    assert any("nwd_ack=input-consumed, done_irq=any-order" in line for line in report.lines(found))


def test_a_contradiction_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "singles", tuple)
    monkeypatch.setattr(inference, "couples", tuple)
    head = 'what = "it"\nsource = "a test"\nstrength = "strong"\nrow = "lk"\nassume = { other_ee = "absent" }\n'
    seen = f'[[observation]]\nid = "A"\n{head}seen = ["request-done"]\n'
    never = f'[[observation]]\nid = "B"\n{head}never = ["request-done"]\n'
    path, written = tmp_path / "mine.toml", tmp_path / "it.json"
    path.write_text(seen + never)
    outcome = run_here(capsys, "infer", path, "--jobs", "1", "--json", written)
    assert outcome.code == 1 and "contradiction: B leave none" in outcome.out
    document = json.loads(written.read_text())
    assert document["reference"] is None and document["conflicts"] == [["B"]]
    (row,) = document["tried"]
    assert row["B"]["claim"] == "request-done" and row["B"]["path"][-1] == "client.finish"


@pytest.mark.slow
def test_what_the_shipped_observations_leave(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    outcome = run_here(capsys, "infer", "--json", path)
    left = json.loads(path.read_text())["left"]
    assert outcome.code == 0 and left["lock_scope"] == ["other-group-commands", "group0-exempt"]
    settled = {key for key, values in left.items() if len(values) == 1}
    assert settled == {"nwd_ack", "lock_effect", "unlock_effect", "relock", "early_data", "done_irq"}
