"""Which programs tell values apart: held against a second search, which takes single steps in plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product

import pytest
from conftest import run_here, slow

from model import parameters
from model.hardware.bench import GRANTED, INSTRUCTIONS, PREFIX, bench
from model.language.concrete import fire
from model.subject import Subject
from proofs.experiments import shortest
from proofs.experiments.machine import ABORT, BUSY, CAME, NEVER, READING, CapacityError, Machine, looked
from proofs.experiments.shortest import ROW, SOFTWARE, Task, Told, pairs, tasks, tell

State = frozenset[tuple[str, int]]
History = tuple[int, ...]


def subject(**assume: str) -> Subject:
    """The bench under assumptions, with one EE unless they say otherwise."""
    return Subject.of(ROW, "endless", {"other_ee": "absent", **assume})


def told(key: str, one: str, two: str, length: int, users: str = "absent", group: str = "zero") -> Told:
    """What tells two values apart."""
    chosen = Subject.of(ROW, "endless", {"other_ee": users}).changed({"lock-groups": group})
    return tell(Task(chosen, key, one, two, length))


class Stepwise:
    """What programs can read, found without the engine: single states, one step at a time."""

    def __init__(self, chosen: Subject, length: int) -> None:
        system = bench(chosen, length)
        own = [action for action in system.actions if action.name.startswith(PREFIX)]
        self.own = {action.name.removeprefix(PREFIX): action for action in own}
        self.hardware = [action for action in system.actions if action not in own]
        self.aborts = chosen.assumptions["locked_cpu_access"] == "aborts" and chosen.assumptions["other_ee"] == "locks"
        self.start: State = frozenset(system.initial.items())
        self.silently = cache(self._silently)
        self.histories = cache(self._histories)

    def __call__(self, program: tuple[str, ...]) -> frozenset[History]:
        return frozenset(past for past, _ in self.histories(program))

    def _silently(self, state: State) -> frozenset[State]:
        found, left = {state}, [state]
        while left:
            here = dict(left.pop())
            for action in self.hardware:
                after = fire(action, here)
                if after is not None and (one := frozenset(after.items())) not in found:
                    found.add(one)
                    left.append(one)
        return frozenset(found)

    def _read(self, name: str, state: dict[str, int]) -> int:
        if name == "look":
            seen = (state["rx.ring.len"], state["tx.ring.len"], state["tx.irq"], state[GRANTED])
            return sum(value << 8 * place for place, value in enumerate(seen))
        if name in ("status", "cpu-configure", "cpu-go") and self.aborts and state["lock.tz"]:
            return ABORT
        return (BUSY if state["engine.op"] else state["engine.status_done"]) if name == "status" else 0

    def _after(self, state: State, name: str) -> Iterable[tuple[int, State]]:
        for form, answer in ((name, CAME), (f"{name}_2", NEVER)):
            if form in self.own and (found := fire(self.own[form], dict(state))) is not None:
                yield (answer if name == "await" else self._read(name, dict(state))), frozenset(found.items())

    def _histories(self, program: tuple[str, ...]) -> frozenset[tuple[History, State]]:
        if not program:
            return frozenset(((), one) for one in self.silently(self.start))
        return frozenset(
            ((*past, answer), one)
            for past, state in self.histories(program[:-1])
            for answer, step in self._after(state, program[-1])
            for one in self.silently(step)
        )


def by_hand(key: str, one: str, two: str, length: int, users: str) -> tuple[int | None, bool]:
    """The least number of instructions that tell for certain, and whether any program tells with luck."""
    found: int | None = None
    luck = False
    mine, theirs = (Stepwise(subject(other_ee=users, **{key: value}), length) for value in (one, two))
    names = [name for name in INSTRUCTIONS if name != "other" or users != "absent"]
    for count in range(1, length + 1):
        for program in product(names, repeat=count):
            if program[-1] in READING:
                first, second = mine(program), theirs(program)
                luck = luck or first != second
                if first and second and not first & second and found is None:
                    found = count
    return found, luck


@pytest.mark.parametrize(
    ("key", "one", "two", "users"),
    [
        ("early_data", "published", "blocks", "absent"),
        ("relock", "idempotent", "blocks", "absent"),
        *slow(("nwd_ack", "operation-done", "input-consumed", "absent")),
        *slow(("locked_cpu_access", "aborts", "proceeds", "locks")),
        *slow(("pipe_reset", "keeps-lock", "releases-lock", "locks")),
        *slow(("done_irq", "after-operation-done", "any-order", "absent")),
    ],
)
def test_nothing_shorter_tells(key: str, one: str, two: str, users: str) -> None:
    length = 3
    found = told(key, one, two, length, users)
    count, luck = by_hand(key, one, two, length, users)
    assert (len(found.certain.instructions) if found.certain else None) == count
    assert (found.strength > 0) == luck


@pytest.mark.parametrize(
    ("key", "one", "two", "length", "users", "group", "strength"),
    [
        ("nwd_irq", "after-ack", "before-ack", 3, "absent", "zero", 2),
        ("locked_cpu_access", "aborts", "proceeds", 3, "locks", "zero", 2),
        ("lock_scope", "other-ee", "none", 3, "locks", "zero", 2),
        ("handover", "unfair", "round-robin", 4, "locks", "zero", 0),
        ("lock_scope", "other-ee", "other-group", 3, "same-ee", "pair", 2),
        ("lock_scope", "other-ee", "other-group", 3, "same-ee", "zero", 0),
        ("relock", "idempotent", "counted", 4, "absent", "zero", 0),
        *slow(("relock", "idempotent", "counted", 5, "locks", "zero", 1)),
        *slow(("done_irq", "after-operation-done", "any-order", 5, "absent", "zero", 1)),
        *slow(("pipe_reset", "keeps-lock", "releases-lock", 5, "locks", "zero", 2)),
    ],
)
def test_how_far_values_are_told_apart(
    key: str, one: str, two: str, length: int, users: str, group: str, strength: int
) -> None:
    found = told(key, one, two, length, users, group)
    assert found.strength == strength
    if found.certain:
        assert not found.certain.one & found.certain.two and found.certain.one and found.certain.two
    for program, mine, theirs in (
        (found.against_two, "one", "two"),
        (found.against_one, "two", "one"),
    ):
        if program:
            assert getattr(program, mine) - getattr(program, theirs)


def test_what_a_program_reads_is_what_single_steps_read() -> None:
    chosen = subject(other_ee="locks")
    machine, stepwise = Machine(chosen, 4), Stepwise(chosen, 4)
    for program in (
        ("lock", "other", "status", "look"),
        ("go", "data", "output", "await"),
        ("configure", "cpu-go", "status", "look"),
        ("other", "lock", "reset", "look"),
        ("lock", "unlock", "other", "cpu-configure"),
    ):
        assert machine.histories(program) == stepwise(program)
    assert [looked(read) for *_, read in machine.histories(("lock", "look"))] == [(0, 0, 0, 0)]


def test_where_one_ee_is_no_other_there_is_no_difference_at_all() -> None:
    found = told("locked_cpu_access", "aborts", "proceeds", 3)
    assert found.same and not found.strength and not found.programs


def test_every_question_about_hardware_can_be_asked() -> None:
    for key in parameters.ASSUMPTIONS.keys() - SOFTWARE.keys():
        for users in shortest.USERS:
            asked = tasks(key, users, {}, 2, pairs(key))
            assert len(asked) == len(pairs(key)) * (3 if key == "lock_scope" else 1)
            assert all(not tell(task).reason for task in asked[:3])


def test_more_than_the_lists_of_the_model_hold_is_no_program() -> None:
    machine = Machine(subject(), 4)
    assert machine.histories(("data", "data", "look")) and not machine.histories(("data", "data", "data-nwd"))


def test_a_capacity_that_decides_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def small(chosen: Subject, length: int) -> Machine:
        raise CapacityError("a capacity of the model is exceeded (engine.published_rx)")

    monkeypatch.setattr(shortest, "Machine", small)
    found = tell(Task(subject(), "relock", "idempotent", "blocks", 3))
    assert "capacity" in found.reason and not found.strength


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_here(capsys, "experiment", "relock", "--length", "3", "--jobs", "1")
    text = outcome.out
    assert outcome.code == 0 and max(map(len, text.splitlines())) <= 80
    flat = " ".join(text.split())
    assert "relock: idempotent against counted one EE, one pipe pair; all pipes in lock group 0: alike to every" in flat
    assert "= idempotent if 3 reads consumer 2 of 2 = blocks if 3 reads consumer 1 of 2" in flat
    table = run_here(capsys, "experiment", "relock", "--length", "3", "--jobs", "1", "--format", "csv").out
    assert table.startswith("version,assumption,value,other,step") and "0x8c00,CMD LOCK" in table.replace("INT ", "")
    assert "alike to every program of at most 3 instructions" in table


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("softirq",), "is about Linux alone: no program asks that of hardware"),
        (("relock", "--assume", "other_ee=locks"), "--assume other_ee is what is tried"),
        (("relock", "--scenario", "faults"), "--scenario and --bound are about a version"),
        (("relock", "--length", "9"), "9 is not in the range"),
        (("relock", "--assume", "nwd_ack=soon"), "unknown value of nwd_ack"),
    ],
)
def test_what_was_not_asked_well(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str) -> None:
    outcome = run_here(capsys, "experiment", *arguments)
    assert outcome.code == 2 and said in outcome.complaint


def test_assumptions_beside_the_question_matter() -> None:
    """A second pair of one EE is shut out by no lock of the first if locks are between EEs, by each if all are."""
    for scope, strength in (("other-ee", 0), ("whole-bam", 1)):
        chosen = subject(other_ee="same-ee", lock_scope=scope)
        assert tell(Task(chosen, "pipe_reset", "keeps-lock", "releases-lock", 4)).strength == strength
