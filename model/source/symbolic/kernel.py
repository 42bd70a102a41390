"""What functions of the kernel mean to any driver: lists, locks, errors, and what nothing here can see.

Barriers, messages, byte order and the device's power accounting are nothing: a section is atomic, nobody reads the
messages, and the machine is little-endian.
"""

from __future__ import annotations

from model.source.ctypes import INT, LONG, UNSIGNED_LONG, VOID_POINTER, CType, Integer, PointerTo
from model.source.symbolic import lists, locks
from model.source.symbolic.arithmetic import binary
from model.source.symbolic.machine import Machine
from model.source.symbolic.meanings import Meanings
from model.source.symbolic.terms import Condition, both, either, fold, no, wide
from model.source.symbolic.values import ERROR, INDEX, VOID, Pointer, Value, convert, merge, number, truth

MOST_ELEMENTS = 64  # of a memcpy: more than any model has
KERNEL = Meanings()
mean = KERNEL.mean


@mean("wmb", "mb", "rmb", "barrier", "smp_mb", "cpu_relax", text="nothing: a section is atomic")
@mean(
    "dev_err",
    "dev_warn",
    "dev_info",
    "dev_dbg",
    "dev_vdbg",
    "dev_err_ratelimited",
    "pr_err",
    "pr_debug",
    text="a message: nothing",
)
@mean("pm_runtime_mark_last_busy", "pm_runtime_put_autosuspend", text="power accounting: nothing")
def nothing(machine: Machine, *arguments: Value) -> None:
    """What has no effect here."""


@mean(
    "cpu_to_le16",
    "cpu_to_le32",
    "cpu_to_le64",
    "le16_to_cpu",
    "le32_to_cpu",
    "le64_to_cpu",
    text="its argument: the machine is little-endian",
)
def same(machine: Machine, value: Value) -> Value:
    """What gives its argument."""
    return value


# lists


@mean("list_empty", "list_empty_careful", text="whether the list has no entry")
def list_empty(machine: Machine, head: Value) -> Value:
    """list_empty."""
    return truth(lists.is_empty(machine, head.pointer))


@mean("list_add", text="puts an entry at the front of a list")
def list_add(machine: Machine, entry: Value, head: Value) -> None:
    """list_add."""
    lists.push(machine, entry.pointer, head.pointer, front=True)


@mean("list_add_tail", text="puts an entry at the end of a list")
def list_add_tail(machine: Machine, entry: Value, head: Value) -> None:
    """list_add_tail."""
    lists.push(machine, entry.pointer, head.pointer, front=False)


@mean("list_del", "list_del_init", text="takes an entry off its list")
def list_del(machine: Machine, entry: Value) -> None:
    """list_del."""
    lists.remove(machine, entry.pointer)


@mean("list_move", text="takes an entry off its list, and puts it at the front of another")
def list_move(machine: Machine, entry: Value, head: Value) -> None:
    """list_move."""
    lists.remove(machine, entry.pointer)
    lists.push(machine, entry.pointer, head.pointer, front=True)


@mean("list_move_tail", text="takes an entry off its list, and puts it at the end of another")
def list_move_tail(machine: Machine, entry: Value, head: Value) -> None:
    """list_move_tail."""
    lists.remove(machine, entry.pointer)
    lists.push(machine, entry.pointer, head.pointer, front=False)


@mean("list_splice_tail_init", text="moves all entries of a list to the end of another")
def list_splice_tail_init(machine: Machine, source: Value, target: Value) -> None:
    """list_splice_tail_init."""
    lists.splice(machine, source.pointer, target.pointer, tail=True)


@mean("list_splice_init", text="moves all entries of a list to the front of another")
def list_splice_init(machine: Machine, source: Value, target: Value) -> None:
    """list_splice_init."""
    lists.splice(machine, source.pointer, target.pointer, tail=False)


@mean("INIT_LIST_HEAD", text="an empty list")
def init_list_head(machine: Machine, head: Value) -> None:
    """INIT_LIST_HEAD."""
    lists.initialize(machine, head.pointer)


def _entry(machine: Machine, head: Value, member: Value, at_end: bool, or_null: bool) -> Value:
    empty = lists.is_empty(machine, head.pointer)
    if not or_null:
        machine.oblige(
            empty,
            "takes the first entry of a list that is empty"
            if not at_end
            else "takes the last entry of a list that is empty",
        )
    if machine.decided(empty) is True:
        if or_null:
            return Value(VOID_POINTER, _null())
        machine.refuse("takes an entry of a list that is empty on every path that gets here")
    found = (lists.last if at_end else lists.first)(machine, head.pointer)
    value = Value(VOID_POINTER, lists.containing(machine, found, _text(member)))
    return merge(empty, Value(VOID_POINTER, _null()), value) if or_null else value


