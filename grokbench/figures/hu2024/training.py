"""Figs 2, 3, 4 and their appendix: accuracy and loss while Transformer, ReLU network and LSTM train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from grokbench.figures import curves, layout, style
from grokbench.figures.hu2024 import stated
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Strips = Sequence[tuple[str, tuple[Cell, ...]]]

LONG = 200  # updates of a run on which the paper's numbers have a place
MANY = 4  # rows that are drawn lower, so that a page holds them
BASELINE = "b, a memoriser that copies the mirror's answer"


def encoding_b(cells: style.Cells) -> Figure | None:
    """Accuracy and loss of the Transformer at 15, 30, 45 and 90 % of the table, the paper's numbers marked at 30 %."""
    arms = dict.fromkeys(stated.B, "Transformer, encoding B")
    rows = _rows(cells, arms)
    if not rows:
        return None
    figure, axes = _canvas(rows, _line_a_seed)
    for i, (_, group) in enumerate(rows):
        if _last(group) > LONG and layout.at_alpha(group, stated.STATED_ALPHA):
            _stated(axes[2 * i : 2 * i + 2])
    if max(_last(group) for _, group in rows) > LONG:
        right = 1.1 * max(stated.STATED[-1][0], *(_last(group) for _, group in rows))
        for ax in axes:
            ax.set_xlim(right=right)
    text = (
        "The Transformer on x, y and = while it trains (the paper's Figs 2 and 6, which have no α = 0.9), a line a seed, until "
        "1.2 T_gen or the end of the budget."
    )
    return _finish(figure, axes, rows, text)


def mlp(cells: style.Cells) -> Figure | None:
    """Accuracy and loss of the ReLU network at 30 % of the table, a row for each way in which x and y enter."""
    return _networks(cells, stated.MLP, "The ReLU network at 30 % of the table (the paper's Figs 3 and 8).")


def mlp_others(cells: style.Cells) -> Figure | None:
    """Accuracy and loss of the ReLU network at 15 and 45 % of the table, a row for each way in which x and y enter."""
    return _networks(
        cells, stated.MLP_OTHERS, "The ReLU network at 15 and 45 % of the table (the paper's Fig 3)."
    )


def lstm(cells: style.Cells) -> Figure | None:
    """Accuracy and loss of the LSTM at 30 % of the table, a row for each way in which x and y enter."""
    return _networks(cells, stated.LSTM, "The LSTM at 30 % of the table (the paper's Fig 4).")


def lstm_others(cells: style.Cells) -> Figure | None:
    """Accuracy and loss of the LSTM at 45 and 60 % of the table, a row for each way in which x and y enter."""
    return _networks(cells, stated.LSTM_OTHERS, "The LSTM at 45 and 60 % of the table (the paper's Fig 4).")


def _networks(cells: style.Cells, arms: Mapping[str, str], text: str) -> Figure | None:
    rows = _rows(cells, arms)
    if not rows:
        return None
    figure, axes = _canvas(rows, partial(curves.fill_rows, one_scale=True))
    return _finish(figure, axes, rows, f"{text} How x and y enter is our reading.")


def _rows(cells: style.Cells, arms: Mapping[str, str]) -> Strips:
    found = [(name, label, layout.runs(cells, name)) for name, label in arms.items()]
    return [
        (f"{label}, α = {group[0][2].trial.alpha:g}, `{name}`", group)
        for name, label, group in found
        if group
    ]


def _canvas(rows: Strips, fill: Callable[[Sequence[Axes], Strips], None]) -> tuple[Figure, list[Axes]]:
    """Accuracy and loss of each row, all on the same steps; the memoriser's baseline in every accuracy."""
    figure, axes = style.canvas(len(rows), 2, width=4.8, height=2.1 if len(rows) >= MANY else 2.6)
    figure.set_figheight(figure.get_figheight() + 1.2)  # caption and legend take this
    fill(axes, rows)
    for ax, (_, group) in zip(axes[::2], rows, strict=True):
        ax.axhline(
            stated.memoriser(group), color=style.BLACK, linewidth=1.0, linestyle=(0, (5, 2)), label=BASELINE
        )
    for ax in axes[:-2]:
        ax.set_xlabel("")
    if len(rows) >= MANY:
        for ax in axes[::2]:
            ax.set_ylabel("accuracy")
    return figure, axes


def _line_a_seed(axes: Sequence[Axes], rows: Strips) -> None:
    """As ``curves.fill_rows``, without medians: where runs end at different steps they would jump."""
    last = max(_last(group) for _, group in rows)
    for i, (name, group) in enumerate(rows):
        for ax, what in zip(axes[2 * i : 2 * i + 2], ("accuracy", "loss"), strict=True):
            for part, color in (("train", style.BLUE), ("test", style.VERMILION)):
                for steps, values in style.curves_of(group, f"{part}_{what}"):
                    shown = np.where(np.isfinite(values), values, np.nan)
                    ax.plot(steps, shown, "-", color=color, linewidth=1.0, alpha=0.7, label=part)
            style.step_axis(ax, last)
            ax.set_xlim(right=1.1 * last)
        axes[2 * i].set_ylabel("accuracy (share of rows)")
        axes[2 * i].set_ylim(-0.03, 1.03)
        axes[2 * i].set_title(name, fontsize=9, loc="left")
        axes[2 * i + 1].set_ylabel("loss")
        style.log_if_wide(axes[2 * i + 1], curves.LEAST_LOSS)


def _stated(pair: Sequence[Axes]) -> None:
    for ax in pair:
        for step, color, line, label in stated.STATED:
            ax.axvline(step, color=color, linewidth=1.2, linestyle=line, label=label)


def _finish(figure: Figure, axes: Sequence[Axes], rows: Strips, text: str) -> Figure:
    layout.caption(figure, f"{text} {layout.seeds_said(c for _, group in rows for c in group)}")
    style.one_legend(figure, axes)
    return figure


def _last(group: Sequence[Cell]) -> float:
    return max(float(record.curves["step"][-1]) for _, _, record in group)
