"""The recorded verdicts against what the mailing lists and the version files say, and versions that behave alike."""

from __future__ import annotations

from collections.abc import Collection

import pytest
import z3

from model import versions
from model.parameters import SCENARIOS
from model.protocol import build
from model.subject import Subject
from proofs.checking import expectations
from proofs.checking.words import Word

RECORDED = expectations.rows()
VERSIONS = versions.names()


REVIEWED = ("default", "busy-client", "no-lock-hardware")


def verdicts(version: str, item: str, scenarios: Collection[str] = tuple(SCENARIOS)) -> set[Word]:
    """The verdict words recorded for a version and a property in the scenarios in which it is asked."""
    asked = (row for row in RECORDED if (row.version, row.property) == (version, item) and row.scenario in scenarios)
    return {row.verdict for row in asked} - {Word.NOT_APPLICABLE}


def violated(version: str, item: str) -> bool:
    """Where reviewers looked: nothing fails, no ring is full, probe is done."""
    return bool(verdicts(version, item, REVIEWED) & {"violated", "unreachable"})


SAID_TO_FAIL = [
    ("v11", "quiet-dummy", "its author's stress test"),
    ("v12", "unlock-after-done", "Gerhold 2026-03-11"),
    ("v12", "serviceable", "Sadhasivam 2026-03-11"),
    ("v13", "serviceable", "Sadhasivam 2026-03-23"),
    *((f"v{number}", "mapping-own", "v16 changelog") for number in (12, 13, 14, 15)),
]


@pytest.mark.parametrize(("version", "item", "who"), SAID_TO_FAIL)
def test_checker_agrees_with_the_lists(version: str, item: str, who: str) -> None:
    assert violated(version, item), f"{who} says that {version} fails {item}, the checker does not"


def test_where_the_checker_says_more_than_the_lists() -> None:
    # v16 "was reviewed as a whole and nothing was objected to": the checker objects, see the README
    said = {item for item in all_properties() if violated("v16", item)}
    assert said == {
        "own-status",
        "no-abort",
        "balanced",
        "released",
        "mapping-freed",
        "completion-order",
        "cookie-monotonic",
        "lock-released",
        "other-progress",
    }
    anywhere = {item for item in all_properties() if verdicts("v16", item) & {"violated", "unreachable"}}
    assert anywhere - said == {
        *("config-integrity", "quiet-engine", "quiet-dummy", "under-lock", "fault-contained"),
        *("buffer-stable", "nothing-stale", "metadata-own", "data-mapped", "honest-status", "code-safe"),
        "linux-progress",
    }, "a full ring, a fault, or a request before probe is done"


def all_properties() -> set[str]:
    return {row.property for row in RECORDED if row.version == "v16"}


FIXED = [
    ("released", "v2", "v3", "terminate_all dropped the UNLOCK that was queued before it"),
    ("mapping-live", "v7", "v8", "commands unmapped right after issue"),
    ("under-lock", "v10", "v11", "the AEAD hole"),
    ("config-integrity", "mainline", "v2", "registers by CPU beside TrustZone"),
    ("quiet-dummy", "v11", "v13", "UNLOCK met a busy engine"),
    ("unlock-after-done", "v12", "v13", "consumed is not done"),
    ("serviceable", "v13", "v14", "attach refused on a BAM without the lock"),
    ("mapping-own", "v15", "v16", "one mapping for each channel"),
]


@pytest.mark.parametrize(("item", "broken", "mended", "what"), FIXED)
def test_defect_is_in_the_one_version_and_not_in_the_other(item: str, broken: str, mended: str, what: str) -> None:
    assert violated(broken, item), what
    assert not violated(mended, item), what


def test_v8_serves_a_bam_without_the_lock_only_through_its_hole() -> None:
    # "every request fails" (v8 patch 03/11) holds for requests that take the lock; AEAD in the hole does not
    assert verdicts("v8", "serviceable") == {"reached"}
    path = build(Subject.of("v8", "no-lock-hardware"))
    assert "client.begin_unlocked_aead" in {action.name for action in path.system.actions}


ALIKE = [
    ("mainline", "v1"),
    ("v3", "v4"),
    ("v4", "v5"),
    ("v5", "v6"),
    ("v6", "v7"),
    ("v9", "v10"),
    ("v14", "v15"),
    ("v18", "v19"),
]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["default", "faults"])
@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_versions_that_behave_alike_build_the_same_system(one: str, other: str, scenario: str) -> None:
    assert versions.behaviour(versions.load(one).axes) == versions.behaviour(versions.load(other).axes)
    systems = [build(Subject.of(name, scenario)).system for name in (one, other)]
    assert systems[0].initial == systems[1].initial
    for mine, theirs in zip(*(system.actions for system in systems), strict=True):
        assert (mine.name, mine.actor) == (theirs.name, theirs.actor)
        for group in ("guard", "updates", "events", "overflow"):
            left, right = getattr(mine, group), getattr(theirs, group)
            assert list(left) == list(right)
            assert all(equal(left[key], right[key]) for key in left), (mine.name, group)


def equal(left: z3.ExprRef, right: z3.ExprRef) -> bool:
    """Whether two terms have the same value in every state; equal up to the order of arguments is asked first."""
    if left.eq(right):
        return True
    solver = z3.SolverFor("QF_FD")
    solver.add(left != right)
    return bool(solver.check() == z3.unsat)


def test_versions_that_differ_do_so_in_behaviour() -> None:
    chosen = [name for name in VERSIONS if name not in {other for _, other in ALIKE}]
    behaviours = [str(versions.behaviour(versions.load(name).axes)) for name in chosen]
    assert len(set(behaviours)) == len(chosen)