def _null() -> Pointer:
    return Pointer(((True, None),))


def _text(value: Value) -> str:
    """The text of a string constant, which is its object's name."""
    (_, place), *_ = value.pointer.places
    return place.object.removeprefix("string ").strip('"')


@mean("__list_first_entry", text="list_first_entry: what has the list's first entry inside")
def list_first_entry(machine: Machine, head: Value, member: Value) -> Value:
    """list_first_entry."""
    return _entry(machine, head, member, at_end=False, or_null=False)


@mean("__list_first_entry_or_null", text="list_first_entry_or_null: the same, or NULL")
def list_first_entry_or_null(machine: Machine, head: Value, member: Value) -> Value:
    """list_first_entry_or_null."""
    return _entry(machine, head, member, at_end=False, or_null=True)


@mean("__list_last_entry", text="list_last_entry: what has the list's last entry inside")
def list_last_entry(machine: Machine, head: Value, member: Value) -> Value:
    """list_last_entry."""
    return _entry(machine, head, member, at_end=True, or_null=False)


@mean("__container_of", text="container_of, from_tasklet, from_work: what has the member inside")
def container_of(machine: Machine, inner: Value, member: Value) -> Value:
    """container_of."""
    return Value(VOID_POINTER, lists.containing(machine, inner.pointer, _text(member)))


# locks


@mean("__spin_lock_irqsave", text="spin_lock_irqsave: a section begins")
def spin_lock_irqsave(machine: Machine, lock: Value, flags: Value) -> None:
    """spin_lock_irqsave."""
    locks.acquire(machine, lock.pointer)
    assert isinstance(flags.kind, PointerTo)
    kind = flags.kind.target
    assert isinstance(kind, Integer)
    machine.store(flags.pointer, number(0, kind))


@mean("spin_lock", "spin_lock_irq", "spin_lock_bh", text="a section begins")
def spin_lock(machine: Machine, lock: Value) -> None:
    """spin_lock."""
    locks.acquire(machine, lock.pointer)


@mean("spin_unlock", "spin_unlock_irq", "spin_unlock_bh", "spin_unlock_irqrestore", text="a section ends")
def spin_unlock(machine: Machine, lock: Value, flags: Value = VOID) -> None:
    """spin_unlock."""
    locks.release(machine, lock.pointer)


@mean("lockdep_assert_held", text="the lock is held: to be proved")
def lockdep_assert_held(machine: Machine, lock: Value) -> None:
    """lockdep_assert_held."""
    locks.demand_held(machine, lock.pointer)


# errors


@mean("BUG_ON", text="its argument is false: to be proved")
def bug_on(machine: Machine, condition: Value) -> None:
    """BUG_ON."""
    machine.oblige(condition.truth, "BUG_ON")


@mean("WARN_ON", "WARN_ON_ONCE", text="its argument, which is false: to be proved")
def warn_on(machine: Machine, condition: Value) -> Value:
    """WARN_ON."""
    machine.oblige(condition.truth, "WARN_ON")
    return truth(condition.truth)


@mean("ERR_PTR", text="a pointer that is an error")
def err_ptr(machine: Machine, error: Value) -> Value:
    """ERR_PTR."""
    code = convert(error, LONG)
    assert code is not None
    return Value(
        VOID_POINTER, Pointer.to(ERROR, code.number if isinstance(code.number, int) else wide(code.number, INDEX))
    )


def _is_error(pointer: Pointer) -> Condition:
    return either(*(under for under, place in pointer.places if place.object == ERROR))


@mean("IS_ERR", text="whether a pointer is an error")
def is_err(machine: Machine, pointer: Value) -> Value:
    """IS_ERR."""
    return truth(fold(_is_error(pointer.pointer)))


@mean("IS_ERR_OR_NULL", text="whether a pointer is an error, or NULL")
def is_err_or_null(machine: Machine, pointer: Value) -> Value:
    """IS_ERR_OR_NULL."""
    return truth(fold(either(_is_error(pointer.pointer), pointer.pointer.null)))


@mean("PTR_ERR", text="the error that a pointer is")
def ptr_err(machine: Machine, pointer: Value) -> Value:
    """PTR_ERR."""
    machine.oblige(no(_is_error(pointer.pointer)), "takes the error of a pointer that is none")
    found = number(0, LONG)
    for under, place in pointer.pointer.places:
        if place.object == ERROR:
            found = merge(under, number(place.path[0], LONG), found)
    return found


# memory


