"""The curves of an experiment's runs, few enough points that a browser takes them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from grokbench.claims import phrases as w
from grokbench.figures.artists import rounded
from grokbench.measures.cells import Cell
from grokbench.reports.result import PaperResult, resolved_fields
from grokbench.training.record import Record

POINTS, LEAST, TOGETHER = 60, 30, 1200
"""The evaluations of a run that are shown, spread over its own: at most, at least, and of all runs of an experiment together."""
ACCURACY = ("train_accuracy", "test_accuracy")
LOSS = ("train_loss", "test_loss")


def trained(cells: Iterable[Cell]) -> list[Cell]:
    """The cells whose record has more than one evaluation, by setting and seed."""
    kept = [cell for cell in cells if len(cell.record.curves.get("step", ())) > 1]
    return sorted(
        kept, key=lambda cell: ([_sortable(v) for _, v in sorted(cell.settings.items())], cell.seed)
    )


def _sortable(value: Any) -> tuple[bool, Any]:
    return (True, str(value)) if isinstance(value, str) else (False, value)


def curves(report: PaperResult, experiment: str) -> dict[str, Any]:
    """An experiment for the browser.

    ``fields``: its recipe, resolved. ``settings``: in order, each with its ``label`` and ``runs``: ``seed``, ``t_mem``, ``t_gen``
    (null: not reached), ``step``, and under ``accuracy`` and ``loss`` those of the train and the test set.
    """
    own = report.experiment(experiment)
    cells = trained(report.cells.get(experiment, ()))
    varied = {name for cell in cells for name in cell.settings if _several(cells, name)}
    settings: dict[str, list[Cell]] = {}
    for cell in cells:
        shown = varied or set(cell.settings)
        label = ", ".join(
            f"{'α' if k == 'alpha' else k} = {w.value(v)}"
            for k, v in sorted(cell.settings.items())
            if k in shown
        )
        settings.setdefault(label, []).append(cell)
    points = min(POINTS, max(LEAST, TOGETHER // max(1, len(cells))))
    return {
        "title": w.sentence(own.title) if own else experiment,
        "task": own.task if own else "",
        "recipe": own.baseline if own else "",
        "fields": {name: w.value(value) for name, value in resolved_fields(report, experiment).items()},
        "settings": [
            {"label": label, "runs": [_run(cell.seed, cell.record, points) for cell in group]}
            for label, group in settings.items()
        ],
    }


def _several(cells: Sequence[Cell], name: str) -> bool:
    return len({w.value(cell.settings.get(name)) for cell in cells}) > 1


def _run(seed: int, record: Record, points: int) -> dict[str, Any]:
    table: Mapping[str, Any] = record.curves
    n = len(table["step"])
    kept = np.unique(np.linspace(0, n - 1, min(n, points)).round().astype(int))
    accuracy = [rounded(np.round(np.asarray(table[name], dtype=float)[kept], 3)) for name in ACCURACY]
    return {
        "seed": seed,
        "t_mem": rounded([record.t_mem])[0],
        "t_gen": rounded([record.t_gen])[0],
        "step": rounded(np.asarray(table["step"])[kept], 9),
        "accuracy": accuracy,
        "loss": [rounded(np.asarray(table[name], dtype=float)[kept], 3) for name in LOSS],
    }
