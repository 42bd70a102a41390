"""bam_dma's C, bound to the model: each critical section of the driver as an action of the transition system.

`read_driver(tree, ring)` in `sections` reads a tree, `Driver(protocol, unit).execute(action)` gives the action that the
C is, with what it must not do and may not leave behind. `memory` says what each variable of the model is in C,
`hardware` what registers and the kernel's functions mean, `kept`, `made` and `template` what there is for LOCK and
UNLOCK, `outcome` reads the variables back, `left` looks at everything else, `watch` at the lock and at events,
`wellformed` says which states are meant.
"""
