"""Accounts: as many sentences as promised, in order, and every claim true in the states that it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import run_cli, slow
from stored import STORED, each_trace, stored_story
from traces import PATH, changed, protocol_of, story_of, walk

from counterexamples.formats.text import with_account
from counterexamples.story import Story
from counterexamples.story.account import LEAST, MOST
from counterexamples.story.phrases import doing
from counterexamples.story.relevance import Conflict
from model.parameters import FAULTS
from proofs.checking.stored import stored_story as replayed


def words(story: Story) -> str:
    return " ".join(sentence.text for sentence in story.account)


def sentence_at(story: Story, step: int) -> str:
    return next(sentence.text for sentence in story.account if step in sentence.steps)


@pytest.mark.parametrize("name", each_trace())
def test_every_stored_trace_is_told(name: str) -> None:
    story = stored_story(name)
    trace, told = story.trace, story.account
    assert min(LEAST, len(trace.path)) <= len(told) <= MOST
    for sentence in told:
        assert list(sentence.steps) == sorted(set(sentence.steps)) and sentence.text.endswith(".")
        assert all(1 <= step <= len(trace.path) for step in sentence.steps)
    firsts = [sentence.steps[0] for sentence in told]
    assert firsts == sorted(firsts)
    assert {step for sentence in told for step in sentence.steps} == set(range(1, len(trace.path) + 1))
    assert trace.property_id in told[-1].text and trace.statement in told[-1].text
    assert_true(story)


def assert_true(story: Story) -> None:
    """Each claim about a state, read out of the words alone, against the raw states."""
    for moment, odd in zip(story.moments, story.oddities, strict=True):
        before, after = dict(moment.before), dict(moment.after)
        clauses = [oddity.clause for oddity in odd] + [doing(moment)]
        for clause in clauses:
            for pattern, holds in CLAIMS.items():
                found = re.search(pattern, clause)
                assert not found or holds(before, after, found), (moment.number, clause)


def ring(state: Mapping[str, Any], channel: str = "rx") -> list[str]:
    return [str(item.get("hw", "DATA")) for item in state[f"{channel}.ring"]]


def label(name: str) -> str:
    return "tz" if name == "TZ" else name.replace("request ", "linux-")


def listed(state: dict[str, Any]) -> list[str]:
    """What is on desc_list, also where the hardware is told nothing of it."""
    return [item["kind"] for item in state["rx.desc_list"]]


CLAIMS: dict[str, Callable[[dict[str, Any], dict[str, Any], re.Match[str]], object]] = {
    r"the engine still runs the operation of (TZ|request \d)": lambda b, a, m: b["engine.op"] == label(m[1]),
    r"has not even taken its DATA|has not taken the DATA": lambda b, a, m: bool(b["engine.published_rx"]),
    r"with the registers that it overwrites": lambda b, a, m: (
        b["engine.config"] == b["engine.op"] != a["engine.config"]
    ),
    r"^(\w+(?:, \w+)*(?: and \w+)?) (?:is|are) still in the ring(?:,|$)": lambda b, a, m: (
        set(re.findall(r"[A-Z]+", m[1])) == set(ring(b)) - {"LOCK", "UNLOCK"}
    ),
    r"finds desc_issued empty": lambda b, a, m: (
        not b["rx.desc_issued"] and b["rx.locked"] and ("UNLOCK" in ring(a) or listed(a) == [*listed(b), "UNLOCK"])
    ),
    r"the consumer pipe does not hold the lock": lambda b, a, m: not b["lock.linux"],
    r"the pipe does not hold the lock$": lambda b, a, m: not b["lock.linux"],
    r"the pipe already holds the lock": lambda b, a, m: b["lock.linux"],
    r"TZ holds the lock": lambda b, a, m: b["lock.tz"],
    r"UNLOCK has not executed": lambda b, a, m: "UNLOCK" in ring(b) and "UNLOCK" not in ring(a),
    r"UNLOCK has not executed and the pipe holds": lambda b, a, m: b["lock.linux"] and a["lock.linux"],
    r"STATUS is that of (TZ|request \d)": lambda b, a, m: b["engine.status"] == label(m[1]),
    r"Linux is at rest": lambda b, a, m: (
        not (a["rx.desc_submitted"] or a["rx.desc_issued"] or a["rx.desc_list"] or a["rx.ring"] or a["tx.ring"])
    ),
    r"consumer pipe still holds the lock": lambda b, a, m: a["lock.linux"],
    r"\(wr_sgl\) .* left over": lambda b, a, m: a["client.buffer_mapped"] > 0,
    r"(lock|unlock)_sg of the channel is mapping (\d)": lambda b, a, m: b[f"rx.{m[1]}_sg"] == int(m[2]),
    r"the \w+ being freed made (\d)$": lambda b, a, m: any(
        b[f"rx.{place}_{kind}"] >> int(m[1]) & 1 for place in ("freeing", "terminated") for kind in ("lock", "unlock")
    ),
    r"cookie has gone from (\d+) back to (\d+)": lambda b, a, m: int(m[1]) > int(m[2]),
    r"cookie is (\d+) and covers": lambda b, a, m: a["rx.completed_cookie"] == int(m[1]),
    r"takes the lock": lambda b, a, m: (
        (a["lock.linux"] or a["lock.tz"]) and (b["lock.linux"], b["lock.tz"]) != (a["lock.linux"], a["lock.tz"])
    ),
    r"gives the lock away": lambda b, a, m: b["lock.linux"] and not a["lock.linux"],
    r"starts the operation of (TZ|request \d)": lambda b, a, m: (
        b["engine.op"] == "none" != a["engine.op"] == label(m[1])
    ),
    r"runs no operation yet": lambda b, a, m: b["engine.op"] == "none",
    r"waits because of NWD": lambda b, a, m: a["rx.nwd_wait"],
    r"raises the interrupt": lambda b, a, m: a["rx.irq"] and not b["rx.irq"],
    r"queues the work item": lambda b, a, m: a["work.pending"] and not b["work.pending"],
    r"and starts nothing": lambda b, a, m: a["rx.ring"] == b["rx.ring"] and a["tx.ring"] == b["tx.ring"],
    r"which ends in an external abort": lambda b, a, m: a["client.panicked"],
    r"`locked` is set,": lambda b, a, m: a["rx.locked"] and not a["lock.linux"] and "LOCK" not in ring(a),
    r"`locked` is clear,": lambda b, a, m: not a["rx.locked"] and a["lock.linux"] and "UNLOCK" not in ring(a),
    r"goes into the ring without its UNLOCK": lambda b, a, m: (
        "UNLOCK" in [item["kind"] for item in a["rx.desc_issued"]]
    ),
    r"still has the UNLOCK of the bracket": lambda b, a, m: "UNLOCK" in [item["kind"] for item in b["rx.desc_issued"]],
    r"whose desc_list is empty": lambda b, a, m: not (b["rx.desc_list"] and b["tx.desc_list"]),
    r"^finishes .* with success": lambda b, a, m: b["client.ok"],
    r"left in desc_(submitted|issued) while": lambda b, a, m: a[f"rx.desc_{m[1]}"],
}


def busy_client() -> Story:
    """v16 with a ring that is full: the next start wraps what is left of the bracket before."""
    return stored_story("v16/under-lock.busy-small-ring.itf.json")


@pytest.mark.slow
def test_every_claim_that_is_checked_is_made() -> None:
    rare = {pattern for pattern in CLAIMS if pattern.startswith(("the pipe does not", "cookie is", "`locked` is set"))}
    stories = [*map(stored_story, STORED), busy_client()]
    spoken = {
        text
        for story in stories
        for moment, odd in zip(story.moments, story.oddities, strict=True)
        for text in (*(oddity.clause for oddity in odd), doing(moment))
    }
    made = {pattern for pattern in CLAIMS for text in spoken if re.search(pattern, text)}
    assert CLAIMS.keys() - made <= rare


@pytest.mark.slow
def test_the_second_bracket_of_a_busy_client() -> None:
    story = busy_client()
    assert_true(story)
    assert "although LOCK goes into the ring without its UNLOCK" in sentence_at(story, 5)
    assert "LOCK goes in front of it" in sentence_at(story, 19)
    assert "although the pipe already holds the lock" in sentence_at(story, 20)
    assert "although the consumer pipe does not hold the lock" in sentence_at(story, 22)


def test_a_false_claim_would_be_noticed() -> None:
    story = stored_story("v12/quiet-engine.itf.json")
    states = list(story.trace.states)
    states[12] = {**states[12], "engine.op": 0}
    other = changed(story, states=tuple(states))
    assert "still runs" in words(story) and "still runs" not in sentence_at(other, 13)


# --- what the review found


def test_the_race_of_v12_is_that_of_the_review() -> None:
    text = words(stored_story("v12/quiet-engine.itf.json"))
    assert "At step 8 the work item (bam_dma_work) finds desc_issued empty" in text
    assert "although CONFIGURE and GO are still in the ring" in text
    assert "An empty desc_issued only means that all is in the ring" in text
    assert "with NWD until the engine is done would have prevented" in text


def test_consumed_is_not_done() -> None:
    second = [*PATH[:6], "bam.execute_configure", "bam.execute_go", "driver.process_rx_irq", "driver.work_rx"]
    story = story_of(protocol_of("v12"), [*second, "bam.execute_unlock"])
    text = words(story)
    assert "still in the ring" not in text and "consumed is not done" in text
    assert "although the engine still runs the operation of request 1" in sentence_at(story, 11)


def test_v11_writes_to_a_busy_engine() -> None:
    text = sentence_at(stored_story("v11/quiet-dummy.itf.json"), 9)
    assert "executes UNLOCK" in text and "the dummy write of the descriptor reaches the engine" in text


def test_the_foreign_unmap_of_v14() -> None:
    story = stored_story("v14/mapping-own.busy-client.itf.json")
    assert "lock_sg of the channel is mapping 2 by now, and the LOCK being freed made 0" in sentence_at(story, 20)
    assert "without vc.lock" in sentence_at(story, 20) and "lock_sg of the channel being mapping 2" in words(story)
    assert "With the mapping kept in the descriptor" in words(story)
    assert story.conflict == Conflict(9, 20, "rx.lock_sg")


@pytest.mark.slow
def test_a_lasso_says_what_waits_for_ever() -> None:
    text = words(stored_story("v16/linux-progress.small-ring.itf.json"))
    assert "the client waits for its completion" in text and "with neither an interrupt nor the work item" in text
    assert "lack the base" not in text, "the trace has no register, so nothing is said of one"
    assert FAULTS["prep-data"] in words(stored_story("v16/nothing-stale.faults.itf.json"))


# --- which steps matter


def test_what_matters_in_the_race_of_v12() -> None:
    story = stored_story("v12/quiet-engine.itf.json")
    assert story.conflict == Conflict(10, 13, "engine.op")
    assert story.matters == {4, 5, 6, 7, 8, 10, 11, 12, 13}


@pytest.mark.parametrize("version", [*slow("v2", "v8", "v12"), "v16"])
@pytest.mark.parametrize("seed", range(3))
def test_any_walk_is_told(version: str, seed: int) -> None:
    protocol = protocol_of(version)
    story = changed(story_of(protocol, walk(protocol, 40, seed)), kind="reach", property_id="works")
    assert LEAST <= len(story.account) <= MOST
    assert_true(story)


def test_no_steps_at_all() -> None:
    story = story_of(protocol_of("v12"), [])
    (only,) = story.account
    assert only.steps == () and "initial state" in only.text


def test_the_text_ends_with_the_account() -> None:
    story = stored_story("v12/quiet-engine.itf.json")
    text = with_account(story)
    assert all(len(line) <= 120 for line in text.splitlines())
    flat = " ".join(text.split())
    assert all(sentence.text in flat for sentence in story.account)
    assert story.verdict in flat and "although the engine still runs" in story.verdict


@pytest.mark.slow
def test_what_happens_instead_of_what_should_be_reached(tmp_path: Path) -> None:
    outcome = run_cli("check", "v13", "--property", "serviceable", "--out", tmp_path)
    assert outcome.code == 0
    stored = tmp_path / "v13" / "serviceable.no-lock-hardware.itf.json"
    first, *_, last = replayed(stored).account
    refused = (
        "At steps 1 and 2 the client cannot submit CMD of request 1: attaching the metadata fails on a BAM without"
    )
    assert first.text.startswith(f"{refused} the pipe lock; then terminates rxchan")
    assert "happens instead: no execution reaches serviceable" in last.text
    assert stored.with_name("serviceable.no-lock-hardware.cause.svg").is_file()