@mean("kzalloc", text="a new object, all 0")
def kzalloc(machine: Machine, size: Value, flags: Value) -> Value:
    """kzalloc."""
    if not isinstance(size.number, int):
        machine.refuse("allocates a number of bytes that is not constant")
    name = machine.new("allocated", None, zeroed=True)
    machine.allocated[name] = size.number
    return Value(VOID_POINTER, Pointer.to(name, 0))


@mean("kfree", text="the object is gone; using it, or freeing it again, is an error")
def kfree(machine: Machine, pointer: Value) -> None:
    """kfree."""
    for under, place in pointer.pointer.places:
        if machine.possible(under):
            before = machine.state.gone.get(place.object, False)
            machine.oblige(both(under, before), "frees what is freed already")
            machine.state.gone[place.object] = fold(either(before, under))


@mean("memset", text="sets an object to 0")
def memset(machine: Machine, target: Value, value: Value, size: Value) -> Value:
    """memset to 0 of a whole object; anything else is refused."""
    assert isinstance(target.kind, PointerTo)
    kind = target.kind.target
    if value.number != 0 or size.number != machine.unit.size(kind, machine.where):
        machine.refuse("memset of another value than 0, or of a part of an object, has no meaning")
    for steps, leaf in machine.leaves(kind):
        zero = machine.zero(leaf)
        if zero is None:
            machine.refuse("memset of a list's head has no meaning")
        machine.store(target.pointer.inside(*steps), zero)
    return target


@mean("memcpy", text="copies elements of one array to another, as many as the bytes are")
def memcpy(machine: Machine, target: Value, source: Value, size: Value) -> Value:
    """memcpy of whole elements of one type."""
    assert isinstance(target.kind, PointerTo)
    assert isinstance(source.kind, PointerTo)
    kind = target.kind.target
    if kind != source.kind.target:
        machine.refuse("memcpy between objects of different types has no meaning")
    each = number(machine.unit.size(kind, machine.where), UNSIGNED_LONG)
    count = binary(machine, "/", size, each)
    machine.oblige(
        no(binary(machine, "==", binary(machine, "*", count, each), size).truth), "memcpy of a part of an element"
    )
    position = 0
    while (more := machine.decided(binary(machine, "<", number(position), count).truth)) is not False:
        if position == MOST_ELEMENTS:
            machine.refuse(f"memcpy of more than {MOST_ELEMENTS} elements")
        _copy_element(machine, target, source, position, kind, more)
        position += 1
    return target


def _copy_element(machine: Machine, target: Value, source: Value, position: int, kind: CType, more: Condition) -> None:
    base = machine.state
    machine.state = base.copy(more)
    to, origin = (machine.moved(each.pointer, number(position)) for each in (target, source))
    machine.copy(to, origin, kind)
    joined = machine.state if more is True else machine.join(machine.state, base.copy(no(more)))
    assert joined is not None
    joined.path = base.path
    machine.state = joined


# numbers


@mean("__min", text="min, min_t: the smaller one")
def smaller(machine: Machine, one: Value, other: Value) -> Value:
    """min."""
    return merge(binary(machine, "<=", one, other).truth, one, other)


@mean("__max", text="max, max_t: the greater one")
def greater(machine: Machine, one: Value, other: Value) -> Value:
    """max."""
    return merge(binary(machine, ">=", one, other).truth, one, other)


def _modulo(machine: Machine, one: Value, other: Value, size: Value) -> Value:
    """`one - other` modulo `size`, for both below it."""
    if not isinstance(size.number, int):
        machine.refuse("a ring whose size is not constant has no meaning")
    n = size.number
    first, second = (convert(each, INT) for each in (one, other))
    assert first is not None
    assert second is not None
    difference = binary(machine, "-", first, second)
    machine.oblige(binary(machine, "<", difference, number(-n)).truth, "a place in a ring beyond its end")
    machine.oblige(binary(machine, ">=", difference, number(n)).truth, "a place in a ring beyond its end")
    negative = binary(machine, "<", difference, number(0)).truth
    return merge(negative, binary(machine, "+", difference, number(n)), difference)


@mean("CIRC_CNT", text="head - tail modulo the size, which need be no power of two")
def circ_cnt(machine: Machine, head: Value, tail: Value, size: Value) -> Value:
    """CIRC_CNT."""
    return _modulo(machine, head, tail, size)


@mean("CIRC_SPACE", text="tail - (head + 1) modulo the size, which need be no power of two")
def circ_space(machine: Machine, head: Value, tail: Value, size: Value) -> Value:
    """CIRC_SPACE."""
    return _modulo(machine, tail, binary(machine, "+", head, number(1)), size)
