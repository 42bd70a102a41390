"""What is exported, read by others: a second SMT solver, a strict reader of BTOR2, and the command's user."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
import z3
from click.testing import CliRunner, Result
from conftest import run_cli
from toys import bounded_buffer, explored, token_ring, two_phase_commit, where

from model.language.concrete import fire, holds
from model.language.operators import UnsupportedTermError
from model.language.system import StateSpace, TransitionSystem, Variable
from model.parameters import ParameterError
from model.subject import Subject
from proofs.commands.export import DEPTH
from proofs.commands.export import command as export
from proofs.engines import Target
from proofs.exports import Question, btor2, pose, promela, smt2

pytestmark = pytest.mark.slow

ONE = {"requests": 1, "tz_requests": 1}
SENT = Target(on={"sent": z3.BoolVal(True)})
TOYS = [
    (token_ring(3, 4), where(token_ring(3, 4), lap=2)),
    (token_ring(3, 4), SENT),
    (two_phase_commit(2), Target(on={"commit": z3.BitVec("vote1", 2) == 1})),
    (bounded_buffer(5), where(bounded_buffer(5), cells=5, other=3)),
    (bounded_buffer(2), where(bounded_buffer(2), cells=0)),
]
UNREACHABLE = [
    (bounded_buffer(5), where(bounded_buffer(5), cells=6)),
    (token_ring(2, 2), where(token_ring(2, 2), lap=3)),
]


@cache
def asked(version: str, property_id: str, whole: bool = False) -> Question:
    """A question about a version, with one request of each side."""
    return pose(Subject.of(version, bound=ONE), property_id, whole)


def distance(question: Question) -> int | None:
    """The shortest distance by the exhaustive engine."""
    hit = explored(question.system, it=question.target).hits.get("it")
    return None if hit is None else hit.depth


# SMT-LIB


def answer(text: str) -> str:
    """Bitwuzla's answer to a text, which it reads by itself: sat or unsat."""
    bitwuzla = pytest.importorskip("bitwuzla", reason="needs the extra `solvers`")
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PP_NORMALIZE, False)  # takes far longer than the search here
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    body, question = text.rsplit("(check-sat)", 1)
    assert question == "\n"
    parser.parse(body, False, False)
    return str(parser.bitwuzla().check_sat()).lower()


@pytest.mark.parametrize(
    ("version", "property_id"),
    [("v12", "quiet-engine"), ("v11", "quiet-dummy"), ("v16", "cookie-monotonic")],
)
def test_second_solver_finds_the_same_distance(version: str, property_id: str) -> None:
    question = asked(version, property_id)
    depth = distance(question)
    assert depth is not None
    assert answer(smt2.write(question, depth)) == "sat"
    assert answer(smt2.write(question, depth - 1)) == "unsat"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (z3.Or(z3.Bool("a")), "sat"),
        (z3.And(z3.Or(z3.Bool("a")), z3.Not(z3.And(z3.Bool("a")))), "unsat"),
        (z3.BoolVal(True), "sat"),
        (z3.BoolVal(False), "unsat"),
    ],
)
def test_second_solver_reads_a_condition_that_z3_alone_would_write_so(condition: z3.BoolRef, expected: str) -> None:
    text = smt2.assertion(condition, {"a": Variable("a", 0, 0)})
    assert answer(text + "(check-sat)\n") == expected


def test_second_solver_finds_nothing_in_v16() -> None:
    question = asked("v16", "quiet-engine")
    assert distance(question) is None
    assert answer(smt2.write(question, 6)) == "unsat"


@pytest.mark.parametrize(("system", "target"), TOYS)
def test_second_solver_on_toys(system: TransitionSystem, target: Target) -> None:
    question = Question(system, target)
    depth = distance(question)
    assert depth is not None
    answers = [answer(smt2.write(question, steps)) for steps in range(depth + 3)]
    assert answers == ["unsat"] * depth + ["sat"] * 3


@pytest.mark.parametrize(("system", "target"), UNREACHABLE)
def test_second_solver_beyond_the_end(system: TransitionSystem, target: Target) -> None:
    question = Question(system, target)
    assert distance(question) is None
    assert answer(smt2.write(question, explored(system).depth + 2)) == "unsat"


