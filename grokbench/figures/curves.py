"""The figure any paper has: accuracy and loss against the step, one row an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grokbench.figures import style
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 8
LEAST_LOSS = 1e-12  # below it a float32 loss is rounding


def curves(cells: style.Cells) -> Figure | None:
    """Train and test accuracy and loss of every trained experiment; of its settings, the first and the last."""
    rows: list[tuple[str, tuple[Cell, ...]]] = []
    for experiment in cells:
        trained = [c for c in style.usable(cells, experiment) if len(c[2].curves["step"]) > 1]
        by_setting: dict[str, list[Cell]] = {}
        for cell in trained:
            text = ", ".join(f"{'α' if k == 'alpha' else k} = {v}" for k, v in sorted(cell[1].items()))
            by_setting.setdefault(text, []).append(cell)
        names = list(by_setting)
        for name in dict.fromkeys(names[:1] + names[-1:]):
            rows.append((f"{experiment}  {name}", tuple(by_setting[name])))
    return draw_rows(rows[:MOST_ROWS]) if rows else None


def draw_rows(rows: Sequence[tuple[str, tuple[Cell, ...]]]) -> Figure:
    """Accuracy on the left, loss on the right, one row for each (title, cells)."""
    figure, axes = style.canvas(len(rows), 2, height=2.6)
    fill_rows(axes, rows)
    style.one_legend(figure, axes)
    return figure


def fill_rows(
    axes: Sequence[Axes], rows: Sequence[tuple[str, tuple[Cell, ...]]], one_scale: bool = False
) -> None:
    """Draw each (title, cells) into the next two axes: accuracy, loss. ``one_scale``: the same steps in every row."""
    many = max(len(group) for _, group in rows) > 1
    train, test = ("train (median of seeds)", "test (median of seeds)") if many else ("train", "test")
    lasts = [max(float(c[2].curves["step"][-1]) for c in group) for _, group in rows]
    for i, (name, group) in enumerate(rows):
        accuracy, loss = axes[2 * i], axes[2 * i + 1]
        last = max(lasts) if one_scale else lasts[i]
        for ax, what in ((accuracy, "accuracy"), (loss, "loss")):
            style.thin_and_bold(ax, style.curves_of(group, f"train_{what}"), style.BLUE, train)
            style.thin_and_bold(ax, style.curves_of(group, f"test_{what}"), style.VERMILION, test)
            style.step_axis(ax, last)
            if one_scale:
                ax.set_xlim(right=1.1 * last)
        accuracy.set_ylabel("accuracy (share of rows)")
        accuracy.set_ylim(-0.03, 1.03)
        accuracy.set_title(name, fontsize=9, loc="left")
        loss.set_ylabel("loss")
        style.log_if_wide(loss, LEAST_LOSS)
