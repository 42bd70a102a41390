"""`brief`: what it says of constructed results, in two forms, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, run_here

from model import parameters, versions
from proofs.audit import judgements
from proofs.audit.judgements import Judgement
from proofs.checking import expectations
from proofs.checking.expectations import ExpectationError, Recorded
from proofs.checking.judged import Judged
from proofs.checking.records import ANY_REQUESTS, WITHIN_BOUNDS, Result
from proofs.checking.words import Word
from proofs.commands import brief as the_command
from proofs.reports import brief as reports
from proofs.reports.brief import VIOLATED, Material, Told, brief
from proofs.reports.brief_forms import Brief, to_mail, to_markdown
from proofs.reports.summary import Account
from proofs.studies.cost import KINDS, Cost
from proofs.studies.fixes import Fix, Fixes
from proofs.studies.sensitivity import Counts, Sensitivity

PATHS = {"no-abort": ("bam.execute_unlock", "client.read_status"), "under-lock": ("bam.execute_go",)}


def result(name: str, word: Word, scenario: str = "default", **fields: object) -> Result:
    path = PATHS.get(name, ("tz.write_config",)) if word.is_wrong else ()
    own = Result(
        "v12", name, scenario, word, "", len(path) or None, 9, {}, parameters.bounds(scenario, {}),
        parameters.assumptions({}), path, f"v12/{name}.itf.json" if path else None, 0.1,
    )  # fmt: skip
    return replace(own, **fields)  # type: ignore[arg-type]


RESULTS = (
    result("no-abort", Word.VIOLATED),
    result("under-lock", Word.PROVED, strength=WITHIN_BOUNDS),
    result("under-lock", Word.VIOLATED, "small-ring"),
    result("quiet-engine", Word.VIOLATED),
    result("config-integrity", Word.VIOLATED),
    result("config-integrity", Word.PROVED, "endless", strength=ANY_REQUESTS),
    result("bracketed", Word.PROVED, strength=WITHIN_BOUNDS),
    result("bracketed", Word.PROVED, "endless", strength=ANY_REQUESTS),
    result("quiet-dummy", Word.PROVED, "endless", strength=ANY_REQUESTS),
    result("quiet-dummy", Word.VACUOUS, "small-ring", reason="no dummy write is ever executed"),
    result("code-safe", Word.PROVED, strength=WITHIN_BOUNDS),
    result("works", Word.REACHED),
    result("metadata-own", Word.VACUOUS, reason="no LOCK is ever built"),
    result("mapping-live", Word.UNKNOWN, reason="capacity mappings"),
    result("flag-truth", Word.NOT_APPLICABLE, reason="no flag"),
)
ACCOUNT = Account("v12", tuple(Judged(row, None, None) for row in RESULTS), ())
STORY = Told(("bam.execute_go",), ("At step 1 the BAM executes GO.", "This violates it: always."), ("early_data=x",))
OTHER = replace(STORY, path=("tz.write_config",), account=("At step 1 TZ writes.",), needs=())
MATERIAL = Material(
    recorded=[
        Recorded(version, name, "default", word, None, word)
        for version, name, word in [
            ("v11", "no-abort", Word.VIOLATED),
            ("v11", "under-lock", Word.PROVED),
            ("v11", "quiet-engine", Word.VIOLATED),
            ("v12", "no-abort", Word.VIOLATED),
            ("v12", "under-lock", Word.VIOLATED),
            ("v12", "quiet-engine", Word.VIOLATED),
            ("v13", "no-abort", Word.PROVED),
            ("v13", "quiet-engine", Word.VIOLATED),
        ]
    ],
    certified={"bracketed", "code-safe", "config-integrity"},
    told={"v12/under-lock.itf.json": STORY, "v12/quiet-engine.itf.json": OTHER, "v12/config-integrity.itf.json": OTHER},
    judged={"no-abort": Judgement("depends-on-hardware", "an abort is one where the BAM makes it so")},
    links={"no-abort": {"picture": "gallery/v12/no-abort.cause.svg"}},
    fixes={
        "no-abort": Fixes(
            RESULTS[0],
            (Fix("unlock", "start", ("released (proved -> violated 9)",), ("balanced (proved -> vacuous)",), ()),),
            40,
            3,
        )
    },
    costs={
        "v12": Cost(dict.fromkeys(KINDS, 7), {**dict.fromkeys(KINDS, 9), "interrupts": None}, ("cookies",)),
        "mainline": Cost(None, dict.fromkeys(KINDS, 3)),
    },
    depends=(
        Sensitivity(
            result("quiet-engine", Word.PROVED),
            (
                ((("nwd_ack", "input-consumed"),), result("quiet-engine", Word.VIOLATED)),
                ((("lock_scope", "whole-bam"),), result("quiet-engine", Word.VACUOUS)),
            ),
            Counts(),
        ),
        Sensitivity(
            result("no-abort", Word.VIOLATED),
            (((("nwd_ack", "input-consumed"),), result("no-abort", Word.PROVED)),),
            Counts(),
        ),
    ),
)


def entries(made: Brief, title: str) -> dict[str, str]:
    return {entry.name: entry.text for entry in made.sections[title]}


def test_what_is_proved_stands_with_its_strength() -> None:
    proved = entries(brief(ACCOUNT, MATERIAL), "What is proved")
    # code-safe has a certificate, but nobody asked for it in endless
    assert {strength: text.split(" (")[0] for strength, text in proved.items()} == {
        "certified": "bracketed",
        "any-requests": "quiet-dummy",
        "within-bounds": "code-safe",
        "reached": "works.",
    }


def test_without_a_certificate_that_was_proved_again_nothing_is_certified() -> None:
    assert "certified" not in entries(brief(ACCOUNT, Material()), "What is proved")


def test_a_violation_says_where_since_when_and_on_what_it_depends() -> None:
    found = entries(brief(ACCOUNT, MATERIAL), VIOLATED)
    assert (
        list(found) == ["under-lock", "quiet-engine", "config-integrity", "no-abort"] or list(found)[-1] == "no-abort"
    )
    assert "1 steps in small-ring, violated only in small-ring. New in v12." in found["under-lock"]
    assert "Needs early_data=x. Not judged yet. At step 1 the BAM executes GO." in found["under-lock"]
    assert "Since v11 (v11, v12)." in found["no-abort"]
    assert "Judged by a person: depends on the hardware: an abort is one" in found["no-abort"]
    assert (
        "1 of 40 single changes remove it; unlock = start (bam_start_dma where it makes its LOCK, else at every entry,"
        " at the tail of desc_issued) breaks released (proved -> violated 9)"
        " and says nothing any more of balanced (proved -> vacuous)." in found["no-abort"]
    )
    assert "In every version that can be asked." in found["quiet-engine"]
    assert "Needs no answer in particular." in found["quiet-engine"]
    assert "In endless it is proved (certified)." in found["config-integrity"]


def test_what_the_same_steps_show_is_told_once() -> None:
    found = entries(brief(ACCOUNT, MATERIAL), VIOLATED)
    first, second = (name for name in found if name in ("quiet-engine", "config-integrity"))
    assert found[first].endswith("At step 1 TZ writes.")
    assert found[second].endswith(f"The steps are those of {first}.")


def test_accounts_end_where_the_room_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "WORDS", 0)
    bare = brief(ACCOUNT, MATERIAL)
    assert not [text for text in entries(bare, VIOLATED).values() if "At step 1" in text or "The steps are" in text]
    # room for either account, not for both
    monkeypatch.setattr(reports, "WORDS", bare.words + 11)
    found = entries(brief(ACCOUNT, MATERIAL), VIOLATED)
    assert [name for name, text in found.items() if "At step 1" in text] == [next(iter(found))]


def test_what_is_open_has_its_reason() -> None:
    aside = entries(brief(ACCOUNT, MATERIAL), "What is open, and what does not apply")
    assert aside == {
        "vacuous": "metadata-own (no LOCK is ever built).",
        "unknown": "mapping-live (capacity mappings).",
        "not-applicable": "flag-truth (no flag).",
        "nothing said in small-ring": "quiet-dummy; nothing that these are about happens there.",
    }


def test_answers_about_the_hardware_say_what_falls_and_what_holds_with_them() -> None:
    assert entries(brief(ACCOUNT, MATERIAL), "What another answer about the hardware changes") == {
        "nwd_ack=input-consumed": "Violated then: quiet-engine. Not violated then: no-abort.",
        "any other single answer": "Nothing falls with it and nothing holds only then, in default, the one scenario"
        " asked for this.",
    }


def test_two_answers_stand_beside_single_ones_where_they_were_asked() -> None:
    both = (("nwd_ack", "input-consumed"), ("relock", "blocks"))
    depends = [replace(item, pairs=Counts()) for item in MATERIAL.depends]
    depends[0] = replace(depends[0], changes=((both, result("quiet-engine", Word.VIOLATED)),))
    found = entries(
        brief(ACCOUNT, replace(MATERIAL, depends=depends)), "What another answer about the hardware changes"
    )
    assert found["nwd_ack=input-consumed, relock=blocks"] == "Violated then: quiet-engine."
    assert "any other single answer, or two" in found


def test_the_cost_stands_beside_that_of_mainline() -> None:
    costs = entries(brief(ACCOUNT, MATERIAL), "What one request costs")
    assert costs["cookies"] == (
        "v12 7, at the worst 9 or more (capacity cookies); mainline no successful run, at the worst 3."
    )
    assert costs["interrupts"].startswith("v12 7, at the worst unbounded;")


def test_bounds_and_assumptions_are_named() -> None:
    rests = entries(brief(ACCOUNT, MATERIAL), "Bounds and assumptions")
    assert rests["default"].startswith("requests=2, tz_requests=2")
    # only what differs
    assert rests["small-ring"].startswith("tz_requests=1, data=2")
    assert rests["assumptions"] == "the defaults, see `list assumptions`."
    other = {**parameters.assumptions({}), "nwd_ack": "input-consumed"}
    rows = tuple(replace(row, result=replace(row.result, assumptions=other)) for row in ACCOUNT.rows)
    rests = entries(brief(replace(ACCOUNT, rows=rows), MATERIAL), "Bounds and assumptions")
    assert "nwd_ack=input-consumed" in rests["assumptions"]


def test_the_head_says_what_was_run() -> None:
    made = brief(ACCOUNT, MATERIAL)
    asked = "Asked: properties: 11; scenarios: default, small-ring, endless; verdicts: 15. By bam-lock-check "
    assert made.head[0].startswith(asked)
    assert made.head[1].startswith("v12: 4 violated, 1 unknown, 1 vacuous, 4 hold; worst: ")


def test_the_report_on_v24_is_about_what_is_recorded_and_judged() -> None:
    text = (ROOT / "counterexamples" / "v24.md").read_text(encoding="utf-8").replace("\\", "")
    told = text.split(f"## {VIOLATED}")[1].split("\n## ")[0]
    wrong = {row.property for row in expectations.rows() if row.version == "v24" and row.verdict.is_wrong}
    assert set(re.findall(r"^- \*\*([a-z-]+)\*\*: ", told, re.MULTILINE)) == wrong
    judged = judgements.judgements("v24")
    assert judged.keys() == wrong and all(f"Judged by a person: {item}." in told for item in judged.values())


def test_markdown_has_links_and_no_markup_of_its_own_by_accident() -> None:
    made = brief(ACCOUNT, replace(MATERIAL, judged={"no-abort": Judgement("true", "it is *so* in <b>")}))
    text = to_markdown(made)
    assert "[picture](gallery/v12/no-abort.cause.svg)" in text
    assert r"it is \*so\* in \<b\>" in text
    assert text.startswith("# v12: what is proved, what is violated\n\n")


def test_a_mail_is_narrow_and_says_the_same() -> None:
    made = brief(ACCOUNT, MATERIAL)
    lines = to_mail(made).splitlines()
    assert max(map(len, lines)) < 72
    told = " ".join(" ".join(lines).split())
    for section in made.sections.values():
        for entry in section:
            assert " ".join(f"{entry.name}: {entry.text}".split()) in told


def test_a_version_that_holds_has_no_section_of_violations() -> None:
    held = Account("v12", tuple(row for row in ACCOUNT.rows if not row.result.verdict.is_wrong), ())
    assert VIOLATED not in brief(held, MATERIAL).sections


def test_every_judgement_is_of_a_recorded_violation() -> None:
    violated = {(row.version, row.property) for row in expectations.rows() if row.verdict.is_wrong}
    for version in versions.names():
        assert {(version, name) for name in judgements.judgements(version)} <= violated


def test_a_judgement_of_what_is_not_violated_is_stale() -> None:
    asked = [row.property for row in RESULTS]
    assert judgements.stale(["no-abort", "bracketed", "not-asked"], asked, RESULTS) == ["bracketed"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[v12.no-abort]\nverdict = 'maybe'\nbecause = ''", "must be one of true, false-alarm, depends-on-hardware"),
        ("[v12.no-abort]\nverdict = ['true']\nbecause = ''", "holds tables"),
        ("[v12.no-abort]\nverdict = 'true'", "with `verdict` and `because`"),
        ("v12 = 1", "holds tables"),
        ("[v12", "judgements.toml: "),
    ],
)
def test_damaged_judgements(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / judgements.FILE).write_text(text)
    monkeypatch.setattr("proofs.audit.judgements.resources.files", lambda package: tmp_path)
    with pytest.raises(ExpectationError, match=said):
        judgements.judgements("v12")


def test_links_are_to_what_the_gallery_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    there = replace(RESULTS[0], version="v15")
    missing = replace(RESULTS[0], version="v15", scenario="endless")
    found = the_command.links("v15", [there], Path("counterexamples"))
    # v15 behaves as v14, which has the trace
    assert found == {"no-abort": {"picture": "gallery/v14/no-abort.cause.svg", "in words": "gallery/v14/no-abort.txt"}}
    assert the_command.links("v15", [missing], Path()) == {"no-abort": {}}


def test_bad_input_is_refused_before_any_work(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments in (["v99"], ["v12", "--property", "x"], ["v12", "--out", tmp_path], ["v12", "v16"], []):
        ended = run_here(capsys, "brief", *arguments)
        assert ended.code == 2 and ended.complaint
    asked = run_here(capsys, "brief", "v12", "--property", "works", "--scenario", "endless")
    assert asked.code == 2 and "none of these properties is asked" in asked.complaint


@pytest.mark.slow
def test_a_brief_of_one_property(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "v12.md"
    ended = run_here(
        capsys, "brief", "v12", "--property", "quiet-dummy", "--scenario", "default", "--jobs", "1", "--out", out
    )
    assert ended.code == 0 and ended.out == ""
    text = out.read_text()
    assert "**quiet-dummy**" in text and "At step" in text and "**hardware descriptors**: v12 " in text
