"""What a kind of figure is: its fields in ``figures.toml``, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grokbench.figures.fields import Fields
from grokbench.measures.cells import Cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Kind:
    """A part of kind "figures".

    fields: a subclass of ``Fields`` whose docstring says what the picture shows.
    draw: (fields, cells by experiment) → a matplotlib figure, or None where no run is there to be shown.
    panels: whether the figure must say what is drawn, by ``y`` or by ``panel``.
    bare: what a quantity that is a name alone stands for, "measure" or "series".
    stages: (fields, cells) → the picture at one step after the other, each with words for when; none where only one is known.
    """

    fields: type[Fields]
    draw: Callable[[Any, Cells], Figure | None]
    panels: bool = True
    bare: str = "measure"
    stages: Callable[[Any, Cells], Sequence[tuple[str, Figure]]] | None = None
