"""A system's actions, and conditions on its states, as LLVM IR that reads packed states.

States are rows of `layout.words` 64-bit words, one after the other. For action number k there are

- `enabled{k}(rows, first, n, keys, sources, met) -> i64`: of the n states from number `first` on those in which it is
  enabled, their numbers in `sources`, how many as the result. Bit i of `keys`: whether the i-th of its capacities
  counts; `met` gets bit i if it would be exceeded in one of the states.
- `fired{k}(rows, sources, n, kept, out)`: the rows after the action, from each of the n `sources`. Only the bits in
  `kept`, one row, change: a part of the system leaves the other variables as they are.

and for condition number k

- `holds{k}(rows, sources, n, out)`: whether it holds in each of the n `sources`, as bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.language.concrete import Layout
from model.language.llvm import Instructions
from model.language.operators import UnsupportedTermError
from model.language.system import Action, Term, TransitionSystem

MOST_KEYS = 32  # bits of `keys`
_LOOP = """define {result} @{name}({parameters}) {{
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
{body}
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
{end}
}}
"""
_AT_SOURCE = "ptr noalias %rows, ptr noalias %sources, i64 %n"
_SOURCE = """  %source.at = getelementptr i64, ptr %sources, i64 %i
  %source = load i64, ptr %source.at
"""


class _Row:
    """Instructions that read the state with the number in register `state`."""

    def __init__(self, layout: Layout, state: str) -> None:
        self.layout = layout
        self.words: dict[int, str] = {}
        self.body = Instructions(self._variable)
        offset = self.body.put(f"mul i64 {state}, {layout.words}")
        self._row = self.body.put(f"getelementptr i64, ptr %rows, i64 {offset}")

    def word(self, number: int) -> str:
        """The register of a word of the state."""
        if number not in self.words:
            address = self.body.put(f"getelementptr i64, ptr {self._row}, i64 {number}")
            self.words[number] = self.body.put(f"load i64, ptr {address}")
        return self.words[number]

    def _variable(self, body: Instructions, name: str) -> str:
        word, low, bits = self.layout.places[name]
        return body.part(self.word(word), 64, low, bits)

    def code(self, *further: str) -> str:
        """The instructions so far, and further ones."""
        return "\n".join([*self.body.lines, *further])


def of_actions(system: TransitionSystem, layout: Layout) -> str:
    """The functions of all actions; raises UnsupportedTermError."""
    pairs = ((_enabled(k, action, layout), _fired(k, action, layout)) for k, action in enumerate(system.actions))
    return "\n".join(text for pair in pairs for text in pair)


def of_conditions(terms: Iterable[Term], layout: Layout) -> str:
    """The functions of some conditions; raises UnsupportedTermError."""
    return "\n".join(_holds(number, term, layout) for number, term in enumerate(terms))


def _enabled(number: int, action: Action, layout: Layout) -> str:
    if len(action.overflow) > MOST_KEYS:
        raise UnsupportedTermError(f"{action.name} has more than {MOST_KEYS} capacities")
    row = _Row(layout, "%state")
    put = row.body.put
    guards = [row.body.visit(term) for term in action.guard.values()]
    guard = _folded(row.body, "and i1", guards, "true")
    bits = [row.body.placed(row.body.visit(term), 0, bit, 32) for bit, term in enumerate(action.overflow.values())]
    over = put(f"select i1 {guard}, i32 {_folded(row.body, 'or i32', bits, '0')}, i32 0")
    barred = put(f"and i32 {over}, %keys")
    free = put(f"icmp eq i32 {barred}, 0")
    enabled = put(f"and i1 {free}, {guard}")
    body = f"""  %count = phi i64 [0, %entry], [%counted, %loop]
  %seen = phi i32 [0, %entry], [%all, %loop]
  %state = add i64 %first, %i
{row.code()}
  %all = or i32 %seen, {over}
  %to = getelementptr i64, ptr %sources, i64 %count
  store i64 %state, ptr %to
  %one = zext i1 {enabled} to i64
  %counted = add i64 %count, %one"""
    parameters = "ptr noalias %rows, i64 %first, i64 %n, i32 %keys, ptr noalias %sources, ptr noalias %met"
    end = "  store i32 %all, ptr %met\n  ret i64 %counted"
    return _LOOP.format(result="i64", name=f"enabled{number}", parameters=parameters, body=body, end=end)


def _fired(number: int, action: Action, layout: Layout) -> str:
    row = _Row(layout, "%source")
    put = row.body.put
    fresh: dict[int, list[str]] = {}
    for name, term in action.updates.items():
        word, low, bits = layout.places[name]
        fresh.setdefault(word, []).append(row.body.placed(row.body.visit(term), bits, low, 64))
    offset = put(f"mul i64 %i, {layout.words}")
    for word in range(layout.words):
        value = row.word(word)
        if word in fresh:
            kept = put(f"load i64, ptr {put(f'getelementptr i64, ptr %kept, i64 {word}')}")
            change = put(f"xor i64 {value}, {_folded(row.body, 'or i64', fresh[word], '0')}")
            value = put(f"xor i64 {value}, {put(f'and i64 {change}, {kept}')}")
        place = put(f"add i64 {offset}, {word}")
        address = put(f"getelementptr i64, ptr %out, i64 {place}")
        row.body.lines.append(f"  store i64 {value}, ptr {address}")
    parameters = f"{_AT_SOURCE}, ptr noalias %kept, ptr noalias %out"
    body = _SOURCE + row.code()
    return _LOOP.format(result="void", name=f"fired{number}", parameters=parameters, body=body, end="  ret void")


def _holds(number: int, term: Term, layout: Layout) -> str:
    row = _Row(layout, "%source")
    value = row.body.placed(row.body.visit(term), 0, 0, 8)
    store = ("  %to = getelementptr i8, ptr %out, i64 %i", f"  store i8 {value}, ptr %to")
    parameters, body = f"{_AT_SOURCE}, ptr noalias %out", _SOURCE + row.code(*store)
    return _LOOP.format(result="void", name=f"holds{number}", parameters=parameters, body=body, end="  ret void")


def _folded(body: Instructions, instruction: str, values: Sequence[str], empty: str) -> str:
    result = values[0] if values else empty
    for value in values[1:]:
        result = body.put(f"{instruction} {result}, {value}")
    return result
