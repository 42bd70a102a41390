"""build(subject) -> Protocol: the one place where the actors meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import z3

from model import busy_client, client, driver, lock, other_ee, versions
from model.channel import Channel
from model.context import Context, Protocol
from model.hardware import bam as hardware
from model.hardware import crypto_engine as engine
from model.hardware import pipes
from model.language.system import Action, Step, TransitionSystem
from model.subject import Subject
from model.vendor import sps
from model.vocabulary import ACTORS, demand_declared


@lru_cache(maxsize=32)  # what a trace needs is asked of one system for each value of each assumption
def build(subject: Subject) -> Protocol:
    """The transition system of a complete, valid subject, of the last few remembered.

    Raises SourceError for a source tree that is not understood, ModelError if the pieces do not fit together or the
    vocabulary lacks something, which is a defect of the model.
    """
    return assemble(subject)


def assemble(subject: Subject) -> Protocol:
    """As `build`, anew each time: for a model of which something was changed."""
    ctx = Context(subject)
    declare(ctx)
    for part in parts(ctx):
        part(ctx)
    actions = tuple(finished(ctx, action) for action in ctx.builder.actions)
    demand_declared(actions, ctx.space)
    protocol = Protocol(ctx, TransitionSystem(subject.version, ctx.space, actions))
    tree = versions.tree_of(subject.version)
    return protocol if tree is None else _read_from(protocol, *tree)


def declare(ctx: Context) -> None:
    """Put all variables into the space of `ctx`."""
    for part in (client, lock, driver, pipes, engine, other_ee):
        part.declare(ctx)


def parts(ctx: Context) -> tuple[Callable[[Context], None], ...]:
    """What adds the actions to the builder of `ctx`, in order; none looks at what another has added."""
    return (
        (client if ctx.workload.client == "qce" else busy_client).actions,
        (sps if ctx.sps else driver).actions,
        hardware.lock_actions,
        hardware.unlock_actions,
        hardware.command_actions,
        hardware.data_actions,
        engine.engine_actions,
        other_ee.actions,
    )


def finished(ctx: Context, action: Action) -> Action:
    """An action with the guards that all have in common: that Linux is alive, and one softirq at a time."""
    return _one_softirq(ctx, _halted_by_panic(ctx, action))


def _read_from(protocol: Protocol, tree: Path, client: str) -> Protocol:
    # the reader of C is loaded only for those who have a tree
    from model.source.bam.sections import with_driver
    from model.source.breaches import with_clients
    from model.source.described import described
    from model.source.patched import named
    from model.source.tree import SourceError

    source = named(tree)
    try:
        made = with_driver(protocol, source)
        return made if client else with_clients(made, described(str(tree)).client.wrong_ends)
    except SourceError as error:
        # of several states of one tree, which one it is
        raise SourceError(f"{source.title}: {error}" if source.title else str(error)) from None


def _halted_by_panic(ctx: Context, action: Action) -> Action:
    """After an external abort no code of Linux runs any more; the hardware does."""
    if "client.panicked" not in ctx.space.variables or not ACTORS[action.actor].software:
        return action
    alive = {"Linux runs (no external abort)": z3.Not(ctx.space.term("client.panicked"))}
    return replace(action, guard={**action.guard, **alive})


def _one_softirq(ctx: Context, action: Action) -> Action:
    """The work item and the tasklets run on the CPU that took the interrupt, one to its end before another begins."""
    s = Step(ctx.space)
    running = {"work": s["work.at_tx"]}
    if ctx.tasklet_frees:
        running["tasklet"] = lock.lock_txns(Channel(ctx, s, "rx"), "freeing")
    if ctx.workload.client == "qce":
        program = client.Program.of(ctx)
        steps = [position for position in range(len(program.steps)) if program.in_callback(position)]
        running["callback"] = z3.Or(*(s["client.pc"] == position for position in steps))
    if ctx.assume["softirq"] == "any-cpu" or action.actor not in (*running, "tasklet", "callback"):
        return action
    others = [term for actor, term in running.items() if actor != action.actor]
    return replace(action, guard={**action.guard, "no other softirq is in its middle": z3.Not(z3.Or(*others))})
