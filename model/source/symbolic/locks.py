"""Locks, and the sections between taking and releasing one.

Left out, and why no property can see it: interrupts that a lock disables, and which kind of lock it is, as a section is
atomic in the model; that another context has the lock, as no section ends while it does.
"""

from __future__ import annotations

from model.source.symbolic.machine import Machine
from model.source.symbolic.values import Pointer


def acquire(machine: Machine, lock: Pointer) -> None:
    """Take a lock; taking it twice is an obligation."""
    key = machine.only_key(lock, "a lock")
    if key in machine.state.held:
        machine.oblige(True, "takes a lock that it has")
        return
    machine.state.held = (*machine.state.held, key)
    for notice in machine.on_lock:
        notice(key, True)


def release(machine: Machine, lock: Pointer) -> None:
    """Release a lock; one that is not held is an obligation."""
    key = machine.only_key(lock, "a lock")
    if key not in machine.state.held:
        machine.oblige(True, "releases a lock that it does not have")
        return
    machine.state.held = tuple(each for each in machine.state.held if each != key)
    for notice in machine.on_lock:
        notice(key, False)


def demand_held(machine: Machine, lock: Pointer) -> None:
    """lockdep_assert_held."""
    machine.oblige(machine.only_key(lock, "a lock") not in machine.state.held, "lockdep_assert_held without the lock")
