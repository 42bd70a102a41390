"""C's statements: from one state to the states in which a statement can be left, one for each way out.

Ways out are "next", "return", "break", "continue" and "goto LABEL"; all paths that leave in one way are merged. A loop
is unrolled until no further round is possible on any path; one that is not finished after `MOST_ROUNDS` is refused, as
is a function that is called again before it has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from pycparser import c_ast

from model.source.ctypes import CType, PointerTo, Void
from model.source.symbolic import locks
from model.source.symbolic.arithmetic import binary
from model.source.symbolic.expressions import Expressions
from model.source.symbolic.lists import containing, head_of
from model.source.symbolic.machine import ExceededError, Walk
from model.source.symbolic.state import Items, State
from model.source.symbolic.terms import Condition, above, either, fold, no
from model.source.symbolic.values import VOID, Pointer, Value
from model.source.unit import coordinate

MOST_ROUNDS = 64
GUARD, SCOPED, WALK, SAFE = "__guard_", "__scoped_guard_", "__list_for_each_entry", "__list_for_each_entry_safe"
EMPTY_LIST = "__list_head"

_Node: TypeAlias = c_ast.Node  # to mypy anything: pycparser ships no type information
Ways: TypeAlias = dict[str, State]
"""By way out the state in which a statement is left so."""
Rounds: TypeAlias = tuple[State | None, State | None]
"""Of a loop the state in which the next round begins, and that in which it was left."""


class Interpreter(Expressions):
    """Executes functions: `call(name, arguments)` on the present `state`."""

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """Execute a function that is read, and give what it returns; refuses what has no meaning with file:line."""
        function = self.unit.functions[name]
        if name in self._calls:
            self.refuse(f"{name} is called before it has returned; recursion has no meaning here")
        callers, where, path, walks = self.scopes, self.where, self.state.path, self.walks
        self.scopes, self.walks = [{}], []
        self._calls.append(name)
        self._take(function, arguments)
        kind = self.unit.type_of(function.decl.type.type)
        self._results.append((self.new(f"result of {name}", kind), kind))
        self.locals.add(self._results[-1][0])
        ways = self._block(function.body.block_items or [])
        self.where = coordinate(function)
        if strange := sorted(way for way in ways if way not in ("next", "return")):
            self.refuse(f"{name} is left by {strange[0]}")
        end = self.join(ways.get("return"), ways.get("next"))
        if end is None:
            self.refuse(f"{name} never returns")
        end.path = path
        self.state = end
        value = self._returned()
        self.state = end.without({object for object, _ in self.scopes[0].values()})
        self._calls.pop()
        self.scopes, self.where, self.walks = callers, where, walks
        return value

    def _take(self, function: c_ast.FuncDef, arguments: Sequence[Value]) -> None:
        declared = function.decl.type.args.params if function.decl.type.args else []
        parameters = [each for each in declared if getattr(each, "name", None)]
        if len(parameters) != len(arguments):
            self.refuse(f"{function.decl.name} is called with {len(arguments)} arguments")
        for parameter, argument in zip(parameters, arguments, strict=True):
            place, kind = self._declare(parameter)
            self.store(place, self.convert(argument, kind))

    def _returned(self) -> Value:
        place, kind = self._results.pop()
        if isinstance(kind, Void):
            return VOID
        found = self.cell((place, ()), kind)
        self.state.without({place})
        self.oblige(no(found.defined), "ends without a value")
        return Value(kind, found.term)

    def _declare(self, node: c_ast.Decl) -> tuple[Pointer, CType]:
        kind = self.unit.type_of(node.type)
        name = self.new(node.name, kind)
        self.locals.add(name)
        self.scopes[-1][node.name] = (name, kind)
        return Pointer.to(name), kind

    def _merge(self, ways: Ways, more: Ways) -> None:
        for way, state in more.items():
            joined = self.join(ways.get(way), state)
            assert joined is not None
            ways[way] = joined

    # sequences

    def _block(self, items: Sequence[_Node]) -> Ways:
        self.scopes.append({})
        labels = {item.name: place for place, item in enumerate(items) if isinstance(item, c_ast.Label)}
        ways = self._sequence(items, 0)
        for _ in range(MOST_ROUNDS):
            back = next((way for way in ways if way.startswith("goto ") and way[5:] in labels), None)
            if back is None:
                break
            self.state = ways.pop(back)
            if self.possible(True):
                self._merge(ways, self._sequence(items, labels[back[5:]]))
        else:
            self.refuse(f"goes back {MOST_ROUNDS} times, and nothing shows that it ends")
        gone = {name for name, _ in self.scopes.pop().values()}
        return {way: state.without(gone) for way, state in ways.items()}

    def _sequence(self, items: Sequence[_Node], start: int) -> Ways:
        ways: Ways = {}
        here: State | None = self.state
        for place in range(start, len(items)):
            item = items[place]
            while isinstance(item, c_ast.Label):
                here = self.join(here, ways.pop(f"goto {item.name}", None))
                item = item.stmt
            if here is None:
                continue
            self.state = here
            if _calls(item, GUARD):
                self._merge(ways, self._guarded(item, items, place + 1))
                return ways
            more = self.statement(item)
            here = more.pop("next", None)
            self._merge(ways, more)
        if here is not None:
            self._merge(ways, {"next": here})
        return ways

    def _guarded(self, guard: c_ast.FuncCall, items: Sequence[_Node], start: int) -> Ways:
        """guard(kind)(lock): the rest of the block, after which the lock is released."""
        lock = self.evaluate(guard.args.exprs[0]).pointer
        locks.acquire(self, lock)
        return self._released(self._sequence(items, start), lock)

    def _released(self, ways: Ways, lock: Pointer) -> Ways:
        for way in list(ways):
            self.state = ways[way]
            locks.release(self, lock)
            ways[way] = self.state
        return ways

    def statement(self, node: _Node) -> Ways:
        """The ways out of a statement that begins in the present state."""
        self.where = coordinate(node) if node.coord else self.where
        path = self.state.path
        self.lines.setdefault(self.where, []).append(path)
        rule = _RULES.get(type(node))
        if rule is None:
            self.evaluate(node)
            return {"next": self.state}
        ways = rule(self, node)
        if set(ways) == {"next"}:
            ways["next"].path = path
        return ways

    def _compound(self, node: c_ast.Compound) -> Ways:
        return self._block(node.block_items or [])

    def _nothing(self, node: _Node) -> Ways:
        return {"next": self.state}

    def _declaration(self, node: c_ast.Decl) -> Ways:
        if "static" in node.storage:
            self.refuse(f"{node.name}: a static variable of a function has no meaning here")
        if node.name is None:
            self.unit.type_of(node.type)
            return {"next": self.state}
        place, kind = self._declare(node)
        if node.init is not None and _calls(node.init, EMPTY_LIST):
            self.state.lists[place.places[0][1].object, ()] = Items()
        elif node.init is not None:
            self.initialize(place, kind, node.init)
        return {"next": self.state}

    def _declarations(self, node: c_ast.DeclList) -> Ways:
        for each in node.decls:
            self._declaration(each)
        return {"next": self.state}

    # ways out

    def _return(self, node: c_ast.Return) -> Ways:
        place, kind = self._results[-1]
        if node.expr is not None:
            value = self.evaluate(node.expr)
            if not isinstance(kind, Void):
                self.store(Pointer.to(place), self.convert(value, kind))
        return {"return": self.state}

    def _break(self, node: _Node) -> Ways:
        return {"break": self.state}

    def _continue(self, node: _Node) -> Ways:
        return {"continue": self.state}

    def _goto(self, node: c_ast.Goto) -> Ways:
        return {f"goto {node.name}": self.state}

    def _label(self, node: c_ast.Label) -> Ways:
        self.refuse(f"a jump to {node.name} inside of a statement has no meaning here")

    # branches and loops

    def _if(self, node: c_ast.If) -> Ways:
        condition = self.decided(self.evaluate(node.cond).truth)
        base, ways = self.state, dict[str, State]()
        for holds, body in ((condition, node.iftrue), (no(condition), node.iffalse)):
            if holds is False:
                continue
            self.state = base if holds is True else base.copy(holds)
            if body is None:
                self._merge(ways, {"next": self.state})
            else:
                self._merge(ways, self.attempt(partial(self.statement, body)) or {})
        if not ways:
            raise ExceededError(f"{self.where}: exceeds a capacity of the model on every path that gets here")
        return ways

    def _switch(self, node: c_ast.Switch) -> Ways:
        value = self.evaluate(node.cond)
        cases = node.stmt.block_items or []
        if any(not isinstance(case, c_ast.Case | c_ast.Default) for case in cases):
            self.refuse("a statement in a switch before its first case has no meaning here")
        hits = {
            place: fold(binary(self, "==", value, self.evaluate(case.expr)).truth)
            for place, case in enumerate(cases)
            if isinstance(case, c_ast.Case)
        }
        none = fold(no(either(*hits.values())))
        base, ways = self.state, dict[str, State]()
        through: State | None = None
        for place, case in enumerate(cases):
            hit = self._decided_in(base, hits.get(place, none))
            entry = None if hit is False else base if hit is True else base.copy(hit)
            here = self.join(through, entry)
            if here is not None:
                self.state = here
                more = self._block(case.stmts or [])
                through = more.pop("next", None)
                self._merge(ways, more)
        outside = self._decided_in(base, none)
        if not any(isinstance(case, c_ast.Default) for case in cases) and outside is not False:
            self._merge(ways, {"next": base.copy(outside)})
        for state in (through, ways.pop("break", None)):
            if state is not None:
                self._merge(ways, {"next": state})
        return ways

    def _decided_in(self, state: State, condition: Condition) -> Condition:
        self.state = state.copy()
        return self.decided(condition)

    def _while(self, node: c_ast.While) -> Ways:
        if _calls(node.cond, SCOPED):
            return self._scoped(node)
        if _calls(node.cond, WALK):
            return self._walk(node)
        return self._loop(lambda _: self.evaluate(node.cond).truth, node.stmt)

    def _do(self, node: c_ast.DoWhile) -> Ways:
        return self._loop(lambda turn: self.evaluate(node.cond).truth if turn else True, node.stmt)

    def _for(self, node: c_ast.For) -> Ways:
        self.scopes.append({})
        if isinstance(node.init, c_ast.DeclList):
            self._declarations(node.init)
        elif node.init is not None:
            self.evaluate(node.init)
        ways = self._loop(
            lambda _: True if node.cond is None else self.evaluate(node.cond).truth, node.stmt, step=node.next
        )
        gone = {name for name, _ in self.scopes.pop().values()}
        return {way: state.without(gone) for way, state in ways.items()}

    def _loop(
        self,
        test: Callable[[int], Condition],
        body: _Node,
        enter: Callable[[int], None] | None = None,
        step: _Node | None = None,
    ) -> Ways:
        """`test` before each round, given its number; `enter` before the body; `step` after it."""
        ways: Ways = {}
        exits: State | None = None
        here: State | None = self.state
        for turn in range(MOST_ROUNDS):
            assert here is not None
            self.state = here
            self.where = coordinate(body) if body.coord else self.where
            condition = self.decided(test(turn))
            if condition is not True:
                exits = self.join(exits, self.state.copy(no(condition)))
            if condition is False:
                break
            self.state = self.state.copy(condition)
            rounds = partial(self._repeated, condition, partial(self._round, turn, body, enter, step, ways))
            here, left = self.attempt(rounds) or (None, None)
            exits = self.join(exits, left)
            if here is None:
                break
        else:
            self.refuse(f"a loop goes on after {MOST_ROUNDS} rounds, and nothing shows that it ends")
        if exits is not None:
            self._merge(ways, {"next": exits})
        return ways

    def _round(
        self, turn: int, body: _Node, enter: Callable[[int], None] | None, step: _Node | None, ways: Ways
    ) -> Rounds:
        """One round."""
        if enter is not None:
            enter(turn)
        more = self.statement(body)
        left = more.pop("break", None)
        here = self.join(more.pop("next", None), more.pop("continue", None))
        self._merge(ways, more)
        if here is not None and step is not None:
            self.state = here
            self.evaluate(step)
            here = self.state
        return here, left

    def _repeated(self, condition: Condition, one: Callable[[], Rounds]) -> Rounds:
        """What `one` round comes to, where a loop goes on under a condition; others may let it stand for more."""
        return one()

    def _scoped(self, node: c_ast.While) -> Ways:
        """scoped_guard(kind, lock) { ... }: `break` and `continue` leave it."""
        lock = self.evaluate(node.cond.args.exprs[0]).pointer
        locks.acquire(self, lock)
        ways = self._released(self.statement(node.stmt), lock)
        for way in ("break", "continue"):
            if way in ways:
                self._merge(ways, {"next": ways.pop(way)})
        return ways

    def _walk(self, node: c_ast.While) -> Ways:
        """list_for_each_entry: the entries that are there at the beginning. After them the variable has no meaning."""
        variable, *_, head, member = node.cond.args.exprs
        key = head_of(self, self.evaluate(head).pointer)
        items, path = self.state.lists[key], member.value.strip('"')
        place, kind = self.place(variable)
        safe = node.cond.name.name == SAFE
        before = list(self.walks)

        def more(turn: int) -> Condition:
            self.walks = before
            self.store(place, self.unset(kind))
            return above(items.length, turn) if turn < len(items.entries) else False

        def enter(turn: int) -> None:
            entry = items.entries[turn]
            self.walks = [*before, Walk(key, entry, safe)]
            self.store(place, self.convert(Value(PointerTo(Void()), containing(self, entry, path)), kind))

        ways = self._loop(more, node.stmt, enter)
        self.walks = before
        return ways


def _calls(node: _Node, prefix: str) -> bool:
    """Whether a node calls a function whose name begins so."""
    return isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.name.name.startswith(prefix)


_RULES: Mapping[type, Callable[[Interpreter, _Node], Ways]] = {
    c_ast.Compound: Interpreter._compound,
    c_ast.EmptyStatement: Interpreter._nothing,
    c_ast.Decl: Interpreter._declaration,
    c_ast.DeclList: Interpreter._declarations,
    c_ast.Return: Interpreter._return,
    c_ast.Break: Interpreter._break,
    c_ast.Continue: Interpreter._continue,
    c_ast.Goto: Interpreter._goto,
    c_ast.Label: Interpreter._label,
    c_ast.If: Interpreter._if,
    c_ast.Switch: Interpreter._switch,
    c_ast.While: Interpreter._while,
    c_ast.DoWhile: Interpreter._do,
    c_ast.For: Interpreter._for,
}