def test_cvc5_reads_it_too() -> None:
    cvc5 = pytest.importorskip("cvc5", reason="needs the extra `solvers`")
    question = Question(*TOYS[1])
    for depth, wanted in ((8, "unsat"), (9, "unsat"), (12, "sat")):
        solver = cvc5.Solver()
        solver.setOption("strict-parsing", "true")
        parser = cvc5.InputParser(solver)
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, smt2.write(question, depth), "export")
        said = []
        while not (command := parser.nextCommand()).isNull():
            said.append(command.invoke(solver, parser.getSymbolManager()).strip())
        assert [word for word in said if word] == [wanted]


def test_a_model_names_a_path() -> None:
    question = asked("v12", "quiet-dummy")
    depth = distance(question)
    assert depth is not None
    solver = z3.Solver()
    solver.from_string(smt2.write(question, depth))
    assert solver.check() == z3.sat
    model = solver.model()
    true = {str(name) for name in model.decls() if z3.is_true(model[name])}
    state, hit = question.system.initial, False
    for step in range(1, depth + 1):
        names = [a.name for a in question.system.actions if f"fire {a.name}@{step}" in true]
        assert len(names) == 1
        action = question.system.action(names[0])
        hit = holds(question.target.firing(action), state)
        after = fire(action, state)
        assert after is not None
        state = after
    assert hit or holds(question.target.state, state)


# BTOR2

UNARY = {"not", "neg"}
BINARY = {"add", "sub", "mul", "and", "or", "xor", "sll", "srl", "implies", "eq", "neq", "ulte", "ult", "ugte", "ugt"}
COMPARING = {"eq", "neq", "ulte", "ult", "ugte", "ugt"}


@dataclass
class Btor2:
    """A BTOR2 text, read strictly: every rule of the format that concerns what is used here is asserted."""

    sorts: dict[int, int] = field(default_factory=dict)
    nodes: dict[int, tuple[str, int, list[int]]] = field(default_factory=dict)  # operator, width, arguments
    states: dict[str, int] = field(default_factory=dict)
    init: dict[int, int] = field(default_factory=dict)
    following: dict[int, int] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)
    bad: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> Btor2:
        """The text's content; fails the test for whatever is not well formed."""
        self, last = cls(), 0
        for line in text.splitlines():
            if line.startswith(";"):
                continue
            words = line.split(" ")
            number = int(words[0])
            assert number > last, "numbers increase"
            last = number
            self._line(number, words[1], words[2:])
        assert self.init.keys() == self.following.keys() == set(self.states.values())
        return self

    def _line(self, number: int, kind: str, rest: list[str]) -> None:
        if kind == "sort":
            assert rest[0] == "bitvec" and int(rest[1]) > 0 and int(rest[1]) not in self.sorts.values()
            self.sorts[number] = int(rest[1])
        elif kind == "bad":
            assert self.width(int(rest[0])) == 1
            self.bad.append(int(rest[0]))
        elif kind in ("init", "next"):
            width, state, value = self.sorts[int(rest[0])], int(rest[1]), int(rest[2])
            into = self.init if kind == "init" else self.following
            assert state in self.states.values() and state not in into
            assert self.width(state) == self.width(value) == width
            assert kind == "next" or value < state, "btor2parser wants the value before the state"
            into[state] = value
        elif kind in ("state", "input"):
            names = self.states if kind == "state" else self.inputs
            assert len(rest) == 2 and rest[1] not in names
            names[rest[1]] = number
            self.nodes[number] = (kind, self.sorts[int(rest[0])], [])
        else:
            self._operator(number, kind, self.sorts[int(rest[0])], rest[1:])

    def _operator(self, number: int, kind: str, width: int, rest: list[str]) -> None:
        count = {"constd": 0, "slice": 1, "uext": 1, "ite": 3}.get(kind, 1 if kind in UNARY else 2)
        args = [int(word) for word in rest[:count]]
        plain = [int(word) for word in rest[count : count + {"constd": 1, "slice": 2, "uext": 1}.get(kind, 0)]]
        assert len(rest) - count - len(plain) <= 1, "one symbol at most"
        widths = [self.width(arg) for arg in args]
        if kind == "constd":
            assert 0 <= plain[0] < 1 << width
        elif kind == "slice":
            assert widths[0] > plain[0] >= plain[1] and width == plain[0] - plain[1] + 1
        elif kind == "uext":
            assert width == widths[0] + plain[0]
        elif kind == "ite":
            assert widths == [1, width, width]
        elif kind == "concat":
            assert width == sum(widths)
        else:
            assert kind in UNARY | BINARY and len(set(widths)) == 1
            assert width == (1 if kind in COMPARING else widths[0]) and (kind != "implies" or width == 1)
        self.nodes[number] = (kind, width, args + plain)

    def width(self, number: int) -> int:
        """Bits of a node."""
        return self.nodes[number][1]

    def values(self, state: dict[int, int], action: int) -> dict[int, int]:
        """The value of every node in one frame."""
        found: dict[int, int] = dict(state) | {self.inputs["action"]: action}
        for number, (kind, width, args) in self.nodes.items():
            if number not in found:
                found[number] = self._value(kind, args, found) & ((1 << width) - 1)
        return found

    def _value(self, kind: str, args: list[int], found: dict[int, int]) -> int:
        if kind == "constd":
            return args[0]
        a = found[args[0]]
        if kind == "slice":
            return a >> args[2]
        if kind in ("uext", "not", "neg"):
            return {"uext": a, "not": ~a, "neg": -a}[kind]
        b = found[args[1]]
        if kind == "ite":
            return b if a else found[args[2]]
        if kind in ("sll", "srl"):
            return 0 if b >= self.width(args[0]) else a << b if kind == "sll" else a >> b
        if kind == "concat":
            return a << self.width(args[1]) | b
        arithmetic = {"add": a + b, "sub": a - b, "mul": a * b, "and": a & b, "or": a | b, "xor": a ^ b}
        compared = {"eq": a == b, "neq": a != b, "ulte": a <= b, "ult": a < b, "ugte": a >= b, "ugt": a > b}
        return int((arithmetic | compared | {"implies": not a or b})[kind])

    def start(self) -> dict[int, int]:
        """The initial state."""
        return {state: self.nodes[value][2][0] for state, value in self.init.items()}


