"""What becomes of the engines' answers: capacities, the minimal path, and one verdict from two engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import toys
import z3
from toys import exhaustive_path, explored, where

from model.language.system import StateSpace, Step, TransitionSystem
from proofs.checking import verdicts
from proofs.engines import (
    Answer,
    Engine,
    Finding,
    Lasso,
    NotWithin,
    Question,
    Reached,
    Target,
    Unknown,
    Unreachable,
    bounded,
    registry,
)
from proofs.properties import ALWAYS, REACH, Property

# Capacities.


def decided(system: TransitionSystem, target: Target, engine: str = "both", kind: str = ALWAYS) -> verdicts.Verdict:
    item = Property("it", "toy", kind, "a statement", "a test", lambda protocol: target)
    return verdicts.decide(toys.as_protocol(system), [item], engine, 5)["it"]


def test_an_exceeded_capacity_is_reported() -> None:
    system = toys.bounded_buffer(3)
    space = explored(system)
    assert space.exceeded == ("cells",) and space.states.shape[1] == 16
    verdict = decided(system, where(system, cells=4))
    assert verdict.word == "unknown" and "capacity cells" in verdict.how and not verdict.path
    assert decided(system, where(system, cells=4), "exhaustive").word == "unknown"
    assert decided(system, where(system, cells=4), kind=REACH).word == "unknown"


def test_a_capacity_that_does_not_matter_does_not_spoil_a_verdict() -> None:
    system = toys.bounded_buffer(3)
    assert decided(system, where(system, cells=3)).word == "violated"
    never = Target(state=z3.And(Step(system.space)["other"] == 3, z3.BoolVal(False)))
    assert decided(system, never).word == "proved"


def gated() -> TransitionSystem:
    """`go` never has a slot; the target is about what `go` does, its slot is not in the cone."""
    space = StateSpace()
    space.add("slots", 2)
    space.add("gone", 2)

    def go(s: Step) -> None:
        s.exceed("slots", s["slots"] == 0)
        s["gone"] = s["gone"] + 1

    return toys.built(space, [("go", "a", lambda s: z3.ULT(s["gone"], 3), go)])


@pytest.mark.parametrize("engine", ["exhaustive", "bounded", "both"])
def test_a_capacity_outside_the_cone_still_counts(engine: str) -> None:
    verdict = decided(gated(), where(gated(), gone=1), engine)
    assert verdict.word == "unknown", f"{verdict.word} by {verdict.path}, which cannot fire"


def capacity_set_by_another() -> tuple[TransitionSystem, Target]:
    """`first` uses up what `second` needs; only the undeclared order second, first reaches the target."""
    space = StateSpace()
    for name in ("taken", "did", "end"):
        space.add(name)

    def second(s: Step) -> None:
        s.exceed("slot", s["taken"])
        s["did"] = True

    steps: toys.Steps = [
        ("first", "a", lambda s: z3.Not(s["taken"]), lambda s: s.__setitem__("taken", True)),
        ("second", "b", lambda s: z3.Not(s["did"]), second),
        ("end", "c", lambda s: z3.And(s["taken"], s["did"]), lambda s: s.__setitem__("end", True)),
    ]
    system = toys.built(space, steps)
    return system, Target(state=Step(space)["end"])


def test_order_restriction_minds_capacities() -> None:
    system, target = capacity_set_by_another()
    assert exhaustive_path(system, target) == ("second", "first", "end")
    assert bounded.search(system, {"it": target}, {"it": 5})["it"] == Reached(("second", "first", "end"))


# The minimal path.


def test_fewest_switches_then_fewest_descriptors_then_declared_order() -> None:
    space = StateSpace()
    for name in ("a", "b", "c"):
        space.add(name)
    actors = {"a": "one", "b": "two", "c": "one"}

    def unset(name: str) -> Callable[[Step], Any]:
        return lambda s: z3.Not(s[name])

    def put(name: str) -> Callable[[Step], None]:
        return lambda s: s.__setitem__(name, True)

    steps: toys.Steps = [(name, actor, unset(name), put(name)) for name, actor in actors.items()]
    system = toys.built(space, steps)
    assert exhaustive_path(system, where_all(system)) == ("a", "c", "b"), "one switch, not two; declared order"
    twin = toys.built(space, [*steps, ("d", "one", steps[0][2], steps[0][3])], descriptors=("a",))
    assert exhaustive_path(twin, where_all(twin)) == ("b", "c", "d"), "`d` does what `a` does without a descriptor"


def where_all(system: TransitionSystem) -> Target:
    s = Step(system.space)
    return Target(state=z3.And(*(s[name] for name in system.space.variables)))


def test_a_target_may_be_a_state_and_an_event() -> None:
    space = StateSpace(events=("late",))
    space.add("n", 2)

    def count(s: Step) -> None:
        s["n"] = s["n"] + 1

    def late(s: Step) -> None:
        s.emit("late")

    steps: toys.Steps = [
        ("b.late", "b", lambda s: s["n"] == 1, late),
        ("a.count", "a", lambda s: z3.ULT(s["n"], 3), count),
    ]
    system = toys.built(space, steps)
    target = Target(state=Step(space)["n"] == 2, on={"late": z3.BoolVal(True)})
    path = exhaustive_path(system, target)
    plain = toys.search(system, target)
    assert path is not None and len(path) == plain.distance == 2 and path in plain.shortest


@pytest.mark.xfail(strict=True, reason="look() skips states as deep as a firing already known")
def test_states_and_events_at_one_depth_compete() -> None:
    space = StateSpace(events=("late",))
    space.add("n", 2)

    def count(s: Step) -> None:
        s["n"] = s["n"] + 1

    steps: toys.Steps = [
        ("b.late", "b", lambda s: s["n"] == 1, lambda s: s.emit("late")),
        ("a.count", "a", lambda s: z3.ULT(s["n"], 3), count),
    ]
    system = toys.built(space, steps)
    target = Target(state=Step(space)["n"] == 2, on={"late": z3.BoolVal(True)})
    assert exhaustive_path(system, target) == ("a.count", "a.count"), "no switch at all"


def test_a_long_path() -> None:
    system = toys.counters(900, ("a",), width=10)
    assert exhaustive_path(system, where(system, a=900)) == ("a.count",) * 900


# Verdicts from answers.


@pytest.mark.parametrize(
    "complete, partial",
    [
        (Reached(("a", "b")), Reached(("a", "b", "c"))),
        (Reached(("a", "b", "c")), Reached(("a", "b"))),
        (Reached(("a", "b")), NotWithin(2)),
        (Reached(("a", "b")), NotWithin(9)),
        (Unreachable(5), Reached(("a",))),
        (Unreachable(5), Reached(())),
        (Unreachable(5), Lasso(())),
    ],
)
def test_engines_that_contradict_each_other_stop_everything(complete: Answer, partial: Answer) -> None:
    with pytest.raises(verdicts.EngineDisagreementError, match="it: exhaustive says"):
        verdicts._must_agree("it", {"exhaustive": complete, "bounded": partial})
    with pytest.raises(verdicts.EngineDisagreementError, match=r"it: bounded .*, exhaustive says"):
        verdicts._must_agree("it", {"third": Unknown("why"), "bounded": partial, "exhaustive": complete})


@pytest.mark.parametrize(
    "complete, partial",
    [
        (Reached(("a", "b")), Reached(("b", "a"))),
        (Reached(("a", "b")), NotWithin(1)),
        (Unreachable(5), NotWithin(5)),
        (Unknown("capacity x"), Reached(("a",))),
        (Reached(("a",)), Unknown("timeout")),
        (Lasso(("a",)), Lasso(("a", "b"))),
    ],
)
def test_engines_that_do_not(complete: Answer, partial: Answer) -> None:
    verdicts._must_agree("it", {"exhaustive": complete, "bounded": partial, "third": partial})


@pytest.mark.parametrize("kind, word", [(ALWAYS, "proved"), (REACH, "unreachable")])
def test_only_exhaustion_proves(kind: str, word: str) -> None:
    system = toys.counters(3)
    never = where(system, a=7)
    assert decided(system, never, "both", kind).word == word
    assert decided(system, never, "exhaustive", kind).word == word
    verdict = decided(system, never, "bounded", kind)
    assert (verdict.word, verdict.depth, verdict.states) == ("bounded", 5, None)


@pytest.mark.parametrize("kind, word", [(ALWAYS, "violated"), (REACH, "reached")])
@pytest.mark.parametrize("engine", ["both", "exhaustive", "bounded"])
def test_a_path_is_a_path(kind: str, word: str, engine: str) -> None:
    system = toys.counters(3)
    verdict = decided(system, where(system, a=2, b=1), engine, kind)
    assert (verdict.word, verdict.depth, len(verdict.path)) == (word, 3, 3)
    assert set(verdict.engines) == ({"exhaustive", "bounded"} if engine == "both" else {engine})
    if engine != "bounded":
        assert verdict.path == ("a.count", "a.count", "b.count")


def test_beyond_the_depth_that_z3_confirms_the_path_is_confirmed() -> None:
    system = toys.counters(20)
    verdict = decided(system, where(system, a=9, b=9))
    assert verdict.engines["bounded"] == {"answer": "not-within", "depth": 5, "minimal": False, "path_confirmed": True}
    near = decided(system, where(system, a=7, b=8))
    assert near.depth == bounded.CONFIRMED_DEPTH and near.engines["bounded"]["minimal"] is True


def test_a_row_says_when_z3_gave_up_beside_an_exhaustion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "BUDGET", 1)
    system = toys.counters(5)
    gave_up = "z3 at depth 1: gives up, its budget being used up"
    row = {"answer": "unknown", "reason": gave_up}
    reached = decided(system, where(system, a=2, b=1))
    assert reached.how == f"shortest by exhaustion; {gave_up}; path confirmed by z3; 10 states"
    assert reached.engines["bounded"] == row | {"minimal": False, "path_confirmed": True}
    proved = decided(system, where(system, a=6, b=1))
    assert (proved.word, proved.how) == ("proved", f"all 36 states; {gave_up}")
    assert proved.engines["bounded"] == row


def test_an_engine_in_the_registry_takes_part_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    system = toys.counters(3)

    def third(question: Question[Target]) -> dict[str, Finding]:
        return {name: Finding(answers[name]) for name in question.targets}

    monkeypatch.setattr(registry, "ENGINES", {**registry.ENGINES, "third": Engine("third", third)})
    answers: dict[str, Answer] = {"it": Reached(("a.count", "b.count", "a.count"))}
    reached = decided(system, where(system, a=2, b=1))
    assert list(reached.engines) == ["exhaustive", "bounded", "third"]
    assert reached.how == "shortest, z3 agrees, third agrees; 10 states"
    assert decided(system, where(system, a=2, b=1), "third").how == "third: shortest"
    with pytest.raises(verdicts.EngineDisagreementError, match="it: exhaustive says unreachable, third says depth 3"):
        decided(system, where(system, a=7))
    answers["it"] = Unreachable(4)
    assert decided(system, where(system, a=7)).how == "all 4 states; z3: none within 5; third: all 4 states"
