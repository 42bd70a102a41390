"""Which values of the axes fit together: a version that mixes them otherwise describes no driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model.versions._schema import UNKNOWN, Value

CLOSERS = ("drained", "irq", "producer", "terminate")  # UNLOCK goes into the ring at once, behind all that was issued


def misfit(axes: Mapping[str, Value]) -> str | None:
    """One sentence that says which axes contradict each other and what would be right, or None."""
    if UNKNOWN in axes.values():
        return None
    lock, unlock, storage, flag = (str(axes[name]) for name in ("lock", "unlock", "lock-storage", "lock-flag"))
    by_driver = ("work", "start", *CLOSERS, "none")
    unlocks = {
        "none": ("none",),
        "client": ("client", "none"),
        "round": ("round", "work", *CLOSERS, "none"),
        "request": ("list", "client", "none"),
    }.get(lock, by_driver)
    storages = {"none": ("none",), "client": ("client",), "request": ("client",)}.get(
        lock, ("channel", "descriptor", "shared")
    )
    flags = {
        "none": ("none",),
        "request": ("none",),
        "client": ("none", "prep", "attach"),
        "issue": ("locked",),
        "round": ("locked",),
    }.get(lock, ("none", "locked", "written"))
    rules = (
        (unlock in unlocks, f"lock = {lock!r} needs unlock = {_either(unlocks)}, not {unlock!r}"),
        (storage in storages, f"lock = {lock!r} needs lock-storage = {_either(storages)}, not {storage!r}"),
        (flag in flags, f"lock = {lock!r} needs lock-flag = {_either(flags)}, not {flag!r}"),
        (
            unlock not in ("work", *CLOSERS) or flag == "locked",
            f"unlock = {unlock!r} needs lock-flag = 'locked', not {flag!r}",
        ),
        *_lock_rules(axes),
        *_step_rules(axes, lock, unlock),
    )
    return next((sentence for fits, sentence in rules if not fits), None)


def _step_rules(axes: Mapping[str, Value], lock: str, unlock: str) -> Iterator[tuple[bool, str]]:
    """What the steps of a client need of each other, of who locks, and of the layer that it is on."""
    steps = {*axes["request"], *axes["completion"], *axes["data-failure"], *axes["command-failure"]}
    own_lock = lock == "request" or (lock == "client") == ("lock" in steps)
    yield own_lock, "step 'lock' belongs into request if and only if lock = 'client'"
    yield (
        (unlock == "client") == ("unlock" in steps),
        "step 'unlock' belongs into completion if and only if unlock = 'client'",
    )
    yield ("commands" in steps) != ("cpu-go" in steps), "request needs either step 'commands' or step 'cpu-go'"
    yield "commands" in steps or "unmap-commands" not in steps, "step 'unmap-commands' needs step 'commands'"
    yield ("cpu-configure" in steps) == ("cpu-go" in steps), "steps 'cpu-configure' and 'cpu-go' belong together"
    yield from _layer_rules(str(axes["layer"]), steps, axes)
    for name in ("completion", "data-failure", "command-failure"):
        at_the_end = axes[name].index("finish") + 1 == len(axes[name])
        yield at_the_end, f"'finish' is the last step of {name}, and only that"


def _layer_rules(layer: str, steps: set[str], axes: Mapping[str, Value]) -> Iterator[tuple[bool, str]]:
    """Which steps a client takes on bam_dma, and which on the vendor's sps, whose lists it builds at once."""
    prepares, ends = {"rx-data", "tx-data"}, {"terminate-rx", "terminate-tx"}
    reads_back, takes_input = axes["callback"] == "last-command", axes["input"] == "data"
    yield reads_back == ("read-back" in steps), "step 'read-back' belongs into request if callback = 'last-command'"
    if reads_back:
        yield {"commands", "tx-data", "dump"} <= steps, "'read-back' needs the steps 'commands', 'tx-data' and 'dump'"
        own = steps & {"rx-data", *ends}
        yield not own, f"callback = 'last-command' needs steps without {_either(tuple(sorted(own)))}"
    elif layer == "bam-dma":
        yield prepares <= steps, "request needs the steps 'rx-data' and 'tx-data'"
        yield takes_input, "step 'rx-data' needs input = 'data'"
        if axes["lock"] == "request":
            yield axes["unlock"] != "client", "unlock = 'client' with lock = 'request' needs layer = 'sps'"
            yield "lock" not in steps, "step 'lock' with lock = 'request' needs layer = 'sps'"
            known = [step for step in axes["request"] if step in ("commands", "rx-data")]
            sentence = "lock = 'request' needs step 'commands' before 'rx-data', which UNLOCK follows"
            yield known == ["commands", "rx-data"], sentence
        yield ends <= steps, "completion needs the steps 'terminate-rx' and 'terminate-tx'"
    else:
        own = steps & {*prepares, *ends, "unmap-commands", "cpu-go"}
        yield not own, f"layer = 'sps' needs steps without {_either(tuple(sorted(own)))}"


