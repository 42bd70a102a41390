"""Steps, actions and builders, and the queues against plain Python lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from model.language.concrete import fire, holds
from model.language.queues import Queue, decode, resize
from model.language.system import (
    Action,
    Builder,
    Enumeration,
    Field,
    ModelError,
    StateSpace,
    Step,
    TransitionSystem,
    width_of,
)

TRUE = z3.BoolVal(True)
Row = dict[str, int]


def space_of(**widths: int) -> StateSpace:
    space = StateSpace(events=("big", "never", "always"))
    for name, width in widths.items():
        space.add(name, width)
    return space


def action_of(space: StateSpace, body: Callable[[Step], None], guard: Any = TRUE, name: str = "act") -> Action:
    builder = Builder(space)
    builder.action(name, "actor", {"the guard": guard}, body, "a test")
    return builder.actions[0]


def test_assignments_are_read_back_and_guarded_by_the_path() -> None:
    space = space_of(a=8, b=0, c=0)

    def body(s: Step) -> None:
        s["a"] = s["a"] + 1
        with s.when(s["b"]):
            s["a"] = s["a"] + 10
            with s.when(s["c"]):
                s["a"] = 99
        with s.when(z3.Not(s["b"])):
            s["c"] = True

    act = action_of(space, body)
    assert fire(act, {"a": 255, "b": 0, "c": 0}) == {"a": 0, "b": 0, "c": 1}
    assert fire(act, {"a": 1, "b": 1, "c": 0}) == {"a": 12, "b": 1, "c": 0}
    assert fire(act, {"a": 1, "b": 1, "c": 1}) == {"a": 99, "b": 1, "c": 1}


def test_all_updates_read_the_state_before() -> None:
    def swap(s: Step) -> None:
        s["a"], s["b"] = s["b"], s["a"]

    assert fire(action_of(space_of(a=4, b=4), swap), {"a": 3, "b": 12}) == {"a": 12, "b": 3}


def test_the_path_ends_with_the_block_even_after_an_exception() -> None:
    step = Step(space_of(a=1))
    with pytest.raises(RuntimeError), step.when(step["a"] == 1):
        raise RuntimeError
    assert z3.is_true(step.path)


def test_what_an_action_does_not_change_is_no_update() -> None:
    def body(s: Step) -> None:
        s["b"] = s["b"] + 0
        s["a"] = s["a"] ^ 1

    assert set(action_of(space_of(a=1, b=3), body).updates) == {"a"}


def test_events_hold_under_their_path_and_condition() -> None:
    space = space_of(a=4, b=0)

    def body(s: Step) -> None:
        s["a"] = s["a"] + 1
        with s.when(s["b"]):
            s.emit("big", s["a"] == 3)
        s.emit("big", s["a"] == 9)
        s.emit("never", False)
        s.emit("always")

    events = action_of(space, body).events
    assert set(events) == {"big", "always"}
    assert z3.is_true(events["always"])
    found = {(a, b) for a in range(16) for b in (0, 1) if holds(events["big"], {"a": a, "b": b})}
    assert found == {(2, 1), (8, 0), (8, 1)}


def test_an_exceeded_capacity_is_named_and_keeps_the_action_from_firing() -> None:
    space = space_of(a=4, b=0)

    def body(s: Step) -> None:
        with s.when(s["b"]):
            s.exceed("room", s["a"] == 3)
        s.exceed("never", z3.BoolVal(False))
        s["a"] = s["a"] + 1

    act = action_of(space, body, guard=z3.ULT(space.term("a"), 9))
    system = TransitionSystem("toy", space, (act,))
    assert system.capacities() == ("room",)
    assert fire(act, {"a": 3, "b": 1}) is None
    assert fire(act, {"a": 3, "b": 0}) == {"a": 4, "b": 0}
    cut = [(a, b) for a in range(16) for b in (0, 1) if holds(system.overflow("room"), {"a": a, "b": b})]
    assert cut == [(3, 1)]
    assert not holds(act.exceeds("another"), {"a": 3, "b": 1})


def test_a_constantly_false_guard_makes_no_action() -> None:
    space = space_of(a=1)
    builder = Builder(space)
    builder.action("no", "actor", {"x": z3.And(TRUE, z3.Not(TRUE))}, lambda s: None, "a test")
    builder.action("yes", "actor", {"x": space.term("a") == 1}, lambda s: None, "a test", descriptor=True)
    assert [(item.name, item.executes_descriptor) for item in builder.actions] == [("yes", True)]


def test_malformed_models_are_refused() -> None:
    space = space_of(a=2)
    with pytest.raises(ModelError, match="twice"):
        space.add("a")
    with pytest.raises(ModelError, match="fit"):
        space.add("b", 2, init=4)
    with pytest.raises(ModelError, match="nothing"):
        Step(space)["nothing"]
    with pytest.raises(ModelError, match="a, which is"):
        action_of(space, lambda s: s.__setitem__("a", z3.BitVecVal(1, 3)))
    act = action_of(space, lambda s: None)
    with pytest.raises(ModelError, match="twice"):
        TransitionSystem("toy", space, (act, act))
    with pytest.raises(KeyError):
        TransitionSystem("toy", space, (act,)).action("other")


def test_the_initial_state_is_the_declared_one() -> None:
    space, colours = StateSpace(), Enumeration("red", "green", "blue")
    space.add_enum("colour", colours, "blue")
    space.add("flag", init=1)
    space.add_queue("q", 3, {"x": Field(2)})
    assert TransitionSystem("toy", space, ()).initial == {"colour": 2, "flag": 1, "q.len": 0, "q.x": 0}
    assert colours.green == colours["green"] == 1 and "red" in colours and "pink" not in colours
    with pytest.raises(AttributeError):
        colours.pink  # noqa: B018
    assert [width_of(count) for count in (1, 2, 3, 4, 5, 8, 9)] == [1, 1, 2, 2, 3, 3, 4]


# Queues: q holds 3 records, o holds 4; the arguments of the operations are variables, so each term is built once.

FIELDS = {"x": Field(2), "y": Field(3)}
CAPACITY = {"q": 3, "o": 4}
NAMES = ("e", "f", "g", "h")


def queue_space() -> StateSpace:
    space = StateSpace()
    for name, capacity in CAPACITY.items():
        space.add_queue(name, capacity, FIELDS)
    for name in NAMES:
        for key, item in FIELDS.items():
            space.add(f"{name}.{key}", item.width)
    space.add("count", 2)
    return space


def entry(s: Step, name: str) -> dict[str, Any]:
    return {key: s[f"{name}.{key}"] for key in FIELDS}


def push_twice(s: Step) -> None:
    for name in NAMES[:2]:
        Queue(s, "q").push_back(**entry(s, name))


def pop(s: Step) -> None:
    Queue(s, "q").pop_front()


def queue_actions() -> dict[str, Action]:
    space = queue_space()
    bodies: dict[str, Callable[[Step], None]] = {
        "push_back": lambda s: Queue(s, "q").push_back(**entry(s, "e")),
        "push_front": lambda s: Queue(s, "q").push_front(**entry(s, "e")),
        "push_other": lambda s: Queue(s, "o").push_back(**entry(s, "e")),
        "push_all": lambda s: Queue(s, "q").push_back_all([entry(s, name) for name in NAMES], s["count"]),
        "pop": pop,
        "clear": lambda s: Queue(s, "q").clear(),
        "splice": lambda s: Queue(s, "q").splice_tail(Queue(s, "o")),
        "push_twice": push_twice,
        "conditional": lambda s: push_if_short(s),
    }

    def guarded(name: str) -> Any:
        return z3.Not(Queue(Step(space), "q").empty) if name == "pop" else TRUE

    return {name: action_of(space, body, guarded(name), name) for name, body in bodies.items()}


def push_if_short(s: Step) -> None:
    queue = Queue(s, "q")
    with s.when(queue.length == 1):
        queue.push_back(**entry(s, "e"))
        queue.push_front(x=3)


def expected(op: str, q: list[Row], o: list[Row], rows: list[Row], count: int) -> tuple[list[Row], list[Row]] | None:
    """What plain lists say; None if a capacity does not suffice or there is nothing to pop."""
    e = rows[0]
    if op == "pop":
        return (q[1:], o) if q else None
    grown = {
        "push_back": [*q, e],
        "push_front": [e, *q],
        "push_other": q,
        "push_all": q + rows[:count],
        "clear": [],
        "splice": q + o,
        "push_twice": q + rows[:2],
        "conditional": [{"x": 3, "y": 0}, *q, e] if len(q) == 1 else q,
    }[op]
    other = {"push_other": [*o, e], "splice": []}.get(op, o)
    return (grown, other) if len(grown) <= CAPACITY["q"] and len(other) <= CAPACITY["o"] else None


def encoded(name: str, rows: list[Row]) -> Row:
    state = {f"{name}.len": len(rows)}
    for key, item in FIELDS.items():
        state[f"{name}.{key}"] = sum(row[key] << (item.width * place) for place, row in enumerate(rows))
    return state


ACTIONS = queue_actions()
ROW = st.fixed_dictionaries({"x": st.integers(0, 3), "y": st.integers(0, 7)})
OPERATION = st.tuples(st.sampled_from(sorted(ACTIONS)), st.lists(ROW, min_size=4, max_size=4), st.integers(1, 3))


@settings(deadline=None, max_examples=150)
@given(st.lists(OPERATION, max_size=12))
def test_queues_are_lists(operations: list[tuple[str, list[Row], int]]) -> None:
    q: list[Row] = []
    o: list[Row] = []
    for op, rows, count in operations:
        arguments = {f"{name}.{key}": row[key] for name, row in zip(NAMES, rows, strict=True) for key in FIELDS}
        state = encoded("q", q) | encoded("o", o) | arguments | {"count": count}
        after, wanted = fire(ACTIONS[op], state), expected(op, q, o, rows, count)
        assert (after is None) == (wanted is None)
        if after is None or wanted is None:
            continue
        q, o = wanted
        assert after == state | encoded("q", q) | encoded("o", o), "also zero beyond the length"
        assert decode(queue_space().queues["q"], after) == q


def test_appending_nothing_changes_nothing() -> None:
    state = encoded("q", [{"x": 1, "y": 1}]) | encoded("o", []) | {f"{n}.{k}": 1 for n in NAMES for k in FIELDS}
    assert fire(ACTIONS["push_all"], state | {"count": 0}) == state | {"count": 0}


def test_a_count_wider_than_the_length_is_not_cut() -> None:
    space = queue_space()
    space.add("many", 4)

    def body(s: Step) -> None:
        Queue(s, "q").push_back_all([entry(s, name) for name in NAMES], s["many"])

    state = encoded("q", []) | encoded("o", []) | {f"{n}.{k}": 1 for n in NAMES for k in FIELDS} | {"count": 0}
    assert fire(action_of(space, body), state | {"many": 4}) is None, "4 do not fit into 3"


def test_entries_and_positions() -> None:
    space = queue_space()
    rows = [{"x": 1, "y": 7}, {"x": 3, "y": 0}]
    state = encoded("q", rows) | encoded("o", [])
    queue = Queue(Step(space), "q")
    for place, item in enumerate(queue.entries()):
        assert holds(item["valid"], state) == (place < len(rows))
        for key in FIELDS:
            wanted = rows[place][key] if place < len(rows) else 0
            assert holds(item[key] == wanted, state) and holds(queue.at(place, key) == wanted, state)
    assert not holds(queue.empty, state) and holds(Queue(Step(space), "o").empty, state)
    assert all(holds(queue.front()[key] == rows[0][key], state) for key in FIELDS)


def test_resize_extends_with_zeros_or_cuts() -> None:
    term = z3.BitVec("t", 4)
    assert resize(term, 4) is term
    assert holds(resize(term, 6) == 13, {"t": 13}) and holds(resize(term, 2) == 1, {"t": 13})


def test_names_instead_of_numbers_for_readers() -> None:
    space = StateSpace()
    space.add_queue("q", 2, {"colour": Field(1, ("red", "blue")), "n": Field(2)})
    state = {"q.len": 2, "q.colour": 0b10, "q.n": 0b1101}
    assert decode(space.queues["q"], state) == [{"colour": "red", "n": 1}, {"colour": "blue", "n": 3}]
