"""Figures: one function a figure, (cells) → matplotlib figure or None when its trials are absent.

In: cells by experiment id. Out: PNG files. A paper's own figures live in the module that bears its id.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench.claims import phrases as w
from grokbench.figures.style import own_look
from grokbench.measures.cells import Cell, Cells
from grokbench.specs.types import Claim, Paper
from grokbench.store.replacing import replaced
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from grokbench.plan.sweep import SweepResult

FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Ending of a file that a figure can be saved as → what is kept out of it, so that the same records give the same bytes."""


@dataclass(frozen=True)
class Drawing:
    """A figure: what it shows, what draws it, and the experiments of which it shows those that have records."""

    title: str
    draw: Callable[[Cells], Figure | None]
    needs: tuple[str, ...] = ()


def registry(paper: Paper) -> dict[str, Drawing]:
    """Figure name → drawing: ``FIGURES`` of the module that bears the paper's id, "-" as "_", then curves.

    A claim that asks for ``curves`` gets those of its experiments, ``curves-<its first experiment>``. A paper without
    figures of its own also has ``curves``, all of its experiments in one.
    """
    from grokbench.figures import curves

    found: dict[str, Drawing] = {}
    own = paper.id.replace("-", "_")
    if own.isidentifier() and importlib.util.find_spec(f"{__name__}.{own}"):
        found = dict(importlib.import_module(f"{__name__}.{own}").FIGURES)
    else:
        found["curves"] = Drawing("accuracy and loss of every experiment", curves.curves)
    plain: dict[str, tuple[str, ...]] = {}
    for claim in paper.claims:
        if claim.figure == "curves" and claim.experiments:
            name = f"curves-{claim.experiments[0]}"
            plain[name] = tuple(dict.fromkeys((*plain.get(name, ()), *claim.experiments)))
    for name, experiments in plain.items():
        title = f"accuracy and loss of {', '.join(experiments)}"
        found.setdefault(name, Drawing(title, partial(_curves_of, experiments), experiments))
    return found


def name_for(paper: Paper, claim: Claim) -> str | None:
    """The registered figure that a claim asks for; None when it asks for none, or for an unknown one."""
    return claim.figure_in(registry(paper))


def shown_in(paper: Paper, names: Iterable[str]) -> set[str]:
    """The experiments that these figures show, where they have records."""
    known, every = registry(paper), tuple(experiment.id for experiment in paper.experiments)
    return {experiment for name in names if name in known for experiment in known[name].needs or every}


def draw(paper: Paper, cells: Cells, folder: Path) -> dict[str, Path]:
    """Draw what can be drawn as PNG into ``folder``; name → file. Every PNG there that was not drawn now is removed."""
    drawn: dict[str, Path] = {}
    for name, drawing in registry(paper).items():
        path = folder / f"{name}.png"
        with own_look():
            figure = drawing.draw(cells)
            if figure is not None:
                _save(figure, path)
                drawn[name] = path
    for path in folder.glob("*.png"):
        if path.stem not in drawn:
            path.unlink()
    return drawn


def draw_curves(record: Record, path: Path) -> None:
    """Accuracy and loss of one record at ``path``, in the format of its ending, one of ``FORMATS``."""
    from grokbench.figures import curves

    trial = record.trial
    title = f"{trial.task.id}, {trial.recipe.id}, seed {trial.seed}, α = {trial.alpha:g}"
    with own_look():
        _save(curves.draw_rows([(title, (Cell(trial.seed, {}, record),))]), path)


def draw_sweep(result: SweepResult, path: Path) -> None:
    """A sweep's solved-α curve and times as a PNG at ``path``."""
    from grokbench.figures import thresholds

    trial, n = result.trial, len(result.seeds)
    title = f"{trial.task.id}, {trial.recipe.id}, {n} seed{'s' if n > 1 else ''}"
    times = {alpha: result.times(alpha) for alpha in result.alphas}
    with own_look():
        _save(thresholds.draw(result.threshold, times, result.budget, title), path)


def missing(paper: Paper, drawn: Collection[str], cells: Cells) -> dict[str, str]:
    """Registered figure that was not drawn → what it needs, in words: the experiments without records, a few of them by name."""
    out = {}
    for name, drawing in registry(paper).items():
        if name not in drawn:
            lacking = [experiment for experiment in drawing.needs if not cells.get(experiment)]
            out[name] = w.few(lacking or drawing.needs) or "at least one trained trial"
    return out


def _curves_of(experiments: tuple[str, ...], cells: Cells) -> Figure | None:
    from grokbench.figures import curves

    return curves.curves({experiment: cells.get(experiment, ()) for experiment in experiments})


def _save(figure: Figure, path: Path) -> None:
    ending = path.suffix.lower()
    with replaced(path) as beside:
        figure.savefig(beside, format=ending.removeprefix("."), dpi=110, metadata=FORMATS[ending])
