"""C in the kernel's idiom, also ugly C, against results that were computed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from snippets import execute

LIST = "struct n { int v; struct list_head node; };\n"

SNIPPETS: dict[str, tuple[str, dict[tuple[int, ...], int]]] = {
    "a loop with continue and break": (
        """int f(int a) { int i, s = 0;
           for (i = 0; i < 4; i++) { if (a == i) continue; if (a > 10) break; s += i; } return s; }""",
        {(0,): 6, (1,): 5, (3,): 3, (4,): 6, (11,): 0, (-1,): 6},
    ),
    "a switch that falls through": (
        """int f(int a) { int s = 0;
           switch (a) { case 1: s = 100; case 2: s += 1000; break; case 3: return 7; default: s = -1; } return s; }""",
        {(1,): 1100, (2,): 1000, (3,): 7, (4,): -1},
    ),
    "a default in the middle": (
        "int f(int a) { switch (a) { case 1: return 1; default: a = 9; case 2: a++; } return a; }",
        {(1,): 1, (2,): 3, (5,): 10},
    ),
    "a switch without a default": ("int f(int a) { switch (a) { case 1: a = 5; } return a; }", {(1,): 5, (2,): 2}),
    "goto out of nested loops": (
        """int f(int a) { int i, j, s = 0;
           for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) { if (i * 3 + j == a) goto out; s++; }
           return -1;
           out: return s; }""",
        {(0,): 0, (4,): 4, (8,): 8, (9,): -1},
    ),
    "unwinding by goto": (
        """int f(int a) { int s = 0;
           if (a & 1) goto one; s |= 1; if (a & 2) goto two; s |= 2; return s;
           two: s |= 4;
           one: s |= 8;
           return s; }""",
        {(0,): 3, (1,): 8, (2,): 13, (3,): 8},
    ),
    "goto back": (
        "int f(int a) { int n = 0; a &= 3; again: if (a) { a--; n += 2; goto again; } return n; }",
        {(7,): 6},
    ),
    "do while": ("int f(int a) { int n = 0; a &= 3; do { n++; } while (a-- > 0); return n; }", {(0,): 1, (3,): 4}),
    "do while (0) with break": (
        "int f(int a) { do { if (a) break; return 1; } while (0); return 2; }",
        {(0,): 1, (5,): 2},
    ),
    "the value of an assignment": ("int f(int a) { int x, y; x = y = a + 1; return x * 2 + y; }", {(1,): 6}),
    "an assignment as a condition": (
        """static int g(int a) { return a > 3 ? -a : 0; }
           int f(int a) { int r; if ((r = g(a)) < 0) return r; return 1; }""",
        {(5,): -5, (2,): 1},
    ),
    "before and after an increment": (
        "int f(int a) { int x = a++, y = ++a, z = a--, w = --a; return x * 1000 + y * 100 + z * 10 + w; }",
        {(1,): 1331},
    ),
    "a comma": ("int f(int a) { int b = (a += 2, a * 3); return b + a; }", {(1,): 12}),
    "?: with an omitted middle": ("int f(int a) { return a ?: 7; }", {(0,): 7, (3,): 3}),
    "&& does not evaluate its right side": (
        "int f(int a) { int n = 0; if (a && ++n) n += 10; if (a || ++n) n += 100; return n; }",
        {(0,): 101, (1,): 111},
    ),
    "a 16-bit counter wraps": ("int f(int a) { unsigned short h = a; h += 1; return h; }", {(65535,): 0, (3,): 4}),
    "a narrow operand is promoted": (
        "int f(int a) { u8 x = a, y = 255; return x + y; }",
        {(1,): 256, (257,): 256},
    ),
    "a sign is extended": ("int f(int a) { short s = a; long l = s; return l < 0; }", {(0x8000,): 1, (1,): 0}),
    "unsigned wins over int": ("int f(int a) { u32 u = 1; return a < u; }", {(-1,): 0, (0,): 1}),
    "a longer signed type keeps the sign": ("int f(int a) { u32 u = 1; return (long)a < u; }", {(-1,): 1, (1,): 0}),
    "a shift of a narrow value": ("int f(int a) { u8 x = a; return (x << 4) >> 2; }", {(255,): 1020}),
    "an arithmetic shift": ("int f(int a) { return a >> 1; }", {(-4,): -2, (4,): 2}),
    "flags": (
        "#define F(n) BIT(n)\nint f(int a) { u16 x = F(15) | F(3); x &= ~F(3); x |= a & F(0); return x; }",
        {(1,): 0x8001, (2,): 0x8000},
    ),
    "remainder below twice the size": (
        "int f(int a) { u32 x = a & 7; x %= 5; return x; }",
        {(4,): 4, (5,): 0, (7,): 2},
    ),
    "a division by a power of two": ("int f(int a) { u32 x = a; return x / sizeof(u64); }", {(17,): 2}),
    "the size of a struct has its padding": (
        "struct s { u8 a; u32 b; u16 c; }; int f(void) { return sizeof(struct s); }",
        {(): 12},
    ),
    "the size of an unevaluated expression": (
        "struct s { u16 d[3]; u32 e; }; int f(int a) { struct s x; return sizeof(x.d[a++]) + a; }",
        {(1,): 3},
    ),
    "CIRC_SPACE and CIRC_CNT": (
        "int f(int h, int t) { return CIRC_SPACE(h & 7, t & 7, 8) * 10 + CIRC_CNT(h & 7, t & 7, 8); }",
        {(0, 0): 70, (7, 0): 7, (0, 7): 61, (3, 5): 16},
    ),
    "a copied struct": (
        """struct s { int a, b[2]; }; int f(int v) { struct s x = { 1, { v, 3 } }, y;
           y = x; x.b[0] = 9; return y.b[0] * 10 + y.b[1]; }""",
        {(4,): 43},
    ),
    "designated and left out": (
        "struct s { int a, b, c; }; int f(void) { struct s x = { .b = 2, 5 }; return x.a * 100 + x.b * 10 + x.c; }",
        {(): 25},
    ),
    "a table": (
        "static const int t[] = { [2] = 7, 8, [0] = 5 }; int f(int a) { return t[a & 3] * 10 + ARRAY_SIZE(t); }",
        {(0,): 54, (1,): 4, (2,): 74, (3,): 84},
    ),
    "an index that is a term": (
        "int f(int a) { int t[4] = { 1, 2, 3, 4 }; t[a & 3] = 9; return t[0] * 1000 + t[1] * 100 + t[2] * 10 + t[3]; }",
        {(0,): 9234, (2,): 1294},
    ),
    "a pointer to one of two": (
        "int f(int a) { int x = 1, y = 2, *p = a ? &x : &y; *p += 10; return x * 100 + y; }",
        {(0,): 112, (1,): 1102},
    ),
    "pointers into an array": (
        "int f(int a) { int t[4] = { 1, 2, 3, 4 }, *p = t; p += a & 1; p++; return *p * 10 + p[1] + (p == &t[2]); }",
        {(0,): 23, (1,): 35},
    ),
    "functions by pointer": (
        """static int one(int x) { return x + 1; } static int two(int x) { return x * 2; }
           struct ops { int (*run)(int); };
           int f(int a) { struct ops o = { .run = a > 5 ? one : two }; return o.run(a); }""",
        {(6,): 7, (5,): 10},
    ),
    "functions made by a macro": (
        """#define GETTER(n) static int get_##n(int v) { return v + n; }
