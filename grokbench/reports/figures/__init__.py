"""Figures: one function a figure, (cells) → matplotlib figure or None when its trials are absent.

In: cells by experiment id. Out: PNG files. A paper's own figures live in the module that bears its id.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench.specs.types import Paper, Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cells = Mapping[str, tuple[tuple[int, Mapping[str, Any], Record], ...]]


@dataclass(frozen=True)
class Drawing:
    """A figure: what it shows, what draws it, and the experiments without which it is not drawn."""

    title: str
    draw: Callable[[Cells], Figure | None]
    needs: tuple[str, ...] = ()


def registry(paper_id: str) -> dict[str, Drawing]:
    """Figure name → drawing: the paper's own (module ``figures.<paper id>``, its ``FIGURES``), then ``curves``."""
    from grokbench.reports.figures import curves

    own: dict[str, Drawing] = {}
    if paper_id.isidentifier() and importlib.util.find_spec(f"{__name__}.{paper_id}"):
        own = dict(importlib.import_module(f"{__name__}.{paper_id}").FIGURES)
    return {**own, "curves": Drawing("accuracy and loss of every experiment", curves.curves)}


def draw(paper_id: str, cells: Cells, folder: Path, keep: bool = False) -> dict[str, Path]:
    """Draw what can be drawn as PNG into ``folder``; name → file.

    With ``keep`` a figure that cannot be drawn now but lies there already stays; otherwise it is removed.
    """
    drawn: dict[str, Path] = {}
    for name, drawing in registry(paper_id).items():
        path = folder / f"{name}.png"
        figure = drawing.draw(cells)
        if figure is not None:
            _save(figure, path)
        elif not keep:
            path.unlink(missing_ok=True)
        if path.exists():
            drawn[name] = path
    return drawn


def missing(paper_id: str, paper: Paper, drawn: Mapping[str, str]) -> dict[str, str]:
    """Figure not drawn → what it needs, in words."""
    titles = {experiment.id: experiment.title for experiment in paper.experiments}
    out = {}
    for name, drawing in registry(paper_id).items():
        if name not in drawn:
            needs = [f"`{e}` ({titles[e]})" if titles.get(e) else f"`{e}`" for e in drawing.needs]
            out[name] = ", ".join(needs) or "at least one trained trial"
    for claim in paper.claims:
        if claim.figure and claim.figure not in drawn and claim.figure not in out:
            out[claim.figure] = "a drawing of that name, which grokbench does not have"
    return out


def _save(figure: Figure, path: Path) -> None:
    import os

    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    # No date and no version in the file: the same records give the same bytes.
    figure.savefig(beside, format="png", dpi=110, metadata={"Software": None})
    os.replace(beside, path)