def walk(question: Question, seed: int, steps: int) -> Iterator[tuple[dict[str, int], bool]]:
    """Choose actions at random in the BTOR2 text and in the system; assert that they agree, yield where they are."""
    system, text, rng = question.system, Btor2.read(btor2.write(question)), random.Random(seed)
    frame, state, hit = text.start(), system.initial, False
    for _ in range(steps):
        choices = [index for index, action in enumerate(system.actions) if fire(action, state) is not None]
        # mostly one that can fire, sometimes any number that the input holds
        wild = not choices or rng.random() < 0.2
        chosen = rng.randrange(1 << text.width(text.inputs["action"])) if wild else rng.choice(choices)
        values = text.values(frame, chosen)
        hit = hit or holds(question.target.state, state)
        assert {name: frame[number] for name, number in text.states.items() if name != "hit"} == state
        assert bool(values[text.bad[0]]) == hit
        yield state, hit
        action = system.actions[chosen] if chosen < len(system.actions) else None
        after = None if action is None else fire(action, state)
        hit = action is not None and holds(question.target.firing(action), state)
        state = state if after is None else after
        frame = {number: values[value] for number, value in text.following.items()}


@pytest.mark.parametrize("whole", [False, True], ids=["cone", "whole"])
@pytest.mark.parametrize(
    ("version", "property_id"), [("v12", "quiet-engine"), ("v16", "released"), ("v11", "quiet-dummy")]
)
def test_btor2_step_by_step(version: str, property_id: str, whole: bool) -> None:
    question = asked(version, property_id, whole)
    seen = {tuple(state.values()) for seed in range(2) for state, _ in walk(question, seed, 60)}
    assert len(seen) > 25


@pytest.mark.parametrize(("system", "target"), TOYS + UNREACHABLE)
def test_btor2_of_toys(system: TransitionSystem, target: Target) -> None:
    question = Question(system, target)
    hits = [hit for seed in range(20) for _, hit in walk(question, seed, 40)]
    assert any(hits) == (distance(question) is not None)