GETTER(3)
GETTER(40)
int f(int a) {
           return get_3(get_40(a)); }""",
        {(1,): 44},
    ),
    "an early return under a guard": (
        """struct s { spinlock_t lock; int v; }; static struct s g = { .v = 4 };
           int f(int a) { guard(spinlock_irqsave)(&g.lock); if (a) return g.v; g.v++;
           lockdep_assert_held(&g.lock); return g.v; }""",
        {(1,): 4, (0,): 5},
    ),
    "break out of a scoped guard": (
        """struct s { spinlock_t lock; }; static struct s g;
           int f(int a) { int n = 1; scoped_guard(spinlock_irqsave, &g.lock) { if (a) break; n = 2; } return n; }""",
        {(1,): 1, (0,): 2},
    ),
    "error pointers": (
        """struct s { int v; }; static struct s *g(int a, struct s *p) { if (a) return ERR_PTR(-ENOMEM); return p; }
           int f(int a) { struct s x = { 3 }, *p = g(a, &x); if (IS_ERR(p)) return PTR_ERR(p); return p->v; }""",
        {(1,): -12, (0,): 3},
    ),
    "list_add and list_add_tail": (
        LIST
        + """int f(int a) { struct n x = { 1 }, y = { 2 }, z = { 3 }, *p; int s = 0; LIST_HEAD(l);
           list_add_tail(&x.node, &l); if (a) list_add(&y.node, &l); else list_add_tail(&y.node, &l);
           list_add_tail(&z.node, &l); list_for_each_entry(p, &l, node) s = s * 10 + p->v; return s; }""",
        {(0,): 123, (1,): 213},
    ),
    "deleting while walking": (
        LIST
        + """int f(int a) { struct n x = { 1 }, y = { 2 }, z = { 3 }, *p, *q; int s = 0; LIST_HEAD(l);
           list_add_tail(&x.node, &l); list_add_tail(&y.node, &l); list_add_tail(&z.node, &l);
           list_for_each_entry_safe(p, q, &l, node) if (p->v != a) list_del(&p->node);
           list_for_each_entry(p, &l, node) s = s * 10 + p->v; return s; }""",
        {(1,): 1, (2,): 2, (4,): 0},
    ),
    "splicing two lists": (
        LIST
        + """int f(int a) { struct n x = { 1 }, y = { 2 }, *p; int s = 0; LIST_HEAD(l); LIST_HEAD(m);
           if (a & 1) list_add(&x.node, &l); if (a & 2) list_add(&y.node, &m); list_splice_tail_init(&m, &l);
           if (!list_empty(&m)) return -1; list_for_each_entry(p, &l, node) s = s * 10 + p->v; return s; }""",
        {(0,): 0, (1,): 1, (2,): 2, (3,): 12},
    ),
    "the first entry or NULL": (
        LIST
        + """int f(int a) { struct n x = { 5 }, *p; LIST_HEAD(l); if (a) list_add(&x.node, &l);
           while ((p = list_first_entry_or_null(&l, struct n, node))) { a += p->v; list_del(&p->node); } return a; }""",
        {(0,): 0, (1,): 6},
    ),
    "an allocated object with an array at its end": (
        """struct e { u16 f; }; struct t { int n; struct e d[]; };
           int f(int a) { struct t *t = kzalloc(struct_size(t, d, 3), GFP_NOWAIT); int r;
           t->d[a & 1].f |= 4; r = t->d[1].f + t->n; kfree(t); return r; }""",
        {(0,): 0, (1,): 4},
    ),
    "memcpy of a number of elements that is a term": (
        """int f(int a) { u16 x[3] = { 1, 2, 3 }, y[4] = { 0 }; memcpy(&y[1], x, (a & 3) * sizeof(u16));
           return y[0] * 1000 + y[1] * 100 + y[2] * 10 + y[3]; }""",
        {(0,): 0, (1,): 100, (2,): 120, (3,): 123},
    ),
    "a pointer that cannot be what it could": (
        """struct s { int v; };
           int f(int a) { struct s x = { 1 }, y = { 2 }, *q = a ? &x : &y; char b[1] = { 7 }, *p = a ? "text" : b;
           int n = q->v; if (!a) n += p[0]; return n; }""",
        {(0,): 9, (1,): 1},
    ),
    "shadowed names": ("int f(int a) { int x = 1; { int x = a; x++; a = x; } return a * 10 + x; }", {(3,): 41}),
    "octal, hexadecimal, characters": ("int f(void) { return 010 + 0x10 + '0' + 2U; }", {(): 74}),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_function_gives_what_c_says(tmp_path: Path, name: str) -> None:
    code, expected = SNIPPETS[name]
    executed = execute(tmp_path, code)
    assert {arguments: executed.gives(*arguments) for arguments in expected} == expected
    assert not [wrong for arguments in expected for wrong in executed.wrongs(*arguments)]
