"""What a driver must not do is noted with the condition under which it does it, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest
from snippets import execute

LIST = "struct n { int v; struct list_head node; };\n"
LOCK = "struct s { spinlock_t lock; int v; }; static struct s g;\n"

WRONG: dict[str, tuple[str, list[tuple[int, ...]], list[tuple[int, ...]], str]] = {
    "NULL": ("struct s { int v; }; int f(int a) { struct s x = { 1 }, *p = a ? NULL : &x; return p->v; }",
             [(1,)], [(0,)], "1: dereferences NULL"),
    "an index": ("int f(int a) { int t[3] = { 0 }; return t[a]; }",
                 [(3,), (-1,)], [(0,), (2,)], "1: an index beyond the 3 elements of t"),
    "BUG_ON": ("int f(int a) {\n BUG_ON(a == 3);\n return 0; }", [(3,)], [(2,)], "2: BUG_ON"),
    "WARN_ON": ("int f(int a) { if (WARN_ON(a == 3)) return 1; return 0; }", [(3,)], [(2,)], "1: WARN_ON"),
    "an empty list": (LIST + "int f(int a) { struct n x = { 1 }; LIST_HEAD(l); if (a) list_add(&x.node, &l);"
                             " return list_first_entry(&l, struct n, node)->v; }",
                      [(0,)], [(1,)], "2: takes the first entry of a list that is empty"),
    "twice on a list": (LIST + "int f(int a) { struct n x = { 1 }; LIST_HEAD(l); LIST_HEAD(m); list_add(&x.node, &l);"
                               " if (a) list_add(&x.node, &m); return 0; }",
                        [(1,)], [(0,)], "2: puts onto a list what is on one already"),
    "NULL onto a list": (LIST + "int f(int a) { struct n x = { 1 }, *p = a ? NULL : &x; LIST_HEAD(l);"
                                " list_add_tail(&p->node, &l); return list_empty(&l); }",
                         [(1,)], [(0,)], "2: dereferences NULL"),
    "off no list": (LIST + "int f(int a) { struct n x = { 1 }; LIST_HEAD(l); if (a) list_add(&x.node, &l);"
                           " list_del(&x.node); return 0; }",
                    [(0,)], [(1,)], "2: takes off a list what is on none"),
    "a walk that loses its step": (LIST + "int f(int a) { struct n x = { 1 }, *p; LIST_HEAD(l); list_add(&x.node, &l);"
                                          " list_for_each_entry(p, &l, node) if (a) list_del(&p->node); return 0; }",
                                   [(1,)], [(0,)],
                                   "2: takes off the list the entry from which a loop over it goes on"),
    "after a walk": (LIST + "int f(int a) { struct n x = { 1 }, *p; LIST_HEAD(l); list_add(&x.node, &l);"
                            " list_for_each_entry(p, &l, node) if (a) break; return p->v; }",
                     [(0,)], [(1,)], "2: reads what was never stored"),
    "use after free": ("struct s { int v; }; int f(int a) { struct s *p = kzalloc(sizeof(*p), GFP_NOWAIT);"
                       " if (a) kfree(p); return p->v; }", [(1,)], [(0,)], "1: uses what is freed"),
    "double free": ("struct s { int v; }; int f(int a) { struct s *p = kzalloc(sizeof(*p), GFP_NOWAIT);"
                    " if (a) kfree(p); kfree(p); return 0; }", [(1,)], [(0,)], "1: frees what is freed already"),
    "no value stored": ("int f(int a) { int x; if (a) x = 1; return x; }", [(0,)], [(1,)],
                        "1: reads what was never stored"),
    "no value returned": ("int f(int a) { if (a) return 1; }", [(0,)], [(1,)], "1: ends without a value"),
    "without the lock": (LOCK + "int f(int a) { lockdep_assert_held(&g.lock); return 0; }", [(0,)], [],
                         "2: lockdep_assert_held without the lock"),
    "a lock taken twice": (LOCK + "int f(int a) { spin_lock(&g.lock); spin_lock(&g.lock); spin_unlock(&g.lock);"
                                  " return 0; }", [(0,)], [], "2: takes a lock that it has"),
    "a lock released twice": (LOCK + "int f(int a) { spin_lock(&g.lock); spin_unlock(&g.lock); spin_unlock(&g.lock);"
                                     " return 0; }", [(0,)], [], "2: releases a lock that it does not have"),
    "a remainder": ("int f(int a) { u32 x = a; return x % 5; }", [(10,), (-1,)], [(9,), (0,)],
                    "1: x % n with x not below 2n"),
    "a long shift": ("int f(int a) { return 1 << a; }", [(32,), (-1,)], [(31,)], "1: a shift by the width or more"),
    "an error dereferenced": ("struct s { int v; }; int f(int a) { struct s x = { 1 }, *p = a ? ERR_PTR(-5) : &x;"
                              " return p->v; }", [(1,)], [(0,)], "1: dereferences an error pointer"),
    "a call of NULL": ("static int g(int x) { return x; } int f(int a) { int (*h)(int) = a ? g : NULL; return h(1); }",
                       [(0,)], [(1,)], "1: calls NULL"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_it_is_noted_just_where_it_happens(tmp_path: Path, name: str) -> None:
    code, wrong, fine, text = WRONG[name]
    executed = execute(tmp_path, code)
    assert [executed.wrongs(*arguments) for arguments in wrong] == [[text]] * len(wrong)
    assert not [found for arguments in fine for found in executed.wrongs(*arguments)]