def _lock_rules(axes: Mapping[str, Value]) -> Iterator[tuple[bool, str]]:
    """What the axes about the LOCK and UNLOCK that bam_dma makes need of each other."""
    for (axis, values), needs in NEEDS.items():
        if axes[axis] in values:
            for other, valid in needs.items():
                sentence = f"{axis} = {axes[axis]!r} needs {other} = {_either(valid)}, not {axes[other]!r}"
                yield axes[other] in valid, sentence


def _either(values: tuple[str, ...]) -> str:
    return " or ".join(repr(value) for value in values)


RESETS = ("config-reset", "status-reset", "status-read")
_BY_DRIVER = ("issue", "start", "round")
_SLOT = {
    "lock": ("start",),
    "unlock": (*CLOSERS, "none"),
    "lock-storage": ("shared",),
    "lock-cookie": ("none",),
    "lock-freeing": ("none",),
    "runtime-pm": ("before-lock", "held"),
    "flag-clear": ("loaded", "consumed"),
}
NEEDS: Mapping[tuple[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]] = {
    ("lock-descriptor", ("slot",)): _SLOT,
    ("layer", ("sps",)): {"lock": ("request",)},
    ("lock", ("request",)): {"dummy": RESETS, "lock-coverage": ("all",)},
    ("dummy", RESETS): {"lock": ("request",)},
    ("nwd", ("request",)): {"lock": ("request",)},
    ("recovery", ("reset-pipes",)): {"layer": ("sps",)},
    ("input", ("none",)): {"nwd": ("none", "request", "go")},
    ("callback", ("last-command",)): {"layer": ("bam-dma",), "input": ("none",), "lock": ("none", *_BY_DRIVER)},
    ("nwd", ("go",)): {"callback": ("last-command",)},
    ("lock-coverage", ("no-plain-aead",)): {"layer": ("bam-dma",), "callback": ("output",)},
    ("recovery", ("gives-up",)): {"callback": ("last-command",)},
    ("lock-freeing", ("none",)): {"lock-descriptor": ("slot",)},
    ("lock-freeing", ("irq",)): {"lock": _BY_DRIVER},
    ("lock-cookie", ("none",)): {"lock": _BY_DRIVER},
    ("lock-storage", ("shared",)): {"lock-release": ("never",)},
    ("lock-room", ("two", "kept")): {"lock": ("start",)},
    ("lock-room", ("kept",)): {"lock-flag": ("locked",), "unlock": CLOSERS},
    ("unlock", ("producer",)): {"callback": ("output",)},
    ("lock", ("round",)): {"runtime-pm": ("before-lock", "held"), "lock-failure": ("runs-unlocked", "none-queued")},
    ("unlock", ("round",)): {"flag-clear": ("loaded", "consumed")},
    ("flag-clear", ("loaded", "consumed")): {"lock-flag": ("locked", "written")},
    ("flag-terminate", ("cleared",)): {"lock-flag": ("prep", "attach", "locked", "written")},
    ("work-start", ("issued-or-locked",)): {"lock-flag": ("locked",)},
    ("metadata", ("peripheral-config",)): {"lock": _BY_DRIVER},
}
"""What a value needs of other axes.

A slot of the ring has no transaction to free, no cookie and no room for a mapping; it is written where the doorbell
follows, and it is in the ring once it is made. UNLOCK made with the LOCK of a round would clear the flag at once if
queueing it did, and the next round would lock again.
"""

ALIKE: Mapping[str, Mapping[str, str]] = {
    "lock-flag": {"attach": "prep"},
    "dummy": {"write-version": "write-auth-seg-cfg"},
    "dummy-address": {"base-dma": "none", "base-phys": "none"},
    "metadata": {"channel-direction": "channel"},
}
"""Values that the model does not tell apart: which register a dummy write hits, by which address, and the like."""


def behaviour(axes: Mapping[str, Value]) -> dict[str, Value]:
    """The axes with every value replaced by the one that the model treats alike: equal for versions that are alike."""
    return {
        name: ALIKE.get(name, {}).get(value, value) if isinstance(value, str) else value for name, value in axes.items()
    }
