"""A symbolic interpreter of driver C that takes all paths at once and merges them where they meet.

    machine = Interpreter(unit, KERNEL.also(own), assume)
    machine.types["device"] = Struct("bam_device")
    machine.state.cells["device", ("irq",)] = Value(INT, term)
    machine.state.lists["device", ("queue",)] = Items(entries, length)
    value = machine.call("handler", [Value(VOID_POINTER, Pointer.to("device"))])

What is to be known of the memory is put there before: `types`, `state.cells`, `state.lists`, `lengths`, `zeroed`.
Terms in it are z3's, a number a bit-vector of its type's width, a truth a Boolean. Afterwards `state` is the memory
at the end as terms over those at the beginning, `obligations` what must not happen, with the condition under which it
does, and `exceeded` which of the lists' `limits` did not suffice.

`Meanings` is the registry of functions that are not read: `own = Meanings()`, `@own.mean("name", text="...")` on `def
name(machine, *arguments: Value) -> Value | None`. `KERNEL` has those that any driver needs; what neither a registry
nor the unit knows is refused with file:line. Modules, the lowest first: `terms`, `values`, `state`, `machine`,
`lists`, `locks`, `arithmetic`, `meanings`, `kernel`, `expressions`, `statements`.
"""
