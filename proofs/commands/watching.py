"""The progress of a run on a terminal: how many verdicts there are, and how far the largest exploration is."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from proofs.engines.running.figures import Figures

UNITS = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


class Watching(Progress):
    """Progress on standard error, nothing unless that is a terminal. `told` takes what explorations tell."""

    def __init__(self, quiet: bool) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[last]}"),
        )
        self.shown = not quiet and console.is_terminal
        self._under_way: dict[str, Figures] = {}
        self._changing = Lock()
        super().__init__(*columns, console=console, transient=True, disable=not self.shown)

    def told(self, figures: Figures) -> None:
        """Take in how far an exploration is; its line comes with the next refresh."""
        with self._changing:
            if figures.states:
                self._under_way[figures.name] = figures
            else:
                self._under_way.pop(figures.name, None)

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar, and below it the line of the largest exploration, cut off where the terminal ends."""
        yield from super().get_renderables()
        with self._changing:
            largest = max(self._under_way.values(), key=lambda figures: figures.states, default=None)
        if largest is not None:
            yield Text(line(largest), no_wrap=True, overflow="ellipsis")


def line(figures: Figures) -> str:
    """How far an exploration is, in less than 80 columns but for a long name."""
    found = f"{short(figures.states)} states, {short(figures.rate)}/s, depth {figures.depth}"
    return f"{figures.name}: {found}, frontier {short(figures.frontier)}, widest {short(figures.widest)}"


def short(number: int) -> str:
    """A number with at most four digits and a letter."""
    for size, unit in UNITS:
        if number >= 10 * size:
            return f"{number // size}{unit}"
        if number >= size:
            return f"{number // (size // 10) / 10:g}{unit}"
    return str(number)
