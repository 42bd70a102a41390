"""An execution of code whose inputs are anything: what a request, its context and its buffers hold when it begins.

What is read without having been stored is a new term, or a pointer to a new object. Left out, and why no property of
the order of steps can see it:
- What is in arrays of numbers (keys, IVs, digests), and whether an index is inside of one: an element is any number
  each time that it is read.
- Of a loop whose number of rounds such data decide, one round is executed. A number to which it has added a constant
  has that constant more for each of any number of rounds, the same for all that it has stored; everything else is
  anything afterwards. A step of the protocol in it, other than register writes, is refused.
- What a division by something else than a constant power of two gives: any number.
- That a pointer which the driver is given is NULL: the crypto API gives none.
- Which of all scatterlists two pointers share: a list is one that was read before, or another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import z3
from pycparser import c_ast

from model.source.ctypes import INT, Array, CType, Function, Integer, PointerTo, Struct, Void, promoted
from model.source.symbolic.arithmetic import binary
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.statements import Interpreter, Rounds
from model.source.symbolic.terms import Condition, both, fold, no, wide
from model.source.symbolic.values import Key, Place, Pointer, Value, fold_number
from model.source.unit import Unit

_Node: TypeAlias = Any  # pycparser ships no type information
ROUNDS = 32  # bits of a number of rounds
DEVICE, SCATTERLIST = Struct("qce_device"), Struct("scatterlist")


class Inputs(Interpreter):
    """An interpreter whose memory is anything at the beginning. `device`: the one qce_device, as soon as it is known.

    `failing`: the calls that can fail, by the term that says that one does: what it is, and file:line.
    """

    def __init__(self, unit: Unit, meanings: Meanings) -> None:
        super().__init__(unit, meanings)
        self.device: Pointer | None = None
        self.failing: dict[z3.BoolRef, tuple[str, str]] = {}
        self.untyped: set[str] = set()
        self.given: set[str] = set()
        self._lists: list[Place] = []

    # terms

    def anything(self, kind: CType, name: str) -> Value:
        """A value of which nothing is known."""
        self._names += 1
        if isinstance(kind, Integer):
            term = z3.Bool(f"{name}#{self._names}") if kind.width == 1 else None
            return Value(kind, z3.BitVec(f"{name}#{self._names}", kind.width) if term is None else term)
        if isinstance(kind, PointerTo):
            return Value(kind, self._pointer(kind, name))
        self.refuse(f"{name} is read as a whole, which has no meaning here")

    def between(self, least: int, most: int, name: str) -> Value:
        """Any int of a range."""
        value = self.anything(INT, name)
        self.assume(z3.And(value.term >= least, value.term <= most))
        return value

    def assume(self, term: z3.BoolRef) -> None:
        """From here on nothing is said about states in which a term about what was read does not hold."""
        self.facts.assume(term)

    def fails(self, what: str) -> Condition:
        """Whether a call fails that can."""
        self._names += 1
        term = z3.Bool(f"{what} fails#{self._names}")
        self.failing[term] = (what, self.where)
        return term

    def give(self, name: str, kind: CType | None) -> Pointer:
        """A new object that holds anything; one whose type is not known yet gets it where it is cast."""
        if isinstance(kind, Integer):
            found = Pointer.to(self.new(name, Array(kind, None)), 0)
        else:
            found = Pointer.to(self.new(name, kind))
        place = found.places[0][1]
        self.given.add(place.object)
        if kind is None:
            self.untyped.add(place.object)
        return found

    def _pointer(self, kind: PointerTo, name: str) -> Pointer:
        if kind.target == DEVICE and self.device is not None:
            return self.device
        if isinstance(kind.target, Function):
            self.refuse(f"{name} is called, of which nothing is known")
        found = self.give(name, None if isinstance(kind.target, Void) else kind.target)
        if kind.target != SCATTERLIST:
            return found
        return self._one_of_the_lists(found, name)

    def _one_of_the_lists(self, new: Pointer, name: str) -> Pointer:
        place = new.places[0][1]
        alternatives: list[tuple[Condition, Place | None]] = []
        others: Condition = True
        for known in self._lists:
            self._names += 1
            same = z3.Bool(f"{name} is {known}#{self._names}")
            alternatives.append((both(others, same), known))
            others = both(others, no(same))
        self._lists.append(place)
        return Pointer((*alternatives, (others, place)))

    # memory

    def convert(self, value: Value, kind: CType) -> Value:
        """The value in another type; what is given without a type has the first one that it is cast to."""
        if isinstance(kind, PointerTo) and value.is_pointer:
            for _, place in value.pointer.places:
                if place.object in self.untyped and not isinstance(kind.target, Void):
                    self.untyped.discard(place.object)
                    self.types[place.object] = kind.target
                    if kind.target == DEVICE:
                        self.device = Pointer.to(place.object)
        return super().convert(value, kind)

    def _missing(self, key: Key, kind: CType) -> Value | None:
        found = super()._missing(key, kind)
        if found is None and key[0] in self.given:
            found = self.initial[key] = self.anything(kind, str(Place(*key)))
        return found

    def keys(self, place: Place, under: Condition = True) -> Iterator[tuple[Condition, Key]]:
        """As of any machine; an element of an array whose length is not known is where it is."""
        if all(isinstance(step, str | int) for step in place.path) and place.object in self.given:
            return iter([(True, (place.object, place.path))])
        return super().keys(place, under)

    def load(self, pointer: Pointer, kind: CType) -> Value:
        """What is there; an element of an array of numbers is anything."""
        if isinstance(kind, Integer) and _is_data(pointer):
            self.accessible(pointer)
            return self.anything(kind, "data")
        return super().load(pointer, kind)

    def store(self, pointer: Pointer, value: Value) -> None:
        """Put a value there; what elements of arrays of numbers hold is not kept."""
        if isinstance(value.kind, Integer) and _is_data(pointer):
            self.accessible(pointer)
        else:
            super().store(pointer, value)

    def moved(self, pointer: Pointer, steps: Value) -> Pointer:
        """The pointer that many elements behind another one; behind an object that was given begins another one."""
        if all(place.object in self.given and not place.path for _, place in pointer.places):
            return self.give("behind", None)
        return super().moved(pointer, steps)

    def evaluate(self, node: _Node) -> Value:
        """What an expression gives; of a division by what is no constant power of two, any number."""
        if isinstance(node, c_ast.BinaryOp) and node.op in ("/", "%"):
            left, right = self.evaluate(node.left), self.evaluate(node.right)
            divisor = right.number
            if not isinstance(divisor, int) or divisor <= 0 or divisor & (divisor - 1):
                return self.anything(INT if not isinstance(left.kind, Integer) else promoted(left.kind), "quotient")
            return binary(self, node.op, left, right)
        return super().evaluate(node)

    # loops

    def _repeated(self, condition: Condition, one: Callable[[], Rounds]) -> Rounds:
        """Where data decide over it, one round for any number of them: what it has stored is anything afterwards."""
        if condition is True:
            return one()
        before, stored = dict(self.state.cells), set[Key]()

        def note(key: Key, under: Condition, value: Value) -> None:
            stored.add(key)

        self.on_store.append(note)
        self.on_rounds(True)
        done = self.join(*one())
        self.on_rounds(False)
        self.on_store.remove(note)
        if done is not None:
            more = z3.BitVec(f"more rounds#{self._names}", ROUNDS)
            self._names += 1
            for key in stored & done.cells.keys():
                value = done.cells[key]
                known = before.get(key) or self._missing(key, value.kind)
                after = None if known is None else _counted(known, value, more)
                done.cells[key] = after or self.anything(value.kind, str(Place(*key)))
        return None, done

    def on_rounds(self, begin: bool) -> None:
        """Told of a loop of which one round stands for any number, where it begins and ends."""


def _counted(before: Value, after: Value, more: z3.BitVecRef) -> Value | None:
    """What a number is after further rounds, each of which adds what the first one did; None if that is no constant."""
    kind = after.kind
    if not isinstance(kind, Integer) or before.kind != kind:
        return None
    if kind.width == 1 or before.is_truth or after.is_truth:
        return after if before.term is after.term else None
    step = fold(wide(after.number, kind.width) - wide(before.number, kind.width))
    if not isinstance(step, int):
        return None
    return Value(kind, fold_number(wide(after.number, kind.width) + wide(more, kind.width) * step, kind), after.defined)


def _is_data(pointer: Pointer) -> bool:
    last = [place.path[-1] if place.path else "" for _, place in pointer.places]
    return bool(last) and not any(isinstance(step, str) for step in last)
