"""What the main job must show about v12 and v16, and that breaking a version or the model turns the right rows red."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from conftest import build_protocol, write_version

from counterexamples.story import Story
from counterexamples.trace import readable, replay
from model.context import Protocol
from model.language.queues import decode
from model.language.system import Action, TransitionSystem
from model.subject import Subject
from proofs.checking import verdicts
from proofs.checking.job import run_job
from proofs.checking.records import Job, Result
from proofs.checking.traces import story_of
from proofs.engines import bounded
from proofs.engines.exhaustive import Explorer
from proofs.engines.recheck import recheck
from proofs.properties import catalogue

pytestmark = pytest.mark.slow

FOUR = ("config-integrity", "quiet-engine", "quiet-dummy", "unlock-after-done")
MAIN = (
    *FOUR,
    "under-lock",
    "own-status",
    "no-abort",
    "balanced",
    "released",
    "flag-truth",
    "bracketed",
    "own-pipe-free",
    "mapping-live",
    "mapping-own",
    "mapping-freed",
    "completion-order",
    "works",
)
CONFIRMED = 15


@cache
def results(version: str, *properties: str, engine: str = "both", ack: str = "operation-done") -> Mapping[str, Result]:
    """The results of some properties in the scenario `default`, computed once."""
    job = Job(Subject.of(version, assume={"nwd_ack": ack}), properties, engine=engine, depth=6)
    return {row.property: row for row in run_job(job)}


@cache
def words(version: str) -> Mapping[str, str]:
    """The verdict words of all properties of the main job in the scenario `default`."""
    return {name: row.verdict for name, row in results(version, *MAIN, engine="exhaustive").items()}


def changed(version: str) -> dict[str, str]:
    """The verdicts of a version in which it differs from v16."""
    return {name: word for name, word in words(version).items() if word != words("v16")[name]}


@pytest.mark.parametrize("name", FOUR)
def test_v12_violates_and_z3_confirms_the_shortest(name: str) -> None:
    row = results("v12", *FOUR)[name]
    assert row.verdict == "violated" and row.depth is not None and row.depth == len(row.path) <= CONFIRMED
    assert row.engines["exhaustive"]["depth"] == row.engines["bounded"]["depth"] == row.depth
    assert row.engines["bounded"]["minimal"] is True and row.how.startswith("shortest, z3 agrees; ")
    recheck(build_protocol("v12").system, catalogue()[name].target(build_protocol("v12")), row.path)


STORY = (
    "bam.execute_lock",
    "bam.publish_data",
    "driver.process_rx_irq",
    "driver.work_rx",
    "bam.execute_go",
    "bam.execute_unlock",
    "tz.execute_lock",
    "tz.write_config",
)


def quiet_engine_story() -> Story:
    row = results("v12", *FOUR)["quiet-engine"]
    return story_of(build_protocol("v12"), catalogue()["quiet-engine"], row.path)


def test_the_trace_tells_the_story_of_the_review() -> None:
    story = quiet_engine_story()
    names = list(story.trace.path)
    assert [name for name in names if name in STORY] == list(STORY)
    assert names[-1] == "tz.write_config"


def test_the_work_item_sees_an_empty_list_while_the_ring_is_full_of_work() -> None:
    story = quiet_engine_story()
    at = list(story.trace.path).index("driver.work_rx")
    before, after = story.states[at], story.states[at + 1]
    assert before["rx.desc_issued"] == [] and before["rx.locked"] is True
    assert [entry["hw"] for entry in before["rx.ring"]] == ["CONFIGURE", "GO"], "the engine was not even started"
    assert [entry["hw"] for entry in after["rx.ring"]] == ["CONFIGURE", "GO", "UNLOCK"]


def test_the_unlock_executes_while_the_engine_runs() -> None:
    story = quiet_engine_story()
    names = list(story.trace.path)
    at = names.index("bam.execute_unlock")
    assert story.states[at]["engine.op"] == "linux-1" and story.states[at]["lock.linux"] is True
    assert story.states[at + 1]["engine.op"] == "linux-1" and story.states[at + 1]["lock.linux"] is False
    assert story.states[names.index("tz.execute_lock") + 1]["lock.tz"] is True
    assert story.states[len(names) - 1]["engine.op"] == "linux-1", "still running when TZ writes"


def test_no_step_of_a_trace_can_be_left_out() -> None:
    protocol, story = build_protocol("v12"), quiet_engine_story()
    target = catalogue()["quiet-engine"].target(protocol)
    names = list(story.trace.path)
    for at in range(len(names)):
        shorter = [*names[:at], *names[at + 1 :]]
        assert not bounded.confirm(protocol.system, target, shorter), f"without {names[at]}"


def test_replay_agrees_with_the_trace() -> None:
    story = quiet_engine_story()
    states = replay(build_protocol("v12").system, list(story.trace.path))
    assert tuple(states) == story.trace.states
    ring = story.system.space.queues["rx.ring"]
    assert readable(story.system.space, states[5])["rx.ring"] == decode(ring, states[5])


@pytest.mark.parametrize("name", FOUR)
def test_v16_is_proved_for_its_bounds(name: str) -> None:
    row = results("v16", *FOUR)[name]
    assert row.verdict == "proved" and row.depth is None and row.path == () and row.trace is None
    assert row.engines["exhaustive"]["answer"] == "unreachable" and row.engines["exhaustive"]["complete"] is True
    assert row.engines["bounded"]["answer"] == "not-within", "z3 alone proves nothing"
    assert row.states == row.engines["exhaustive"]["states"] and row.states is not None and row.states > 100


def test_v16_fails_if_nwd_only_waits_for_the_input() -> None:
    row = results("v16", "quiet-engine", ack="input-consumed")["quiet-engine"]
    assert row.verdict == "violated" and row.engines["bounded"]["minimal"] is True
    assert row.assumptions["nwd_ack"] == "input-consumed"
    story = story_of(build_protocol("v16", assume={"nwd_ack": "input-consumed"}), catalogue()["quiet-engine"], row.path)
    last = story.states[len(row.path) - 1]
    writer = "tz" if row.path[-1].startswith("tz.") else "linux-1"
    assert last["engine.op"] not in ("none", writer), "one EE writes while the other's operation runs"


def test_what_the_model_says_about_all_the_rest() -> None:
    assert {name for name, word in words("v16").items() if word == "violated"} == {
        "own-status",
        "no-abort",
        "balanced",
        "released",
        "mapping-freed",
        "completion-order",
    }
    assert words("v16")["works"] == "reached"
    assert words("v16")["flag-truth"] == "not-applicable"
    mapping = results("v12", "mapping-own", "mapping-live", engine="exhaustive")
    assert {row.verdict for row in mapping.values()} == {"violated"}
    assert words("v16")["mapping-live"] == "proved"
    assert words("v16")["mapping-own"] == "not-applicable", "each LOCK keeps its own mapping: no unmap can be wrong"


# Teeth: version files of one's own.


def test_without_nwd_exclusion_is_lost_and_nothing_else(tmp_path: Path) -> None:
    version = write_version(tmp_path, "v16", {"nwd": "none"})
    assert changed(version) == dict.fromkeys(FOUR, "violated"), "the bracket stays: under-lock and bracketed hold"


def test_without_unlock_the_other_ee_is_shut_out(tmp_path: Path) -> None:
    version = write_version(tmp_path, "v16", {"unlock": "none"})
    assert changed(version) == {
        "works": "unreachable",  # the other EE never gets a turn after Linux
        "own-status": "proved",  # for the same reason nobody else's STATUS can be read
        "no-abort": "proved",  # nor can the other EE hold the lock at that time
        "unlock-after-done": "vacuous",
    }
    assert words(version)["released"] == words(version)["balanced"] == "violated", "as before, now always"


def test_data_before_commands_with_nwd_gets_stuck(tmp_path: Path) -> None:
    order = ["rx-data", "tx-data", "commands", "issue-tx", "issue-rx"]
    version = write_version(tmp_path, "v16", {"request": order})
    # the pipe waits for an acknowledge that only the GO behind it could bring about: no request ever completes
    # so nothing is said by what is claimed of an UNLOCK, of STATUS, or of Linux at rest
    stuck = ("own-status", "no-abort", "balanced", "released", "mapping-freed", "completion-order", "unlock-after-done")
    assert changed(version) == dict.fromkeys(stuck, "vacuous") | {"works": "unreachable"}
    last = results(version, "works", engine="exhaustive")["works"]
    assert last.states is not None and last.states < 1000


def test_data_before_commands_without_nwd_is_as_without_nwd(tmp_path: Path) -> None:
    order = ["rx-data", "tx-data", "commands", "issue-tx", "issue-rx"]
    version = write_version(tmp_path, "v16", {"request": order, "nwd": "none"})
    assert changed(version) == dict.fromkeys(FOUR, "violated")


# Teeth: the model itself, with one guard or one update taken out.

HELD = (*FOUR, "under-lock", "mapping-live")


def small() -> Protocol:
    """v16 with one request of Linux and one of the other EE: enough for these, and quick."""
    return build_protocol("v16", bound={"requests": 1, "tz_requests": 1})


def without_guard(system: TransitionSystem, meaning: str, prefix: str) -> TransitionSystem:
    """The system without one conjunct in the guards of some actions."""

    def weaker(action: Action) -> Action:
        kept = {key: term for key, term in action.guard.items() if key != meaning or not action.name.startswith(prefix)}
        return replace(action, guard=kept)

    return _altered(system, tuple(map(weaker, system.actions)), meaning)


def without_update(system: TransitionSystem, name: str, variable: str) -> TransitionSystem:
    """The system with an action that leaves a variable as it is."""

    def lazier(action: Action) -> Action:
        kept = {key: term for key, term in action.updates.items() if action.name != name or key != variable}
        return replace(action, updates=kept)

    return _altered(system, tuple(map(lazier, system.actions)), f"{name}: {variable}")


def _altered(system: TransitionSystem, actions: tuple[Action, ...], what: str) -> TransitionSystem:
    pairs = zip(system.actions, actions, strict=True)
    assert any(len(a.guard) + len(a.updates) > len(b.guard) + len(b.updates) for a, b in pairs), f"no {what}"
    return replace(system, actions=actions)


def lost(system: TransitionSystem) -> dict[str, str]:
    """What is said of those properties of v16 that a changed v16 does not keep; the paths are replayed on that."""
    protocol = replace(small(), system=system)
    items = [catalogue()[name] for name in HELD]
    found = verdicts.decide(protocol, items, "exhaustive", 8)
    for item in items:
        if found[item.id].path:
            recheck(protocol.system, item.target(protocol), found[item.id].path)
    return {name: verdict.word for name, verdict in found.items() if verdict.word != "proved"}


def test_the_unchanged_model_keeps_all_of_them() -> None:
    assert lost(small().system) == {}


@pytest.mark.parametrize(
    "prefix, meaning, wanted",
    [
        ("tz.", "no lock of Linux stalls the other EE's pipe", {"config-integrity", "quiet-engine"}),
        (
            "bam.",
            "no other EE's lock stalls the consumer pipe",
            {"config-integrity", "quiet-engine", "quiet-dummy"},
        ),
        ("bam.end_nwd_wait", "the engine has acknowledged", set(FOUR)),
        ("tz.execute_unlock", "the engine has acknowledged it", {"config-integrity", "quiet-engine", "quiet-dummy"}),
    ],
)
def test_a_missing_guard_is_noticed(prefix: str, meaning: str, wanted: set[str]) -> None:
    assert lost(without_guard(small().system, meaning, prefix)) == dict.fromkeys(wanted, "violated")


@pytest.mark.parametrize(
    "action, variable, violated, vacuous",
    [
        (
            "bam.execute_lock",
            "lock.linux",
            {"config-integrity", "quiet-engine", "under-lock"},
            {"unlock-after-done"},  # no UNLOCK takes effect where no LOCK does
        ),
        ("client.prep_commands", "client.buffer_mapped", {"mapping-live"}, set()),
    ],
)
def test_a_missing_update_is_noticed(action: str, variable: str, violated: set[str], vacuous: set[str]) -> None:
    wanted = dict.fromkeys(violated, "violated") | dict.fromkeys(vacuous, "vacuous")
    assert lost(without_update(small().system, action, variable)) == wanted


IDLE = {
    "v12": {"driver.work_tx", "bam.end_nwd_wait"},  # the tx ring always has room; no descriptor has NWD
    "v16": {"driver.work_tx", "engine.finish_failed"},  # no register write ever meets a running operation
}


@pytest.mark.parametrize("version", sorted(IDLE))
def test_which_actions_never_fire(version: str) -> None:
    system = build_protocol(version, bound={"tz_requests": 1}).system
    everything = Explorer(system).explore({})
    assert everything.complete and not everything.exceeded
    fired = {system.actions[index].name for index in set(everything.edges.action.tolist())}
    assert {action.name for action in system.actions} - fired == IDLE[version]
