"""Many systems of one family side by side: which of them are one, and in which actions they differ."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from model.context import Protocol
from model.language.system import Action

ASKED = ("other_ee", "lock_scope")  # assumptions for whose values properties ask themselves


def shape(protocol: Protocol) -> tuple[Hashable, Hashable]:
    """What two protocols of one family have in common if they are one system, every claim about the same states.

    The first part is equal if they have the same variables and every property has the same target.
    """
    values = tuple(protocol.ctx.assume[key] for key in ASKED)
    return (id(protocol.system.space), *values), tuple(map(id, protocol.system.actions))


class Systems:
    """Distinct systems of one family; `of[n]` is the number of the n-th that was given.

    `forms[u, j]`: which form the action with name `names[j]` has in system u, -1 if there is none; `kind[u]`: equal for
    systems with the same variables in which every property has the same target.
    """

    def __init__(self, protocols: Sequence[Protocol]) -> None:
        found: dict[object, int] = {}
        self.protocols: list[Protocol] = []
        self.of = np.empty(len(protocols), dtype=np.int64)
        kinds: dict[object, int] = {}
        kind = []
        for place, protocol in enumerate(protocols):
            key = shape(protocol)
            if key not in found:
                found[key] = len(self.protocols)
                self.protocols.append(protocol)
                kind.append(kinds.setdefault(key[0], len(kinds)))
            self.of[place] = found[key]
        self.kind = np.array(kind, dtype=np.int64)
        known: dict[str, dict[int, int]] = {}
        self.actions: dict[str, list[Action]] = {}
        for protocol in self.protocols:
            for action in protocol.system.actions:
                numbers = known.setdefault(action.name, {})
                if numbers.setdefault(id(action), len(numbers)) == len(self.actions.setdefault(action.name, [])):
                    self.actions[action.name].append(action)
        self.names = tuple(self.actions)
        self.forms = np.full((len(self.protocols), len(self.names)), -1, dtype=np.int64)
        place_of = {name: place for place, name in enumerate(self.names)}
        for number, protocol in enumerate(self.protocols):
            for action in protocol.system.actions:
                self.forms[number, place_of[action.name]] = known[action.name][id(action)]

        self.order = self._order()

    def __len__(self) -> int:
        return len(self.protocols)

    def _order(self) -> np.ndarray:
        """The place of each in an order in which those come early that can do what others can, and more.

        That is only likely, and only decides how many are explored: few variables, many actions, few guards.
        """
        sizes = []
        for protocol in self.protocols:
            system = protocol.system
            guards = sum(len(action.guard) for action in system.actions)
            sizes.append((len(system.space.variables), -len(system.actions), guards))
        order = np.empty(len(sizes), dtype=np.int64)
        order[sorted(range(len(sizes)), key=sizes.__getitem__)] = np.arange(len(sizes))
        return order

    def form(self, name: str, number: int) -> Action | None:
        """A form of an action by its number."""
        return None if number < 0 else self.actions[name][number]

    def columns(self, path: Iterable[str]) -> np.ndarray:
        """Where the actions of a path are in `forms`."""
        return np.array([self.names.index(name) for name in dict.fromkeys(path)], dtype=np.int64)
