"""Figs 1 left and 4 and the operation that never generalises: accuracy and loss while the networks train."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from grokbench.figures import curves, layout, style
from grokbench.figures.power2022 import stated
from grokbench.measures.cells import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Strips = Sequence[tuple[str, tuple[Cell, ...]]]

MANY = 4  # rows that are drawn lower, so that a page holds them
MIRRORED = 0.1  # least baseline that is worth a line: that of a table with symmetric rows


def training(cells: style.Cells) -> Figure | None:
    """Accuracy and loss of the three operations at half and nine tenths of their tables, seeds thin under their median."""
    rows = _rows(cells, stated.TRAINED)
    text = (
        "Training and test curves on logarithmic steps (the form of the paper's Figs 1 left and 4; its Fig 1 "
        "left is of Adam without weight decay). Runs at α = 0.9 are those with which the delay at half is compared."
    )
    return _draw(rows, text) if rows else None


def adam(cells: style.Cells) -> Figure | None:
    """Division with Adam and no weight decay, which Fig 1 left shows, over the same task with weight decay 1."""
    rows = _rows(cells, (stated.NO_DECAY,))
    if not rows:
        return None
    rows += _rows(cells, (stated.DIVISION,))
    text = "Division without weight decay (the paper's Figs 1 left and 4), and with weight decay 1."
    return _draw(rows, text, one_scale=True)


def never(cells: style.Cells) -> Figure | None:
    """Accuracy on x³ + xy² + y at each training fraction that was run, beside the share of a uniform guess."""
    panels: list[tuple[str, tuple[Cell, ...]]] = []
    for experiment in stated.NEVER:
        group = layout.trained(cells, experiment)
        for alpha in sorted({float(record.trial.alpha) for _, _, record in group}):
            panels.append((f"`{experiment}`, α = {alpha:g}", layout.at_alpha(group, alpha)))
    if not panels:
        return None
    n = len(panels)
    figure, axes = layout.multiples(n)
    for i, (ax, (title, group)) in enumerate(zip(axes, panels, strict=True)):
        style.thin_and_bold(
            ax, style.curves_of(group, "train_accuracy"), style.BLUE, "train (median of seeds)"
        )
        style.thin_and_bold(
            ax, style.curves_of(group, "test_accuracy"), style.VERMILION, "test (median of seeds)"
        )
        style.step_axis(ax, max(float(record.curves["step"][-1]) for _, _, record in group))
        chance = 1 / int(group[0][2].facts["n_elements"])
        ax.axhline(chance, color=style.BLACK, linewidth=0.9, linestyle=":", label="a uniform guess")
        best = max(float(max(record.curves["test_accuracy"])) for _, _, record in group)
        ax.set_ylim(-0.03, 1.03)
        ax.set_title(f"{title}: best test {best:.3f}", fontsize=9, loc="left")
        ax.set_xlabel("")
        layout.label(ax, i, n, "step (optimizer updates)", "accuracy (share of rows)")
    layout.caption(
        figure,
        "x³ + xy² + y, which the paper never saw generalise within its budget (Section 3.2); best test: the largest test "
        "accuracy of any seed. "
        f"{layout.seeds_said(c for _, group in panels for c in group)}",
    )
    style.one_legend(figure, axes)
    return figure


def _rows(cells: style.Cells, experiments: Iterable[str]) -> list[tuple[str, tuple[Cell, ...]]]:
    found = [(name, layout.runs(cells, name)) for name in experiments]
    return [(_title(name, group), group) for name, group in found if group]


def _title(name: str, group: tuple[Cell, ...]) -> str:
    trial = group[0][2].trial
    return f"{trial.task.operation},  α = {trial.alpha:g},  `{name}`"


def _draw(rows: Strips, text: str, one_scale: bool = False) -> Figure:
    figure, axes = style.canvas(len(rows), 2, height=2.1 if len(rows) >= MANY else 2.6)
    figure.set_figheight(figure.get_figheight() + 0.8)  # caption and legend take this
    curves.fill_rows(axes, rows, one_scale)
    for ax, (_, group) in zip(axes[::2], rows, strict=True):
        _baseline(ax, group)
    if len(rows) >= MANY:
        for ax in axes[:-2]:
            ax.set_xlabel("")
        for ax in axes[::2]:
            ax.set_ylabel("accuracy")
    layout.caption(figure, f"{text} {layout.seeds_said(c for _, group in rows for c in group)}")
    style.one_legend(figure, axes)
    return figure


def _baseline(ax: Axes, group: tuple[Cell, ...]) -> None:
    """The accuracy of a memoriser that knows x∘y = y∘x, where that is more than a few rows."""
    height = style.median(float(record.facts["memoriser_baseline"]) for _, _, record in group)
    if height > MIRRORED:
        ax.axhline(
            height,
            color=style.BLACK,
            linewidth=1.0,
            linestyle="--",
            label="b, a memoriser that copies the mirror's answer",
        )
