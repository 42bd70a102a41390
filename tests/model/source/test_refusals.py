"""What has no meaning is refused in one line with the file and the line; a tree is read, and nothing outside of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from snippets import FILE, execute, unit_of

from model.source.tree import LARGEST, SourceError, SourceTree
from model.source.unit import Unit

REFUSED = {
    "an unknown function": ("int f(int a) {\n return g(a); }", "2: the function g has no meaning here"),
    "an unknown name": ("int f(int a) {\n\n return b; }", "3: the name b has no meaning here"),
    "recursion": ("int f(int a) {\n return f(a); }", "2: f is called before it has returned; recursion"),
    "an endless loop": ("int f(int a) {\n while (a) a--;\n return a; }", "2: a loop goes on after 64 rounds"),
    "going back for ever": ("int f(int a) {\n again: goto again; }", "2: goes back 64 times"),
    "a union": ("union u { int a; u8 b; };\nint f(int a) { union u x; x.a = a;\n return x.b; }", "2: union u"),
    "a bit-field": ("struct s { int a;\n int b : 3; };\nint f(int a) { return 0; }", "2: a bit-field"),
    "a float": ("int f(int a) {\n return 1.5; }", "2: the constant 1.5"),
    "a division": ("int f(int a) {\n return a / 3; }", "2: a division by what is no constant power of two"),
    "a pointer as a number": ("int f(int a) {\n return (long)&a; }", "2: a conversion between a pointer and a number"),
    "a lock on one path": (
        "static spinlock_t l; int f(int a) {\n if (a)\n  spin_lock(&l);\n return 0; }",
        "3: a lock is held on one of the paths",
    ),
    "typeof": ("int f(int a) {\n typeof(a) b = a; return b; }", "2: a type that is computed (typeof)"),
    "an unknown type": ("int g;\nint f(unknown_t a) { return 0; }", "2:"),
    "no C": ("int f(int a) { return 0; }\n\nint g( {", "3:"),
    "a list that nobody made": (
        "struct s { struct list_head l; }; int f(int a) { struct s x;\n return list_empty(&x.l); }",
        "2: x.l is a list of which nothing is known",
    ),
    "a jump into a block": ("int f(int a) { goto in;\n if (a) { in: a = 1; } return a; }", "1: f is left by goto in"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_one_line_with_file_and_line(tmp_path: Path, name: str) -> None:
    code, expected = REFUSED[name]
    with pytest.raises(SourceError) as refused:
        execute(tmp_path, code)
    assert str(refused.value).startswith(f"{FILE}:{expected}") and "\n" not in str(refused.value)


def test_every_name_has_the_line_that_it_has_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "own.h").write_text("\n" * 7 + "static inline int h(void)\n{\n\treturn unknown_in_header;\n}\n")
    code = '/* one\n two */\n#include <linux/none.h>\n#include "own.h"\n#define TWO(x) \\\n\t(x)\n\nint f(void)\n{\n'
    unit = unit_of(tmp_path, code + "\treturn TWO(\n\t\t1) +\n\t\tunknown;\n}\n")
    assert unit.functions["f"].coord.line == 8
    assert unit.functions["h"].coord.line == 8 and unit.functions["h"].coord.file == "own.h"
    with pytest.raises(SourceError, match=r"snippet\.c:12: the name unknown"):
        execute(tmp_path, code + "\treturn TWO(\n\t\t1) +\n\t\tunknown;\n}\n")


def test_a_macro_defined_beforehand_stands_until_the_file_defines_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("#ifdef A\nenum { X = A };\n#endif\n#define A 4\nenum { Y = A };\n")
    assert Unit.read(SourceTree(tmp_path), [FILE], {"A": "3"}).constants["X"] == 3
    assert Unit.read(SourceTree(tmp_path), [FILE], {"A": "3"}).constants["Y"] == 4


def test_what_is_no_file_of_a_tree_is_refused(tmp_path: Path) -> None:
    tree = SourceTree(tmp_path)
    (tmp_path / "large.c").write_bytes(b" " * (LARGEST + 1))
    (tmp_path / "bytes.c").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.c").mkdir()
    (tmp_path / "device.c").symlink_to("/dev/zero")
    (tmp_path / "self.c").write_text('#include "self.c"\n')
    (tmp_path / "missing.c").write_text('int x;\n#include "missing.h"\n')
    for name, said in {
        "none.c": "No such file",
        "large.c": "larger than 4 MiB",
        "bytes.c": "no UTF-8",
        "folder.c": "directory",
        "device.c": "leads out of",
        "self.c": "more than 100 headers",
        "missing.c": "missing.c:2: the header missing.h is not in the tree",
    }.items():
        with pytest.raises(SourceError, match=said) as refused:
            Unit.read(tree, [name])
        assert "\n" not in str(refused.value)
    with pytest.raises(SourceError, match="is not a folder"):
        SourceTree(tmp_path / "none")