@pytest.mark.skipif(shutil.which("btorsim") is None, reason="btorsim is not installed")
def test_btor2_is_read_by_btorsim(tmp_path: Path) -> None:
    path = tmp_path / "model.btor2"
    path.write_text(btor2.write(asked("v12", "quiet-engine")), encoding="utf-8")
    done = subprocess.run(["btorsim", "-r", "20", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


# The command


def run(*arguments: str | Path) -> Result:
    """`export` with these arguments; errors are left as they are, `main` prints them."""
    return CliRunner().invoke(export, [str(item) for item in arguments], standalone_mode=False)


PLAIN = ("v12", "--property", "quiet-engine")


@pytest.mark.parametrize("language", ["smt2", "btor2", "promela"])
def test_header_says_what_it_is(language: str) -> None:
    text = run(*PLAIN, "--format", language, "--bound", "requests=1", "--assume", "relock=counted").output
    head = text[:3000]
    for part in ("v12", "quiet-engine", "default", "requests=1", "relock=counted", "hit", "capacities"):
        assert part in head


@pytest.mark.parametrize("language", ["smt2", "btor2", "promela"])
def test_every_run_of_the_command_writes_the_same(language: str) -> None:
    """In one process z3 orders the arguments of what it simplifies by what it has seen before."""
    first, second = (run_cli("export", *PLAIN, "--format", language) for _ in range(2))
    assert first.code == 0 and first.out == second.out


def test_whole_is_larger_and_depth_counts() -> None:
    few = run(*PLAIN, "--format", "smt2", "--depth", "1").output
    assert f"within {DEPTH} steps" in run(*PLAIN, "--format", "smt2").output
    assert "within 1 steps" in few and "action@1" in few and "action@2" not in few
    cone, whole = (len(run(*PLAIN, "--format", "btor2", *more).output) for more in ((), ("--whole",)))
    assert cone < whole


def test_out_writes_the_same(tmp_path: Path) -> None:
    path = tmp_path / "q.btor2"
    assert run(*PLAIN, "--format", "btor2", "--out", path).output == ""
    assert path.read_text(encoding="utf-8") == run(*PLAIN, "--format", "btor2").output
    assert list(tmp_path.iterdir()) == [path]


WRONG = [
    (("v12", "--property", "linux-progress", "--format", "smt2"), "eventually"),
    (("mainline", "--property", "balanced", "--format", "btor2"), "takes no lock"),
    (("v12", "--property", "quiet-engin", "--format", "smt2"), "quiet-engine"),
    (("v99", "--property", "quiet-engine", "--format", "smt2"), "v9"),
    ((*PLAIN, "--format", "promla"), "promela"),
    ((*PLAIN,), "--format"),
    ((*PLAIN, "--format", "promela", "--depth", "3"), "smt2"),
    ((*PLAIN, "--format", "smt2", "--depth", "101"), "100"),
    ((*PLAIN, "--format", "smt2", "--scenario", "defalt"), "default"),
    ((*PLAIN, "--format", "smt2", "--bound", "requests=9"), "1 to 4"),
    ((*PLAIN, "--format", "smt2", "--bound", "requests=x"), "whole number"),
    ((*PLAIN, "--format", "smt2", "--assume", "relock"), "KEY=VALUE"),
    ((*PLAIN, "--format", "smt2", "--out", "."), "folder"),
    ((*PLAIN, "--format", "smt2", "--out", "/dev/null/x"), "/dev/null"),
]


@pytest.mark.parametrize(("arguments", "hint"), WRONG)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], hint: str) -> None:
    result = run(*arguments)
    shown = getattr(result.exception, "format_message", None)
    message = shown() if shown else str(result.exception)
    assert result.exception is not None and hint in message
    assert not result.output


def test_too_wide_for_spin_is_one_line() -> None:
    space = StateSpace()
    space.add("wide", 65)
    with pytest.raises(UnsupportedTermError, match="65 bits of wide"):
        promela.write(Question(TransitionSystem("toy", space, ()), Target()))


def test_a_property_that_does_not_apply_says_why() -> None:
    with pytest.raises(ParameterError, match="does not apply to mainline"):
        pose(Subject.of("mainline"), "balanced", whole=False)
