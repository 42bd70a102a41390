"""Where a term depends on constants of which nothing is known, as a condition that is far smaller than the term.

"The term is another one for other values" asks a solver about all that is computed. Here it is asked only which of the
constants is looked at: where none is, the term is the same whatever they are. The condition may hold where a term does
not depend on them after all, as `x - x` does not on x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import z3

from model.language.system import Term
from model.language.terms import variables_of
from model.source.symbolic.terms import Condition, as_term, bit_blasting, both, either, no


def dependent(terms: Mapping[str, Term], unknown: Callable[[str], bool], assumed: Sequence[Term]) -> str | None:
    """The key of a term that has not one value for all values of what is unknown by its name, None if there is none."""
    looking = {key: as_term(found) for key, found in zip(terms, depends(terms.values(), unknown), strict=True)}
    for key in _looking(looking, assumed):
        (plain,) = without([terms[key]], unknown)
        solver = bit_blasting()
        solver.add(*assumed, terms[key] != plain)
        if solver.check() != z3.unsat:
            return key
    return None


def _looking(conditions: Mapping[str, Term], assumed: Sequence[Term]) -> list[str]:
    """The keys of the conditions that can hold, or may: each turn asks about all of which that is not known."""
    found: list[str] = []
    while rest := [key for key in conditions if key not in found]:
        solver = bit_blasting()
        solver.add(*assumed, z3.Or(*(conditions[key] for key in rest)))
        answer = solver.check()
        if answer == z3.unsat:
            break
        if answer == z3.unknown:
            return list(conditions)
        model = solver.model()
        found += [key for key in rest if z3.is_true(model.eval(conditions[key], model_completion=True))]
    return found


def without(terms: Sequence[Term], unknown: Callable[[str], bool]) -> list[Term]:
    """Terms with 0 for the constants that are unknown by their names."""
    zeros, stack, seen = [], list(terms), set()
    while stack:
        here = stack.pop()
        if here.get_id() in seen:
            continue
        seen.add(here.get_id())
        if not any(map(unknown, variables_of(here))):
            continue
        parts = here.children()
        stack += parts
        if not parts:
            zeros.append((here, z3.BoolVal(False) if z3.is_bool(here) else z3.BitVecVal(0, here.size())))
    return [
        z3.simplify(z3.substitute(term, *zeros)) if any(map(unknown, variables_of(term))) else term for term in terms
    ]


def depends(terms: Iterable[Term], unknown: Callable[[str], bool]) -> list[Condition]:
    """For each term where it looks at a constant that is unknown by its name.

    For all values of these for which it does not hold, beside the same ones of the others, the term has one value.
    """
    roots = list(terms)
    found: dict[int, Condition] = {}
    stack: list[tuple[Term, Sequence[Term] | None]] = [(term, None) for term in roots]
    while stack:
        here, parts = stack.pop()
        if here.get_id() in found:
            continue
        if parts is not None:
            found[here.get_id()] = _of(here, parts, [found[part.get_id()] for part in parts], unknown)
        elif any(map(unknown, variables_of(here))):
            parts = here.children()
            stack.append((here, parts))
            stack += [(part, None) for part in parts]
        else:
            found[here.get_id()] = False
    return [found[root.get_id()] for root in roots]


def _of(term: Term, parts: Sequence[Term], looked: Sequence[Condition], unknown: Callable[[str], bool]) -> Condition:
    kind = term.decl().kind()
    if not parts:
        return kind == z3.Z3_OP_UNINTERPRETED and unknown(term.decl().name())
    if kind == z3.Z3_OP_ITE:
        return _either((looked[0], _chosen(parts[0], looked[1], looked[2])))
    some = _either(looked)
    if kind not in (z3.Z3_OP_AND, z3.Z3_OP_OR):
        return some
    # one part that is known to be false decides an And, whatever the others are, and one that is true an Or
    rest = [part if kind == z3.Z3_OP_AND else no(part) for part in parts]
    return both(some, *(_either(pair) for pair in zip(rest, looked, strict=True)))


def _chosen(condition: Term, one: Condition, other: Condition) -> Condition:
    if not isinstance(one, bool) and not isinstance(other, bool):
        return one if one.eq(other) else z3.If(condition, one, other)
    # what is True or False of the two needs no choice
    return _either((both(condition, one), both(no(condition), other)))


def _either(conditions: Iterable[Condition]) -> Condition:
    """Whether one holds, each named once: most parts of a term look at the same constants."""
    return either(*{one if isinstance(one, bool) else one.get_id(): one for one in conditions}.values())
